"""Answers by the thousand, their bytes, and what engines make of them."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import strategies as st

from trio_helianthus.errors import RedisError, RemoteProtocolError, redis_error
from trio_helianthus.wire import END_OF_STREAM, NEED_DATA, resp

ENGINES = (resp.Engine.OWN, resp.Engine.HIREDIS)

_integers = st.integers(-(2**63), 2**63 - 1)
_doubles = st.floats(allow_nan=True, allow_infinity=True)
_texts = st.binary(max_size=40)
_lines = st.text(st.characters(codec="ascii", exclude_characters="\r\n"), max_size=30)
_errors = _lines.map(lambda text: redis_error(f"ERR {text}"))
_leaves = st.one_of(_integers, _doubles, _texts, _lines, _errors, st.booleans(), st.none())
_keys = st.one_of(_integers, _texts)  # hiredis mixes a map up that has a key twice
answers = st.recursive(
    _leaves,
    lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(_keys, inner, max_size=4)),
    max_leaves=20,
)
"""Whatever a server may answer."""
conversations = st.lists(
    st.one_of(answers, st.lists(answers, min_size=1, max_size=4).map(resp.Push)), max_size=6
)
"""Answers, and pushes between them."""


def shown(event: Any) -> Any:
    """What can be compared: errors by what they say, numbers by how they look."""
    match event:
        case RedisError():
            return ("error", type(event).__name__, str(event), event.code)
        case resp.Push():
            return ("push", [shown(each) for each in event])
        case list():
            return [shown(each) for each in event]
        case dict():
            return [(shown(key), shown(value)) for key, value in event.items()]
        case float() if math.isnan(event):
            return "not a number"
        case bool() | int() | float():
            return (type(event).__name__, event)
    return event


def play(
    engine: resp.Engine,
    pieces: Iterable[bytes],
    *,
    limits: resp.Limits = resp.DEFAULT_LIMITS,
    in_batches: bool = False,
) -> tuple[list[Any], str]:
    """Hand over the pieces and the end; return the events, and how it ended."""
    connection = resp.client_connection(limits=limits, engine=engine)
    events: list[Any] = []

    def take() -> bool:
        while True:
            batch = connection.next_events() if in_batches else [connection.next_event()]
            for event in batch:
                if event is NEED_DATA or event is END_OF_STREAM:
                    return event is END_OF_STREAM
                events.append(shown(event))
            if not batch:
                return False

    try:
        for piece in pieces:
            connection.receive_data(piece)
            take()
        connection.receive_eof()
        in_batches = False
        ended = take()
    except RemoteProtocolError as exc:
        refusal = type(exc)
    else:
        assert ended
        return events, "end"
    with pytest.raises(refusal):
        connection.next_event()
    return events, refusal.__name__


def cut(data: bytes, chance: random.Random, *, pieces: int = 4) -> list[bytes]:
    """Cut bytes at some places."""
    places = sorted(chance.randrange(len(data) + 1) for _ in range(pieces - 1))
    return [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]


def one_by_one(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]
