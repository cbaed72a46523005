"""A lock: one holder, in order, extended, and its body ended when it is lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import trio

from tests.redis.recipes._processes import until
from trio_helianthus import core, errors, redis, testing
from trio_helianthus.redis import _claim


@pytest.fixture
async def other(redis_server: testing.RedisServer) -> AsyncIterator[redis.Redis[str]]:
    """A client of another program, which wants text."""
    async with redis.open_client(redis_server.url, decode_responses=True) as r:
        yield r


async def nobody_holds_or_waits(r: redis.Redis[Any]) -> bool:
    return not await r.exists("lock:{job}", "lock-queue:{job}", "lock-seen:{job}")


async def waiting_for(r: redis.Redis[Any], number: int) -> None:
    async def are_there() -> bool:
        return bool(await r.zcard("lock-queue:{job}") == number)

    await until(are_there)


async def test_one_holds_it_and_gives_it_back(client: redis.Redis[bytes]) -> None:
    async with client.lock("job", ttl=20) as lease:
        assert lease.is_held
        assert 15 < lease.remaining < 20
        assert 15_000 < await client.pttl("lock:{job}") <= 20_000
        lease.check()
        assert "the lock 'job'" in repr(lease)
    assert not lease.is_held
    assert lease.remaining == 0
    assert "over" in repr(lease)
    assert await nobody_holds_or_waits(client)
    with pytest.raises(errors.LockLost, match="given back"):
        lease.check()


async def test_who_does_not_wait_is_told_at_once(
    client: redis.Redis[bytes], other: redis.Redis[str]
) -> None:
    async with client.lock("job"):
        with pytest.raises(errors.ResourceBusy, match="'job' is held by others"):
            async with other.lock("job", wait=0):
                pytest.fail("two hold it")
        assert not await other.exists("lock-queue:{job}")
    async with other.lock("job", wait=0):
        pass


async def test_who_waits_for_too_long_leaves_nothing_behind(
    client: redis.Redis[bytes], other: redis.Redis[str]
) -> None:
    async with client.lock("job"):
        before = trio.current_time()
        with pytest.raises(errors.ResourceBusy):
            async with other.lock("job", wait=0.1):
                pytest.fail("two hold it")
        assert 0.1 <= trio.current_time() - before < 2
        assert not await other.exists("lock-queue:{job}", "lock-seen:{job}")
    assert await nobody_holds_or_waits(client)


async def test_getting_it_has_a_timeout_and_a_token(
    client: redis.Redis[bytes], other: redis.Redis[str]
) -> None:
    async with client.lock("job"):
        with pytest.raises(errors.OperationTimeout):
            async with other.lock("job", timeout=0.05):
                pytest.fail("two hold it")
        token = core.CancelToken()
        token.cancel("no more")
        with pytest.raises(errors.OperationCancelled):
            async with other.lock("job", token=token):
                pytest.fail("two hold it")
        assert not await other.exists("lock-queue:{job}", "lock-seen:{job}")


async def test_tokens_grow_whatever_is_forgotten(
    client: redis.Redis[bytes], other: redis.Redis[str]
) -> None:
    tokens = []
    for r in (client, other, client):
        async with r.lock("job") as lease:
            tokens.append(lease.token)
    await client.delete("lock-fence:{job}")
    async with client.lock("job") as lease:
        tokens.append(lease.token)
    await client.set("lock-fence:{job}", tokens[-1] + 10**9)  # the clock was set back
    async with client.lock("job") as lease:
        tokens.append(lease.token)
    assert tokens == sorted(set(tokens))
    assert tokens[-1] == tokens[-2] + 10**9 + 1


async def test_it_is_extended_in_the_background(
    client: redis.Redis[bytes], other: redis.Redis[str]
) -> None:
    async with client.lock("job", ttl=0.6) as lease:
        with trio.fail_after(10):
            while lease.extensions < 4:
                await trio.sleep(0.01)
                lease.check()
        with pytest.raises(errors.ResourceBusy):
            async with other.lock("job", wait=0):
                pytest.fail("two hold it")


async def test_without_that_the_body_ends_with_its_time(client: redis.Redis[bytes]) -> None:
    before = trio.current_time()
    with pytest.raises(errors.LockLost, match="its time was up") as caught:
        async with client.lock("job", ttl=0.1, extend=False) as lease:
            await trio.sleep_forever()
    assert trio.current_time() - before < 5
    assert (caught.value.name, caught.value.token) == ("job", lease.token)
    assert not lease.is_held


async def test_an_extension_that_comes_too_late_does_not_revive_it(
    client: redis.Redis[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    extend = _claim.Claim.extend

    async def extend_late(claim: _claim.Claim) -> bool:
        await trio.sleep(claim.ttl)
        return await extend(claim)

    monkeypatch.setattr(_claim.Claim, "extend", extend_late)
    with pytest.raises(errors.LockLost, match="could not be extended in time"):
        async with client.lock("job", ttl=0.2) as lease:
            await client.pexpire("lock:{job}", 20_000)
            with trio.CancelScope(shield=True):
                await trio.sleep(0.4)
                assert lease.extensions == 0
                with pytest.raises(errors.LockLost):
                    lease.check()


async def test_a_lock_that_was_deleted_ends_the_body(client: redis.Redis[bytes]) -> None:
    with pytest.raises(errors.LockLost, match="no longer knows"):
        async with client.lock("job", ttl=0.9):
            await client.delete("lock:{job}")
            await trio.sleep_forever()


async def test_a_lock_of_somebody_else_is_neither_extended_nor_given_back(
    client: redis.Redis[bytes], other: redis.Redis[str]
) -> None:
    with pytest.raises(errors.LockLost):
        async with client.lock("job", ttl=0.9):
            await client.delete("lock:{job}")
            await other.set("lock:{job}", "somebody", px=5000)
            await trio.sleep_forever()
    assert await other.get("lock:{job}") == "somebody"
    assert await other.pttl("lock:{job}") > 3000


async def test_a_loss_that_shows_on_giving_it_back_is_told(client: redis.Redis[bytes]) -> None:
    with pytest.raises(errors.LockLost, match="when it was given back"):
        async with client.lock("job"):
            await client.delete("lock:{job}")


async def test_a_body_that_ends_late_is_told_of_the_loss(client: redis.Redis[bytes]) -> None:
    with pytest.raises(errors.LockLost):
        async with client.lock("job", ttl=0.05, extend=False) as lease:
            with trio.CancelScope(shield=True):
                while lease.is_held:  # noqa: ASYNC110 - nothing tells of it
                    await trio.sleep(0.01)
                with pytest.raises(errors.LockLost):
                    lease.check()


async def test_what_the_body_raises_comes_out_first(client: redis.Redis[bytes]) -> None:
    with pytest.raises(KeyError) as caught:
        async with client.lock("job"):
            raise KeyError("x")
    assert not hasattr(caught.value, "__notes__")
    with pytest.raises(KeyError) as caught:
        async with client.lock("job", ttl=0.05, extend=False):
            try:
                await trio.sleep_forever()
            finally:
                raise KeyError("x")
    assert "was lost" in caught.value.__notes__[0]
    assert await nobody_holds_or_waits(client)


async def test_cancelling_the_body_gives_it_back(client: redis.Redis[bytes]) -> None:
    with trio.CancelScope() as scope:
        async with client.lock("job"):
            scope.cancel()
            await trio.sleep_forever()
    assert scope.cancelled_caught
    assert await nobody_holds_or_waits(client)


async def test_it_is_extended_while_a_cancelled_body_cleans_up(client: redis.Redis[bytes]) -> None:
    with trio.CancelScope() as scope:
        async with client.lock("job", ttl=0.6) as lease:
            scope.cancel()
            with trio.CancelScope(shield=True), trio.fail_after(10):
                while lease.extensions < 4:  # noqa: ASYNC110 - nothing tells of it
                    await trio.sleep(0.01)
                lease.check()
    assert await nobody_holds_or_waits(client)


async def test_cancelled_while_waiting_it_leaves_its_place(
    client: redis.Redis[bytes], other: redis.Redis[str]
) -> None:
    async def wait() -> None:
        async with other.lock("job"):
            pytest.fail("it was cancelled")

    async with client.lock("job"), trio.open_nursery() as nursery:
        nursery.start_soon(wait)
        nursery.start_soon(wait)
        await waiting_for(client, 2)
        nursery.cancel_scope.cancel()
    assert await nobody_holds_or_waits(client)


async def test_they_get_it_in_the_order_in_which_they_came(
    client: redis.Redis[bytes], other: redis.Redis[str]
) -> None:
    order: list[int] = []

    async def take(r: redis.Redis[Any], number: int) -> None:
        async with r.lock("job"):
            order.append(number)
            await trio.sleep(0.01)

    async with trio.open_nursery() as nursery, client.lock("job"):
        for number in range(10):
            nursery.start_soon(take, (client, other)[number % 2], number)
            await waiting_for(client, number + 1)
    assert order == list(range(10))


async def test_who_does_not_wait_does_not_overtake(
    client: redis.Redis[bytes], other: redis.Redis[str]
) -> None:
    await client.zadd("lock-queue:{job}", {"somebody": 1})
    await client.zadd("lock-seen:{job}", {"somebody": 10**18})
    with pytest.raises(errors.ResourceBusy):
        async with client.lock("job", wait=0):
            pytest.fail("somebody was there before")


async def test_the_place_of_one_who_died_is_passed_over(
    client: redis.Redis[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_claim, "PLACE_SECONDS", 0.2)
    scripts = client._lock_scripts
    dead = _claim.Claim(scripts, client._wakeups, "lock", "job", what="", ttl=5)
    async with client.lock("job"):
        assert (await dead._ask(keeps_place=True, is_patient=True))[:2] == (0, 0)
        assert await client.zcard("lock-queue:{job}") == 1
    before = trio.current_time()
    async with client.lock("job"):
        assert trio.current_time() - before < 5
    assert await nobody_holds_or_waits(client)


async def test_asking_again_is_no_loss_for_who_has_it(client: redis.Redis[bytes]) -> None:
    claim = _claim.Claim(client._lock_scripts, client._wakeups, "lock", "job", what="", ttl=5)
    first, _, _ = await claim._ask(keeps_place=True, is_patient=True)
    again, _, _ = await claim._ask(keeps_place=True, is_patient=True)
    assert 0 < first < again
    assert await claim.extend()
    assert await claim.give_back()
    assert not await claim.extend()
    assert not await claim.give_back()


async def test_waiting_costs_the_server_little(
    client: redis.Redis[bytes], other: redis.Redis[str]
) -> None:
    """Fifty wait for 1 s: the first asks 54 times, the others 40/2 + 40/3 ... times, or 1."""

    async def wait() -> None:
        with trio.move_on_after(1):
            async with other.lock("job"):
                pytest.fail("it is held")

    async def scripts() -> int:
        stats = (await other.info("commandstats"))["cmdstat_evalsha"]
        return int(stats["calls"])

    async with client.lock("job"):
        before = await scripts()
        async with trio.open_nursery() as nursery:
            for _ in range(50):
                nursery.start_soon(wait)
        asked = await scripts() - before
    assert asked < 50 + 50 + 400  # the first question, the goodbye, and those in between


async def test_within_a_process_it_is_handed_on_at_once(client: redis.Redis[bytes]) -> None:
    async def take() -> None:
        for _ in range(20):
            async with client.lock("job"):
                pass

    before = trio.current_time()
    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(take)
    assert trio.current_time() - before < 2  # by asking alone: 100 times 12 ms or more
    assert len(client._wakeups) == 0


@pytest.mark.parametrize(
    ("name", "options", "error"),
    [
        ("", {}, ValueError),
        ("}x", {}, ValueError),
        (7, {}, TypeError),
        ("job", {"ttl": 0.01}, ValueError),
        ("job", {"ttl": float("nan")}, ValueError),
        ("job", {"ttl": float("inf")}, ValueError),
        ("job", {"wait": -1}, ValueError),
        ("job", {"wait": float("nan")}, ValueError),
        ("job", {"timeout": -1}, ValueError),
    ],
)
async def test_mistakes_are_told_before_anything_is_sent(
    client: redis.Redis[bytes], name: Any, options: dict[str, Any], error: type[Exception]
) -> None:
    before = client.statistics().commands
    with pytest.raises(error):
        async with client.lock(name, **options):
            pytest.fail("it was a mistake")
    assert client.statistics().commands == before


async def test_the_same_name_as_text_and_bytes_is_the_same_lock(
    client: redis.Redis[bytes], other: redis.Redis[str]
) -> None:
    async with client.lock(b"{user:7}:mail") as lease:
        assert await client.exists("lock:{user:7}:mail")
        assert lease.name == "{user:7}:mail"
        with pytest.raises(errors.ResourceBusy):
            async with other.lock("{user:7}:mail", wait=0):
                pytest.fail("two hold it")
