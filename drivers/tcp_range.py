"""Many network addresses in a few letters, for a search that somebody asked for.

    192.168.1.0/28            every host of it, at every usual port
    192.168.1.0/28:3999       at this port
    192.168.1.50:4000-4010    one host, at these ports

An office printer that listens at 9100 prints whatever comes, also our questions: over a network of
hosts that port is asked only where it is named. Pure; more than `PLACES_MAX` are refused.
"""

import re
from collections.abc import Sequence
from ipaddress import ip_network
from itertools import islice

from drivers.tcp_transport import PORT_MAX, TcpAddress, parse_tcp_address

PLACES_MAX = 2048  # a /24 at eight ports
PRINTS_ANYTHING = 9100  # what office printers call raw printing

_SHAPE = re.compile(
    r"(?P<hosts>\[?[^\s\[\]]+?(?P<bits>/[0-9]{1,3})?\]?)(:(?P<first>[0-9]{1,5})(-(?P<last>[0-9]{1,5}))?)?"
)


def is_range(text: str) -> bool:
    """Is more than one place meant?"""
    found = _SHAPE.fullmatch(text)
    return found is not None and bool(found["bits"] or found["last"])


def parse_tcp_range(text: str, usual_ports: Sequence[int]) -> list[TcpAddress]:
    """Return every place that a range means, host by host.

    Raises:
        ValueError: it is no range, or too large a one.
    """
    found = _SHAPE.fullmatch(text)
    if found is None or not is_range(text):
        raise ValueError(f"{text!r} is not a range such as 192.168.1.0/28 or 192.168.1.50:1-9")
    ports = _ports(text, found, usual_ports)
    if not found["bits"]:
        host = parse_tcp_address(found["hosts"], default_port=ports[0]).host
        hosts = [host]
    else:
        network = ip_network(found["hosts"].strip("[]"), strict=False)
        hosts = [str(host) for host in islice(network.hosts(), PLACES_MAX + 1)]
    if len(hosts) * len(ports) > PLACES_MAX:
        raise ValueError(
            f"{text!r} is more than {PLACES_MAX} places to ask: name fewer hosts, or one port"
        )
    return [TcpAddress(host, port) for host in hosts for port in ports]


def _ports(text: str, found: re.Match[str], usual: Sequence[int]) -> list[int]:
    if not found["first"]:
        return [port for port in dict.fromkeys(usual) if port != PRINTS_ANYTHING]
    first = int(found["first"])
    last = int(found["last"] or first)
    if not 1 <= first <= last <= PORT_MAX:
        raise ValueError(f"{text!r}: ports are numbers from 1 to {PORT_MAX}, the smaller first")
    return list(range(first, last + 1))
