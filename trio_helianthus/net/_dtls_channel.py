"""DTLS channels: trio's DTLSChannel with limits, translated errors, a verified peer, a goodbye."""

from __future__ import annotations

import contextlib
import errno
import os
from typing import TYPE_CHECKING, Final, TypeVar, cast
from weakref import ref

import attrs
import trio

from trio_helianthus.core import SEAM, limit, next_connection_id, operation
from trio_helianthus.errors import (
    CertificateInvalid,
    ConnectionReset,
    ErrorCode,
    NetworkError,
    ResourceClosed,
    format_address,
    from_os_error,
)

from ._dtls_context import PeerCheck, connection_of, import_openssl, tls_error
from ._dtls_socket import check_mtu
from ._exclusive import Exclusive

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from cryptography.hazmat.primitives import serialization

    from trio_helianthus.core import CancelToken, Operation

    from ._address import SocketAddress
    from ._buffers import Buffer
    from ._udp import UDPSocket

_E = TypeVar("_E", bound=Exception)

MAX_DTLS_PAYLOAD: Final = 2**14
"""The most bytes that one record of DTLS carries (RFC 6347, 4.1; RFC 5246, 6.2.1)."""
RETRANSMIT_SECONDS: Final = 1.0
"""How long a handshake waits for an answer before it repeats itself (RFC 6347, 4.2.4.1)."""
# How long a handshake that has failed goes on, so that trio gets to send the alert.
_ALERT_SECONDS: Final = 0.05
_TRIO_ERRORS: Final = (OSError, trio.BrokenResourceError, trio.ClosedResourceError)


@attrs.frozen
class DTLSInfo:
    """What the two sides of a DTLS channel agreed on.

    :param version: the protocol, ``"DTLSv1.2"``.
    :param cipher: the cipher suite's name.
    :param server_name: the name that the client asked for (SNI, RFC 6066); ``None`` if none.
    :param peer_certificate_der: the peer's certificate as DER bytes; ``None`` if there was none.
    """

    version: str
    cipher: str
    server_name: str | None
    peer_certificate_der: bytes | None


@attrs.frozen
class DTLSStatistics:
    """What a DTLS channel has done so far.

    :param datagrams_sent: how many the system took, without those of the handshake.
    :param datagrams_received: how many were received.
    :param dropped: how many came and were dropped, as nobody received and the channel's buffer
        was full.
    """

    datagrams_sent: int
    datagrams_received: int
    dropped: int


class DTLSChannel(trio.abc.Channel[bytes]):
    """Datagrams to and from one peer, encrypted and authenticated (DTLS 1.2, RFC 6347).

    Made by :func:`open_dtls` and :func:`serve_dtls`, with the handshake done. As with UDP,
    datagrams may be lost, and may overtake each other; none comes twice, or changed.

    Any number of tasks may send at a time, and one may receive. Cancelled, a receive has taken
    nothing, and a send has sent nothing.
    """

    def __init__(
        self, channel: trio.DTLSChannel, udp: UDPSocket, local_address: SocketAddress
    ) -> None:
        self.connection_id: Final = next_connection_id()
        """Unique in this process; operations report it."""
        self.local_address: Final = local_address
        """This side's address."""
        self.remote_address: Final = cast("SocketAddress", channel.peer_address)
        """The other side's address."""
        self.activity = ""
        """What the channel is busy with, for reports; whoever handles it may set it."""
        self.bytes_sent: int = 0
        self.bytes_received: int = 0
        self.info: DTLSInfo = DTLSInfo(
            version="", cipher="", server_name=None, peer_certificate_der=None
        )
        """What the handshake agreed on."""
        self._channel = channel
        self._connection = connection_of(channel)
        self._udp = udp
        self._ssl = import_openssl()
        self._sent = self._received = 0
        self._closed = self._ended = False
        self._last_error: ref[Exception] | None = None
        self._receiver = Exclusive("receiving from this channel")

    def __repr__(self) -> str:
        state = " closed" if self._closed else ""
        return f"<DTLSChannel to {format_address(self.remote_address)}{state}>"

    @property
    def last_error(self) -> Exception | None:
        """What an operation raised last because of the network or the peer, its end included.

        ``None`` as well when nobody holds that error any more.
        """
        return None if self._last_error is None else self._last_error()

    @property
    def cleartext_mtu(self) -> int:
        """How many bytes one send may have to fit into one packet of the network."""
        return self._channel.get_cleartext_mtu()

    def set_ciphertext_mtu(self, size: int) -> None:
        """Say what the network's packets hold; :attr:`cleartext_mtu` follows.

        :param size: bytes of UDP payload: what the network carries less 28 bytes for IPv4, 48 for
            IPv6. Without it 1472 and 1452 are assumed, which are Ethernet's.
        :raises ValueError: it is less than 256 or more than 65535.
        """
        check_mtu(size)
        self._channel.set_ciphertext_mtu(size)

    def statistics(self) -> DTLSStatistics:
        """Return what the channel has done so far."""
        return DTLSStatistics(
            datagrams_sent=self._sent,
            datagrams_received=self._received,
            dropped=self._channel.statistics().incoming_packets_dropped_in_trio,
        )

    async def send(
        self, value: Buffer, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Send one datagram; waits only while the system has no room for it.

        :param value: the payload, 1 byte to 16 KiB; :attr:`cleartext_mtu` fits into one packet.
        :raises ValueError: it is empty, which OpenSSL cannot send.
        :raises ConnectionReset: the peer has begun a new handshake from the same address.
        :raises NetworkError: the system did not send it; with code ``MESSAGE_TOO_LARGE`` it has
            too many bytes.
        :raises ResourceClosed: the channel was closed.
        """
        with self._report("send") as report, limit(timeout, token):
            self._check_open()
            size = memoryview(value).nbytes
            if not size:
                raise ValueError("DTLS has no empty datagrams")
            try:
                await self._send(bytes(value))
            except (*_TRIO_ERRORS, self._ssl.Error) as exc:
                error = self._translated(exc, "send")
                if isinstance(error, NetworkError) and error.code is ErrorCode.MESSAGE_TOO_LARGE:
                    error.message = f"{size} bytes are too many for one datagram"
                raise error from exc
            self._sent += 1
            self.bytes_sent += size
            if report is not None:
                report.bytes_sent = size

    async def receive(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> bytes:
        """Receive one datagram, or wait until there is one.

        :raises trio.EndOfChannel: the peer has said goodbye. One that just vanishes does not, so
            that a ``timeout`` is in place.
        :raises ConnectionReset: the peer has begun a new handshake from the same address.
        :raises NetworkError: the channel failed otherwise.
        :raises ResourceClosed: the channel was closed.
        """
        with self._report("receive") as report, limit(timeout, token), self._receiver:
            self._check_open()
            if self._ended:
                await trio.lowlevel.checkpoint()
                raise self._failed(trio.EndOfChannel("the peer has said goodbye"))
            try:
                data = await self._channel.receive()
            except self._ssl.ZeroReturnError:
                self._ended = True
                raise self._failed(trio.EndOfChannel("the peer has said goodbye")) from None
            except (*_TRIO_ERRORS, self._ssl.Error) as exc:
                raise self._translated(exc, "receive") from exc
            self._received += 1
            self.bytes_received += len(data)
            if report is not None:
                report.bytes_received = len(data)
            return data

    async def aclose(self) -> None:
        """Say goodbye, which may get lost as every datagram, and close.

        Nothing is waited for, so cancellation makes no difference.
        """
        self.close()
        await trio.lowlevel.checkpoint()

    def close(self) -> None:
        """Say goodbye and close, without a checkpoint."""
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(OSError, self._ssl.Error):
            self._connection.shutdown()
            self._udp.socket.sendto(self._encrypted(), self.remote_address)
        self._channel.close()

    async def _shake_hands(self, *, server_hostname: str | None, retransmit_timeout: float) -> None:
        """Do the handshake; called once, by whoever made the channel.

        :param server_hostname: what the peer's certificate has to be for; ``None`` means anything.
        :param retransmit_timeout: seconds to wait for an answer before repeating a part.
        :raises CertificateInvalid: the peer's certificate was not accepted.
        :raises TLSError: it failed otherwise.
        """
        peer = self.remote_address
        scope = trio.CancelScope()

        def fail_soon() -> None:
            # trio takes errors for forgeries, and would wait for a better peer.
            scope.deadline = min(scope.deadline, trio.current_time() + _ALERT_SECONDS)

        check = PeerCheck(server_hostname, peer, fail_soon)
        verifies = bool(self._connection.get_context().get_verify_mode() & self._ssl.VERIFY_PEER)
        if verifies:
            self._connection.set_verify(self._connection.get_verify_mode(), check)
        with operation("net.dtls.handshake", connection_id=self.connection_id, peer=peer):
            with scope:
                try:
                    await self._channel.do_handshake(initial_retransmit_timeout=retransmit_timeout)
                except (*_TRIO_ERRORS, self._ssl.Error) as exc:
                    raise self._translated(exc, "DTLS handshake") from exc
            if check.error is not None:
                try:
                    raise self._failed(check.error)
                finally:
                    del check  # its error's traceback refers to this frame
            if verifies and server_hostname is not None and not check.passed:
                message = "the peer's certificate was not verified"
                raise CertificateInvalid(message, operation="DTLS handshake", address=peer)
            self.info = self._agreed()

    def _agreed(self) -> DTLSInfo:
        connection = self._connection
        certificate = connection.get_peer_certificate(as_cryptography=True)
        name = connection.get_servername()
        return DTLSInfo(
            version=connection.get_protocol_version_name(),
            cipher=connection.get_cipher_name() or "",
            server_name=None if name is None else name.decode("ascii", "backslashreplace"),
            peer_certificate_der=(
                None if certificate is None else certificate.public_bytes(_der())
            ),
        )

    async def _send(self, data: bytes) -> None:
        if len(data) > MAX_DTLS_PAYLOAD:
            raise OSError(errno.EMSGSIZE, os.strerror(errno.EMSGSIZE))
        await trio.lowlevel.checkpoint_if_cancelled()
        if getattr(self._channel, "_replaced", False):  # trio has no public name for it
            raise trio.BrokenResourceError
        # With nothing in between: what two tasks have encrypted would go out as one datagram, and
        # what was cancelled then, too.
        self._connection.write(data)
        record = self._encrypted()
        await self._udp._send_to(record, self.remote_address)

    def _encrypted(self) -> bytes:
        """Take what OpenSSL has to send."""
        pieces = []
        with contextlib.suppress(self._ssl.WantReadError):
            while True:
                pieces.append(self._connection.bio_read(MAX_DTLS_PAYLOAD))
        return b"".join(pieces)

    def _report(self, verb: str) -> AbstractContextManager[Operation | None]:
        if SEAM.instrument is None:
            return operation("")
        return operation(
            f"net.dtls.{verb}", connection_id=self.connection_id, peer=self.remote_address
        )

    def _check_open(self) -> None:
        if self._closed:
            raise ResourceClosed("the channel was closed")

    def _translated(self, exc: Exception, verb: str) -> Exception:
        if self._closed or isinstance(exc, trio.ClosedResourceError):
            return ResourceClosed("the channel was closed")
        peer = self.remote_address
        if isinstance(exc, trio.BrokenResourceError) and not isinstance(exc, OSError):
            message = "the peer has begun a new connection"
            return self._failed(ConnectionReset(message, operation=verb, address=peer))
        if isinstance(exc, OSError):
            return self._failed(from_os_error(exc, operation=verb, address=peer))
        return self._failed(tls_error(exc, verb, peer))

    def _failed(self, error: _E) -> _E:
        # Weakly: the error's traceback refers to frames that refer to the channel.
        self._last_error = ref(error)
        return error


def _der() -> serialization.Encoding:
    from cryptography.hazmat.primitives import serialization

    return serialization.Encoding.DER
