"""What browsers send in ``Cookie``, read as leniently as they write it (RFC 6265bis, 5.8.3)."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["parse_cookies"]


def parse_cookies(fields: Iterable[str]) -> dict[str, str]:
    """Names and values of every cookie; the first of a name counts, as its path is the longest.

    Nothing is refused. A value in quotes loses them, bytes that are not UTF-8 become U+FFFD, and
    a cookie without ``=`` is a value whose name is empty, as browsers have it.

    :param fields: the values of the ``Cookie`` fields, as ISO 8859-1.
    """
    cookies: dict[str, str] = {}
    for field in fields:
        text = field if field.isascii() else field.encode("latin-1").decode("utf-8", "replace")
        for crumb in text.split(";"):
            name, equals, value = crumb.partition("=")
            if not equals:
                name, value = "", name
            name, value = name.strip(" \t"), value.strip(" \t")
            if not name and not value:
                continue
            if len(value) >= 2 and value[0] == value[-1] == '"':
                value = value[1:-1]
            cookies.setdefault(name, value)
    return cookies
