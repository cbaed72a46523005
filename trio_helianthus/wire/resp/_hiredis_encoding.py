"""Commands as bytes, by hiredis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hiredis import pack_command

from ._encoding import encode_command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._values import Argument

__all__ = ["encode_command_by_hiredis"]

# Of a memoryview it takes the bytes as they lie in memory, steps or not.
_TAKEN: Final = frozenset({bytes, str, float})
_NEARLY_TAKEN: Final = _TAKEN | {int}


def encode_command_by_hiredis(args: Sequence[Argument]) -> bytes:
    """Do what :func:`~trio_helianthus.wire.resp.encode_command` does, in half of its time."""
    if args.__class__ is tuple and args:
        for arg in args:
            if arg.__class__ not in _TAKEN:
                break
        else:
            try:
                return pack_command(args)  # type: ignore[no-any-return] # it has no types
            except UnicodeEncodeError:
                return encode_command(args)  # surrogate escapes, which it does not know
        if _NEARLY_TAKEN.issuperset(map(type, args)):
            # It crashes on a number that is too long for Python to make a text of it.
            safe = [b"%d" % arg if arg.__class__ is int else arg for arg in args]
            try:
                return pack_command(tuple(safe))  # type: ignore[arg-type, no-any-return] # as above
            except UnicodeEncodeError:
                pass
    return encode_command(args)
