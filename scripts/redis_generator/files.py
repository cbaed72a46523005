"""What all generated files have: the line that says so, and imports."""

from __future__ import annotations

import builtins
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "MADE_BY",
    "from_import",
    "imports_for_types",
    "python_file",
    "shadowing",
    "typing_names",
]

MADE_BY: Final = "Made by scripts/generate_redis_commands.py; changes belong there."

# Names in annotations, and where they come from.
_STANDARD: Final = {
    "collections.abc": ("Awaitable", "Iterable", "Mapping", "Sequence"),
    "typing": ("Any", "Literal", "Self"),
}
_OURS: Final = {
    "trio_helianthus.core": ("CancelToken",),
    ".._bitfield": ("BitField",),
    ".._replies": (
        "ClusterNode",
        "CommonParts",
        "GeoMember",
        "LoggedCommand",
        "PendingEntry",
        "PendingSummary",
        "Role",
        "SlotRange",
    ),
    ".._values": ("AnyKey", "AnyValue", "Duration", "Key", "Moment", "StreamId", "Value"),
}


def from_import(module: str, names: Iterable[str], indent: int = 0) -> list[str]:
    """Return the lines of an import."""
    ordered = sorted(set(names), key=_import_order)
    whole = " " * indent + f"from {module} import {', '.join(ordered)}"
    if len(whole) <= 100:
        return [whole]
    # isort puts a name in each line, unlike other brackets.
    margin = " " * indent
    return [
        f"{margin}from {module} import (",
        *(f"{margin}    {n}," for n in ordered),
        f"{margin})",
    ]


def _import_order(name: str) -> tuple[int, str]:
    """Constants first, then classes, then the rest."""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[0].isupper() else 2
    return kind, name.replace("_", " ")  # underscores come first


def shadowing(code: str) -> str:
    """Return the comment that lets commands and their arguments be named as built-ins are."""
    names = "|".join(name for name in dir(builtins) if name.islower())
    codes = []
    if re.search(rf"^def ({names})\(", code, re.MULTILINE):
        codes.append("A001")
    if re.search(rf"def \w+\([^)]*\b({names}): ", code):
        codes.append("A002")
    said = "commands and their arguments are named as the server does"
    return f"# ruff: noqa: {', '.join(codes)} - {said}" if codes else ""


def _used(names: Iterable[str], code: str) -> list[str]:
    return [name for name in names if re.search(rf"\b{name}\b", code)]


def imports_for_types(code: str, *, without: Iterable[str] = ()) -> list[str]:
    """Return the imports under ``if TYPE_CHECKING`` that some code needs."""
    standard = [
        from_import(module, found, 4)
        for module, names in _STANDARD.items()
        if module != "typing" and (found := _used(names, code))
    ]
    ours = [
        from_import(module, found, 4)
        for module, names in _OURS.items()
        if module not in without and (found := _used(names, code))
    ]
    absolute = [each for each in ours if not each[0].strip().startswith("from .")]
    relative = [each for each in ours if each[0].strip().startswith("from .")]
    blocks = [[line for each in part for line in each] for part in (standard, absolute, relative)]
    lines: list[str] = []
    for block in blocks:
        if block:
            lines += ([""] if lines else []) + block
    return ["if TYPE_CHECKING:", *lines, ""] if lines else []


def typing_names(code: str) -> list[str]:
    """Return what some code needs of ``typing``."""
    return _used(_STANDARD["typing"], code)


def python_file(docstring: str, imports: list[str], body: list[str], *, noqa: str = "") -> str:
    """Return a file's text."""
    lines = [f"# {MADE_BY}"]
    if noqa:
        lines.append(noqa)
    lines += [f'"""{docstring}"""', "", "from __future__ import annotations", "", *imports]
    text = "\n".join([*lines, *body])
    return re.sub(r"\n+$", "\n", text + "\n")
