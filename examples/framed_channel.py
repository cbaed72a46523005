"""Whole messages over TCP: prefixed frames, lines, a peer that breaks off; it ends by itself."""

from __future__ import annotations

import trio

from trio_helianthus import errors, net

FRAMING = net.LengthPrefix(4, max_frame_bytes=64 * 1024)


async def count_words(stream: net.ByteStream) -> None:
    """Answer each frame with its number of words, until the client ends."""
    channel = net.FramedChannel(stream, FRAMING)
    async for text in channel:
        await channel.send(b"%d words" % len(text.split()))


async def ask(channel: net.FramedChannel) -> None:
    await channel.send(b"a frame may hold anything,\n even line ends")
    print("one:     ", await channel.receive())

    await channel.send_many([b"many frames", b"", b"in one piece"])
    print("many:    ", [await channel.receive() for _ in range(3)])

    try:
        await channel.receive(timeout=0.05)
    except errors.OperationTimeout as error:
        print("nothing: ", error)
    # The timeout took nothing from the channel; it goes on.
    await channel.send(b"still there?")
    print("after:   ", await channel.receive())


async def break_off(stream: net.ByteStream) -> None:
    """Announce five bytes, send three, and go."""
    await stream.receive_some()
    await stream.send_all(b"\x00\x00\x00\x05hel")


async def greet_in_lines(stream: net.ByteStream) -> None:
    channel = net.FramedChannel(stream, net.Lines(b"\r\n"))
    async for line in channel:
        await channel.send(b"hello, " + line)


async def main() -> None:
    async with trio.open_nursery() as nursery:
        counting: net.Server = await nursery.start(net.serve_tcp, count_words)
        stream = await net.connect_tcp("localhost", counting.port)
        async with net.FramedChannel(stream, FRAMING) as channel:
            await ask(channel)

        breaking: net.Server = await nursery.start(net.serve_tcp, break_off)
        stream = await net.connect_tcp("localhost", breaking.port)
        async with net.FramedChannel(stream, FRAMING) as channel:
            await channel.send(b"say hello")
            try:
                await channel.receive()
            except errors.IncompleteReceive as error:
                print("cut off: ", error.message)

        greeting: net.Server = await nursery.start(net.serve_tcp, greet_in_lines)
        stream = await net.connect_tcp("localhost", greeting.port)
        async with net.FramedChannel(stream, net.Lines(b"\r\n")) as lines:
            await lines.send_many([b"Ada", b"Grace"])
            await lines.send_eof()
            print("lines:   ", [line async for line in lines])
        nursery.cancel_scope.cancel()


if __name__ == "__main__":
    trio.run(main)
