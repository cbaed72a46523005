"""The ciphertext of a TLS stream: what goes between OpenSSL and the transport, and in which order.

OpenSSL reads and writes memory only. Any call of it may leave something to send, and may want
something received first: reading sends when the peer asks for new keys (RFC 8446, 4.6.3) or
renegotiates (RFC 5246, 7.4.1.1), and then writing receives. So the task that receives and the one
that sends may need the same direction of the transport. The rules:

1. What OpenSSL wrote is sent in that order, by one task at a time, which sends all there is.
2. Nobody encrypts while another task sends: a sender that has to wait has changed nothing yet.
3. One task at a time receives. Another that needs it, too, waits until that one has received or
   given up, and asks OpenSSL again.
4. What a cancelled task has not sent stays here, and is sent first by the next one. A record is
   never cut, so the peer can go on, and so can receiving.
"""

from __future__ import annotations

import ssl
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import trio

from trio_helianthus.core import SEAM
from trio_helianthus.errors import NetworkError, ResourceBusy, ResourceClosed

from ._stream import RECEIVE_BYTES

if TYPE_CHECKING:
    from ._stream import ByteStream

GOODBYE_SECONDS: Final = 5.0
"""How long an alert may take to a peer that does not read: the closing one, or a failure's."""
MAX_UNANSWERED_BYTES: Final = 64 * 1024
"""How much a receive may owe to a peer that does not read; then it waits with receiving."""

_TRANSPORT_ERRORS: Final = (NetworkError, ResourceBusy, ResourceClosed)


class Ciphertext:
    """What OpenSSL has written and will read, over a transport.

    :param transport: the stream underneath. Where somebody watches, it is used below its public
        operations, which would make another report of each; else by these, which are quicker.
    """

    __slots__ = (
        "_receiving",
        "_turns",
        "_unanswered",
        "_unsent",
        "incoming",
        "outgoing",
        "sending",
        "transport",
    )

    def __init__(self, transport: ByteStream) -> None:
        self.transport: Final = transport
        self.incoming: Final = ssl.MemoryBIO()
        """OpenSSL reads here what came from the peer."""
        self.outgoing: Final = ssl.MemoryBIO()
        """OpenSSL writes here what goes to the peer."""
        self._unsent = b""  # what comes before all that is in `outgoing`
        self._unanswered = False  # the peer may be waiting for it
        self.sending: bool = False
        """Whether a task is sending, or waits until it may."""
        self._receiving = False
        self._turns = trio.lowlevel.ParkingLot()

    def put_off(self) -> None:
        """Leave what there is to send until something else is sent."""
        self._unsent += self.outgoing.read()

    async def wait_for_turn(self) -> None:
        """Wait until no other task sends; no checkpoint if none does."""
        while self.sending:
            await self._turns.park()

    async def wait_might_not_block(self) -> None:
        """Wait until sending is likely not to wait, as if it were sending."""
        await self.wait_for_turn()
        self.sending = True
        try:
            await self.transport.wait_send_all_might_not_block()
        finally:
            self.sending = False
            self._turns.unpark_all()

    async def send(self) -> None:
        """Send all there is. Cancelled, it leaves what was not sent to the next task.

        :raises NetworkError: the transport failed.
        :raises ResourceClosed: the transport was closed.
        :raises ResourceBusy: somebody else is sending to the transport.
        """
        if self.sending:
            await self.wait_for_turn()
        transport = self.transport
        self.sending = True
        data, sent_before = self._unsent, transport.bytes_sent
        try:
            while self.outgoing.pending or self._unsent:
                data, sent_before = self._unsent + self.outgoing.read(), transport.bytes_sent
                if SEAM.instrument is None:
                    await transport.send_all(data)
                else:
                    with transport._sender:
                        await transport._send([memoryview(data)])
                self._unsent = b""
            self._unanswered = False
        except BaseException as exc:
            self._unsent = data[transport.bytes_sent - sent_before :]
            if not isinstance(exc, Exception):
                transport._cut_send = False  # the next task goes on where this one was cancelled
            raise
        finally:
            self.sending = False
            if self._turns:
                self._turns.unpark_all()

    async def receive(self, *, answering: bool = False) -> None:
        """Give OpenSSL what comes, or wait for another task that does so.

        What OpenSSL has left for the peer is sent first, as the peer may wait for it.

        :param answering: somebody does so already.
        :raises NetworkError: the transport failed.
        :raises ResourceClosed: the transport was closed.
        :raises ResourceBusy: somebody else is receiving from the transport.
        """
        if (self._unanswered or self.outgoing.pending) and not answering:
            await self._answer()
            return
        if self._receiving:
            await self._turns.park()
            return
        transport = self.transport
        self._receiving = True
        try:
            if SEAM.instrument is None:
                data = await transport.receive_some(RECEIVE_BYTES)
            else:
                with transport._receiver:
                    data = await transport._receive_some(RECEIVE_BYTES)
            if data:
                self.incoming.write(data)
            else:
                self.incoming.write_eof()
        finally:
            self._receiving = False
            if self._turns:
                self._turns.unpark_all()

    async def _answer(self) -> None:
        """Send, and receive meanwhile: the peer may not read before it has written.

        A failure to send is told by the next send, if there is one: the peer may just have ended.
        """
        self._unanswered = True
        failed: list[Exception] = []
        async with trio.open_nursery() as nursery:
            if self.outgoing.pending + len(self._unsent) <= MAX_UNANSWERED_BYTES:
                nursery.start_soon(self._receive_meanwhile, nursery.cancel_scope, failed)
            try:
                await self.send()
            except _TRANSPORT_ERRORS:
                self._unanswered = False
            nursery.cancel_scope.cancel()
        if failed:
            raise failed.pop()

    async def _receive_meanwhile(self, sending: trio.CancelScope, failed: list[Exception]) -> None:
        try:
            await self.receive(answering=True)
        except _TRANSPORT_ERRORS as exc:
            failed.append(exc)
        sending.cancel()

    async def say_goodbye(self, *, shield: bool) -> bool:
        """Send an alert to a peer that may not read any more, for :data:`GOODBYE_SECONDS`.

        :param shield: do so in a task that was cancelled, too.
        :returns: whether it was sent. It is not when another task is in the middle of sending.
        """
        if self.sending:
            return False
        with trio.move_on_after(GOODBYE_SECONDS, shield=shield), suppress(*_TRANSPORT_ERRORS):
            await self.send()
            return True
        return False
