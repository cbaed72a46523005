"""What is listened to, and by whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import trio

from ._messages import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from trio_helianthus.errors import RedisError

    from ._subscriber import Subscriber

TopicKey: TypeAlias = tuple[Kind, bytes]
"""What is subscribed to: its kind and its name."""


class Listener:
    """One who listens to topics. What it does must neither wait nor raise."""

    __slots__ = ("end", "ends_when_lost", "gaps", "on_gap", "tell")

    def __init__(
        self,
        tell: Callable[[Any], object],
        end: Callable[[Exception], object],
        *,
        ends_when_lost: bool = False,
        on_gap: Callable[[], object] = lambda: None,
    ) -> None:
        self.tell: Callable[[Any], object] = tell
        """Called with each message."""
        self.end: Callable[[Exception], object] = end
        """Called when there will be nothing more."""
        self.ends_when_lost: bool = ends_when_lost
        """Whether there will be nothing more once something may be missing."""
        self.on_gap: Callable[[], object] = on_gap
        """Called when something may be missing."""
        self.gaps: int = 0
        """How often that was so."""

    def lose(self, reason: Exception) -> None:
        """Take note that something may be missing from now on."""
        self.gaps += 1
        self.on_gap()
        if self.ends_when_lost:
            self.end(reason)


class Topic:
    """A channel or pattern that somebody listens to."""

    __slots__ = (
        "is_alone",
        "kind",
        "listeners",
        "moves",
        "name",
        "owner",
        "ready",
        "refusal",
        "trouble",
    )

    def __init__(self, kind: Kind, name: bytes, owner: Subscriber) -> None:
        self.kind: Kind = kind
        self.name: bytes = name
        self.owner: Subscriber = owner
        """Who subscribes to it; this changes when it moves to another server."""
        self.listeners: dict[Listener, bool] = {}
        """Who listens, and whether they were told that they do."""
        self.ready: trio.Event = trio.Event()
        """Set while the server has confirmed it on the present connection, and when nothing will
        come of it, so that nobody waits in vain."""
        self.refusal: RedisError | None = None
        """Why the server does not allow it."""
        self.trouble: Exception | None = None
        """Why it is not ready, as far as it is known."""
        self.is_alone: bool = False
        """Whether to ask for it by a command of its own, as one with others was refused."""
        self.moves: int = 0
        """How often it has moved since it was confirmed."""

    @property
    def key(self) -> TopicKey:
        """What it is known by."""
        return self.kind, self.name

    def confirm(self) -> None:
        """Take note that the server sends its messages from now on."""
        self.moves = 0
        self.is_alone = False
        self.trouble = None
        for listener in self.listeners:
            self.listeners[listener] = True
        self.ready.set()

    def interrupt(self) -> list[Listener]:
        """Take note that the server does so no more, and return who has relied on it."""
        if self.ready.is_set():
            self.ready = trio.Event()
        return [listener for listener, relies in self.listeners.items() if relies]

    def refuse(self, error: RedisError) -> None:
        """Take note that the server does not allow it, or no more."""
        self.refusal = error
        self.ready.set()
        for listener in [listener for listener, relies in self.listeners.items() if relies]:
            listener.end(error)

    def leave(self, listener: Listener) -> None:
        """Let one listen no more; what nobody listens to is given up."""
        self.listeners.pop(listener, None)
        if not self.listeners:
            self.owner.drop(self)
            self.ready.set()
