"""A service that drains when it is told to stop: what runs is finished, and then it ends.

To end by itself it plays the operator, too, and sends itself the signal.
"""

from __future__ import annotations

import signal
import sys

import trio

from trio_helianthus import core, net


async def answer(stream: net.ByteStream) -> None:
    question = await stream.receive_until(b"\n")
    await trio.sleep(0.3)  # some work, in the middle of which the signal comes
    await stream.send_all(b"the answer to " + question)


async def ask(port: int) -> None:
    async with await net.connect_tcp("127.0.0.1", port) as stream:
        await stream.send_all(b"everything\n")
        print("client:", (await stream.receive_until(b"\n")).decode(), end="")


async def main() -> None:
    async with trio.open_nursery() as nursery:
        server: net.Server = await nursery.start(net.serve_tcp, answer)
        server.on_drain(lambda: print("server: takes no new connections"))

        nursery.start_soon(ask, server.port)
        await trio.sleep(0.1)
        print("operator: stop, please")
        signal.raise_signal(core.stop_signals()[-1])  # SIGTERM; on Windows SIGBREAK


if __name__ == "__main__":
    # 0 when everything finished within five seconds, 1 when something had to be cut.
    sys.exit(core.run(main, drain_timeout=5))
