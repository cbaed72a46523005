"""Arguments for any method, made of what it says of its parameters."""

from __future__ import annotations

import inspect
from typing import Any

from trio_helianthus.redis._bitfield import BitField
from trio_helianthus.redis._commands import ConnectionCommands

SAMPLES: dict[str, Any] = {
    "Key": "k",
    "Value": "v",
    "StreamId": "1-1",
    "str": "s",
    "str | None": "s",
    "str | bytes": "code",
    "bytes": b"b",
    "int": 1,
    "int | str": 1,
    "float": 1.5,
    "float | None": 1.5,
    "float | str": 1.5,
    "Key | float": 1,
    "bool": True,
    "Duration": 5,
    "Moment": 5,
    "Key | Iterable[Key]": ["k", "l"],
    "Value | Iterable[Value]": ["v", "w"],
    "Iterable[Key]": ["k"],
    "Iterable[Value]": ["v"],
    "Iterable[StreamId]": ["1-1"],
    "Iterable[Key] | Mapping[AnyKey, float]": ["k"],
    "Iterable[tuple[float, float]]": [(0, 0), (0, 1), (1, 1)],
    "Iterable[tuple[int, int]]": [(1, 2)],
    "Sequence[Value]": [1, 2, "m"],
    "Mapping[AnyKey, Value]": {"k": "v"},
    "Mapping[AnyKey, StreamId]": {"k": "1-1"},
    "Mapping[AnyValue, Value]": {"f": "v"},
    "Mapping[AnyValue, float]": {"m": 1.5},
    "BitField": BitField().get("u8", 0),
}
# What is needed beyond the parameters that have no default.
NEEDED: dict[str, dict[str, Any]] = {
    "bzmpop": {"min": True},
    "zmpop": {"min": True},
    "client_kill_filter": {"name": "n"},
    "cluster_slot_stats": {"slots": (1, 2)},
    "geosearch": {"member": "m", "radius": 1},
    "geosearchstore": {"member": "m", "radius": 1},
    "hset": {"mapping": {"f": "v"}},
    "hsetex": {"mapping": {"f": "v"}},
    "xtrim": {"maxlen": 1},
}


def sample_arguments(name: str) -> tuple[list[Any], dict[str, Any]]:
    """Make arguments for a method, of the types that it wants."""
    args: list[Any] = []
    given = dict(NEEDED.get(name, {}))
    for parameter in inspect.signature(getattr(ConnectionCommands, name)).parameters.values():
        kind = str(parameter.annotation)
        if parameter.name in {"self", "timeout", "token"} and parameter.default is None:
            continue
        if parameter.kind is parameter.VAR_POSITIONAL:
            args += [SAMPLES[kind]] * (
                2 if name == "cluster_addslotsrange" or "range" in name else 1
            )
        elif parameter.default is parameter.empty and parameter.name != "self":
            value = sample_word(kind) if kind.startswith("Literal") else SAMPLES[kind]
            if parameter.kind is parameter.KEYWORD_ONLY:
                given[parameter.name] = value
            else:
                args.append(value)
    if name == "config_set":
        args = args[:2]
    return args, given


def sample_word(kind: str) -> str:
    return kind.partition("'")[2].partition("'")[0]
