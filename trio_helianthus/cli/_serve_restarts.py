"""``helianthus serve``: how often, and how soon, workers that died are started again."""

from __future__ import annotations

import math
from typing import Final

FIRST_PAUSE_SECONDS: Final = 0.1
"""Before the second restart within the window; the first one is at once."""
LONGEST_PAUSE_SECONDS: Final = 5.0
"""Before any."""


class RestartLimit:
    """How many restarts a window of time may have, and how long each waits.

    The first is at once, and each further one within the window waits twice as long.

    :param most: restarts.
    :param window: seconds.
    """

    def __init__(self, most: int, window: float) -> None:
        self._most = most
        self._window = window
        self._at: list[float] = []

    def pause(self, now: float) -> float:
        """Count a restart and return the seconds that it should wait; ``math.inf``: no more."""
        self._at = [at for at in self._at if now - at < self._window]
        if len(self._at) >= self._most:
            return math.inf
        self._at.append(now)
        again = len(self._at) - 2
        return min(FIRST_PAUSE_SECONDS * 2**again, LONGEST_PAUSE_SECONDS) if again >= 0 else 0.0
