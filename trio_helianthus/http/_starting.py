"""What is done to the head of an answer that a handler starts by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ._response import Response

__all__ = ["STARTED", "Starting", "own_copy"]


class Starting:
    """The changes that middleware has registered for one request."""

    __slots__ = ("changes", "started")

    def __init__(self) -> None:
        self.changes: list[Callable[[Response], object]] = []
        self.started = False
        """Whether the head has been sent; no other answer can be given then."""

    def apply(self, response: Response) -> Response:
        """The answer as it is to be started: changed from the inside out."""
        self.started = True
        if not self.changes:
            return response
        response = own_copy(response)
        for change in reversed(self.changes):
            change(response)
        return response


class _Started(Starting):
    """What stands for that of every request whose answer nobody wanted to change."""

    __slots__ = ()

    def __init__(self) -> None:
        self.started = True

    @property
    def changes(self) -> list[Callable[[Response], object]]:  # type: ignore[override]  # read-only
        """Come too late, so nobody keeps them."""
        return []


STARTED: Final = _Started()


def own_copy(response: Response) -> Response:
    """A copy that can be changed: a handler may give the same response again and again."""
    own: Response = object.__new__(type(response))
    own.__dict__.update(response.__dict__)
    if "headers" in own.__dict__:  # else they are not made yet, and what they are made of is shared
        own.headers = response.headers.copy()
    return own
