"""The ``Date`` field, made once a second."""

from __future__ import annotations

import time
from email.utils import formatdate
from functools import lru_cache

__all__ = ["http_date"]


def http_date() -> bytes:
    """The current time as :rfc:`9110` section 5.6.7 writes it."""
    return _format(int(time.time()))


@lru_cache(maxsize=1)
def _format(second: int) -> bytes:
    return formatdate(second, usegmt=True).encode("ascii")
