"""Commands as bytes, by hiredis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hiredis import pack_command

from ._encoding import encode_command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._values import Argument

__all__ = ["encode_command_by_hiredis"]

_SAFE: Final[frozenset[type]] = frozenset({bytes, str, float})


def encode_command_by_hiredis(args: Sequence[Argument]) -> bytes:
    """Do what :func:`~trio_helianthus.wire.resp.encode_command` does, in a third of its time."""
    if args.__class__ is tuple and args and (_SAFE.issuperset(map(type, args)) or _are_safe(args)):
        try:
            return pack_command(args)  # type: ignore[no-any-return] # it has no types
        except TypeError:
            pass  # it does not know all that we do, and says less of what it refuses
    return encode_command(args)


def _are_safe(args: Sequence[Argument]) -> bool:
    """Whether hiredis takes them as they are.

    A number of thousands of digits crashes it, and of a memoryview it takes the bytes as they lie
    in memory, steps or not.
    """
    return all(type(arg) in _SAFE or (type(arg) is int and -(2**63) <= arg < 2**64) for arg in args)
