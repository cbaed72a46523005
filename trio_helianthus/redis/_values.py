"""What the arguments of commands may be."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TypeAlias, TypeVar

__all__ = ["AnyKey", "AnyValue", "Duration", "Key", "Moment", "StreamId", "Value"]

Key: TypeAlias = str | bytes
"""The name of a key, a pattern or a channel: text goes as UTF-8."""

Value: TypeAlias = bytes | bytearray | memoryview | str | int | float
"""What is stored: text goes as UTF-8, numbers as their digits. A ``bool`` is none."""

Duration: TypeAlias = int | timedelta
"""A time span: a number in the unit that the argument says, or a ``timedelta``, rounded up."""

Moment: TypeAlias = int | datetime
"""A point in time: Unix time in the unit that the argument says, or an aware ``datetime``,
rounded up."""

StreamId: TypeAlias = str | bytes | int
"""The ID of an entry of a stream, as ``"1700000000000-0"``, or its first number."""

AnyKey = TypeVar("AnyKey", bound=Key)
AnyValue = TypeVar("AnyValue", bound=Value)
