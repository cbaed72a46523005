"""TLS streams: what the sides agree on, what fails, and how connections end."""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeAlias

import pytest
import trio
import trio.testing

from trio_helianthus import core, net
from trio_helianthus.errors import (
    CertificateInvalid,
    ConnectionBroken,
    ConnectionReset,
    IncompleteReceive,
    NetworkError,
    OperationTimeout,
    ResourceBusy,
    ResourceClosed,
    TLSError,
)
from trio_helianthus.net import _tls, _tls_ciphertext

if TYPE_CHECKING:
    import trustme

MakeTCPPair: TypeAlias = Callable[..., Awaitable[tuple[net.TCPStream, net.TCPStream]]]
MakeTLSPair: TypeAlias = Callable[..., Awaitable[tuple[net.TLSStream, net.TLSStream]]]


@asynccontextmanager
async def serving(
    context: ssl.SSLContext, handler: net.Handler | None = None, **options: object
) -> AsyncIterator[net.Server]:
    """Serve TLS while the body runs; without a handler, until the client has ended."""

    async def read_all(stream: net.ByteStream) -> None:
        await stream.receive_all()

    async with trio.open_nursery() as nursery:

        async def serve(task_status: trio.TaskStatus[net.Server]) -> None:
            await net.serve_tls(
                handler or read_all,
                ssl_context=context,
                task_status=task_status,
                **options,  # type: ignore[arg-type]
            )

        yield await nursery.start(serve)
        nursery.cancel_scope.cancel()


async def all_ended(server: net.Server) -> None:
    while server.statistics().connections:  # noqa: ASYNC110 (statistics wake nobody)
        await trio.sleep(0.001)


async def test_both_sides_know_what_was_agreed_on(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    seen: list[net.TLSInfo] = []

    async def remember(stream: net.ByteStream) -> None:
        assert isinstance(stream, net.TLSStream)
        seen.append(stream.info)
        await stream.send_all(b"!")

    server_context.set_alpn_protocols(["h2", "http/1.1"])
    client_context.set_alpn_protocols(["http/1.1"])
    async with (
        serving(server_context, remember) as server,
        await net.connect_tls(
            "127.0.0.1",
            server.port,
            ssl_context=client_context,
            server_hostname="www.example.org",
        ) as client,
    ):
        assert await client.receive_all() == b"!"
    (theirs,) = seen
    assert client.info.version == theirs.version == "TLSv1.3"
    assert client.info.cipher == theirs.cipher
    assert client.info.alpn_protocol == theirs.alpn_protocol == "http/1.1"
    assert client.info.server_name == theirs.server_name == "www.example.org"
    assert client.info.peer_certificate is not None
    names = client.info.peer_certificate["subjectAltName"]
    assert ("DNS", "www.example.org") in names
    assert client.info.peer_certificate_der is not None
    assert theirs.peer_certificate is None
    assert theirs.peer_certificate_der is None
    assert "TLSv1.3" in repr(client)


async def test_without_sni_and_alpn_there_is_nothing_to_know(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    seen: list[net.TLSInfo] = []

    async def remember(stream: net.ByteStream) -> None:
        assert isinstance(stream, net.TLSStream)
        seen.append(stream.info)

    async with (
        serving(server_context, remember) as server,
        await net.connect_tls("127.0.0.1", server.port, ssl_context=client_context) as client,
    ):
        await client.receive_all()
    for info in (seen[0], client.info):
        assert (info.server_name, info.alpn_protocol) == (None, None)


async def test_names_beyond_ascii_are_those_of_idna_2008(
    authority: trustme.CA, client_context: ssl.SSLContext, make_tcp_pair: MakeTCPPair
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("xn--strae-oqa.example.org").configure_cert(context)
    ours, theirs = await make_tcp_pair()
    async with trio.open_nursery() as nursery:

        async def be_server() -> None:
            async with await net.start_tls(theirs, ssl_context=context, server_side=True) as server:
                assert server.info.server_name == "xn--strae-oqa.example.org"

        nursery.start_soon(be_server)
        async with await net.start_tls(
            ours, ssl_context=client_context, server_hostname="Straße.example.org"
        ) as client:
            assert await client.receive_all() == b""


async def test_a_contexts_own_sni_callback_is_still_asked(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    asked: list[str | None] = []

    def choose(tls: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> int | None:
        asked.append(name)
        return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME if name == "www.example.org" else None

    server_context.sni_callback = choose
    async with serving(server_context) as server:
        for _ in range(2):
            client = await net.connect_tls("localhost", server.port, ssl_context=client_context)
            await client.aclose()
        with pytest.raises(NetworkError):
            await net.connect_tls(
                "localhost",
                server.port,
                ssl_context=client_context,
                server_hostname="www.example.org",
            )
    assert asked == ["localhost", "localhost", "www.example.org"]


async def test_the_callback_works_in_a_server_of_somebody_else(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext, make_tls_pair: MakeTLSPair
) -> None:
    one, other = await make_tls_pair()  # which has put our callback into the context
    one.reset()
    other.reset()
    ours, theirs = trio.testing.memory_stream_pair()
    async with trio.open_nursery() as nursery:
        client = trio.SSLStream(ours, client_context, server_hostname="example.org")
        server = trio.SSLStream(theirs, server_context, server_side=True)
        nursery.start_soon(client.do_handshake)
        await server.do_handshake()


@pytest.mark.parametrize("has_certificate", [True, False])
async def test_mutual_tls(
    has_certificate: bool,
    authority: trustme.CA,
    server_context: ssl.SSLContext,
    client_context: ssl.SSLContext,
    errors_on_stderr: Callable[[], str],
) -> None:
    async def greet(stream: net.ByteStream) -> None:
        assert isinstance(stream, net.TLSStream)
        assert stream.info.peer_certificate is not None
        await stream.send_all(str(stream.info.peer_certificate["subjectAltName"]).encode())

    server_context.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(server_context)
    if has_certificate:
        authority.issue_cert("client@example.org").configure_cert(client_context)
    async with serving(server_context, greet) as server:
        client = await net.connect_tls("localhost", server.port, ssl_context=client_context)
        async with client:
            if has_certificate:
                assert b"client@example.org" in await client.receive_all()
            else:  # TLS 1.3 tells after the client's handshake
                with pytest.raises(NetworkError):
                    await client.receive_all()
                await all_ended(server)
                assert server.statistics().failed_handshakes == 1
    assert not errors_on_stderr()


@pytest.mark.parametrize("what", ["name", "authority"])
async def test_a_certificate_that_does_not_verify(
    what: str,
    server_context: ssl.SSLContext,
    client_context: ssl.SSLContext,
    errors_on_stderr: Callable[[], str],
) -> None:
    async with serving(server_context) as server:
        with pytest.raises(CertificateInvalid) as caught:
            if what == "name":
                await net.connect_tls(
                    "127.0.0.1",
                    server.port,
                    ssl_context=client_context,
                    server_hostname="somebody.else",
                )
            else:  # the default context trusts the system's authorities only
                await net.connect_tls("localhost", server.port)
        assert caught.value.verify_message
        assert caught.value.operation == "TLS handshake"
        assert caught.value.__cause__ is not caught.value
        await all_ended(server)
        assert server.statistics().failed_handshakes == 1
    assert not errors_on_stderr()


async def test_the_default_context_offers_protocols(
    monkeypatch: pytest.MonkeyPatch, authority: trustme.CA, server_context: ssl.SSLContext
) -> None:
    create = ssl.create_default_context

    def create_trusting() -> ssl.SSLContext:
        context = create()
        authority.configure_trust(context)
        return context

    monkeypatch.setattr(ssl, "create_default_context", create_trusting)
    _tls._default_context.cache_clear()
    server_context.set_alpn_protocols(["mqtt"])
    try:
        async with (
            serving(server_context) as server,
            await net.connect_tls("localhost", server.port, alpn_protocols=["mqtt"]) as client,
        ):
            assert client.info.alpn_protocol == "mqtt"
    finally:
        _tls._default_context.cache_clear()
    with pytest.raises(ValueError, match="alpn_protocols"):
        await net.connect_tls("localhost", 1, ssl_context=server_context, alpn_protocols=["mqtt"])


async def test_a_silent_client_is_given_up(
    server_context: ssl.SSLContext, errors_on_stderr: Callable[[], str]
) -> None:
    async with (
        serving(server_context, handshake_timeout=0.005) as server,
        await net.connect_tcp("127.0.0.1", server.port) as client,
    ):
        with pytest.raises(ConnectionReset):
            await client.receive_some()
        await all_ended(server)
        assert server.statistics().failed_handshakes == 1
    assert not errors_on_stderr()


async def test_a_silent_server_is_given_up(
    client_context: ssl.SSLContext, make_tcp_pair: MakeTCPPair
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(OperationTimeout):
            await net.connect_tls("127.0.0.1", port, ssl_context=client_context, timeout=0.01)


async def test_plain_text_is_no_handshake(
    server_context: ssl.SSLContext,
    client_context: ssl.SSLContext,
    make_tcp_pair: MakeTCPPair,
    errors_on_stderr: Callable[[], str],
) -> None:
    async with (
        serving(server_context) as server,
        await net.connect_tcp("127.0.0.1", server.port) as client,
    ):
        await client.send_all(b"GET / HTTP/1.0\r\n\r\n")
        with pytest.raises((ConnectionReset, IncompleteReceive)):
            await client.receive_exactly(1000)
        await all_ended(server)
        assert server.statistics().failed_handshakes == 1
    one, other = await make_tcp_pair()
    async with other:
        await other.send_all(b"220 plain.example ESMTP\r\n")
        with pytest.raises(TLSError, match="TLS handshake with") as caught:
            await net.start_tls(one, ssl_context=client_context, server_hostname="example.org")
        assert caught.value.reason
        assert one.last_error is caught.value
    assert not errors_on_stderr()


async def test_a_goodbye_is_an_end(make_tls_pair: MakeTLSPair) -> None:
    client, server = await make_tls_pair()
    async with client:
        await server.send_all(b"that was all")
        await server.aclose()
        await server.aclose()
        assert await client.receive_all() == b"that was all"
        assert await client.receive_some() == b""
        assert await client.receive_some() == b""


async def test_an_end_without_a_goodbye_is_an_error(make_tls_pair: MakeTLSPair) -> None:
    client, server = await make_tls_pair()
    async with client:
        await server.send_all(b"that was not")
        await server.transport.aclose()
        assert await client.receive_exactly(12) == b"that was not"
        with pytest.raises(TLSError, match="EOF") as caught:
            await client.receive_some()
        assert client.last_error is caught.value
        with pytest.raises(ConnectionBroken):
            await client.receive_some()


async def test_a_stream_that_was_reset_gives_nothing_more(make_tls_pair: MakeTLSPair) -> None:
    client, server = await make_tls_pair()
    async with server:
        await server.send_all(b"one record")
        assert await client.receive_some(1) == b"o"  # OpenSSL has the rest
        client.reset()
        with pytest.raises(ResourceClosed):
            await client.receive_some()
        for data in (b"", b"x"):
            with pytest.raises(ResourceClosed):
                await client.send_all(data)


async def test_no_handshake_on_a_stream_that_is_closed_or_busy(
    client_context: ssl.SSLContext, make_tcp_pair: MakeTCPPair
) -> None:
    one, other = await make_tcp_pair()
    async with other, trio.open_nursery() as nursery:
        nursery.start_soon(receive_until_closed, one)
        await trio.testing.wait_all_tasks_blocked()
        for error in (ResourceBusy, ResourceClosed):
            with pytest.raises(error):
                await net.start_tls(one, ssl_context=client_context, server_hostname="example.org")
            assert one.last_error is None


async def receive_until_closed(stream: net.ByteStream) -> None:
    with pytest.raises(ResourceClosed):
        await stream.receive_some()


async def test_an_end_without_a_goodbye_is_usual_in_https(make_tls_pair: MakeTLSPair) -> None:
    client, server = await make_tls_pair(https_compatible=True)
    async with client:
        await server.send_all(b"length was given")
        await server.transport.aclose()
        assert await client.receive_all() == b"length was given"
        assert await client.receive_some() == b""
    with pytest.raises(ResourceClosed):
        await client.receive_some()


async def test_a_reset_is_told_as_one(make_tls_pair: MakeTLSPair) -> None:
    client, server = await make_tls_pair()
    async with client:
        server.reset()
        with pytest.raises(ConnectionReset) as caught:
            await client.receive_some()
        assert client.last_error is caught.value
        assert caught.value.__cause__ is not caught.value
        with pytest.raises(ConnectionBroken):
            await client.send_all(b"x")
        with pytest.raises(ConnectionBroken):
            await client.wait_send_all_might_not_block()


async def test_junk_between_records_breaks_the_stream(make_tls_pair: MakeTLSPair) -> None:
    client, server = await make_tls_pair()
    async with client, server:
        await server.transport.send_all(b"this is no TLS record")
        with pytest.raises(TLSError):
            await client.receive_some()
        await client.aclose()


async def test_tls_goes_over_tls(
    make_tls_pair: MakeTLSPair, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    outer_client, outer_server = await make_tls_pair()
    made: list[net.TLSStream] = []

    async def be_server() -> None:
        made.append(await net.start_tls(outer_server, ssl_context=server_context, server_side=True))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(be_server)
        client = await net.start_tls(
            outer_client, ssl_context=client_context, server_hostname="www.example.org"
        )
    (server,) = made
    async with client, server:
        assert server.info.server_name == "www.example.org"
        assert client.transport is outer_client
        assert client.connection_id == outer_client.transport.connection_id
        assert client.remote_address == server.local_address
        await client.send_all(b"wrapped twice")
        assert await server.receive_exactly(13) == b"wrapped twice"


async def test_a_connection_is_upgraded_in_the_middle(
    make_tcp_pair: MakeTCPPair, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    below_client, below_server = await make_tcp_pair()

    async def be_server() -> None:
        assert await below_server.receive_until(b"\r\n") == b"STARTTLS\r\n"
        await below_server.send_all(b"220 go ahead\r\n")
        stream = await net.start_tls(below_server, ssl_context=server_context, server_side=True)
        async with stream:
            await stream.send_all((await stream.receive_until(b"\r\n")).upper())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(be_server)
        await below_client.send_all(b"STARTTLS\r\n")
        assert (await below_client.receive_until(b"\r\n")).startswith(b"220")
        async with await net.start_tls(
            below_client, ssl_context=client_context, server_hostname="example.org"
        ) as stream:
            await stream.send_all(b"ehlo\r\n")
            assert await stream.receive_all() == b"EHLO\r\n"


async def test_what_came_before_the_upgrade_does_not_pass_for_protected(
    make_tcp_pair: MakeTCPPair, server_context: ssl.SSLContext
) -> None:
    client, below = await make_tcp_pair()
    async with client:
        await client.send_all(b"STARTTLS\r\nRSET\r\n")
        assert await below.receive_until(b"\r\n") == b"STARTTLS\r\n"
        with pytest.raises(TLSError, match="6 bytes came in the clear"):
            await net.start_tls(below, ssl_context=server_context, server_side=True)
        with pytest.raises(ResourceClosed):
            await below.receive_some()


async def test_a_cancelled_handshake_closes_the_stream_below(
    make_tcp_pair: MakeTCPPair, client_context: ssl.SSLContext
) -> None:
    one, other = await make_tcp_pair()
    async with other:
        with trio.move_on_after(0.002) as scope:
            await net.start_tls(one, ssl_context=client_context, server_hostname="example.org")
        assert scope.cancelled_caught
        with pytest.raises(ResourceClosed):
            await one.receive_some()


async def test_a_source_of_contexts_is_no_context(
    make_tcp_pair: MakeTCPPair, client_context: ssl.SSLContext
) -> None:
    one, other = await make_tcp_pair()
    async with other:
        with pytest.raises(TypeError, match=r"ssl\.SSLContext, not <function"):
            await net.start_tls(one, ssl_context=lambda: client_context)  # type: ignore[arg-type]
        with pytest.raises(ResourceClosed):
            await one.receive_some()


@pytest.mark.parametrize("name", [None, ""])
async def test_a_name_that_is_to_be_checked_must_be_given(
    name: str | None, make_tcp_pair: MakeTCPPair, client_context: ssl.SSLContext
) -> None:
    one, other = await make_tcp_pair()
    async with other:
        with pytest.raises(ValueError, match="server_hostname is needed"):
            await net.start_tls(one, ssl_context=client_context, server_hostname=name)
        with pytest.raises(ResourceClosed):
            await one.receive_some()


async def test_a_cancelled_receive_loses_nothing(make_tls_pair: MakeTLSPair) -> None:
    client, server = await make_tls_pair()
    async with client, server:
        for round_ in range(3):
            with pytest.raises(OperationTimeout):
                await client.receive_exactly(4, timeout=0.001)
            await server.send_all(b"ab")
            with pytest.raises(OperationTimeout):
                await client.receive_exactly(4, timeout=0.001)
            await server.send_all(b"cd")
            assert await client.receive_exactly(4) == b"abcd", round_


async def test_a_cancelled_send_breaks_the_stream(make_clogged_tls_pair: MakeTLSPair) -> None:
    client, server = await make_clogged_tls_pair()
    with pytest.raises(OperationTimeout):
        await client.send_all(b"lost", timeout=0.001)
    with pytest.raises(ConnectionBroken, match="half-way"):
        await client.send_all(b"more")
    await client.aclose()
    with pytest.raises(TLSError):
        await server.receive_all()
    server.reset()


async def test_a_peer_that_does_not_read_is_left_after_a_while(
    make_clogged_tls_pair: MakeTLSPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_tls_ciphertext, "GOODBYE_SECONDS", 0.005)
    client, server = await make_clogged_tls_pair()
    with trio.fail_after(2):
        await client.aclose()
    with pytest.raises(ResourceClosed):
        await client.send_all(b"x")
    server.reset()


async def test_closing_twice_at_once_is_no_reset(make_tls_pair: MakeTLSPair) -> None:
    """What the first has sent until then still arrives."""
    client, server = await make_tls_pair(small_buffers=True)
    client._ciphertext.outgoing.write(bytes(2_000_000))  # what the alert has to wait for
    async with server, trio.open_nursery() as nursery:
        nursery.start_soon(client.aclose)
        await trio.testing.wait_all_tasks_blocked()
        await client.aclose()
        with trio.fail_after(5):
            assert await server.transport.receive_all()


async def test_a_cancelled_goodbye_still_closes(make_tls_pair: MakeTLSPair) -> None:
    client, server = await make_tls_pair()
    with trio.CancelScope() as scope:
        scope.cancel()
        await client.aclose()
    assert scope.cancelled_caught
    with pytest.raises(ResourceClosed):
        await client.transport.receive_some()
    with pytest.raises(TLSError):
        await server.receive_some()
    server.reset()


async def test_closing_wakes_who_receives(make_tls_pair: MakeTLSPair) -> None:
    client, server = await make_tls_pair()

    async def expect_closed() -> None:
        with pytest.raises(ResourceClosed):
            await client.receive_some()

    async with server, trio.open_nursery() as nursery:
        nursery.start_soon(expect_closed)
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(ResourceBusy):
            await client.receive_some()
        await client.aclose()


async def test_a_busy_transport_is_told(make_tls_pair: MakeTLSPair) -> None:
    client, server = await make_tls_pair()
    async with client, server, trio.open_nursery() as nursery:
        nursery.start_soon(client.transport.receive_some)
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(ResourceBusy):
            await client.receive_some()
        nursery.cancel_scope.cancel()


async def test_many_buffers_share_records(make_tls_pair: MakeTLSPair) -> None:
    client, server = await make_tls_pair()
    buffers = [b"x" * 100] * 600 + [b"y" * 100_000, b"", b"z"]
    data = b"".join(buffers)
    async with client, server, trio.open_nursery() as nursery:
        nursery.start_soon(client.send_vectored, buffers)
        assert await server.receive_exactly(len(data)) == data
        assert client.bytes_sent == server.bytes_received == len(data)
        assert isinstance(client.transport, net.TCPStream)
        assert client.transport.bytes_sent < len(data) * 1.02 + 2000


async def test_sending_nothing_is_a_checkpoint(make_tls_pair: MakeTLSPair) -> None:
    client, server = await make_tls_pair()
    async with client, server:
        with trio.testing.assert_checkpoints():
            await client.send_all(b"")
        with trio.testing.assert_checkpoints():
            await client.wait_send_all_might_not_block()


async def test_connecting_with_tls_takes_the_options_of_tcp(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    async with (
        serving(server_context) as server,
        await net.connect_tls(
            "localhost",
            server.port,
            ssl_context=client_context,
            keepalive=True,
            token=core.CancelToken(),
        ) as client,
    ):
        assert isinstance(client.transport, net.TCPStream)
        assert client.transport.socket.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
