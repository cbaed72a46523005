"""Two limits for every operation: a timeout, and a token for a change of mind.

It starts the echo server that it talks to by itself, and ends.
"""

from __future__ import annotations

import trio

from trio_helianthus import core, errors, net


async def echo_slowly(stream: net.ByteStream) -> None:
    while data := await stream.receive_some():
        await trio.sleep(0.2)
        await stream.send_all(data)


async def give_up_in_time(port: int) -> None:
    async with await net.connect_tcp("127.0.0.1", port, timeout=1) as stream:
        await stream.send_all(b"are you there?")
        try:
            await stream.receive_some(timeout=0.05)
        except errors.OperationTimeout as error:
            print("one operation:   ", error)


async def give_up_on_all_of_it(port: int) -> None:
    try:
        with core.limit(0.3, None):
            async with await net.connect_tcp("127.0.0.1", port) as stream:
                for _ in range(3):
                    await stream.send_all(b"again")
                    await stream.receive_exactly(5)
    except errors.OperationTimeout as error:
        print("several at once: ", error)


async def change_your_mind(port: int) -> None:
    shutdown = core.CancelToken()
    request = shutdown.child()  # ends with the shutdown, or alone
    stream = await net.connect_tcp("127.0.0.1", port, token=request)
    async with stream, trio.open_nursery() as nursery:
        nursery.start_soon(cancel_soon, request)
        try:
            await stream.receive_some(token=request)
        except errors.OperationCancelled as error:
            print("a token:         ", error.reason)
    print("its parent:      ", "cancelled" if shutdown.cancelled else "goes on")


async def cancel_soon(token: core.CancelToken) -> None:
    await trio.sleep(0.05)
    token.cancel("the user closed the window")  # any thread may do this


async def leave_the_outer_scope_alone(port: int) -> None:
    with trio.move_on_after(0.05) as scope:
        async with await net.connect_tcp("127.0.0.1", port) as stream:
            await stream.receive_some(timeout=1)  # trio's own scope is quicker, and wins
    print("the outer scope: ", "cancelled" if scope.cancelled_caught else "never mind")


async def main() -> None:
    async with trio.open_nursery() as nursery:
        server: net.Server = await nursery.start(net.serve_tcp, echo_slowly)
        await give_up_in_time(server.port)
        await give_up_on_all_of_it(server.port)
        await change_your_mind(server.port)
        await leave_the_outer_scope_alone(server.port)
        await server.drain(timeout=0)


if __name__ == "__main__":
    trio.run(main)
