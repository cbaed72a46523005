"""The reference engine: h11 parses, writes and keeps the states; we cut, check and translate.

h11 is fed with one part of a message at a time (see :mod:`._framing`), so its own buffer is empty
between two events, and everything that was not parsed is in ours.
"""

from __future__ import annotations

from typing import Final

import h11
from attrs import evolve

from trio_helianthus.errors import LocalProtocolError

from .._contract import NEED_DATA, PAUSED, NeedData, Paused
from ._events import ConnectionClosed, Data, EndOfMessage, Event, HeaderFields, Request, Response
from ._face import HTTP1Connection, Role
from ._framing import Cutter, HeadCutter, UntilEndCutter, body_cutter
from ._h11_words import from_h11, to_h11
from ._limits import Limits
from ._refusals import BadMessage
from ._strictness import check_received, check_sent

__all__ = ["H11Engine"]

_BETWEEN_MESSAGES: Final = (h11.DONE, h11.MUST_CLOSE)
_BEFORE_RESPONSE: Final = (h11.IDLE, h11.SEND_RESPONSE)
_AT_AN_END: Final = (h11.CLOSED, h11.ERROR, h11.SWITCHED_PROTOCOL)


def _says_close(fields: HeaderFields) -> bool:
    return any(
        b"close" in [option.strip() for option in value.lower().split(b",")]
        for name, value in fields
        if name.lower() == b"connection"
    )


class H11Engine(HTTP1Connection):
    """An :class:`HTTP1Connection` on h11."""

    def __init__(self, role: Role, limits: Limits) -> None:
        self._role = role
        self._limits = limits
        self._h11 = h11.Connection(
            h11.SERVER if role is Role.SERVER else h11.CLIENT, limits.max_head_bytes
        )
        self._buffer = bytearray()
        self._eof = False
        self._head_cutter = HeadCutter(role, limits)
        self._cutter: Cutter = self._head_cutter
        self._head: Request | Response | None = None
        self._keep_alive = True
        self._refusal: BadMessage | None = None

    def __repr__(self) -> str:
        return f"<H11Engine {self._role.value}: {self._h11.states}>"

    @property
    def role(self) -> Role:
        return self._role

    def receive_data(self, data: bytes, /) -> None:
        if data and self._eof:
            raise LocalProtocolError("received data behind the end of the stream")
        self._buffer += data

    def receive_eof(self) -> None:
        self._eof = True

    def next_event(self) -> Event | NeedData | Paused:
        if self._refusal is not None:
            raise BadMessage(
                f"nothing can be read after: {self._refusal}",
                status_hint=self._refusal.status_hint,
            )
        try:
            return self._next_event()
        except BadMessage as refusal:
            self._refusal = refusal
            raise

    def _next_event(self) -> Event | NeedData | Paused:
        while True:
            try:
                event = self._h11.next_event()
            except h11.RemoteProtocolError as exc:
                raise BadMessage(str(exc), status_hint=exc.error_status_hint) from exc
            if event is h11.PAUSED:
                return PAUSED
            if event is not h11.NEED_DATA:
                return self._received(from_h11(event))
            missing = self._feed()
            if missing is not None:
                return missing

    def _received(self, event: Event) -> Event:
        check_received(event, self._limits)
        if isinstance(event, Request | Response):
            self._head = event
            if event.http_version == "1.0" or _says_close(event.headers):
                self._keep_alive = False
        elif isinstance(event, EndOfMessage):
            self._head = None
            self._cutter = self._head_cutter
        return event

    def _feed(self) -> NeedData | Paused | None:
        """Feed h11 with the next piece of what it is parsing.

        :returns: what is missing, or ``None`` where h11 got a piece.
        """
        state = self._h11.their_state
        if self._buffer and state in _BETWEEN_MESSAGES:
            return PAUSED
        if self._buffer and state is h11.IDLE and self._role is Role.CLIENT:
            raise BadMessage("a response to no request")
        if self._head is not None:  # h11 found that it has a body
            self._cutter = body_cutter(self._head.headers, self._limits)
            self._head = None
            if isinstance(self._cutter, UntilEndCutter):
                self._keep_alive = False
        piece = self._cutter.cut(self._buffer)
        if piece is None and not self._eof:
            return NEED_DATA
        if piece is None and (self._buffer or state is h11.SEND_RESPONSE):
            raise BadMessage("the stream ended before the message did")
        self._h11.receive_data(piece or b"")  # nothing, for h11, is the end of the stream
        return None

    def send(self, *events: Event) -> bytes:
        pieces: list[bytes] = []
        for event in events:
            try:
                pieces.append(self._send(event))
            except LocalProtocolError:
                if pieces or isinstance(event, Data | EndOfMessage | ConnectionClosed):
                    self._h11.send_failed()  # what was said so far cannot be taken back
                raise
        return b"".join(pieces)

    def _send(self, event: Event) -> bytes:
        if isinstance(event, Response) and self._is_last_response():
            event = self._with_close(event)
        check_sent(event)
        try:
            data = self._h11.send(to_h11(event))
        except h11.LocalProtocolError as exc:
            raise LocalProtocolError(str(exc)) from exc
        if isinstance(event, Request | Response) and _says_close(event.headers):
            self._keep_alive = False
        return data or b""

    def _is_last_response(self) -> bool:
        return self.must_close or self._h11.our_state is h11.IDLE

    @staticmethod
    def _with_close(response: Response) -> Response:
        if _says_close(response.headers):
            return response
        return evolve(response, headers=(*response.headers, (b"Connection", b"close")))

    def start_next_cycle(self) -> None:
        if not self.can_reuse:
            raise LocalProtocolError(f"no next cycle in this state: {self._h11.states}")
        self._h11.start_next_cycle()

    @property
    def can_reuse(self) -> bool:
        return (
            self._h11.our_state is h11.DONE
            and self._h11.their_state is h11.DONE
            and not self.must_close
            and not (self._buffer and self._role is Role.CLIENT)
        )

    @property
    def must_close(self) -> bool:
        return (
            not self._keep_alive
            or self._refusal is not None
            or (self._eof and (self._role is Role.CLIENT or not self._buffer))
            or self._h11.our_state in _AT_AN_END
            or self._h11.their_state in _AT_AN_END
        )

    @property
    def can_answer(self) -> bool:
        return self._role is Role.SERVER and self._h11.our_state in _BEFORE_RESPONSE

    @property
    def expects_continue(self) -> bool:
        return self._h11.client_is_waiting_for_100_continue

    @property
    def switched(self) -> bool:
        return self._h11.states[h11.SERVER] is h11.SWITCHED_PROTOCOL

    @property
    def buffered(self) -> int:
        return len(self._buffer)

    @property
    def trailing_data(self) -> tuple[bytes, bool]:
        return bytes(self._buffer), self._eof
