"""What the apps in several frameworks share."""

from __future__ import annotations

import trio


class Events:
    """What an app has done."""

    def __init__(self) -> None:
        self.happened: list[str] = []
        self.background = trio.Event()
        self.end: tuple[int, str | None] | None = None
        self.ended = trio.Event()

    def note_end(self, code: int, reason: str | None) -> None:
        """A WebSocket has ended, and the app was told so."""
        self.end = (code, reason)
        self.ended.set()
