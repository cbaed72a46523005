"""Tasks that other tasks rely on end last: the log writer outlives those who still have to log."""

from __future__ import annotations

import trio

from trio_helianthus import core


async def write_log(lines: trio.MemoryReceiveChannel[str]) -> None:
    try:
        async for line in lines:
            print("log:", line)
    finally:
        print("the log writer ends")


async def work(name: str, log: trio.MemorySendChannel[str]) -> None:
    try:
        await log.send(f"{name} begins")
        await trio.sleep_forever()
    finally:
        # Shielded and timed, as every goodbye: the writer is still there to take it.
        with trio.move_on_after(1, shield=True):
            await log.send(f"{name} cleans up")


async def main() -> None:
    send, receive = trio.open_memory_channel[str](0)
    with trio.move_on_after(0.1):
        async with core.open_service_nursery() as nursery:
            nursery.start_service_soon(write_log, receive)
            nursery.start_soon(work, "one", send)
            nursery.start_soon(work, "two", send)
    print("all is over")


if __name__ == "__main__":
    trio.run(main)
