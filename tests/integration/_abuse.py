"""Clients that misbehave, and what a process has when they are gone."""

from __future__ import annotations

import random
import socket
import struct
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final

import trio

from trio_helianthus.errors import NetworkError

PATIENCE_SECONDS: Final = 60.0
SERVED: Final = """
from trio_helianthus import http

app = http.Router()
LARGE = bytes(8 * 1024 * 1024)

@app.get("/")
async def index(request):
    return "here"

@app.get("/large")
async def large(request):
    return LARGE

@app.post("/")
async def read(request):
    return await request.read()
"""
# Short times, so that a test need not wait for the real ones.
LIMITS: Final = (
    "--limit-header-timeout=2",
    "--limit-body-timeout=2",
    "--limit-write-timeout=2",
    "--limit-idle-timeout=2",
)

Abuser = Callable[[trio.socket.SocketType, random.Random], Coroutine[Any, Any, None]]


async def send_half_a_head(sock: trio.socket.SocketType, chance: random.Random) -> None:
    """Begin a request, and never end it."""
    head = b"GET / HTTP/1.1\r\nHost: x\r\nX-Field: value\r\n\r"
    await sock.send(head[: chance.randrange(1, len(head))])
    await until_closed(sock)


async def send_half_a_body(sock: trio.socket.SocketType, chance: random.Random) -> None:
    """Announce a body, and send some of it."""
    await sock.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nsome")
    await until_closed(sock)


async def reset_at_once(sock: trio.socket.SocketType, chance: random.Random) -> None:
    """Ask, and reset the connection, sometimes before there can be an answer."""
    await sock.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    if chance.random() < 0.5:
        await sock.recv(10)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def send_garbage(sock: trio.socket.SocketType, chance: random.Random) -> None:
    """Send what is no HTTP."""
    await sock.send(chance.randbytes(chance.randrange(1, 4000)))
    await until_closed(sock)


async def never_read(sock: trio.socket.SocketType, chance: random.Random) -> None:
    """Ask for much, and read nothing of it until the server has given up."""
    await sock.send(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n" * 4)
    with trio.move_on_after(PATIENCE_SECONDS):
        while not _is_closed(sock):  # noqa: ASYNC110 (reading would tell, but make room)
            await trio.sleep(0.1)


ABUSERS: Final[tuple[Abuser, ...]] = (
    send_half_a_head,
    send_half_a_body,
    reset_at_once,
    send_garbage,
    never_read,
)


async def until_closed(sock: trio.socket.SocketType) -> None:
    while await sock.recv(65536):
        pass


def _is_closed(sock: trio.socket.SocketType) -> bool:
    info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)
    established = 1
    return info[0] != established


async def abuse(port: int, count: int, seed: int) -> int:
    """Have so many abusive connections at a time, each to its end.

    :returns: how many the server has ended: all that did not end themselves.
    """
    ended = 0

    async def one(number: int) -> None:
        nonlocal ended
        chance = random.Random(seed + number)
        with trio.socket.socket() as sock:
            try:
                await sock.connect(("127.0.0.1", port))
                await ABUSERS[number % len(ABUSERS)](sock, chance)
            except (OSError, NetworkError):
                pass
        ended += 1

    with trio.fail_after(PATIENCE_SECONDS * 4):
        async with trio.open_nursery() as nursery:
            for number in range(count):
                nursery.start_soon(one, number)
    return ended


def descriptors(pid: int) -> int:
    """How many a process has open (Linux)."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def resident_bytes(pid: int) -> int:
    """How much memory a process has in use (Linux)."""
    (line,) = [
        line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if "VmRSS" in line
    ]
    return int(line.split()[1]) * 1024
