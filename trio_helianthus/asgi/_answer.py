"""The answer that an app's messages describe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeAlias

from trio_helianthus import http

from ._messages import AppError, Message

__all__ = ["AnswerStart", "body_of", "read_fields"]

MAX_KEPT_HEADS: Final = 512
"""How many heads of apps are remembered; beyond that the memory begins anew."""
MAX_KEPT_BYTES: Final = 2048
"""How long the fields of a head are that is remembered."""

_BODILESS: Final = frozenset([204, 304])
_BYTES: Final = (bytes, bytearray, memoryview)
_MAX_DIGITS: Final = 19
_Pairs: TypeAlias = "tuple[tuple[bytes, bytes], ...]"


class AnswerStart:
    """What ``http.response.start`` says, checked.

    The server says how long a body is that is there, so the fields are kept without their length.
    What they say of ``Connection`` is the server's to judge, and ``Transfer-Encoding`` is ignored,
    as ASGI has it.
    """

    __slots__ = ("fields", "has_body", "length", "status", "trailers")

    def __init__(
        self, status: int, fields: http.Headers, length: int | None, *, trailers: bool
    ) -> None:
        self.status = status
        self.fields = fields
        self.length = length
        """What the app says of it."""
        self.has_body = status not in _BODILESS
        self.trailers = trailers
        """Whether the app is going to send trailers."""

    @classmethod
    def of(cls, message: Message) -> AnswerStart:
        """Read the message; apps send the same ones again and again.

        :raises AppError: it is no such message, or what it says cannot be sent.
        """
        headers = message.get("headers", ())
        if type(headers) is not list:
            headers = _list_of(headers)
        pairs = tuple(headers)
        try:
            start = _starts.get((message["status"], pairs))
        except (LookupError, TypeError, ValueError):  # lists of two, or bytearrays, for example
            start = None
        if start is None or "trailers" in message:
            return _read(message, pairs)
        return start

    def whole(self, body: bytes, *, is_head: bool) -> http.Response:
        """The answer, with a body that is there.

        Where no body follows, in an answer to ``HEAD`` and with status 304, the length is what
        the app says. A body that comes with status 204 or 304 is dropped.

        :param is_head: whether the request's method is ``HEAD``.
        :raises AppError: the body has not the length that the app says.
        """
        if self.has_body:
            length = self.length
            if length is None or length == len(body):
                return http.Response.from_wire(self.status, self.fields, body)
            if not is_head:
                raise AppError(f"the app says content-length {length}, and sends {len(body)} bytes")
        return self.without_body()

    def without_body(self) -> http.Response:
        """The answer, whose body comes piece by piece, or never."""
        fields: _Pairs = self.fields.raw
        if self.length is not None:
            fields = (*fields, (b"content-length", b"%d" % self.length))
        return http.Response.from_wire(self.status, fields)


_starts: dict[tuple[int, _Pairs], AnswerStart] = {}
_fields: dict[_Pairs, http.Headers] = {}
"""Those that differ from others in nothing but the length of the body are the same."""


def body_of(message: Message) -> bytes:
    """The body in a message.

    :raises AppError: it is none.
    """
    body = message.get("body", b"")
    if type(body) is bytes:
        return body
    if not isinstance(body, _BYTES):  # else 5 would be five zeros
        raise AppError(f"the app sent a body that is {type(body).__name__}, not bytes")
    return bytes(body)


def read_fields(headers: Iterable[Iterable[Any]]) -> Iterator[tuple[bytes, bytes]]:
    """Header fields or trailers of an app, checked.

    White space around a value is no part of it (:rfc:`9110` section 5.5), and left out.

    :raises TypeError: they are no pairs of bytes.
    :raises ValueError: they cannot be sent.
    """
    for name, value in headers:
        if not (isinstance(name, _BYTES) and isinstance(value, _BYTES)):
            raise TypeError("a header field is a pair of byte strings")
        field = bytes(name), bytes(value).strip(b" \t")
        http.Headers([(field[0].decode("latin-1"), field[1].decode("latin-1"))])
        yield field


def _list_of(headers: Any) -> list[Any]:
    try:
        return list(headers)
    except TypeError as exc:
        raise AppError(f"the app's headers cannot be iterated over: {exc}") from exc


def _read(message: Message, pairs: tuple[Any, ...]) -> AnswerStart:
    try:
        status = _read_status(message["status"])
        fields, length = _split(pairs)
    except (LookupError, TypeError, ValueError) as exc:
        raise AppError(f"the app's http.response.start is malformed: {exc}") from exc
    start = AnswerStart(status, fields, length, trailers=bool(message.get("trailers")))
    if not start.trailers and all(type(pair) is tuple for pair in pairs) and _is_short(pairs):
        if len(_starts) >= MAX_KEPT_HEADS:
            _starts.clear()
        _starts[status, pairs] = start
    return start


def _split(pairs: Iterable[Iterable[Any]]) -> tuple[http.Headers, int | None]:
    """The fields without those that say how long the body is, and how long it is."""
    length = None
    rest = []
    for name, value in read_fields(pairs):
        lower = name.lower()
        if lower == b"content-length":
            number = _read_length(value)
            if length is not None and length != number:
                raise ValueError("two content-lengths")
            length = number
        elif lower != b"transfer-encoding":
            rest.append((name, value))
    return _shared(tuple(rest)), length
