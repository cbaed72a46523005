"""The words that tables describe arguments with: each returns a :class:`Shape`."""

from __future__ import annotations

from .shapes import Declared, Shape

__all__ = [
    "check",
    "choice",
    "chosen_option",
    "exclusive",
    "flag",
    "integer",
    "key",
    "listed",
    "many",
    "mapping",
    "moment",
    "number",
    "one_or_more",
    "option",
    "options",
    "plain",
    "text",
    "time_span",
    "together",
    "value",
    "word",
    "written",
]


def _docs(name: str, doc: str) -> tuple[tuple[str, str], ...]:
    return ((name, doc),) if doc else ()


def plain(name: str, kind: str, doc: str = "", *, default: str | None = None) -> Shape:
    """An argument that is sent as it is."""
    return Shape((Declared(name, kind, default),), parts=(name,), docs=_docs(name, doc))


def key(name: str = "name", doc: str = "", *, default: str | None = None) -> Shape:
    """A key, a channel, a pattern or a name."""
    return plain(name, "Key", doc, default=default)


def value(name: str = "value", doc: str = "", *, default: str | None = None) -> Shape:
    """Any text, bytes or number."""
    return plain(name, "Value", doc, default=default)


def text(name: str, doc: str = "", *, default: str | None = None) -> Shape:
    """A text that is no data, such as a user's name."""
    return plain(name, "str", doc, default=default)


def integer(
    name: str, doc: str = "", *, default: str | None = None, least: int | None = None
) -> Shape:
    """A whole number."""
    prepare = () if least is None else (f'at_least("{name}", {name}, {least})',)
    return Shape(
        (Declared(name, "int", default),),
        prepare=prepare,
        parts=(name,),
        docs=_docs(name, doc),
        mistakes=() if least is None else (_too_small(name, least),),
    )


def _too_small(name: str, least: float) -> str:
    return f"``{name}`` is negative" if not least else f"``{name}`` is less than {least}"


def number(name: str, doc: str = "", *, default: str | None = None) -> Shape:
    """A number."""
    return plain(name, "float", doc, default=default)


def word(*words: str) -> Shape:
    """Words that stand there always."""
    return Shape(parts=tuple(f'b"{each}"' for each in words))


def written(code: str) -> Shape:
    """What is on the wire, as code."""
    return Shape(parts=(code,))


def check(condition: str, message: str, mistake: str) -> Shape:
    """A condition that must not hold."""
    return Shape(
        prepare=(f'if {condition}:\n    raise ValueError("{message}")',),
        mistakes=(mistake,),
    )


def many(name: str, kind: str = "Key", doc: str = "", *, least: int = 1) -> Shape:
    """Arguments that are given one by one: ``*names``."""
    message = f"no {name}: give one at least"
    prepare = (f'if not {name}:\n    raise ValueError("{message}")',) if least else ()
    return Shape(
        (Declared(name, kind, kind="star"),),
        prepare=prepare,
        parts=(f"*{name}",),
        docs=_docs(name, doc),
        mistakes=(f"there are no ``{name}``",) if least else (),
    )


def listed(name: str, kind: str = "Key", doc: str = "", *, is_counted: bool = False) -> Shape:
    """A list, of which there has to be something; its length may stand before it."""
    return Shape(
        (Declared(name, f"Iterable[{kind}]"),),
        prepare=(f'listed = several("{name}", {name})',),
        parts=("len(listed)", "*listed") if is_counted else ("*listed",),
        docs=_docs(name, doc),
        mistakes=(f"``{name}`` is empty",),
    )


def one_or_more(
    name: str = "keys", kind: str = "Key", doc: str = "", *, is_alone: bool = False
) -> Shape:
    """``keys, *args``: one by one, or as a list.

    :param is_alone: there is no ``*args``: one, or a list.
    """
    others = () if is_alone else (Declared("args", kind, kind="star"),)
    return Shape(
        (Declared(name, f"{kind} | Iterable[{kind}]"), *others),
        prepare=(f'listed = one_or_several("{name}", {name}{"" if is_alone else ", args"})',),
        parts=("*listed",),
        docs=_docs(name, doc or ("one, or a list." if is_alone else "one by one, or one list.")),
        mistakes=(f"``{name}`` is empty",),
    )


def mapping(name: str, kinds: str, doc: str = "", *, by: str = "pairs_of") -> Shape:
    """A mapping, whose keys and values are sent by turns."""
    return Shape(
        (Declared(name, f"Mapping[{kinds}]"),),
        prepare=(f'pairs = {by}("{name}", {name})',),
        parts=("*pairs",),
        docs=_docs(name, doc),
        mistakes=(f"``{name}`` is empty",),
    )


def flag(name: str, token: str = "", doc: str = "") -> Shape:
    """A word that stands there, or not."""
    return Shape(
        (Declared(name, "bool", "False", "named"),),
        append=(f'if {name}:\n    request.append(b"{token or name.upper()}")',),
        docs=_docs(name, doc),
    )


def option(
    name: str,
    token: str,
    kind: str = "int",
    doc: str = "",
    *,
    least: int | None = None,
    convert: str = "",
) -> Shape:
    """A word and an argument behind it, or neither."""
    sent = f"{convert}({name})" if convert else name
    checked = "" if least is None else f'\n    at_least("{name}", {name}, {least})'
    words = f'b"{token}", ' if token else ""
    add = f"request += ({words}{sent})" if token else f"request.append({sent})"
    return Shape(
        (Declared(name, f"{kind} | None", "None"),),
        append=(f"if {name} is not None:{checked}\n    {add}",),
        docs=_docs(name, doc),
        mistakes=() if least is None else (_too_small(name, least),),
    )


def options(name: str, token: str, kind: str = "Key", doc: str = "", *, each: bool = True) -> Shape:
    """A list of arguments with a word before each of them, or once before all; or none."""
    if each:
        add = f'for each in several("{name}", {name}):\n        request += (b"{token}", each)'
    else:
        add = f'request += (b"{token}", *several("{name}", {name}))'
    return Shape(
        (Declared(name, f"Iterable[{kind}] | None", "None"),),
        append=(f"if {name} is not None:\n    {add}",),
        docs=_docs(name, doc),
        mistakes=(f"``{name}`` is empty",),
    )


def _quoted(words: tuple[str, ...]) -> str:
    return ", ".join(f'"{each}"' for each in words)


def _literal(words: tuple[str, ...]) -> str:
    return f"Literal[{_quoted(words)}]"


def _one_of(name: str, words: tuple[str, ...]) -> str:
    return f'word_of("{name}", {name}, ({_quoted(tuple(each.upper() for each in words))}))'


def choice(name: str, *words: str, doc: str = "", default: str | None = None) -> Shape:
    """One of several words."""
    return Shape(
        (Declared(name, _literal(words), default),),
        prepare=(f"chosen_{name} = {_one_of(name, words)}",),
        parts=(f"chosen_{name}",),
        docs=_docs(name, doc),
        mistakes=(f"``{name}`` is none of these",),
    )


def chosen_option(name: str, *words: str, before: str = "", doc: str = "") -> Shape:
    """One of several words, or none of them; a word may stand before it."""
    found = _one_of(name, words)
    add = f'request += (b"{before}", {found})' if before else f"request.append({found})"
    return Shape(
        (Declared(name, f"{_literal(words)} | None", "None"),),
        append=(f"if {name} is not None:\n    {add}",),
        docs=_docs(name, doc),
        mistakes=(f"``{name}`` is none of these",),
    )


def time_span(name: str, unit: str, doc: str = "") -> Shape:
    """A time span in ``seconds`` or ``milliseconds``."""
    return Shape(
        (Declared(name, "Duration"),),
        prepare=(f"span = {unit}({name})",),
        parts=("span",),
        docs=_docs(name, doc or f"{unit.removeprefix('as_')}, or a ``timedelta``."),
    )


def moment(name: str, unit: str, doc: str = "") -> Shape:
    """A point in time, in ``unix_seconds`` or ``unix_milliseconds``."""
    units = unit.removeprefix("unix_")
    return Shape(
        (Declared(name, "Moment"),),
        prepare=(f"moment = {unit}({name})",),
        parts=("moment",),
        docs=_docs(name, doc or f"Unix time in {units}, or a ``datetime`` with a time zone."),
        mistakes=(f"``{name}`` has no time zone",),
    )


def exclusive(*names: str, flags: tuple[str, ...] = ()) -> Shape:
    """Options of which there may be one at most; those that are flags are named again."""
    tests = [each if each in flags else f"{each} is not None" for each in names]
    if len(names) == 2:
        condition = " and ".join(tests)
        said = f"{names[0]} and {names[1]} exclude each other"
        mistake = f"there are both ``{names[0]}`` and ``{names[1]}``"
    else:
        sums = [each if each in flags else f"({each} is not None)" for each in names]
        condition = " + ".join(sums) + " > 1"
        said = f"{', '.join(names)} exclude each other"
        mistake = "there are several of " + ", ".join(f"``{each}``" for each in names)
    return Shape(prepare=(f'if {condition}:\n    raise ValueError("{said}")',), mistakes=(mistake,))


def together(first: str, second: str) -> Shape:
    """Two options that need each other."""
    said = f"{first} and {second} go together"
    code = f'if ({first} is None) != ({second} is None):\n    raise ValueError("{said}")'
    return Shape(
        prepare=(code,),
        mistakes=(f"there is ``{first}`` without ``{second}``, or the other way round",),
    )
