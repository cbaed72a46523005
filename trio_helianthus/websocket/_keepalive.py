"""What happens by the clock: pings, the idle timeout, and calling for an attendant."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import trio

from trio_helianthus.core import Alarm, Parking, report_error
from trio_helianthus.errors import NetworkError, ResourceClosed, ResourceFull
from trio_helianthus.net import PeerState
from trio_helianthus.wire.websocket import CloseCode, Ping

if TYPE_CHECKING:
    from trio_helianthus.net import ByteStream
    from trio_helianthus.wire.websocket import WebSocketConnection

    from ._ending import Ending
    from ._limits import WebSocketLimits
    from ._outgoing import Outgoing
    from ._reader import Reader

UNATTENDED_SECONDS: Final = 0.5
"""How long nobody may receive until an attendant does."""


class Keepalive:
    """Looks at one connection when an alarm goes off, and never in between.

    While a task waits for a message, that is once for each ping; while messages come and go, or
    nobody receives, twice a second.
    """

    __slots__ = (
        "_alarm",
        "_asked_at",
        "_ending",
        "_heard",
        "_limits",
        "_messages",
        "_messages_at",
        "_number",
        "_outgoing",
        "_own_ping",
        "_ping_at",
        "_pings",
        "_reader",
        "_stream",
        "_unanswered",
        "_wire",
        "latency",
        "watching",
    )

    def __init__(
        self,
        stream: ByteStream,
        wire: WebSocketConnection,
        limits: WebSocketLimits,
        outgoing: Outgoing,
        ending: Ending,
    ) -> None:
        self._stream = stream
        self._wire = wire
        self._limits = limits
        self._outgoing = outgoing
        self._ending = ending
        self._reader: Reader | None = None
        self._alarm = Alarm(self._look)
        self._heard = stream.bytes_received
        self._messages = 0
        self._messages_at = now = trio.current_time()
        self._ping_at = now + limits.ping_interval
        self._unanswered = False  # our last ping
        self._asked_at = 0.0
        self._number = 0
        self._own_ping = b""
        self._pings: dict[bytes, _SentPing] = {}
        self.latency: float | None = None
        """Seconds from the last ping that was answered to its pong."""
        self.watching = False
        """Whether the alarm is going to see soon that nobody receives; else whoever stops to do so
        calls :meth:`watch`."""

    def start(self, reader: Reader) -> None:
        """Begin."""
        self._reader = reader
        self._stream.watch_peer(self._note_peer)
        self.watch()

    def watch(self) -> None:
        """Look soon whether anybody receives, or at once while the peer's Close is waited for."""
        if self._ending.code is not None:
            return
        if self._ending.sent is not None and self._reader is not None:
            self._reader.attend()
        else:
            self.watching = True
            self._alarm.set(trio.current_time() + UNATTENDED_SECONDS)

    async def ping(self, payload: bytes | None) -> float:
        """Send a ping and wait for its pong; return the seconds that it took."""
        if len(self._pings) >= self._limits.max_pings:
            limit = self._limits.max_pings
            raise ResourceFull(
                f"{len(self._pings)} pings wait for an answer already",
                limit_name="max_pings",
                limit=limit,
            )
        if payload is None:
            payload = self._next_payload()
        if payload in self._pings:
            raise ValueError(f"a ping with {payload!r} waits for its answer already")
        await trio.lowlevel.checkpoint_if_cancelled()
        reader = self._reader
        if self._ending.sent is not None or reader is None:
            raise self._ending.why_no_sending()
        frame = self._wire.send(Ping(payload))
        sent = self._pings[payload] = _SentPing(trio.current_time())
        try:
            self._outgoing.put(frame)
            reader.attend()
            await sent.parking
        except (NetworkError, ResourceClosed):
            pass
        finally:
            if self._pings.get(payload) is sent:  # else it was answered, and another may be there
                del self._pings[payload]
            sent.parking.clear()
        if sent.seconds is None:
            raise self._ending.why_no_sending()
        return sent.seconds

    def note_pong(self, payload: bytes) -> None:
        """Take note of a pong: it answers the ping of its payload, and those before it."""
        pings = self._pings
        if payload not in pings:
            return  # unsolicited, which is allowed (RFC 6455, 5.5.3)
        now = trio.current_time()
        for one in list(pings):
            sent = pings.pop(one)
            sent.seconds = self.latency = now - sent.at
            sent.parking.wake()
            if one == payload:
                return

    def close(self) -> None:
        """End; whoever waits for a pong waits in vain."""
        self._alarm.close()
        self._stream.watch_peer(None)
        self._reader = None
        for sent in self._pings.values():
            sent.parking.wake()
        self._pings = {}

    def _next_payload(self) -> bytes:
        while True:
            self._number = (self._number + 1) % (1 << 32)
            payload = self._number.to_bytes(4)
            if payload not in self._pings:  # as one of the user's may be
                return payload

    def _note_peer(self, state: PeerState) -> None:
        # Called from the scheduler: if nobody receives, nobody would know yet. A peer that has only
        # ended its side may still wait for answers, so that can wait until the next look.
        if state is PeerState.GONE and self._reader is not None:
            try:
                self._reader.attend()
            except Exception as exc:
                report_error(exc, where="the attendant of a WebSocket")

    def _look(self) -> None:
        """See what the time has brought. Called from the sweeper."""
        reader = self._reader
        if self._ending.code is not None or reader is None:
            return
        now = trio.current_time()
        heard = self._stream.bytes_received
        quiet, self._heard = heard == self._heard, heard
        self._look_at_ping(now, alive=not quiet or reader.full)
        self._look_at_messages(now, reader.messages + self._outgoing.messages)
        if not reader.busy and quiet and self._ending.code is None:
            reader.attend()
        self.watching = self._ending.sent is None and not (reader.busy and quiet)
        if self._ending.code is None:
            self._alarm.set(self._next_time(now))

    def _look_at_ping(self, now: float, *, alive: bool) -> None:
        """Miss a pong, or send a ping.

        :param alive: whether something has come, or cannot, as we do not receive.
        """
        limits = self._limits
        if alive:
            self._unanswered = False
        elif self._outgoing.busy:  # the ping may wait yet, and ``write_timeout`` is for that
            self._asked_at = now
        if self._unanswered and now >= self._asked_at + limits.ping_timeout:
            self._ending.lose(TimeoutError(f"no answer to a ping for {limits.ping_timeout:g} s"))
        elif now >= self._ping_at:
            self._ping_at = now + limits.ping_interval
            if not self._unanswered:
                self._send_ping(now)

    def _send_ping(self, now: float) -> None:
        if self._ending.sent is not None or len(self._pings) >= self._limits.max_pings:
            return
        self._pings.pop(self._own_ping, None)  # of a peer that sends, but no pongs
        payload = self._own_ping = self._next_payload()
        self._pings[payload] = _SentPing(now)
        self._unanswered = True
        self._asked_at = now
        try:
            self._outgoing.put(self._wire.send(Ping(payload)))
        except (NetworkError, ResourceClosed):
            pass  # which has been noted

    def _look_at_messages(self, now: float, messages: int) -> None:
        if messages != self._messages:
            self._messages, self._messages_at = messages, now
        elif now >= self._messages_at + self._limits.idle_timeout:
            self._ending.begin(CloseCode.GOING_AWAY, "idle for too long")

    def _next_time(self, now: float) -> float:
        at = min(self._ping_at, self._messages_at + self._limits.idle_timeout)
        if self._unanswered:
            at = min(at, self._asked_at + self._limits.ping_timeout)
        if self.watching:
            at = min(at, now + UNATTENDED_SECONDS)
        return max(at, now + UNATTENDED_SECONDS / 4) if at < math.inf else at


class _SentPing:
    """A ping that has not been answered."""

    __slots__ = ("at", "parking", "seconds")

    def __init__(self, at: float) -> None:
        self.at = at
        self.parking = Parking()
        self.seconds: float | None = None
