"""What a ``Set-Cookie`` field says, by the algorithms that browsers follow (:rfc:`6265` section 5).

A server says anything, so nothing here raises: what is unusable is ignored as the RFC has it.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from typing import Final

import attrs

__all__ = ["MAX_AGE", "MAX_COOKIE_BYTES", "SetCookie", "parse_cookie_date", "parse_set_cookie"]

MAX_COOKIE_BYTES: Final = 4096
"""Name and value together; a longer cookie is ignored."""
_MAX_ATTRIBUTE_BYTES: Final = 1024
"""The value of one attribute; a longer one is ignored."""
MAX_AGE: Final = 400 * 86400
"""Seconds that a cookie may live at most, whatever the server says (6265bis section 5.5)."""

_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_WHITESPACE: Final = " \t"
_MAX_AGE_VALUE: Final = re.compile(r"-?[0-9]+")
_DATE_DELIMITERS: Final = re.compile(r"[\x09\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+")
_TIME: Final = re.compile(r"([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?![0-9])")
_DAY: Final = re.compile(r"([0-9]{1,2})(?![0-9])")
_YEAR: Final = re.compile(r"([0-9]{2,4})(?![0-9])")
_MONTHS: Final = {name.lower(): number for number, name in enumerate(calendar.month_abbr) if number}


@attrs.frozen
class SetCookie:
    """One ``Set-Cookie`` field, before it is known whether it may be kept."""

    name: str
    value: str
    domain: str = ""
    """As the attribute has it, in lower case and without a leading dot; empty for none."""
    path: str = ""
    """As the attribute has it; empty where there is none that begins with a slash."""
    expires: float | None = None
    """Unix time; ``None`` means with the session."""
    secure: bool = False
    http_only: bool = False
    same_site: str | None = None
    """``"strict"``, ``"lax"`` or ``"none"``; ``None`` where the server does not say."""


def parse_set_cookie(field: str, now: float) -> SetCookie | None:
    """Take a field value apart (:rfc:`6265` section 5.2, with the changes of 6265bis).

    A cookie without a name or without an equals sign is ignored, as in :rfc:`6265`; 6265bis
    keeps it, which lets ``=__Host-x=1`` pass for a cookie that it is not.

    :param now: Unix time, for ``Max-Age``.
    :returns: ``None`` for what has to be ignored.
    """
    if _CONTROL.search(field):
        return None
    pair, *attributes = field.split(";")
    name, equals, value = pair.partition("=")
    name, value = name.strip(_WHITESPACE), value.strip(_WHITESPACE)
    if not equals or not name or len(name) + len(value) > MAX_COOKIE_BYTES:
        return None
    latest = dict[str, str]()
    for attribute in attributes:
        key, _, said = attribute.partition("=")
        key, said = key.strip(_WHITESPACE).lower(), said.strip(_WHITESPACE)
        if len(said) <= _MAX_ATTRIBUTE_BYTES and _counts(key, said):
            latest[key] = said
    path = latest.get("path", "")
    same_site = latest.get("samesite", "").lower()
    return SetCookie(
        name,
        value,
        domain=latest.get("domain", "").removeprefix(".").lower(),
        path=path if path.startswith("/") else "",
        expires=_expiry(latest, now),
        secure="secure" in latest,
        http_only="httponly" in latest,
        same_site=same_site if same_site in {"strict", "lax", "none"} else None,
    )


def _counts(key: str, said: str) -> bool:
    """Whether an attribute takes the place of an earlier one of its name."""
    match key:
        case "max-age":
            return _MAX_AGE_VALUE.fullmatch(said) is not None
        case "expires":
            return parse_cookie_date(said) is not None
        case "domain":
            return said != ""
    return True


def _expiry(attributes: dict[str, str], now: float) -> float | None:
    if (age := attributes.get("max-age")) is not None:
        digits = age.lstrip("-0")
        if age.startswith("-") or not digits:
            return 0.0
        seconds = int(digits) if len(digits) < 10 else MAX_AGE
        return now + min(seconds, MAX_AGE)
    if (date := attributes.get("expires")) is not None:
        moment = parse_cookie_date(date)
        assert moment is not None
        return min(moment, now + MAX_AGE)
    return None


def parse_cookie_date(text: str) -> float | None:
    """Unix time of a date as servers write it (:rfc:`6265` section 5.1.1), or ``None``."""
    time = day = month = year = None
    for token in _DATE_DELIMITERS.split(text):
        if time is None and (found := _TIME.match(token)):
            time = int(found[1]), int(found[2]), int(found[3])
        elif day is None and (found := _DAY.match(token)):
            day = int(found[1])
        elif month is None and token[:3].lower() in _MONTHS:
            month = _MONTHS[token[:3].lower()]
        elif year is None and (found := _YEAR.match(token)):
            year = int(found[1])
    if time is None or day is None or month is None or year is None:
        return None
    if year < 70:
        year += 2000
    elif year < 100:
        year += 1900
    if year < 1601:
        return None
    try:
        moment = dt.datetime(year, month, day, *time, tzinfo=dt.UTC)
    except ValueError:
        return None
    return float(calendar.timegm(moment.timetuple()))
