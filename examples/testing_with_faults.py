"""A client that is tested against a broken network and a scripted server; it ends by itself."""

from __future__ import annotations

import trio

from trio_helianthus import errors, http, net, testing
from trio_helianthus.wire import http1


async def echo(stream: net.ByteStream) -> None:
    channel = net.FramedChannel(stream, net.LengthPrefix(4))
    async for frame in channel:
        await channel.send(frame)


async def ask(port: int) -> bytes:
    """What is tested: send a frame, and receive the answer in time."""
    stream = await net.connect_tcp("127.0.0.1", port)
    async with net.FramedChannel(stream, net.LengthPrefix(4)) as channel:
        await channel.send(b"hello, world")
        return await channel.receive(timeout=0.2)


FAULTS = {
    "nothing": testing.Faults(),
    "single bytes": testing.Faults(to_server=[testing.Slice()], to_client=[testing.Slice()]),
    "a slow line": testing.Faults(to_client=[testing.Latency(0.05), testing.RateLimit(1000)]),
    "cut in the answer": testing.Faults(to_client=[testing.CutAt(9)]),
    "reset in the answer": testing.Faults(to_client=[testing.ResetAt(9)]),
    "no more answers": testing.Faults(to_client=[testing.HalfCloseAt(9)]),
    "silence": testing.Faults(to_client=[testing.BlackHoleAt(9)]),
    "a flipped bit": testing.Faults(to_client=[testing.FlipBit(0, bit=7)]),
}


async def break_everything() -> None:
    async with trio.open_nursery() as nursery:
        server: net.Server = await nursery.start(net.serve_tcp, echo)
        async with testing.open_fault_proxy("127.0.0.1", server.port) as proxy:
            for name, faults in FAULTS.items():
                proxy.faults = faults
                try:
                    result: object = await ask(proxy.port)
                except errors.HelianthusError as error:
                    result = f"{type(error).__name__}: {error}"
                print(f"  {name + ':':<20} {result}")
            print(" ", proxy.statistics())
        await server.drain()


async def follow_a_script() -> None:
    script = (
        testing.Script(http1.server_connection)
        .expect(http1.Request, method="GET", target=b"/planets")
        .expect(http1.EndOfMessage())
        .send(http1.Response(200, headers=[(b"content-length", b"1000")]))
        .send(http1.Data(b"mercury, ven"))
        .close()
    )
    async with (
        testing.open_scripted_peer(script) as peer,
        http.open_client(f"http://127.0.0.1:{peer.port}") as client,
    ):
        try:
            await client.get("/planets")
        except errors.HelianthusError as error:
            print(f"  {type(error).__name__}: {error}")


async def stray_from_a_script() -> None:
    script = testing.Script().expect_bytes(b"PING\r\n").send_bytes(b"PONG\r\n")
    try:
        async with (
            testing.open_scripted_peer(script) as peer,
            await net.connect_tcp("127.0.0.1", peer.port) as stream,
        ):
            await stream.send_all(b"PENG\r\n")
            await stream.receive_until(b"\r\n")
    except AssertionError as failure:
        print(failure)


async def main() -> None:
    print("a proxy that breaks connections:")
    await break_everything()
    print("a server that ends in the middle:")
    await follow_a_script()
    print("a client that strays from the script:")
    await stray_from_a_script()


if __name__ == "__main__":
    trio.run(main)
