"""Commands that are typed as a line: which words it has."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_helianthus.errors import LocalProtocolError, RemoteProtocolError
from trio_helianthus.wire import NEED_DATA, resp


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"", []),
        (b" \t\v\f\r", []),
        (b"PING", [b"PING"]),
        (b"  SET  a\tb ", [b"SET", b"a", b"b"]),
        (b"a\rb", [b"a", b"b"]),
        (b"a\vb \fc", [b"a\vb", b"c"]),
        (b'SET a "two words"', [b"SET", b"a", b"two words"]),
        (b"SET a 'two words'", [b"SET", b"a", b"two words"]),
        (rb'ECHO "\n\r\t\b\a\x41\"\\\q"', [b"ECHO", b'\n\r\t\b\aA"\\q']),
        (rb'"\x4" "\xZZ" "\xfF"', [b"x4", b"xZZ", b"\xff"]),
        (rb"ECHO 'it\'s \n'", [b"ECHO", rb"it's \n"]),
        (rb"'a\\\'b'", [rb"a\\'b"]),
        (b'ECHO ""', [b"ECHO", b""]),
        (b"ECHO '' ''", [b"ECHO", b"", b""]),
        (b'ECHO pre"fix"', [b"ECHO", b"prefix"]),
        (b"""a"b c"'d e'f""", [b"ab cd ef"]),
        (rb"a\n", [rb"a\n"]),
        (b"\xff\x85\xa0", [b"\xff\x85\xa0"]),
    ],
    ids=repr,
)
def test_a_line_is_split_into_words(line: bytes, words: list[bytes]) -> None:
    assert resp.split_inline(line) == words


@pytest.mark.parametrize(
    "line", [b'"', b"'", b'a "b', b"a 'b", rb'"a\"', rb"'a\'", rb"'\\'", b"\"'", b'a"'], ids=repr
)
def test_a_quote_that_is_not_closed_is_refused(line: bytes) -> None:
    with pytest.raises(RemoteProtocolError, match="quotes"):
        resp.split_inline(line)


@given(st.binary())
def test_any_line_is_split_or_refused(line: bytes) -> None:
    try:
        words = resp.split_inline(line)
    except RemoteProtocolError:
        assert b"'" in line or b'"' in line
    else:
        assert not re.search(rb"[^\s\0]", line) or words


@given(st.lists(st.tuples(st.binary(), st.sampled_from("'\"")), min_size=1))
def test_what_is_quoted_comes_back(words: list[tuple[bytes, str]]) -> None:
    line = b" ".join(quoted(word, quote) for word, quote in words)
    expected = [word for word, _ in words]
    assert resp.split_inline(line) == expected
    if b"\n" not in line:
        connection = resp.server_connection()
        connection.receive_data(line + b"\r\n")
        assert connection.next_event() == expected
        assert connection.next_event() is NEED_DATA


def quoted(word: bytes, quote: str) -> bytes:
    # A backslash in front of a single quote cannot be written in single quotes.
    if quote == "'" and b"\\'" not in word and not word.endswith(b"\\"):
        return b"'" + word.replace(b"'", b"\\'") + b"'"
    return b'"' + b"".join(b"\\x%02x" % byte for byte in word) + b'"'


def test_a_typed_mistake_ends_what_is_read() -> None:
    connection = resp.server_connection()
    connection.receive_data(b"PING\r\nGET 'a\r\nPING\r\n")
    assert connection.next_event() == [b"PING"]
    for _ in range(2):
        with pytest.raises(RemoteProtocolError, match="quotes"):
            connection.next_event()
    connection.receive_eof()
    with pytest.raises(LocalProtocolError):
        connection.receive_data(b"PING\r\n")
