"""A body as text, line by line, or in pieces of one size: channels over a stream of bytes."""

from __future__ import annotations

import codecs
import re
from abc import abstractmethod
from collections import deque
from typing import Final, TypeVar

import trio

from trio_helianthus import core
from trio_helianthus.errors import LimitExceeded

from ._response_body import ResponseBody

__all__ = ["BodyPieces", "ByteChunks", "Lines", "TextChunks"]

T = TypeVar("T")
_LINE_END: Final = re.compile(r"\r\n|\n|\r")


class BodyPieces(trio.abc.ReceiveChannel[T]):
    """The body of an answer, cut in another way: a channel of pieces, lines or chunks.

    Iterate over it, or call :meth:`receive`. It reads from ``response.body``; who reads that too
    takes bytes away from it. There is nothing to close but the response.

    :param body: what it reads from.
    """

    def __init__(self, body: ResponseBody) -> None:
        self._body = body
        self._ready = deque[T]()
        self._at_end = False
        self._failure: Exception | None = None

    @abstractmethod
    def _feed(self, data: bytes) -> None:
        """Take received bytes, ``b""`` at the end, and append to what is ready."""

    async def receive(
        self, *, timeout: float | None = None, token: core.CancelToken | None = None
    ) -> T:
        """Wait for the next piece.

        :param timeout: seconds for each wait for bytes; ``None`` means the client's default.
        :param token: cancels this call; ``None`` means the token of the whole stream.
        :raises trio.EndOfChannel: there are no more.
        :raises LimitExceeded: a line is too long.
        :raises HelianthusError: as the body's ``receive_some`` does.

        Cancellation loses nothing.
        """
        if self._ready:
            await trio.lowlevel.checkpoint_if_cancelled()
        while not self._ready:
            if self._failure is not None:
                raise self._failure
            if self._at_end:
                await trio.lowlevel.checkpoint_if_cancelled()
                raise trio.EndOfChannel
            data = await self._body.receive_some(timeout=timeout, token=token)
            self._at_end = not data
            try:
                self._feed(data)
            except LimitExceeded as exc:
                self._failure = exc  # what came before is still to be received
        return self._ready.popleft()

    async def aclose(self) -> None:
        """Stop reading the body."""
        await self._body.aclose()


class ByteChunks(BodyPieces[bytes]):
    """The body in pieces of one size; only the last one may be shorter."""

    def __init__(self, body: ResponseBody, size: int) -> None:
        super().__init__(body)
        if size < 1:
            raise ValueError(f"chunk_size must be at least 1, got {size}")
        self._size = size
        self._rest = bytearray()

    def _feed(self, data: bytes) -> None:
        self._rest += data
        whole = len(self._rest) if not data else len(self._rest) // self._size * self._size
        for start in range(0, whole, self._size):
            self._ready.append(bytes(self._rest[start : min(start + self._size, whole)]))
        del self._rest[:whole]


class TextChunks(BodyPieces[str]):
    """The body as text, as it comes; what is no text in its character set becomes U+FFFD."""

    def __init__(self, body: ResponseBody, encoding: str) -> None:
        super().__init__(body)
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")

    def _feed(self, data: bytes) -> None:
        if text := self._decoder.decode(data, not data):
            self._ready.append(text)


class Lines(BodyPieces[str]):
    """The body as lines of text, without what ends them: LF, CRLF or CR.

    :param max_line: characters of the longest line; a longer one raises :class:`LimitExceeded`.
    """

    def __init__(self, body: ResponseBody, encoding: str, max_line: int) -> None:
        super().__init__(body)
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._max_line = max_line
        self._begun = list[str]()
        self._length = 0
        self._after_cr = False

    def _feed(self, data: bytes) -> None:
        text = self._decoder.decode(data, not data)
        if self._after_cr and text:
            text = text.removeprefix("\n")
            self._after_cr = False
        self._after_cr = self._after_cr or text.endswith("\r")
        *lines, rest = _LINE_END.split(text)
        for line in lines:
            self._add(line)
            self._ready.append("".join(self._begun))
            self._begun, self._length = [], 0
        self._add(rest)
        if not data and self._begun:
            self._ready.append("".join(self._begun))

    def _add(self, text: str) -> None:
        self._length += len(text)
        if self._length > self._max_line:
            raise LimitExceeded(
                f"a line of the answer is longer than {self._max_line} characters",
                limit_name="max_line",
                limit=self._max_line,
            )
        if text:
            self._begun.append(text)
