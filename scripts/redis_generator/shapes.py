"""Shapes of arguments: how one is declared in Python, and what it is on the wire."""

from __future__ import annotations

import attrs

__all__ = ["Declared", "Shape"]


@attrs.frozen
class Declared:
    """A parameter of a Python function."""

    name: str
    type: str
    default: str | None = None
    kind: str = "plain"
    """``plain``, ``star`` for ``*name``, or ``named`` for one that is given by its name only."""

    def __str__(self) -> str:
        text = f"{'*' if self.kind == 'star' else ''}{self.name}: {self.type}"
        return text if self.default is None else f"{text} = {self.default}"

    @property
    def handed_on(self) -> str:
        """How a function that has it hands it to another one that has it."""
        if self.kind == "named":
            return f"{self.name}={self.name}"
        return f"*{self.name}" if self.kind == "star" else self.name


@attrs.frozen
class Shape:
    """One or several arguments that belong together."""

    declared: tuple[Declared, ...] = ()
    prepare: tuple[str, ...] = ()
    """Statements that check and convert; they come before anything else."""
    parts: tuple[str, ...] = ()
    """What it is on the wire, as items of a tuple."""
    append: tuple[str, ...] = ()
    """Or statements that add it to the list ``request``, where it depends on something."""
    docs: tuple[tuple[str, str], ...] = ()
    """What is said of each parameter."""
    mistakes: tuple[str, ...] = ()
    """What a caller can get wrong, as clauses: ``"``keys`` is empty"``."""

    @property
    def is_inline(self) -> bool:
        """Whether it is only items of a tuple."""
        return not self.prepare and not self.append

    def says(self, **docs: str) -> Shape:
        """Return the same with docs for its parameters."""
        return attrs.evolve(self, docs=self.docs + tuple(docs.items()))
