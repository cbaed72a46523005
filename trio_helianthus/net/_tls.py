"""TLS streams: trio's SSLStream with exact reads, limits, translated errors and handshake facts."""

from __future__ import annotations

import ipaddress
import math
import ssl
from contextvars import ContextVar
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypedDict, Unpack

import attrs
import trio

from trio_helianthus.core import limit, operation
from trio_helianthus.errors import (
    ConnectionBroken,
    NetworkError,
    ResourceBusy,
    ResourceClosed,
    TLSError,
    from_os_error,
)

from ._buffers import joined
from ._connect import CONNECT_SECONDS, connect_tcp
from ._stream import RECEIVE_BYTES, ByteStream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from trio_helianthus.core import CancelToken

    from ._address import SocketAddress
    from ._options import SocketOption

    # Any: typeshed knows the name as str alone; it is None where the client asked for none.
    _SNICallback = Callable[[ssl.SSLObject, Any, ssl.SSLContext], int | None]

HANDSHAKE_SECONDS: Final = 30.0
"""How long a TLS handshake may take, unless told otherwise."""
GOODBYE_SECONDS: Final = 5.0
"""How long closing may try to send the closing alert to a peer that does not read."""

# Where the handshake that runs in this context leaves the name that its client asked for.
_asked_names: Final[ContextVar[list[str]]] = ContextVar("trio_helianthus_asked_names")


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
    A cancelled send may break the whole stream, not only for sending, since a TLS record cannot
    be taken up in the middle.
    """

    def __init__(
        self,
        transport: ByteStream,
        tls: trio.SSLStream[ByteStream],
        *,
        server_name: str | None,
    ) -> None:
        super().__init__(connection_id=transport.connection_id)
        self.transport: Final = transport
        """The stream underneath."""
        self._tls = tls
        self._closed = False
        self._end_received = False
        self.info: Final = _handshake_info(tls, server_name)
        """What the handshake agreed on."""

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
            try:
                await self._tls.wait_send_all_might_not_block()
            except _TLS_ERRORS as exc:
                _raise(self._translated(exc, "send"), exc)

    def is_broken(self) -> bool:
        """Tell whether the connection has failed or was closed, as far as the system knows."""
        return self._closed or self.transport.is_broken()

    async def is_quiet(self) -> bool:
        """Tell whether nothing has come that nobody received, and the peer is still there.

        A TLS message that carries no data, such as a session ticket, counts as something.
        """
        if self._closed or self._received or not await self.transport.is_quiet():
            return False
        # OpenSSL may have taken more from the socket than it was asked for. A receive tells at
        # once; where there is nothing, it goes on to wait, and there trio looks at the deadline.
        with trio.CancelScope() as scope:
            scope.deadline = trio.current_time()
            try:
                self._received += await self._receive(RECEIVE_BYTES)
            except NetworkError:
                pass
            return False
        return True

    async def aclose(self) -> None:
        """Say goodbye with a closing alert, and close. Cancelled, it closes without the alert.

        A peer that does not read gets :data:`GOODBYE_SECONDS` to take the alert. After a send that
        was cut the connection is reset instead.
        """
        if self._closed or self._cut_send:
            self.reset()
            await trio.lowlevel.checkpoint()
            return
        self._closed = True
        self._received.clear()
        try:
            with trio.move_on_after(GOODBYE_SECONDS):
                await self._tls.aclose()
        except _TLS_ERRORS:
            pass  # the connection is gone, which is what was wanted
        finally:
            self.transport.reset()  # without effect where closing went well

    def reset(self) -> None:
        """Close at once, without an alert, so that the peer sees a connection reset."""
        self._closed = True
        self._received.clear()
        self.transport.reset()

    async def _receive(self, max_bytes: int) -> bytes:
        self._check_open()  # after a reset OpenSSL may still have something
        if self._end_received:  # trio takes a missing alert well only once
            await self._checkpoint()
            return b""
        try:
            data = bytes(await self._tls.receive_some(max_bytes))
        except _TLS_ERRORS as exc:
            _raise(self._translated(exc, "receive"), exc)
        self.bytes_received += len(data)
        self._end_received = not data
        return data

    async def _send(self, buffers: list[memoryview]) -> None:
        self._check_open()
        self._check_not_cut()
        await trio.lowlevel.checkpoint_if_cancelled()
        try:
            if not buffers:
                await self._tls.send_all(b"")
            for data in joined(buffers):
                await self._tls.send_all(data)
                self.bytes_sent += len(data)
        except _TLS_ERRORS as exc:
            _raise(self._translated(exc, "send"), exc)
        except BaseException:
            # Past the check above, Cancelled means that a record was made and not all of it sent,
            # or that others were sent before.
            self._cut_send = bool(buffers)
            raise

    def _check_open(self) -> None:
        if self._closed:
            raise ResourceClosed("the stream was closed")

    def _translated(self, exc: Exception, verb: str) -> Exception:
        if self._closed:  # by another task, while this one waited
            return ResourceClosed("the stream was closed")
        return _translated(self, exc, verb)


async def start_tls(
    stream: ByteStream,
    *,
    ssl_context: ssl.SSLContext,
    server_hostname: str | None = None,
    server_side: bool = False,
    https_compatible: bool = False,
    timeout: float | None = None,
    token: CancelToken | None = None,
) -> TLSStream:
    """Upgrade a stream to TLS, handshake included.

    When it raises, or is cancelled, the stream underneath is reset.

    :param stream: from now on it belongs to the TLS stream. Bytes that the peer sent before, and
        that nobody took, are an error: they came in the clear and would pass for protected ones.
    :param ssl_context: certificates, versions, ALPN protocols. A server's context gets an
        ``sni_callback`` that remembers the name and calls the one that was there before.
    :param server_hostname: the name to ask for and to verify; needed on the client's side if the
        context checks names.
    :param server_side: take the server's part.
    :param https_compatible: allow ends without a closing alert, as HTTP peers do that know a
        message's length by other means; see :class:`trio.SSLStream`.
    :param timeout: seconds; ``None`` means 30, ``math.inf`` no limit.
    :param token: cancels it.
    :raises CertificateInvalid: the peer's certificate was not accepted.
    :raises TLSError: the handshake failed otherwise, or bytes came before it.
    :raises NetworkError: the connection failed.
    :raises ResourceClosed: the stream was closed before.
    :raises ResourceBusy: another task is using the stream.
    :raises ValueError: the context checks names, and ``server_hostname`` is missing.
    """
    peer = stream.remote_address
    if server_side and not isinstance(ssl_context.sni_callback, _RememberAskedName):
        ssl_context.sni_callback = _RememberAskedName(ssl_context.sni_callback)
    names = [name] if (name := server_hostname) and not _is_numeric(name) else []
    context_token = _asked_names.set(names)
    try:
        if ssl_context.check_hostname and not (server_hostname or server_side):
            # The ssl module says so for sockets; without them it would just not check.
            raise ValueError("the context checks names, so server_hostname is needed")
        if early := len(stream._received):
            message = f"{early} bytes came in the clear where the handshake should begin"
            raise stream._failed(TLSError(message, operation="TLS handshake", address=peer))
        tls = trio.SSLStream(
            stream,
            ssl_context,
            server_hostname=server_hostname,
            server_side=server_side,
            https_compatible=https_compatible,
        )
        seconds = HANDSHAKE_SECONDS if timeout is None else timeout
        report = operation("net.tls.handshake", connection_id=stream.connection_id, peer=peer)
        with report, limit(seconds, token):
            try:
                await tls.do_handshake()
            except _TLS_ERRORS as exc:
                _raise(_translated(stream, exc, "TLS handshake"), exc)
        return TLSStream(stream, tls, server_name=names[0] if names else None)
    except BaseException:
        stream.reset()
        raise
    finally:
        _asked_names.reset(context_token)


def _is_numeric(host: str) -> bool:
    """Whether a host is an address, which is verified but not asked for (RFC 6066, section 3)."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


class TCPOptions(TypedDict, total=False):
    """What :func:`connect_tls` passes on to :func:`connect_tcp`."""

    local_host: str | None
    nodelay: bool
    keepalive: bool
    socket_options: Iterable[SocketOption]
    happy_eyeballs_delay: float


async def connect_tls(
    host: str,
    port: int,
    *,
    ssl_context: ssl.SSLContext | None = None,
    server_hostname: str | None = None,
    alpn_protocols: Iterable[str] = (),
    https_compatible: bool = False,
    timeout: float | None = None,
    token: CancelToken | None = None,
    **tcp_options: Unpack[TCPOptions],
) -> TLSStream:
    """Connect to a TLS server: :func:`connect_tcp` and :func:`start_tls` under one timeout.

    :param host: a name or a numeric address.
    :param port: 1 to 65535.
    :param ssl_context: ``None`` means Python's defaults: verify the certificate and the name
        against the system's authorities. For mutual TLS give a context with a certificate.
    :param server_hostname: the name to ask for and to verify; ``None`` means ``host``.
    :param alpn_protocols: what to offer, for the default context; a context of your own has
        :meth:`ssl.SSLContext.set_alpn_protocols`.
    :param https_compatible: as in :func:`start_tls`.
    :param timeout: seconds for all of it; ``None`` means 30, ``math.inf`` no limit.
    :param token: cancels it.
    :param tcp_options: further arguments of :func:`connect_tcp`.
    :raises CertificateInvalid: the server's certificate was not accepted.
    :raises NetworkError: connecting or the handshake failed; see :func:`connect_tcp`.
    :raises OperationTimeout: it took too long.
    :raises OperationCancelled: the token was cancelled.
    """
    protocols = tuple(alpn_protocols)
    if ssl_context is None:
        ssl_context = _default_context(protocols)
    elif protocols:
        raise ValueError("alpn_protocols belongs to the default context; set it on ssl_context")
    with limit(CONNECT_SECONDS if timeout is None else timeout, token):
        stream = await connect_tcp(host, port, timeout=math.inf, **tcp_options)
        return await start_tls(
            stream,
            ssl_context=ssl_context,
            server_hostname=host if server_hostname is None else server_hostname,
            https_compatible=https_compatible,
            timeout=math.inf,
        )


# What trio.SSLStream raises: its transport's and OpenSSL's errors, and trio's own for its states.
_TLS_ERRORS: Final = (
    OSError,
    trio.BrokenResourceError,
    trio.ClosedResourceError,
    trio.BusyResourceError,
)


def _raise(error: Exception, cause: Exception) -> NoReturn:
    try:
        if error is cause:  # it came translated from below
            raise error
        raise error from cause
    finally:
        del error, cause  # their tracebacks refer to this frame


def _translated(stream: ByteStream, exc: Exception, verb: str) -> Exception:
    """Translate for an operation on ``stream``, which remembers what the network did."""
    if isinstance(exc, trio.ClosedResourceError):
        return ResourceClosed("the stream was closed")
    if isinstance(exc, trio.BusyResourceError):
        return ResourceBusy(str(exc))
    return stream._failed(_tls_error(exc, verb, stream.remote_address))


def _tls_error(exc: BaseException, verb: str, address: object) -> NetworkError:
    """Translate by the innermost known cause: trio wraps OpenSSL's and the transport's errors."""
    known: BaseException | None = exc
    while known is not None:
        if isinstance(known, OSError):
            return from_os_error(known, operation=verb, address=address)
        known = known.__cause__
    return ConnectionBroken("the TLS stream is broken", operation=verb, address=address)


@lru_cache(maxsize=16)
def _default_context(alpn_protocols: tuple[str, ...]) -> ssl.SSLContext:
    # Reading the system's authorities takes milliseconds, so it is done once.
    context = ssl.create_default_context()
    if alpn_protocols:
        context.set_alpn_protocols(list(alpn_protocols))
    return context


class _RememberAskedName:
    """An ``sni_callback`` in front of another one."""

    def __init__(self, then: _SNICallback | None) -> None:
        self._then = then

    def __call__(self, tls: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> int | None:
        names = _asked_names.get(None)
        if name is not None and names is not None:
            names.append(name)
        return None if self._then is None else self._then(tls, name, context)


def _handshake_info(tls: trio.SSLStream[ByteStream], server_name: str | None) -> TLSInfo:
    cipher = tls.cipher()
    return TLSInfo(
        version=tls.version() or "",
        cipher=cipher[0] if cipher else "",
        alpn_protocol=tls.selected_alpn_protocol(),
        server_name=server_name,
        peer_certificate=tls.getpeercert(),
        peer_certificate_der=tls.getpeercert(binary_form=True),
    )
