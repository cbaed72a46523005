"""Names of files: what a client calls one made harmless, and what a browser is told to call one."""

from __future__ import annotations

import re
import unicodedata
from typing import Final
from urllib.parse import quote

__all__ = ["content_disposition", "is_reserved_name", "safe_filename"]

MAX_NAME_BYTES: Final = 200
"""File systems take 255; this leaves room for an ending that somebody adds."""
_NOT_IN_NAMES: Final = re.compile(
    r'[\x00-\x1f\x7f-\x9f<>:"|?*\u200e\u200f\u202a-\u202e\u2066-\u2069]'
)
"""What Windows refuses, control characters, and those that change the direction of the text."""
_HARMLESS: Final = re.compile(r"[0-9A-Za-z_-][0-9A-Za-z_ .-]{0,98}[0-9A-Za-z_-]")
_RESERVED: Final = frozenset(
    ["con", "prn", "aux", "nul", "conin$", "conout$"]
    + [f"{device}{digit}" for device in ("com", "lpt") for digit in "0123456789\u00b9\u00b2\u00b3"]
)
_PLAIN: Final = re.compile(r"[!#$&+\-.^_`|~0-9A-Za-z]+")


def is_reserved_name(name: str) -> bool:
    """Whether Windows takes a file's name for a device, whatever its ending: ``nul.txt``."""
    return name.partition(".")[0].rstrip(" ").lower() in _RESERVED


def safe_filename(sent: str) -> str:
    """A name that is safe to store a file under, in a folder, on every system.

    Folders in front are cut off, in the way of Windows too. What is left has no control
    characters, none of ``<>:"|?*``, no dot or space at its ends, is no device of Windows, and at
    most 200 bytes long.

    :returns: ``"file"`` where nothing is left of the name; ``""`` for ``""``.
    """
    if not sent:
        return ""
    if _HARMLESS.fullmatch(sent) is not None and not is_reserved_name(sent):
        return sent
    name = re.split(r"[/\\]", sent)[-1]
    name = _NOT_IN_NAMES.sub("", unicodedata.normalize("NFC", name))
    name = name.encode("utf-8", "ignore").decode("utf-8").strip(". \t")
    name = _shorten(name)
    if not name:
        return "file"
    return f"_{name}" if is_reserved_name(name) else name


def _shorten(name: str) -> str:
    """Cut a name in front of its ending."""
    if len(name.encode()) <= MAX_NAME_BYTES:
        return name
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending.encode()) > 20:
        stem, dot, ending = name, "", ""
    room = MAX_NAME_BYTES - len((dot + ending).encode())
    return stem.encode()[:room].decode("utf-8", "ignore").rstrip(". ") + dot + ending


def content_disposition(kind: str, filename: str) -> str:
    """The value of ``Content-Disposition`` (:rfc:`6266`), with UTF-8 where it is needed.

    :param kind: ``"attachment"`` or ``"inline"``.
    :param filename: any text; control characters become ``_``.
    """
    name = "".join("_" if unicodedata.category(letter) == "Cc" else letter for letter in filename)
    if _PLAIN.fullmatch(name):
        return f"{kind}; filename={name}"
    # Old clients read the first one, in which browsers disagree on escapes, so it has none.
    plain = "".join(letter if " " <= letter <= "~" else "_" for letter in name)
    for letter in '"\\%':
        plain = plain.replace(letter, "_")
    if plain == name:
        return f'{kind}; filename="{plain}"'
    encoded = quote(name, safe="!#$&+-.^_`|~", errors="replace")
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{encoded}"
