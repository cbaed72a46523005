"""What signatures and docstrings promise: each option is sent, and each mistake refused."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from tests.redis._recording import RecordingClient, as_words
from tests.redis._samples import sample_arguments
from trio_helianthus.redis._commands import ConnectionCommands
from trio_helianthus.redis._values import Value

METHODS = {
    name: inspect.signature(method)
    for name, method in inspect.getmembers(ConnectionCommands, inspect.isfunction)
    if not name.startswith("_")
}
COUNTED = {"count": 3}
# What options need beside them; by method and option, or by option.
NEEDS: dict[str, dict[str, Any]] = {
    "any": COUNTED,
    "hrandfield.withvalues": COUNTED,
    "zrandmember.withscores": COUNTED,
    "zrange.offset": {"num": 3, "byscore": True},
    "zrange.num": {"offset": 3, "byscore": True},
    "zrangestore.offset": {"num": 3, "byscore": True},
    "zrangestore.num": {"offset": 3, "byscore": True},
    "start": {"num": 3, "end": 3},
    "num": {"start": 3},
    "end": {"start": 3},
    "substr.end": {},
    "mode": {"start": 3, "end": 3},
    "approximate": {"maxlen": 3},
    "limit": {"maxlen": 3},
    "sintercard.limit": {},
    "zintercard.limit": {},
    "cluster_slot_stats.limit": {"orderby": "key-count", "slots": None},
    "cluster_slot_stats.desc": {"orderby": "key-count", "slots": None},
    "cluster_slot_stats.orderby": {"slots": None},
    "xinfo_stream.count": {"full": True},
    "username": {"auth": "p"},
    "auth.username": {},
    "failover.host": {"port": 3},
    "failover.port": {"host": "h"},
    "failover.force": {"host": "h", "port": 3, "timeout": 3},
    "replicaof.host": {"port": 3},
    "replicaof.port": {"host": "h"},
    "slaveof.host": {"port": 3},
    "slaveof.port": {"host": "h"},
    "key": {"value": "v"},
    "value": {"key": "f"},
    "geosearch.width": {"radius": None, "height": 3},
    "geosearch.height": {"radius": None, "width": 3},
    "geosearch.longitude": {"member": None, "latitude": 3},
    "geosearch.latitude": {"member": None, "longitude": 3},
    "geosearchstore.width": {"radius": None, "height": 3},
    "geosearchstore.height": {"radius": None, "width": 3},
    "geosearchstore.longitude": {"member": None, "latitude": 3},
    "geosearchstore.latitude": {"member": None, "longitude": 3},
    "zmpop.max": {"min": False},
    "bzmpop.max": {"min": False},
    "xtrim.minid": {"maxlen": None},
    "module_loadex.args": {},
}


def sample_of(kind: str, default: Any = None) -> Any:
    """Return a value of a type that is neither its default nor among the sample arguments."""
    kind = kind.removesuffix(" | None")
    if kind.startswith("Literal"):
        return next(word for word in kind.split("'")[1::2] if word != default)
    if kind == "Iterable[int]":
        return [77]
    if kind.startswith("tuple[int"):
        return (77, 78)
    if kind.startswith("Iterable[tuple"):
        return [("u2", 77)]
    if kind.startswith("Mapping"):
        return {"x77": "v77"}
    if kind in {"Iterable[Value]", "Iterable[Key]"}:
        return ["x77", "y77"]
    return {"int": 77, "float": 77.5, "Duration": 77, "Moment": 77}.get(kind, "x77")


def options() -> Iterator[tuple[str, str]]:
    for name, signature in METHODS.items():
        for parameter in signature.parameters.values():
            has_default = parameter.default is not parameter.empty
            is_ours = parameter.name in {"timeout", "token"} and parameter.default is None
            if has_default and not is_ours and (name, parameter.name) != ("info", "section"):
                yield name, parameter.name


async def sent(name: str, args: list[Any], given: dict[str, Any]) -> tuple[Value, ...]:
    client = RecordingClient()
    await getattr(client, name)(*args, **given)
    ((_, request),) = client.sent
    return request


@pytest.mark.parametrize(("name", "option"), list(options()))
async def test_each_option_is_sent(name: str, option: str) -> None:
    args, given = sample_arguments(name)
    parameter = METHODS[name].parameters[option]
    kind = str(parameter.annotation)
    if kind.startswith("bool"):
        value: Any = not parameter.default
    elif option == "timeout":
        value = 77
    else:
        value = sample_of(kind, parameter.default)
    needed = NEEDS.get(f"{name}.{option}", NEEDS.get(option, {}))
    known = METHODS[name].parameters
    given |= {each: needed[each] for each in needed if each in known}
    given.pop(option, None)
    without = None
    try:
        without = await sent(name, args, given)
    except ValueError:
        pass  # it is needed, too
    request = await sent(name, args, {**given, option: value})
    assert request != without
    if not kind.startswith("bool"):
        words = as_words(request)
        for each in flat(value):
            assert str(each).upper() in [word.upper() for word in words]


def flat(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        value = list(value.items())
    if isinstance(value, (list, tuple)):
        for each in value:
            yield from flat(each)
    else:
        yield value


NAMES = re.compile(r"``(\w+)``")


def clauses() -> Iterator[tuple[str, str]]:
    """Go through what each docstring says that is refused."""
    for name in METHODS:
        docs = " ".join((inspect.getdoc(getattr(ConnectionCommands, name)) or "").split())
        said = re.search(r":raises ValueError: (.*?)\.(?= :|$)", docs)
        if said is not None:
            for clause in said[1].split("; "):
                yield name, clause


def mistakes(name: str, clause: str) -> Iterator[tuple[list[Any], dict[str, Any]]]:
    """Make the calls that a clause is about, where it says enough."""
    args, given = sample_arguments(name)
    parameters = METHODS[name].parameters
    names = NAMES.findall(clause)
    positional = [
        each.name
        for each in parameters.values()
        if each.name != "self" and each.kind is each.POSITIONAL_OR_KEYWORD
    ]

    def but(**changed: Any) -> tuple[list[Any], dict[str, Any]]:
        new, more = list(args), {**given}
        for each, value in changed.items():
            if each in positional and positional.index(each) < len(new):
                new[positional.index(each)] = value
            else:
                more[each] = value
        return new, more

    def good(option: str) -> Any:
        kind = str(parameters[option].annotation)
        return True if kind == "bool" else sample_of(kind)

    match clause:
        case _ if clause.endswith("is empty"):
            kind = str(parameters[names[0]].annotation)
            new, more = but(**{names[0]: {} if kind.startswith("Mapping") else []})
            yield (new[:-1] if "args" in parameters else new), more
        case _ if clause.startswith("there are no ``") and names[0] in parameters:
            if parameters[names[0]].kind is inspect.Parameter.VAR_POSITIONAL:
                required = [
                    each
                    for each in positional
                    if parameters[each].default is parameters[each].empty
                ]
                yield args[: len(required)], given
        case _ if clause.startswith("there are both"):
            yield but(**{each: good(each) for each in names})
        case _ if clause.startswith("there are several of"):
            for at, first in enumerate(names):
                for second in names[at + 1 :]:
                    yield but(**{first: good(first), second: good(second)})
        case _ if clause.endswith("with another condition"):
            for other in ("xx", "gt", "lt"):
                yield but(nx=True, **{other: True})
        case _ if clause.endswith("is negative"):
            yield but(**{names[0]: -1})
        case _ if "is less than" in clause:
            yield but(**{names[0]: int(clause.rsplit(maxsplit=1)[-1]) - 1})
        case _ if clause.endswith("is none of these"):
            yield but(**{names[0]: "nonsense"})
        case _ if clause.endswith("has no time zone"):
            yield but(**{names[0]: datetime(2030, 1, 1)})  # noqa: DTZ001
        case _ if "without ``" in clause and len(names) >= 2 and "or the other way" in clause:
            yield but(**{names[0]: good(names[0])})
            yield but(**{names[1]: good(names[1])})
        case _ if clause.startswith("there is ``") and "without ``" in clause:
            yield but(
                **{names[0]: good(names[0])},
                **({"approximate": False} if "approximate" in names else {}),
            )


MISTAKES = [
    (name, clause) for name, clause in clauses() if next(mistakes(name, clause), None) is not None
]


@pytest.mark.parametrize(("name", "clause"), MISTAKES)
async def test_each_mistake_is_refused(name: str, clause: str) -> None:
    for args, given in mistakes(name, clause):
        with pytest.raises(ValueError):
            await sent(name, args, given)


def test_most_of_what_is_said_of_mistakes_is_tried() -> None:
    assert len(MISTAKES) > 0.85 * len(list(clauses()))
