"""The way to the cloud: certificates, clocks, names, proxies, portals. Nothing is lost on it but
time, the key stays with the cloud, and the sentence says what to mend."""

import base64
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from pathlib import Path

import pytest

from agent.cloud import client as client_module
from agent.cloud import network
from agent.cloud.answers import CloudAnswerBroken, CloudUnreachable
from config.settings import ConfigError, NetworkSettings
from tests.agent.cloud.far_cloud import (
    SECRET,
    Authority,
    FarCloud,
    client_of,
    cut_after,
    error_from,
    error_of,
    far_cloud,
    said,
    shown_by,
)

LIST = b'{"commands": []}'
NOW_MS = 1_775_120_400_000  # 2026-04-02
DAY_MS = network.DAY_MS
PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def in_year(year: int) -> datetime:
    return datetime(year, 6, 1, tzinfo=UTC)


# certificates


def test_a_configured_ca_is_trusted_and_says_until_when(authority: Authority) -> None:
    until = in_year(2090)
    tls = authority.server(not_after=until)
    with far_cloud(said(200, LIST), tls=tls) as cloud:
        client = client_of(cloud, ca_file=authority.file)
        assert client.certificate_expires_ms is None
        assert client.send("list").items == []
        assert client.certificate_expires_ms == int(until.timestamp()) * 1000
        assert client.warning == ""
        client.close()


def test_a_certificate_that_ends_soon_is_warned_of(authority: Authority) -> None:
    for validity, warned in ((29 * DAY_MS, True), (31 * DAY_MS, False)):
        ours = network.expiry_warning(NOW_MS + validity, NOW_MS)
        assert bool(ours) is warned
    assert network.expiry_warning(None, NOW_MS) == ""
    assert "2026-04-12" in network.expiry_warning(NOW_MS + 10 * DAY_MS, NOW_MS)


def test_the_client_warns_of_the_certificate_it_was_shown(authority: Authority) -> None:
    tls = authority.server(not_after=datetime.now(UTC) + timedelta(days=10))
    with far_cloud(said(200, LIST), tls=tls) as cloud:
        client = client_of(cloud, ca_file=authority.file)
        assert client.warning == ""
        client.send("list")
        assert client.warning.startswith("the cloud's certificate expires on ")
        client.close()


def test_a_certificate_of_nobody_we_know_is_not_trusted(authority: Authority) -> None:
    with far_cloud(said(200, LIST), tls=authority.server()) as cloud:
        error = error_of(client_of(cloud))
        assert isinstance(error, CloudUnreachable)
        assert "cloud.ca_file" in str(error)
    assert cloud.heard == []


def test_a_certificate_of_another_name_is_not_trusted(authority: Authority) -> None:
    with far_cloud(said(200, LIST), tls=authority.server("portal.example")) as cloud:
        error = error_of(client_of(cloud, ca_file=authority.file))
        assert "another name" in str(error)
        assert cloud.heard == []


@pytest.mark.parametrize("year", [2019, 2080])
def test_a_clock_wrong_by_years_is_said_as_a_clock(authority: Authority, year: int) -> None:
    """The cloud's certificate is of its own day, and its Date says which that is."""
    tls = authority.server(not_before=in_year(year), not_after=in_year(year + 1))
    date = formatdate(in_year(year).timestamp() + 86_400, usegmt=True)
    with far_cloud(said(200, b"", f"Date: {date}"), tls=tls) as cloud:
        error = error_of(client_of(cloud, ca_file=authority.file))
        assert isinstance(error, CloudUnreachable)
        assert f"the clock of this machine is wrong: it says {network.day(_now_ms())}" in str(error)
        assert f"the cloud says {year}-06-02" in str(error)
        assert "certificate" not in str(error)
        (heard,) = cloud.heard  # the one that looks at the time
        assert SECRET not in str(heard)


def test_an_expired_certificate_is_said_as_one_when_the_clocks_agree(authority: Authority) -> None:
    tls = authority.server(not_before=in_year(2019), not_after=in_year(2020))
    with far_cloud(said(200, b"", f"Date: {formatdate(usegmt=True)}"), tls=tls) as cloud:
        error = error_of(client_of(cloud, ca_file=authority.file))
        assert str(error) == "the cloud's certificate expired on 2020-06-01"


@pytest.mark.parametrize(("year", "word"), [(2019, "has expired"), (2080, "not valid yet")])
def test_without_the_clouds_time_both_are_named(authority: Authority, year: int, word: str) -> None:
    tls = authority.server(not_before=in_year(year), not_after=in_year(year + 1))
    with far_cloud(said(200), tls=tls) as cloud:
        sentence = str(error_of(client_of(cloud, ca_file=authority.file)))
        assert word in sentence
        assert "clock" in sentence


def test_who_looks_at_the_time_still_wants_the_right_ca(authority: Authority) -> None:
    tls = Authority(authority.file.parent / "..").server(not_after=in_year(2020))
    with far_cloud(said(200), tls=tls) as cloud:
        assert cloud.heard == []
        error_of(client_of(cloud, ca_file=authority.file))
        assert cloud.heard == []


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_tls_below_1_2_is_not_spoken(authority: Authority) -> None:
    tls = authority.server()
    tls.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    tls.maximum_version = ssl.TLSVersion.TLSv1_1
    tls.set_ciphers("ALL:@SECLEVEL=0")
    with far_cloud(said(200, LIST), tls=tls) as cloud:
        assert "no TLS with 127.0.0.1" in str(error_of(client_of(cloud, ca_file=authority.file)))
        assert cloud.heard == []


def test_a_cloud_without_tls_is_not_spoken_to_where_tls_was_meant(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "CONNECT_S", 0.2)
    with far_cloud(said(200, LIST)) as cloud:
        url = cloud.url.replace("http:", "https:")
        assert isinstance(error_of(client_of(url, ca_file=authority.file)), CloudUnreachable)
        assert SECRET not in str(cloud.heard)


@pytest.mark.parametrize("text", [None, "", "no certificate"])
def test_a_ca_file_that_is_none_is_found_at_the_start(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "ca.pem"
    if text is not None:
        file.write_text(text)
    with pytest.raises(ConfigError, match=r"cloud\.ca_file: .*ca\.pem"):
        client_of("https://api.e-bon.ro", ca_file=file)


# names and addresses


def test_a_name_nobody_knows_is_said_as_dns() -> None:
    error = error_of(client_of("http://nowhere.invalid"))
    assert str(error).startswith("the name nowhere.invalid cannot be resolved")


def test_a_cloud_on_ipv6_alone_is_reached() -> None:
    with far_cloud(said(200, LIST), host="::1") as cloud:
        client = client_of(cloud)
        assert client.send("list").items == []
        client.close()
        assert cloud.heard[0].headers["host"] == f"[::1]:{cloud.port}"


def test_nobody_at_the_port_is_said_so() -> None:
    with far_cloud() as cloud:
        url = cloud.url
    assert str(error_of(client_of(url))) == "127.0.0.1 refuses the connection"


# proxies


@pytest.fixture
def proxy(authority: Authority) -> Iterator[FarCloud]:
    """A proxy, with the cloud behind it: the name is not resolved by us."""
    tls = authority.server("cloud.invalid")
    with far_cloud(said(200, LIST), tunnel=tls) as cloud:
        yield cloud


def asked(url: str, authority: Authority, **more: str) -> None:
    client = client_of(url, ca_file=authority.file, **more)
    assert client.send("list").items == []
    assert client.certificate_expires_ms is not None
    client.close()


def through(proxy: FarCloud) -> None:
    connect, request = proxy.heard
    assert (connect.method, connect.target) == ("CONNECT", "cloud.invalid:443")
    assert SECRET not in str(connect)
    assert request.headers["authorization"] == f"Bearer {SECRET}"


def test_a_configured_proxy_tunnels_and_does_not_see_the_key(
    proxy: FarCloud, authority: Authority
) -> None:
    asked("https://cloud.invalid", authority, proxy=proxy.url)
    through(proxy)


@pytest.mark.parametrize("form", ["http://{}", "{}"])
@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_the_proxy_of_the_environment_is_used(
    proxy: FarCloud,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    form: str,
) -> None:
    monkeypatch.setenv(name, form.format(f"127.0.0.1:{proxy.port}"))
    asked("https://cloud.invalid", authority)
    through(proxy)


def test_the_configured_proxy_goes_before_the_environments(
    proxy: FarCloud, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "*")
    asked("https://cloud.invalid", authority, proxy=proxy.url)
    through(proxy)


def test_a_proxys_password_is_sent_to_it_alone(proxy: FarCloud, authority: Authority) -> None:
    asked("https://cloud.invalid", authority, proxy=f"http://shop:s3cret@127.0.0.1:{proxy.port}")
    connect, request = proxy.heard
    told = base64.b64encode(b"shop:s3cret").decode()
    assert connect.headers["proxy-authorization"] == f"Basic {told}"
    assert told not in str(request)


def test_no_proxy_leads_to_our_own_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    with far_cloud(said(200, LIST)) as cloud, far_cloud() as proxy:
        for name in PROXIES[:3]:
            monkeypatch.setenv(name, proxy.url)
        client = client_of(cloud, proxy=proxy.url)
        assert client.send("list").items == []
        client.close()
        assert proxy.heard == []


def test_a_host_named_in_no_proxy_is_asked_directly(monkeypatch: pytest.MonkeyPatch) -> None:
    with far_cloud() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "cloud.invalid")
        assert "cannot be resolved" in str(error_of(client_of("https://cloud.invalid")))
        assert proxy.heard == []


def test_a_proxy_that_says_no_is_said_so() -> None:
    with far_cloud(said(407, b"", "Proxy-Authenticate: Basic")) as proxy:
        error = error_of(client_of("https://cloud.invalid", proxy=proxy.url))
        assert isinstance(error, CloudUnreachable)
        assert "the proxy does not let us through" in str(error)
        assert SECRET not in str(proxy.heard)


@pytest.mark.parametrize("url", ["socks5://shop:s3cret@10.0.0.1", "http://", "http://[", "ftp://x"])
def test_a_proxy_that_is_none_is_found_at_the_start(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", url)
    with pytest.raises(ConfigError) as caught:
        client_of("https://cloud.invalid")
    assert "s3cret" not in shown_by(caught.value)
    with pytest.raises(ValueError, match="is not the address of a proxy"):
        NetworkSettings(proxy=url)


# captive portals and redirects


PORTAL = b"<!DOCTYPE html><html><title>Welcome to Hotel Unirea</title><p>Please log in</p></html>"


@pytest.mark.parametrize("status", [200, 401, 403, 511])
@pytest.mark.parametrize("page", [PORTAL, b"\n  <HTML>", b"<?xml version='1.0'?>"])
def test_a_captive_portal_is_said_as_one(status: int, page: bytes) -> None:
    error = error_from(said(status, page, "Content-Type: text/html"))
    assert isinstance(error, CloudAnswerBroken)
    assert "does this network want a login?" in str(error)
    assert ("'Welcome to Hotel Unirea'" in str(error)) is (page == PORTAL)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_the_key_stays_at_home(status: int) -> None:
    with far_cloud(said(200, LIST)) as elsewhere:
        location = f"Location: http://shop:pw@127.0.0.1:{elsewhere.port}/login?back=here"
        error = error_from(said(status, b"", location))
        assert isinstance(error, CloudAnswerBroken)
        assert f"it redirects to 127.0.0.1:{elsewhere.port}, and no redirect is followed" in str(
            error
        )
        assert elsewhere.heard == []


@pytest.mark.parametrize("location", ["", "http://[", "\xff\x00", "//", "x" * 10_000, "/api/v1"])
def test_any_place_at_all_to_be_sent_to_is_borne(location: str) -> None:
    head = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + location.encode("latin-1")
    error = error_from(cut_after(head + b"\r\n\r\n"))
    assert isinstance(error, CloudAnswerBroken | CloudUnreachable)
    assert len(str(error)) < 400


def test_no_cookie_is_kept() -> None:
    with far_cloud(*[said(200, LIST, "Set-Cookie: portal=1; Path=/")] * 2) as cloud:
        client = client_of(cloud)
        for _ in range(2):
            client.send("list")
        client.close()
        assert all("cookie" not in heard.headers for heard in cloud.heard)


def test_what_an_answer_repeats_of_the_key_is_struck_out() -> None:
    echo = f"<html><title>Authorization: Bearer {SECRET}</title>".encode()
    assert "[the key]" in str(error_from(said(200, echo)))
    refusal = f'{{"error": {{"code": "UNAUTHORIZED", "message": "no such key {SECRET}"}}}}'
    assert "no such key [the key]" in str(error_from(said(401, refusal.encode())))


def _now_ms() -> int:
    return client_module.SystemClock().now_ms()
