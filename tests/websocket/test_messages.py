"""Messages both ways, whole and in fragments."""

from __future__ import annotations

import gc
import queue
import random
import zlib
from collections.abc import Callable
from typing import Any

import outcome
import pytest
import trio

from tests.websocket.conftest import Serve, echo, raw_client, ws_url
from trio_helianthus import core, errors, testing, websocket
from trio_helianthus.wire import websocket as wire

BIG = websocket.WebSocketLimits(max_message_bytes=8 << 20, max_frame_bytes=8 << 20)


@pytest.mark.parametrize("deflate", [None, websocket.Deflate()])
@pytest.mark.parametrize(
    "message",
    ["", "hello", "é\U0001f33b" * 1000, b"", b"\x00\xff" * 100, b"x" * 70_000, "y" * 3_000_000],
    ids=["empty", "ascii", "wide", "nothing", "binary", "long", "very long"],
)
async def test_a_message_comes_back_as_it_was(
    serve: Serve, message: str | bytes, deflate: websocket.Deflate | None
) -> None:
    server = await serve(echo, limits=BIG)
    async with websocket.open_websocket(ws_url(server), deflate=deflate, limits=BIG) as connection:
        for _ in range(3):
            await connection.send(message)
            assert await connection.receive(timeout=10) == message


async def test_the_longest_message_may_be_one_that_compression_makes_longer(serve: Serve) -> None:
    server = await serve(echo)
    message = random.Random(1).randbytes(websocket.WebSocketLimits().max_message_bytes)
    async with websocket.open_websocket(ws_url(server)) as connection:
        assert connection.deflate is not None
        # As other libraries send it, and ours does not.
        compressor = zlib.compressobj(wbits=-12)
        compressed = compressor.compress(message) + compressor.flush(zlib.Z_SYNC_FLUSH)[:-4]
        assert len(compressed) > len(message)
        connection._outgoing.put(connection._wire._frame(0xC2, compressed))
        assert await connection.receive(timeout=10) == message


async def test_each_kind_of_send_and_receive(serve: Serve) -> None:
    server = await serve(echo)
    async with websocket.open_websocket(ws_url(server)) as connection:
        await connection.send_text("text", timeout=5)
        assert await connection.receive_text(timeout=5) == "text"
        await connection.send_binary(bytearray(b"data"), timeout=5)
        assert await connection.receive_binary(timeout=5) == b"data"
        await connection.send(memoryview(b"view"), token=core.CancelToken())
        assert await connection.receive() == b"view"
        await connection.send_json({"a": [1, None, "ü"]})
        assert await connection.receive_json(timeout=5) == {"a": [1, None, "ü"]}


async def test_many_messages_at_once_keep_their_order(serve: Serve) -> None:
    server = await serve(echo)
    async with websocket.open_websocket(ws_url(server)) as connection:

        async def send_all() -> None:
            for number in range(2000):
                await connection.send(str(number))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(send_all)
            for number in range(2000):
                assert await connection.receive() == str(number)


async def test_many_tasks_may_send(serve: Serve) -> None:
    server = await serve(echo)
    async with websocket.open_websocket(ws_url(server)) as connection:
        async with trio.open_nursery() as nursery:
            for number in range(50):
                nursery.start_soon(connection.send, f"{number} " * 5000)
        got = {(await connection.receive())[:3] for _ in range(50)}
        assert len(got) == 50


async def test_a_second_receiver_is_told(serve: Serve) -> None:
    server = await serve(echo)
    async with (
        websocket.open_websocket(ws_url(server)) as connection,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(connection.receive)
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(errors.ResourceBusy, match="another task is receiving"):
            await connection.receive()
        await connection.send("for the first")


async def test_a_cancelled_receive_has_taken_nothing(serve: Serve) -> None:
    server = await serve(echo)
    async with websocket.open_websocket(ws_url(server)) as connection:
        with pytest.raises(errors.OperationTimeout):
            await connection.receive(timeout=0.01)
        token = core.CancelToken()
        token.cancel("enough")
        with pytest.raises(errors.OperationCancelled, match="enough"):
            await connection.receive(token=token)
        await connection.send("one")
        assert await connection.receive() == "one"


async def test_a_cancelled_send_has_sent_nothing(serve: Serve) -> None:
    server = await serve(echo)
    async with websocket.open_websocket(ws_url(server)) as connection:
        with pytest.raises(errors.OperationTimeout):
            await connection.send("never", timeout=0)
        await connection.send("one")
        assert await connection.receive() == "one"


@pytest.mark.parametrize("text", [True, False])
async def test_fragments_both_ways(serve: Serve, text: bool) -> None:
    async def handler(connection: websocket.ServerConnection) -> None:
        async with (
            connection.receive_stream() as incoming,
            connection.send_stream(text=incoming.is_text) as outgoing,
        ):
            async for fragment in incoming:
                await outgoing.send(fragment)
        await connection.send("done")
        await connection.receive()

    server = await serve(handler)
    async with websocket.open_websocket(ws_url(server)) as connection:
        pieces: list[Any] = ["ä", "b" * 3000, "", "\U0001f33b"] if text else [b"1", b"2" * 3000]
        async with connection.send_stream(text=text) as message:
            for piece in pieces:
                await message.send(piece)
        assert await connection.receive() == ("" if text else b"").join(pieces)
        assert await connection.receive() == "done"
        await connection.send("bye")


async def test_a_text_cut_inside_of_a_character(serve: Serve) -> None:
    server = await serve(echo, deflate=None)
    async with raw_client(server) as peer:
        sunflower = "\U0001f33b".encode()
        mask = b"\0\0\0\0"
        await peer.send(b"\x01\x82" + mask + sunflower[:2])
        await peer.send(b"\x80\x82" + mask + sunflower[2:])
        assert await peer.next_event() == wire.Text("\U0001f33b")


async def test_the_rest_of_a_message_that_was_left_is_dropped(serve: Serve) -> None:
    async def handler(connection: websocket.ServerConnection) -> None:
        async with connection.receive_stream() as message:
            async for fragment in message:
                await connection.send(fragment)
                break
        await echo(connection)

    server = await serve(handler)
    async with websocket.open_websocket(ws_url(server)) as connection:
        async with connection.send_stream(text=True) as message:
            for piece in ("first", "second", "third"):
                await message.send(piece)
        await connection.send("next")
        assert await connection.receive() == "first"
        assert await connection.receive() == "next"


async def test_others_wait_while_a_message_is_sent_in_fragments(serve: Serve) -> None:
    server = await serve(echo)
    async with websocket.open_websocket(ws_url(server)) as connection:
        async with (
            trio.open_nursery() as nursery,
            connection.send_stream(text=True) as message,
        ):
            await message.send("one ")
            nursery.start_soon(connection.send, "alone")
            await trio.testing.wait_all_tasks_blocked()
            assert connection.offer(websocket.PreparedMessage("broadcast"))
            await message.send("message")
        assert await connection.receive() == "one message"
        assert {await connection.receive(), await connection.receive()} == {"alone", "broadcast"}


async def test_a_message_that_is_cut_ends_the_websocket(serve: Serve) -> None:
    server = await serve(echo)
    async with websocket.open_websocket(ws_url(server)) as connection:
        with pytest.raises(ZeroDivisionError):
            async with connection.send_stream(text=True) as message:
                await message.send("half of ")
                raise ZeroDivisionError
        with pytest.raises(errors.WebSocketBroken) as caught:
            await connection.send("more")
        assert caught.value.code == 1011


async def test_a_fragment_of_the_wrong_kind_is_refused(serve: Serve) -> None:
    server = await serve(echo)
    async with websocket.open_websocket(ws_url(server)) as connection:
        async with connection.send_stream(text=True) as message:
            with pytest.raises(TypeError, match="has to be str"):
                await message.send(b"bytes")
            await message.send("text")
        assert await connection.receive() == "text"
        with pytest.raises(errors.ResourceClosed):
            await message.send("late")


@pytest.mark.parametrize("value", [1, None, ["a"], object()])
async def test_only_messages_can_be_sent(serve: Serve, value: Any) -> None:
    server = await serve(echo)
    async with websocket.open_websocket(ws_url(server)) as connection:
        with pytest.raises(TypeError):
            await connection.send(value)
        with pytest.raises(TypeError):
            await connection.send_text(value)
        with pytest.raises(errors.LocalProtocolError):
            await connection.send("\ud800")
        with pytest.raises(ValueError, match="JSON"):
            await connection.send_json(float("nan"))
        await connection.send("still open")
        assert await connection.receive() == "still open"


@pytest.mark.parametrize(
    ("receive", "message", "code"),
    [
        ("receive_text", b"data", 1003),
        ("receive_binary", "text", 1003),
        ("receive_json", "{", 1007),
    ],
)
async def test_a_message_of_another_kind_is_refused(
    serve: Serve, receive: str, message: str | bytes, code: int
) -> None:
    async def handler(connection: websocket.ServerConnection) -> None:
        await getattr(connection, receive)()

    server = await serve(handler)
    async with websocket.open_websocket(ws_url(server)) as connection:
        await connection.send(message)
        with pytest.raises(errors.WebSocketBroken) as caught:
            await connection.receive()
        assert caught.value.code == code


async def test_a_message_of_another_kind_is_told_of_also_where_the_peer_has_closed(
    serve: Serve,
) -> None:
    told = list[errors.WebSocketBroken]()
    ended = trio.Event()

    async def handler(connection: websocket.ServerConnection) -> None:
        while connection.close_code is None:  # noqa: ASYNC110 nothing else tells
            await trio.sleep(0.01)
        with pytest.raises(errors.WebSocketBroken) as caught:
            await connection.receive_text()
        told.append(caught.value)
        ended.set()

    server = await serve(handler)
    async with websocket.open_websocket(ws_url(server)) as connection:
        await connection.send(b"data")
    with trio.fail_after(5):
        await ended.wait()
    assert told[0].code == 1000
    assert told[0].__notes__ == ["only text messages are understood"]


async def test_a_slow_reader_holds_the_sender_back(serve: Serve) -> None:
    go_on = trio.Event()

    async def slow(connection: websocket.ServerConnection) -> None:
        await go_on.wait()
        async for message in connection:
            await connection.send(str(len(message)))

    server = await serve(slow)
    async with websocket.open_websocket(ws_url(server), deflate=None) as connection:
        sent = 0
        with trio.move_on_after(1):
            while True:
                await connection.send(b"x" * 60_000)
                sent += 1
        assert sent < 1000
        assert connection.statistics().buffered_bytes >= 64 * 1024
        go_on.set()
        for _ in range(sent):
            assert await connection.receive(timeout=10) == "60000"


async def test_what_was_received_early_is_limited(serve: Serve) -> None:
    go_on = trio.Event()
    inside = list[websocket.ServerConnection]()

    async def slow(connection: websocket.ServerConnection) -> None:
        inside.append(connection)
        await go_on.wait()
        await echo(connection)

    server = await serve(slow, limits=websocket.WebSocketLimits(max_queued_messages=5))
    async with websocket.open_websocket(ws_url(server)) as connection:
        for number in range(20):
            await connection.send(str(number))
            await trio.sleep(0.05 if number == 0 else 0.01)
        with trio.fail_after(10):
            while not inside[0].statistics().queued_messages:  # noqa: ASYNC110 nothing else tells
                await trio.sleep(0.05)
        go_on.set()
        for number in range(20):
            assert await connection.receive(timeout=10) == str(number)


async def test_statistics_count(serve: Serve) -> None:
    server = await serve(echo)
    async with websocket.open_websocket(ws_url(server)) as connection:
        await connection.send("a")
        await connection.receive()
        statistics = connection.statistics()
        assert statistics.sent_messages == statistics.received_messages == 1
        assert statistics.queued_messages == statistics.buffered_bytes == 0
        assert "127.0.0.1" in repr(connection)


async def test_operations_are_reported(serve: Serve) -> None:
    seen = list[core.Operation]()

    class Listener(core.Instrument):
        def operation_ended(self, operation: core.Operation) -> None:
            if operation.name.startswith("websocket."):
                seen.append(operation)

    server = await serve(echo)
    async with websocket.open_websocket(ws_url(server)) as connection:
        with core.subscribe(Listener()):
            await connection.send("abc")
            await connection.receive()
            await connection.ping()
            mine = [one for one in seen if one.connection_id == connection.connection_id]
    assert [(one.name, one.bytes_sent, one.bytes_received) for one in mine] == [
        ("websocket.send", 3, 0),
        ("websocket.receive", 0, 3),
        ("websocket.ping", 0, 0),
    ]


def test_as_the_guest_of_another_loop() -> None:
    calls = queue.SimpleQueue[Callable[[], object]]()
    ended = list[outcome.Outcome[None]]()
    trio.lowlevel.start_guest_run(
        use_everything, run_sync_soon_threadsafe=calls.put, done_callback=ended.append
    )
    while not ended:
        calls.get(timeout=10)()
    ended[0].unwrap()


async def use_everything() -> None:
    async with trio.open_nursery() as nursery:
        server = await nursery.start(websocket.serve_websocket, echo)
        async with websocket.open_websocket(ws_url(server)) as connection:
            await connection.send("text")
            assert await connection.receive() == "text"
            await connection.send(b"x" * 200_000)
            assert len(await connection.receive(timeout=5)) == 200_000
            assert await connection.ping(timeout=5) >= 0
            async with connection.send_stream(text=True) as message:
                await message.send("a")
                await message.send("b")
            async with connection.receive_stream() as incoming:
                assert [fragment async for fragment in incoming] in (["ab"], ["a", "b", ""])
            await connection.aclose(1000, "bye")
        nursery.cancel_scope.cancel()


@pytest.mark.sweep
@pytest.mark.parametrize("budget", [1, 16])
def test_cancelled_anywhere_it_leaves_nothing_behind(budget: int) -> None:
    async def scenario() -> None:
        core.checkpoint_budget().limit = budget
        await use_everything()

    testing.cancel_sweep(scenario, seeds=[1, 2])
    gc.collect()
