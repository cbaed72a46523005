"""What the apps in several frameworks share."""

from __future__ import annotations

import trio


class Events:
    """What an app has done."""

    def __init__(self) -> None:
        self.happened: list[str] = []
        self.background = trio.Event()
