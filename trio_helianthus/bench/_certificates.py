"""A certificate for the TLS servers, and an authority for the load generator to trust."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from trio_helianthus.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterator


@attrs.frozen
class Certificates:
    """PEM files.

    :param server: certificate for localhost, with its private key.
    :param authority: certificate of the authority that issued it.
    """

    server: str
    authority: str


@contextmanager
def make_certificates() -> Iterator[Certificates]:
    """Make fresh ones that last as long as the block.

    :raises MissingExtraError: trustme is not installed.
    """
    try:
        import trustme
    except ImportError as exc:
        raise MissingExtraError("demo", "trustme") from exc
    with tempfile.TemporaryDirectory(prefix="helianthus-bench-") as folder:
        certificates = Certificates(str(Path(folder, "server")), str(Path(folder, "authority")))
        authority = trustme.CA()
        issued = authority.issue_cert("localhost")
        issued.private_key_and_cert_chain_pem.write_to_path(certificates.server)
        authority.cert_pem.write_to_path(certificates.authority)
        yield certificates
