"""Undoes ``Content-Encoding``: several codings in a row, piece by piece, and never a bomb."""

from __future__ import annotations

import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, Final, Protocol

from trio_helianthus.errors import LimitExceeded, MissingExtraError, RemoteProtocolError

__all__ = ["Decoder", "accept_encoding", "codings_of"]

PIECE: Final = 64 * 1024
"""Bytes of a decoded piece, where the coding allows to say so."""
MAX_CODINGS: Final = 4
"""Codings of one answer; there is no use for more, and each multiplies what a bomb can do."""
FREE_BYTES: Final = 16 * 1024 * 1024
"""Decoded bytes up to which no ratio is looked at."""
_MEMBER_COST: Final = 512
_SLICE: Final = 4096
"""Fed to a coding at once: what is left of it is copied for each piece and each gzip member."""
_ZSTD_WINDOW: Final = 8 * 1024 * 1024
"""What :rfc:`9659` allows a server to ask for."""
_ZSTD_SLICE: Final = 1024
"""Fed at once: whatever it becomes is in memory, at most 128 KiB for every four bytes."""


class Coding(Protocol):
    """One coding being undone."""

    name: str
    finished: bool
    """Whether the coding came to its end; also before the first byte."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What more coded bytes become, in pieces; all of them must be taken.

        The last one is given while ``finished`` is true, and may be empty.
        """
        ...


class Decoder:
    """Undoes the codings of one body.

    :param codings: their names in the order in which they were applied.
    :param max_ratio: decoded bytes for each received one, once there are more than 16 MiB; those
        count, too, that are coded in their turn, and each gzip member and zstd frame counts as
        512 bytes more. (For a thousand bytes can become a gigabyte of empty members.)
    :raises RemoteProtocolError: one is not known; :class:`LimitExceeded` for more than four.
    :raises MissingExtraError: one needs the extra ``http``.
    """

    def __init__(self, codings: Sequence[str], *, max_ratio: int) -> None:
        if len(codings) > MAX_CODINGS:
            raise LimitExceeded(
                f"the answer has {len(codings)} content codings",
                limit_name="max_codings",
                limit=MAX_CODINGS,
            )
        self._codings = [_coding(name) for name in reversed(codings)]
        self._max_ratio = max_ratio
        self._received = 0
        self._decoded = [0] * len(codings)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What more received bytes become; all of the iterator must be taken.

        :raises RemoteProtocolError: they are not in this coding; :class:`LimitExceeded` where
            they become too much.
        """
        self._received += len(data)
        pieces: Iterable[bytes] = (data,)
        for place in range(len(self._codings)):
            pieces = self._through(place, pieces)
        yield from pieces

    def _through(self, place: int, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """What pieces become in one coding."""
        coding, most = self._codings[place], max(FREE_BYTES, self._max_ratio * self._received)
        for piece in pieces:
            for start in range(0, len(piece), _SLICE):
                for decoded in coding.feed(piece[start : start + _SLICE]):
                    self._decoded[place] += len(decoded) + _MEMBER_COST * coding.finished
                    if self._decoded[place] > most:
                        raise LimitExceeded(
                            f"the answer's body becomes more than {self._max_ratio} times as long "
                            "by decoding it",
                            limit_name="max_decoded_ratio",
                            limit=self._max_ratio,
                        )
                    if decoded:
                        yield decoded

    def finish(self) -> None:
        """Check that the end of the body is the end of each coding.

        :raises RemoteProtocolError: it is not. A body without a byte is no error.
        """
        for coding in self._codings:
            if not coding.finished:
                raise RemoteProtocolError(
                    f"the answer's body ends in the middle of its {coding.name} coding"
                )


def codings_of(content_encoding: str) -> list[str]:
    """The codings that a ``Content-Encoding`` names, in the order in which they were applied."""
    names = [name.strip(" \t").lower() for name in content_encoding.split(",")]
    return [name for name in names if name and name != "identity"]


@cache
def accept_encoding() -> str:
    """What can be undone here, as ``Accept-Encoding`` says it."""
    known = ["gzip", "deflate"]
    if _brotli() is not None:
        known.append("br")
    if _zstandard() is not None:
        known.append("zstd")
    return ", ".join(known)


def _coding(name: str) -> Coding:
    match name:
        case "gzip" | "x-gzip":
            return _Gzip()
        case "deflate":
            return _Deflate()
        case "br":
            return _Brotli()
        case "zstd":
            return _Zstandard()
    raise RemoteProtocolError(f"the answer's content coding {name!r} is not known")


def _malformed(name: str, cause: Exception) -> RemoteProtocolError:
    return RemoteProtocolError(f"the answer's body is not valid {name}: {cause}")


class _Inflate(ABC):
    """What gzip and deflate share."""

    name = "gzip"

    def __init__(self) -> None:
        self.finished = True
        self._rest = b""
        self._inflater: zlib._Decompress | None = None

    @abstractmethod
    def _start(self, data: bytes) -> zlib._Decompress | None:
        """Make what decodes the body that begins so; ``None`` where more of it has to come."""

    def _after_end(self, data: bytes) -> None:  # noqa: B027 - gzip may have another member
        """Look at what follows a complete body of this coding."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        data, self._rest = self._rest + data, b""
        more = bool(data)
        while more:
            if self._inflater is None:
                self.finished = False
                self._inflater = self._start(data)
                if self._inflater is None:
                    self._rest = data
                    return
            try:
                decoded = self._inflater.decompress(data, PIECE)
            except zlib.error as exc:
                raise _malformed(self.name, exc) from exc
            if self._inflater.eof:
                data, self._inflater, self.finished = self._inflater.unused_data, None, True
                more = bool(data)
                if more:
                    self._after_end(data)
            else:
                data = self._inflater.unconsumed_tail
                more = bool(data) or len(decoded) == PIECE  # then more is waiting inside
            if decoded or self.finished:
                yield decoded


class _Gzip(_Inflate):
    """gzip (:rfc:`1952`), of one member or more."""

    def _start(self, data: bytes) -> zlib._Decompress | None:
        return zlib.decompressobj(wbits=31)


class _Deflate(_Inflate):
    """deflate: with the zlib wrapper as :rfc:`9110` asks for, or without as some servers send."""

    name = "deflate"

    def _start(self, data: bytes) -> zlib._Decompress | None:
        if len(data) < 2:
            return None
        wrapped = data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0
        return zlib.decompressobj(wbits=15 if wrapped else -15)

    def _after_end(self, data: bytes) -> None:
        raise RemoteProtocolError("the answer's body goes on behind its deflate coding")


class _Brotli:
    """Brotli (:rfc:`7932`)."""

    name = "br"

    def __init__(self) -> None:
        self._package = _brotli()
        if self._package is None:
            raise MissingExtraError("http", "brotli")
        self._decompressor = self._package.Decompressor()
        self.finished = True

    def feed(self, data: bytes) -> Iterator[bytes]:
        try:
            decoded = self._decompressor.process(data, output_buffer_limit=PIECE)
            while decoded or not self._decompressor.can_accept_more_data():
                if decoded:
                    yield decoded
                decoded = self._decompressor.process(b"", output_buffer_limit=PIECE)
        except self._package.error as exc:
            raise _malformed(self.name, exc) from exc
        self.finished = self._decompressor.is_finished()


class _Zstandard:
    """Zstandard (:rfc:`8878`), of one frame or more."""

    name = "zstd"

    def __init__(self) -> None:
        self._package = _zstandard()
        if self._package is None:
            raise MissingExtraError("http", "zstandard")
        self._context = self._package.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
        self._frame: Any = None
        self.finished = True

    def feed(self, data: bytes) -> Iterator[bytes]:
        for start in range(0, len(data), _ZSTD_SLICE):
            part = data[start : start + _ZSTD_SLICE]
            while part:
                if self._frame is None:
                    self._frame = self._context.decompressobj()
                try:
                    decoded = self._frame.decompress(part)
                except self._package.ZstdError as exc:
                    raise _malformed(self.name, exc) from exc
                part = b""
                self.finished = self._frame.eof
                if self.finished:
                    part, self._frame = self._frame.unused_data, None
                if decoded or self.finished:
                    yield decoded


@cache
def _brotli() -> Any:
    """The package, if it is there and new enough to hold its output to a limit."""
    try:
        import brotli  # type: ignore[import-untyped]

        brotli.Decompressor().process(b"", output_buffer_limit=1)
    except (ImportError, TypeError):
        return None
    return brotli


@cache
def _zstandard() -> Any:
    try:
        import zstandard
    except ImportError:
        return None
    return zstandard
