"""Which file of a folder a URL's path names: decided on the text, before any disk is asked."""

from __future__ import annotations

import os
import re
from typing import Final

from ._filename import is_reserved_name
from ._request import decode_path

__all__ = ["static_path"]

_FORBIDDEN: Final = re.compile(r"[\x00-\x1f\x7f/\\]")
_FORBIDDEN_ON_WINDOWS: Final = re.compile(r'[<>:"|?*]|[. ]$|~[0-9]')
MAX_SEGMENTS: Final = 64
"""Folders in folders; a path with more of them is not found."""


def static_path(
    raw_path: str, *, hidden: bool = False, windows: bool = os.name == "nt"
) -> list[str] | None:
    """The names of folders and, last, the file; ``None`` for what cannot name one.

    Each segment is decoded by itself, once. None may be empty, ``.`` or ``..``, or have a slash, a
    backslash or a control character in it. So nothing leads out of the folder, neither
    ``..%2f`` nor ``%5c`` nor ``//``.

    :param raw_path: percent-encoded, beginning with a slash; one at its end is no segment.
    :param hidden: allow names that begin with a dot. ``.well-known`` (:rfc:`8615`) always is.
    :param windows: refuse what Windows takes for something else: drives, streams (``file:x``),
        devices (``nul.txt``), names that end with a dot or a space, and short names (``GIT~1``),
        which lead to what is hidden.
    :raises HTTPError: 400 when it does not decode as UTF-8.
    """
    if not raw_path.startswith("/"):
        return None
    segments = raw_path[1:].split("/")
    if segments[-1] == "":
        segments.pop()
    if len(segments) > MAX_SEGMENTS:
        return None
    names = [decode_path(segment) for segment in segments]
    for name in names:
        if name in {"", ".", ".."} or _FORBIDDEN.search(name):
            return None
        if name.startswith(".") and not hidden and name != ".well-known":
            return None
        if windows and (_FORBIDDEN_ON_WINDOWS.search(name) or is_reserved_name(name)):
            return None
    return names
