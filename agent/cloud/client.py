"""HTTP to the cloud: the only door to `httpx`.

    send --> outgoing (calls.py) --> _ask: one request with the key --> read (answers.py) --> Answer
                                       ^   |
                                       +---+ 401: once more with the key to fall back on

The key goes to the profile's cloud and nowhere else: no redirect is followed, no cookie kept, and
what an answer repeats of it is struck out before anybody reads it.
"""

import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from agent.cloud.answers import (
    Answer,
    CloudAnswerBroken,
    CloudError,
    CloudRefused,
    CloudUnreachable,
    Limits,
    RawAnswer,
    Why,
    moment_ms,
    read,
)
from agent.cloud.calls import GZIP_FROM_BYTES, Extra, Outgoing, Wishes, body_bytes, fill, outgoing
from agent.cloud.keys import ApiKey, KeyRing
from agent.cloud.network import NO_CHECK_TIME, about_time, expiry_warning, in_words, is_about_time
from config.settings import CloudProfile, ConfigError, NetworkSettings, is_loopback, is_proxy
from drivers.clock import Clock, SystemClock

__all__ = [
    "Answer",
    "CloudAnswerBroken",
    "CloudClient",
    "CloudError",
    "CloudRefused",
    "CloudUnreachable",
    "Limits",
    "Why",
    "fill",
]

CONNECT_S = 10.0
TIMEOUT_S = 30.0  # for each read and each write
ANSWER_S_MAX = 120.0  # for the whole answer: one that drips would never end
KEEP_OPEN_S = 60.0
BODY_BYTES_MAX = 8 * 1024 * 1024
KEYS_MAX = 2
UNSUPPORTED_MEDIA_TYPE = 415
NO_PARTS: Mapping[str, str] = MappingProxyType({})
PROVES_THE_KEY = (Why.SCOPE, Why.CONFLICT)
STRUCK_OUT = b"[the key]"


class CloudClient:
    """One cloud; asks the key ring before every request. Belongs to the cloud thread alone."""

    def __init__(
        self,
        profile: CloudProfile,
        base_url: str,
        keys: KeyRing | ApiKey,
        agent_id: str,
        clock: Clock | None = None,
        transport: httpx.BaseTransport | None = None,
        network: NetworkSettings | None = None,
    ) -> None:
        """Open no connection yet.

        Raises:
            ConfigError: a proxy or a CA file that cannot be used.
        """
        self._profile = profile
        self._base_url = base_url
        self._host = urlsplit(base_url).hostname or ""
        self._keys = keys if isinstance(keys, KeyRing) else KeyRing(keys)
        self._clock = clock or SystemClock()
        self._network = network or NetworkSettings()
        self._takes_gzip = True
        self._answer_s = self._deadline_s = 0.0
        self.certificate_expires_ms: int | None = None
        self._http = self._open(transport, f"amef-agent ({agent_id})")

    def has(self, call: str) -> bool:
        """Say whether the profile knows this call."""
        return call in self._profile.calls

    @property
    def warning(self) -> str:
        """What the way to the cloud will soon suffer from; "" for nothing."""
        return expiry_warning(self.certificate_expires_ms, self._clock.now_ms())

    def freeze(
        self, call: str, *, parts: Mapping[str, str] = NO_PARTS, body: dict[str, Any]
    ) -> bytes:
        """Return the bytes that `send(call, frozen=...)` takes, now and each time again."""
        return body_bytes(self._profile.calls[call], parts, body) or b""

    def send(
        self,
        call: str,
        *,
        parts: Mapping[str, str] = NO_PARTS,
        body: dict[str, Any] | None = None,
        frozen: bytes | None = None,
        idempotency: str = "",
        wait_s: int = 0,
        etag: str = "",
        extra: Extra | None = None,
    ) -> Answer:
        """Make one call of the profile; with `extra`, `frozen` is a part of a document.

        Raises:
            CloudUnreachable, CloudRefused, CloudAnswerBroken
        """
        known = self._profile.calls.get(call)
        if known is None:
            raise CloudRefused(0, "", f"{self._profile.title} has no {call!r}", Why.ROUTE)
        content = frozen if frozen is not None else body_bytes(known, parts, body)
        zipped = known.gzip and self._takes_gzip and len(content or b"") >= GZIP_FROM_BYTES
        zipped = zipped and extra is None
        wishes = Wishes(idempotency, wait_s, etag, zipped, extra)
        key = self._keys.current
        try:
            return self._send(outgoing(self._profile, call, parts, content, wishes), key)
        except CloudRefused as error:
            if not zipped or error.status != UNSUPPORTED_MEDIA_TYPE:
                raise
            self._takes_gzip = False
        wishes = replace(wishes, zipped=False)
        return self._send(outgoing(self._profile, call, parts, content, wishes), key)

    def close(self) -> None:
        self._http.close()

    def _send(self, request: Outgoing, key: ApiKey, keys_left: int = KEYS_MAX) -> Answer:
        """Ask; if the key is refused, once more with the one to fall back on."""
        said = self._ask(request, key)
        try:
            answer = read(self._profile, request.call, said, self._clock.now_ms())
        except CloudRefused as error:
            if error.why in PROVES_THE_KEY:
                self._keys.worked(key)
            other = self._keys.refused(key) if error.why is Why.KEY else None
            if other is None or keys_left == 1:
                raise
        else:
            self._keys.worked(key)
            return answer
        return self._send(request, other, keys_left - 1)

    def _ask(self, request: Outgoing, key: ApiKey) -> RawAnswer:
        """Send one request and take its answer, whatever it is.

        Raises:
            CloudUnreachable, CloudAnswerBroken
        """
        self._answer_s = ANSWER_S_MAX + request.wait_s
        secret = {self._profile.key.header: f"{self._profile.key.prefix}{key.secret}"}
        asked = self._http.build_request(
            request.call.method,
            request.path,
            params=request.query,
            headers=request.headers | secret,
            content=request.body,
            timeout=httpx.Timeout(TIMEOUT_S, connect=CONNECT_S, read=TIMEOUT_S + request.wait_s),
            extensions={"trace": self._trace},
        )
        try:
            response = self._http.send(asked, stream=True)
            try:
                body = _read_body(response)
            finally:
                response.close()
        except httpx.HTTPError as error:
            raise CloudUnreachable(self._in_words(error)) from error
        return RawAnswer(
            response.status_code,
            response.headers,
            body.replace(key.secret.encode(), STRUCK_OUT),
        )

    # the connection

    def _open(self, transport: httpx.BaseTransport | None, agent: str) -> httpx.Client:
        is_tls = self._base_url.startswith("https:")
        return httpx.Client(
            base_url=self._base_url,
            transport=transport,
            verify=_trusted(self._network) if is_tls else False,
            proxy=_proxy(self._base_url, self._network),
            trust_env=False,  # `_proxy` and `_trusted` have looked, with more care
            follow_redirects=False,  # a redirect must not carry the key to another host
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            limits=httpx.Limits(max_connections=2, keepalive_expiry=KEEP_OPEN_S),
            headers={"Accept": "application/json", "User-Agent": agent},
        )

    def _trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Be told by httpx what it does: the only way to a deadline for the whole answer."""
        if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            self._limit_reads(info["return_value"])
        elif event.endswith(".receive_response_headers.started"):
            self._deadline_s = self._clock.monotonic_s() + self._answer_s

    def _limit_reads(self, stream: Any) -> None:
        """Let no read of a new connection go on past the answer's deadline."""
        read_some = stream.read

        def read_in_time(max_bytes: int, timeout: float | None = None) -> bytes:
            left_s = self._deadline_s - self._clock.monotonic_s()
            if left_s <= 0:
                raise httpx.ReadTimeout(f"no whole answer in {self._answer_s:.0f} s")
            some: bytes = read_some(max_bytes, min(left_s, timeout or left_s))
            return some

        stream.read = read_in_time
        if (tls := stream.get_extra_info("ssl_object")) is not None:
            self.certificate_expires_ms = _expires_ms(tls)

    def _in_words(self, error: httpx.HTTPError) -> str:
        if not is_about_time(error):
            return in_words(error, self._host)
        cloud_ms = self._ask_the_time()
        expires_ms = self.certificate_expires_ms
        return about_time(expires_ms, now_ms=self._clock.now_ms(), cloud_ms=cloud_ms)

    def _ask_the_time(self) -> int | None:
        """Ask what the cloud's clock says: without the key, and whatever the certificate's days."""
        self._answer_s = CONNECT_S
        tls = _trusted(self._network)
        tls.verify_flags |= NO_CHECK_TIME
        proxy = _proxy(self._base_url, self._network)
        with (
            suppress(httpx.HTTPError),
            httpx.Client(verify=tls, proxy=proxy, trust_env=False) as http,
        ):
            trace = {"trace": self._trace}
            with http.stream("HEAD", self._base_url, timeout=CONNECT_S, extensions=trace) as answer:
                return moment_ms(answer.headers.get("Date", ""))
        return None


def _read_body(response: httpx.Response) -> bytes:
    """Read what comes, unpacked, up to a limit."""
    chunks, size = [], 0
    for chunk in response.iter_bytes():
        chunks.append(chunk)
        size += len(chunk)
        if size > BODY_BYTES_MAX:
            raise CloudAnswerBroken(f"the answer is above {BODY_BYTES_MAX} bytes")
    return b"".join(chunks)


def _trusted(settings: NetworkSettings) -> ssl.SSLContext:
    """Whom we take for the cloud: the configured CA alone, or those httpx and the machine know."""
    if settings.ca_file is None:
        context = httpx.create_ssl_context()
        context.load_default_certs()
    else:
        try:
            context = ssl.create_default_context(cafile=settings.ca_file)
        except OSError as error:  # ssl.SSLError too: it is no certificate
            raise ConfigError(f"cloud.ca_file: {settings.ca_file}: {error}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _proxy(base_url: str, settings: NetworkSettings) -> str | None:
    """The configured proxy, or the one of the environment; to our own machine none leads."""
    parts = urlsplit(base_url)
    if is_loopback(base_url):
        return None
    if settings.proxy:
        return settings.proxy
    known = getproxies()
    url = known.get(parts.scheme) or known.get("all") or ""
    if not url or proxy_bypass(parts.hostname or ""):
        return None
    url = url if "://" in url else f"http://{url}"
    if not is_proxy(url):  # it may hold a password: it is not shown
        raise ConfigError("HTTPS_PROXY is not the address of an HTTP proxy; see cloud.proxy")
    return url


def _expires_ms(tls: Any) -> int | None:
    """Read the last day of the certificate that the other side showed."""
    shown = tls.getpeercert() if tls is not None else None
    until = shown.get("notAfter") if shown else None
    return ssl.cert_time_to_seconds(until) * 1000 if until else None
