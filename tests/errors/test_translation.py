"""What the operating system, the resolver and the ssl module raise comes out as one of ours."""

from __future__ import annotations

import errno
import os
import socket
import ssl
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_helianthus import errors
from trio_helianthus.errors import ErrorCode, NetworkError, from_os_error

if TYPE_CHECKING:
    from collections.abc import Callable

NOWHERE: Final = ("127.0.0.1", 9)


class WindowsError(OSError):
    """An OSError as Windows raises it: ``errno`` is a guess, ``winerror`` is the truth."""

    def __init__(self, winerror: int, text: str) -> None:
        super().__init__(errno.EINVAL, text)
        self.winerror = winerror


def raised_by(action: Callable[[], object]) -> OSError:
    with pytest.raises(OSError) as caught:
        action()
    return caught.value


@pytest.mark.parametrize(
    ("number", "error_type"),
    [
        (errno.ECONNREFUSED, errors.ConnectionRefused),
        (errno.ECONNRESET, errors.ConnectionReset),
        (errno.ECONNABORTED, errors.ConnectionAborted),
        (errno.EPIPE, errors.ConnectionBroken),
        (errno.ETIMEDOUT, errors.ConnectionTimedOut),
        (errno.EADDRINUSE, errors.AddressInUse),
        (errno.EADDRNOTAVAIL, errors.AddressNotAvailable),
        (errno.EHOSTUNREACH, errors.Unreachable),
        (errno.ENETUNREACH, errors.Unreachable),
        (errno.ENOTCONN, errors.NotConnected),
        (errno.EMFILE, errors.TooManyOpenFiles),
        (errno.ENFILE, errors.TooManyOpenFiles),
        (errno.EACCES, errors.AccessDenied),
    ],
)
def test_a_number_finds_its_class(number: int, error_type: type[NetworkError]) -> None:
    error = from_os_error(OSError(number, os.strerror(number)))
    assert type(error) is error_type
    assert error.code is error_type.default_code
    assert (error.errno, error.strerror) == (number, os.strerror(number))


@given(st.integers(-10, 20_000), st.text())
def test_any_number_and_text_is_kept(number: int, text: str) -> None:
    error = from_os_error(OSError(number, text), operation="send", address=NOWHERE)
    assert error.errno == number
    assert error.strerror == (text or error.message)
    assert (error.operation, error.address) == ("send", NOWHERE)


@given(st.integers(-10, 20_000))
def test_what_python_would_catch_is_still_caught(number: int) -> None:
    original = OSError(number, "text")
    builtin = type(original)
    has_a_class = builtin in {
        ConnectionRefusedError,
        ConnectionResetError,
        ConnectionAbortedError,
        BrokenPipeError,
        TimeoutError,
        PermissionError,
    }
    assert isinstance(from_os_error(original), builtin if has_a_class else OSError)


@pytest.mark.parametrize(
    ("exc", "error_type", "code"),
    [
        (ConnectionRefusedError(), errors.ConnectionRefused, ErrorCode.REFUSED),
        (ConnectionResetError(), errors.ConnectionReset, ErrorCode.RESET),
        (ConnectionAbortedError(), errors.ConnectionAborted, ErrorCode.ABORTED),
        (BrokenPipeError(), errors.ConnectionBroken, ErrorCode.BROKEN),
        (TimeoutError(), errors.ConnectionTimedOut, ErrorCode.TIMED_OUT),
        (PermissionError(), errors.AccessDenied, ErrorCode.ACCESS_DENIED),
        (FileNotFoundError(), NetworkError, ErrorCode.NOT_FOUND),
        (BlockingIOError(), NetworkError, ErrorCode.WOULD_BLOCK),
        (InterruptedError(), NetworkError, ErrorCode.INTERRUPTED),
        (OSError(), NetworkError, ErrorCode.UNKNOWN),
    ],
    ids=repr,
)
def test_without_a_number_the_class_decides(
    exc: OSError, error_type: type[NetworkError], code: ErrorCode
) -> None:
    error = from_os_error(exc)
    assert type(error) is error_type
    assert error.code is code
    assert (error.errno, error.message) == (None, error_type().message)


def test_an_unknown_number_leaves_it_to_the_class() -> None:
    error = from_os_error(ConnectionResetError(4242, "as some other machine numbers it"))
    assert type(error) is errors.ConnectionReset
    assert (error.errno, error.symbol) == (4242, None)


def test_a_text_without_a_number_is_kept() -> None:
    assert str(from_os_error(OSError("interpreter says no"))) == "interpreter says no"


def test_a_number_that_is_none_is_not_kept_as_one() -> None:
    assert from_os_error(OSError("not", "a number")).errno is None


@pytest.mark.parametrize(
    ("winerror", "error_type"),
    [
        (64, errors.ConnectionReset),
        (1225, errors.ConnectionRefused),
        (1236, errors.ConnectionAborted),
        (10054, errors.ConnectionReset),
        (10061, errors.ConnectionRefused),
        (995, NetworkError),
    ],
)
def test_windows_own_number_wins(winerror: int, error_type: type[NetworkError]) -> None:
    error = from_os_error(WindowsError(winerror, "The text"))
    assert type(error) is error_type
    assert error.code is not ErrorCode.INVALID_ARGUMENT
    assert (error.errno, error.strerror) == (winerror, "The text")
    assert error.symbol is not None


def test_an_unknown_name_is_a_failed_resolution() -> None:
    exc = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    error = from_os_error(exc, operation="resolve", address="example.invalid")
    assert type(error) is errors.NameResolutionFailed
    assert str(error) == (
        f"resolve example.invalid: name or service not known (EAI_NONAME {socket.EAI_NONAME:d})"
    )


@pytest.mark.parametrize("exc", [socket.gaierror(4242, "odd"), socket.herror(1, "Unknown host")])
def test_whatever_the_resolver_says_is_a_failed_resolution(exc: OSError) -> None:
    error = from_os_error(exc)
    assert error.code is ErrorCode.NAME_RESOLUTION
    assert (error.errno, error.strerror) == (exc.errno, exc.strerror)


def test_a_bad_record_is_a_tls_error_with_openssls_words() -> None:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    incoming.write(b"this is not TLS at all")
    tls = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="example.org")
    exc = raised_by(tls.do_handshake)
    error = from_os_error(exc, operation="TLS handshake", address=("example.org", 443))
    assert type(error) is errors.TLSError
    assert isinstance(exc, ssl.SSLError)
    assert (error.reason, error.library) == (exc.reason, exc.library)
    assert (error.errno, error.strerror) == (exc.errno, exc.strerror)
    assert str(error).startswith("TLS handshake with example.org:443: ")
    assert error.symbol == "SSL_ERROR_SSL"


@pytest.mark.parametrize("kind", [ssl.SSLError, ssl.SSLEOFError, ssl.SSLZeroReturnError])
def test_every_ssl_error_is_a_tls_error(kind: type[ssl.SSLError]) -> None:
    error = from_os_error(kind("connection has been closed"))
    assert type(error) is errors.TLSError
    assert (error.message, error.reason, error.library) == ("connection has been closed", "", "")


def test_a_bad_certificate_says_what_is_wrong_with_it() -> None:
    exc = ssl.SSLCertVerificationError(1, "certificate verify failed: self-signed certificate")
    exc.reason, exc.library = "CERTIFICATE_VERIFY_FAILED", "SSL"
    exc.verify_code, exc.verify_message = 18, "self-signed certificate"
    error = from_os_error(exc)
    assert isinstance(error, errors.CertificateInvalid)
    assert error.code is ErrorCode.CERTIFICATE_INVALID
    assert (error.reason, error.library) == ("CERTIFICATE_VERIFY_FAILED", "SSL")
    assert (error.verify_code, error.verify_message) == (18, "self-signed certificate")


def test_a_bare_certificate_error_has_nothing_to_add() -> None:
    error = from_os_error(ssl.SSLCertVerificationError("no match"))
    assert isinstance(error, errors.CertificateInvalid)
    assert (error.verify_code, error.verify_message, error.reason) == (0, "", "")


def test_one_of_ours_is_not_translated_again() -> None:
    ours = errors.IncompleteReceive(partial=b"abc")
    assert from_os_error(ours, operation="receive", address=NOWHERE) is ours
    assert (ours.operation, ours.address) == ("receive", NOWHERE)


def test_what_one_of_ours_knows_is_not_overwritten() -> None:
    ours = errors.ConnectionReset(operation="send", address=("::1", 1))
    from_os_error(ours, operation="receive", address=NOWHERE)
    assert (ours.operation, ours.address) == ("send", ("::1", 1))


def test_our_own_timeout_is_not_the_networks() -> None:
    ours = errors.OperationTimeout(seconds=1)
    with pytest.raises(errors.OperationTimeout) as caught:
        from_os_error(ours)
    assert caught.value is ours


def test_the_caller_keeps_the_cause() -> None:
    cause = OSError(errno.ECONNRESET, "reset")
    with pytest.raises(errors.ConnectionReset) as caught:
        raise from_os_error(cause) from cause
    assert caught.value.__cause__ is cause


def test_a_real_port_in_use_is_an_address_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as first, socket.socket() as second:
        exc = raised_by(lambda: second.bind(first.getsockname()))
        error = from_os_error(exc, operation="bind", address=first.getsockname())
    assert isinstance(error, errors.AddressInUse)
    assert error.errno == exc.errno


def test_a_real_closed_port_refuses() -> None:
    with socket.socket() as taken, socket.socket() as client:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody else gets the port
        exc = raised_by(lambda: client.connect(taken.getsockname()))
    assert isinstance(from_os_error(exc), errors.ConnectionRefused)


def test_a_real_unconnected_socket_is_not_connected() -> None:
    with socket.socket() as lonely:
        exc = raised_by(lambda: lonely.shutdown(socket.SHUT_WR))
    assert isinstance(from_os_error(exc), errors.NotConnected)
