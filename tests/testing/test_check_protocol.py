"""A protocol that keeps its contract passes, and each rule has one that breaks it."""

from __future__ import annotations

import random
import re
from collections import deque
from typing import Any

import pytest

from trio_helianthus.errors import LocalProtocolError, RemoteProtocolError
from trio_helianthus.testing import ProtocolCheckError, Transcript, check_protocol
from trio_helianthus.testing._check_protocol import cut, damage
from trio_helianthus.wire import NEED_DATA, NeedData
from trio_helianthus.wire.http1 import Data, Event, server_connection

END = "the end"


class Numbers:
    """Reads ``b"12;7;"`` as the numbers 12 and 7, strictly."""

    def __init__(self) -> None:
        self._received = b""
        self._ended = False
        self._refused = False

    def receive_data(self, data: bytes, /) -> None:
        if self._ended:
            raise LocalProtocolError("the stream has ended")
        self._received += data

    def receive_eof(self) -> None:
        self._ended = True

    def next_event(self) -> int | str | NeedData:
        number, semicolon, rest = self._received.partition(b";")
        if self._refused or re.search(rb"[^0-9]", number) or len(number) > 9:
            raise self._refuse()
        if not semicolon:
            return NEED_DATA if not self._ended else self._end()
        if not number:
            raise self._refuse()
        self._received = rest
        return int(number)

    def _end(self) -> str:
        if self._received:
            raise self._refuse()
        return END

    def _refuse(self) -> RemoteProtocolError:
        self._refused = True
        return RemoteProtocolError("this is no number")

    def send(self, event: int | str, /) -> bytes:
        return b"%d;" % event if isinstance(event, int) else b""

    @property
    def buffered(self) -> int:
        return len(self._received)

    @property
    def trailing_data(self) -> tuple[bytes, bool]:
        return self._received, self._ended


def broken(**methods: Any) -> type[Numbers]:
    return type("Broken", (Numbers,), methods)


# ---------------------------------------------------------------- what is right


def test_the_transcript_tells_what_came_out() -> None:
    assert check_protocol(Numbers, b"1;22;333;") == Transcript((1, 22, 333, END), False, b"")
    assert check_protocol(Numbers, b"1;x;") == Transcript((1,), True, b"")
    assert check_protocol(Numbers, b"1;2") == Transcript((1,), True, b"")
    assert check_protocol(Numbers, b"") == Transcript((END,), False, b"")


def test_the_same_event_twice_is_two_events() -> None:
    assert check_protocol(Numbers, b"5;5;5;").events == (5, 5, 5, END)


def test_equal_events_may_be_parsed_in_one_go() -> None:
    class Ahead(Numbers):
        """Parses all that there is when it is asked for one."""

        def __init__(self) -> None:
            super().__init__()
            self._parsed: deque[int | str | NeedData | RemoteProtocolError] = deque()

        def next_event(self) -> int | str | NeedData:
            while not self._parsed or isinstance(self._parsed[-1], int):
                try:
                    self._parsed.append(super().next_event())
                except RemoteProtocolError as exc:
                    self._parsed.append(exc)
            event = self._parsed.popleft()
            if isinstance(event, RemoteProtocolError):
                raise event
            return event

    assert check_protocol(Ahead, b"5;5;5;5;7;7;").events == (5, 5, 5, 5, 7, 7, END)
    assert check_protocol(Ahead, b"5;5;x;") == Transcript((5, 5), True, b"")


def test_a_protocol_may_end_before_its_stream() -> None:
    class UntilZero(Numbers):
        """Ends at a zero, and leaves what is behind it to the next protocol."""

        _over = False

        def next_event(self) -> int | str | NeedData:
            event = END if self._over else super().next_event()
            self._over = self._over or event == 0
            return event

    transcript = check_protocol(UntilZero, b"5;5;0;7;7")
    assert transcript == Transcript((5, 5, 0, END), False, b"7;7")


def test_adjacent_events_are_joined() -> None:
    def add(before: object, after: object) -> int | None:
        return before + after if isinstance(before, int) and isinstance(after, int) else None

    assert check_protocol(Numbers, b"1;2;3;", join=add).events == (6, END)


def test_the_caller_reacts_to_every_event() -> None:
    seen: list[object] = []
    check_protocol(
        Numbers, b"1;2;", react=lambda protocol, event: seen.append(event), random_cuttings=0
    )
    assert seen == [1, 2, END] * 3  # whole, byte by byte, and cut at the places that were given
    with pytest.raises(ZeroDivisionError):
        check_protocol(Numbers, b"1;", react=lambda protocol, event: 1 / 0)


def test_a_protocol_of_ours_passes_with_damaged_requests() -> None:
    request = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"

    def join(before: Event, after: Event) -> Data | None:
        if isinstance(before, Data) and isinstance(after, Data):
            return Data(bytes(before.data) + bytes(after.data))
        return None

    transcript = check_protocol(
        server_connection, request, cuts=[4, 20, 41], join=join, mutations=200
    )
    assert not transcript.refused
    assert len(transcript.events) == 4


# ---------------------------------------------------------------- what is wrong


def receives_whole_numbers_only(self: Numbers, data: bytes, /) -> None:
    Numbers.receive_data(self, data if data.endswith(b";") else b"")


def takes_nothing_for_the_end(self: Numbers, data: bytes, /) -> None:
    Numbers.receive_data(self, data)
    self._ended = not data


def ends_once(self: Numbers) -> None:
    if self._ended:
        raise LocalProtocolError("told twice")
    self._ended = True


def receives_behind_the_end(self: Numbers, data: bytes, /) -> None:
    self._received += data


def breaks_behind_the_end(self: Numbers, data: bytes, /) -> None:
    if self._ended:
        raise KeyError("closed")
    self._received += data


def never_stops(self: Numbers) -> int:
    self._received += b"x"
    return len(self._received)


def refuses_once(self: Numbers) -> Any:
    if self._refused:
        return NEED_DATA
    return Numbers.next_event(self)


def fails_on_junk(self: Numbers) -> Any:
    if self._received and not self._received.isascii():
        raise UnicodeDecodeError("ascii", self._received, 0, 1, "ordinal not in range")
    return Numbers.next_event(self)


SENSE, JUNK = b"1;22;333;", b"1;\xff;"


@pytest.mark.parametrize(
    ("protocol", "data", "complaint"),
    [
        (broken(receive_data=receives_whole_numbers_only), SENSE, "cut otherwise"),
        (broken(receive_data=takes_nothing_for_the_end), SENSE, "the_end raised LocalProtocol"),
        (broken(receive_eof=ends_once), SENSE, "ends_once raised LocalProtocolError"),
        (
            broken(receive_data=receives_behind_the_end),
            SENSE,
            "returned None, not LocalProtocolError",
        ),
        (broken(receive_data=breaks_behind_the_end), SENSE, "raised KeyError: 'closed', not Local"),
        (broken(next_event=never_stops), SENSE, "there is no end of events"),
        (broken(next_event=refuses_once), JUNK, "returned NEED_DATA, not RemoteProtocolError"),
        (broken(next_event=fails_on_junk), JUNK, "raised UnicodeDecodeError"),
        (broken(buffered=7), SENSE, "buffered is 7, trailing_data has 0"),
    ],
)
def test_a_broken_rule_is_found(protocol: type[Numbers], data: bytes, complaint: str) -> None:
    with pytest.raises(ProtocolCheckError, match=complaint):
        check_protocol(protocol, data)


def test_damaged_bytes_find_what_sense_does_not() -> None:
    protocol = broken(next_event=fails_on_junk)
    check_protocol(protocol, SENSE)
    with pytest.raises(ProtocolCheckError, match="raised UnicodeDecodeError") as caught:
        check_protocol(protocol, SENSE, mutations=100)
    assert isinstance(caught.value.__cause__, UnicodeDecodeError)
    bytes_in, events = caught.value.__notes__
    assert bytes_in.startswith("bytes: [b'")
    assert events.startswith("events before: [")


def test_a_difference_shows_both_transcripts() -> None:
    with pytest.raises(ProtocolCheckError) as caught:
        check_protocol(broken(receive_data=receives_whole_numbers_only), b"1;2;", cuts=[1])
    assert [note.partition(":")[0] for note in caught.value.__notes__] == ["whole", "cut"]
    assert isinstance(caught.value, AssertionError)


# ---------------------------------------------------------------- chance


def test_chance_is_repeatable() -> None:
    def pieces_of(seed: int) -> list[bytes]:
        received: list[bytes] = []

        class Recording(Numbers):
            def receive_data(self, data: bytes, /) -> None:
                if not self._ended:
                    received.append(data)
                super().receive_data(data)

        check_protocol(Recording, SENSE, seed=seed, mutations=5)
        return received

    assert pieces_of(1) == pieces_of(1)
    assert pieces_of(1) != pieces_of(2)


def test_pieces_are_all_of_the_bytes() -> None:
    assert cut(b"abcdef", [4, 1, 1]) == [b"a", b"", b"bcd", b"ef"]
    assert cut(b"abc", [5]) == [b"a", b"bc"]
    assert cut(b"", [3]) == [b"", b""]


def test_damage_is_always_done() -> None:
    chance = random.Random(1)
    assert all(damage(chance, SENSE) != SENSE for _ in range(500))
    assert len(damage(chance, b"")) == 1
