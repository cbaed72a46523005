"""Where a call goes: the origin, and the target there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias, cast
from urllib.parse import SplitResult, quote, urlencode, urlsplit

import attrs

__all__ = ["URL", "Origin", "Params", "parse_url"]

Params: TypeAlias = "Mapping[str, Any] | Iterable[tuple[str, Any]]"
"""What ``params=`` takes: names and values, as ``str()`` shows them, to append to a query."""

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_HOST: Final = re.compile(
    r"[0-9A-Za-z_](?:[0-9A-Za-z_.-]{0,252}[0-9A-Za-z_.])?|[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*"
)
_BRACKETED: Final = re.compile(r"\[[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*\](?::.*)?")
_CONTROL_OR_BACKSLASH: Final = re.compile(r"[\x00-\x1f\x7f\\]")
_PATH_SAFE: Final = "/%:@!$&'()*+,;=~"
_QUERY_SAFE: Final = _PATH_SAFE + "?"


@attrs.frozen
class Origin:
    """A server as a client names it: scheme, host and port (:rfc:`9110` section 4.3.1)."""

    scheme: str
    host: str
    port: int

    @property
    def authority(self) -> str:
        """The value of ``Host``: without the port where it is the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}"


@attrs.frozen
class URL:
    """An origin and a request target in its origin form (:rfc:`9112` section 3.2.1)."""

    origin: Origin
    target: str

    def __str__(self) -> str:
        return f"{self.origin}{self.target}"


def parse_url(url: str, base: URL | None = None, params: Params = ()) -> URL:
    """Take a URL apart, percent-encoding what needs it and is not yet.

    :param url: absolute, or a path that is appended to the path of ``base``.
    :param base: where a path belongs to.
    :param params: appended to the query.
    :raises ValueError: says what is wrong with the URL.
    """
    if _CONTROL_OR_BACKSLASH.search(url):
        raise ValueError(f"a URL has no control characters and no backslash: {url!r}")
    split = urlsplit(url)
    if split.scheme or split.netloc:
        origin, prefix = _origin(split, url), ""
    elif base is None:
        raise ValueError(
            f"{url!r} has no scheme, as http://..., and a path alone needs a client with a base_url"
        )
    else:
        origin, prefix = base.origin, base.target.partition("?")[0].rstrip("/")
    path = quote(split.path, safe=_PATH_SAFE)
    if not path.startswith("/"):
        path = f"/{path}"
    pairs = params.items() if isinstance(params, Mapping) else params
    added = urlencode(list(cast("Iterable[tuple[str, Any]]", pairs)))
    queries = [quote(split.query, safe=_QUERY_SAFE), added]
    query = "&".join(filter(None, queries))
    return URL(origin, f"{prefix}{path}?{query}" if query else f"{prefix}{path}")


def _origin(split: SplitResult, url: str) -> Origin:
    if split.scheme not in _DEFAULT_PORTS:
        raise ValueError(f"a URL starts with http:// or https://: {url!r}")
    if "@" in split.netloc:
        raise ValueError("a URL with a user name in it is not supported")
    if "[" in split.netloc and _BRACKETED.fullmatch(split.netloc) is None:
        raise ValueError(f"invalid host in {url!r}")  # urlsplit overlooks what is around brackets
    try:
        port = split.port
    except ValueError:
        port = 0
    if port == 0:
        raise ValueError(f"invalid port in {url!r}")
    host = split.hostname or ""
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            host = ""
    if _HOST.fullmatch(host) is None:
        raise ValueError(f"invalid host in {url!r}")
    return Origin(split.scheme, host, port or _DEFAULT_PORTS[split.scheme])
