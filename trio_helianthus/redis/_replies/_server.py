"""Answers of the commands that steer and look at the server."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import attrs

from ._info import client_info
from ._pairs import in_pairs, named
from ._plain import text, texts

__all__ = [
    "LoggedCommand",
    "Role",
    "access_log",
    "access_rules",
    "event_times",
    "functions",
    "functions_state",
    "latencies",
    "latency_histograms",
    "logged_commands",
    "memory_stats",
    "modules",
    "role",
]

T = TypeVar("T", bytes, str)


@attrs.frozen
class LoggedCommand(Generic[T]):
    """A command that took long, or was large: an entry of ``SLOWLOG`` or ``COMMANDLOG``."""

    id: int
    """Its number in the log."""
    time: int
    """When it ran, as Unix time in seconds."""
    amount: int
    """How long it took in microseconds, or how large it, or its answer, was in bytes."""
    args: list[T]
    """The command with its arguments; long ones are cut."""
    client_address: str = ""
    """Who has sent it."""
    client_name: str = ""
    """The name that the connection has given itself."""


@attrs.frozen
class Role:
    """What a server is in a replication: the answer of ``ROLE``."""

    kind: str
    """``"master"``, ``"slave"`` or ``"sentinel"``."""
    offset: int = 0
    """How far its data has come, in bytes of the replication stream."""
    replicas: list[tuple[str, int, int]] = attrs.Factory(list)
    """Of a primary: host, port and offset of each replica."""
    primary: tuple[str, int] | None = None
    """Of a replica: host and port of its primary."""
    state: str = ""
    """Of a replica: ``"connect"``, ``"connecting"``, ``"sync"`` or ``"connected"``."""
    primaries: list[str] = attrs.Factory(list)
    """Of a sentinel: the names that it watches."""


def logged_commands(answer: Any) -> list[LoggedCommand[Any]]:
    """Return the entries of a log."""
    return [
        LoggedCommand(each[0], each[1], each[2], each[3], *(text(word) for word in each[4:6]))
        for each in answer
    ]


def role(answer: Any) -> Role:
    """Return what a server is."""
    kind = text(answer[0])
    if kind == "master":
        replicas = [(text(host), int(port), int(at)) for host, port, at in answer[2]]
        return Role(kind, answer[1], replicas)
    if kind == "sentinel":
        return Role(kind, primaries=texts(answer[1]))
    _, host, port, state, offset = answer
    return Role(kind, offset, primary=(text(host), int(port)), state=text(state))


def access_rules(answer: Any) -> dict[str, Any] | None:
    """Return what ``ACL GETUSER`` says; ``None`` for a user that there is not."""
    if answer is None:
        return None
    rules = named(answer)
    rules["flags"] = texts(rules["flags"])
    rules["selectors"] = [named(each) for each in rules.get("selectors", ())]
    return rules


def access_log(answer: Any) -> list[dict[str, Any]]:
    """Return the entries of ``ACL LOG``."""
    log = []
    for each in answer:
        entry = named(each)
        entry["age-seconds"] = float(entry["age-seconds"])
        entry["client-info"] = client_info(entry["client-info"])
        log.append(entry)
    return log


def memory_stats(answer: Any) -> dict[str, Any]:
    """Return what ``MEMORY STATS`` says: numbers, and a dict for each database."""
    found: dict[str, Any] = {}
    for name, value in named(answer).items():
        if isinstance(value, (list, dict)):
            found[name] = named(value)
        elif isinstance(value, (bytes, str)):
            found[name] = _number(text(value))
        else:
            found[name] = value
    return found


def _number(value: str) -> float | str:
    try:
        return float(value)
    except ValueError:
        return value


def latencies(answer: Any) -> list[tuple[Any, ...]]:
    """Return what ``LATENCY LATEST`` says."""
    return [tuple(each) for each in answer]


def event_times(answer: Any) -> list[tuple[int, int]]:
    """Return what ``LATENCY HISTORY`` says: times and latencies."""
    return [(at, took) for at, took in answer]


def latency_histograms(answer: Any) -> dict[str, dict[str, Any]]:
    """Return what ``LATENCY HISTOGRAM`` says of each command."""
    found = {}
    for command, numbers in in_pairs(answer):
        histogram = named(numbers)
        histogram["histogram_usec"] = dict(in_pairs(histogram["histogram_usec"]))
        found[text(command)] = histogram
    return found


def functions(answer: Any) -> list[dict[str, Any]]:
    """Return the libraries of ``FUNCTION LIST``, each with its functions."""
    libraries = []
    for each in answer:
        library = named(each)
        library["functions"] = [named(function) for function in library["functions"]]
        for function in library["functions"]:
            function["flags"] = texts(function["flags"])
        libraries.append(library)
    return libraries


def functions_state(answer: Any) -> dict[str, Any]:
    """Return what ``FUNCTION STATS`` says."""
    found = named(answer)
    if found["running_script"] is not None:
        found["running_script"] = named(found["running_script"])
    found["engines"] = {text(name): named(each) for name, each in in_pairs(found["engines"])}
    return found


def modules(answer: Any) -> list[dict[str, Any]]:
    """Return the modules that are loaded."""
    return [named(each) for each in answer]
