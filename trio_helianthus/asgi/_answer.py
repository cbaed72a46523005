"""The answer that an app's messages describe."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, TypeAlias, TypeVar

from trio_helianthus import http

from ._messages import AppError, Message

__all__ = ["AnswerStart", "body_of", "read_field"]

MAX_KEPT: Final = 512
"""How many heads and fields of apps are remembered; beyond that the memory begins anew."""
MAX_KEPT_BYTES: Final = 2048
"""How long a field is, or all fields of a head, that are remembered."""

_BODILESS: Final = frozenset([204, 304])
_BYTES: Final = (bytes, bytearray, memoryview)
_MAX_DIGITS: Final = 19
_CONTROLS: Final = bytes(code for code in (*range(32), 127) if code != ord("\t"))
_FRAMING: Final = frozenset([b"content-length", b"transfer-encoding"])
_Field: TypeAlias = "tuple[bytes, bytes]"
_K = TypeVar("_K")
_V = TypeVar("_V")


class AnswerStart:
    """What ``http.response.start`` says, checked.

    The server says how long a body is that is there, so the fields are kept without their length.
    What they say of ``Connection`` is the server's to judge, and ``Transfer-Encoding`` is ignored,
    as ASGI has it.
    """

    __slots__ = (
        "_fields",
        "_has_body",
        "_shared",
        "_status",
        "begins_at_once",
        "length",
        "trailers",
    )

    def __init__(
        self,
        status: int,
        fields: tuple[_Field, ...],
        shared: http.Headers | None,
        length: int | None,
        *,
        trailers: bool,
    ) -> None:
        self.length = length
        """Of the body, where the app has said it."""
        self.trailers = trailers
        """Whether the app is going to send trailers."""
        self.begins_at_once = any(
            name.lower() == b"content-type" and value.startswith(b"text/event-stream")
            for name, value in fields
        )
        """Whether the client is to have the head although the first event may be long in coming."""
        self._status = status
        self._has_body = status not in _BODILESS
        self._fields = fields
        self._shared = fields if shared is None else shared  # by answers with other lengths

    @classmethod
    def of(cls, message: Message) -> AnswerStart:
        """Read the message; apps send the same ones again and again.

        :raises AppError: it is no such message, or what it says cannot be sent.
        """
        try:
            pairs = tuple(message.get("headers", ()))
        except TypeError as exc:
            raise AppError(f"the app's headers cannot be read: {exc}") from exc
        try:
            start = _starts.get((message["status"], pairs))
        except (LookupError, TypeError):  # such as pairs that are lists
            return _read(message, pairs)
        if start is None or message.get("trailers"):
            start = _read(message, pairs)
        return start

    def whole(self, body: bytes, method: str) -> http.Response:
        """The answer, with a body that is there.

        Where no body follows, in an answer to ``HEAD`` and with status 304, the length is what
        the app says. A body that comes with status 204 or 304 is dropped.

        :param method: of the request.
        :raises AppError: the body has not the length that the app says.
        """
        length = self.length
        if self._has_body and (length is None or length == len(body)):
            return http.Response.from_wire(self._status, self._shared, body)
        if self._has_body and method != "HEAD":
            raise AppError(f"the app says content-length {length}, and sends {len(body)} bytes")
        return self.without_body()

    def without_body(self) -> http.Response:
        """The answer, whose body comes piece by piece, or never."""
        fields = self._fields
        if self.length is not None:
            fields = (*fields, (b"content-length", b"%d" % self.length))
        return http.Response.from_wire(self._status, fields)


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


def read_field(pair: Iterable[Any]) -> _Field:
    """A header field or trailer of an app, checked.

    White space around a value is no part of it (:rfc:`9110` section 5.5), and left out.

    :raises TypeError: it is no pair of bytes.
    :raises ValueError: it cannot be sent.
    """
    name, value = given = tuple(pair)
    if type(name) is not bytes or type(value) is not bytes:
        raise TypeError(f"{given!r} is no pair of byte strings")
    value = value.strip(b" \t")
    if value.translate(None, _CONTROLS) != value:
        raise ValueError(f"{name!r} has a value with a control character")
    field = _names.get(name) or _read_name(name), value
    _keep(_checked, given, field, len(value))
    return field


_names: dict[bytes, bytes] = {}
_checked: dict[_Field, _Field] = {}
"""Names and fields of apps, and what is sent for them: the new ones are among many that are not."""
_shared: dict[tuple[_Field, ...], http.Headers] = {}
_starts: dict[tuple[int, tuple[_Field, ...]], AnswerStart] = {}


def _read(message: Message, pairs: tuple[Any, ...]) -> AnswerStart:
    length = None
    rest = []
    size = 0
    try:
        status = _read_status(message["status"])
        for pair in pairs:
            field = _checked.get(pair) if type(pair) is tuple else None
            if field is None:
                field = read_field(pair)
                size = MAX_KEPT_BYTES  # that head may never come again
            name, value = field
            size += len(name) + len(value)
            if name not in _FRAMING:
                rest.append(field)
            elif name == b"content-length":
                length = _read_length(value, length)
    except (LookupError, TypeError, ValueError) as exc:
        raise AppError(f"the app's http.response.start is malformed: {exc}") from exc
    fields = tuple(rest)
    shared = _share(fields) if size <= MAX_KEPT_BYTES else None
    start = AnswerStart(status, fields, shared, length, trailers=bool(message.get("trailers")))
    if not start.trailers:
        _keep(_starts, (status, pairs), start, size)
    return start


def _share(fields: tuple[_Field, ...]) -> http.Headers:
    headers = _shared.get(fields)
    if headers is None:
        headers = http.Headers.from_wire(fields)
        _keep(_shared, fields, headers, 0)
    return headers


def _read_name(name: bytes) -> bytes:
    http.Headers([(name.decode("latin-1"), "")])
    lower = name.lower()
    known = lower if lower in _FRAMING else name
    _keep(_names, name, known, len(name))
    return known


def _keep(memory: dict[_K, _V], key: _K, value: _V, size: int) -> None:
    if size <= MAX_KEPT_BYTES:
        if len(memory) >= MAX_KEPT:
            memory.clear()
        memory[key] = value


def _read_length(value: bytes, other: int | None) -> int:
    if not value.isdigit() or len(value) > _MAX_DIGITS or other not in (None, int(value)):
        raise ValueError(f"content-length {value!r}")
    return int(value)


def _read_status(status: Any) -> int:
    """The status, which may be of an :class:`enum.IntEnum`."""
    if not isinstance(status, int) or not 200 <= status <= 599:
        raise ValueError(f"{status!r} is no status of an answer")
    return int(status)
