"""Points in time as HTTP writes them: strictly read, and written the one way (RFC 9110, 5.6.7)."""

from __future__ import annotations

import re
import time
from calendar import timegm
from email.utils import formatdate
from typing import Final

__all__ = ["format_http_date", "parse_http_date"]

_MONTHS: Final = "janfebmaraprmayjunjulaugsepoctnovdec"
_MONTH: Final = "(?P<month>[A-Za-z]{3})"
_TIME: Final = "(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
_FORMS: Final = (
    re.compile(rf"[A-Za-z]{{3}}, (?P<day>[0-9]{{2}}) {_MONTH} (?P<year>[0-9]{{4}}) {_TIME} GMT"),
    re.compile(rf"[A-Za-z]{{6,9}}, (?P<day>[0-9]{{2}})-{_MONTH}-(?P<year>[0-9]{{2}}) {_TIME} GMT"),
    re.compile(rf"[A-Za-z]{{3}} {_MONTH} (?P<day>[0-9 ][0-9]) {_TIME} (?P<year>[0-9]{{4}})"),
)


def format_http_date(seconds: float) -> str:
    """The date for seconds since 1970."""
    return formatdate(seconds, usegmt=True)


def parse_http_date(text: str) -> int | None:
    """The seconds since 1970; ``None`` for what is no date, which a recipient has to ignore."""
    for form in _FORMS:
        found = form.fullmatch(text)
        if found is not None:
            break
    else:
        return None
    month, too_far = divmod(_MONTHS.find(found["month"].lower()), 3)
    if too_far or month < 0:
        return None
    year = int(found["year"])
    if len(found["year"]) == 2:
        now = time.gmtime().tm_year
        year += now - now % 100
        if year > now + 50:  # as the RFC has it, it was in the last century then
            year -= 100
    day, hour, minute, second = (int(found[part]) for part in ("day", "hour", "minute", "second"))
    if not (1 <= day <= 31 and hour < 24 and minute < 60 and second <= 60 and year >= 1):
        return None
    return timegm((year, month + 1, day, hour, minute, second))
