"""DTLS over a bad network: datagrams that are lost, doubled, bent, or nobody's."""

from __future__ import annotations

import random
import socket
from typing import TYPE_CHECKING

import pytest
import trio

from tests.net._dtls import relay, serving
from trio_helianthus import net

if TYPE_CHECKING:
    import trustme

pytest.importorskip("OpenSSL", reason="DTLS needs the extra dtls")


@pytest.mark.parametrize("seed", range(3))
async def test_a_handshake_gets_through_a_network_that_loses_a_third(
    authority: trustme.CA, server_certificate: trustme.LeafCert, seed: int
) -> None:
    chance = random.Random(seed)
    handshakes = 20, 22

    def passes(data: bytes, inwards: bool) -> bool:
        return data[0] not in handshakes or chance.random() > 0.33

    async with (
        serving(server_certificate, retransmit_timeout=0.02) as server,
        relay(server.port, passes) as port,
        net.open_dtls(
            "127.0.0.1",
            port,
            configure=authority.configure_trust,
            retransmit_timeout=0.02,
            timeout=20,
        ) as channel,
    ):
        await channel.send(b"x")
        assert await channel.receive(timeout=5) == b"x"


async def test_the_end_of_a_handshake_is_repeated_when_it_was_lost(
    authority: trustme.CA, server_certificate: trustme.LeafCert
) -> None:
    volleys = 0

    def passes(data: bytes, inwards: bool) -> bool:
        nonlocal volleys
        if not inwards and data[0] in (20, 22) and b"\x14\xfe\xfd" in data:  # change cipher spec
            volleys += 1
            return volleys > 2
        return True

    async with (
        serving(server_certificate) as server,
        relay(server.port, passes) as port,
        net.open_dtls(
            "127.0.0.1", port, configure=authority.configure_trust, retransmit_timeout=0.02
        ) as channel,
    ):
        await channel.send(b"x")
        assert await channel.receive(timeout=5) == b"x"
    assert volleys == 3


async def test_lost_datagrams_are_lost_and_nothing_else(
    authority: trustme.CA, server_certificate: trustme.LeafCert
) -> None:
    data_seen = 0

    def passes(data: bytes, inwards: bool) -> bool:
        nonlocal data_seen
        if not inwards or data[0] != 23:
            return True
        data_seen += 1
        return data_seen % 2 == 0

    async with (
        serving(server_certificate) as server,
        relay(server.port, passes) as port,
        net.open_dtls("127.0.0.1", port, configure=authority.configure_trust) as channel,
    ):
        for number in range(6):
            await channel.send(b"%d" % number)
        assert [await channel.receive(timeout=5) for _ in range(3)] == [b"1", b"3", b"5"]


async def test_junk_changes_nothing(
    authority: trustme.CA, server_certificate: trustme.LeafCert
) -> None:
    chance = random.Random(4)
    record = bytes.fromhex("17fefd0001000000000099") + b"\x00\x10" + bytes(16)
    alert = bytes.fromhex("15fefd0001000000000099") + b"\x00\x02\x02\x28"
    plain_alert = bytes.fromhex("15fefd0000000000000099") + b"\x00\x02\x02\x28"
    # An empty datagram is an error to OpenSSL, unless it never sees it.
    junk = [b"", b"\x16", record, alert, plain_alert, record[:12], record[:-1], bytes(2000)]
    junk += [record + bytes(60_000), b"\x17" * 65_000]
    junk += [chance.randbytes(size) for size in (1, 13, 14, 200, 1400)]
    junk += [b"\x16" + chance.randbytes(100) for _ in range(5)]

    async with (
        serving(server_certificate) as server,
        net.open_dtls("127.0.0.1", server.port, configure=authority.configure_trust) as channel,
    ):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for data in junk:
                stranger.sendto(data, server.addresses[0])
        # As if the peer had sent it: to each side, from the other's address.
        for data in junk:
            channel._udp.socket.sendto(data, server.addresses[0])
        await channel.send(b"x")
        assert await channel.receive(timeout=5) == b"x"
        assert server.statistics().accepted == 1


async def test_a_datagram_that_was_bent_or_doubled_is_not_received(
    authority: trustme.CA, server_certificate: trustme.LeafCert
) -> None:
    seen: list[bytes] = []

    def passes(data: bytes, inwards: bool) -> bool:
        if inwards and data[0] == 23:
            seen.append(data)
        return True

    async with (
        serving(server_certificate) as server,
        relay(server.port, passes) as port,
        net.open_dtls("127.0.0.1", port, configure=authority.configure_trust) as channel,
    ):
        await channel.send(b"once")
        assert await channel.receive(timeout=5) == b"once"
        bent = seen[0][:-1] + bytes([seen[0][-1] ^ 1])
        for data in (seen[0], bent):
            channel._udp.socket.sendto(data, ("127.0.0.1", port))
        await channel.send(b"more")
        assert await channel.receive(timeout=5) == b"more"
        with trio.move_on_after(0.02):
            raise AssertionError(await channel.receive())
