"""TCP and TLS echo on loopback: exact reads, a timeout, a drain; it ends by itself."""

from __future__ import annotations

import ssl

import trio

from trio_helianthus import errors, net

IDLE_SECONDS = 5.0


async def echo_lines(stream: net.ByteStream) -> None:
    """Answer each line with itself, until the client ends or has been silent for too long."""
    try:
        while True:
            line = await stream.receive_until(b"\n", max_bytes=1000, timeout=IDLE_SECONDS)
            await stream.send_all(line)
    except errors.IncompleteReceive as error:
        if error.partial:
            raise  # the client ended in the middle of a line
    except errors.OperationTimeout:
        print("  a client was silent for too long")


async def talk(stream: net.ByteStream) -> None:
    await stream.send_vectored([b"one, ", b"two, ", b"three\n"])
    print("  a line: ", await stream.receive_until(b"\n"))

    await stream.send_all(b"0123456789\n")
    print("  exactly:", await stream.receive_exactly(4), "and", await stream.receive_exactly(7))

    try:
        await stream.receive_some(timeout=0.05)
    except errors.OperationTimeout as error:
        print("  nothing:", error)
    # The timeout took nothing from the stream; it goes on.
    await stream.send_all(b"still there?\n")
    print("  after:  ", await stream.receive_until(b"\n"))


async def tcp() -> None:
    async with trio.open_nursery() as nursery:
        server: net.Server = await nursery.start(net.serve_tcp, echo_lines)
        async with await net.connect_tcp("localhost", server.port) as stream:
            print("TCP from", stream.local_address, "to", stream.remote_address)
            await talk(stream)
        report = await server.drain(timeout=1)
        print("  drained:", report.finished, "finished,", len(report.cut), "cut")


async def tls() -> None:
    server_context, client_context = make_contexts()

    async def serve(task_status: trio.TaskStatus[net.Server]) -> None:
        await net.serve_tls(echo_lines, ssl_context=server_context, task_status=task_status)

    async with trio.open_nursery() as nursery:
        server: net.Server = await nursery.start(serve)
        async with await net.connect_tls(
            "localhost", server.port, ssl_context=client_context
        ) as stream:
            print(stream.info.version, "with", stream.info.cipher)
            await talk(stream)
        try:
            await net.connect_tls("localhost", server.port)  # trusts the system's authorities
        except errors.CertificateInvalid as error:
            print("  refused:", error.verify_message)
        await server.drain(timeout=1)


def make_contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Make an authority for this run, a server's certificate, and contexts for both sides."""
    try:
        import trustme
    except ImportError:
        raise errors.MissingExtraError("demo", "trustme") from None
    authority = trustme.CA()
    server_context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(server_context)
    client_context = ssl.create_default_context()
    authority.configure_trust(client_context)
    return server_context, client_context


async def main() -> None:
    await tcp()
    await tls()


if __name__ == "__main__":
    trio.run(main)
