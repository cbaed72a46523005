"""Server-sent events as they go over the wire (WHATWG HTML, section 9.2)."""

from __future__ import annotations

import re
from typing import Any, Final

import attrs

from ._json import encode_json

__all__ = ["COMMENT", "ServerSentEvent", "encode_event", "encode_retry"]

COMMENT: Final = b":\n\n"
"""Says nothing, and yet keeps a connection from being silent."""
_LINE_END: Final = re.compile("\r\n|\r|\n")


@attrs.frozen
class ServerSentEvent:
    r"""One event for an ``EventSource``.

    :param data: any text; line breaks of every kind arrive as ``"\n"``. ``None`` for an event that
        is not shown, and only sets the id or the time to reconnect.
    :param event: its type, for ``addEventListener``; ``"message"`` where it is left out.
    :param id: what a client that comes again tells as :attr:`Request.last_event_id`.
    :param retry: seconds after which a client should come again when the connection ends.
    :raises ValueError: for a line break in ``event`` or ``id``, which would begin another field, a
        NUL in ``id``, for which browsers ignore it, or a negative ``retry``.
    """

    data: str | None = None
    event: str | None = None
    id: str | None = None
    retry: float | None = None

    def __attrs_post_init__(self) -> None:
        if self.event is not None and _LINE_END.search(self.event):
            raise ValueError(f"a line break in the type of an event: {self.event!r}")
        if self.id is not None and (_LINE_END.search(self.id) or "\0" in self.id):
            raise ValueError(f"a line break or NUL in the id of an event: {self.id!r}")
        if self.retry is not None and not 0 <= self.retry < 1e9:
            raise ValueError(f"retry must be seconds, at least 0, got {self.retry}")

    @classmethod
    def json(
        cls, value: Any, *, event: str | None = None, event_id: str | None = None
    ) -> ServerSentEvent:
        """An event whose data is JSON.

        :raises TypeError: and :exc:`ValueError`, as :meth:`Response.json` does.
        """
        return cls(encode_json(value).decode("utf-8"), event, event_id)


def encode_event(event: ServerSentEvent) -> bytes:
    """The lines of an event, with the empty one at its end.

    What UTF-8 cannot carry (lone surrogates) becomes ``?``.
    """
    lines: list[str] = []
    if event.event is not None:
        lines.append(f"event: {event.event}")
    if event.id is not None:
        lines.append(f"id: {event.id}")
    if event.retry is not None:
        lines.append(f"retry: {round(event.retry * 1000)}")
    if event.data is not None:
        lines.extend(f"data: {line}" for line in _LINE_END.split(event.data))
    return ("\n".join(lines) + "\n\n").encode("utf-8", "replace")


def encode_retry(retry: float) -> bytes:
    """The time to reconnect, by itself."""
    return f"retry: {round(retry * 1000)}\n\n".encode()
