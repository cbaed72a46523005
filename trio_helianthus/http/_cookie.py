"""What a cookie is, and who may set one for whom (:rfc:`6265` section 5.3, and 6265bis)."""

from __future__ import annotations

import ipaddress
from functools import lru_cache

import attrs
from attrs import validators

from ._cookie_parse import SetCookie
from ._public_suffixes import is_public_suffix
from ._url import URL

__all__ = ["Cookie", "accept", "domain_matches", "domains_above", "path_matches"]


@attrs.frozen(kw_only=True)
class Cookie:
    """A cookie in a :class:`CookieJar`."""

    name: str
    """Its name; case matters."""
    value: str = attrs.field(repr=False)
    """Its value, as it was received: bytes outside of ASCII as ISO 8859-1."""
    domain: str
    """The host that it belongs to, in lower case."""
    path: str = "/"
    """Where on the host: this path and those below it."""
    host_only: bool = True
    """Whether it goes to that host alone, and not to those below it."""
    secure: bool = False
    """Whether it is only sent over ``https``."""
    http_only: bool = False
    """Whether a browser would keep it from scripts."""
    same_site: str | None = attrs.field(
        default=None, validator=validators.in_([None, "strict", "lax", "none"])
    )
    """``"strict"``, ``"lax"``, ``"none"``, or ``None`` if the server did not say; kept only."""
    expires: float | None = None
    """Unix time in seconds; ``None`` for the end of the session."""


def accept(said: SetCookie, url: URL) -> Cookie | None:
    """The cookie that a server's words make, where it may set it (6265bis section 5.7)."""
    host, secure_origin = url.origin.host, url.origin.scheme == "https"
    domain = said.domain
    if not domain.isascii():
        return None
    if domain and is_public_suffix(domain):
        if domain != host:
            return None
        domain = ""
    if domain and not domain_matches(host, domain):
        return None
    if said.secure and not secure_origin:
        return None
    if said.same_site == "none" and not said.secure:
        return None
    prefix = said.name.lower()
    if prefix.startswith("__secure-") and not said.secure:
        return None
    if prefix.startswith("__host-") and (not said.secure or domain or said.path != "/"):
        return None
    return Cookie(
        name=said.name,
        value=said.value,
        domain=domain or host,
        path=said.path or _default_path(url.path),
        host_only=not domain,
        secure=said.secure,
        http_only=said.http_only,
        same_site=said.same_site,
        expires=said.expires,
    )


def _default_path(path: str) -> str:
    return path[: path.rfind("/")] or "/"


def path_matches(path: str, cookie_path: str) -> bool:
    """Whether a path is that of a cookie or below it (:rfc:`6265` section 5.1.4)."""
    return path == cookie_path or (
        path.startswith(cookie_path)
        and (cookie_path.endswith("/") or path[len(cookie_path)] == "/")
    )


def domain_matches(host: str, domain: str) -> bool:
    """Whether a host is a domain or below it (:rfc:`6265` section 5.1.3)."""
    return host == domain or (host.endswith(f".{domain}") and not _is_address(host))


@lru_cache(maxsize=256)
def domains_above(host: str) -> tuple[str, ...]:
    """The host itself, and what it is a part of."""
    labels = [host] if _is_address(host) else host.split(".")
    return tuple(".".join(labels[start:]) for start in range(len(labels)))


def _is_address(host: str) -> bool:
    if not host[-1:].isdigit() and ":" not in host:
        return False
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
