from __future__ import annotations

import pickle

import pytest

from trio_helianthus.errors import LimitExceeded
from trio_helianthus.wire import NEED_DATA, PAUSED
from trio_helianthus.wire.http1 import (
    DEFAULT_LIMITS,
    EndOfMessage,
    Event,
    Limits,
    MessageTooLarge,
    Request,
    client_connection,
    server_connection,
)

HEAD = b"GET /1234567 HTTP/1.1\r\nHost: a\r\nB: c\r\n\r\n"
CHUNKED = b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
TIGHT = len(CHUNKED)


def events_of(data: bytes, limits: Limits, step: int) -> list[Event]:
    connection = server_connection(limits=limits)
    events = []
    for at in range(0, len(data), step):
        connection.receive_data(data[at : at + step])
        while (event := connection.next_event()) is not NEED_DATA and event is not PAUSED:
            events.append(event)
    return events


@pytest.mark.parametrize("step", [1, 1000])
@pytest.mark.parametrize(
    ("data", "limits", "status"),
    [
        (HEAD, {"max_head_bytes": len(HEAD)}, 431),
        (HEAD, {"max_headers": 2}, 431),
        (HEAD, {"max_target_bytes": 8}, 414),
        (CHUNKED + b"1;ab\r\nx\r\n2;c\r\nxx\r\n0;d\r\n\r\n", {"max_chunk_extension_bytes": 7}, 413),
        (CHUNKED + b"0\r\nA:b\r\nC:d\r\nE:f\r\n\r\n", {"max_headers": 3}, 431),
        (
            CHUNKED + b"0\r\nA: " + b"b" * (TIGHT - 7) + b"\r\n\r\n",
            {"max_head_bytes": TIGHT},
            431,
        ),
    ],
)
def test_what_is_at_a_limit_passes_and_one_more_is_refused(
    data: bytes, limits: dict[str, int], status: int, step: int
) -> None:
    assert isinstance(events_of(data, Limits(**limits), step)[-1], EndOfMessage)
    [(name, limit)] = limits.items()
    with pytest.raises(MessageTooLarge) as refusal:
        events_of(data, Limits(**{name: limit - 1}), step)
    assert refusal.value.status_hint == status
    assert refusal.value.limit_name == name
    assert refusal.value.limit == limit - 1
    assert isinstance(refusal.value, LimitExceeded)


def test_a_start_line_that_never_ends_is_a_target_that_is_too_long() -> None:
    connection = server_connection()
    connection.receive_data(b"GET /" + b"a" * DEFAULT_LIMITS.max_head_bytes)
    with pytest.raises(MessageTooLarge) as refusal:
        connection.next_event()
    assert refusal.value.status_hint == 414


def test_a_chunk_line_that_never_ends_is_refused_before_it_does() -> None:
    connection = server_connection(limits=Limits(max_chunk_extension_bytes=10))
    connection.receive_data(CHUNKED + b"1;" + b"a" * 24)
    assert isinstance(connection.next_event(), Request)
    assert connection.next_event() is NEED_DATA
    connection.receive_data(b"aa")
    with pytest.raises(MessageTooLarge):
        connection.next_event()


def test_a_client_has_limits_too() -> None:
    connection = client_connection(limits=Limits(max_headers=1))
    connection.send(Request("GET", b"/", [(b"Host", b"a")]), EndOfMessage())
    connection.receive_data(b"HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 0\r\n\r\n")
    with pytest.raises(MessageTooLarge):
        connection.next_event()


@pytest.mark.parametrize("name", ["max_head_bytes", "max_headers", "max_target_bytes"])
def test_a_limit_that_lets_nothing_pass_is_a_mistake(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        Limits(**{name: 0})


def test_a_refusal_survives_pickling() -> None:
    refusal = MessageTooLarge("too much", status_hint=431, limit_name="max_headers", limit=3)
    copy = pickle.loads(pickle.dumps(refusal))
    assert (str(copy), copy.status_hint, copy.limit_name, copy.limit) == (
        str(refusal),
        431,
        "max_headers",
        3,
    )
