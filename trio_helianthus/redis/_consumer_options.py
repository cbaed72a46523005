"""What a consumer was made with, and how it goes on after failures that pass."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

import attrs
import trio

from trio_helianthus.errors import (
    NetworkError,
    OperationTimeout,
    OutcomeUnknown,
    RedisError,
    RedisUnavailable,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from trio_helianthus.core import RetryPolicy

PASSING: Final = (
    NetworkError,
    trio.BrokenResourceError,
    OutcomeUnknown,
    OperationTimeout,
    RedisUnavailable,
)
"""What may be gone the next time."""


@attrs.frozen(kw_only=True)
class ConsumerOptions:
    """What a consumer was made with; seconds."""

    streams: tuple[bytes, ...]
    start: str
    batch: int
    max_items: int
    block: float
    claim_idle: float
    retry_delay: float
    max_deliveries: int | None
    letters: Callable[[bytes], bytes]
    """Where the dead letters of a stream go."""
    max_dead_letters: int
    forget_after: float
    create: bool
    is_own_name: bool
    """Whether nobody else ever uses the name, so that it can be forgotten at the end."""
    reconnect: RetryPolicy
    """The waits behind failures."""


async def persist(
    function: Callable[[], Awaitable[object]],
    waits: RetryPolicy,
    *,
    on_no_group: Callable[[], Awaitable[object]] | None = None,
) -> None:
    """Do something again and again, with waits behind failures that pass.

    :param on_no_group: makes the group where there is none.
    """
    failures = 0
    while True:
        try:
            await function()
            failures = 0
        except PASSING:
            failures += 1
        except RedisError as exc:
            if exc.code != "NOGROUP" or on_no_group is None:
                raise
            failures += 1
            await on_no_group()
        if failures:
            await trio.sleep(waits.delay(failures, random.random()))  # noqa: S311
