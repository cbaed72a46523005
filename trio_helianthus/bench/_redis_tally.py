"""What clients of Redis count while they are measured, and whom they tell."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


class Tally:
    """Counts commands until the time is up.

    :param seconds: how long.
    """

    def __init__(self, seconds: float) -> None:
        self.began = time.perf_counter()
        self.deadline = self.began + seconds
        self.count = 0
        self.latencies: list[float] = []

    def more(self, done: int) -> bool:
        """Count what was done, and return whether to go on."""
        self.count += done
        return time.perf_counter() < self.deadline

    def more_timed(self, since: float) -> bool:
        """Count a command that was begun at a time, and return whether to go on."""
        now = time.perf_counter()
        self.latencies.append(now - since)
        self.count += 1
        return now < self.deadline

    def report(self) -> None:
        """Tell the one who measures."""
        seconds = time.perf_counter() - self.began
        latencies = sorted(self.latencies) or [0.0]
        found = {
            "count": self.count,
            "seconds": seconds,
            "p50": latencies[len(latencies) // 2] * 1000,
            "p99": latencies[len(latencies) * 99 // 100] * 1000,
        }
        say(json.dumps(found))


def orders() -> Iterator[float]:
    """Say that the client is ready, and return for how many seconds to work, again and again."""
    say("ready")
    for line in sys.stdin:
        yield float(line)


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def wrong(answer: Any, command: str) -> ValueError:
    """Return the error of a client that got a wrong answer."""
    return ValueError(f"{command} was answered {answer!r}")
