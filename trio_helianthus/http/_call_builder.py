"""Makes a client's calls: its defaults, the caller's words, and what is remembered of both."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias, TypedDict, cast

import attrs

from ._auth import Auth, AuthTypes, BasicAuth, as_auth
from ._call import Call, Trailers, merge_headers
from ._content import NO_BODY, Body, Content, encode_body
from ._headers import Headers, HeaderTypes
from ._upload import Files, Progress
from ._url import URL, Params, encode_pairs, parse_url

__all__ = ["CallBuilder", "CallOptions", "SendOptions", "encode_cookies"]

_METHOD: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_COOKIE: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+=[\x21-\x3a\x3c-\x7e\x80-\xff]*")
_REMEMBERED: Final = 1024
"""Calls and URLs that are kept ready; then all are forgotten and it starts again."""


class CallOptions(TypedDict, total=False):
    """What every call of a client takes, besides ``timeout`` and ``token``."""

    params: Params
    """Names and values to append to the query."""
    headers: HeaderTypes
    """Header fields; they replace the client's own of the same name."""
    cookies: Mapping[str, str] | None
    """Cookies of this call alone, besides those of the client's jar."""
    auth: AuthTypes | None
    """Credentials instead of those of the URL or the client; ``None`` means these."""
    follow_redirects: bool | None
    """Whether to follow redirects; ``None`` means what the client was told."""
    idempotent: bool | None
    """Whether making the call twice does no harm, so that it may be made again when it failed;
    ``None``: as its method says (:rfc:`9110` section 9.2.2)."""


class SendOptions(CallOptions, total=False):
    """What calls take that send something.

    At most one of ``content``, ``json``, and ``data`` with ``files``.
    """

    content: Content | None
    """Bytes, text (sent as UTF-8), a path or a file that is open for reading bytes, or an async
    iterable of bytes, which is sent piece by piece and closed in any case."""
    json: Any
    """Sent as JSON; ``None`` means nothing."""
    data: Params | None
    """The fields of an HTML form."""
    files: Files | None
    """Files of an HTML form by field name (``multipart/form-data``), streamed: bytes, a
    :class:`~pathlib.Path`, an open file, an async iterable of bytes, or a tuple of a file name, one
    of these, and maybe a media type."""
    progress: Progress | None
    """Called with the bytes of the body sent so far, and with all of them or ``None``."""
    expect_continue: float
    """Ask the server first whether it wants the body (``Expect: 100-continue``), and wait so many
    seconds for what it says; 0, the default, does not ask."""
    trailers: Trailers
    """Header fields behind a body that comes in pieces of no known length; or a callable that
    returns them when all of it was sent."""


class CallBuilder:
    """Makes calls from their arguments.

    :param base: what paths are appended to.
    :param headers: the client's own header fields; not to be changed afterwards.
    :param auth: the client's own credentials; with a ``base`` for its origin only.
    """

    def __init__(self, base: URL | None, headers: Headers, auth: Auth | None) -> None:
        self._base = base
        self._headers = headers
        self._auth = auth
        if auth is None and base is not None and base.credentials is not None:
            self._auth = BasicAuth(*base.credentials)
        self._plain: dict[tuple[str, str], Call] = {}
        self._completed: dict[Call, tuple[_Extra, Call] | None] = {}
        self._urls: dict[str, URL] = {}
        self._merged: dict[tuple[_Pairs, str | None], Headers] = {}

    @property
    def has_auth(self) -> bool:
        """Whether the client itself has credentials."""
        return self._auth is not None

    def plain(self, method: str, url: str) -> Call:
        """A call with nothing but method and URL, the same object for the same ones.

        :raises ValueError: either is invalid.
        """
        call = self._plain.get((method, url))
        if call is None:
            call = Call(_check_method(method), self._parse(url, ()), self._headers, b"")
            if len(self._plain) >= _REMEMBERED:
                self._plain.clear()
                self._completed.clear()
            self._plain[method, url] = call
            self._completed[call] = None
        return call

    def make(self, method: str, url: str, options: SendOptions) -> Call:
        """A call with everything; credentials and cookies aside.

        :raises ValueError: for an invalid method, URL or header, or arguments that exclude each
            other.
        :raises TypeError: for content of a wrong type, or a name that is none of the options.
        :raises OSError: there is no such file.
        """
        if unknown := options.keys() - _KNOWN:
            raise TypeError(f"a call has no argument {', '.join(sorted(unknown))}")
        if options.keys().isdisjoint(_MAKING):
            return self.plain(method, url)
        method = _check_method(method)
        target = self._parse(url, options.get("params", ()))
        body = NO_BODY
        if not options.keys().isdisjoint(_SENDING):
            body = encode_body(
                options.get("content"),
                options.get("json"),
                options.get("data"),
                options.get("files"),
                options.get("progress"),
            )
        fields = self._fields(options.get("headers", ()), body)
        patience = options.get("expect_continue", 0.0)
        if not patience >= 0:
            raise ValueError(f"expect_continue must be a number of seconds >= 0, not {patience!r}")
        return Call(
            method,
            target,
            fields,
            body.content,
            trailers=options.get("trailers", ()),
            expect_continue=patience,
            idempotent=options.get("idempotent"),
        )

    def complete(self, call: Call, cookies: str, credentials: HeaderTypes | None) -> Call:
        """The call with cookies, besides those that its headers have, and with credentials.

        :raises ValueError: the credentials are no valid header fields.
        """
        if not cookies and credentials is None:
            return call
        extra = cookies, _pairs(credentials or ())
        known = self._completed.get(call)
        if known is not None and known[0] == extra:
            return known[1]
        headers = call.headers.copy()
        if cookies:
            own = headers.get("cookie")
            headers["Cookie"] = f"{cookies}; {own}" if own else cookies
        for name, value in extra[1]:
            headers[name] = value
        completed = attrs.evolve(call, headers=headers)
        if call in self._completed:
            self._completed[call] = extra, completed
        return completed

    def auth_for(self, call: Call, options: SendOptions) -> Auth | None:
        """What authenticates a call: its own, that of its URL, or the client's.

        :raises TypeError: ``auth`` is neither callable nor a pair.
        """
        if (auth := options.get("auth")) is not None:
            return as_auth(auth)
        if "authorization" in call.headers:
            return None
        is_ours = self._base is None or self._base.origin == call.url.origin
        if call.url.credentials is not None and not (
            is_ours and self._base is not None and call.url.credentials == self._base.credentials
        ):
            return BasicAuth(*call.url.credentials)
        return self._auth if is_ours else None

    def _fields(self, headers: HeaderTypes, body: Body) -> Headers:
        """The header fields of a call, the same object for the same ones where that can be."""
        given = _pairs(headers)
        fields = self._merged.get((given, body.media_type))
        if fields is None or body.own_type:
            fields = self._merge(Headers(given), body)
            if not body.own_type:
                if len(self._merged) >= _REMEMBERED:
                    self._merged.clear()
                self._merged[given, body.media_type] = fields
        if not isinstance(body.content, bytes) and body.length is not None:
            fields = fields.copy()
            fields["Content-Length"] = str(body.length)
        elif isinstance(body.content, bytes) and "content-length" in fields:
            fields = fields.copy()
            del fields["Content-Length"]
        return fields

    def _merge(self, given: Headers, body: Body) -> Headers:
        fields = merge_headers(self._headers, given)
        if "range" in given and "accept-encoding" not in given:
            fields["Accept-Encoding"] = "identity"  # a part of a coding cannot be undone
        if body.own_type and "content-type" in fields:
            raise ValueError("files= makes its own Content-Type, with a boundary")
        if body.media_type is not None:
            fields.setdefault("Content-Type", body.media_type)
        return fields

    def _parse(self, url: str, params: Params) -> URL:
        if params:
            return self._parse(url, ()).with_query(encode_pairs(params))
        parsed = self._urls.get(url)
        if parsed is None:
            parsed = parse_url(url, self._base)
            if len(self._urls) >= _REMEMBERED:
                self._urls.clear()
            self._urls[url] = parsed
        return parsed


_SENDING: Final = frozenset(["content", "json", "data", "files", "progress"])
_MAKING: Final = _SENDING | {"expect_continue", "headers", "idempotent", "params", "trailers"}
_KNOWN: Final = frozenset(SendOptions.__annotations__)
_Pairs: TypeAlias = "tuple[tuple[str, str], ...]"
_Extra: TypeAlias = "tuple[str, _Pairs]"
"""Cookies, and credentials."""


def _pairs(headers: HeaderTypes) -> _Pairs:
    if isinstance(headers, Headers):
        return tuple(headers.pairs)
    given = headers.items() if isinstance(headers, Mapping) else headers
    return tuple(cast("Iterable[tuple[str, str]]", given))


def encode_cookies(cookies: Mapping[str, str] | None) -> str:
    """A ``Cookie`` value of names and values.

    :raises ValueError: for a name that is no token, or a value that cannot be sent.
    """
    pairs = [f"{name}={value}" for name, value in (cookies or {}).items()]
    for pair in pairs:
        if _COOKIE.fullmatch(pair) is None:
            raise ValueError(f"a cookie that cannot be sent: {pair.partition('=')[0]!r}")
    return "; ".join(pairs)


def _check_method(method: str) -> str:
    if _METHOD.fullmatch(method) is None:
        raise ValueError(f"invalid method {method!r}")
    method = method.upper()
    if method == "CONNECT":
        raise ValueError("CONNECT is what a Proxy is asked for, not a server")
    return method
