"""``Set-Cookie`` as a server writes it, strictly (RFC 6265bis section 4.1)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final, Literal, TypeAlias

__all__ = ["SameSite", "set_cookie_field"]

SameSite: TypeAlias = Literal["strict", "lax", "none"]
"""When browsers send a cookie with requests that other sites have caused."""

_NAME: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE: Final = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*")
"""``cookie-octet``: no control character, space, quote, comma, semicolon or backslash."""
_PATH: Final = re.compile(r"/[\x20-\x3a\x3c-\x7e]*")
_DOMAIN: Final = re.compile(r"\.?[0-9A-Za-z](?:[0-9A-Za-z.-]{0,252}[0-9A-Za-z])?")
_SAME_SITE: Final = {"strict": "Strict", "lax": "Lax", "none": "None"}
MAX_COOKIE_BYTES: Final = 4096
"""Browsers drop a cookie whose name and value are longer."""
MAX_ATTRIBUTE_BYTES: Final = 1024
"""Browsers ignore an attribute whose value is longer."""


def set_cookie_field(
    name: str,
    value: str,
    *,
    max_age: int | None,
    expires: datetime | None,
    path: str | None,
    domain: str | None,
    secure: bool,
    http_only: bool,
    same_site: SameSite | None,
    partitioned: bool,
) -> str:
    """The value of a ``Set-Cookie`` field.

    :raises ValueError: for what browsers would not keep, or would read as something else.
    """
    if _NAME.fullmatch(name) is None:
        raise ValueError(f"invalid cookie name {name!r}")
    if _VALUE.fullmatch(value) is None:
        raise ValueError(
            f"invalid character in the value of cookie {name!r}: "
            "encode it, as urllib.parse.quote() does"
        )
    if len(name) + len(value) > MAX_COOKIE_BYTES:
        raise ValueError(f"cookie {name!r} is longer than {MAX_COOKIE_BYTES} bytes")
    if same_site is not None and same_site not in _SAME_SITE:
        raise ValueError(f"same_site must be 'strict', 'lax' or 'none', got {same_site!r}")
    _check_demands(name, path, domain, secure, http_only, same_site, partitioned)
    parts = [f"{name}={value}"]
    if max_age is not None:
        parts.append(f"Max-Age={int(max_age)}")
    if expires is not None:
        parts.append(f"Expires={_format_date(expires)}")
    if path is not None:
        if _PATH.fullmatch(path) is None or len(path) > MAX_ATTRIBUTE_BYTES:
            raise ValueError(f"invalid path {path!r} for cookie {name!r}")
        parts.append(f"Path={path}")
    if domain is not None:
        if _DOMAIN.fullmatch(domain) is None:
            raise ValueError(f"invalid domain {domain!r} for cookie {name!r}")
        parts.append(f"Domain={domain}")
    if secure:
        parts.append("Secure")
    if http_only:
        parts.append("HttpOnly")
    if same_site is not None:
        parts.append(f"SameSite={_SAME_SITE[same_site]}")
    if partitioned:
        parts.append("Partitioned")
    return "; ".join(parts)


def _check_demands(
    name: str,
    path: str | None,
    domain: str | None,
    secure: bool,
    http_only: bool,
    same_site: SameSite | None,
    partitioned: bool,
) -> None:
    """What browsers demand of some cookies (RFC 6265bis, 4.1.3 and 5.7), and silently drop else."""
    prefix = name.lower()
    if not secure:
        if same_site == "none":
            raise ValueError("browsers drop a cookie with same_site='none' that is not secure")
        if partitioned:
            raise ValueError("browsers drop a partitioned cookie that is not secure")
        if prefix.startswith(("__secure-", "__host-", "__http-", "__host-http-")):
            raise ValueError(f"browsers drop the cookie {name!r} where it is not secure")
    if prefix.startswith("__host-") and (path != "/" or domain is not None):
        raise ValueError(f"the cookie {name!r} needs the path '/' and no domain")
    if prefix.startswith(("__http-", "__host-http-")) and not http_only:
        raise ValueError(f"browsers drop the cookie {name!r} where it is not http_only")


def _format_date(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise ValueError("expires must have a time zone, such as datetime.UTC")
    return format_datetime(moment.astimezone(UTC), usegmt=True)
