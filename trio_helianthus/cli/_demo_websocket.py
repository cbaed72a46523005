"""What the demonstration does with WebSockets: echoes, one message for many, a client given up."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import trio

from trio_helianthus import http, websocket

from ._demo_http import CANCEL_AFTER_SECONDS, STOP_SECONDS, expect

if TYPE_CHECKING:
    from ._demo_board import Board
    from ._demo_report import Findings
    from ._demo_services import Services

ECHOES: Final = 100
LISTENERS: Final = 200
NEWS: Final = "the sunflowers are up"


async def use_websockets(services: Services, findings: Findings) -> None:
    """Have messages come back, reach many at once, and give a client up."""
    url = f"{services.http.url}/sockets"
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_cancel_client, f"{url}/slow", services.board, findings)
        await _call_echo(f"{url}/echo", findings)
    await _reach_everybody(f"{url}/wall", findings)


async def _call_echo(url: str, findings: Findings) -> None:
    async with websocket.open_websocket(url, timeout=10) as connection:
        for number in range(ECHOES):
            await connection.send(f"{number} petals")
            expect(await connection.receive(timeout=10) == f"{number} petals")
            findings.websocket_echoes += 1


async def _reach_everybody(url: str, findings: Findings) -> None:
    """Say one thing to many, and wait until the last has heard it."""
    ready, heard, over = trio.Semaphore(0), trio.Semaphore(0), trio.Event()

    async def listen() -> None:
        async with websocket.open_websocket(url, client=client, timeout=10) as connection:
            expect("pages" in await connection.receive_json(timeout=10))
            ready.release()
            expect(await connection.receive_json(timeout=10) == {"text": NEWS})
            findings.listeners += 1
            heard.release()
            await over.wait()

    limits = http.ClientLimits(max_connections=LISTENERS + 1)
    async with http.open_client(limits=limits) as client, trio.open_nursery() as nursery:
        for _ in range(LISTENERS):
            nursery.start_soon(listen)
        async with websocket.open_websocket(url, client=client, timeout=10) as speaker:
            for _ in range(LISTENERS):
                await ready.acquire()
            began = trio.current_time()
            await speaker.send(NEWS)
            for _ in range(LISTENERS):
                await heard.acquire()
            findings.all_heard_after = trio.current_time() - began
        over.set()


async def _cancel_client(url: str, board: Board, findings: Findings) -> None:
    """Cancel who waits for a message, and see the handler on the other side stop."""
    gave_up = math.inf
    with trio.CancelScope() as scope:
        async with websocket.open_websocket(url, timeout=10) as connection:
            scope.deadline = trio.current_time() + CANCEL_AFTER_SECONDS
            try:
                await connection.receive()
            finally:
                gave_up = trio.current_time()
    with trio.fail_after(STOP_SECONDS):
        stop = await board.stops.receive()
    findings.socket_stopped_after = stop.at - gave_up
