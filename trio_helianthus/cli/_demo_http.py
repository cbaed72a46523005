"""What the demonstration does over HTTP: a call of each kind, and two that are given up."""

from __future__ import annotations

import hashlib
import json
import math
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import trio

from trio_helianthus import http
from trio_helianthus.errors import OperationTimeout

from ._demo_router import PIECE, make_router

if TYPE_CHECKING:
    from ._demo_report import Findings
    from ._demo_services import Services

CALLS: Final = 200
CLIENTS: Final = 10
UPLOAD: Final = bytes(range(250)) * 4000
TEXT: Final = "a cancel scope across the wire"
EVENTS: Final = 10
SECONDS_BETWEEN_EVENTS: Final = 0.01
STREAMED_PIECES: Final = 128
CALLS_WITHOUT_SOCKETS: Final = 50
CANCEL_AFTER_SECONDS: Final = 0.1
STOP_SECONDS: Final = 5.0
"""How long a handler may take to stop, so that the demonstration ends for certain."""


def expect(holds: bool) -> None:
    """Stop the demonstration where it does not get what it should."""
    if not holds:
        raise AssertionError("the demonstration got a wrong answer")


async def call_often(services: Services) -> None:
    """Make many small calls, from several clients at once."""

    async def call(client: http.Client, number: int) -> None:
        for _ in range(CALLS // CLIENTS // 2):
            answer = await client.get(f"/hello/{number}")
            expect(answer.text == f"Hello, {number}!\n")
            answer = await client.post("/reverse", content=b"drawer")
            expect(answer.content == b"reward")

    url = services.http.url
    async with http.open_client(url, timeout=10) as client, trio.open_nursery() as nursery:
        for number in range(CLIENTS):
            nursery.start_soon(call, client, number)


async def tour(services: Services, findings: Findings) -> None:
    """Call each kind of route once."""
    async with http.open_client(services.http.url, timeout=10) as client:
        await _follow_routes(client, findings)
        await _post(client, findings)
        await _receive_events(client, services, findings)
        await _stream(client, findings)
    await _call_asgi(services, findings)
    await _call_without_sockets(services, findings)


async def _follow_routes(client: http.Client, findings: Findings) -> None:
    found, missing = await client.get("/planets/3"), await client.get("/planets/three")
    names = {answer.headers["X-Request-ID"] for answer in (found, missing)}
    expect((found.status, missing.status, len(names)) == (200, 404, 2))
    findings.planet = found.json()["name"]


async def _post(client: http.Client, findings: Findings) -> None:
    answer = await client.post("/words", json={"text": TEXT})
    findings.words = answer.json()["words"]
    expect(findings.words == len(TEXT.split()))
    began = trio.current_time()
    answer = await client.post("/uploads", files={"file": ("seeds.bin", UPLOAD)})
    findings.upload_seconds = trio.current_time() - began
    seen = answer.json()
    expect(seen["sha256"] == hashlib.sha256(UPLOAD).hexdigest())
    findings.uploaded, findings.upload_pieces = seen["bytes"], seen["pieces"]


async def _receive_events(client: http.Client, services: Services, findings: Findings) -> None:
    params = {"every": str(SECONDS_BETWEEN_EVENTS)}
    async with client.stream("GET", "/events", params=params) as response:
        async for event in http.EventReader(response):
            expect(event.event == "statistics" and json.loads(event.data or "")["requests"] > 0)
            findings.events += 1
            if findings.events == EVENTS:
                break
        left = trio.current_time()
    with trio.fail_after(STOP_SECONDS):
        await services.board.no_followers()
    findings.events_ended_after = services.board.last_follower_left_at - left


async def _stream(client: http.Client, findings: Findings) -> None:
    began = trio.current_time()
    async with client.stream("GET", f"/stream/{STREAMED_PIECES}") as response:
        async for chunk in response.body:
            if not findings.streamed:
                findings.first_piece_after = trio.current_time() - began
            findings.streamed += len(chunk)
    findings.stream_seconds = trio.current_time() - began
    expect(findings.streamed == STREAMED_PIECES * len(PIECE))


async def _call_asgi(services: Services, findings: Findings) -> None:
    async with http.open_client(services.asgi.url, timeout=10) as client:
        began = trio.current_time()
        answer = await client.get("/sunflower")
        findings.asgi_seconds = trio.current_time() - began
    expect(answer.text == "ASGI at /sunflower\n")


async def _call_without_sockets(services: Services, findings: Findings) -> None:
    async with (
        http.in_process(make_router(services.board)) as transport,
        http.open_client("http://service", transport=transport, timeout=10) as client,
    ):
        began = trio.current_time()
        for _ in range(CALLS_WITHOUT_SOCKETS):
            answer = await client.get("/planets/8")
            expect(answer.json() == {"number": 8, "name": "Neptune"})
        seconds = trio.current_time() - began
    findings.calls_without_sockets = CALLS_WITHOUT_SOCKETS
    findings.call_without_sockets_seconds = seconds / CALLS_WITHOUT_SOCKETS


async def cancel_half_way(services: Services, findings: Findings) -> None:
    """Give a call up, and see its handler stop."""
    async with http.open_client(services.http.url) as client:
        began = trio.current_time()
        with suppress(OperationTimeout):
            await client.get("/slow", timeout=CANCEL_AFTER_SECONDS)
        gave_up = trio.current_time()
        with trio.fail_after(STOP_SECONDS):
            stop = await services.board.stops.receive()
    findings.gave_up_after = gave_up - began
    findings.handler_stopped_after = stop.at - gave_up


async def run_out_of_time(services: Services, findings: Findings) -> None:
    """Let the time of a call run out while the service that it calls waits for another one."""
    async with http.open_client(services.gateway.url, propagate_deadline=True) as client:
        began = trio.current_time()
        with suppress(OperationTimeout):  # or the gateway is a little sooner, and answers with 504
            answer = await client.get("/slow", timeout=CANCEL_AFTER_SECONDS)
            expect(answer.status == 504)
        with trio.fail_after(STOP_SECONDS):
            stop = await services.board.stops.receive()
    expect(stop.told < math.inf)
    findings.deadline = CANCEL_AFTER_SECONDS
    findings.told = stop.told
    findings.second_stopped_after = stop.at - began
