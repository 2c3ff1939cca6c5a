"""How far inside the network an outside call may reach, decided where the connection is made.

A name is resolved once, its addresses are judged, and the judged address itself is dialled, so a name
that resolves differently a moment later (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from enum import IntEnum
from typing import Any

import httpcore

from crowdalogue.errors import Failure


class Reach(IntEnum):
    """Each level includes the ones before; nothing is ever given `NEVER`."""

    PUBLIC = 0  # what a stranger named: links and files inside payloads
    LOOPBACK = 1  # what an administrator typed: a service on this very machine
    PRIVATE = 2  # and CROWDALOGUE_PRIVATE_ADDRESSES=yes: the company's own network
    NEVER = 3  # cloud metadata, link-local, multicast, unspecified


METADATA = [ipaddress.ip_network(n) for n in ("169.254.0.0/16", "fe80::/10", "fd00:ec2::/32", "100.100.100.200/32")]
TRANSLATED = [(ipaddress.ip_network("64:ff9b::/96"), 0), (ipaddress.ip_network("2002::/16"), 80)]  # NAT64, 6to4


def judge(address: str) -> Reach:
    """What it takes to be allowed to call this address (an IP in text form)."""
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(address.split("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        ip = unwrap(ip)
    if any(ip.version == net.version and ip in net for net in METADATA):
        return Reach.NEVER
    if ip.is_loopback:
        return Reach.LOOPBACK
    if ip.is_unspecified or ip.is_multicast or ip.is_link_local:
        return Reach.NEVER
    if ip.is_global:
        return Reach.PUBLIC
    return Reach.NEVER if ip.is_reserved else Reach.PRIVATE


def unwrap(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The IPv4 address inside an IPv6 one that only carries it, else the address itself."""
    if ip.ipv4_mapped:
        return ip.ipv4_mapped
    for net, shift in TRANSLATED:
        if ip in net:
            return ipaddress.IPv4Address((int(ip) >> shift) & 0xFFFFFFFF)
    if ip.teredo:
        return ip.teredo[1]
    return ip


def allowed(host: str, port: int, reach: Reach) -> list[str]:
    """The IP addresses of a host within reach. Raises `Failure` with cause and remedy."""
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Failure(
            f"{host} could not be found. Check the address, and that this machine is online.", permanent=False
        ) from None
    ips = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for ip in ips:  # one address out of bounds condemns the name: it should not be there at all
        needed = judge(ip)
        if needed > reach:
            raise Failure(refusal(host, needed, reach), permanent=True)
    return ips


def refusal(host: str, needed: Reach, reach: Reach) -> str:
    if needed == Reach.PRIVATE and reach == Reach.LOOPBACK:
        return (
            f"{host} is an address inside your network, which channels may not call. "
            "If it is meant, start Crowdalogue with CROWDALOGUE_PRIVATE_ADDRESSES=yes."
        )
    return f"{host} is not a public address, so it was not called. Use the service's public address."


class Guarded(httpcore.NetworkBackend):
    """Dials only addresses that `allowed` has judged."""

    def __init__(self, reach: Reach) -> None:
        self.reach = reach
        self.plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        problem: Exception = httpcore.ConnectError("no address")
        for ip in allowed(host, port, self.reach):
            try:
                return self.plain.connect_tcp(ip, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                problem = error
        raise problem

    def connect_unix_socket(self, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        raise Failure("A connector asked for a local socket, which is not allowed.")

    def sleep(self, seconds: float) -> None:
        self.plain.sleep(seconds)
