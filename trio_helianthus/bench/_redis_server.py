"""Runs a Redis server for as long as somebody measures with it."""

from __future__ import annotations

import sys

import trio

from trio_helianthus import testing

from ._being_measured import announce


async def serve() -> None:
    """Tell the port, and stop when there is no more to read on stdin."""
    async with testing.open_redis_server() as server:
        announce(server.port)
        await trio.to_thread.run_sync(sys.stdin.read)


if __name__ == "__main__":
    trio.run(serve)
