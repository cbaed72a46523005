"""The ``Date`` field, made once a second."""

from __future__ import annotations

import time
from email.utils import formatdate

__all__ = ["date_line", "http_date"]

_second = 0
_date = b""
_line = b""


def http_date() -> bytes:
    """The current time as :rfc:`9110` section 5.6.7 writes it."""
    date_line()
    return _date


def date_line() -> bytes:
    """The whole field line; the same object until the second is over."""
    global _second, _date, _line
    now = int(time.time())
    if now != _second:
        _date = formatdate(now, usegmt=True).encode("ascii")
        _line = b"Date: %b\r\n" % _date
        _second = now
    return _line
