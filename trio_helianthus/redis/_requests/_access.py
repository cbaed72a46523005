# Made by scripts/generate_redis_commands.py; changes belong there.
"""Access control: what commands are on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._arguments import at_least

if TYPE_CHECKING:
    from .._values import Value


def acl_cat(category: str | None = None) -> tuple[Value, ...]:
    """Return the request of ``ACL CAT``."""
    request: list[Value] = [b"ACL", b"CAT"]
    if category is not None:
        request.append(category)
    return tuple(request)


def acl_deluser(*username: str) -> tuple[Value, ...]:
    """Return the request of ``ACL DELUSER``."""
    if not username:
        raise ValueError("no username: give one at least")
    return (b"ACL", b"DELUSER", *username)


def acl_dryrun(username: str, *args: Value) -> tuple[Value, ...]:
    """Return the request of ``ACL DRYRUN``."""
    if not args:
        raise ValueError("no args: give one at least")
    return (b"ACL", b"DRYRUN", username, *args)


def acl_genpass(bits: int | None = None) -> tuple[Value, ...]:
    """Return the request of ``ACL GENPASS``."""
    request: list[Value] = [b"ACL", b"GENPASS"]
    if bits is not None:
        at_least("bits", bits, 1)
        request.append(bits)
    return tuple(request)


def acl_log(count: int | None = None) -> tuple[Value, ...]:
    """Return the request of ``ACL LOG``."""
    request: list[Value] = [b"ACL", b"LOG"]
    if count is not None:
        at_least("count", count, 0)
        request.append(count)
    return tuple(request)
