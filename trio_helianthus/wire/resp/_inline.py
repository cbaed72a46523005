"""Commands that are typed as a line."""

from __future__ import annotations

import re
from typing import Final

from trio_helianthus.errors import RemoteProtocolError

__all__ = ["split_inline"]

_ENDS_WORD: Final = b" \t\r\n\0"
_BETWEEN_WORDS: Final = b" \t\r\n\0\v\f"
_PIECE: Final = re.compile(
    rb"""[^ \t\r\n\0"']+|"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>(?:[^'\\]|\\'|\\(?!'))*)'""",
    re.DOTALL,
)
_ESCAPE: Final = re.compile(rb"\\(?:x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_LETTERS: Final = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"a": b"\a"}


def split_inline(line: bytes) -> list[bytes]:
    r"""Split a line into words, as Valkey 9 does it.

    Double quotes know escapes (``\n``, ``\x41``, ``\"``), single quotes only ``\'``, and a word may
    have quoted and other parts: ``a"b c"'d'`` is one. (Older servers refuse what follows a closing
    quote.)

    :param line: without its end.
    :raises RemoteProtocolError: a quote is not closed.
    """
    words: list[bytes] = []
    at = 0
    while at < len(line):
        if line[at] in _BETWEEN_WORDS:
            at += 1
            continue
        pieces: list[bytes] = []
        while at < len(line) and line[at] not in _ENDS_WORD:
            match = _PIECE.match(line, at)
            if match is None:
                raise RemoteProtocolError("quotes that are not balanced")
            pieces.append(_unquoted(match))
            at = match.end()
        words.append(b"".join(pieces))
    return words


def _unquoted(piece: re.Match[bytes]) -> bytes:
    if (double := piece["double"]) is not None:
        return _ESCAPE.sub(_unescape, double)
    if (single := piece["single"]) is not None:
        return single.replace(b"\\'", b"'")
    return piece[0]


def _unescape(match: re.Match[bytes]) -> bytes:
    if match[1] is not None:
        return bytes([int(match[1], 16)])
    return _LETTERS.get(match[2], match[2])
