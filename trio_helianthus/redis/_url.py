"""Where a Redis server is, read from a URL."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

import attrs

__all__ = ["Place", "RedisURL", "parse_url"]

DEFAULT_PORT: Final = 6379
SENTINEL_PORT: Final = 26379
_SCHEMES: Final = ("redis", "rediss", "unix", "valkey", "valkeys")


@attrs.frozen
class Place:
    """Where one server listens: a host and a port, or the path of a unix socket."""

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    path: str | None = None

    def __str__(self) -> str:
        if self.path is not None:
            return self.path
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@attrs.frozen
class RedisURL:
    """What a URL says; ``None`` where it says nothing."""

    places: tuple[Place, ...]
    is_tls: bool
    username: str | None
    password: str | None = attrs.field(repr=False)
    db: int | None
    client_name: str | None
    protocol: int | None


def parse_url(url: str, *, default_port: int = DEFAULT_PORT) -> RedisURL:
    """Read ``redis://[[user]:password@]host[:port][,host[:port]...][/db][?name=value...]``.

    =====================  ===================================================================
    scheme                 what it means
    =====================  ===================================================================
    ``redis``, ``valkey``    TCP
    ``rediss``, ``valkeys``  TLS
    ``unix``                 a socket file: ``unix:///run/valkey.sock?db=1``
    =====================  ===================================================================

    In the query: ``db``, ``client_name``, ``protocol`` (2 or 3), ``username``, ``password``.

    :raises ValueError: it is no such URL. The message never has the password in it.
    """
    if not isinstance(url, str):
        raise TypeError(f"the URL must be a str, not {type(url).__name__}")
    try:
        parts = urlsplit(url)
    except ValueError as exc:
        raise ValueError(f"not a URL: {exc}") from None
    if parts.scheme not in _SCHEMES:
        names = ", ".join(_SCHEMES)
        raise ValueError(f"the URL's scheme must be one of {names}, not {parts.scheme!r}")
    if parts.fragment:
        raise ValueError("the URL must not have a fragment; write # in a password as %23")
    username, password, hosts = _credentials(parts.netloc)
    query = _query(parts.query)
    path: str = unquote(parts.path)
    if parts.scheme == "unix":
        if hosts:
            raise ValueError("a unix URL has three slashes and a path: unix:///run/valkey.sock")
        if path in {"", "/"}:
            raise ValueError("a unix URL needs the path of a socket file")
        places: tuple[Place, ...] = (Place("", 0, path),)
        path = ""
    else:
        places = tuple(_place(host, default_port) for host in hosts.split(","))
    db = (
        _number("the database", path.removeprefix("/"), 2**31 - 1)
        if path not in {"", "/"}
        else None
    )
    if "db" in query:
        if db is not None:
            raise ValueError("the URL names the database twice")
        db = _number("db", query["db"], 2**31 - 1)
    protocol = _number("protocol", query["protocol"], 3) if "protocol" in query else None
    if protocol is not None and protocol not in {2, 3}:
        raise ValueError(f"protocol must be 2 or 3, not {protocol}")
    return RedisURL(
        places=places,
        is_tls=parts.scheme in {"rediss", "valkeys"},
        username=username if username is not None else query.get("username"),
        password=password if password is not None else query.get("password"),
        db=db,
        client_name=query.get("client_name"),
        protocol=protocol,
    )


def _credentials(netloc: str) -> tuple[str | None, str | None, str]:
    userinfo, at, hosts = netloc.rpartition("@")
    if not at:
        return None, None, hosts
    username, colon, password = userinfo.partition(":")
    return unquote(username) or None, unquote(password) if colon else None, hosts


def _query(text: str) -> dict[str, str]:
    known = {"client_name", "db", "password", "protocol", "username"}
    query: dict[str, str] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        if name not in known:
            raise ValueError(f"the URL's query knows {', '.join(sorted(known))}, not {name!r}")
        if name in query:
            raise ValueError(f"the URL's query has {name} twice")
        query[name] = value
    return query


def _place(text: str, default_port: int) -> Place:
    """Read ``host``, ``host:port``, ``[::1]``, ``[::1]:port``, or nothing for this machine."""
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or not host or (rest and not rest.startswith(":")):
            raise ValueError(f"not a host: {text!r}")
        port = rest[1:]
    else:
        host, colon, port = text.partition(":")
        if ":" in port:
            raise ValueError(f"an IPv6 address stands in brackets: {text!r}")
        rest = colon
    if rest and not port:
        raise ValueError(f"no port behind the colon: {text!r}")
    number = _number("the port", port, 65_535) if port else default_port
    if number == 0:
        raise ValueError("the port must not be 0")
    return Place(unquote(host) or "127.0.0.1", number)


def _number(what: str, text: str, most: int) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 10 and int(text) <= most):
        raise ValueError(f"{what} must be a number from 0 to {most}, not {text[:20]!r}")
    return int(text)
