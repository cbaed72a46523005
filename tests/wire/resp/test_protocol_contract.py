"""Both sides of RESP keep the contract of wire protocols, with sense and with junk."""

from __future__ import annotations

from typing import Any

import pytest

from tests.wire.resp._answers import ENGINES, shown
from trio_helianthus.wire import END_OF_STREAM, resp

pytest.importorskip("hiredis", reason="the other engine")

ANSWERS = (
    b"+OK\r\n+OK\r\n:1\r\n:1\r\n-ERR no\r\n-ERR no\r\n$5\r\nhello\r\n"
    b"*2\r\n:1\r\n%1\r\n+a\r\n,nan\r\n>2\r\n+message\r\n_\r\n#t\r\n=7\r\ntxt:abc\r\n(123\r\n"
    b"_\r\n_\r\n_\r\n*0\r\n"
)
LOOKALIKE = b"\r\n*99999\r\n$77777\r\n|1\r\n>1234567\r\n:1*1234\r\n" * 3
STORED = b"*2\r\n$%d\r\n%b\r\n:1\r\n" % (len(LOOKALIKE), LOOKALIKE)
LONG = b"$10500\r\n%b\r\n" % (LOOKALIKE * 100)[:10_500]
COMMANDS = (
    b"*2\r\n$3\r\nGET\r\n$1\r\na\r\nPING\r\nPING\r\n\r\n*2\r\n$4\r\nECHO\r\n$3\r\n\r\n*\r\n*0\r\n"
    b"SET a 'b c'\n" * 2
)


class _Comparable:
    """A client whose events can be compared: errors, and what is not equal to itself."""

    def __init__(self, engine: resp.Engine) -> None:
        self._connection = resp.client_connection(engine=engine)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def next_event(self) -> Any:
        return shown(self._connection.next_event())


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("data", "events"),
    [(ANSWERS, 17), (STORED, 2), (ANSWERS + STORED, 18), (b"", 1)],
    ids=["answers", "stored", "both", "nothing"],
)
def test_a_client_keeps_the_contract(
    engine: resp.Engine, data: bytes, events: int, check_protocol: Any
) -> None:
    transcript = check_protocol(lambda: _Comparable(engine), data, cuts=[9, 40], mutations=200)
    assert not transcript.refused
    assert transcript.trailing == b""
    assert len(transcript.events) == events
    assert transcript.events[-1] is END_OF_STREAM


@pytest.mark.parametrize("engine", ENGINES)
def test_long_strings_keep_the_contract(engine: resp.Engine, check_protocol: Any) -> None:
    transcript = check_protocol(
        lambda: _Comparable(engine),
        b":1\r\n" + LONG + LONG + b":2\r\n",
        cuts=[1, 4, 11, 5000, 10_515, 10_516],
        mutations=5,
    )
    assert len(transcript.events) == 5


def test_a_server_keeps_the_contract(check_protocol: Any) -> None:
    transcript = check_protocol(resp.server_connection, COMMANDS, cuts=[3, 30], mutations=300)
    assert not transcript.refused
    assert transcript.events[:4] == ([b"GET", b"a"], [b"PING"], [b"PING"], [b"ECHO", b"\r\n*"])
    assert transcript.events[-1] is END_OF_STREAM
