"""Turns what the operating system and the ssl module raise into errors of the tree, once."""

from __future__ import annotations

import socket
import ssl
import sys
from typing import Final

from . import _network as network
from ._codes import ErrorCode, ErrorDomain
from ._network import NetworkError
from ._table import find_entry, socket_domain, windows_domain
from ._tls import CertificateInvalid, TLSError
from ._tree import OperationTimeout

_CLASS_OF: Final[dict[ErrorCode, type[NetworkError]]] = {
    error_type.default_code: error_type
    for error_type in (
        network.AccessDenied,
        network.AddressInUse,
        network.AddressNotAvailable,
        network.ConnectionAborted,
        network.ConnectionBroken,
        network.ConnectionRefused,
        network.ConnectionReset,
        network.ConnectionTimedOut,
        network.NameResolutionFailed,
        network.NotConnected,
        network.TooManyOpenFiles,
        network.Unreachable,
    )
}

_WINDOWS_DOMAINS: Final = (ErrorDomain.WINSOCK, ErrorDomain.WIN32)

# For exceptions without a number, and for numbers that no table has: Python itself chose the class.
_CODE_OF_BUILTIN: Final[tuple[tuple[type[OSError], ErrorCode], ...]] = (
    (ConnectionRefusedError, ErrorCode.REFUSED),
    (ConnectionResetError, ErrorCode.RESET),
    (ConnectionAbortedError, ErrorCode.ABORTED),
    (BrokenPipeError, ErrorCode.BROKEN),
    (TimeoutError, ErrorCode.TIMED_OUT),
    (PermissionError, ErrorCode.ACCESS_DENIED),
    (FileNotFoundError, ErrorCode.NOT_FOUND),
    (BlockingIOError, ErrorCode.WOULD_BLOCK),
    (InterruptedError, ErrorCode.INTERRUPTED),
)


def network_error(
    number: int,
    text: str | None = None,
    *,
    domain: ErrorDomain | None = None,
    operation: str | None = None,
    address: object = None,
    platform: str = sys.platform,
) -> NetworkError:
    """Make the right error for a number that the system gave.

    :param number: The number. A number that the table does not know is kept all the same.
    :param text: The system's text for it; by default a sentence of the class.
    :param domain: Who gave the number; by default the sockets of the platform.
    :param operation: What was being done, such as ``"connect"``.
    :param address: Whom it was done with.
    :param platform: Whose numbers to read, a value of :data:`sys.platform`.
    :returns: An error of the class that belongs to the number's meaning, else a plain
        :class:`NetworkError`; not raised.
    """
    if domain is None:
        domain = socket_domain(number, platform=platform)
    entry = find_entry(domain, number, platform=platform)
    error = _build(
        ErrorCode.UNKNOWN if entry is None else entry.code,
        text or None,
        number=number,
        symbol="" if entry is None else entry.symbol,
        operation=operation,
        address=address,
    )
    if sys.platform == "win32" and domain in _WINDOWS_DOMAINS:  # pragma: no cover - Windows
        error.winerror = number
    return error


def from_os_error(
    exc: OSError, *, operation: str | None = None, address: object = None
) -> NetworkError:
    """Translate what a socket, the resolver or the ssl module raised.

    Write ``raise from_os_error(exc, operation="connect", address=address) from exc``, so that the
    cause is kept.

    :param exc: The exception. A :class:`NetworkError` is returned as it is, with ``operation`` and
        ``address`` filled in where it has none.
    :param operation: What was being done, such as ``"connect"``.
    :param address: Whom it was done with.
    :returns: The error; not raised.
    :raises OperationTimeout: if ``exc`` is one. It is an :class:`OSError` too, since it is a
        builtin :class:`TimeoutError`, but it comes from this program's own limit.
    """
    if isinstance(exc, NetworkError):
        if exc.operation is None:
            exc.operation = operation
        if exc.address is None:
            exc.address = address
        return exc
    if isinstance(exc, OperationTimeout):
        raise exc
    if isinstance(exc, ssl.SSLError):
        return _from_ssl_error(exc, operation, address)
    text = _text_of(exc)
    number, domain = _number_of(exc)
    if isinstance(exc, (socket.gaierror, socket.herror)):
        return network.NameResolutionFailed(
            text, errno=number, operation=operation, address=address
        )
    if number is not None:
        error = network_error(number, text, domain=domain, operation=operation, address=address)
        if error.code is not ErrorCode.UNKNOWN:
            return error
    return _build(
        _code_of_class(exc), text, number=number, symbol="", operation=operation, address=address
    )


def _from_ssl_error(exc: ssl.SSLError, operation: str | None, address: object) -> TLSError:
    # The ssl module sets these four only on errors that OpenSSL itself reported.
    reason = getattr(exc, "reason", None) or ""
    library = getattr(exc, "library", None) or ""
    if not isinstance(exc, ssl.SSLCertVerificationError):
        return TLSError(
            _text_of(exc),
            errno=_number_of(exc)[0],
            operation=operation,
            address=address,
            reason=reason,
            library=library,
        )
    return CertificateInvalid(
        _text_of(exc),
        errno=_number_of(exc)[0],
        operation=operation,
        address=address,
        reason=reason,
        library=library,
        verify_code=getattr(exc, "verify_code", 0),
        verify_message=getattr(exc, "verify_message", ""),
    )


def _build(
    code: ErrorCode,
    text: str | None,
    *,
    number: int | None,
    symbol: str,
    operation: str | None,
    address: object,
) -> NetworkError:
    return _CLASS_OF.get(code, NetworkError)(
        text, code=code, errno=number, symbol=symbol, operation=operation, address=address
    )


def _number_of(exc: OSError) -> tuple[int | None, ErrorDomain | None]:
    """Prefer ``winerror``, which is exact, to the ``errno`` that Python derives from it."""
    winerror = getattr(exc, "winerror", None)
    if isinstance(winerror, int) and winerror != 0:
        return winerror, windows_domain(winerror)
    return (exc.errno if isinstance(exc.errno, int) else None), None


def _text_of(exc: OSError) -> str | None:
    return str(exc.strerror or (exc.args[0] if len(exc.args) == 1 else "")) or None


def _code_of_class(exc: OSError) -> ErrorCode:
    for builtin, code in _CODE_OF_BUILTIN:
        if isinstance(exc, builtin):
            return code
    return ErrorCode.UNKNOWN
