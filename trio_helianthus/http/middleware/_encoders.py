"""The content codings that this machine can make, behind one face."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any, Final, Protocol

from trio_helianthus.errors import MissingExtraError

__all__ = ["CODINGS", "Encoder", "encoder_of", "installed_codings"]

GZIP_LEVEL: Final = 5
BROTLI_QUALITY: Final = 4
ZSTD_LEVEL: Final = 3
"""Levels for answers that are made while the client waits."""


class Encoder(Protocol):
    """Compresses one body."""

    def compress(self, data: bytes, /) -> bytes:
        """Take a piece, and give what is ready."""
        ...

    def flush(self) -> bytes:
        """Everything that was taken, so that the client can read it now."""
        ...

    def finish(self) -> bytes:
        """The end."""
        ...


class _Gzip:
    def __init__(self) -> None:
        self._inner = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
        self.compress = self._inner.compress

    def finish(self) -> bytes:
        return self._inner.flush()

    def flush(self) -> bytes:
        return self._inner.flush(zlib.Z_SYNC_FLUSH)


class _Brotli:
    def __init__(self) -> None:
        self._inner: Any = _import("brotli").Compressor(quality=BROTLI_QUALITY)
        self.compress = self._inner.process
        self.flush = self._inner.flush
        self.finish = self._inner.finish


class _Zstd:
    def __init__(self) -> None:
        zstandard = _import("zstandard")
        self._inner: Any = zstandard.ZstdCompressor(level=ZSTD_LEVEL).compressobj()
        self._block = zstandard.COMPRESSOBJ_FLUSH_BLOCK
        self.compress = self._inner.compress
        self.finish = self._inner.flush

    def flush(self) -> bytes:
        data: bytes = self._inner.flush(self._block)
        return data


CODINGS: Final[Mapping[str, Callable[[], Encoder]]] = {
    "zstd": _Zstd,
    "br": _Brotli,
    "gzip": _Gzip,
}
"""By name, the cheapest for what it saves first."""

_PACKAGES: Final = {"zstd": "zstandard", "br": "brotli"}


def installed_codings() -> tuple[str, ...]:
    """Those for which nothing is missing."""
    return tuple(
        coding
        for coding in CODINGS
        if coding not in _PACKAGES or find_spec(_PACKAGES[coding]) is not None
    )


def encoder_of(coding: str) -> Encoder:
    """A new encoder.

    :raises MissingExtraError: its package is not installed.
    """
    return CODINGS[coding]()


def _import(package: str) -> ModuleType:
    try:
        return import_module(package)
    except ImportError:
        raise MissingExtraError("http", package) from None
