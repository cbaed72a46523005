"""A progress bar for a terminal, and nothing where there is none."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING, Final, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable

BAR_WIDTH: Final = 24
_ERASE_LINE: Final = "\r\x1b[K"


class Progress:
    """One line at the bottom of a terminal.

    :param total: how many steps there are.
    :param stream: where to draw, if it is a terminal.
    :param clock: tells seconds.
    """

    def __init__(
        self, total: int, stream: TextIO, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._total = total
        self._stream = stream
        self._clock = clock
        self._began = clock()
        self._shown: Final = stream.isatty()

    def show(self, doing: str, steps: int) -> None:
        """Draw it anew.

        :param doing: what the next step is.
        :param steps: how many are done with.
        """
        if self._shown:
            width = shutil.get_terminal_size().columns
            line = progress_line(doing, steps, self._total, self._clock() - self._began)
            self._draw(_ERASE_LINE + line[: width - 1])

    def hide(self) -> None:
        """Make room for something else."""
        if self._shown:
            self._draw(_ERASE_LINE)

    def _draw(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def progress_line(doing: str, steps: int, total: int, seconds: float) -> str:
    """Return a bar, how many steps are done, how long the rest will take, and what is going on."""
    filled = BAR_WIDTH * steps // total
    left = ""
    if steps:
        minutes, rest = divmod(round(seconds / steps * (total - steps)), 60)
        left = f"{minutes}:{rest:02} left, "
    bar = "#" * filled + "." * (BAR_WIDTH - filled)
    return f"[{bar}] {steps}/{total}, {left}{doing}"
