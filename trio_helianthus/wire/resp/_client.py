"""The client's side of a connection: commands out, answers in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from trio_helianthus.errors import LocalProtocolError, RemoteProtocolError

from .._contract import NEED_DATA
from .._frames import END_OF_STREAM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._encoding import CommandEncoder
    from ._limits import Limits
    from ._values import Answer, Argument

__all__ = ["ClientConnection"]


class ClientConnection(ABC):
    """The client's side of a connection that speaks RESP2 or RESP3; made by
    :func:`client_connection`.

    It keeps the contract of :class:`~trio_helianthus.wire.WireProtocol`. Its events are the
    answers, as plain Python values (:data:`Answer`), a :class:`Push` for what comes unasked, and
    :data:`~trio_helianthus.wire.END_OF_STREAM`. Which answer is for which command is the caller's
    matter: servers answer in the order in which they are asked.
    """

    def __init__(self, limits: Limits, encode: CommandEncoder) -> None:
        self.limits = limits
        self._encode = encode
        self.error: RemoteProtocolError | None = None
        """What the server did wrong; nothing more is read from it."""
        self._eof = False

    def receive_data(self, data: bytes, /) -> None:
        """Hand over bytes that came from the server.

        :raises LocalProtocolError: after :meth:`receive_eof`.
        """
        if self._eof:
            raise LocalProtocolError("data behind the end of the stream")
        if data:
            self._feed(data)

    def receive_eof(self) -> None:
        """Say that the server has ended its stream."""
        self._eof = True

    @abstractmethod
    def next_event(self) -> Answer:
        """Return the next answer or :class:`Push`, or :data:`~trio_helianthus.wire.NEED_DATA`, or
        :data:`~trio_helianthus.wire.END_OF_STREAM`.

        :raises RemoteProtocolError: what came is no RESP; nothing more can be read.
        :raises LimitExceeded: it is more than our limits allow; likewise.
        """

    @abstractmethod
    def next_events(self) -> list[Answer]:
        """Return all answers that are complete, maybe none: the form for hot paths.

        A mistake of the server is raised by the next call, behind the answers in front of it;
        :attr:`error` tells of it at once.

        :raises RemoteProtocolError: as :meth:`next_event` does.
        """

    def send(self, command: Sequence[Argument], /) -> bytes:
        """Return the bytes of a command.

        :param command: its words, then its arguments.
        :raises LocalProtocolError: one of them has no bytes in RESP.
        """
        try:
            return self._encode(command)
        except (TypeError, ValueError) as exc:
            raise LocalProtocolError(str(exc)) from exc

    @property
    @abstractmethod
    def buffered(self) -> int:
        """How many received bytes are waiting to be parsed."""

    @property
    @abstractmethod
    def trailing_data(self) -> tuple[bytes, bool]:
        """What was not parsed, and whether the stream ended behind it."""

    @property
    @abstractmethod
    def is_between_answers(self) -> bool:
        """Whether all that was received has been taken, and ends with a whole answer."""

    @abstractmethod
    def _feed(self, data: bytes) -> None:
        """Take bytes that are not yet parsed."""

    def _end(self) -> Answer:
        """Return what to say when there is no whole answer."""
        if not self._eof:
            return NEED_DATA
        if not self.is_between_answers:
            self._refuse("the stream ended within an answer")
        return END_OF_STREAM

    def _refuse(self, error: str | RemoteProtocolError) -> None:
        """Raise an error, now and whenever something is asked for."""
        if isinstance(error, str):
            error = RemoteProtocolError(error)
        self.error = error
        raise error
