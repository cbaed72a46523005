"""What stands in answers and commands: plain Python values, and two types for what has none."""

from __future__ import annotations

from typing import Any, TypeAlias

__all__ = ["Answer", "Argument", "Push"]

Argument: TypeAlias = bytes | bytearray | memoryview | str | int | float
"""What can stand in a command: text goes as UTF-8, numbers as their digits."""

Answer: TypeAlias = Any
"""What an answer becomes.

================================  =========================================================
RESP                              Python
================================  =========================================================
simple, bulk, verbatim string     ``bytes``
number                            ``int``
double                            ``float``
boolean                           ``bool``
null, of any kind                 ``None``
big number                        ``bytes``, its digits
array, set                        ``list``
map                               ``dict``, whose keys are strings, numbers, or anything hashable
error                             a :exc:`~trio_helianthus.errors.RedisError`, as a value
push                              :class:`Push`
================================  =========================================================
"""


class Push(list[Any]):
    """What a server sends unasked, between two answers: a message, an invalidation (RESP3)."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Push({super().__repr__()})"
