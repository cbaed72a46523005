from __future__ import annotations

import pickle

from trio_helianthus.wire import NEED_DATA, PAUSED, NeedData, Paused, WireProtocol
from trio_helianthus.wire.http1 import Event, client_connection, server_connection


def test_the_two_answers_name_themselves() -> None:
    assert repr(NEED_DATA) == "NEED_DATA"
    assert repr(PAUSED) == "PAUSED"


def test_the_two_answers_stay_themselves_when_they_are_copied() -> None:
    assert pickle.loads(pickle.dumps(NEED_DATA)) is NEED_DATA
    assert pickle.loads(pickle.dumps(PAUSED)) is PAUSED


def test_an_answer_narrows_the_type_of_what_came_out() -> None:
    def length(answer: bytes | NeedData | Paused) -> int:
        if answer is NEED_DATA or answer is PAUSED:
            return 0
        return len(answer)

    assert [length(b"four"), length(NEED_DATA), length(PAUSED)] == [4, 0, 0]


def test_http1_is_a_wire_protocol_for_the_type_checker() -> None:
    protocols: list[WireProtocol[Event, Event]] = [server_connection(), client_connection()]
    assert [protocol.next_event() for protocol in protocols] == [NEED_DATA, NEED_DATA]
