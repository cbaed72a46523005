"""DTLS certificates: who is let in, who is not, and how clearly that is said."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest
import trio

from tests.net._dtls import echo, serving
from trio_helianthus import errors, net

if TYPE_CHECKING:
    import trustme
    from OpenSSL import SSL as SSLModule  # noqa: N811 (pyOpenSSL calls it so)

SSL = pytest.importorskip("OpenSSL", reason="DTLS needs the extra dtls").SSL
from trio_helianthus.net import _dtls_context  # noqa: E402 (it is of no use without the extra)


@pytest.mark.parametrize(
    "name", ["example.org", "WWW.Example.ORG", "localhost", "127.0.0.1", "www.example.org."]
)
async def test_names_of_the_certificate_are_accepted(
    authority: trustme.CA, server_certificate: trustme.LeafCert, name: str
) -> None:
    async with (
        serving(server_certificate) as server,
        net.open_dtls(
            "127.0.0.1", server.port, server_hostname=name, configure=authority.configure_trust
        ) as channel,
    ):
        await channel.send(b"x")
        assert await channel.receive(timeout=5) == b"x"


@pytest.mark.parametrize("name", ["example.com", "a.example.org", "org", "127.0.0.2", "::1"])
async def test_other_names_are_refused_at_once(
    authority: trustme.CA, server_certificate: trustme.LeafCert, name: str
) -> None:
    async with serving(server_certificate) as server:
        with pytest.raises(errors.CertificateInvalid, match="hostname mismatch") as caught:
            async with net.open_dtls(
                "127.0.0.1", server.port, server_hostname=name, configure=authority.configure_trust
            ):
                pass
        assert caught.value.verify_code == 62
        assert name in caught.value.verify_message
        assert caught.value.address == server.addresses[0]


@pytest.mark.parametrize(
    ("host", "pattern", "matches"),
    [
        ("example.org", "example.org", True),
        ("example.org", "EXAMPLE.org.", True),
        ("a.example.org", "*.example.org", True),
        ("a.b.example.org", "*.example.org", False),
        ("example.org", "*.example.org", False),
        ("a.example.org", "a*.example.org", False),
        ("example.org", "*.org", False),
        ("a.org", "*.org", False),
        ("a.b.c", "a.*.c", False),
        ("org", "*", False),
        ("example.org", "", False),
        ("xn--bcher-kva.example.org", "*.example.org", True),
    ],
)
def test_a_wildcard_stands_for_the_whole_first_label(
    host: str, pattern: str, matches: bool
) -> None:
    assert _dtls_context.matches_any(host, ["other.net", pattern]) is matches


def test_names_are_compared_the_way_they_are_on_the_wire() -> None:
    assert _dtls_context.ascii_name("Bücher.example.ORG.") == "xn--bcher-kva.example.org"
    assert _dtls_context.ascii_name("fe80::1%eth0") == "fe80::1"
    assert _dtls_context.ascii_name("straße.example") == "xn--strae-oqa.example"  # not strasse
    assert _dtls_context.ascii_name("_service.example.org") == "_service.example.org"
    for name in ("", ".", "a\0b", "ü" * 64):
        with pytest.raises(ValueError, match=r".+"):
            _dtls_context.ascii_name(name)


async def test_an_unknown_authority_is_refused(server_certificate: trustme.LeafCert) -> None:
    async with serving(server_certificate) as server:
        with pytest.raises(errors.CertificateInvalid, match="local issuer") as caught:
            async with net.open_dtls("localhost", server.port):
                pass
        assert caught.value.verify_code == 20


async def test_an_expired_certificate_is_refused(authority: trustme.CA) -> None:
    past = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    expired = authority.issue_cert("localhost", not_after=past)
    async with serving(expired) as server:
        with pytest.raises(errors.CertificateInvalid, match="expired") as caught:
            async with net.open_dtls("localhost", server.port, configure=authority.configure_trust):
                pass
        assert caught.value.verify_code == 10


async def test_a_certificate_without_names_is_for_nobody(authority: trustme.CA) -> None:
    nameless = authority.issue_cert(common_name="localhost")
    async with serving(nameless) as server:
        with pytest.raises(errors.CertificateInvalid, match="hostname mismatch"):
            async with net.open_dtls("localhost", server.port, configure=authority.configure_trust):
                pass


@pytest.mark.parametrize("kind", ["DuplicateExtension", "UnsupportedGeneralNameType"])
def test_a_certificate_whose_names_cannot_be_read_is_for_nobody(kind: str) -> None:
    x509 = pytest.importorskip("cryptography.x509")

    class Odd:
        """What an authority should not have signed."""

        def to_cryptography(self) -> NoReturn:
            raise getattr(x509, kind)("odd", x509.ObjectIdentifier("2.5.29.17"))

    assert not _dtls_context._is_for(Odd(), "localhost")  # type: ignore[arg-type]


async def test_not_verifying_has_to_be_said(server_certificate: trustme.LeafCert) -> None:
    def trust_anybody(context: SSLModule.Context) -> None:
        context.set_verify(SSL.VERIFY_NONE)

    async with (
        serving(server_certificate) as server,
        net.open_dtls("127.0.0.1", server.port, configure=trust_anybody) as channel,
    ):
        await channel.send(b"x")
        assert await channel.receive(timeout=5) == b"x"


async def test_files_on_both_sides_and_a_clients_certificate(
    authority: trustme.CA, server_certificate: trustme.LeafCert, tmp_path: Path
) -> None:
    trusted, server, client = (tmp_path / name for name in ("ca.pem", "server.pem", "client.pem"))
    key, chain = tmp_path / "key.pem", tmp_path / "chain.pem"
    authority.cert_pem.write_to_path(trusted)
    server_certificate.private_key_and_cert_chain_pem.write_to_path(server)
    leaf = authority.issue_cert("client@example.org")
    leaf.private_key_pem.write_to_path(key)
    chain.write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
    leaf.private_key_and_cert_chain_pem.write_to_path(client)
    shown: list[bytes | None] = []

    async def handler(channel: net.DTLSChannel) -> None:
        shown.append(channel.info.peer_certificate_der)
        await echo(channel)

    async def serve(task_status: trio.TaskStatus[net.DTLSServer]) -> None:
        await net.serve_dtls(
            handler, certificate=server, authorities=trusted, task_status=task_status
        )

    async with trio.open_nursery() as nursery:
        running: net.DTLSServer = await nursery.start(serve)
        for certificate, private_key in ((client, None), (chain, key)):
            async with net.open_dtls(
                "localhost",
                running.port,
                authorities=trusted,
                certificate=certificate,
                private_key=private_key,
            ) as channel:
                await channel.send(b"x")
                assert await channel.receive(timeout=5) == b"x"
        nursery.cancel_scope.cancel()
    assert len(shown) == 2
    assert None not in shown


async def test_a_client_without_the_certificate_that_is_asked_for_is_not_served(
    authority: trustme.CA, server_certificate: trustme.LeafCert, tmp_path: Path
) -> None:
    trusted = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(trusted)
    settings = {"authorities": str(trusted), "handshake_timeout": 0.1}
    async with serving(server_certificate, **settings) as server:  # type: ignore[arg-type]
        with pytest.raises(errors.OperationTimeout):  # what the server says is not authenticated
            async with net.open_dtls(
                "localhost", server.port, configure=authority.configure_trust, timeout=0.2
            ):
                pass
        with trio.fail_after(5):
            while not server.statistics().failed_handshakes:  # noqa: ASYNC110 (nobody tells)
                await trio.sleep(0.01)


async def test_no_cipher_in_common_is_an_error_of_tls(
    authority: trustme.CA, server_certificate: trustme.LeafCert
) -> None:
    def only_rsa(context: SSLModule.Context) -> None:
        authority.configure_trust(context)
        context.set_cipher_list(b"ECDHE-RSA-AES128-GCM-SHA256")

    async with serving(server_certificate) as server:
        with pytest.raises((errors.TLSError, errors.OperationTimeout)):
            async with net.open_dtls("localhost", server.port, configure=only_rsa, timeout=0.2):
                pass
        await trio.sleep(0.01)
        assert server.statistics().failed_handshakes == 1


async def test_files_that_are_missing_or_bad_are_told(tmp_path: Path) -> None:
    bad = tmp_path / "bad.pem"
    bad.write_text("this is no certificate")
    with pytest.raises(errors.NetworkError, match=r"missing\.pem") as missing:
        await net.serve_dtls(echo, certificate=tmp_path / "missing.pem")
    assert missing.value.code is errors.ErrorCode.NOT_FOUND
    with pytest.raises(errors.TLSError, match=r"bad\.pem: no certificate in PEM form"):
        await net.serve_dtls(echo, certificate=bad)
    with pytest.raises(errors.TLSError, match=r"bad\.pem: no certificate in PEM form"):
        async with net.open_dtls("localhost", 9, authorities=bad):
            pass


async def test_a_key_that_is_missing_encrypted_or_another_ones_is_told(
    authority: trustme.CA, server_certificate: trustme.LeafCert, tmp_path: Path
) -> None:
    from cryptography.hazmat.primitives import serialization

    certificate, key = tmp_path / "server.crt", tmp_path / "server.key"
    server_certificate.cert_chain_pems[0].write_to_path(certificate)
    with pytest.raises(errors.TLSError, match=r"server\.crt: no private key in PEM form"):
        await net.serve_dtls(echo, certificate=certificate)

    authority.issue_cert("localhost").private_key_pem.write_to_path(key)
    with pytest.raises(errors.TLSError, match="the private key is not that of the certificate"):
        await net.serve_dtls(echo, certificate=certificate, private_key=key)

    plain = serialization.load_pem_private_key(server_certificate.private_key_pem.bytes(), None)
    key.write_bytes(
        plain.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    with pytest.raises(errors.TLSError, match="is encrypted"):
        await net.serve_dtls(echo, certificate=certificate, private_key=key)


async def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "OpenSSL", None)
    with pytest.raises(errors.MissingExtraError, match=r"trio_helianthus\[dtls\]"):
        async with net.open_dtls("localhost", 9):
            pass
    with pytest.raises(errors.MissingExtraError):
        await net.serve_dtls(echo, certificate="server.pem")


def test_importing_net_does_not_import_the_extra() -> None:
    question = "import sys, trio_helianthus.net; print(*sys.modules)"
    answer = subprocess.run(
        [sys.executable, "-c", question], capture_output=True, check=True, text=True
    )
    assert not {"OpenSSL", "cryptography"} & set(answer.stdout.split())


async def test_a_trio_that_hides_its_connection_verifies_nothing_and_connects_to_nobody() -> None:
    class Opaque:
        """A channel of another trio."""

    with pytest.raises(RuntimeError, match="cannot be verified"):
        _dtls_context.connection_of(Opaque())  # type: ignore[arg-type]


def test_errors_of_openssl_keep_what_it_says() -> None:
    error = _dtls_context.tls_error(
        SSL.Error([("SSL routines", "", "no shared cipher")]), "x", None
    )
    assert (error.reason, error.library) == ("NO_SHARED_CIPHER", "SSL routines")
    assert str(_dtls_context.tls_error(SSL.SysCallError(-1, "Unexpected EOF"), "x", None))
