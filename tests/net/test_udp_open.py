"""Opening UDP sockets: where they are bound, whom they are connected to, and their options."""

from __future__ import annotations

import socket
import sys
from typing import Any

import pytest
import trio

from trio_helianthus import core, errors, net

GROUP, GROUP_6 = "239.255.77.1", "ff15::77:1"


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.bind(("::1", 0))
    except OSError:
        return False
    return True


def can_send_to(family: int, group: str) -> bool:
    """Whether datagrams to a group leave by the first interface, which is loopback as a rule."""
    level, option, interface = {
        socket.AF_INET: (socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1")),
        socket.AF_INET6: (socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, FIRST.to_bytes(4, ORDER)),
    }[socket.AddressFamily(family)]
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.setsockopt(level, option, interface)
            sock.sendto(b"", (group, 9))
    except OSError:
        return False
    return True


FIRST, ORDER = socket.if_nameindex()[0][0], sys.byteorder
needs_multicast = pytest.mark.skipif(
    not can_send_to(socket.AF_INET, GROUP), reason="there is no way to an IPv4 group here"
)
needs_ipv6_multicast = pytest.mark.skipif(
    not can_send_to(socket.AF_INET6, GROUP_6), reason="there is no way to an IPv6 group here"
)
needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")


async def test_it_is_bound_to_loopback_unless_told_otherwise() -> None:
    async with net.open_udp() as one:
        assert one.local_address == ("127.0.0.1", one.port)
        assert one.port > 0
        assert repr(one) == f"<UDPSocket at 127.0.0.1:{one.port}>"


async def test_a_host_and_port_are_kept() -> None:
    async with net.open_udp() as one:
        port = one.port
    async with net.open_udp(port, host="0.0.0.0") as one:
        assert one.local_address == ("0.0.0.0", port)


async def test_a_connected_socket_may_have_a_port_or_an_address_of_its_own() -> None:
    async with net.open_udp() as server:
        remote = ("127.0.0.1", server.port)
        async with net.open_udp(host="127.0.0.1", remote=remote) as one:
            port = one.port
        async with net.open_udp(port, remote=remote) as one:
            assert one.local_address == ("127.0.0.1", port)
            assert one.remote_address == remote


@needs_ipv6
async def test_ipv6_on_both_sides() -> None:
    async with (
        net.open_udp(host="::1") as server,
        net.open_udp(remote=("::1", server.port)) as client,
    ):
        await client.send(b"x")
        data, address, _ = await server.receive()
        assert address == client.local_address
        await server.send_to(data, address)
        assert await client.receive(timeout=5) == b"x"
        with pytest.raises(ValueError, match="IPv6"):
            await server.send_to(b"x", ("127.0.0.1", 9))
        with pytest.raises(ValueError, match="IPv6"):
            await server.send_to(b"x", ("::1%lo", 9))


@needs_ipv6
async def test_a_host_of_the_other_family_has_no_way_there() -> None:
    with pytest.raises(errors.AddressNotAvailable, match=r"127\.0\.0\.1 has no address"):
        async with net.open_udp(host="127.0.0.1", remote=("::1", 9)):
            pass


async def test_the_next_address_is_taken_where_the_first_has_no_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def two_addresses(*args: object, **kwargs: object) -> list[object]:
        kind = (socket.SOCK_DGRAM, 17, "")
        return [
            (socket.AF_INET, *kind, ("255.255.255.255", 9)),  # needs broadcast=True
            (socket.AF_INET, *kind, ("127.0.0.1", 9)),
        ]

    monkeypatch.setattr(trio.socket, "getaddrinfo", two_addresses)
    options = iter([(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)])
    async with net.open_udp(remote=("somewhere", 9), socket_options=options) as one:
        assert one.remote_address == ("127.0.0.1", 9)
        assert one.socket.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


async def test_where_no_address_will_do_the_first_error_tells_of_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with net.open_udp() as one, net.open_udp() as other:

        async def two_addresses(*args: object, **kwargs: object) -> list[object]:
            kind = (socket.AF_INET, socket.SOCK_DGRAM, 17, "")
            return [(*kind, taken.local_address) for taken in (one, other)]

        monkeypatch.setattr(trio.socket, "getaddrinfo", two_addresses)
        with pytest.raises(errors.AddressInUse) as caught:
            async with net.open_udp(host="somewhere"):
                pass
        assert caught.value.address == one.local_address
        assert len(caught.value.__notes__) == 1


@pytest.mark.parametrize(
    ("port", "error"), [(-1, ValueError), (65536, ValueError), ("53", TypeError)]
)
async def test_a_port_is_a_small_number(port: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        async with net.open_udp(port):
            pass


async def test_an_address_in_use_is_told() -> None:
    async with net.open_udp() as one:
        with pytest.raises(errors.AddressInUse) as caught:
            async with net.open_udp(one.port):
                pass
        assert caught.value.address == one.local_address


async def test_names_that_are_none() -> None:
    with pytest.raises(errors.NameResolutionFailed):
        async with net.open_udp(remote=("no such name.invalid", 53)):
            pass


async def test_a_cancelled_token_opens_nothing() -> None:
    token = core.CancelToken()
    token.cancel("no")
    with pytest.raises(errors.OperationCancelled):
        async with net.open_udp(token=token):
            pass


@pytest.mark.parametrize("remote", ["127.0.0.1", ("::1", 53, 0, 0), ("127.0.0.1",)])
def test_a_peer_is_a_host_and_a_port(remote: Any) -> None:
    with pytest.raises(TypeError, match="a host and a port, not"):
        net.open_udp(remote=remote)


async def test_options_that_are_none_are_refused() -> None:
    with pytest.raises(TypeError, match="no option colour"):
        net.open_udp(colour="red")  # type: ignore[call-overload]
    with pytest.raises(errors.NetworkError):
        async with net.open_udp(socket_options=[(socket.SOL_SOCKET, 0x7FFF, 1)]):
            pass
    with pytest.raises(ValueError, match="max_datagram_size"):
        async with net.open_udp(max_datagram_size=0):
            pass


async def test_options_reach_the_socket() -> None:
    async with net.open_udp(
        broadcast=True,
        reuse_address=True,
        receive_buffer=8192,
        send_buffer=8192,
        multicast_ttl=3,
        multicast_loop=False,
        multicast_interface="127.0.0.1",
        socket_options=[(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)],
    ) as one:
        get = one.socket.getsockopt
        for option in (socket.SO_BROADCAST, socket.SO_REUSEADDR, socket.SO_KEEPALIVE):
            assert get(socket.SOL_SOCKET, option)
        assert get(socket.SOL_SOCKET, socket.SO_RCVBUF) in (8192, 16384)  # Linux counts twice
        assert get(socket.SOL_SOCKET, socket.SO_SNDBUF) in (8192, 16384)
        assert get(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL) == 3
        assert get(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP) == 0


@needs_ipv6
async def test_multicast_options_of_ipv6_reach_the_socket() -> None:
    name = socket.if_nameindex()[0][1]
    async with net.open_udp(
        host="::1", multicast_ttl=3, multicast_loop=False, multicast_interface=name
    ) as one:
        get = one.socket.getsockopt
        assert get(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS) == 3
        assert get(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP) == 0
        assert get(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF) == socket.if_nametoindex(name)


@pytest.mark.skipif(not hasattr(socket, "SO_REUSEPORT"), reason="this system has no SO_REUSEPORT")
async def test_sockets_may_share_a_port() -> None:
    async with (
        net.open_udp(reuse_port=True) as one,
        net.open_udp(one.port, reuse_port=True) as other,
    ):
        assert other.port == one.port


async def test_sharing_a_port_needs_a_system_that_can(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(socket, "SO_REUSEPORT", raising=False)
    with pytest.raises(ValueError, match="no SO_REUSEPORT"):
        async with net.open_udp(reuse_port=True):
            pass


async def test_broadcast_is_permitted_only_by_its_option() -> None:
    async with net.open_udp(host="0.0.0.0") as one:
        with pytest.raises(errors.AccessDenied):
            await one.send_to(b"x", ("255.255.255.255", 9))


@needs_multicast
@pytest.mark.parametrize("by", ["address", "index", "name"])
async def test_a_group_is_heard_by_all_who_have_joined_it(by: str) -> None:
    index, name = socket.if_nameindex()[0]
    choices: dict[str, str | int] = {"address": "127.0.0.1", "index": index, "name": name}
    interface = choices[by]
    async with (
        net.open_udp(host="0.0.0.0", reuse_address=True) as one,
        net.open_udp(one.port, host="0.0.0.0", reuse_address=True) as other,
        net.open_udp(multicast_interface=interface, multicast_loop=True) as sender,
    ):
        for member in (one, other):
            member.join_group(GROUP, interface=interface)
        await sender.send_to(b"news", (GROUP, one.port))
        for member in (one, other):
            assert (await member.receive(timeout=5)).data == b"news"
        one.leave_group(GROUP, interface=interface)
        await sender.send_to(b"more", (GROUP, one.port))
        assert (await other.receive(timeout=5)).data == b"more"
        with pytest.raises(errors.NetworkError, match="leave group"):
            one.leave_group(GROUP, interface=interface)


@needs_ipv6_multicast
async def test_an_ipv6_group_is_heard() -> None:
    index = socket.if_nameindex()[0][0]
    async with (
        net.open_udp(host="::") as one,
        net.open_udp(host="::1", multicast_interface=index) as sender,
    ):
        one.join_group(GROUP_6, interface=index)
        await sender.send_to(b"news", (GROUP_6, one.port))
        assert (await one.receive(timeout=5)).data == b"news"
        one.leave_group(GROUP_6, interface=index)


@needs_ipv6
async def test_ipv6_groups_are_joined_by_interface_not_by_address() -> None:
    async with net.open_udp(host="::1") as one:
        with pytest.raises(ValueError, match="no IPv6 multicast"):
            one.join_group(GROUP)
        with pytest.raises(ValueError, match="name or index"):
            one.join_group(GROUP_6, interface="::1")


@pytest.mark.parametrize("group", ["10.0.0.1", GROUP_6, "news"])
async def test_only_groups_are_joined(group: str) -> None:
    async with net.open_udp() as one:
        with pytest.raises(ValueError, match=group):
            one.join_group(group)


@pytest.mark.parametrize("index", [-1, 2**31])
async def test_an_interfaces_index_is_a_small_number(index: int) -> None:
    async with net.open_udp(host="0.0.0.0") as one:
        with pytest.raises(ValueError, match="index"):
            one.join_group(GROUP, interface=index)


async def test_an_interface_that_is_not_there_is_told() -> None:
    async with net.open_udp(host="0.0.0.0") as one:
        with pytest.raises(errors.NetworkError, match="join group"):
            one.join_group(GROUP, interface="nosuch0")
