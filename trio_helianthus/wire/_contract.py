"""The contract that every wire protocol keeps, and the two words that it answers with."""

from __future__ import annotations

from enum import Enum
from typing import Final, Protocol, TypeVar

__all__ = ["NEED_DATA", "PAUSED", "NeedData", "Paused", "WireProtocol"]


class NeedData(Enum):
    """The type of :data:`NEED_DATA`, for annotations."""

    NEED_DATA = "NEED_DATA"

    def __repr__(self) -> str:
        return self.name


class Paused(Enum):
    """The type of :data:`PAUSED`, for annotations."""

    PAUSED = "PAUSED"

    def __repr__(self) -> str:
        return self.name


NEED_DATA: Final = NeedData.NEED_DATA
"""No complete event is there: receive more bytes (or the end of the stream) and ask again."""

PAUSED: Final = Paused.PAUSED
"""No event comes until the *caller* does something, whatever the peer sends.

The protocol's own documentation says what: start the next cycle, or take over after an upgrade.
"""

ReceivedT_co = TypeVar("ReceivedT_co", covariant=True)
SentT_contra = TypeVar("SentT_contra", contravariant=True)


class WireProtocol(Protocol[ReceivedT_co, SentT_contra]):
    """One side of one connection: received bytes in, events out; events in, bytes to send out.

    The rules, for every implementation:

    * **Chunking never changes events.** However the same bytes are cut into calls of
      :meth:`receive_data`, the same events come out, once adjacent data events are joined.
    * **Only** :exc:`~trio_helianthus.errors.RemoteProtocolError` **on junk.** No input makes
      :meth:`next_event` raise anything else, and it raises again when it is asked again.
    * **Only** :exc:`~trio_helianthus.errors.LocalProtocolError` **on misuse**, wherever the caller
      does what the protocol does not allow now.
    * **Buffers are capped.** An event that outgrows a named limit is refused with
      :exc:`~trio_helianthus.errors.LimitExceeded`. Bytes behind the current event are kept, so the
      caller's duty is to take all events before it receives more, and to stop receiving while
      :attr:`buffered` is above its cap.
    * **No waiting, no clock, no log.** An object belongs to one task at a time.
    """

    def receive_data(self, data: bytes, /) -> None:
        """Hand over bytes that came from the peer; they are parsed by :meth:`next_event`.

        :param data: any number of bytes; an empty ``data`` does nothing, in particular it is not
            the end of the stream.
        :raises LocalProtocolError: after :meth:`receive_eof`.
        """

    def receive_eof(self) -> None:
        """Say that the peer has ended its stream. Saying it twice changes nothing."""

    def next_event(self) -> ReceivedT_co | NeedData | Paused:
        """Parse and return the next event.

        :returns: an event, or :data:`NEED_DATA`, or :data:`PAUSED`.
        :raises RemoteProtocolError: the peer broke the protocol, or one of our limits; nothing
            more can be read from it.
        """
        ...

    def send(self, event: SentT_contra, /) -> bytes:
        """Return the bytes that tell ``event`` to the peer. The caller must send all of them.

        :raises LocalProtocolError: the event is malformed or does not belong here now.
        """
        ...

    @property
    def buffered(self) -> int:
        """How many received bytes are waiting to be parsed."""
        ...

    @property
    def trailing_data(self) -> tuple[bytes, bool]:
        """What was received but not parsed, and whether the stream ended behind it.

        After an upgrade these are the first bytes of the next protocol.
        """
        ...
