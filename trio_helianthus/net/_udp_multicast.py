"""Multicast: which groups a socket receives, and how what it sends to a group travels."""

from __future__ import annotations

import ipaddress
import socket
import struct
import sys

from trio_helianthus.errors import from_os_error


def join_group(sock: socket.socket, group: str, interface: str | int | None) -> None:
    """Receive what is sent to a group (RFC 3493, 5.2; ip(7))."""
    _change_membership(sock, group, interface, join=True)


def leave_group(sock: socket.socket, group: str, interface: str | int | None) -> None:
    """Receive no more from a group."""
    _change_membership(sock, group, interface, join=False)


def set_multicast_sending(
    sock: socket.socket,
    *,
    ttl: int | None = None,
    loop: bool | None = None,
    interface: str | int | None = None,
) -> None:
    """Say how far, whether to this machine too, and where datagrams to groups are sent.

    :raises OSError: the system does not know the interface, or does not take the value.
    :raises ValueError: ``interface`` is an address where it has to be a name or an index.
    """
    is_ipv6 = sock.family == socket.AF_INET6
    level = socket.IPPROTO_IPV6 if is_ipv6 else socket.IPPROTO_IP
    if ttl is not None:
        option = socket.IPV6_MULTICAST_HOPS if is_ipv6 else socket.IP_MULTICAST_TTL
        sock.setsockopt(level, option, ttl)
    if loop is not None:
        option = socket.IPV6_MULTICAST_LOOP if is_ipv6 else socket.IP_MULTICAST_LOOP
        sock.setsockopt(level, option, int(loop))
    if interface is not None:
        if is_ipv6:
            sock.setsockopt(level, socket.IPV6_MULTICAST_IF, _interface_index(interface))
        else:
            sock.setsockopt(level, socket.IP_MULTICAST_IF, _sending_interface(interface))


def _change_membership(
    sock: socket.socket, group: str, interface: str | int | None, *, join: bool
) -> None:
    address = ipaddress.ip_address(group)
    is_ipv6 = sock.family == socket.AF_INET6
    if not address.is_multicast or address.version != (6 if is_ipv6 else 4):
        family = "IPv6" if is_ipv6 else "IPv4"
        raise ValueError(f"{group} is no {family} multicast address")
    try:
        if is_ipv6:
            option = socket.IPV6_JOIN_GROUP if join else socket.IPV6_LEAVE_GROUP
            index = 0 if interface is None else _interface_index(interface)
            request = address.packed + struct.pack("@I", index)
            sock.setsockopt(socket.IPPROTO_IPV6, option, request)
        else:
            option = socket.IP_ADD_MEMBERSHIP if join else socket.IP_DROP_MEMBERSHIP
            request = address.packed + _receiving_interface(interface)
            sock.setsockopt(socket.IPPROTO_IP, option, request)
    except OSError as exc:
        verb = "join group" if join else "leave group"
        raise from_os_error(exc, operation=verb, address=group) from exc


def _interface_index(interface: str | int) -> int:
    """Return an interface's index; its name is the system's to know.

    :raises ValueError: it is an address, which IPv6 does not name interfaces by, or no index.
    :raises OSError: there is no such interface.
    """
    if isinstance(interface, int):
        if not 0 <= interface < 2**31:
            raise ValueError(f"{interface} is no interface's index")
        return interface
    if _is_address(interface):
        raise ValueError(f"IPv6 takes an interface's name or index, not {interface!r}")
    return socket.if_nametoindex(interface)


def _receiving_interface(interface: str | int | None) -> bytes:
    """Write what follows the group in ``struct ip_mreq``, or in ``ip_mreqn`` for an index."""
    if interface is None:
        return bytes(4)
    if isinstance(interface, str) and _is_address(interface):
        return socket.inet_aton(interface)
    return _by_index(_interface_index(interface))


def _sending_interface(interface: str | int) -> bytes:
    if isinstance(interface, str) and _is_address(interface):
        return socket.inet_aton(interface)
    by_index = _by_index(_interface_index(interface))
    # Only the systems that have struct ip_mreqn take an index there, behind a group of zeros.
    return by_index if len(by_index) == 4 else bytes(4) + by_index


def _is_address(interface: str) -> bool:
    try:
        ipaddress.ip_address(interface)
    except ValueError:
        return False
    return True


if sys.platform == "win32":

    def _by_index(index: int) -> bytes:
        # "Any IP address in the 0.x.x.x block (first octet of 0) except IPv4 address 0.0.0.0 is
        # treated as an interface index" (IPPROTO_IP socket options, learn.microsoft.com).
        return struct.pack("!I", index)

else:

    def _by_index(index: int) -> bytes:
        return struct.pack("@4si", bytes(4), index)
