"""What an app is told about the TLS of a connection."""

from __future__ import annotations

import ssl
from functools import cache
from typing import Any, Final

from trio_helianthus.net import TLSInfo

__all__ = ["tls_extension"]

_VERSIONS: Final = {"TLSv1": 0x0301, "TLSv1.1": 0x0302, "TLSv1.2": 0x0303, "TLSv1.3": 0x0304}
_SHORT_NAMES: Final = {
    "commonName": "CN",
    "countryName": "C",
    "domainComponent": "DC",
    "localityName": "L",
    "organizationName": "O",
    "organizationalUnitName": "OU",
    "stateOrProvinceName": "ST",
    "streetAddress": "STREET",
    "userId": "UID",
}
"""Of :rfc:`4514` section 3."""


def tls_extension(tls: TLSInfo) -> dict[str, Any]:
    """The ``tls`` extension of a scope: the client's certificate only where it was verified.

    The server's own certificate, which may be chosen anew for each connection, is left out.
    """
    chain, name = [], None
    if tls.peer_certificate and tls.peer_certificate_der is not None:
        chain = [ssl.DER_cert_to_PEM_cert(tls.peer_certificate_der)]
        name = _name(tls.peer_certificate["subject"])
    return {
        "server_cert": None,
        "client_cert_chain": chain,
        "client_cert_name": name,
        "client_cert_error": None,
        "tls_version": _VERSIONS.get(tls.version),
        "cipher_suite": _cipher_numbers().get(tls.cipher),
    }


@cache
def _cipher_numbers() -> dict[str, int]:
    """The numbers of the cipher suites that this machine's OpenSSL speaks, by its names."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:COMPLEMENTOFALL")
    return {cipher["name"]: cipher["id"] & 0xFFFF for cipher in context.get_ciphers()}


def _name(subject: tuple[tuple[tuple[str, str], ...], ...]) -> str:
    """A distinguished name as :rfc:`4514` writes it: the last part first."""
    parts = [
        "+".join(f"{_SHORT_NAMES.get(kind, kind)}={_escaped(value)}" for kind, value in part)
        for part in reversed(subject)
    ]
    return ",".join(parts)


def _escaped(value: str) -> str:
    text = "".join(f"\\{letter}" if letter in '\\",+<>;' else letter for letter in value)
    text = text.replace("\0", "\\00")
    if text.startswith((" ", "#")):
        text = "\\" + text
    if text.endswith(" ") and not text.endswith("\\ "):
        text = text[:-1] + "\\ "
    return text
