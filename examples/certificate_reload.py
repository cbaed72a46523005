"""A TLS server gets a new certificate while it runs; its connections go on. It ends by itself."""

from __future__ import annotations

import signal
import ssl
import tempfile
from functools import partial
from pathlib import Path

import trio

from trio_helianthus import core, errors, net

try:
    import trustme
except ImportError:
    raise errors.MissingExtraError("demo", "trustme") from None


async def echo(stream: net.ByteStream) -> None:
    while data := await stream.receive_some():
        await stream.send_all(data)


async def serve(
    files: Path, *, task_status: trio.TaskStatus[tuple[net.Server, net.ReloadingCertificate]]
) -> None:
    certificate = net.ReloadingCertificate(files / "server.pem", files / "server.key")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(partial(certificate.watch, interval=60))
        server = await nursery.start(partial(net.serve_tls, echo, ssl_context=certificate))
        task_status.started((server, certificate))


async def reload_on_sighup(certificate: net.ReloadingCertificate) -> None:
    with trio.open_signal_receiver(signal.SIGHUP) as signals:  # not on Windows
        async for _ in signals:
            try:
                certificate.reload()
            except errors.NetworkError as error:  # the old one stays in use
                core.report_error(error, where="reloading the certificate")


def issue(authority: trustme.CA, files: Path, name: str) -> None:
    """Do what a certificate manager does."""
    made = authority.issue_cert("localhost", organization_name=name)
    made.cert_chain_pems[0].write_to_path(files / "server.pem")
    made.private_key_pem.write_to_path(files / "server.key")


def organization(stream: net.TLSStream) -> str:
    assert stream.info.peer_certificate is not None
    subject = dict(field for fields in stream.info.peer_certificate["subject"] for field in fields)
    return str(subject["organizationName"])


async def main() -> None:
    authority, context = trustme.CA(), ssl.create_default_context()
    authority.configure_trust(context)
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder)
        issue(authority, files, "the first")
        async with trio.open_nursery() as nursery:
            server, certificate = await nursery.start(serve, files)
            connect = partial(net.connect_tls, "localhost", server.port, ssl_context=context)
            async with await connect() as old:
                print("the server shows", organization(old))
                issue(authority, files, "the second")
                certificate.reload()
                async with await connect() as new:
                    print("now it shows", organization(new))
                await old.send_all(b"still here")
                print("the old connection is", (await old.receive_exactly(10)).decode())
            (files / "server.key").write_text("half a ke")
            try:
                certificate.reload()
            except errors.TLSError as error:
                print("refused:", error.message)
            nursery.cancel_scope.cancel()


if __name__ == "__main__":
    trio.run(main)
