"""Writes ``_requests``: functions from Python arguments to what is on the wire."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from .files import from_import, imports_for_types, python_file, shadowing, typing_names
from .layout import Bracketed, indented, laid_out
from .signatures import request_tuple, signature

if TYPE_CHECKING:
    from .methods import Group, Method

__all__ = ["request_file"]

_CHECKS: Final = (
    "as_milliseconds",
    "as_seconds",
    "at_least",
    "block_seconds",
    "fields_of",
    "numbered",
    "one_or_several",
    "pairs_of",
    "scores_of",
    "several",
    "unix_milliseconds",
    "unix_seconds",
    "weighted",
    "word_of",
)


def request_file(group: Group) -> str | None:
    """Return the file of a group, or ``None`` if all its requests are plain tuples."""
    methods = [method for method in group.methods if not method.is_inline]
    if not methods:
        return None
    body: list[str] = []
    for method in methods:
        body += ["", "", *_function(method)]
    code = "\n".join(body)
    imports = []
    names = [*typing_names(code), "TYPE_CHECKING"]
    imports += [*from_import("typing", names), ""]
    checks = [name for name in _CHECKS if re.search(rf"\b{name}\(", code)]
    if checks:
        imports += [*from_import(".._arguments", checks), ""]
    imports += imports_for_types(code)
    while imports and not imports[-1]:
        imports.pop()
    return python_file(
        f"{group.title}: what commands are on the wire.", imports, body, noqa=shadowing(code)
    )


def _function(method: Method) -> list[str]:
    lines = laid_out(signature(f"def {method.method}", method.declared, "tuple[Value, ...]"), 0)
    lines.append(f'    """Return the request of ``{method.command}``."""')
    for shape in method.shapes:
        for statement in shape.prepare:
            lines += indented(statement, 4)
    if not any(shape.append for shape in method.shapes):
        whole = request_tuple(method)
        return [*lines, *laid_out(Bracketed("return (", whole.items, ")"), 4)]
    return [*lines, *_growing(method), "    return tuple(request)"]


def _growing(method: Method) -> list[str]:
    """Return the statements that make a request bit by bit."""
    lines: list[str] = []
    parts = [f'b"{word}"' for word in method.command.split()]
    has_begun = False
    for shape in [*method.shapes, None]:
        if shape is not None:
            parts += shape.parts
            if not shape.append:
                continue
        if not has_begun:
            lines += laid_out(Bracketed("request: list[Value] = [", parts, "]"), 4)
            has_begun = True
        elif len(parts) == 1 and not parts[0].startswith("*"):
            lines.append(f"    request.append({parts[0]})")
        elif parts:
            lines += laid_out(Bracketed("request += (", parts, ")"), 4)
        parts = []
        if shape is not None:
            for statement in shape.append:
                lines += indented(statement, 4)
    return lines
