"""What belongs to one task at a time: a stream's direction, a listener."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_helianthus.errors import ResourceBusy

if TYPE_CHECKING:
    from types import TracebackType


class Exclusive:
    """A context manager that a second task may not enter while the first is inside.

    :param doing: what the first task does, for the error: ``"receiving from this stream"``.
    """

    __slots__ = ("_busy", "_doing")

    def __init__(self, doing: str) -> None:
        self._busy = False
        self._doing = doing

    def __enter__(self) -> None:
        if self._busy:
            raise ResourceBusy(f"another task is {self._doing}")
        self._busy = True

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._busy = False
