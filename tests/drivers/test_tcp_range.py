"""A range of network places: what is meant, in which order, and how many are too many."""

import pytest

from drivers.tcp_range import PLACES_MAX, is_range, parse_tcp_range

USUAL = [3999, 4999, 9100, 4999]


def places(text: str) -> list[str]:
    return [str(place) for place in parse_tcp_range(text, USUAL)]


@pytest.mark.parametrize(
    "text", ["192.168.1.50", "192.168.1.50:4999", "printer-1.lan:4999", "fd00::7", "[fd00::7]:4999"]
)
def test_one_place_is_no_range(text: str) -> None:
    assert not is_range(text)
    with pytest.raises(ValueError, match="is not a range"):
        parse_tcp_range(text, USUAL)


def test_the_hosts_of_a_network_are_asked_at_the_usual_ports_but_the_one_that_prints() -> None:
    assert places("192.168.1.0/30") == [
        "192.168.1.1:3999",
        "192.168.1.1:4999",
        "192.168.1.2:3999",
        "192.168.1.2:4999",
    ]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("10.0.0.5/32:9100", ["10.0.0.5:9100"]),
        ("10.0.0.4/31:1-2", ["10.0.0.4:1", "10.0.0.4:2", "10.0.0.5:1", "10.0.0.5:2"]),
        ("till.lan:4000-4002", ["till.lan:4000", "till.lan:4001", "till.lan:4002"]),
        ("[fd00::4/127]:3999", ["[fd00::4]:3999", "[fd00::5]:3999"]),
    ],
)
def test_a_port_that_is_named_is_asked(text: str, meant: list[str]) -> None:
    assert is_range(text)
    assert places(text) == meant


def test_a_network_of_254_hosts_at_its_usual_ports_is_not_too_large() -> None:
    assert len(places("192.168.1.7/24")) == 2 * 254 <= PLACES_MAX


@pytest.mark.parametrize("text", ["10.0.0.0/8", "fd00::/64", "10.0.0.0/24:1-9", "till:1-2049"])
def test_too_many_places_are_refused_with_the_limit(text: str) -> None:
    with pytest.raises(ValueError, match=f"more than {PLACES_MAX} places"):
        parse_tcp_range(text, USUAL)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("10.0.0.0/33", "IPv4 or IPv6 network"),
        ("till/3", "IPv4 or IPv6 network"),
        ("1.2.3.4:9-1", "the smaller first"),
        ("1.2.3.4:0-3", "from 1 to 65535"),
        ("a b:1-2", "is not a range"),
    ],
)
def test_what_is_none_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_tcp_range(text, USUAL)
