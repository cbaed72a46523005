"""UDP sockets, connected and not: what is sent arrives whole, or is told to be cut."""

from __future__ import annotations

import errno
import math
import socket

import pytest
import trio
import trio.testing

from trio_helianthus import core, errors, net

pytestmark = pytest.mark.usefixtures("each_way_of_waiting")


class ReluctantSocket(socket.socket):
    """A socket whose sends find no room for a while."""

    refusals = 0

    def _refuse(self) -> None:
        if self.refusals:
            self.refusals -= 1
            raise BlockingIOError

    def send(self, *args: object) -> int:
        self._refuse()
        return super().send(*args)  # type: ignore[arg-type]

    def sendto(self, *args: object) -> int:
        self._refuse()
        return super().sendto(*args)  # type: ignore[call-overload, no-any-return]


def address_of(sock: socket.socket) -> tuple[str, int]:
    host, port = sock.getsockname()
    return host, port


def bound(kind: type[socket.socket] = socket.socket) -> socket.socket:
    made = kind(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(("127.0.0.1", 0))
    return made


async def test_what_one_sends_the_other_receives_with_its_address() -> None:
    async with net.open_udp() as one, net.open_udp() as other:
        await one.send_to(b"hello", other.local_address)
        assert await other.receive() == net.Datagram(b"hello", one.local_address, truncated=False)


async def test_a_connected_socket_is_a_channel_of_bytes() -> None:
    async with net.open_udp() as server, net.open_udp(remote=("127.0.0.1", server.port)) as client:
        assert isinstance(client, trio.abc.Channel)
        assert client.remote_address == server.local_address
        await client.send(b"question")
        data, address, _ = await server.receive()
        assert (data, address) == (b"question", client.local_address)
        await server.send_to(b"answer", address)
        assert await client.receive() == b"answer"


async def test_a_connected_socket_hears_nobody_else() -> None:
    async with (
        net.open_udp() as server,
        net.open_udp(remote=("127.0.0.1", server.port)) as client,
        net.open_udp() as stranger,
    ):
        await stranger.send_to(b"junk", client.local_address)
        await server.send_to(b"answer", client.local_address)
        assert await client.receive(timeout=5) == b"answer"


@pytest.mark.parametrize("data", [b"", b"x", b"x" * 60_000, bytearray(b"x"), memoryview(b"xy")])
async def test_datagrams_of_all_sizes_and_kinds_arrive_whole(
    data: bytes | bytearray | memoryview,
) -> None:
    async with net.open_udp() as one, net.open_udp(remote=("127.0.0.1", one.port)) as other:
        await other.send(data)
        assert (await one.receive()).data == data
        await one.send_to(data, other.local_address)
        assert await other.receive() == data


async def test_it_can_be_iterated_over() -> None:
    async with net.open_udp() as one, net.open_udp(remote=("127.0.0.1", one.port)) as other:
        for number in range(3):
            await other.send(b"%d" % number)
        seen = []
        async for data, _, _ in one:
            seen.append(data)
            if len(seen) == 3:
                break
        assert seen == [b"0", b"1", b"2"]


async def test_one_wake_up_takes_a_batch_and_no_more() -> None:
    async with net.open_udp() as one, net.open_udp(remote=("127.0.0.1", one.port)) as other:
        for number in range(40):
            await other.send(b"%d" % number)
        first = await one.receive_many()
        assert [datagram.data for datagram in first] == [b"%d" % n for n in range(32)]
        assert await one.receive() == (b"32", other.local_address, False)
        assert one.statistics().waiting == 7
        rest = await one.receive_many()
        assert [datagram.data for datagram in rest] == [b"%d" % n for n in range(33, 40)]
        assert one.statistics() == net.UDPStatistics(
            datagrams_sent=0, datagrams_received=40, truncated=0, waiting=0
        )


async def test_who_wants_one_gets_the_more_ahead_the_more_there_are() -> None:
    """A look for a second one would only keep the first from its answer."""
    async with net.open_udp() as one, net.open_udp(remote=("127.0.0.1", one.port)) as other:
        for _ in range(2):
            for number in range(100):
                await other.send(b"%d" % number)
            ahead = set()
            for number in range(100):
                assert (await one.receive(timeout=5)).data == b"%d" % number
                ahead.add(one.statistics().waiting)
            assert 0 in ahead
            assert max(ahead) == net.DRAIN_DATAGRAMS - 1
            await other.send(b"alone")
            await one.receive()
            for data in (b"x", b"y"):
                await other.send(data)
            assert (await one.receive()).data == b"x"
            assert one.statistics().waiting == 0
            assert (await one.receive()).data == b"y"


async def test_a_batch_on_a_connected_socket_is_a_list_of_bytes() -> None:
    async with net.open_udp() as one, net.open_udp(remote=("127.0.0.1", one.port)) as other:
        for number in range(3):
            await one.send_to(b"%d" % number, other.local_address)
        assert await other.receive_many(timeout=5) == [b"0", b"1", b"2"]


async def test_a_cut_datagram_says_so() -> None:
    async with net.open_udp(max_datagram_size=4) as one, net.open_udp() as other:
        for data in (b"1234", b"12345", b"1"):
            await other.send_to(data, one.local_address)
        received = [await one.receive() for _ in range(3)]
        assert [(d.data, d.truncated) for d in received] == [
            (b"1234", False),
            (b"1234", True),
            (b"1", False),
        ]
        assert one.statistics().truncated == 1


async def test_a_connected_socket_raises_for_a_cut_datagram_in_its_turn() -> None:
    async with (
        net.open_udp() as one,
        net.open_udp(remote=("127.0.0.1", one.port), max_datagram_size=4) as other,
    ):
        for data in (b"1234", b"12345", b"1"):
            await one.send_to(data, other.local_address)
        assert await other.receive_many() == [b"1234"]
        with pytest.raises(errors.LimitExceeded) as caught:
            await other.receive()
        assert (caught.value.limit_name, caught.value.limit) == ("max_datagram_size", 4)
        assert await other.receive() == b"1"
        assert other.statistics().datagrams_received == 3


async def test_nobody_there_is_told_on_a_connected_socket_which_lives_on() -> None:
    nobody = bound()
    async with net.open_udp(remote=address_of(nobody)) as client:
        nobody.close()
        await client.send(b"anybody?")
        with pytest.raises(errors.ConnectionRefused) as caught:
            await client.receive(timeout=5)
        assert caught.value.address == client.remote_address
        with pytest.raises(errors.OperationTimeout):
            await client.receive(timeout=0.01)
        await client.send(b"still nobody?")
        with pytest.raises(errors.ConnectionRefused):
            await client.receive(timeout=5)


async def test_what_came_before_a_refusal_is_received_before_it() -> None:
    peer = bound()
    async with net.open_udp(remote=address_of(peer)) as client:
        peer.sendto(b"bye", address_of(client.socket))
        peer.close()
        await client.send(b"anybody?")
        await trio.testing.wait_all_tasks_blocked(0.01)
        received: list[object] = []
        for _ in range(2):
            try:
                received.append(await client.receive(timeout=5))
            except errors.ConnectionRefused:
                received.append("refused")
        assert sorted(map(str, received)) == ["b'bye'", "refused"]


async def test_nobody_there_is_no_matter_on_an_unconnected_socket() -> None:
    nobody = bound()
    address = nobody.getsockname()
    nobody.close()
    async with net.open_udp() as one, net.open_udp() as other:
        await one.send_to(b"anybody?", address)
        await other.send_to(b"here", one.local_address)
        assert (await one.receive(timeout=5)).data == b"here"


class WindowsSocket(socket.socket):
    """Tells, as Windows does, of an earlier datagram that found nobody."""

    resets = 2

    def recvfrom(self, *args: int) -> tuple[bytes, object]:
        if self.resets:
            self.resets -= 1
            raise ConnectionResetError(errno.ECONNRESET, "as Windows does")
        return super().recvfrom(*args)

    def recv(self, *args: int) -> bytes:
        if self.resets:
            self.resets -= 1
            raise ConnectionResetError(errno.ECONNRESET, "as Windows does")
        return super().recv(*args)


async def test_resets_of_windows_are_passed_over_on_an_unconnected_socket() -> None:
    async with net.UDPSocket(bound(WindowsSocket)) as one, net.open_udp() as other:
        await other.send_to(b"here", one.local_address)
        assert (await one.receive(timeout=5)).data == b"here"


async def test_a_reset_of_windows_is_a_refusal_on_a_connected_socket() -> None:
    with bound() as peer, bound(WindowsSocket) as sock:
        sock.connect(peer.getsockname())
        async with net.ConnectedUDPSocket(sock) as client:
            peer.sendto(b"x", sock.getsockname())
            for _ in range(2):
                with pytest.raises(errors.ConnectionRefused):
                    await client.receive(timeout=5)
            assert await client.receive(timeout=5) == b"x"


@pytest.mark.parametrize("connected", [False, True])
async def test_too_many_bytes_are_told_with_their_number(connected: bool) -> None:
    async with net.open_udp() as one, net.open_udp(remote=("127.0.0.1", one.port)) as other:
        with pytest.raises(errors.NetworkError, match="70000 bytes are too many") as caught:
            if connected:
                await other.send(bytes(70_000))
            else:
                await one.send_to(bytes(70_000), other.local_address)
        assert caught.value.code is errors.ErrorCode.MESSAGE_TOO_LARGE
        await other.send(b"goes on")
        assert (await one.receive()).data == b"goes on"


@pytest.mark.parametrize(
    "address", [("localhost", 1), ("::1", 1), ("", 1), "/path", (), (1, 2), ("fe80::1%lo", 1)]
)
async def test_only_numeric_addresses_are_sent_to(address: net.SocketAddress) -> None:
    async with net.open_udp() as one:
        with pytest.raises(ValueError, match="no numeric IPv4 host and port"):
            await one.send_to(b"x", address)


async def test_a_port_to_send_to_is_a_small_number() -> None:
    async with net.open_udp() as one:
        with pytest.raises(ValueError, match="70000"):
            await one.send_to(b"x", ("127.0.0.1", 70_000))


async def test_a_name_is_resolved_to_the_family_of_the_socket() -> None:
    async with net.open_udp() as one:
        assert await one.resolve("localhost", 53) == ("127.0.0.1", 53)
        with pytest.raises(errors.NameResolutionFailed):
            await one.resolve("::1", 53, timeout=5)


async def test_a_send_without_room_waits_and_others_may_wait_with_it() -> None:
    with bound(ReluctantSocket) as sock, bound() as peer:
        peer.settimeout(5)
        async with net.UDPSocket(sock) as one:
            sock.refusals = 5  # type: ignore[attr-defined]
            async with trio.open_nursery() as nursery:
                for _ in range(3):
                    nursery.start_soon(one.send_to, b"x", peer.getsockname())
            assert [peer.recv(1) for _ in range(3)] == [b"x"] * 3
        assert one.statistics().datagrams_sent == 3


async def test_a_connected_send_without_room_waits_and_sends_once() -> None:
    with bound(ReluctantSocket) as sock, bound() as peer:
        sock.connect(peer.getsockname())
        async with net.ConnectedUDPSocket(sock) as client:
            sock.refusals = 2  # type: ignore[attr-defined]
            await client.send(b"x", timeout=5)
        peer.setblocking(False)
        assert peer.recv(1) == b"x"
        with pytest.raises(BlockingIOError):
            peer.recv(1)


async def test_a_send_that_is_cancelled_has_sent_nothing() -> None:
    with bound(ReluctantSocket) as sock, bound() as peer:
        async with net.UDPSocket(sock) as one:
            sock.refusals = 10**9  # type: ignore[attr-defined]
            with pytest.raises(errors.OperationTimeout):
                await one.send_to(b"x", peer.getsockname(), timeout=0.01)
        peer.setblocking(False)
        with pytest.raises(BlockingIOError):
            peer.recv(1)


async def test_an_error_after_waiting_to_send_is_the_houses() -> None:
    with bound(ReluctantSocket) as sock, bound() as peer:
        async with net.UDPSocket(sock) as one:
            sock.refusals = 1  # type: ignore[attr-defined]
            with pytest.raises(errors.NetworkError, match="too many"):
                await one.send_to(bytes(70_000), peer.getsockname())


async def test_limits_take_nothing() -> None:
    async with net.open_udp() as one, net.open_udp() as other:
        token = core.CancelToken()
        with pytest.raises(errors.OperationTimeout):
            await one.receive(timeout=0.01)
        async with trio.open_nursery() as nursery:

            @nursery.start_soon
            async def cancel() -> None:
                await trio.testing.wait_all_tasks_blocked()
                token.cancel("enough")

            with pytest.raises(errors.OperationCancelled):
                await one.receive_many(token=token)
        with pytest.raises(errors.OperationCancelled):
            await other.send_to(b"never", one.local_address, token=token)
        await other.send_to(b"kept", one.local_address, timeout=math.inf)
        with pytest.raises(errors.OperationTimeout):
            await one.receive(timeout=0)
        assert (await one.receive()).data == b"kept"


async def test_two_tasks_cannot_receive_at_a_time() -> None:
    async with net.open_udp() as one, trio.open_nursery() as nursery:
        nursery.start_soon(one.receive)
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(errors.ResourceBusy):
            await one.receive()
        nursery.cancel_scope.cancel()


async def test_closing_wakes_who_waits_and_ends_everything() -> None:
    async with net.open_udp() as one, net.open_udp(remote=("127.0.0.1", one.port)) as other:
        async with trio.open_nursery() as nursery:

            @nursery.start_soon
            async def receive() -> None:
                with pytest.raises(errors.ResourceClosed):
                    await one.receive()

            await trio.testing.wait_all_tasks_blocked()
            one.close()
        await other.aclose()
        assert "closed" in repr(one)
        with pytest.raises(errors.ResourceClosed):
            await one.receive()
        with pytest.raises(errors.ResourceClosed):
            await one.send_to(b"x", ("127.0.0.1", 9))
        with pytest.raises(errors.ResourceClosed):
            await other.send(b"x")
        with pytest.raises(errors.ResourceClosed):
            _ = one.local_address
        with pytest.raises(errors.ResourceClosed):
            one.join_group("239.1.2.3")


@pytest.mark.parametrize("limit", [1, core.CHECKPOINT_BUDGET])
async def test_a_busy_socket_lets_other_tasks_run_within_the_budget(limit: int) -> None:
    budget = core.checkpoint_budget()
    budget.limit = limit
    steps = 0

    async def count() -> None:
        nonlocal steps
        while True:
            steps += 1
            await trio.lowlevel.checkpoint()

    async with net.open_udp() as one, trio.open_nursery() as nursery:
        nursery.start_soon(count)
        for _ in range(100):
            await one.send_to(b"x", one.local_address)
        for _ in range(100):
            await one.receive()
        nursery.cancel_scope.cancel()
    assert steps >= 200 // limit


def test_only_udp_sockets_are_taken() -> None:
    async def main() -> None:
        with socket.socket() as tcp, pytest.raises(ValueError, match="takes a UDP socket"):
            net.UDPSocket(tcp)
        with bound() as udp, pytest.raises(ValueError, match="max_datagram_size"):
            net.UDPSocket(udp, max_datagram_size=0)

    trio.run(main)


async def test_operations_are_reported() -> None:
    class Recorder(core.Instrument):
        def __init__(self) -> None:
            self.ended: list[core.Operation] = []

        def operation_ended(self, operation: core.Operation) -> None:
            self.ended.append(operation)

    recorder = Recorder()
    with core.subscribe(recorder):
        async with net.open_udp() as one, net.open_udp(remote=("127.0.0.1", one.port)) as other:
            await other.send(b"12")
            await one.receive()
            await one.send_to(b"345", other.local_address)
            await other.receive_many()
    named = [(op.name, op.bytes_sent, op.bytes_received, op.peer) for op in recorder.ended]
    here, there = named[3][3], named[2][3]
    assert named == [
        ("net.udp.open", 0, 0, None),
        ("net.udp.open", 0, 0, ("127.0.0.1", there[1])),  # type: ignore[index]
        ("net.udp.send", 2, 0, there),
        ("net.udp.receive", 0, 2, here),
        ("net.udp.send", 3, 0, here),
        ("net.udp.receive", 0, 3, there),
    ]
    ids = [op.connection_id for op in recorder.ended]
    assert ids[0] == ids[3] == ids[4]
    assert ids[1] == ids[2] == ids[5]
