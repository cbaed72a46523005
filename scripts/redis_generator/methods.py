"""Methods: a command, its arguments, what it returns, and what is said of it."""

from __future__ import annotations

import re

import attrs

from .returns import Returns
from .shapes import Declared, Shape

__all__ = ["Group", "LeftOut", "Method", "Overload", "Variant", "by_flag", "by_option"]


@attrs.frozen
class Variant:
    """Another constant for the command, where its answer is decoded otherwise."""

    condition: str
    """Of the parameters, as code."""
    suffix: str
    """The constant is called ``<COMMAND>_<SUFFIX>``."""
    decode: str = ""
    flags: tuple[str, ...] = ()
    """Added to the command's flags."""


@attrs.frozen
class Overload:
    """How types depend on each other: parameters that are declared otherwise, and the result."""

    declared: dict[str, str]
    """Type, and default behind ``=``, by name."""
    type: str


@attrs.frozen
class Method:
    """A method of the client."""

    command: str
    shapes: tuple[Shape, ...]
    returns: Returns
    summary: str
    name: str = ""
    variants: tuple[Variant, ...] = ()
    overloads: tuple[Overload, ...] = ()
    details: str = ""
    """Paragraphs behind the summary."""
    instead: tuple[str, str, str] | None = None
    """Condition, command and request, as code: another command that does the same there."""
    has_shortcut: bool = False
    """Most calls give none of its many options: they are spared all that concerns these."""
    is_pipelined: bool = True
    raises: tuple[tuple[str, str], ...] = ()
    ends_connection: bool = False
    """The server closes instead of answering."""

    @property
    def method(self) -> str:
        """Its name."""
        return self.name or re.sub(r"[ -]", "_", self.command.lower())

    @property
    def constant(self) -> str:
        """What the command is called in the table."""
        return constant_of(self.command)

    @property
    def declared(self) -> tuple[Declared, ...]:
        """Its parameters.

        Behind the first that is a flag all are given by name only. Where there is one with a star,
        those that may be left out are given by name, too.
        """
        found: list[Declared] = []
        star: list[Declared] = []
        named: list[Declared] = []
        has_star = any(each.kind == "star" for shape in self.shapes for each in shape.declared)
        for shape in self.shapes:
            is_star = any(each.kind == "star" for each in shape.declared)
            for each in shape.declared:
                if each.kind == "star":
                    star.append(each)
                    continue
                is_optional = has_star and not is_star and each.default is not None
                if each.kind == "named" or is_optional or star or named:
                    named.append(attrs.evolve(each, kind="named"))
                else:
                    found.append(each)
        return (*found, *star, *named)

    @property
    def owns_timeout(self) -> bool:
        """Whether ``timeout`` is an argument of the command."""
        return any(each.name == "timeout" for each in self.declared)

    @property
    def is_inline(self) -> bool:
        """Whether its request is one tuple, and nothing can be wrong."""
        return all(shape.is_inline for shape in self.shapes)

    @property
    def words(self) -> str:
        """How the request begins, as items of a tuple."""
        return ", ".join(f'b"{word}"' for word in self.command.split())


@attrs.frozen
class LeftOut:
    """A command that is no method."""

    command: str
    why: str


@attrs.frozen
class Group:
    """Methods that stand in one file."""

    name: str
    """The file's."""
    title: str
    """A heading: ``"Sorted sets"``."""
    methods: tuple[Method, ...]
    is_stateful: bool = False
    """They change their connection: they are for connections that are lent."""
    left_out: tuple[LeftOut, ...] = ()

    @property
    def class_name(self) -> str:
        """The class that has its methods."""
        return "".join(word.capitalize() for word in self.name.split("_")) + "Commands"

    @property
    def queue_name(self) -> str:
        """The class that has them for pipelines."""
        return "Queued" + self.class_name


def constant_of(command: str) -> str:
    """Return what a command is called in the table."""
    return re.sub(r"[ -]", "_", command)


def by_flag(name: str, without: str, given: str) -> tuple[Overload, ...]:
    """Return the overloads of a method whose result depends on a flag."""
    return (
        Overload({name: "Literal[False] = False"}, without),
        Overload({name: "Literal[True]"}, given),
        Overload({name: "bool"}, f"{without} | {given}".replace(" | None | ", " | ")),
    )


def by_option(name: str, kind: str, without: str, given: str) -> tuple[Overload, ...]:
    """Return the overloads of a method whose result depends on whether an option is given."""
    return (
        Overload({name: "None = None"}, without),
        Overload({name: kind}, given),
    )
