"""What becomes of a command that was refused here or now, and may be run elsewhere or later."""

from __future__ import annotations

import random
from typing import Final

import trio

from trio_helianthus.core import RetryPolicy
from trio_helianthus.errors import NetworkError

_WAITS: Final = RetryPolicy(initial_delay=0.005, factor=2.0, max_delay=0.25, jitter=0.5)


class Trail:
    """Follows one piece of work from refusal to refusal; this one gives up at the first.

    It is only asked about errors that say that nothing has run.
    """

    async def follow(self, error: Exception) -> bool:
        """Wait for as long as it takes, and return whether it is worth trying again.

        :param error: why it was refused.
        """
        return False


NO_TRAIL = Trail()
"""For a single server, which is the only one that could be asked."""


class Returning(Trail):
    """Has work try again whose connection was lost, as the server may be back soon.

    :param patience: seconds after which waiting ends.
    """

    def __init__(self, patience: float) -> None:
        self._until = trio.current_time() + patience
        self._losses = 0

    async def follow(self, error: Exception) -> bool:
        if not isinstance(error, NetworkError) or trio.current_time() >= self._until:
            return False
        self._losses += 1
        await trio.sleep(_WAITS.delay(self._losses, random.random()))  # noqa: S311 - only a wait
        return True
