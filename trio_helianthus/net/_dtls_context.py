"""DTLS contexts: pyOpenSSL's, made afresh for each socket, and the check of the peer's name."""

from __future__ import annotations

import ipaddress
import os
import ssl
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import idna

from trio_helianthus.errors import (
    CertificateInvalid,
    MissingExtraError,
    TLSError,
    from_os_error,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import ModuleType

    import trio
    from OpenSSL import SSL, crypto

DTLS_1_2: Final = 0xFEFD
"""The version's number on the wire (RFC 6347, 4.1)."""
# Forward secrecy and authenticated encryption only (RFC 9325, 4.2), as Python's own TLS has it.
_CIPHERS: Final = b"ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AESCCM:!aNULL"
# openssl/x509_vfy.h: what a verification fails with.
_HOSTNAME_MISMATCH: Final = 62
_REASONS: Final = {
    9: "certificate is not yet valid",
    10: "certificate has expired",
    18: "self-signed certificate",
    19: "self-signed certificate in certificate chain",
    20: "unable to get local issuer certificate",
    21: "unable to verify the first certificate",
    23: "certificate revoked",
    26: "unsuitable certificate purpose",
}


def import_openssl() -> ModuleType:
    """Return pyOpenSSL's ``SSL`` module.

    :raises MissingExtraError: it is not installed.
    """
    try:
        from OpenSSL import SSL
    except ImportError:
        raise MissingExtraError("dtls", "pyopenssl") from None
    return SSL


def make_context(
    *,
    server_side: bool,
    certificate: str | os.PathLike[str] | None,
    private_key: str | os.PathLike[str] | None,
    authorities: str | os.PathLike[str] | None,
    configure: Callable[[SSL.Context], object] | None,
) -> SSL.Context:
    """Make a context; it is good for one socket, since a used one lets nobody change it.

    :raises TLSError: a file has no certificate or key in it, or they do not belong together.
    :raises NetworkError: a file is missing, or must not be read.
    :raises ValueError: there is a key, but no certificate.
    """
    openssl = import_openssl()
    if private_key is not None and certificate is None:
        raise ValueError("a private key needs its certificate")
    context: SSL.Context = openssl.Context(openssl.DTLS_METHOD)
    context.set_min_proto_version(DTLS_1_2)
    context.set_cipher_list(_CIPHERS)
    if authorities is not None:
        _load(context.load_verify_locations, authorities, "no certificate in PEM form")
    elif not server_side:
        _trust_the_system(context)
    if certificate is not None:
        _load(context.use_certificate_chain_file, certificate, "no certificate in PEM form")
        key = private_key or certificate
        _load(context.use_privatekey_file, key, "no private key in PEM form")
    if not server_side:
        context.set_verify(openssl.VERIFY_PEER)
    elif authorities is not None:
        context.set_verify(openssl.VERIFY_PEER | openssl.VERIFY_FAIL_IF_NO_PEER_CERT)
    if configure is not None:
        configure(context)
    return context


def _load(load: Callable[[str], object], path: str | os.PathLike[str], missing: str) -> None:
    """Load a file, and say what is wrong with it, if something is; OpenSSL says it badly."""
    name = os.fspath(path)
    try:
        encrypted = b"ENCRYPTED" in Path(name).read_bytes()
        if not encrypted:  # OpenSSL would ask for the password on the terminal
            load(name)
    except OSError as exc:
        raise from_os_error(exc, operation="load certificate", address=name) from exc
    except import_openssl().Error as exc:
        error = tls_error(exc, "load certificate", name)
        mismatch = error.reason == "KEY_VALUES_MISMATCH"
        error.message = "the private key is not that of the certificate" if mismatch else missing
        raise error from exc
    if encrypted:
        message = "the private key is encrypted; load it in configure="
        raise TLSError(message, operation="load certificate", address=name)


def _trust_the_system(context: SSL.Context) -> None:
    context.set_default_verify_paths()
    if sys.platform == "win32":  # its authorities are not in files
        from cryptography.x509 import load_der_x509_certificate
        from OpenSSL import crypto

        store = context.get_cert_store()
        assert store is not None  # each context has one
        for der in ssl.create_default_context().get_ca_certs(binary_form=True):
            store.add_cert(crypto.X509.from_cryptography(load_der_x509_certificate(der)))


def connection_of(channel: trio.DTLSChannel) -> SSL.Connection:
    """Return OpenSSL's part of a channel, by which alone names are asked for and verified.

    trio has no public name for it; where it is elsewhere one day, nothing is unprotected.
    """
    connection: SSL.Connection | None = getattr(channel, "_ssl", None)
    if connection is None:
        raise RuntimeError("with this version of trio the peer's certificate cannot be verified")
    return connection


class PeerCheck:
    """Verifies the peer of one handshake, its name too, and keeps what was wrong.

    :param host: the name or address that the peer's certificate has to be for; ``None`` where
        any name will do, as for clients.
    :param address: whom the handshake is with, for the error.
    :param failed: called at once when something is wrong.
    """

    def __init__(self, host: str | None, address: object, failed: Callable[[], object]) -> None:
        self.error: CertificateInvalid | None = None
        """What was wrong, if something was."""
        self.passed = False
        """Whether the peer's own certificate was verified."""
        self._host = host
        self._address = address
        self._failed = failed

    def __call__(
        self, connection: SSL.Connection, shown: crypto.X509, number: int, depth: int, ok: int
    ) -> bool:
        """Say for each certificate, from the authority's to the peer's, whether to go on."""
        if not ok:
            self._fail(number, _REASONS.get(number, f"verification error {number}"))
        elif depth == 0 and self.error is None:
            if self._host is None or _is_for(shown, self._host):
                self.passed = True
            else:
                self._fail(
                    _HOSTNAME_MISMATCH,
                    f"hostname mismatch, certificate is not valid for {self._host!r}",
                )
        return self.error is None

    def _fail(self, number: int, reason: str) -> None:
        self.error = self.error or CertificateInvalid(
            f"certificate verify failed: {reason}",
            operation="DTLS handshake",
            address=self._address,
            reason="CERTIFICATE_VERIFY_FAILED",
            library="SSL",
            verify_code=number,
            verify_message=reason,
        )
        self._failed()


def _is_for(shown: crypto.X509, host: str) -> bool:
    from cryptography import x509

    try:
        extension = shown.to_cryptography().extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        )
    except (
        x509.ExtensionNotFound,
        x509.DuplicateExtension,
        x509.UnsupportedGeneralNameType,
        ValueError,  # it cannot be read
    ):
        return False
    names = extension.value
    if is_numeric(host):
        return ipaddress.ip_address(host) in names.get_values_for_type(x509.IPAddress)
    return matches_any(host, names.get_values_for_type(x509.DNSName))


def is_numeric(host: str) -> bool:
    """Whether a host is an address, which is verified but not asked for (RFC 6066, section 3)."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def matches_any(host: str, patterns: Iterable[str]) -> bool:
    """Tell whether a host's name is among those of a certificate (RFC 9525, section 6.3).

    A wildcard stands for exactly one label, the first, and all of it.

    :param host: in ASCII and lower case, without a dot at the end.
    """
    labels = host.split(".")
    for pattern in patterns:
        first, *others = pattern.lower().rstrip(".").split(".")
        if others == labels[1:] and (first == labels[0] or (first == "*" and len(others) > 1)):
            return True
    return False


def ascii_name(host: str) -> str:
    """Write a host the way certificates and SNI do: in ASCII (RFC 5890), without a scope.

    :raises ValueError: it is no name.
    """
    if ":" in host:
        return host.partition("%")[0]
    # idna refuses some that are in use, as with an underscore.
    name = host if host.isascii() else idna.encode(host, uts46=True).decode("ascii")
    name = name.lower().rstrip(".")
    if not name or "\0" in name:
        raise ValueError(f"{host!r} is no name of a host")
    return name


def tls_error(exc: Exception, operation: str, address: object) -> TLSError:
    """Translate what pyOpenSSL raises: a list of what OpenSSL's parts had to say."""
    match exc.args:
        case ([(str(library), _, str(reason)), *_],):
            return TLSError(
                reason or library,
                operation=operation,
                address=address,
                reason=reason.upper().replace(" ", "_"),
                library=library,
            )
    return TLSError(str(exc) or None, operation=operation, address=address)
