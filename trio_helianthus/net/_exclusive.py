"""What belongs to one task at a time: a stream's direction, a listener."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_helianthus.errors import ResourceBusy

if TYPE_CHECKING:
    from types import TracebackType


class Exclusive:
    """A context manager that a second task may not enter while the first is inside.

    Hot paths look at :attr:`busy` and set it themselves.

    :param doing: what the first task does, for the error: ``"receiving from this stream"``.
    """

    __slots__ = ("_doing", "busy")

    def __init__(self, doing: str) -> None:
        self.busy = False
        self._doing = doing

    def refusal(self) -> ResourceBusy:
        """Return what to raise in the second task."""
        return ResourceBusy(f"another task is {self._doing}")

    def __enter__(self) -> None:
        if self.busy:
            raise self.refusal()
        self.busy = True

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.busy = False
