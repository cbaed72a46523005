"""What is said of a method."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .layout import docstring
from .rules import INSTEAD

if TYPE_CHECKING:
    from .methods import Method

__all__ = ["method_docs", "one_line"]


def method_docs(method: Method, indent: int) -> list[str]:
    """Return the lines of the docstring of a client's method."""
    paragraphs = [method.summary]
    if method.command in INSTEAD:
        paragraphs.append(f"It is deprecated: use {INSTEAD[method.command]}.")
    if method.details:
        paragraphs.append(method.details)
    docs = {name: doc for shape in method.shapes for name, doc in shape.docs}
    fields = [
        f":param {each.name}: {docs[each.name]}" for each in method.declared if each.name in docs
    ]
    if method.returns.doc:
        fields.append(f":returns: {method.returns.doc}")
    mistakes = list(dict.fromkeys(each for shape in method.shapes for each in shape.mistakes))
    if mistakes:
        fields.append(f":raises ValueError: {'; '.join(mistakes)}.")
    fields += [f":raises {name}: {doc}" for name, doc in method.raises]
    return docstring(paragraphs, fields, indent)


def one_line(method: Method) -> str:
    """Return what a table says of it."""
    return method.summary.partition(". ")[0].removesuffix(".") + "."
