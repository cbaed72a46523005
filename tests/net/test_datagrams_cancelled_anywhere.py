"""Every operation of UDP and DTLS, cancelled at each scheduling point: nothing is left behind."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import pytest

from tests.net._dtls import serving
from trio_helianthus import core, net
from trio_helianthus.testing import cancel_sweep

if TYPE_CHECKING:
    import trustme


async def use_udp() -> None:
    async with net.open_udp() as server, net.open_udp(remote=("localhost", server.port)) as client:
        await client.send(b"question")
        data, address, _ = await server.receive()
        await server.send_to(data, address)
        assert await client.receive_many() == [b"question"]
        assert await server.resolve("127.0.0.1", 9) == ("127.0.0.1", 9)


async def use_udp_with_limits() -> None:
    core.checkpoint_budget().limit = 1
    async with net.open_udp(timeout=5) as server:
        await server.send_to(b"x", server.local_address, timeout=5)
        await server.send_to(b"y", server.local_address, token=core.CancelToken())
        assert (await server.receive(timeout=5)).data == b"x"
        assert [datagram.data for datagram in await server.receive_many(timeout=5)] == [b"y"]


@pytest.mark.sweep
@pytest.mark.parametrize("scenario", [use_udp, use_udp_with_limits])
def test_udp_cancelled_anywhere(scenario: Callable[[], Awaitable[object]]) -> None:
    assert cancel_sweep(scenario).points > 5


@pytest.mark.sweep
def test_dtls_cancelled_anywhere(
    authority: trustme.CA, server_certificate: trustme.LeafCert
) -> None:
    pytest.importorskip("OpenSSL", reason="DTLS needs the extra dtls")

    async def use_dtls() -> None:
        async with serving(server_certificate) as server:
            async with net.open_dtls(
                "127.0.0.1", server.port, configure=authority.configure_trust
            ) as channel:
                await channel.send(b"x")
                assert await channel.receive() == b"x"
            assert (await server.drain()).clean

    assert cancel_sweep(use_dtls).points > 20
