"""Failures of TLS, which keep what the ssl module says about them."""

from __future__ import annotations

import ssl
from typing import ClassVar

import trio

from ._codes import ErrorCode
from ._network import NetworkError


class TLSError(NetworkError, trio.BrokenResourceError, ssl.SSLError):
    """The TLS handshake, or a TLS record, was bad; the connection is of no use any more.

    :param message: What happened.
    :param code: As for :class:`NetworkError`.
    :param errno: The ``ssl.SSL_ERROR_*`` number.
    :param operation: As for :class:`NetworkError`.
    :param address: As for :class:`NetworkError`.
    :param reason: OpenSSL's mnemonic, such as ``"WRONG_VERSION_NUMBER"``.
    :param library: The part of OpenSSL that found it, such as ``"SSL"``.
    """

    default_code = ErrorCode.TLS
    _default_message = "TLS failure"
    _shown_in_repr: ClassVar[tuple[str, ...]] = ("code", "errno", "reason", "operation", "address")

    reason: str
    """OpenSSL's mnemonic, or an empty string."""
    library: str
    """The part of OpenSSL that found it, or an empty string."""

    def __init__(
        self,
        message: str | None = None,
        *,
        code: ErrorCode | None = None,
        errno: int | None = None,
        operation: str | None = None,
        address: object = None,
        reason: str = "",
        library: str = "",
    ) -> None:
        super().__init__(message, code=code, errno=errno, operation=operation, address=address)
        self.reason = reason
        self.library = library

    @classmethod
    def _symbol_of(cls, number: int) -> str | None:
        try:
            return ssl.SSLErrorNumber(number).name
        except ValueError:
            return None


class CertificateInvalid(TLSError, ssl.SSLCertVerificationError):
    """The peer's certificate did not verify.

    :param message: What happened.
    :param code: As for :class:`NetworkError`.
    :param errno: As for :class:`TLSError`.
    :param operation: As for :class:`NetworkError`.
    :param address: As for :class:`NetworkError`.
    :param reason: As for :class:`TLSError`.
    :param library: As for :class:`TLSError`.
    :param verify_code: OpenSSL's ``X509_V_ERR_*`` number.
    :param verify_message: OpenSSL's sentence for that number.
    """

    default_code = ErrorCode.CERTIFICATE_INVALID
    _default_message = "the peer's certificate did not verify"
    _shown_in_repr: ClassVar[tuple[str, ...]] = (
        "code",
        "errno",
        "reason",
        "verify_message",
        "operation",
        "address",
    )

    verify_code: int
    """OpenSSL's ``X509_V_ERR_*`` number, or 0."""
    verify_message: str
    """OpenSSL's sentence for that number, or an empty string."""

    def __init__(
        self,
        message: str | None = None,
        *,
        code: ErrorCode | None = None,
        errno: int | None = None,
        operation: str | None = None,
        address: object = None,
        reason: str = "",
        library: str = "",
        verify_code: int = 0,
        verify_message: str = "",
    ) -> None:
        super().__init__(
            message,
            code=code,
            errno=errno,
            operation=operation,
            address=address,
            reason=reason,
            library=library,
        )
        self.verify_code = verify_code
        self.verify_message = verify_message
