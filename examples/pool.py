"""A pool: ten tasks share three connections to a line server.

It starts the server that it talks to by itself, and ends.
"""

from __future__ import annotations

import trio

from trio_helianthus import core, net

LIMITS = core.PoolLimits(max_size=3, idle_timeout=60, check_after=5)


async def answer(stream: net.ByteStream) -> None:
    while line := await stream.receive_until(b"\n", max_bytes=100):
        await trio.sleep(0.02)
        await stream.send_all(line.upper())


async def still_works(stream: net.ByteStream) -> bool:
    await stream.send_all(b"ping\n")
    return await stream.receive_until(b"\n", max_bytes=100, timeout=1) == b"PING\n"


async def ask(pool: core.Pool[net.ByteStream], question: bytes) -> bytes:
    async with pool.acquire(timeout=5) as stream:
        await stream.send_all(question + b"\n")
        return await stream.receive_until(b"\n", max_bytes=100)
    raise AssertionError("unreachable")


async def ask_and_print(pool: core.Pool[net.ByteStream], number: int) -> None:
    answer = await ask(pool, f"question {number}".encode())
    print(answer.decode().strip())


async def share_connections(port: int) -> None:
    async def connect() -> net.ByteStream:
        return await net.connect_tcp("127.0.0.1", port)

    def close(stream: net.ByteStream) -> object:
        return stream.aclose()

    async with core.open_pool(connect, close, limits=LIMITS, check=still_works) as pool:
        async with trio.open_nursery() as nursery:
            for number in range(10):
                nursery.start_soon(ask_and_print, pool, number)
        counts = pool.statistics()
        print(f"{counts.opened} opened, {counts.reused} times used again, {counts.waits} waits")
        await pool.drain(timeout=1)


async def main() -> None:
    async with trio.open_nursery() as nursery:
        server: net.Server = await nursery.start(net.serve_tcp, answer)
        await share_connections(server.port)
        await server.drain(timeout=1)


if __name__ == "__main__":
    trio.run(main)
