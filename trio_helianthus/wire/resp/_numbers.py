"""Numbers as RESP writes them, read as strictly as hiredis reads them."""

from __future__ import annotations

import math
import re
from typing import Final

from trio_helianthus.errors import RemoteProtocolError

__all__ = ["read_big_number", "read_double", "read_integer", "read_length"]

_INTEGER: Final = re.compile(rb"0|-?[1-9][0-9]{0,18}")
_DOUBLE: Final = re.compile(
    rb"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e[+-]?[0-9]+)?|-?inf|-?nan", re.IGNORECASE
)
_BIG_NUMBER: Final = re.compile(rb"-?[0-9]+")
_LONGEST_SHOWN: Final = 40
_LONGEST_DOUBLE: Final = 325


def read_integer(line: bytes) -> int:
    """Read 64 bits with a sign, without a plus or zeros in front."""
    if _INTEGER.fullmatch(line) is None or not -(2**63) <= (number := int(line)) < 2**63:
        raise _bad("number", line)
    return number


def read_length(line: bytes) -> int | None:
    """Read a length; ``None`` is the null of RESP2, ``-1``."""
    if line == b"-1":
        return None
    if _INTEGER.fullmatch(line) is None or (length := int(line)) < 0:
        raise _bad("length", line)
    return length


def read_double(line: bytes) -> float:
    """Read a double: digits, maybe a point, maybe an exponent; or infinity, or no number.

    What has too many digits, or is infinite without saying so, is refused.
    """
    if len(line) > _LONGEST_DOUBLE or _DOUBLE.fullmatch(line) is None:
        raise _bad("double", line)
    double = float(line)
    if math.isinf(double) and line[-1:] not in b"fF":
        raise _bad("double", line)
    return double


def read_big_number(line: bytes) -> bytes:
    """Check the digits of a number of any size; they stay digits, as it may be of any size."""
    if _BIG_NUMBER.fullmatch(line) is None:
        raise _bad("big number", line)
    return line


def _bad(what: str, line: bytes) -> RemoteProtocolError:
    return RemoteProtocolError(f"not a {what}: {line[:_LONGEST_SHOWN]!r}")
