"""A service to be told to stop while it is busy; ``test_drain_under_load`` runs it.

python drained_service.py DRAIN_SECONDS HANDLER_SECONDS
"""

from __future__ import annotations

import sys

import trio

from trio_helianthus import core, http


async def main(handler_seconds: float) -> None:
    router = http.Router()

    @router.get("/work/{number}")
    async def work(request: http.Request) -> str:
        print("begun", flush=True)
        await trio.sleep(handler_seconds)
        return f"work {request.path_params['number']} is done"

    async with trio.open_nursery() as nursery:
        server: http.Server = await nursery.start(http.serve, router, 0)
        print(server.url, flush=True)


if __name__ == "__main__":
    drain_timeout, handler_seconds = map(float, sys.argv[1:])
    sys.exit(core.run(main, handler_seconds, drain_timeout=drain_timeout))
