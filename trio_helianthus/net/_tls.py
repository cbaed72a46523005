"""Making TLS streams: the handshake, over a stream that exists or over a new connection."""

from __future__ import annotations

import contextlib
import ipaddress
import math
import socket
import ssl
from contextvars import ContextVar
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypedDict, Unpack

import idna
import trio

from trio_helianthus.core import limit, operation
from trio_helianthus.errors import NetworkError, TLSError

from ._connect import CONNECT_SECONDS, connect_tcp
from ._tcp_stream import TCPStream
from ._tls_ciphertext import GOODBYE_SECONDS, Ciphertext
from ._tls_stream import TLSStream, tls_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from trio_helianthus.core import CancelToken

    from ._options import SocketOption
    from ._stream import ByteStream

    # Any: typeshed knows the name as str alone; it is None where the client asked for none.
    _SNICallback = Callable[[ssl.SSLObject, Any, ssl.SSLContext], int | None]

TLSContextSource: TypeAlias = "ssl.SSLContext | Callable[[], ssl.SSLContext]"
"""A context, or what returns the one for the next handshake."""

HANDSHAKE_SECONDS: Final = 30.0
"""How long a TLS handshake may take, unless told otherwise."""

_TCP_QUICKACK: Final[int | None] = getattr(socket, "TCP_QUICKACK", None)  # Linux

# Where the handshake that runs in this context leaves the name that its client asked for.
_asked_names: Final[ContextVar[list[str]]] = ContextVar("trio_helianthus_asked_names")


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
        message's length by other means, and send none.
    :param timeout: seconds; ``None`` means 30, ``math.inf`` no limit.
    :param token: cancels it.
    :raises CertificateInvalid: the peer's certificate was not accepted.
    :raises TLSError: the handshake failed otherwise, or bytes came before it.
    :raises NetworkError: the connection failed.
    :raises ResourceClosed: the stream was closed before.
    :raises ResourceBusy: another task is using the stream.
    :raises ValueError: the context checks names, and ``server_hostname`` is missing or no name;
        or it is a context for the other side.
    :raises TypeError: it is no context; of a :class:`ReloadingCertificate`, which is called for
        one, give ``certificate()``.
    """
    peer = stream.remote_address
    names = [name] if (name := server_hostname) and not _is_numeric(name) else []
    context_token = _asked_names.set(names)
    try:
        if early := len(stream._received):
            message = f"{early} bytes came in the clear where the handshake should begin"
            raise stream._failed(TLSError(message, operation="TLS handshake", address=peer))
        ciphertext = Ciphertext(stream)
        tls = _make_tls(ssl_context, ciphertext, server_hostname, server_side=server_side)
        seconds = HANDSHAKE_SECONDS if timeout is None else timeout
        report = operation("net.tls.handshake", connection_id=stream.connection_id, peer=peer)
        with report, limit(seconds, token):
            try:
                await _shake_hands(tls, ciphertext)
            except NetworkError as exc:
                stream._failed(exc)
                raise
            except ssl.SSLError as exc:
                await _explain(exc, ciphertext)  # noqa: ASYNC120 - shielded in there
                raise stream._failed(tls_error(exc, "TLS handshake", peer)) from exc
        return TLSStream(
            tls,
            ciphertext,
            server_name=names[0] if names else None,
            https_compatible=https_compatible,
        )
    except BaseException:
        stream.reset()
        raise
    finally:
        _asked_names.reset(context_token)


def _make_tls(
    context: ssl.SSLContext,
    ciphertext: Ciphertext,
    server_hostname: str | None,
    *,
    server_side: bool,
) -> ssl.SSLObject:
    if not isinstance(context, ssl.SSLContext):
        raise TypeError(f"TLS takes an ssl.SSLContext, not {context!r}")
    if context.check_hostname and not (server_hostname or server_side):
        # The ssl module says so for sockets; without them it would just not check.
        raise ValueError("the context checks names, so server_hostname is needed")
    try:
        tls = context.wrap_bio(
            ciphertext.incoming,
            ciphertext.outgoing,
            server_side=server_side,
            server_hostname=_encoded(server_hostname),
        )
    except ssl.SSLError as exc:  # PROTOCOL_TLS_CLIENT for a server, or PROTOCOL_TLS_SERVER
        raise ValueError("the context is for the other side of a connection") from exc
    if server_side and not isinstance(context.sni_callback, _RememberAskedName):
        context.sni_callback = _RememberAskedName(context.sni_callback)
    return tls


async def _shake_hands(tls: ssl.SSLObject, ciphertext: Ciphertext) -> None:
    while True:
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            await ciphertext.send()
            await ciphertext.receive()
        else:
            break
    if tls.server_side and tls.version() == "TLSv1.3":
        # These are session tickets. A client that does not receive, but sends and closes, would
        # not take them, and its system would then reset the connection, data and all. OpenSSL
        # sends them too early all the same (openssl/openssl#7948, python-trio/trio#819).
        ciphertext.put_off()
        _acknowledge(ciphertext.transport)
    else:
        await ciphertext.send()


def _acknowledge(stream: ByteStream) -> None:
    """Let the system acknowledge what came, where it would wait for something to send (40 ms).

    A client without TCP_NODELAY keeps its first data until then (RFC 9293, 3.7.4).
    """
    if _TCP_QUICKACK is not None and isinstance(stream, TCPStream):
        with contextlib.suppress(OSError):  # the next operation tells what is wrong
            stream.socket.setsockopt(socket.IPPROTO_TCP, _TCP_QUICKACK, 1)


async def _explain(exc: ssl.SSLError, ciphertext: Ciphertext) -> None:
    """Send the alert that says why the handshake failed, and close, so that it arrives."""
    if isinstance(exc, ssl.SSLEOFError):
        return  # nobody is there to hear it
    if await ciphertext.say_goodbye(shield=True):
        with trio.move_on_after(GOODBYE_SECONDS, shield=True):
            await ciphertext.transport.aclose()


def _encoded(host: str | None) -> str | None:
    """As trio's resolver gets it: IDNA 2008, where the ssl module would use the version of 2003."""
    if host is None or host.isascii():  # idna refuses what is no name, such as "::1"
        return host
    return idna.encode(host, uts46=True).decode("ascii")


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
