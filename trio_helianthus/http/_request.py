"""A request as its handler sees it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import cached_property
from typing import Any
from urllib.parse import unquote_to_bytes

from trio_helianthus.net import SocketAddress, TLSInfo

from ._charset import charset_of
from ._headers import Headers, HeaderTypes
from ._http_errors import HTTPError
from ._query import Query
from ._request_body import RequestBody

__all__ = ["Request", "decode_path"]


class Request:
    """What a client asked for.

    The server makes it; making one by hand serves for calling a handler in a test.

    :param method: as sent, upper case for every method that is registered.
    :param target: the request target as it was sent.
    :param headers: the header fields.
    :param body: the body, or its bytes.
    :param http_version: ``"1.1"`` or ``"1.0"``.
    :param client_address: the address of the peer.
    :param tls: what the handshake agreed on; ``None`` without TLS.

    .. attribute:: path_params

       What the placeholders of the route stand for, percent-decoded; set by the router.
    """

    def __init__(
        self,
        method: str,
        target: str,
        *,
        headers: HeaderTypes = (),
        body: RequestBody | bytes = b"",
        http_version: str = "1.1",
        client_address: SocketAddress | None = None,
        tls: TLSInfo | None = None,
    ) -> None:
        self.method = method
        self.target = target
        self.headers: Headers = headers if isinstance(headers, Headers) else Headers(headers)
        self.body: RequestBody = RequestBody.from_bytes(body) if isinstance(body, bytes) else body
        self.http_version = http_version
        self.client_address = client_address
        self.tls = tls
        self.path_params: Mapping[str, str] = {}

    @cached_property
    def raw_path(self) -> str:
        """The path as it was sent, percent-encoded, without the query.

        ``"*"`` for the server as a whole, which only ``OPTIONS`` asks. The scheme and the
        host of a target in absolute form are left out (:rfc:`9112` section 3.2).
        """
        return self._split_target[0]

    @cached_property
    def path(self) -> str:
        """The path as text, percent-decoded.

        :raises HTTPError: 400 when it does not decode as UTF-8.
        """
        return decode_path(self.raw_path)

    @cached_property
    def query(self) -> Query:
        """The query of the target, parsed when it is first asked for."""
        return Query(self._split_target[1])

    async def read(self, *, max_bytes: int | None = None) -> bytes:
        """Wait for the whole body.

        :param max_bytes: a cap for this call, beside the server's ``max_body_bytes``.
        :raises HTTPError: as :meth:`RequestBody.read` does, 413 above the cap.

        What a cancelled call has received is lost.
        """
        return await self.body.read(max_bytes=max_bytes)

    async def text(self, *, max_bytes: int | None = None) -> str:
        """Wait for the whole body and decode it as its ``Content-Type`` says, else as UTF-8.

        :param max_bytes: as for :meth:`read`.
        :raises HTTPError: as :meth:`read` does; 415 for an unknown character set, 400 when the
            bytes are no text in it.
        """
        try:
            charset = charset_of(self.headers.get("content-type", ""))
        except LookupError as exc:
            raise HTTPError(415, "unknown character set") from exc
        data = await self.read(max_bytes=max_bytes)
        try:
            return data.decode(charset)
        except UnicodeError as exc:
            raise HTTPError(400, f"the body is not {charset} text") from exc

    async def json(self, *, max_bytes: int | None = None) -> Any:
        """Wait for the whole body and parse it as JSON (:rfc:`8259`).

        :param max_bytes: as for :meth:`read`.
        :raises HTTPError: as :meth:`read` does; 400 when the body is no JSON in UTF-8. ``NaN``,
            ``Infinity`` and ``1e999`` are none, and neither is what nests deeper than Python can
            follow.
        """
        data = await self.read(max_bytes=max_bytes)
        try:
            return json.loads(
                data.decode("utf-8"), parse_float=_finite, parse_constant=_refuse_constant
            )
        except (ValueError, RecursionError) as exc:
            raise HTTPError(400, "the body is not valid JSON") from exc

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.target}>"

    @cached_property
    def _split_target(self) -> tuple[str, str]:
        path, _, query = self.target.partition("?")
        if not path.startswith("/"):
            _, scheme_separator, rest = path.partition("://")
            if scheme_separator:
                _, slash, tail = rest.partition("/")
                path = slash + tail or "/"
        return path, query


def decode_path(encoded: str) -> str:
    """Percent-decode a path or a segment of one (:rfc:`3986` section 2.1).

    :raises HTTPError: 400 when the bytes are not UTF-8.
    """
    if "%" not in encoded and encoded.isascii():
        return encoded
    try:
        return unquote_to_bytes(encoded.encode("latin-1")).decode("utf-8")
    except UnicodeError as exc:
        raise HTTPError(400, "the path is not UTF-8") from exc


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text} is too large")
    return number


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
