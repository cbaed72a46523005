"""DTLS handshakes on the server's side: how many at a time, and which of them makes room."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import trio

from trio_helianthus.errors import LimitExceeded

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_HANDSHAKES: Final = 100
"""How many peers of one server may be in the middle of their handshakes."""
GRACE_SECONDS: Final = 3.0
"""How long a handshake is left alone; one that has taken longer makes room where there is none."""


class Handshakes:
    """The handshakes of one server that are under way.

    Whoever proves an address may begin one and never go on, so that they need a limit of their
    own: without it they would take all the room, and keep it until they time out. A peer that is
    refused asks again, but one that is dropped in the middle does not, so that none is dropped
    that has just begun.

    :param at_most: how many there may be at a time.
    """

    def __init__(self, at_most: int) -> None:
        self._at_most = at_most
        self._begun: dict[trio.CancelScope, float] = {}  # the longest first

    def make_room(self, *, full: bool) -> bool:
        """Return whether one more may begin; drop the longest for it if need be.

        :param full: whether the server has no room otherwise.
        """
        if not full and len(self._begun) < self._at_most:
            return True
        for scope, begun in self._begun.items():
            if trio.current_time() - begun < GRACE_SECONDS:
                return False
            del self._begun[scope]
            scope.cancel(reason="it makes room for a new peer")
            return True
        return False

    def hurry(self) -> None:
        """Leave each as much time as it would have with all the room taken."""
        for scope, begun in self._begun.items():
            scope.deadline = min(scope.deadline, begun + GRACE_SECONDS)

    def begin(self) -> trio.CancelScope:
        """Count one that begins; give the scope to :meth:`under_way`."""
        scope = trio.CancelScope()
        self._begun[scope] = trio.current_time()
        return scope

    @contextmanager
    def under_way(self, scope: trio.CancelScope) -> Iterator[None]:
        """Shake hands in the body.

        :raises LimitExceeded: it was dropped.
        """
        try:
            with scope:
                yield
        finally:
            self._begun.pop(scope, None)
        if scope.cancel_called:  # even if it was done at that moment: its room is taken
            raise LimitExceeded(limit_name="max_handshakes", limit=self._at_most)
