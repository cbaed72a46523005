"""The server's side of a connection: commands in, answers out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from trio_helianthus.errors import LimitExceeded, LocalProtocolError, RemoteProtocolError

from .._contract import NEED_DATA, NeedData
from .._frames import END_OF_STREAM, EndOfStream
from ._inline import split_inline
from ._limits import DEFAULT_COMMAND_LIMITS, CommandLimits
from ._numbers import read_integer, read_length
from ._replies import encode_answer

if TYPE_CHECKING:
    from ._values import Answer

__all__ = ["CommandReceived", "ServerConnection", "server_connection"]

CommandReceived: TypeAlias = "list[bytes]"
"""A command as a server sees it: its name and its arguments, at least the name."""

_CRLF: Final = b"\r\n"
_COMPACT_BYTES: Final = 64 * 1024
_LONGEST_HEADER: Final = 32


def server_connection(*, limits: CommandLimits = DEFAULT_COMMAND_LIMITS) -> ServerConnection:
    """Make the server's side of a connection.

    :param limits: what a client's commands may cost us.
    """
    return ServerConnection(limits)


class ServerConnection:
    """The server's side of a connection; made by :func:`server_connection`.

    It keeps the contract of :class:`~trio_helianthus.wire.WireProtocol`. Its events are commands,
    each a list of bytes, and :data:`~trio_helianthus.wire.END_OF_STREAM`. A command is an array of
    strings; one that is typed as a line, as into ``nc``, is understood as well.
    """

    def __init__(self, limits: CommandLimits) -> None:
        self.limits = limits
        self.protocol: Literal[2, 3] = 2
        """How answers are written; a server changes it when it is asked to by ``HELLO``."""
        self._buffer = bytearray()
        self._at = 0
        self._searched = 0
        self._missing = 0  # arguments that the present command lacks
        self._length: int | None = None  # of the argument whose bytes come next
        self._command: list[bytes] = []
        self._command_bytes = 0
        self._eof = False
        self._error: RemoteProtocolError | None = None

    def receive_data(self, data: bytes, /) -> None:
        """Hand over bytes that came from the client.

        :raises LocalProtocolError: after :meth:`receive_eof`.
        """
        if self._eof:
            raise LocalProtocolError("data behind the end of the stream")
        if self._error is not None:
            return  # nobody will read it
        if self._at >= _COMPACT_BYTES or self._at == len(self._buffer):
            del self._buffer[: self._at]
            self._searched = max(0, self._searched - self._at)
            self._at = 0
        self._buffer += data

    def receive_eof(self) -> None:
        """Say that the client has ended its stream."""
        self._eof = True

    def next_event(self) -> CommandReceived | NeedData | EndOfStream:
        """Return the next command, or what there is instead.

        :raises RemoteProtocolError: what came is no command; servers answer with an error, and
            close the connection.
        :raises LimitExceeded: it is more than our limits allow; likewise.
        """
        if self._error is not None:
            raise self._error
        try:
            command = self._next_command()
            if command is not None:
                return command
            if not self._eof:
                return NEED_DATA
            if self._missing or self._at < len(self._buffer):
                raise RemoteProtocolError("the stream ended within a command")
        except RemoteProtocolError as exc:
            self._error = exc
            raise
        return END_OF_STREAM

    def send(self, answer: Answer, /) -> bytes:
        """Return the bytes of an answer, in the present :attr:`protocol`.

        ``bytes`` are a bulk string and ``str`` is a simple one, a ``set`` is one, a tuple is an
        array, and the others are as in :data:`Answer`. What RESP2 lacks is written as servers do it
        there: a map as an array, a boolean as 1 or 0, a double as a string.

        :raises LocalProtocolError: there is no such answer in RESP.
        """
        return encode_answer(answer, protocol=self.protocol)

    @property
    def buffered(self) -> int:
        """How many received bytes are waiting to be parsed."""
        return len(self._buffer) - self._at

    @property
    def trailing_data(self) -> tuple[bytes, bool]:
        """What was not parsed, and whether the stream ended behind it."""
        return bytes(self._buffer[self._at :]), self._eof

    def _next_command(self) -> CommandReceived | None:
        while True:
            if self._length is not None:
                if not self._take_argument(self._length):
                    return None
                if not self._missing:
                    command, self._command = self._command, []
                    return command
                continue
            is_header = bool(self._missing) or self._begins_array()
            line = self._next_line(is_header=is_header)
            if line is None:
                return None
            if self._missing:
                self._begin_argument(line)
            elif line.startswith(b"*"):
                self._begin_command(line)
            elif words := split_inline(line):
                return words

    def _begins_array(self) -> bool:
        return self._buffer.startswith(b"*", self._at)

    def _next_line(self, *, is_header: bool) -> bytes | None:
        """Return the next line; one that is typed may end with LF alone."""
        buffer, at = self._buffer, self._at
        end = buffer.find(b"\n", max(at, self._searched))
        length = (len(buffer) if end < 0 else end) - at
        if is_header:
            if length > _LONGEST_HEADER:
                raise RemoteProtocolError("a length of so many digits")
        elif length > (most := self.limits.max_inline_bytes) + 1:  # with CR
            raise LimitExceeded(limit_name="max_inline_bytes", limit=most)
        if end < 0:
            self._searched = len(buffer)
            return None
        line = bytes(buffer[at:end])
        if is_header and not line.endswith(b"\r"):
            raise RemoteProtocolError("a length does not end with CRLF")
        self._at = end + 1
        return line.removesuffix(b"\r")

    def _begin_command(self, line: bytes) -> None:
        length = read_integer(line[1:])
        if length <= 0:
            return  # servers pass over it
        if length > (most := self.limits.max_items):
            raise LimitExceeded(limit_name="max_items", limit=most)
        self._missing = length
        self._command_bytes = 0

    def _begin_argument(self, line: bytes) -> None:
        if not line.startswith(b"$"):
            raise RemoteProtocolError(f"an argument begins with $, not {line[:1]!r}")
        length = read_length(line[1:])
        if length is None:
            raise RemoteProtocolError("no argument is null")
        if length > (most := self.limits.max_bulk_bytes):
            raise LimitExceeded(limit_name="max_bulk_bytes", limit=most)
        self._command_bytes += length
        if self._command_bytes > (most := self.limits.max_command_bytes):
            raise LimitExceeded(limit_name="max_command_bytes", limit=most)
        self._length = length

    def _take_argument(self, length: int) -> bool:
        """Take the argument's bytes, if they are there."""
        buffer, end = self._buffer, self._at + length
        if len(buffer) < end + 2:
            return False
        if not buffer.startswith(_CRLF, end):
            raise RemoteProtocolError("an argument is longer than was announced")
        self._command.append(bytes(memoryview(buffer)[self._at : end]))
        self._at = end + 2
        self._length = None
        self._missing -= 1
        return True
