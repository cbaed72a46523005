"""Where a call goes: the origin, and the target there."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from typing import Any, Final, TypeAlias, cast
from urllib.parse import SplitResult, quote, unquote, urlencode, urlsplit

import attrs
import idna

__all__ = ["URL", "Origin", "Params", "encode_pairs", "parse_url"]

Params: TypeAlias = "Mapping[str, Any] | Iterable[tuple[str, Any]]"
"""What ``params=`` takes: names and values to append to a query. A list or tuple of values gives
the name several times, ``None`` leaves it out, booleans are ``true`` and ``false``, bytes are those
bytes, and anything else is as ``str()`` shows it."""

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_HOST: Final = re.compile(r"[0-9A-Za-z_](?:[0-9A-Za-z_.-]{0,252}[0-9A-Za-z_.])?")
_BRACKETED: Final = re.compile(r"\[[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*\](?::.*)?")
_CONTROL_OR_BACKSLASH: Final = re.compile(r"[\x00-\x1f\x7f\\]")
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_STRAY_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_SIMPLE: Final = re.compile(
    r"(https?)://([0-9a-z](?:[0-9a-z.-]{0,252}[0-9a-z])?)(?::([1-9][0-9]{0,4}))?"
    r"(/[0-9A-Za-z/:@!$&'()*+,;=~_.-]*(?:\?[0-9A-Za-z/:@!$&'()*+,;=~_.?-]*)?)"
)
"""Absolute URLs with nothing to decode or to encode, which are most."""
_USERINFO: Final = re.compile(r"//[^/?#]*@")
_DOTS: Final = re.compile(r"/(?:\.|%2[Ee])")
_ENCODED_DOT: Final = re.compile(r"%2[Ee]")
_PATH_SAFE: Final = "/%:@!$&'()*+,;=~"
_QUERY_SAFE: Final = _PATH_SAFE + "?"


@attrs.frozen(cache_hash=True)
class Origin:
    """A server as a client names it: scheme, host and port (:rfc:`9110` section 4.3.1)."""

    scheme: str
    """``"http"`` or ``"https"``."""
    host: str
    """A name in its ASCII form and in lower case, or a numeric address without brackets."""
    port: int
    """The port, the scheme's own too."""

    @property
    def authority(self) -> str:
        """The value of ``Host``: without the port where it is the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}"


@attrs.frozen(slots=False)
class URL:
    """An origin and a request target in its origin form (:rfc:`9112` section 3.2.1)."""

    origin: Origin
    target: str
    fragment: str = ""
    """What stands behind ``#``; never sent."""
    credentials: tuple[str, str] | None = attrs.field(default=None, repr=False)
    """User name and password, if the URL had them; ``str()`` does not show them."""

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    def with_query(self, more: str) -> URL:
        """The same, with more behind its query.

        :param more: percent-encoded; may be empty.
        """
        if not more:
            return self
        mark = "&" if "?" in self.target else "?"
        return URL(self.origin, f"{self.target}{mark}{more}", self.fragment, self.credentials)

    def join(self, reference: str) -> URL:
        """The URL that a reference means here (:rfc:`3986` section 5.2.2).

        Credentials of this URL are not inherited, and those of the reference are kept.

        :raises ValueError: it is invalid, or leads elsewhere than to ``http`` or ``https``.
        """
        _check_characters(reference)
        if _SCHEME.match(reference):
            return parse_url(reference)
        if reference.startswith("//"):
            return parse_url(f"{self.origin.scheme}:{reference}")
        rest, _, fragment = reference.partition("#")
        path, mark, query = rest.partition("?")
        if not path:
            query = query if mark else self.target.partition("?")[2]
            return _assemble(self.origin, self.path, query, fragment)
        if not path.startswith("/"):
            path = self.path.rpartition("/")[0] + "/" + path
        return _assemble(self.origin, _quote_path(path), query, fragment)

    @cached_property
    def _text(self) -> str:
        return f"{self.origin}{self.target}" + (f"#{self.fragment}" if self.fragment else "")

    def __str__(self) -> str:
        return self._text


def parse_url(url: str, base: URL | None = None) -> URL:
    """Take a URL apart, percent-encoding what needs it and is not yet.

    What is percent-encoded already stays as it is: a server may have signed it that way.

    :param url: absolute, or a path that is appended to the path of ``base``, whose query comes
        first. Dots in it (``..``) never lead out of the base.
    :param base: where a path belongs to.
    :raises ValueError: says what is wrong with the URL.
    """
    if (simple := _parse_simple(url)) is not None:
        return simple
    _check_characters(url)
    try:
        split = urlsplit(url)
    except ValueError:  # whose message would show a password
        raise ValueError(f"invalid host in {_shown_url(url)}") from None
    queries = [split.query]
    if split.scheme or split.netloc:
        origin, credentials = _origin(split, url)
        path = _quote_path(split.path)
    elif base is None:
        raise ValueError(
            f"{_shown_url(url)} has no scheme, as http://..., and a path alone needs a client with "
            "a base_url"
        )
    else:
        origin, credentials, path = base.origin, base.credentials, base.path
        if split.path:
            path = path.rstrip("/") + _quote_path(split.path)
        queries.insert(0, base.target.partition("?")[2])
    query = "&".join(filter(None, queries))
    return _assemble(origin, path, query, split.fragment, credentials)


def _parse_simple(url: str) -> URL | None:
    """What :func:`parse_url` makes of a simple URL, at a fifth of the cost."""
    match = _SIMPLE.fullmatch(url)
    if match is None or "/." in url or url.endswith("?"):
        return None
    scheme, host, port, target = match.groups()
    origin = _simple_origin(scheme, host, port)
    return None if origin is None else URL(origin, target)


@lru_cache(maxsize=1024)
def _simple_origin(scheme: str, host: str, port: str | None) -> Origin | None:
    number = _DEFAULT_PORTS[scheme] if port is None else int(port)
    return Origin(scheme, host, number) if number <= 65535 else None


def encode_pairs(pairs: Params) -> str:
    """Names and values as HTML forms write them (``application/x-www-form-urlencoded``).

    :raises TypeError: for a string of them; it belongs into the URL, or into the content.
    """
    if not pairs:
        return ""
    if isinstance(pairs, str | bytes):
        raise TypeError("params= takes names and values; a query that is text goes into the URL")
    given = pairs.items() if isinstance(pairs, Mapping) else pairs
    flat = list[tuple[str, str | bytes]]()
    for name, value in cast("Iterable[tuple[str, Any]]", given):
        values = value if isinstance(value, list | tuple) else (value,)
        flat.extend((name, _shown(one)) for one in values if one is not None)
    return urlencode(flat)


def _shown(value: object) -> str | bytes:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, bytes) else str(value)


def _assemble(
    origin: Origin,
    path: str,
    query: str,
    fragment: str,
    credentials: tuple[str, str] | None = None,
) -> URL:
    query = quote(_STRAY_PERCENT.sub("%25", query), safe=_QUERY_SAFE)
    fragment = quote(_STRAY_PERCENT.sub("%25", fragment), safe=_QUERY_SAFE)
    return URL(origin, f"{path}?{query}" if query else path, fragment, credentials)


def _quote_path(path: str) -> str:
    path = quote(_STRAY_PERCENT.sub("%25", path), safe=_PATH_SAFE)
    if not path.startswith("/"):
        path = f"/{path}"
    return _without_dots(path) if _DOTS.search(path) else path


def _without_dots(path: str) -> str:
    """Resolve ``.`` and ``..`` (:rfc:`3986` section 5.2.4), percent-encoded ones too.

    Servers decode ``%2E`` before they resolve dots (section 6.2.2.2), so it must not pass.
    """
    kept = list[str]()
    segments = path.split("/")[1:]
    dots = ""
    for segment in segments:
        dots = _ENCODED_DOT.sub(".", segment) if len(segment) <= len("%2E%2E") else ""
        if dots == "..":
            del kept[-1:]
        elif dots != ".":
            kept.append(segment)
    if dots in {".", ".."}:
        kept.append("")
    return "/" + "/".join(kept)


def _shown_url(url: str) -> str:
    """A URL for a message, without the credentials that may be in it."""
    return repr(_USERINFO.sub("//", url))


def _check_characters(url: str) -> None:
    if _CONTROL_OR_BACKSLASH.search(url):
        raise ValueError(f"a URL has no control characters and no backslash: {_shown_url(url)}")


def _origin(split: SplitResult, url: str) -> tuple[Origin, tuple[str, str] | None]:
    if split.scheme not in _DEFAULT_PORTS:
        raise ValueError(f"a URL starts with http:// or https://: {_shown_url(url)}")
    userinfo, at, place = split.netloc.rpartition("@")
    if "@" in userinfo:
        raise ValueError("a user name or password in a URL has no @ that is not percent-encoded")
    if "[" in place and _BRACKETED.fullmatch(place) is None:
        raise ValueError(
            f"invalid host in {_shown_url(url)}"
        )  # urlsplit overlooks what is around brackets
    try:
        port = split.port
    except ValueError:
        port = 0
    if port == 0:
        raise ValueError(f"invalid port in {_shown_url(url)}")
    host = _host(split.hostname or "")
    if host is None:
        raise ValueError(f"invalid host in {_shown_url(url)}")
    credentials = None
    if at:
        user, _, password = userinfo.partition(":")
        credentials = unquote(user), unquote(password)
    return Origin(split.scheme, host, port or _DEFAULT_PORTS[split.scheme]), credentials


def _host(host: str) -> str | None:
    if ":" in host:
        try:
            return ipaddress.IPv6Address(host).compressed
        except ValueError:
            return None
    if len(host) > 253:
        return None
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode("ascii")
        except UnicodeError:
            return None
    return host if _HOST.fullmatch(host) else None
