"""Framed channels against peers that know nothing of us: the formats, byte by byte."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import BinaryIO, Final, TypeAlias

import pytest
import trio

from trio_helianthus import net
from trio_helianthus.errors import LocalProtocolError, OperationTimeout

Read: TypeAlias = Callable[[BinaryIO], bytes | None]
Write: TypeAlias = Callable[[bytes], bytes]

FRAMES: Final = [b"hello", b"", b"x" * 127, b"y" * 128, b"z" * 20_000]


def read_prefixed(prefix: str) -> Read:
    def read(file: BinaryIO) -> bytes | None:
        head = file.read(struct.calcsize(prefix))
        return file.read(struct.unpack(prefix, head)[0]) if head else None

    return read


def write_prefixed(prefix: str) -> Write:
    return lambda frame: struct.pack(prefix, len(frame)) + frame


def read_varint(file: BinaryIO) -> bytes | None:
    """As https://protobuf.dev/programming-guides/encoding/#varints has it."""
    length = shift = 0
    while byte := file.read(1):
        length |= (byte[0] & 0x7F) << shift
        if not byte[0] & 0x80:
            return file.read(length)
        shift += 7
    return None


def write_varint(frame: bytes) -> bytes:
    length, digits = len(frame), []
    while True:
        length, digit = divmod(length, 128)
        digits.append(digit + 128 if length else digit)
        if not length:
            return bytes(digits) + frame


def read_netstring(file: BinaryIO) -> bytes | None:
    length = b""
    while (byte := file.read(1)) != b":":
        if not byte:
            return None
        length += byte
    frame = file.read(int(length))
    assert file.read(1) == b","
    return frame


def read_line(file: BinaryIO) -> bytes | None:
    line = file.readline()
    assert not line or line.endswith(b"\r\n")
    return line[:-2] if line else None


PEERS: Final[list[tuple[net.Framing, Read, Write]]] = [
    (net.LengthPrefix(2), read_prefixed(">H"), write_prefixed(">H")),
    (net.LengthPrefix(4), read_prefixed("!I"), write_prefixed("!I")),
    (net.LengthPrefix(4, "little"), read_prefixed("<I"), write_prefixed("<I")),
    (net.LengthPrefix(8), read_prefixed(">Q"), write_prefixed(">Q")),
    (net.Varint(), read_varint, write_varint),
    (net.Netstring(), read_netstring, lambda frame: str(len(frame)).encode() + b":" + frame + b","),
    (net.Lines(b"\r\n", strict=True), read_line, lambda frame: frame + b"\r\n"),
]


@pytest.mark.parametrize(("framing", "read", "write"), PEERS, ids=[repr(it[0]) for it in PEERS])
async def test_a_blocking_socket_as_the_peer(
    framing: net.Framing, read: Read, write: Write
) -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        """Say each frame again in two halves, the second with the next frame's first."""
        with listener, listener.accept()[0] as peer, peer.makefile("rb") as file:
            half = b""
            while (frame := read(file)) is not None:
                data = half + write(frame)
                middle = len(data) // 2
                peer.sendall(data[:middle])
                half = data[middle:]
            peer.sendall(half)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.to_thread.run_sync, answer)
        stream = await net.connect_tcp("127.0.0.1", listener.getsockname()[1])
        async with net.FramedChannel(stream, framing) as channel:
            await channel.send(FRAMES[0])
            await channel.send_many(FRAMES[1:])
            await channel.send_eof()
            assert [frame async for frame in channel] == FRAMES


async def test_asyncio_s_readuntil_as_the_peer() -> None:
    ready = trio.Event()
    port = 0
    token = trio.lowlevel.current_trio_token()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            writer.write((await reader.readuntil(b"\0"))[:-1].upper() + b"\0")
        await writer.drain()
        writer.close()

    async def serve() -> None:
        nonlocal port
        done = asyncio.Event()

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await answer(reader, writer)
            await writer.wait_closed()
            done.set()

        async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            trio.from_thread.run_sync(ready.set, trio_token=token)
            await done.wait()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.to_thread.run_sync, lambda: asyncio.run(serve()))
        await ready.wait()
        stream = await net.connect_tcp("127.0.0.1", port)
        async with net.FramedChannel(stream, net.Delimiter(b"\0")) as channel:
            await channel.send_many([b"one", b"two"])
            assert [frame async for frame in channel] == [b"ONE", b"TWO"]


def size_of_rest(header: bytes) -> int:
    return int.from_bytes(header[1:], "big") - 4


async def test_a_format_with_a_header_of_its_own(
    make_tcp_pair: Callable[[], Awaitable[tuple[net.TCPStream, net.TCPStream]]],
) -> None:
    one, stream = await make_tcp_pair()
    framing = net.Header(5, size_of_rest)
    assert framing == net.Header(5, size_of_rest)
    async with one, net.FramedChannel(stream, framing) as channel:
        await one.send_all(b"Q\0\0\0\x06")
        with pytest.raises(OperationTimeout):
            await channel.receive(timeout=0.001)
        await one.send_all(b"hiX\0\0\0\x04")
        assert await channel.receive_many() == [b"Q\0\0\0\x06hi", b"X\0\0\0\x04"]
        await channel.send(b"D\0\0\0\x06ho")
        assert await one.receive_exactly(7) == b"D\0\0\0\x06ho"
        with pytest.raises(LocalProtocolError, match="whose header says"):
            await channel.send(b"D\0\0\0\x06oh no")
