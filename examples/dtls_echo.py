"""DTLS echo on loopback: a verified server, a name that is refused, a drain; ends by itself.

It needs the extras dtls and demo, and says so where they are missing.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import trio

from trio_helianthus import errors, net

if TYPE_CHECKING:
    import trustme

IDLE_SECONDS = 5.0


async def echo(channel: net.DTLSChannel) -> None:
    """Answer each datagram with itself, until the client says goodbye or is gone."""
    try:
        while True:
            await channel.send(await channel.receive(timeout=IDLE_SECONDS))
    except trio.EndOfChannel:
        pass  # the client has said goodbye
    except errors.OperationTimeout:
        print("a client is gone")


async def talk(port: int, authority: trustme.CA) -> None:
    async with net.open_dtls("localhost", port, configure=authority.configure_trust) as channel:
        print(channel.info.version, "with", channel.info.cipher)
        print("a datagram may have", channel.cleartext_mtu, "bytes")
        await channel.send(b"hello")
        print("answer: ", await channel.receive(timeout=2))


async def be_refused(port: int, authority: trustme.CA) -> None:
    try:
        async with net.open_dtls(
            "localhost",
            port,
            server_hostname="bank.example.org",
            configure=authority.configure_trust,
        ):
            pass
    except errors.CertificateInvalid as error:
        print("refused:", error.verify_message)


async def main() -> None:
    authority = make_authority()
    certificate = authority.issue_cert("localhost")
    async with trio.open_nursery() as nursery:
        server: net.DTLSServer = await nursery.start(
            partial(net.serve_dtls, echo, configure=certificate.configure_cert)
        )
        await talk(server.port, authority)
        await be_refused(server.port, authority)
        report = await server.drain(timeout=0)
        print("drained:", report.finished, "finished,", len(report.cut), "cut")


def make_authority() -> trustme.CA:
    """Make an authority for this run; a service has files: ``certificate=``, ``authorities=``."""
    try:
        import trustme
    except ImportError:
        raise errors.MissingExtraError("demo", "trustme") from None
    return trustme.CA()


if __name__ == "__main__":
    try:
        trio.run(main)
    except* errors.MissingExtraError as missing:
        print(*missing.exceptions)
