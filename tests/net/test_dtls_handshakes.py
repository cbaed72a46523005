"""Handshakes of a DTLS server that do not go on: they make room, and starve nobody."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
import trio
import trio.testing

from tests.net._dtls import half_open, serving
from trio_helianthus import errors, net
from trio_helianthus.net import _dtls_handshakes
from trio_helianthus.net._dtls_handshakes import Handshakes

if TYPE_CHECKING:
    import trustme


async def shake_hands(handshakes: Handshakes, ends: list[str]) -> None:
    try:
        with handshakes.under_way(handshakes.begin()):
            await trio.sleep_forever()
    except errors.LimitExceeded as exc:
        ends.append(exc.limit_name)


async def test_the_longest_makes_room_but_not_at_once(
    autojump_clock: trio.testing.MockClock,
) -> None:
    handshakes = Handshakes(2)
    first: list[str] = []
    second: list[str] = []
    async with trio.open_nursery() as nursery:
        for ends in (first, second):
            assert handshakes.make_room(full=False)
            nursery.start_soon(shake_hands, handshakes, ends)
            await trio.sleep(1)
        assert not handshakes.make_room(full=False)
        await trio.sleep(1)
        assert handshakes.make_room(full=False)
        await trio.testing.wait_all_tasks_blocked()
        assert (first, second) == (["max_handshakes"], [])
        nursery.cancel_scope.cancel()


async def test_each_is_dropped_for_one_new_peer_only(
    autojump_clock: trio.testing.MockClock,
) -> None:
    handshakes = Handshakes(10)
    ends: list[str] = []
    async with trio.open_nursery() as nursery:
        for _ in range(2):
            nursery.start_soon(shake_hands, handshakes, ends)
        await trio.sleep(_dtls_handshakes.GRACE_SECONDS)
        assert [handshakes.make_room(full=True) for _ in range(3)] == [True, True, False]
    assert len(ends) == 2


async def test_those_that_are_done_are_not_counted(autojump_clock: trio.testing.MockClock) -> None:
    handshakes = Handshakes(1)
    with handshakes.under_way(handshakes.begin()):
        pass
    assert handshakes.make_room(full=False)
    assert not handshakes.make_room(full=True)


async def test_one_that_was_done_when_it_was_dropped_has_lost_its_room(
    autojump_clock: trio.testing.MockClock,
) -> None:
    handshakes = Handshakes(1)
    with pytest.raises(errors.LimitExceeded), handshakes.under_way(handshakes.begin()):
        await trio.sleep(_dtls_handshakes.GRACE_SECONDS)
        assert handshakes.make_room(full=False)


@pytest.fixture
def short_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_dtls_handshakes, "GRACE_SECONDS", 0.1)


@pytest.mark.usefixtures("short_grace")
@pytest.mark.parametrize("limits", [(3, 100), (100, 2)])
async def test_half_open_handshakes_starve_nobody(
    authority: trustme.CA, server_certificate: trustme.LeafCert, limits: tuple[int, int]
) -> None:
    pytest.importorskip("OpenSSL", reason="DTLS needs the extra dtls")
    at_most, handshakes = limits
    async with serving(
        server_certificate, max_connections=at_most, max_handshakes=handshakes
    ) as server:
        connect = partial(
            net.open_dtls,
            "127.0.0.1",
            server.port,
            configure=authority.configure_trust,
            retransmit_timeout=0.05,
            timeout=5,
        )
        async with connect() as early, half_open(server.port, 2):
            assert server.statistics().connections == 3
            async with connect() as late:
                for channel in (early, late):
                    await channel.send(b"x")
                    assert await channel.receive(timeout=5) == b"x"
                assert server.statistics().connections == 3
                assert server.statistics().failed_handshakes == 1


@pytest.mark.usefixtures("short_grace")
async def test_a_drain_does_not_wait_for_half_open_handshakes(
    authority: trustme.CA, server_certificate: trustme.LeafCert
) -> None:
    pytest.importorskip("OpenSSL", reason="DTLS needs the extra dtls")
    async with serving(server_certificate) as server, half_open(server.port):
        assert server.statistics().connections == 1
        with trio.fail_after(5):
            assert (await server.drain()).clean
