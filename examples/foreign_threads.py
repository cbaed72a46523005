"""A thread that knows nothing of trio gets work done in a trio program, through a portal."""

from __future__ import annotations

import threading

import trio

from trio_helianthus import core, errors, net


async def shout(stream: net.ByteStream) -> None:
    while data := await stream.receive_some():
        await stream.send_all(data.upper())


async def ask(port: int, question: bytes) -> bytes:
    async with await net.connect_tcp("127.0.0.1", port) as stream:
        await stream.send_all(question)
        return await stream.receive_exactly(len(question))


def sensor(portal: core.Portal, port: int) -> None:
    """Run in a thread of its own, as a driver or a GUI would."""
    # Call and forget: many posts in a row wake trio once, and run in their order.
    for degrees in (19, 20, 21):
        portal.post(print, "posted: ", degrees, "degrees")

    # Call and wait, as if the async function were an ordinary one.
    print("called: ", portal.call(ask, port, b"hot"))
    try:
        portal.call(trio.sleep_forever, timeout=0.05)
    except errors.OperationTimeout as error:
        print("called: ", error)

    # Call now, look later.
    future = portal.submit(ask, port, b"cold")
    print("future: ", future.result())

    # Call in a while, unless it is cancelled until then.
    alarm = portal.post_delayed(60, print, "alarm!")
    alarm.cancel()
    portal.post_delayed(0.1, portal.stop)


async def main() -> None:
    async with trio.open_nursery() as nursery:
        server: net.Server = await nursery.start(net.serve_tcp, shout)
        async with core.open_portal() as portal:
            threading.Thread(target=sensor, args=(portal, server.port)).start()
            await portal.wait_stopped()
            print("stopped:", portal.statistics())
        await server.drain()


if __name__ == "__main__":
    trio.run(main)
