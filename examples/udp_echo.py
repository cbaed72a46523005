"""UDP echo on loopback: one socket for many clients; loss, limits, refusals; ends by itself."""

from __future__ import annotations

import trio

from trio_helianthus import errors, net


async def serve(socket: net.UDPSocket) -> None:
    async for data, address, truncated in socket:
        await socket.send_to(data + b"..." if truncated else data, address)


async def ask(port: int, question: bytes) -> None:
    async with net.open_udp(remote=("127.0.0.1", port)) as socket:
        # UDP loses datagrams, so a client repeats itself until there is an answer.
        for _ in range(3):
            await socket.send(question)
            try:
                print("answer:   ", await socket.receive(timeout=1))
                break
            except errors.OperationTimeout:
                print("lost, again")


async def ask_nobody(port: int) -> None:
    async with net.open_udp(remote=("127.0.0.1", port)) as socket:
        try:
            await socket.send(b"anybody?")
            await socket.receive(timeout=1)
        except errors.ConnectionRefused as error:
            print("refused:  ", error.code.value)
        except errors.OperationTimeout:
            print("refused:   not every system tells")


async def main() -> None:
    async with net.open_udp(max_datagram_size=12) as server, trio.open_nursery() as nursery:
        nursery.start_soon(serve, server)
        async with trio.open_nursery() as clients:
            for question in (b"one", b"two", b"rather long a question"):
                clients.start_soon(ask, server.port, question)
        print("served:   ", server.statistics().datagrams_sent, "datagrams")
        nursery.cancel_scope.cancel()
        port = server.port
    await ask_nobody(port)


if __name__ == "__main__":
    trio.run(main)
