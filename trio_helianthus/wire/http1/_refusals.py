"""How a peer's message is refused: the error says what was wrong and what a server answers."""

from __future__ import annotations

from trio_helianthus.errors import LimitExceeded, RemoteProtocolError

__all__ = ["BadMessage", "MessageTooLarge"]


class BadMessage(RemoteProtocolError):
    """The peer's message is not HTTP/1.1, or not the HTTP/1.1 that we accept.

    :param status_hint: the status with which a server refuses such a request: 400, 413, 414 or
        431. Never a 5xx, though RFC 9110 has 501 and 505 for codings and versions that a server
        does not know: what a client sends shall not look like a fault of the server.
    """

    status_hint: int
    """The status with which a server refuses such a request."""

    def __init__(self, message: str, *, status_hint: int = 400) -> None:
        super().__init__(message)
        self.status_hint = status_hint


class MessageTooLarge(BadMessage, LimitExceeded):
    """The peer's message exceeds one of our :class:`Limits`.

    :param limit_name: the name of the field of :class:`Limits`.
    :param limit: its value.
    """

    def __init__(self, message: str, *, status_hint: int, limit_name: str, limit: int) -> None:
        LimitExceeded.__init__(self, message, limit_name=limit_name, limit=limit)
        self.status_hint = status_hint
