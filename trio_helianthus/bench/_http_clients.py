"""HTTP clients: ours, aiohttp and httpx on trio, each with so many tasks at a time."""

from __future__ import annotations

import asyncio
import sys
from typing import Final

import trio

from trio_helianthus import http

from ._being_measured import leave_room_in_heap

EXPECTED: Final = b"Hello, World!"


def orders() -> str:
    """Return the next line; it is empty when there are no more."""
    return sys.stdin.readline()


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def check(status: int, body: bytes) -> None:
    """Complain about an answer that is wrong."""
    if status != 200 or body != EXPECTED:
        raise ValueError(f"the server answered {status} with {body!r}")


class Requests:
    """Shares a number of requests among tasks."""

    def __init__(self, number: int) -> None:
        self._left = number

    def one_more(self) -> bool:
        """Whether there is one left to make."""
        self._left -= 1
        return self._left >= 0


async def ask_with_ours(tasks: int, url: str) -> None:
    """Make requests with our client."""

    async def ask(requests: Requests) -> None:
        while requests.one_more():
            response = await client.get("/")
            check(response.status, response.content)

    limits = http.ClientLimits(max_connections=tasks, max_idle=tasks)
    async with http.open_client(url, limits=limits) as client:
        say("ready")
        while order := orders():
            requests = Requests(int(order))
            async with trio.open_nursery() as nursery:
                for _ in range(tasks):
                    nursery.start_soon(ask, requests)
            say("done")


async def ask_with_httpx(tasks: int, url: str) -> None:
    """Make requests with httpx, on trio."""
    import httpx  # noqa: ASYNC127 - it is what is measured

    async def ask(requests: Requests) -> None:
        while requests.one_more():
            response = await client.get("/")
            check(response.status_code, response.content)

    limits = httpx.Limits(max_connections=tasks, max_keepalive_connections=tasks)
    async with httpx.AsyncClient(base_url=url, limits=limits, trust_env=False) as client:
        say("ready")
        while order := orders():
            requests = Requests(int(order))
            async with trio.open_nursery() as nursery:
                for _ in range(tasks):
                    nursery.start_soon(ask, requests)
            say("done")


async def ask_with_aiohttp(tasks: int, url: str) -> None:
    """Make requests with aiohttp."""
    import aiohttp

    async def ask(requests: Requests) -> None:
        while requests.one_more():
            async with session.get(url + "/") as response:
                check(response.status, await response.read())

    connector = aiohttp.TCPConnector(limit=tasks)
    async with aiohttp.ClientSession(connector=connector) as session:
        say("ready")
        while order := orders():
            requests = Requests(int(order))
            async with asyncio.TaskGroup() as group:
                for _ in range(tasks):
                    group.create_task(ask(requests))
            say("done")


if __name__ == "__main__":
    leave_room_in_heap()
    name, tasks, port = sys.argv[1:]
    url = f"http://127.0.0.1:{port}"
    match name:
        case "helianthus":
            trio.run(ask_with_ours, int(tasks), url)
        case "httpx":
            trio.run(ask_with_httpx, int(tasks), url)
        case _:
            asyncio.run(ask_with_aiohttp(int(tasks), url))
