"""Names of the keys that a recipe keeps: those of one recipe share a slot of a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._values import Key

__all__ = ["as_text", "bytes_of", "escaped", "plain_key", "tagged_key"]


def tagged_key(prefix: str, name: Key) -> bytes:
    """Return ``prefix{name}``: with whatever prefix, all of one name have one hash slot.

    A name with a tag of its own, such as ``"{user:7}:mail"``, keeps it; ``"{a}"`` and ``"a"`` are
    the same.

    :raises TypeError: the name is neither text nor bytes.
    :raises ValueError: it is empty, or begins with ``}``, which would make an empty tag.
    """
    data = bytes_of(name)
    begin = data.find(b"{")
    if begin >= 0 and data.find(b"}", begin + 1) > begin + 1:
        return prefix.encode() + data
    if data.startswith(b"}"):
        raise ValueError(f"the name must not begin with a brace that closes: {name!r}")
    return b"%b{%b}" % (prefix.encode(), data)


def plain_key(prefix: str, name: Key, key: Key) -> bytes:
    """Return ``prefixname:key``, for a recipe that has one key for each subject.

    A colon in the name is escaped, so that no two pairs have one key.

    :raises TypeError: one of them is neither text nor bytes.
    :raises ValueError: one of them is empty.
    """
    return b"%b%b:%b" % (prefix.encode(), escaped(name), bytes_of(key))


def escaped(name: Key) -> bytes:
    """Return a name in which there is no colon: ``%3A`` stands for it, and ``%25`` for ``%``."""
    return bytes_of(name).replace(b"%", b"%25").replace(b":", b"%3A")


def as_text(name: Key) -> str:
    """Return a name for a person to read."""
    return name.decode(errors="replace") if isinstance(name, bytes) else name


def bytes_of(name: Key) -> bytes:
    """Return a name as bytes.

    :raises TypeError: it is neither text nor bytes.
    :raises ValueError: it is empty.
    """
    if not isinstance(name, (str, bytes)):
        raise TypeError(f"a name is str or bytes, not {type(name).__name__}")
    if not name:
        raise ValueError("a name is not empty")
    return name.encode("utf-8", "surrogateescape") if isinstance(name, str) else name
