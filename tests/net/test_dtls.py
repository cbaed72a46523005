"""DTLS channels: datagrams that arrive are what was sent, and handlers end in order."""

from __future__ import annotations

import contextlib
import errno
import math
import random
import socket
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
import trio
import trio.testing

from tests.net._dtls import echo, relay, serving
from trio_helianthus import core, errors, net
from trio_helianthus.net._network import SystemNetwork, use_network

if TYPE_CHECKING:
    import trustme

pytest.importorskip("OpenSSL", reason="DTLS needs the extra dtls")


async def test_what_is_sent_is_answered(
    authority: trustme.CA, server_certificate: trustme.LeafCert
) -> None:
    async with (
        serving(server_certificate) as server,
        net.open_dtls("localhost", server.port, configure=authority.configure_trust) as channel,
    ):
        assert isinstance(channel, trio.abc.Channel)
        for data in (b"x", bytes(range(256)) * 50, bytearray(b"array"), memoryview(b"view")):
            await channel.send(data)
            assert await channel.receive() == data
        assert channel.remote_address == server.addresses[0] == ("127.0.0.1", server.port)
        assert channel.local_address[0] == "127.0.0.1"
        assert repr(channel) == f"<DTLSChannel to 127.0.0.1:{server.port}>"
        assert channel.statistics() == net.DTLSStatistics(
            datagrams_sent=4, datagrams_received=4, dropped=0
        )
        assert server.statistics() == net.DTLSServerStatistics(
            connections=1, accepted=1, failed_handshakes=0, refused=0
        )


async def test_both_sides_know_what_was_agreed_on(
    authority: trustme.CA, server_certificate: trustme.LeafCert
) -> None:
    infos: list[net.DTLSInfo] = []

    async def handler(channel: net.DTLSChannel) -> None:
        infos.append(channel.info)
        assert trio.lowlevel.current_task().name.endswith(handler.__qualname__)
        await channel.send(b"done")

    async with (
        serving(server_certificate, handler=handler) as server,
        net.open_dtls(
            "127.0.0.1",
            server.port,
            server_hostname="www.example.org",
            configure=authority.configure_trust,
        ) as channel,
    ):
        assert await channel.receive() == b"done"
        (theirs,), ours = infos, channel.info
        assert ours.version == theirs.version == "DTLSv1.2"
        assert ours.cipher == theirs.cipher
        assert "GCM" in ours.cipher
        assert ours.server_name == theirs.server_name == "www.example.org"
        assert ours.peer_certificate_der is not None
        assert theirs.peer_certificate_der is None


async def test_the_handlers_end_is_told_to_the_client(
    authority: trustme.CA, server_certificate: trustme.LeafCert
) -> None:
    async def handler(channel: net.DTLSChannel) -> None:
        await channel.send(b"that is all")

    async with (
        serving(server_certificate, handler=handler) as server,
        net.open_dtls("127.0.0.1", server.port, configure=authority.configure_trust) as channel,
    ):
        assert [data async for data in channel] == [b"that is all"]
        with pytest.raises(trio.EndOfChannel):
            await channel.receive()
        await trio.testing.wait_all_tasks_blocked()
        assert server.statistics().connections == 0


async def test_the_clients_goodbye_ends_the_handler(
    authority: trustme.CA, server_certificate: trustme.LeafCert, errors_on_stderr: Callable[[], str]
) -> None:
    ended = trio.Event()

    async def handler(channel: net.DTLSChannel) -> None:
        try:
            while True:
                await channel.receive()
        finally:
            ended.set()

    async with serving(server_certificate, handler=handler) as server:
        async with net.open_dtls(
            "127.0.0.1", server.port, configure=authority.configure_trust
        ) as channel:
            await channel.send(b"x")
        with trio.fail_after(5):
            await ended.wait()
    assert not errors_on_stderr()


async def test_many_tasks_may_send_and_their_datagrams_stay_apart(
    authority: trustme.CA, server_certificate: trustme.LeafCert
) -> None:
    async with (
        serving(server_certificate) as server,
        net.open_dtls("127.0.0.1", server.port, configure=authority.configure_trust) as channel,
    ):
        async with trio.open_nursery() as nursery:
            for number in range(20):
                nursery.start_soon(channel.send, b"%d" % number)
        received = [await channel.receive(timeout=5) for _ in range(20)]
        assert sorted(received, key=int) == [b"%d" % number for number in range(20)]
        async with trio.open_nursery() as nursery:
            nursery.start_soon(channel.receive)
            await trio.testing.wait_all_tasks_blocked()
            with pytest.raises(errors.ResourceBusy):
                await channel.receive()
            nursery.cancel_scope.cancel()


async def test_sizes_that_do_not_fit(
    authority: trustme.CA, server_certificate: trustme.LeafCert
) -> None:
    async with (
        serving(server_certificate) as server,
        net.open_dtls(
            "127.0.0.1", server.port, configure=authority.configure_trust, ciphertext_mtu=1000
        ) as channel,
    ):
        assert 900 < channel.cleartext_mtu < 1000
        with pytest.raises(ValueError, match="ciphertext_mtu"):
            channel.set_ciphertext_mtu(60)
        channel.set_ciphertext_mtu(1200)
        assert 1100 < channel.cleartext_mtu < 1200
        with pytest.raises(ValueError, match="empty"):
            await channel.send(b"")
        await channel.send(bytes(net.MAX_DTLS_PAYLOAD))
        assert len(await channel.receive()) == net.MAX_DTLS_PAYLOAD
        with pytest.raises(errors.NetworkError, match="16385 bytes are too many") as caught:
            await channel.send(bytes(net.MAX_DTLS_PAYLOAD + 1))
        assert caught.value.code is errors.ErrorCode.MESSAGE_TOO_LARGE


async def test_limits_take_nothing(
    authority: trustme.CA, server_certificate: trustme.LeafCert
) -> None:
    async with (
        serving(server_certificate) as server,
        net.open_dtls("127.0.0.1", server.port, configure=authority.configure_trust) as channel,
    ):
        with pytest.raises(errors.OperationTimeout):
            await channel.receive(timeout=0.01)
        token = core.CancelToken()
        token.cancel("enough")
        with pytest.raises(errors.OperationCancelled):
            await channel.send(b"never", token=token)
        with pytest.raises(errors.OperationTimeout):
            await channel.send(b"never", timeout=0)
        await channel.send(b"after", timeout=math.inf)
        assert await channel.receive(timeout=5) == b"after"


async def test_a_closed_channel_says_so(
    authority: trustme.CA, server_certificate: trustme.LeafCert
) -> None:
    async with (
        serving(server_certificate) as server,
        net.open_dtls("127.0.0.1", server.port, configure=authority.configure_trust) as channel,
        trio.open_nursery() as nursery,
    ):

        @nursery.start_soon
        async def receive() -> None:
            with pytest.raises(errors.ResourceClosed):
                await channel.receive()

        await trio.testing.wait_all_tasks_blocked()
        await channel.aclose()
        await channel.aclose()
        for operation in (channel.receive, partial(channel.send, b"x")):
            with pytest.raises(errors.ResourceClosed):
                await operation()
        assert "closed" in repr(channel)


async def test_what_nobody_receives_is_counted_when_it_is_dropped(
    authority: trustme.CA, server_certificate: trustme.LeafCert
) -> None:
    async with (
        serving(server_certificate) as server,
        net.open_dtls(
            "127.0.0.1", server.port, configure=authority.configure_trust, incoming_buffer=2
        ) as channel,
    ):
        for _ in range(5):
            await channel.send(b"x")
        with trio.fail_after(5):
            while not channel.statistics().dropped:  # noqa: ASYNC110 (nobody tells)
                await trio.sleep(0.001)
        assert await channel.receive() == b"x"


async def test_nobody_there_shows_in_a_timeout_only(authority: trustme.CA) -> None:
    async with net.open_udp() as silent:
        with pytest.raises(errors.OperationTimeout):
            async with net.open_dtls("127.0.0.1", silent.port, timeout=0.05):
                pass


async def test_a_drain_lets_handlers_finish_and_takes_no_new_peers(
    authority: trustme.CA, server_certificate: trustme.LeafCert
) -> None:
    trust = authority.configure_trust
    async with serving(server_certificate) as server, trio.open_nursery() as nursery:
        connecting = net.open_dtls("127.0.0.1", server.port, configure=trust)
        async with connecting as channel:
            begun = trio.Event()
            server.on_drain(begun.set)
            reports: list[core.DrainReport] = []

            @nursery.start_soon
            async def drain() -> None:
                reports.append(await server.drain(timeout=5))

            await begun.wait()
            assert server.draining
            assert "draining" in repr(server)
            await channel.send(b"still here")
            assert await channel.receive(timeout=5) == b"still here"
            with pytest.raises(errors.OperationTimeout):
                async with net.open_dtls("127.0.0.1", server.port, configure=trust, timeout=0.05):
                    pass
    assert reports[0].finished == 1
    assert reports[0].clean


async def test_a_drain_cuts_what_does_not_finish(
    authority: trustme.CA, server_certificate: trustme.LeafCert
) -> None:
    async def handler(channel: net.DTLSChannel) -> None:
        channel.activity = "sleeping"
        await trio.sleep_forever()

    async with (
        serving(server_certificate, handler=handler) as server,
        net.open_dtls("127.0.0.1", server.port, configure=authority.configure_trust) as channel,
    ):
        await channel.send(b"x")
        await trio.testing.wait_all_tasks_blocked()
        report = await server.drain(timeout=0)
        assert report.cut == (f"sleeping (127.0.0.1:{channel.local_address[1]})",)
        with pytest.raises(trio.EndOfChannel):
            await channel.receive(timeout=5)


async def test_a_handlers_mistake_is_reported_and_ends_its_own_channel(
    authority: trustme.CA, server_certificate: trustme.LeafCert, errors_on_stderr: Callable[[], str]
) -> None:
    async def handler(channel: net.DTLSChannel) -> None:
        if await channel.receive() == b"bad":
            raise RuntimeError("a mistake")
        await echo(channel)

    trust = authority.configure_trust
    async with serving(server_certificate, handler=handler) as server:
        async with net.open_dtls("127.0.0.1", server.port, configure=trust) as channel:
            await channel.send(b"bad")
            with pytest.raises(trio.EndOfChannel):
                await channel.receive(timeout=5)
        assert "a mistake" in errors_on_stderr()
        async with net.open_dtls("127.0.0.1", server.port, configure=trust) as channel:
            await channel.send(b"good")
            await channel.send(b"echo")
            assert await channel.receive(timeout=5) == b"echo"


async def test_one_peer_too_many_is_served_when_another_has_gone(
    authority: trustme.CA, server_certificate: trustme.LeafCert
) -> None:
    trust = authority.configure_trust
    async with serving(server_certificate, max_connections=1) as server:
        connect = partial(
            net.open_dtls, "127.0.0.1", server.port, configure=trust, retransmit_timeout=0.02
        )
        async with connect():
            with pytest.raises(errors.OperationTimeout):
                async with connect(timeout=0.1):
                    pass
        assert server.statistics().refused >= 1
        async with connect(timeout=5) as channel:
            await channel.send(b"x")
            assert await channel.receive(timeout=5) == b"x"


async def test_a_new_handshake_from_the_same_address_replaces_the_old_channel(
    authority: trustme.CA, server_certificate: trustme.LeafCert, errors_on_stderr: Callable[[], str]
) -> None:
    ends: list[Exception] = []

    async def handler(channel: net.DTLSChannel) -> None:
        try:
            await echo(channel)
        except errors.ConnectionReset as exc:
            ends.append(exc)
            raise

    trust = authority.configure_trust
    async with serving(server_certificate, handler=handler) as server:
        everything_passes = relay(server.port, lambda data, inwards: data[0] != 21)  # no alerts
        async with everything_passes as port:
            for _ in range(2):  # the server sees the relay's address both times
                async with net.open_dtls("127.0.0.1", port, configure=trust) as channel:
                    await channel.send(b"x")
                    assert await channel.receive(timeout=5) == b"x"
    assert len(ends) == 1
    assert not errors_on_stderr()


async def test_who_only_sends_notices_a_new_handshake_too(
    authority: trustme.CA, server_certificate: trustme.LeafCert
) -> None:
    ends: list[Exception] = []
    replaced = trio.Event()

    async def handler(channel: net.DTLSChannel) -> None:
        if await channel.receive() == b"second":
            replaced.set()
            return
        await replaced.wait()
        try:
            await channel.send(b"for whom?")
        except errors.ConnectionReset as exc:
            ends.append(exc)
            raise

    async with (
        serving(server_certificate, handler=handler) as server,
        relay(server.port, lambda data, inwards: data[0] != 21) as port,
    ):
        for data in (b"first", b"second"):
            async with net.open_dtls(
                "127.0.0.1", port, configure=authority.configure_trust
            ) as channel:
                await channel.send(data)
                await trio.testing.wait_all_tasks_blocked(0.01)
        with trio.fail_after(5):
            while not ends:  # noqa: ASYNC110 (nobody tells)
                await trio.sleep(0.001)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows connects nobody to 0.0.0.0")
async def test_any_address_of_this_machine_is_its_loopback_address(
    authority: trustme.CA, server_certificate: trustme.LeafCert
) -> None:
    async with (
        serving(server_certificate) as server,
        net.open_dtls(
            "0.0.0.0",
            server.port,
            server_hostname="localhost",
            configure=authority.configure_trust,
            timeout=5,
        ) as channel,
    ):
        await channel.send(b"x")
        assert await channel.receive(timeout=5) == b"x"


async def test_the_first_address_that_there_is_a_way_to_is_taken(
    authority: trustme.CA, server_certificate: trustme.LeafCert, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = [("255.255.255.255", 9)]  # a broadcast address, to which nobody connects

    async def resolve(*args: object, **kwargs: object) -> list[object]:
        kind = (socket.AF_INET, socket.SOCK_DGRAM, 17, "")
        return [(*kind, address) for address in addresses]

    async with serving(server_certificate) as server:
        monkeypatch.setattr(trio.socket, "getaddrinfo", resolve)
        connect = partial(
            net.open_dtls, "localhost", server.port, configure=authority.configure_trust
        )
        with pytest.raises(errors.AccessDenied):
            async with connect():
                pass
        addresses.append(("127.0.0.1", server.port))
        async with connect() as channel:
            assert channel.remote_address == server.addresses[0]


async def test_errors_of_the_socket_under_it_are_lost_datagrams(
    authority: trustme.CA, server_certificate: trustme.LeafCert
) -> None:
    """An error in trio's system task would end the whole run."""

    chance = random.Random(7)

    async def persistent_echo(channel: net.DTLSChannel) -> None:
        async for data in channel:
            with contextlib.suppress(errors.Unreachable):
                await channel.send(data)

    class Failing(socket.socket):
        """Fails once in a while."""

        def _fail_at_times(self) -> None:
            if chance.random() < 0.15:
                raise OSError(errno.ENETDOWN, "as if")

        def recvfrom(self, *args: int) -> tuple[bytes, object]:
            self._fail_at_times()
            return super().recvfrom(*args)

        def sendto(self, *args: object) -> int:
            self._fail_at_times()
            return super().sendto(*args)  # type: ignore[call-overload, no-any-return]

    class FailingNetwork(SystemNetwork):
        """Makes sockets that fail."""

        def open_socket(
            self, family: socket.AddressFamily, kind: socket.SocketKind
        ) -> socket.socket:
            made = Failing(family, kind)
            made.setblocking(False)
            return made

    with use_network(FailingNetwork()):
        async with (
            serving(server_certificate, handler=persistent_echo, retransmit_timeout=0.02) as server,
            net.open_dtls(
                "127.0.0.1",
                server.port,
                configure=authority.configure_trust,
                retransmit_timeout=0.02,
                timeout=20,
            ) as channel,
        ):
            while channel.statistics().datagrams_received < 5:
                with contextlib.suppress(errors.OperationTimeout, errors.Unreachable):
                    await channel.send(b"x")
                    await channel.receive(timeout=0.01)


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_connections": 0},
        {"max_handshakes": 0},
        {"handshake_timeout": -1.0},
        {"handshake_timeout": math.nan},
        {"incoming_buffer": 0},
        {"incoming_buffer": -1},
        {"retransmit_timeout": 0},
        {"udp_options": {"max_datagram_size": 100}},
    ],
    ids=str,
)
async def test_limits_of_a_server_make_sense(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(reversed(str(wrong).split("'")[1::2]))):
        await net.serve_dtls(echo, configure=lambda context: None, **wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"ciphertext_mtu": 20},
        {"ciphertext_mtu": 65_536},
        {"incoming_buffer": -1},
        {"retransmit_timeout": 0},
        {"retransmit_timeout": -1.0},
        {"retransmit_timeout": math.nan},
        {"server_hostname": ""},
        {"private_key": "key.pem"},
    ],
    ids=str,
)
async def test_settings_of_a_client_make_sense(wrong: dict[str, Any]) -> None:
    """Trio takes them, and sends for ever, or eats up the memory, or ends the run."""
    with pytest.raises(ValueError, match=r".+"):
        async with net.open_dtls("127.0.0.1", 9, **wrong):
            pass


async def test_numbers_of_datagrams_are_whole() -> None:
    with pytest.raises(TypeError, match="incoming_buffer"):
        await net.serve_dtls(echo, configure=lambda context: None, incoming_buffer=1.5)  # type: ignore[arg-type]


async def test_a_server_knows_the_options_of_its_socket() -> None:
    with pytest.raises(TypeError, match="no option colour"):
        await net.serve_dtls(
            echo,
            configure=lambda context: None,
            udp_options={"colour": "red"},  # type: ignore[arg-type]
        )


async def test_a_server_needs_a_certificate() -> None:
    with pytest.raises(ValueError, match="certificate"):
        await net.serve_dtls(echo)


async def test_operations_are_reported(
    authority: trustme.CA, server_certificate: trustme.LeafCert
) -> None:
    class Recorder(core.Instrument):
        def __init__(self) -> None:
            self.ended: list[core.Operation] = []

        def operation_ended(self, operation: core.Operation) -> None:
            self.ended.append(operation)

    recorder = Recorder()
    with core.subscribe(recorder):
        async with serving(server_certificate) as server:
            async with net.open_dtls(
                "127.0.0.1", server.port, configure=authority.configure_trust
            ) as channel:
                await channel.send(b"12")
                await channel.receive()
            await trio.testing.wait_all_tasks_blocked(0.01)
    names = [operation.name for operation in recorder.ended]
    assert names.count("net.dtls.handshake") == 2
    whole = next(operation for operation in recorder.ended if operation.name == "net.dtls.channel")
    assert (whole.bytes_sent, whole.bytes_received) == (2, 2)
    assert whole.peer == channel.local_address
    (connect,) = (operation for operation in recorder.ended if operation.name == "net.dtls.connect")
    assert (connect.peer, connect.connection_id) == (server.addresses[0], channel.connection_id)
    assert {"net.dtls.send", "net.dtls.receive"} <= set(names)
