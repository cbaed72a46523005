"""TLS streams: OpenSSL between a caller's bytes and the ciphertext on another stream."""

from __future__ import annotations

import contextlib
import ssl
from typing import TYPE_CHECKING, Any, Final

import attrs
import trio

from trio_helianthus.core import limit
from trio_helianthus.errors import (
    ConnectionBroken,
    NetworkError,
    ResourceBusy,
    ResourceClosed,
    TLSError,
    from_os_error,
)

from ._buffers import joined
from ._stream import MAX_RECEIVE_BYTES, RECEIVE_BYTES, ByteStream

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trio_helianthus.core import CancelToken

    from ._address import SocketAddress
    from ._peer_state import PeerState, PeerWatcher
    from ._tls_ciphertext import Ciphertext

MAX_RECORD_BYTES: Final = 16 * 1024
"""What a record has at most (RFC 8446, 5.1), and so what OpenSSL gives at a time."""
MAX_PIECE_BYTES: Final = 64 * 1024
"""How much is encrypted at a time, and then sent."""


@attrs.frozen
class TLSInfo:
    """What the two sides of a TLS connection agreed on.

    :param version: the protocol, such as ``"TLSv1.3"``.
    :param cipher: the cipher suite's name.
    :param alpn_protocol: the application protocol (RFC 7301); ``None`` if none was agreed on.
    :param server_name: the name that the client asked for (SNI, RFC 6066); ``None`` if none.
    :param peer_certificate: the peer's verified certificate as :meth:`ssl.SSLSocket.getpeercert`
        has it; empty if it was not verified, ``None`` if there was none.
    :param peer_certificate_der: the same certificate as DER bytes, verified or not.
    """

    version: str
    cipher: str
    alpn_protocol: str | None
    server_name: str | None
    peer_certificate: Mapping[str, Any] | None
    peer_certificate_der: bytes | None


class TLSStream(ByteStream):
    """A TLS connection over another stream, usually a :class:`TCPStream`.

    Made by :func:`connect_tls`, :func:`serve_tls` and :func:`start_tls`, with the handshake done.

    What was encrypted cannot be taken back. So a send that is cancelled while it waits for the
    peer to read breaks the stream for sending, even if nothing has gone out yet. Receiving goes
    on, with what the protocol has to send for it, such as the answer to new keys.
    """

    def __init__(
        self,
        tls: ssl.SSLObject,
        ciphertext: Ciphertext,
        *,
        server_name: str | None,
        https_compatible: bool,
    ) -> None:
        super().__init__(connection_id=ciphertext.transport.connection_id)
        self.transport: Final = ciphertext.transport
        """The stream underneath."""
        self.info: Final = _handshake_info(tls, server_name)
        """What the handshake agreed on."""
        self._tls = tls
        self._ciphertext = ciphertext
        self._https_compatible = https_compatible
        self._renegotiates = self.info.version != "TLSv1.3"
        self._closed = False
        self._end_received = False
        self._breakage = ""  # what OpenSSL said when it gave up
        self._more_is_likely = True  # the peer may have sent something behind its handshake

    def __repr__(self) -> str:
        return f"<TLSStream {self.info.version} over {self.transport!r}>"

    @property
    def local_address(self) -> SocketAddress:
        """This side's address."""
        return self.transport.local_address

    @property
    def remote_address(self) -> SocketAddress:
        """The other side's address."""
        return self.transport.remote_address

    async def wait_send_all_might_not_block(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Wait until sending is likely not to wait.

        :raises NetworkError: the connection failed.
        """
        with limit(timeout, token), self._sender:
            self._check_whole("send")
            self._check_not_cut()
            try:
                await self._ciphertext.wait_might_not_block()
            except NetworkError as exc:
                self._failed(exc)
                raise

    def is_broken(self) -> bool:
        """Tell whether the connection has failed or was closed, as far as the system knows."""
        return self._closed or bool(self._breakage) or self.transport.is_broken()

    @property
    def peer_state(self) -> PeerState:
        """What is known of the peer without receiving."""
        return self.transport.peer_state

    @property
    def watches_peer(self) -> bool:
        """Whether the system tells by itself when the peer leaves, even if nobody receives."""
        return self.transport.watches_peer

    def watch_peer(self, watcher: PeerWatcher | None) -> None:
        """Have ``watcher`` called when :attr:`peer_state` changes, while :attr:`watches_peer`."""
        self.transport.watch_peer(watcher)

    async def is_quiet(self) -> bool:
        """Tell whether nothing has come that nobody received, and the peer is still there.

        A TLS message that carries no data, such as a session ticket, does not count.
        """
        try:
            with self._receiver:
                return await self._is_quiet()
        except (NetworkError, ResourceBusy, ResourceClosed):
            return False

    async def _is_quiet(self) -> bool:
        while True:
            below_is_quiet = await self.transport.is_quiet()
            if self._received or self._end_received or self.is_broken():
                return False
            try:
                data = self._decrypt(RECEIVE_BYTES)
            except ssl.SSLError as exc:
                await self._give_up(exc, "receive")
                return False
            if data is not None:
                self._received += data
                return False
            if below_is_quiet:
                return True
            await self._ciphertext.receive()

    async def aclose(self) -> None:
        """Say goodbye with a closing alert, and close. Cancelled, it closes without the alert.

        A peer that does not read gets :data:`GOODBYE_SECONDS` to take the alert. After a send that
        was cut, or in the middle of one, the connection is reset instead. While another task
        closes it already, this leaves all that to that one.
        """
        if self._cut_send:
            self.reset()
        if self._closed:
            await trio.lowlevel.checkpoint()
            return
        self._closed = True
        self._received.clear()
        try:
            if not (self._breakage or self._https_compatible):
                # It wants the peer's alert next (SSLWantReadError), which nobody waits for: a peer
                # that does not receive would not find ours, and RFC 8446, 6.1 lets us go.
                with contextlib.suppress(ssl.SSLError):
                    self._tls.unwrap()
                await self._ciphertext.say_goodbye(shield=False)
        finally:
            await self.transport.aclose()

    def reset(self) -> None:
        """Close at once, without an alert, so that the peer sees a connection reset."""
        self._closed = True
        self._received.clear()
        self.transport.reset()

    async def _receive(self, max_bytes: int) -> bytes:
        if self._closed or self._breakage:
            self._check_whole("receive")
        try:
            if self._more_is_likely:
                await trio.lowlevel.checkpoint_if_cancelled()
                data = self._decrypt(max_bytes)
                if data is not None:
                    if self._budget.spend():
                        await self._budget.refill()
                    return data
            while True:
                await self._ciphertext.receive()
                data = self._decrypt(max_bytes)
                if data is not None:
                    return data
        except NetworkError as exc:
            self._failed(exc)
            raise
        except ssl.SSLError as exc:
            raise await self._give_up(exc, "receive") from exc

    def _decrypt(self, max_bytes: int) -> bytes | None:
        """Return data, ``b""`` at the end, and ``None`` where more ciphertext is needed."""
        if self._closed or self._breakage:  # by another task, while this one waited
            self._check_whole("receive")
        if self._end_received:
            return b""
        try:
            data = self._tls.read(min(max_bytes, MAX_RECORD_BYTES))
        except ssl.SSLWantReadError:
            self._more_is_likely = False
            return None
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError) as exc:
            if isinstance(exc, ssl.SSLEOFError) and not self._https_compatible:
                raise
            data = b""
        if not data:
            self._end_received = self._more_is_likely = True
            return b""
        # A shorter one was the whole rest of a record.
        self._more_is_likely = len(data) == max_bytes or self._ciphertext.incoming.pending > 0
        self.bytes_received += len(data)
        return data

    async def _send(self, buffers: list[memoryview]) -> None:
        if self._closed or self._breakage or self._cut_send:
            self._check_whole("send")
            self._check_not_cut()
        if not buffers:
            await trio.lowlevel.checkpoint()
            return
        await trio.lowlevel.checkpoint_if_cancelled()
        ciphertext = self._ciphertext
        one_piece = len(buffers) == 1 and len(buffers[0]) <= MAX_PIECE_BYTES
        try:
            for data in buffers if one_piece else _pieces(buffers):
                while True:
                    if ciphertext.sending:
                        await ciphertext.wait_for_turn()
                    elif self._renegotiates and self._reading_comes_first():
                        await self._read_first()
                    elif self._encrypt(data):
                        break
                    else:
                        await ciphertext.receive()
                self._cut_send = True  # unless all of it is sent
                self.bytes_sent += len(data)
                await ciphertext.send()
            self._cut_send = False
        except NetworkError as exc:
            self._failed(exc)
            raise
        except ssl.SSLError as exc:
            raise await self._give_up(exc, "send") from exc

    def _reading_comes_first(self) -> bool:
        """Whether something has come that is to be read before anything is written (TLS 1.2).

        In a renegotiation writing reads, too, and OpenSSL takes data for an error there.
        """
        return (
            self._ciphertext.incoming.pending > 0
            and not self._end_received
            and len(self._received) < MAX_RECEIVE_BYTES
        )

    async def _read_first(self) -> None:
        try:
            with self._receiver:
                data = self._decrypt(MAX_RECORD_BYTES)
                if data:
                    self._received += data
        except ResourceBusy:  # that task takes it, if it is let
            await trio.lowlevel.checkpoint()

    def _encrypt(self, data: bytes | memoryview) -> bool:
        """Return ``False`` where ciphertext has to be received first; then nothing was done."""
        if self._closed or self._breakage:
            self._check_whole("send")
        try:
            self._tls.write(data)
        except ssl.SSLWantReadError:
            return False
        return True

    async def _give_up(self, exc: ssl.SSLError, verb: str) -> NetworkError:
        """Tell the peer what OpenSSL has against it; return the error to raise."""
        error = tls_error(exc, verb, self.remote_address)
        self._breakage = error.message
        if not isinstance(exc, ssl.SSLEOFError):  # then nobody is there to hear it
            await self._ciphertext.say_goodbye(shield=True)
        return self._failed(error)

    def _check_whole(self, verb: str) -> None:
        if self._closed:
            raise ResourceClosed("the stream was closed")
        if self._breakage:
            raise self._failed(
                ConnectionBroken(
                    f"TLS failed before: {self._breakage}",
                    operation=verb,
                    address=self.remote_address,
                )
            )


def tls_error(exc: ssl.SSLError, operation: str, address: object) -> NetworkError:
    """Translate what OpenSSL said; not raised."""
    if isinstance(exc, ssl.SSLEOFError):
        return TLSError(
            "EOF without a closing alert",
            errno=exc.errno,
            operation=operation,
            address=address,
            reason="UNEXPECTED_EOF_WHILE_READING",
            library="SSL",
        )
    return from_os_error(exc, operation=operation, address=address)


def _pieces(buffers: list[memoryview]) -> Iterator[bytes]:
    """Join small buffers, to share records, and cut large ones; copies, as encrypting does."""
    for data in joined(buffers):
        for start in range(0, len(data), MAX_PIECE_BYTES):
            yield bytes(data[start : start + MAX_PIECE_BYTES])


def _handshake_info(tls: ssl.SSLObject, server_name: str | None) -> TLSInfo:
    cipher = tls.cipher()
    return TLSInfo(
        version=tls.version() or "",
        cipher=cipher[0] if cipher else "",
        alpn_protocol=tls.selected_alpn_protocol(),
        server_name=server_name,
        peer_certificate=tls.getpeercert(),
        peer_certificate_der=tls.getpeercert(binary_form=True),
    )
