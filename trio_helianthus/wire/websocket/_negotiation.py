"""How two sides agree on compression: ``Sec-WebSocket-Extensions`` (RFC 7692, section 7.1)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from trio_helianthus.errors import RemoteProtocolError

from ._deflate import Deflate, DeflateParameters

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["accept_deflate", "confirm_deflate", "offer_deflate"]

_NAME: Final = "permessage-deflate"
_SERVER_BITS: Final = "server_max_window_bits"
_CLIENT_BITS: Final = "client_max_window_bits"
_SERVER_ALONE: Final = "server_no_context_takeover"
_CLIENT_ALONE: Final = "client_no_context_takeover"
_WITHOUT_VALUE: Final = frozenset({_SERVER_ALONE, _CLIENT_ALONE, _CLIENT_BITS})
_BITS: Final = {str(bits): bits for bits in range(8, 16)}
_MOST_BITS: Final = 15

_WORD: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
# A quoted value has to be a token too (RFC 6455, section 9.1), so nothing in it is escaped.
_VALUE: Final = rf'(?:{_WORD}|"{_WORD}")'
_PARAMETER: Final = rf"[ \t]*;[ \t]*({_WORD})(?:[ \t]*=[ \t]*({_VALUE}))?"
_ONE_PARAMETER: Final = re.compile(_PARAMETER)
_EXTENSION: Final = re.compile(rf"[ \t]*({_WORD})((?:{_PARAMETER})*)[ \t]*")


def offer_deflate(wanted: Deflate) -> str:
    """Return what a client offers in ``Sec-WebSocket-Extensions``."""
    words = [_NAME]
    if wanted.server_no_context_takeover:
        words.append(_SERVER_ALONE)
    if wanted.client_no_context_takeover:
        words.append(_CLIENT_ALONE)
    if wanted.server_max_window_bits < _MOST_BITS:
        words.append(f"{_SERVER_BITS}={wanted.server_max_window_bits}")
    # Without a value it says that the server may ask for a smaller window.
    words.append(_CLIENT_BITS)
    if wanted.client_max_window_bits < _MOST_BITS:
        words[-1] += f"={wanted.client_max_window_bits}"
    return "; ".join(words)


def accept_deflate(offers: str, wanted: Deflate) -> tuple[str, DeflateParameters] | None:
    """Choose from what a client offers.

    Other extensions, and offers that are malformed or ask for what nobody knows, are declined,
    which is no error.

    :param offers: the client's ``Sec-WebSocket-Extensions``, all of its lines joined with commas.
    :param wanted: what we want; a client's window can be made smaller only if it says so.
    :returns: the value to answer with, and what is agreed; or ``None`` for no compression.
    """
    for name, words in _extensions(offers):
        if name == _NAME and words is not None:
            return _accept(words, wanted)
    return None


def confirm_deflate(answer: str, wanted: Deflate) -> DeflateParameters | None:
    """Read a server's answer to :func:`offer_deflate`.

    :param answer: the server's ``Sec-WebSocket-Extensions``, ``""`` if it has none.
    :param wanted: what was offered.
    :returns: what is agreed, or ``None`` for no compression.
    :raises RemoteProtocolError: it is not an answer to what was offered.
    """
    if not answer.strip(" \t,"):
        return None
    (name, words), *others = _extensions(answer)
    if name != _NAME or others:
        raise RemoteProtocolError(f"extensions that were not offered: {answer!r}")
    if words is None:
        raise RemoteProtocolError(f"malformed parameters of {_NAME}: {answer!r}")
    server_bits = words.get(_SERVER_BITS, _MOST_BITS)
    # A server may allow more than we offer to keep to, as Autobahn does: section 7.1 has nothing
    # against a configuration that the client can keep.
    client_bits = min(words.get(_CLIENT_BITS, _MOST_BITS), wanted.client_max_window_bits)
    server_alone = _SERVER_ALONE in words
    if (
        not client_bits  # which is a parameter without its value
        or server_bits > wanted.server_max_window_bits
        or (wanted.server_no_context_takeover and not server_alone)
    ):
        raise RemoteProtocolError(f"{answer!r} does not answer {offer_deflate(wanted)!r}")
    return _agreed(
        wanted,
        server_alone=server_alone,
        client_alone=_CLIENT_ALONE in words or wanted.client_no_context_takeover,
        server_bits=server_bits,
        client_bits=client_bits,
    )


def _accept(words: dict[str, int], wanted: Deflate) -> tuple[str, DeflateParameters]:
    server_alone = wanted.server_no_context_takeover or _SERVER_ALONE in words
    client_alone = wanted.client_no_context_takeover or _CLIENT_ALONE in words
    server_bits = min(wanted.server_max_window_bits, words.get(_SERVER_BITS, _MOST_BITS))
    client_bits = _MOST_BITS
    if _CLIENT_BITS in words:
        client_bits = min(wanted.client_max_window_bits, words[_CLIENT_BITS] or _MOST_BITS)
    answer = [_NAME]
    if server_alone:
        answer.append(_SERVER_ALONE)
    if client_alone:
        answer.append(_CLIENT_ALONE)
    if server_bits < _MOST_BITS or _SERVER_BITS in words:
        answer.append(f"{_SERVER_BITS}={server_bits}")
    if client_bits < _MOST_BITS:
        answer.append(f"{_CLIENT_BITS}={client_bits}")
    agreed = _agreed(
        wanted,
        server_alone=server_alone,
        client_alone=client_alone,
        server_bits=server_bits,
        client_bits=client_bits,
    )
    return "; ".join(answer), agreed


def _agreed(
    wanted: Deflate, *, server_alone: bool, client_alone: bool, server_bits: int, client_bits: int
) -> DeflateParameters:
    return DeflateParameters(
        server_no_context_takeover=server_alone,
        client_no_context_takeover=client_alone,
        server_max_window_bits=server_bits,
        client_max_window_bits=client_bits,
        level=wanted.level,
        mem_level=wanted.mem_level,
        min_bytes=wanted.min_bytes,
    )


def _extensions(text: str) -> Iterator[tuple[str, dict[str, int] | None]]:
    """Tell the extensions of a list, with what :func:`_words` says of their parameters."""
    for element in text.split(","):  # which no value can hold
        if not element.strip(" \t"):
            continue  # empty elements mean nothing (RFC 9110, section 5.6.1)
        match = _EXTENSION.fullmatch(element)
        if match is None:
            yield "", None
        else:
            yield match[1].lower(), _words(match[2])


def _words(text: str) -> dict[str, int] | None:
    """Read parameters: bits by name, 0 where there is no value; ``None`` if one is not right."""
    words: dict[str, int] = {}
    for name, value in _ONE_PARAMETER.findall(text):
        if name in words:
            return None
        if not value and name in _WITHOUT_VALUE:
            words[name] = 0
        elif name in {_SERVER_BITS, _CLIENT_BITS} and value.strip('"') in _BITS:
            words[name] = _BITS[value.strip('"')]
        else:
            return None
    return words
