"""Sending files: whole and in part, from disk and memory, with and without sendfile."""

from __future__ import annotations

import contextlib
import errno
import gzip
import io
import os
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeAlias

import pytest
import trio
import trio.testing

from trio_helianthus import core, net
from trio_helianthus.errors import ConnectionBroken, NetworkError, OperationTimeout, ResourceClosed
from trio_helianthus.net import _file_part
from trio_helianthus.testing import cancel_sweep

MakePair: TypeAlias = Callable[..., Awaitable[tuple[net.ByteStream, net.ByteStream]]]

CONTENT = bytes(range(256)) * 12_000 + b"the end"  # three parts, the last one short


@pytest.fixture(params=["tcp", "tcp without sendfile", "tls"])
def make_pair(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> MakePair:
    kind = request.param.partition(" ")[0]
    if "without" in request.param:

        def refuse(*args: object) -> int:
            raise OSError(errno.EINVAL, "not with these")

        monkeypatch.setattr(os, "sendfile", refuse, raising=False)
    make: MakePair = request.getfixturevalue(f"make_{kind}_pair")
    return make


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "content"
    path.write_bytes(CONTENT)
    return path


async def receive_all(stream: net.ByteStream, count: int) -> bytes:
    return await stream.receive_exactly(count, timeout=10)


@pytest.mark.parametrize(
    ("offset", "count"), [(0, None), (5, None), (0, 10), (1_048_570, 20), (7, 2_500_000), (0, 0)]
)
async def test_all_of_a_file_or_a_part_of_it(
    make_pair: MakePair, path: Path, offset: int, count: int | None
) -> None:
    expected = CONTENT[offset:] if count is None else CONTENT[offset : offset + count]
    one, other = await make_pair()
    received = b""

    async def receive() -> None:
        nonlocal received
        received = await receive_all(other, len(expected) + 4)

    async with one, other, trio.open_nursery() as nursery:
        nursery.start_soon(receive)
        with path.open("rb") as file:
            assert await one.send_file(file, offset, count) == len(expected)
        await one.send_all(b"next")
    assert received == expected + b"next"


async def test_fewer_bytes_where_the_file_ends_before(make_pair: MakePair, path: Path) -> None:
    one, other = await make_pair()
    async with one, other:
        with path.open("rb") as file:
            assert await one.send_file(file, len(CONTENT) - 3, 100) == 3
            assert await one.send_file(file, len(CONTENT), 100) == 0
            assert await one.send_file(file, len(CONTENT) + 100) == 0
        assert await receive_all(other, 3) == b"end"


async def test_a_file_without_a_descriptor(make_pair: MakePair) -> None:
    one, other = await make_pair()
    async with one, other:
        assert await one.send_file(io.BytesIO(b"from memory"), 5) == 6
        assert await receive_all(other, 6) == b"memory"


async def test_a_packed_file_is_sent_unpacked(make_pair: MakePair, tmp_path: Path) -> None:
    path = tmp_path / "packed"
    path.write_bytes(gzip.compress(b"what was packed"))
    one, other = await make_pair()
    async with one, other:
        with gzip.open(path) as file:
            assert await one.send_file(file, 5) == 10
        assert await receive_all(other, 10) == b"was packed"


async def test_what_was_just_written_to_the_file_is_sent(make_pair: MakePair) -> None:
    one, other = await make_pair()
    async with one, other:
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"still in Python's buffer")
            assert await one.send_file(file) == 24
        assert await receive_all(other, 24) == b"still in Python's buffer"


async def test_a_part_that_lies_on_a_disk_is_read_in_a_thread_first(
    make_tcp_pair: MakePair, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_file_part, "is_in_memory", lambda *args: False)
    one, other = await make_tcp_pair()
    async with one, other:
        with path.open("rb") as file:
            assert await one.send_file(file, 0, 100) == 100
        assert await receive_all(other, 100) == CONTENT[:100]


async def test_what_is_no_binary_file_is_refused(make_tcp_pair: MakePair, path: Path) -> None:
    one, other = await make_tcp_pair()
    async with one, other:
        for wrong in (io.StringIO("text"), b"bytes", str(path), None):
            with pytest.raises(TypeError, match="binary mode"):
                await one.send_file(wrong)  # type: ignore[arg-type]
        with path.open(encoding="latin-1") as text, pytest.raises(TypeError, match="binary mode"):
            await one.send_file(text)  # type: ignore[arg-type]
        async with await trio.open_file(path, "rb") as asynchronous:
            with pytest.raises(TypeError, match="wrapped"):
                await one.send_file(asynchronous)  # type: ignore[arg-type]
        for wrong_offset in (-1, 2**63):
            with pytest.raises(ValueError, match="offset"):
                await one.send_file(io.BytesIO(), wrong_offset)
        with path.open("rb") as file, contextlib.suppress(OSError):  # some file systems refuse it
            assert await one.send_file(file, 2**63 - 2) == 0
        with pytest.raises(ValueError, match="count"):
            await one.send_file(io.BytesIO(), 0, -1)
        with path.open("wb") as unreadable, pytest.raises(OSError, match="read"):
            await one.send_file(unreadable, 0, 10)
        await one.send_all(b"nothing was sent")
        assert await receive_all(other, 16) == b"nothing was sent"


async def test_a_closed_file_is_an_error_and_nothing_is_sent(
    make_pair: MakePair, path: Path
) -> None:
    one, other = await make_pair()
    file = path.open("rb")
    file.close()
    async with one, other:
        with pytest.raises(ValueError, match="closed"):
            await one.send_file(file)
        await one.send_all(b"x")
        assert await receive_all(other, 1) == b"x"


async def test_a_slow_peer_is_waited_for_and_a_cut_breaks_the_stream(
    make_pair: MakePair, tmp_path: Path
) -> None:
    path = tmp_path / "large"
    path.write_bytes(bytes(20_000_000))
    one, other = await make_pair()
    async with one, other:
        with path.open("rb") as file:
            with pytest.raises(OperationTimeout):
                await one.send_file(file, timeout=0.1)
            with pytest.raises(ConnectionBroken, match="cut"):
                await one.send_file(file)
        with pytest.raises(ConnectionBroken, match="cut"):
            await one.send_all(b"x")


async def test_closing_in_the_middle_does_not_look_like_an_end(
    make_pair: MakePair, tmp_path: Path
) -> None:
    path = tmp_path / "large"
    path.write_bytes(bytes(20_000_000))
    one, other = await make_pair()
    async with other, trio.open_nursery() as nursery:

        async def send() -> None:
            with path.open("rb") as file, pytest.raises((ResourceClosed, ConnectionBroken)):
                await one.send_file(file)

        nursery.start_soon(send)
        await other.receive_exactly(2_000_000)
        await one.aclose()
        with pytest.raises(NetworkError):
            await other.receive_all(max_bytes=20_000_000)


async def test_a_file_that_becomes_shorter_ends_there(make_pair: MakePair, tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(bytes(20_000_000))
    one, other = await make_pair()
    async with one, other, trio.open_nursery() as nursery:
        sent = 0

        async def send() -> None:
            nonlocal sent
            with path.open("rb") as file:
                sent = await one.send_file(file, 0, 20_000_000)
            await one.aclose()

        nursery.start_soon(send)
        await other.receive_exactly(2_000_000)
        os.truncate(path, 1_000_000)
        rest = await other.receive_all(max_bytes=20_000_000)
    assert 2_000_000 + len(rest) == sent < 20_000_000


async def test_a_peer_that_goes_away_is_an_error(make_pair: MakePair, path: Path) -> None:
    one, other = await make_pair()
    async with one:
        other.reset()
        with path.open("rb") as file, pytest.raises(NetworkError):
            while True:
                await one.send_file(file)


async def test_a_closed_stream_sends_no_file(make_pair: MakePair) -> None:
    one, other = await make_pair()
    one.reset()
    other.reset()
    with pytest.raises(ResourceClosed):
        await one.send_file(io.BytesIO(b"x"))


async def test_it_is_reported(make_tcp_pair: MakePair, path: Path) -> None:
    ended: list[core.Operation] = []

    class Keep(core.Instrument):
        def operation_ended(self, operation: core.Operation) -> None:
            ended.append(operation)

    one, other = await make_tcp_pair()
    async with one, other:
        with core.subscribe(Keep()), path.open("rb") as file:
            await one.send_file(file, 0, 1000)
    assert [(o.name, o.bytes_sent) for o in ended] == [("net.send_file", 1000)]


async def test_a_long_file_lets_others_run(make_tcp_pair: MakePair, path: Path) -> None:
    one, other = await make_tcp_pair()
    core.checkpoint_budget().limit = 2
    passes = 0
    async with one, other, trio.open_nursery() as nursery:

        async def count_passes() -> None:
            nonlocal passes
            while True:
                passes += 1
                await trio.lowlevel.checkpoint()

        nursery.start_soon(count_passes)
        with path.open("rb") as file:
            for _ in range(10):
                await one.send_file(file, 0, 10)
        assert passes >= 4
        nursery.cancel_scope.cancel()


@pytest.mark.sweep
def test_it_may_be_cancelled_anywhere(path: Path) -> None:
    async def send_and_receive() -> None:
        async def serve(stream: net.TCPStream) -> None:
            with path.open("rb") as file:
                await stream.send_file(file)

        async with trio.open_nursery() as nursery:
            server: net.Server = await nursery.start(net.serve_tcp, serve)
            async with await net.connect_tcp("127.0.0.1", server.port) as stream:
                assert len(await stream.receive_all()) == len(CONTENT)
            await server.drain()

    assert cancel_sweep(send_and_receive, max_points=40).points > 10
