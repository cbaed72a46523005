"""The loads of the Redis benchmark: what its clients do, and how many tasks do it."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

VALUE: Final = b"x" * 20
"""What is stored, published and added."""
KEY: Final = "bench:value"
COUNTER: Final = "bench:counter"
STREAM: Final = "bench:stream"
CHANNEL: Final = "bench:news"
PIPELINE_COMMANDS: Final = 100
"""How many commands one pipeline has."""
PIPELINED: Final = [VALUE] * PIPELINE_COMMANDS
"""What it is answered."""
BURST: Final = 10
"""How many commands a task sends between two looks at the clock, which would cost too much."""
STREAM_ENTRIES: Final = 1000
"""About how many entries a stream keeps, so that it does not grow."""
SUBSCRIBERS: Final = 50
PUBLISHED_AT_A_TIME: Final = 10
"""How many messages are published before all of them have come."""


class RedisLoad(StrEnum):
    """What a client does, and in how many tasks."""

    GET_1 = "get-1"
    GET_50 = "get-50"
    GET_200 = "get-200"
    SET_50 = "set-50"
    SET_200 = "set-200"
    INCR_50 = "incr-50"
    INCR_200 = "incr-200"
    XADD_50 = "xadd-50"
    PIPELINE = "pipeline-100"
    """One task sends 100 GET in a pipeline, again and again; a command is what counts."""
    PUBSUB = "pubsub-50"
    """50 subscribers of one client have one channel; a delivery is what counts."""

    @property
    def tasks(self) -> int:
        """How many tasks send commands."""
        return 1 if self in {self.PIPELINE, self.PUBSUB} else int(self.rpartition("-")[2])

    @property
    def command(self) -> str:
        """What each of them does, such as ``get``."""
        return self.rpartition("-")[0]

    @property
    def takes_turns(self) -> bool:
        """Whether a single task and the server wait for each other all the time."""
        return self in {self.GET_1, self.PIPELINE}

    @property
    def is_timed(self) -> bool:
        """Whether it is measured how long each command takes."""
        return self is RedisLoad.GET_1
