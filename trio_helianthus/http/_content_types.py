"""Which media type a file's name stands for: the same on every machine."""

from __future__ import annotations

import mimetypes
from functools import cache
from pathlib import PurePath
from typing import Final

__all__ = ["content_type_of"]

_MORE: Final = {
    ".avif": "image/avif",
    ".cjs": "text/javascript",
    ".jpg": "image/jpeg",
    ".js": "text/javascript",
    ".map": "application/json",
    ".md": "text/markdown",
    ".mjs": "text/javascript",
    ".mp4": "video/mp4",
    ".otf": "font/otf",
    ".toml": "application/toml",
    ".ttf": "font/ttf",
    ".wasm": "application/wasm",
    ".webm": "video/webm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
}
_PACKED: Final = {
    "br": "application/x-brotli",
    "bzip2": "application/x-bzip2",
    "compress": "application/x-compress",
    "gzip": "application/gzip",
    "xz": "application/x-xz",
}


def content_type_of(name: str) -> str:
    """The ``Content-Type`` for a file, with ``charset=utf-8`` for text.

    A packed file, such as ``site.tar.gz``, is what it is packed with: it is to be saved, not to be
    unpacked on the way.
    """
    return _of_suffixes("".join(PurePath(name).suffixes[-2:]).lower())


@cache
def _table() -> mimetypes.MimeTypes:
    """Python's own table, without the files and the registry of the machine, which may be wrong."""
    table = mimetypes.MimeTypes(filenames=())
    for ending, kind in _MORE.items():
        table.add_type(kind, ending)
    return table


def _of_suffixes(suffixes: str) -> str:
    kind, packed_with = _table().guess_type(f"file{suffixes}")
    if packed_with is not None:
        return _PACKED.get(packed_with, "application/octet-stream")
    if kind is None:
        return "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
