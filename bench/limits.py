"""What ``timeout=`` and ``token=`` cost an operation: nothing measurable where neither is given.

Run it by hand: ``python bench/limits.py``. Each kind runs in a process of its own, once with few
and once with many operations, so that their difference is the operations alone.
"""

from __future__ import annotations

import socket
import statistics
import sys
from typing import Final

import trio
from _counting import UNIT, cost_of

from trio_helianthus import core, net

FEW, MANY, REPETITIONS = 1_000, 11_000, 5


class Operations:
    """What is measured, between the two ends of a connection."""

    def __init__(self, one: net.TCPStream, other: net.TCPStream) -> None:
        self._one = one
        self._other = other
        self._view = [memoryview(b"x")]
        self._token = core.CancelToken()

    async def nothing(self) -> None:
        """Do nothing, for comparison."""

    async def null_limit(self) -> None:
        """Enter what a client operation enters where neither limit applies."""
        with core.limit(None, None):
            pass

    async def bare(self) -> None:
        """Send and receive below the layer that knows of limits, reports and busy streams."""
        await self._one._send(list(self._view))
        await self._other._receive(65536)

    async def neither(self) -> None:
        """Send and receive without a limit."""
        await self._one.send_all(b"x")
        await self._other.receive_some(65536)

    async def timeout(self) -> None:
        """Send and receive within a timeout each."""
        await self._one.send_all(b"x", timeout=60)
        await self._other.receive_some(65536, timeout=60)

    async def token(self) -> None:
        """Send and receive under a token each."""
        await self._one.send_all(b"x", token=self._token)
        await self._other.receive_some(65536, token=self._token)


KINDS: Final = {
    "an empty function": "nothing",
    "with limit(None, None)": "null_limit",
    "send and receive, bare": "bare",
    "send and receive, neither limit": "neither",
    "send and receive, timeout=": "timeout",
    "send and receive, token=": "token",
}


async def run(kind: str, count: int) -> None:
    """Do one kind of operation many times."""
    left, right = socket.socketpair()
    async with net.adopt(left) as one, net.adopt(right) as other:
        operate = getattr(Operations(one, other), KINDS[kind])
        for _ in range(count):
            await operate()


def main() -> None:
    """Print the table."""
    print(f"| operation | {UNIT} |\n|---|---:|")
    for kind in KINDS:
        costs = [
            cost_of(sys.executable, __file__, kind, str(MANY))
            - cost_of(sys.executable, __file__, kind, str(FEW))
            for _ in range(REPETITIONS)
        ]
        per_call = statistics.median(costs) / (MANY - FEW)
        print(f"| {kind} | {per_call:.2f} |")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        trio.run(run, sys.argv[1], int(sys.argv[2]))
    else:
        main()
