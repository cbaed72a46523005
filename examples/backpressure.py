"""A ticker with many tasks and one slow subscriber: who waits, and what is dropped.

It starts the server and the subscriber by itself, and ends.
"""

from __future__ import annotations

import socket
from functools import partial

import trio

from trio_helianthus import errors, net

PRICE = b"%-12s %06d\n"
SMALL = (socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)


async def wait_for_room(stream: net.ByteStream) -> None:
    async with net.open_send_queue(stream) as queue, trio.open_nursery() as nursery:
        for name in (b"apples", b"pears", b"sunflowers"):
            nursery.start_soon(send_prices, queue, name)
    statistics = queue.statistics()
    print("all of it:   ", statistics.messages, "prices in", statistics.batches, "sends")


async def send_prices(queue: net.SendQueue, name: bytes) -> None:
    for number in range(10_000):
        await queue.send(PRICE % (name, number))


async def keep_the_latest(stream: net.ByteStream) -> None:
    policy = net.WhenFull.DROP_OLDEST
    async with net.open_send_queue(stream, high_water=2000, low_water=0, when_full=policy) as queue:
        await send_prices(queue, b"apples")
    statistics = queue.statistics()
    print("the latest:  ", statistics.messages, "prices, and", statistics.drops, "dropped")


async def give_up_on_who_is_slow(stream: net.ByteStream) -> None:
    async with net.open_send_queue(stream, when_full=net.WhenFull.CLOSE) as queue:
        try:
            await send_prices(queue, b"apples")
        except errors.ConnectionAborted as error:
            print("given up:    ", error.code)


async def subscribe(port: int) -> bytes:
    async with await net.connect_tcp("127.0.0.1", port) as stream:
        last = b""
        await trio.sleep(0.2)  # slow
        try:
            while data := await stream.receive_some():
                last = (last + data)[-20:]
        except errors.ConnectionReset:
            return b""
        return last


async def main() -> None:
    for handler in (wait_for_room, keep_the_latest, give_up_on_who_is_slow):
        async with trio.open_nursery() as nursery:
            serve = partial(net.serve_tcp, socket_options=[SMALL])
            server: net.Server = await nursery.start(serve, handler)
            last = await subscribe(server.port)
            print("   last seen:", last.decode().strip() or "nothing")
            await server.drain(timeout=1)


if __name__ == "__main__":
    trio.run(main)
