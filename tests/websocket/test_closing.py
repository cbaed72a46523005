"""How a WebSocket ends, and what the one who uses it is told."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import signal
from typing import Any

import attrs
import pytest
import trio

from tests.websocket.conftest import (
    FOR_EVER,
    Serve,
    echo,
    raw_client,
    running,
    ws_url,
)
from trio_helianthus import errors, http, websocket
from trio_helianthus.wire import websocket as wire


async def test_the_client_closes(serve: Serve) -> None:
    ended = trio.Event()
    inside = list[websocket.ServerConnection]()

    async def handler(connection: websocket.ServerConnection) -> None:
        inside.append(connection)
        async for _ in connection:
            pass
        ended.set()

    server = await serve(handler)
    async with websocket.open_websocket(ws_url(server)) as connection:
        await connection.aclose(3001, "my own reason")
        with pytest.raises(errors.ResourceClosed):
            await connection.receive()
        with pytest.raises(errors.ResourceClosed):
            await connection.send("late")
        await connection.aclose()
    with trio.fail_after(5):
        while inside[0].close_code is None:  # noqa: ASYNC110 nothing else tells
            await trio.sleep(0.01)
    assert (inside[0].close_code, inside[0].close_reason) == (3001, "my own reason")


@pytest.mark.parametrize("code", [1000, 1001])
async def test_iterating_ends_in_good_order(serve: Serve, code: int) -> None:
    async def handler(connection: websocket.ServerConnection) -> None:
        await connection.send("one")
        await connection.aclose(code, "that was it")

    server = await serve(handler)
    async with websocket.open_websocket(ws_url(server)) as connection:
        assert [message async for message in connection] == ["one"]
        with pytest.raises(errors.WebSocketEnded) as caught:
            await connection.receive()
        assert isinstance(caught.value, trio.EndOfChannel)
        assert (caught.value.code, caught.value.reason) == (code, "that was it")
        with pytest.raises(errors.WebSocketBroken):
            await connection.send("late")
        with pytest.raises(errors.WebSocketBroken):
            await connection.ping()
        assert not connection.offer(websocket.PreparedMessage("late"))


async def test_a_handler_that_returns_closes(serve: Serve) -> None:
    async def handler(connection: websocket.ServerConnection) -> None:
        pass

    server = await serve(handler)
    async with websocket.open_websocket(ws_url(server)) as connection:
        with pytest.raises(errors.WebSocketEnded) as caught:
            await connection.receive()
        assert caught.value.code == 1000


async def test_a_handler_that_fails_is_reported(serve: Serve, reports: list[BaseException]) -> None:
    async def handler(connection: websocket.ServerConnection) -> None:
        await connection.receive()
        raise ZeroDivisionError

    server = await serve(handler)
    async with websocket.open_websocket(ws_url(server)) as connection:
        await connection.send("go")
        with pytest.raises(errors.WebSocketBroken) as caught:
            await connection.receive()
        assert caught.value.code == 1011
    assert [type(error) for error in reports] == [ZeroDivisionError]


async def test_the_end_of_its_own_websocket_is_no_mistake_of_a_handler(
    serve: Serve, reports: list[BaseException]
) -> None:
    ended = trio.Event()

    async def handler(connection: websocket.ServerConnection) -> None:
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(connection.receive)
                nursery.start_soon(trio.sleep_forever)
        finally:
            ended.set()

    server = await serve(handler)
    async with websocket.open_websocket(ws_url(server)):
        pass
    with trio.fail_after(5):
        await ended.wait()
    assert reports == []


async def test_a_lost_client_ends_the_handlers_receive(serve: Serve) -> None:
    seen = list[errors.WebSocketClosed]()
    ended = trio.Event()

    async def handler(connection: websocket.ServerConnection) -> None:
        try:
            await connection.receive()
        except errors.WebSocketClosed as exc:
            seen.append(exc)
        ended.set()

    server = await serve(handler)
    async with raw_client(server) as peer:
        peer.stream.reset()
    with trio.fail_after(5):
        await ended.wait()
    assert isinstance(seen[0], errors.WebSocketBroken)
    assert seen[0].code == 1006


@pytest.mark.parametrize("how", ["reset", "eof", "close"])
async def test_a_handler_that_does_not_notice_is_cancelled(serve: Serve, how: str) -> None:
    cancelled = trio.Event()

    async def handler(connection: websocket.ServerConnection) -> None:
        try:
            await trio.sleep_forever()
        finally:
            cancelled.set()

    server = await serve(handler, limits=websocket.WebSocketLimits(closed_grace=0.1))
    async with raw_client(server) as peer:
        if how == "reset":
            peer.stream.reset()
        elif how == "close":
            await peer.send_event(wire.Close(1000))
            assert await peer.next_event() == wire.Close(1000)
    with trio.fail_after(5):
        await cancelled.wait()


async def test_a_handler_may_take_what_came_before_the_end_one_after_the_other(
    serve: Serve,
) -> None:
    taken: list[str | bytes] = []
    done = trio.Event()

    async def handler(connection: websocket.ServerConnection) -> None:
        async for message in connection:
            await trio.sleep(0.1)  # longer than the grace, all together
            taken.append(message)
        done.set()

    server = await serve(handler, limits=websocket.WebSocketLimits(closed_grace=0.3))
    async with websocket.open_websocket(ws_url(server)) as connection:
        for number in range(20):
            await connection.send(f"{number}")
    with trio.fail_after(10):
        await done.wait()
    assert taken == [f"{number}" for number in range(20)]


async def test_a_handler_that_was_told_may_take_its_time(serve: Serve) -> None:
    done = trio.Event()

    async def handler(connection: websocket.ServerConnection) -> None:
        async for _ in connection:
            pass
        await trio.sleep(0.3)
        done.set()

    server = await serve(handler, limits=websocket.WebSocketLimits(closed_grace=0))
    async with websocket.open_websocket(ws_url(server)):
        pass
    with trio.fail_after(5):
        await done.wait()


async def test_a_cancelled_client_cancels_the_handler_at_once(serve: Serve) -> None:
    cancelled = trio.Event()
    began = trio.Event()

    async def handler(connection: websocket.ServerConnection) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(connection.receive)
            began.set()
            try:
                await trio.sleep_forever()
            finally:
                cancelled.set()

    server = await serve(handler)
    with trio.CancelScope() as scope:
        async with websocket.open_websocket(ws_url(server)):
            await began.wait()
            scope.cancel()
            await trio.sleep_forever()
    with trio.fail_after(5):
        await cancelled.wait()


async def test_a_body_that_raises_resets(serve: Serve) -> None:
    seen = list[int]()
    ended = trio.Event()

    async def handler(connection: websocket.ServerConnection) -> None:
        try:
            await connection.receive()
        except errors.WebSocketBroken as exc:
            seen.append(exc.code)
        ended.set()

    server = await serve(handler)
    with pytest.raises(ZeroDivisionError):
        async with websocket.open_websocket(ws_url(server)):
            raise ZeroDivisionError
    with trio.fail_after(5):
        await ended.wait()
    assert seen == [1006]


@pytest.mark.parametrize("doing", ["receiving", "sending", "nothing"])
def test_a_keyboard_interrupt_ends_it_for_both_sides(doing: str) -> None:
    sides = list[websocket.Connection]()

    async def handler(connection: websocket.ServerConnection) -> None:
        sides.append(connection)
        await echo(connection)

    async def main() -> None:
        async with (
            running(handler) as server,
            websocket.open_websocket(ws_url(server)) as connection,
        ):
            sides.append(connection)
            await connection.send("first")
            await connection.receive()
            trio.lowlevel.current_trio_token().run_sync_soon(signal.raise_signal, signal.SIGINT)
            if doing == "receiving":
                await connection.receive()
            elif doing == "sending":
                async with connection.send_stream() as message:
                    while True:
                        await message.send(b"on and on")
            await trio.sleep_forever()

    with pytest.RaisesGroup(KeyboardInterrupt, flatten_subgroups=True):
        trio.run(main)
    server_side, client_side = sides
    assert client_side.close_code == 1006
    assert server_side.close_code in {1006, 1011}  # for a message that was cut


async def test_a_drain_says_goodbye(serve: Serve) -> None:
    server = await serve(echo)
    async with websocket.open_websocket(ws_url(server)) as connection:
        await connection.send("a")
        await connection.receive()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(server.drain, 5)
            with pytest.raises(errors.WebSocketEnded) as caught:
                await connection.receive(timeout=4)
        assert caught.value.code == 1001


async def test_what_came_before_a_drain_can_still_be_received(serve: Serve) -> None:
    go_on = trio.Event()
    got = list[str | bytes]()

    async def handler(connection: websocket.ServerConnection) -> None:
        await go_on.wait()
        async for message in connection:
            got.append(message)

    server = await serve(handler)
    async with websocket.open_websocket(ws_url(server)) as connection:
        await connection.send("early")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(server.drain, 5)
            with pytest.raises(errors.WebSocketEnded):
                await connection.receive(timeout=4)
            go_on.set()
    assert got == ["early"]


CORPUS = {
    "reserved bits": (b"\xf1\x80\0\0\0\0", 1002),
    "reserved opcode": (b"\x83\x80\0\0\0\0", 1002),
    "unmasked": (b"\x81\x01a", 1002),
    "invalid text": (b"\x81\x81\0\0\0\0\xff", 1007),
    "too long": (b"\x82\xff" + (1 << 40).to_bytes(8, "big") + bytes(4), 1009),
    "long ping": (b"\x89\xfe\x00\x7e" + bytes(4 + 126), 1002),
    "continuation of nothing": (b"\x80\x81\0\0\0\0a", 1002),
    "close code": (b"\x88\x82\0\0\0\0\x03\xed", 1002),
}


@pytest.mark.parametrize("junk", CORPUS)
async def test_junk_is_refused_with_the_protocols_code(
    serve: Serve, junk: str, reports: list[BaseException]
) -> None:
    seen = list[BaseException]()

    async def handler(connection: websocket.ServerConnection) -> None:
        try:
            await echo(connection)
        except errors.WebSocketBroken as exc:
            seen.append(exc)
            raise

    data, code = CORPUS[junk]
    server = await serve(handler)
    async with raw_client(server) as peer:
        await peer.send(b"\x81\x81\0\0\0\0a" + data)
        assert await peer.next_event() == wire.Text("a")
        close = await peer.next_event()
        assert isinstance(close, wire.Close)
        assert close.code == code
        assert await peer.next_event() is None
    assert [exc.code for exc in seen if isinstance(exc, errors.WebSocketBroken)] == [code]
    assert reports == []


async def test_an_end_without_a_goodbye_is_a_loss(serve: Serve) -> None:
    async def handler(connection: websocket.ServerConnection) -> None:
        await connection.receive()

    async def server_side(stream: object) -> None: ...

    server = await serve(echo)
    async with raw_client(server) as peer:
        assert isinstance(peer.stream, trio.abc.HalfCloseableStream)
        await peer.stream.send_eof()
        assert await peer.next_event() is None


async def test_a_close_without_a_code(serve: Serve) -> None:
    codes = list[int | None]()
    ended = trio.Event()

    async def handler(connection: websocket.ServerConnection) -> None:
        async for _ in connection:
            pass
        codes.append(connection.close_code)
        ended.set()

    server = await serve(handler)
    async with raw_client(server) as peer:
        await peer.send_event(wire.Close())
        assert await peer.next_event() == wire.Close()
        assert await peer.next_event() is None
    await ended.wait()
    assert codes == [1005]


async def test_a_peer_that_does_not_answer_the_goodbye_is_left(
    serve: Serve,
) -> None:
    done = trio.Event()

    async def handler(connection: websocket.ServerConnection) -> None:
        await connection.aclose()
        done.set()

    server = await serve(handler, limits=websocket.WebSocketLimits(close_timeout=0.2))
    async with raw_client(server) as peer:
        assert await peer.next_event() == wire.Close(1000)
        with trio.fail_after(5):
            await done.wait()
        with pytest.raises(errors.NetworkError):
            while await peer.next_event() is not None:
                pass
            raise errors.ConnectionReset("an end of stream would do as well")


@pytest.mark.parametrize(
    ("code", "reason"), [(1005, ""), (1006, ""), (999, ""), (5000, ""), (1000, "x" * 124)]
)
async def test_what_cannot_be_said_at_the_end(serve: Serve, code: int, reason: str) -> None:
    server = await serve(echo)
    async with websocket.open_websocket(ws_url(server)) as connection:
        with pytest.raises(errors.LocalProtocolError):
            await connection.aclose(code, reason)
        with pytest.raises(errors.LocalProtocolError):
            connection.close_nowait(code, reason)
        await connection.send("still open")
        assert await connection.receive() == "still open"


async def test_a_cancelled_aclose_resets() -> None:
    async def deaf(connection: websocket.ServerConnection) -> None:
        await trio.sleep_forever()

    limits = attrs.evolve(FOR_EVER, max_queued_messages=1)
    async with (
        running(deaf, limits=limits) as server,
        websocket.open_websocket(ws_url(server), limits=FOR_EVER) as connection,
    ):
        for _ in range(100):
            await connection.send(b"x" * 1000)
        with trio.move_on_after(0.1) as scope:
            await connection.aclose()
        assert scope.cancelled_caught
        assert connection.close_code == 1006


async def test_descriptors_are_back(serve: Serve) -> None:
    server = await serve(echo)
    for _ in range(20):
        async with websocket.open_websocket(ws_url(server)) as connection:
            await connection.send("a")
            await connection.receive()
    with trio.fail_after(5):
        while server.statistics().connections:  # noqa: ASYNC110 nothing else tells
            await trio.sleep(0.01)


async def test_infinite_grace(serve: Serve) -> None:
    going = trio.Event()

    async def handler(connection: websocket.ServerConnection) -> None:
        try:
            await trio.sleep(0.5)
        except trio.Cancelled:
            raise
        going.set()

    server = await serve(handler, limits=websocket.WebSocketLimits(closed_grace=math.inf))
    async with raw_client(server) as peer:
        peer.stream.reset()
    with trio.fail_after(5):
        await going.wait()


@dataclasses.dataclass
class UnhashableError(Exception):
    """Equal to others like it, and so without a hash."""

    number: int = 1


async def test_a_handler_may_raise_what_has_no_hash(serve: Serve, reports: Any) -> None:
    async def handler(connection: websocket.ServerConnection) -> None:
        with contextlib.suppress(errors.WebSocketEnded):
            await connection.receive()
        raise UnhashableError

    server = await serve(handler)
    async with websocket.open_websocket(ws_url(server)):
        pass
    assert (await server.drain(5)).clean
    assert reports == [UnhashableError()]


def test_http_is_not_needed_to_know_the_errors() -> None:
    assert issubclass(errors.WebSocketBroken, trio.BrokenResourceError)
    assert issubclass(http.UpgradeRefused, errors.HelianthusError)
