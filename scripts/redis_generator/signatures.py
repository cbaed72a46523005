"""Signatures of functions and methods."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from .layout import Bracketed
from .shapes import Declared

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .methods import Method, Overload

__all__ = ["LIMITS", "overloaded", "parameters", "request_call", "request_tuple", "signature"]

LIMITS = (
    Declared("timeout", "float | None", "None", "named"),
    Declared("token", "CancelToken | None", "None", "named"),
)


def parameters(declared: Sequence[Declared], *, first: str = "") -> list[str]:
    """Return the parameters of a function, with the star before those that have to be named."""
    found = [first] if first else []
    is_named = False
    for each in declared:
        if each.kind == "named" and not is_named:
            found.append("*")
        is_named = is_named or each.kind in {"named", "star"}
        found.append(str(each))
    return found


def signature(
    start: str, declared: Sequence[Declared], returns: str, *, first: str = "", end: str = ":"
) -> Bracketed:
    """Return ``def name(...) -> type:``."""
    return Bracketed(f"{start}(", parameters(declared, first=first), f") -> {returns}{end}")


def overloaded(declared: Sequence[Declared], overload: Overload) -> list[Declared]:
    """Return the parameters as an overload declares them."""
    found: list[Declared] = []
    has_default = is_named = False
    for original in declared:
        each = original
        if each.name in overload.declared:
            kind, equals, default = overload.declared[each.name].partition(" = ")
            each = attrs.evolve(each, type=kind, default=default if equals else None)
        if each.kind == "plain":
            is_named = is_named or (has_default and each.default is None)
            has_default = has_default or each.default is not None
        found.append(
            attrs.evolve(each, kind="named") if is_named and each.kind == "plain" else each
        )
    return found


def request_tuple(method: Method) -> Bracketed:
    """Return a request that is one tuple."""
    items = [f'b"{word}"' for word in method.command.split()]
    items += [part for shape in method.shapes for part in shape.parts]
    return Bracketed("(", items, ")")


def request_call(method: Method) -> Bracketed:
    """Return the call of the function that makes a request."""
    handed_on = [each.handed_on for each in method.declared]
    return Bracketed(f"request.{method.method}(", handed_on, ")")
