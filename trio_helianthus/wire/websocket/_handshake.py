"""The key of the opening handshake, and the answer to it (RFC 6455, section 4)."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from typing import Final

__all__ = ["accept_token", "is_key", "make_key"]

_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_KEY: Final = re.compile(r"[A-Za-z0-9+/]{22}==", re.ASCII)


def make_key() -> str:
    """Return a fresh ``Sec-WebSocket-Key`` for a client's request: 16 random bytes in Base64."""
    return base64.b64encode(os.urandom(16)).decode("ascii")


def accept_token(key: str) -> str:
    """Return the ``Sec-WebSocket-Accept`` that answers a key.

    It shows that a server understands WebSocket, and is no secret.

    :param key: one for which :func:`is_key` is true.
    """
    digest = hashlib.sha1(key.encode("ascii") + _GUID, usedforsecurity=False).digest()
    return base64.b64encode(digest).decode("ascii")


def is_key(key: str) -> bool:
    """Whether this is a ``Sec-WebSocket-Key``: 16 bytes in Base64, white space stripped."""
    return _KEY.fullmatch(key) is not None
