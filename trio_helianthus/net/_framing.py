"""How a byte stream is cut into frames: values that a whole service can share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Protocol

import attrs

from trio_helianthus.wire import MAX_FRAME_BYTES, FrameProtocol
from trio_helianthus.wire.length_prefixed import (
    ByteOrder,
    HeaderProtocol,
    LengthPrefixProtocol,
    NetstringProtocol,
    PrefixSize,
    VarintProtocol,
)
from trio_helianthus.wire.lines import DelimiterProtocol, LineEnding, LinesProtocol


class Framing(Protocol):
    """What a :class:`FramedChannel` is made with: whatever makes a protocol for a connection."""

    def protocol(self) -> FrameProtocol:
        """Return a fresh protocol for one connection."""
        ...


@attrs.frozen
class _Limited(ABC):
    """What the framings here share: their limit, and that a wrong argument is refused at once."""

    max_frame_bytes: int = attrs.field(default=MAX_FRAME_BYTES, kw_only=True)

    def __attrs_post_init__(self) -> None:
        self.protocol()

    @abstractmethod
    def protocol(self) -> FrameProtocol: ...


@attrs.frozen
class LengthPrefix(_Limited):
    """Each frame stands behind its length, an unsigned number that does not count itself.

    :param size: how many bytes the length takes: 1, 2, 4 or 8.
    :param byteorder: ``"big"``, as networks have it, or ``"little"``.
    :param max_frame_bytes: how long a frame may be.
    """

    size: PrefixSize = 4
    byteorder: ByteOrder = "big"

    def protocol(self) -> LengthPrefixProtocol:
        """Return a fresh protocol for one connection."""
        return LengthPrefixProtocol(self.size, self.byteorder, max_frame_bytes=self.max_frame_bytes)


@attrs.frozen
class Varint(_Limited):
    """Each frame stands behind its length as a varint, as protobuf delimits its messages.

    :param max_frame_bytes: how long a frame may be.
    """

    def protocol(self) -> VarintProtocol:
        """Return a fresh protocol for one connection."""
        return VarintProtocol(max_frame_bytes=self.max_frame_bytes)


@attrs.frozen
class Netstring(_Limited):
    """Each frame is a netstring, ``5:hello,`` (https://cr.yp.to/proto/netstrings.txt).

    :param max_frame_bytes: how long a frame may be.
    """

    def protocol(self) -> NetstringProtocol:
        """Return a fresh protocol for one connection."""
        return NetstringProtocol(max_frame_bytes=self.max_frame_bytes)


@attrs.frozen
class Header(_Limited):
    """Each frame begins with a header of fixed size, from which the size of the rest is known.

    For formats that say more in front of a frame than its length. A frame is received and sent
    with its header; where the rest is always empty, every frame has the same size.

    :param size: how many bytes the header takes, at least 1.
    :param rest_size: a function that is given the header, as the peer sent it, and returns how
        many bytes belong to the frame behind it. A :exc:`ValueError` refuses the header.
    :param max_frame_bytes: how long a frame may be, header included.
    """

    size: int
    rest_size: Callable[[bytes], int]

    def protocol(self) -> HeaderProtocol:
        """Return a fresh protocol for one connection."""
        return HeaderProtocol(self.size, self.rest_size, max_frame_bytes=self.max_frame_bytes)


@attrs.frozen
class Delimiter(_Limited):
    r"""Each frame ends where a delimiter, such as ``b"\0"``, is found first.

    :param delimiter: at least one byte. A frame with the delimiter in it is not sent.
    :param unterminated: when the stream ends, take what stands behind the last delimiter, if
        anything, as a frame; otherwise it is an error.
    :param max_frame_bytes: how long a frame may be, without its delimiter.
    """

    delimiter: bytes
    unterminated: bool = attrs.field(default=False, kw_only=True)

    def protocol(self) -> DelimiterProtocol:
        """Return a fresh protocol for one connection."""
        return DelimiterProtocol(
            self.delimiter,
            unterminated=self.unterminated,
            max_frame_bytes=self.max_frame_bytes,
        )


@attrs.frozen
class Lines(_Limited):
    r"""Each frame is a line, without its ending.

    :param ending: what is sent behind a line, ``b"\n"`` or ``b"\r\n"``.
    :param strict: take nothing but this ending. Otherwise a line ends at LF, and one CR in front
        of it is dropped. Strict CRLF also refuses a CR or LF alone (RFC 5321, section 2.3.8).
    :param unterminated: when the stream ends, take what stands behind the last ending, if
        anything, as a line; otherwise it is an error.
    :param max_frame_bytes: how long a line may be, without its ending.
    """

    ending: LineEnding = b"\n"
    strict: bool = attrs.field(default=False, kw_only=True)
    unterminated: bool = attrs.field(default=False, kw_only=True)

    def protocol(self) -> LinesProtocol:
        """Return a fresh protocol for one connection."""
        return LinesProtocol(
            self.ending,
            strict=self.strict,
            unterminated=self.unterminated,
            max_frame_bytes=self.max_frame_bytes,
        )
