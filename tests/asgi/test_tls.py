"""What an app is told about TLS: the extension of the specification."""

from __future__ import annotations

import ssl

import pytest

from tests.asgi.conftest import ServeApp, reply
from trio_helianthus import asgi, http


@pytest.mark.parametrize("with_certificate", [False, True])
async def test_the_extension_has_the_numbers_and_the_clients_certificate(
    serve_app: ServeApp, no_errors: None, with_certificate: bool
) -> None:
    trustme = pytest.importorskip("trustme", reason="TLS needs a certificate authority")
    authority = trustme.CA()
    ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ours.verify_mode = ssl.CERT_OPTIONAL
    authority.configure_trust(ours)
    authority.issue_cert("127.0.0.1").configure_cert(ours)
    theirs = ssl.create_default_context()
    authority.configure_trust(theirs)
    if with_certificate:
        authority.issue_cert("me@example.org", common_name="a, client ").configure_cert(theirs)
    scopes: list[asgi.Scope] = []

    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        scopes.append(scope)
        await reply(send, b"secret")

    server = await serve_app(app, lifespan="off", ssl_context=ours)
    async with http.open_client(server.url, ssl_context=theirs) as client:
        assert (await client.get("/")).text == "secret"
    (scope,) = scopes
    assert scope["scheme"] == "https"
    tls = scope["extensions"]["tls"]
    assert tls["tls_version"] == 0x0304
    assert tls["cipher_suite"] in {0x1301, 0x1302, 0x1303}
    assert tls["server_cert"] is None
    assert tls["client_cert_error"] is None
    if with_certificate:
        (certificate,) = tls["client_cert_chain"]
        assert certificate.startswith("-----BEGIN CERTIFICATE-----")
        assert tls["client_cert_name"].startswith(r"CN=a\, client\ ,")
    else:
        assert (tls["client_cert_chain"], tls["client_cert_name"]) == ([], None)


async def test_a_cipher_suite_that_is_not_among_the_usual_ones_has_its_number_too(
    serve_app: ServeApp, no_errors: None
) -> None:
    trustme = pytest.importorskip("trustme", reason="TLS needs a certificate authority")
    authority = trustme.CA()
    ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(ours)
    ours.maximum_version = ssl.TLSVersion.TLSv1_2
    ours.set_ciphers("ECDHE-ECDSA-AES128-CCM")
    theirs = ssl.create_default_context()
    theirs.set_ciphers("ECDHE-ECDSA-AES128-CCM")
    authority.configure_trust(theirs)
    numbers: list[tuple[int, int]] = []

    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        tls = scope["extensions"]["tls"]
        numbers.append((tls["tls_version"], tls["cipher_suite"]))
        await reply(send)

    server = await serve_app(app, lifespan="off", ssl_context=ours)
    async with http.open_client(server.url, ssl_context=theirs) as client:
        await client.get("/")
    assert numbers == [(0x0303, 0xC0AC)]
