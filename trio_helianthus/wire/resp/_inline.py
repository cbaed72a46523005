"""Commands that are typed as a line."""

from __future__ import annotations

import re
from typing import Final

from trio_helianthus.errors import RemoteProtocolError

__all__ = ["split_inline"]

_SPACE: Final = b" \t\r\n\v\f\0"
_WORD: Final = re.compile(
    rb"""(?P<plain>[^\s\0"']*)"""
    rb"""(?:"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>(?:[^'\\]|\\.)*)')?(?=[\s\0]|\Z)""",
    re.DOTALL,
)
_ESCAPE: Final = re.compile(rb"\\(?:x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_LETTERS: Final = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"a": b"\a"}


def split_inline(line: bytes) -> list[bytes]:
    r"""Split a line into words, as ``redis-cli`` does it.

    Words in double quotes have escapes (``\n``, ``\x41``, ``\"``), those in single quotes only
    ``\'``. Behind a closing quote the word ends.

    :raises RemoteProtocolError: a quote is not closed.
    """
    words: list[bytes] = []
    at = 0
    while at < len(line):
        if line[at] in _SPACE:
            at += 1
            continue
        match = _WORD.match(line, at)
        if match is None:
            raise RemoteProtocolError("quotes that are not balanced")
        word = match["plain"]
        if (double := match["double"]) is not None:
            word += _ESCAPE.sub(_unescape, double)
        elif (single := match["single"]) is not None:
            word += single.replace(b"\\'", b"'")
        words.append(word)
        at = match.end()
    return words


def _unescape(match: re.Match[bytes]) -> bytes:
    if match[1] is not None:
        return bytes([int(match[1], 16)])
    return _LETTERS.get(match[2], match[2])
