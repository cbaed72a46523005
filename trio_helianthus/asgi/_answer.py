"""The answer that an app's messages describe."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeAlias

from trio_helianthus import http

from ._messages import AppError, Message

__all__ = ["streamed_answer", "whole_answer"]

MAX_KEPT_HEADS: Final = 512
"""How many heads of apps are remembered; beyond that the memory begins anew."""

_BODILESS: Final = frozenset([204, 304])
_Pairs: TypeAlias = "tuple[tuple[bytes, bytes], ...]"
_Head: TypeAlias = "tuple[http.Headers, int | None, http.Headers]"
"""The fields without a length, the length that the app says, and the fields with it."""

_kept: dict[_Pairs, _Head] = {}


def whole_answer(start: Message, body: bytes, *, is_head: bool) -> http.Response:
    """The answer of an app whose body is there.

    The server says how long it is. What the app says of that is checked, and counts where no
    body follows: in an answer to ``HEAD``, and with status 304. What it says of ``Connection`` is
    the server's to judge, and ``Transfer-Encoding`` is ignored, as ASGI has it. A body that comes
    with status 204 or 304 is dropped.

    :param start: the ``http.response.start`` message.
    :param is_head: whether the request's method is ``HEAD``.
    :raises AppError: the body has not the length that the app says.
    """
    status = start["status"]
    fields, length, fields_with_length = _head_of(start.get("headers", ()))
    if status in _BODILESS:
        return http.Response.from_wire(status, fields_with_length)
    if length is None or length == len(body):
        return http.Response.from_wire(status, fields, body)
    if not is_head:
        raise AppError(f"the app says content-length {length}, and sends {len(body)} bytes")
    return http.Response.from_wire(status, fields_with_length)


def streamed_answer(start: Message) -> http.Response:
    """The head of an answer whose body comes piece by piece.

    :param start: the ``http.response.start`` message.
    """
    return http.Response.from_wire(start["status"], _head_of(start.get("headers", ()))[2])


def _head_of(headers: Iterable[tuple[bytes, bytes]]) -> _Head:
    """The fields of a head. Apps send the same ones again and again."""
    pairs = tuple(headers)
    try:
        head = _kept.get(pairs)
    except TypeError:  # lists of two, or bytearrays, as ASGI allows any iterable
        pairs = tuple((bytes(name), bytes(value)) for name, value in pairs)
        head = _kept.get(pairs)
    if head is None:
        if len(_kept) >= MAX_KEPT_HEADS:
            _kept.clear()
        head = _kept[pairs] = _read_head(pairs)
    return head


def _read_head(pairs: _Pairs) -> _Head:
    length = None
    ours = []
    theirs = []
    for pair in pairs:
        name = pair[0].lower()
        if name == b"content-length":
            if not pair[1].isdigit():
                raise AppError(f"the app says content-length {pair[1]!r}")
            length = int(pair[1])
        elif name != b"transfer-encoding":
            ours.append(pair)
        if name != b"transfer-encoding":
            theirs.append(pair)
    return http.Headers.from_wire(ours), length, http.Headers.from_wire(theirs)
