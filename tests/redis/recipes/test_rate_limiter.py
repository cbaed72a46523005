"""A rate limiter: as its model says, shared by all, in order, and exact over time."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from fractions import Fraction
from typing import Any

import pytest
import trio
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.redis.recipes._processes import until
from trio_helianthus import core, errors, redis, testing
from trio_helianthus.redis import _rate_limit_scripts

CLOCK = "local time = redis.call('TIME')"
SECONDS_OF_2020 = 1_577_836_800
NOW = 200_000_000_000_000
"""Microseconds from 2020, which is in 2026: with as many digits as they have now."""
STEPS = st.lists(
    st.tuples(
        st.one_of(st.integers(0, 20), st.integers(0, 3_000_000)),  # microseconds since the last
        st.sampled_from([0, 1, 1, 1, 2, 3, 5, 0.5]),  # how many
        st.sampled_from([0, 0, 0, 100, 500_000]),  # microseconds that one would wait
    ),
    max_size=40,
)


@pytest.fixture
async def other(redis_server: testing.RedisServer) -> AsyncIterator[redis.Redis[str]]:
    """A client of another program, which wants text."""
    async with redis.open_client(redis_server.url, decode_responses=True) as r:
        yield r


class Model:
    """A bucket that fills at a steady rate, in exact numbers."""

    def __init__(self, limit: Fraction, burst: Fraction) -> None:
        self.limit = limit
        self.burst = burst
        self.level = burst
        self.at = NOW

    def seconds_for(self, now: int, cost: Fraction) -> Fraction:
        """In how many microseconds so many are there; not positive: they are."""
        self.level = min(self.burst, self.level + (now - self.at) * self.limit / 1_000_000)
        self.at = now
        return (cost - self.level) * 1_000_000 / self.limit


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    limit=st.sampled_from([Fraction(1, 3), 1, 3, 7, 100, 999, 100_000]),
    burst=st.sampled_from([5, 6.5, 100]),
    steps=STEPS,
)
@example(limit=Fraction(100_000), burst=5, steps=[(0, 5, 0), (6, 1, 0), (4, 1, 0)])
def test_it_decides_as_the_model_does(
    shared_server: testing.RedisServer, limit: Fraction, burst: float, steps: list[Any]
) -> None:
    """The script is the real one, but for its clock; each step may be wrong by 1 us of waiting."""
    model = Model(Fraction(limit), Fraction(burst))
    interval = float(1_000_000 / Fraction(limit))

    async def check() -> None:
        async with redis.open_client(shared_server.url) as r:
            await r.delete("rate")
            source = _rate_limit_scripts.TAKE.replace(CLOCK, "local time = {ARGV[6], ARGV[7]}")
            assert source != _rate_limit_scripts.TAKE
            take = r.register_script(source.replace("'PX', ms", "'KEEPTTL'"))
            now = NOW
            for passed, cost, patience in steps:
                now += passed
                time = [SECONDS_OF_2020 + now // 1_000_000, now % 1_000_000]
                args = [interval, burst, cost, patience, 60_000_000, *time]
                allowed, remaining, wait, reset, _ = await take(["rate"], args)
                expected = model.seconds_for(now, Fraction(cost))
                if abs(expected - patience) > 1:
                    assert bool(allowed) == (expected <= patience)
                assert int(wait) == pytest.approx(max(0, math.ceil(expected)), abs=1)
                if allowed:
                    model.level -= Fraction(cost)
                left = model.level if model.level > 0 else Fraction(0)
                full_in = (model.burst - model.level) * 1_000_000 / model.limit
                assert int(reset) == pytest.approx(math.ceil(full_in), abs=1)
                near = abs(left - round(left)) * 1_000_000 / model.limit < 1
                assert near or int(remaining) == math.floor(left)

    trio.run(check)


async def test_a_burst_is_allowed_and_then_the_rate(client: redis.Redis[bytes]) -> None:
    limiter = client.rate_limiter("api", limit=10, per=100, burst=3)
    decisions = [await limiter.try_acquire("me") for _ in range(5)]
    assert [each.allowed for each in decisions] == [True, True, True, False, False]
    assert [bool(each) for each in decisions] == [True, True, True, False, False]
    assert [each.remaining for each in decisions] == [2, 1, 0, 0, 0]
    assert decisions[2].retry_after == 0
    assert 9 < decisions[3].retry_after <= 10
    assert 29 < decisions[3].reset_after <= 30
    assert (await limiter.try_acquire("you")).remaining == 2


async def test_a_flood_gets_no_more_and_no_less_than_its_share(
    client: redis.Redis[bytes], other: redis.Redis[str]
) -> None:
    allowed, asked = 0, 0
    began = trio.current_time()

    async def flood(r: redis.Redis[Any]) -> None:
        nonlocal allowed, asked
        limiter = r.rate_limiter("api", limit=200, per=1, burst=10)
        while trio.current_time() < began + 0.5:
            asked += 1
            decision = await limiter.try_acquire("me")
            allowed += decision.allowed

    async with trio.open_nursery() as nursery:
        for r in (client, other) * 4:
            nursery.start_soon(flood, r)
    seconds = trio.current_time() - began
    assert asked > 2 * allowed
    assert 0.6 * 200 * 0.5 < allowed <= 10 + 200 * seconds + 1


async def test_looking_takes_nothing_and_writes_nothing(client: redis.Redis[bytes]) -> None:
    limiter = client.rate_limiter("api", limit=5, per=100)
    assert (await limiter.try_acquire("me", 0)).remaining == 5
    assert not await client.exists("rate:api:me")
    await limiter.try_acquire("me", 2)
    written = await client.get("rate:api:me")
    assert (await limiter.try_acquire("me", 0)).remaining == 3
    assert await client.get("rate:api:me") == written


async def test_a_refusal_takes_nothing(client: redis.Redis[bytes]) -> None:
    limiter = client.rate_limiter("api", limit=5, per=100)
    await limiter.try_acquire("me", 3)
    written = await client.get("rate:api:me")
    assert not await limiter.try_acquire("me", 3)
    assert await client.get("rate:api:me") == written
    assert await limiter.try_acquire("me", 2)


@pytest.mark.parametrize("limit", [3, 7, 1 / 3, 0.3, 99_999])
async def test_a_whole_burst_can_be_had_at_once(client: redis.Redis[bytes], limit: float) -> None:
    limiter = client.rate_limiter("api", limit=limit, per=1, burst=max(1, limit))
    for _ in range(50):
        await limiter.reset("me")
        assert await limiter.try_acquire("me", limiter.burst)


async def test_its_key_ends_when_there_is_nothing_to_know(client: redis.Redis[bytes]) -> None:
    limiter = client.rate_limiter("api", limit=20, per=1, burst=5)
    await limiter.try_acquire("me", 5)
    assert 200 < await client.pttl("rate:api:me") <= 251
    await limiter.reset("me")
    assert not await client.exists("rate:api:me")


async def test_a_clock_that_was_set_back_does_not_shut_it_for_long(
    client: redis.Redis[bytes],
) -> None:
    limiter = client.rate_limiter("api", limit=5, per=1, max_wait=2)
    seconds, _ = await client.time()
    await client.set("rate:api:me", (seconds - SECONDS_OF_2020 + 3600) * 1_000_000)
    decision = await limiter.try_acquire("me")
    assert not decision
    assert decision.reset_after == pytest.approx(1 + 2)


async def test_those_who_wait_come_one_by_one(
    client: redis.Redis[bytes], other: redis.Redis[str]
) -> None:
    times: list[float] = []

    async def take(r: redis.Redis[Any]) -> None:
        await r.rate_limiter("api", limit=50, per=1, burst=1).acquire("me")
        times.append(trio.current_time())

    await client.rate_limiter("api", limit=50, per=1).try_acquire("the server knows the script now")
    before = client.statistics().commands
    began = trio.current_time()
    async with trio.open_nursery() as nursery:
        for number in range(10):
            nursery.start_soon(take, (client, other)[number % 2])
    assert times[-1] - began >= 9 * 0.02 - 0.002
    for number, time in enumerate(times):
        assert time - began >= number * 0.02 - 0.002
    assert client.statistics().commands - before == 5  # one each


async def test_who_cannot_have_it_in_time_is_told_at_once(client: redis.Redis[bytes]) -> None:
    limiter = client.rate_limiter("api", limit=1, per=50, burst=1)
    await limiter.acquire("me")
    before = trio.current_time()
    with pytest.raises(errors.OperationTimeout, match="not in 10"):
        await limiter.acquire("me", timeout=10)
    assert trio.current_time() - before < 5
    assert (await limiter.try_acquire("me")).retry_after <= 50


async def test_who_would_wait_for_too_long_is_told_at_once(client: redis.Redis[bytes]) -> None:
    limiter = client.rate_limiter("api", limit=1, per=100, burst=1, max_wait=60)
    await limiter.acquire("me")
    for timeout in (None, 80):
        with pytest.raises(errors.ResourceFull, match="max_wait=60") as caught:
            await limiter.acquire("me", timeout=timeout)
        assert (caught.value.limit_name, caught.value.limit) == ("max_wait", 60)
    assert (await limiter.try_acquire("me")).retry_after <= 100


async def test_who_is_cancelled_gives_back_what_nobody_is_behind(
    client: redis.Redis[bytes],
) -> None:
    limiter = client.rate_limiter("api", limit=1, per=10, burst=2)
    await limiter.acquire("me", 2)
    with trio.move_on_after(0.05):
        await limiter.acquire("me", 2)
    left = await limiter.try_acquire("me", 0)
    assert 19 < left.reset_after <= 20
    assert 19_000 < await client.pttl("rate:api:me") <= 20_001
    token = core.CancelToken()
    async with trio.open_nursery() as nursery:

        async def wait() -> None:
            with pytest.raises(errors.OperationCancelled):
                await limiter.acquire("me", token=token)

        nursery.start_soon(wait)

        async def is_taken() -> bool:
            return (await limiter.try_acquire("me", 0)).reset_after > 21

        await until(is_taken)
        with trio.move_on_after(0.05):
            await limiter.acquire("me")
        token.cancel("no more")
    assert (await limiter.try_acquire("me", 0)).reset_after <= 20


async def test_what_somebody_is_behind_of_is_not_given_back(client: redis.Redis[bytes]) -> None:
    limiter = client.rate_limiter("api", limit=1, per=10, burst=1)
    await limiter.acquire("me")
    async with trio.open_nursery() as nursery:
        first, second = trio.CancelScope(), trio.CancelScope()

        async def wait(scope: trio.CancelScope) -> None:
            with scope:
                await limiter.acquire("me")

        for scope, seconds in ((first, 11), (second, 21)):
            nursery.start_soon(wait, scope)

            async def is_taken(seconds: float = seconds) -> bool:
                return (await limiter.try_acquire("me", 0)).reset_after > seconds

            await until(is_taken)
        first.cancel()
        await trio.testing.wait_all_tasks_blocked(0.05)
        assert (await limiter.try_acquire("me", 0)).reset_after > 25
        second.cancel()
    assert (await limiter.try_acquire("me", 0)).reset_after <= 20


@pytest.mark.parametrize(
    "options",
    [
        {"limit": 0, "per": 1},
        {"limit": math.inf, "per": 1},
        {"limit": 1, "per": 0},
        {"limit": 1, "per": math.inf},
        {"limit": 1, "per": 1, "burst": 0},
        {"limit": 1, "per": 1, "burst": math.nan},
        {"limit": 1, "per": 1, "max_wait": -1},
        {"limit": 1, "per": 1, "max_wait": math.inf},
    ],
)
async def test_a_limiter_that_makes_no_sense_is_refused(
    client: redis.Redis[bytes], options: dict[str, float]
) -> None:
    with pytest.raises(ValueError, match="must be"):
        client.rate_limiter("api", **options)


async def test_mistakes_are_told_before_anything_is_sent(client: redis.Redis[bytes]) -> None:
    limiter = client.rate_limiter("api", limit=5, per=1)
    before = client.statistics().commands
    for cost in (-1, 6, math.nan):
        with pytest.raises(ValueError, match="from 0 to 5"):
            await limiter.try_acquire("me", cost)
        with pytest.raises(ValueError, match="from 0 to 5"):
            await limiter.acquire("me", cost)
    with pytest.raises(ValueError, match="not empty"):
        await limiter.try_acquire("")
    wrong: Any = 7
    with pytest.raises(TypeError):
        await limiter.try_acquire(wrong)
    assert client.statistics().commands == before
