from __future__ import annotations

from typing import Any

import pytest
import trio

from trio_helianthus import http
from trio_helianthus.http.middleware import RateLimit
from trio_helianthus.testing import cancel_sweep

from .conftest import Through


async def hello(request: http.Request) -> str:
    return "hello"


async def test_a_client_gets_so_many_at_once_and_then_one_at_a_time(
    through: Through, autojump_clock: trio.testing.MockClock
) -> None:
    limit = RateLimit(4, per=60, burst=2, name="api")

    async def ask() -> http.Response:
        return await through(limit, hello, client_address=("192.0.2.1", 1))

    answers = [await ask() for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert [answer.headers["ratelimit"] for answer in answers] == [
        '"api";r=1;t=15',
        '"api";r=0;t=30',
        '"api";r=0;t=15',
    ]
    assert answers[2].headers["ratelimit-policy"] == '"api";q=4;w=60'
    assert answers[2].headers["retry-after"] == "15"
    await trio.sleep(15)
    assert [(await ask()).status for _ in range(2)] == [200, 429]
    await trio.sleep(1000)
    assert [(await ask()).status for _ in range(3)] == [200, 200, 429]


async def test_who_asks_as_often_as_is_allowed_is_never_refused(
    through: Through, autojump_clock: trio.testing.MockClock
) -> None:
    limit = RateLimit(3, per=1, burst=1)
    for _ in range(100):
        assert (await through(limit, hello)).status == 200
        await trio.sleep(1 / 3)


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        (("192.0.2.1", 1), ("192.0.2.1", 2), True),
        (("192.0.2.1", 1), ("192.0.2.2", 1), False),
        (("2001:db8::1", 1, 0, 0), ("2001:db8::ffff:1", 2, 0, 0), True),
        (("2001:db8::1", 1, 0, 0), ("2001:db8:0:1::1", 1, 0, 0), False),
        (("::ffff:192.0.2.1", 1, 0, 0), ("192.0.2.1", 1), True),
        (("fe80::1%eth0", 1, 0, 2), ("fe80::2", 1, 0, 2), True),
        ("", None, True),
    ],
)
async def test_who_counts_as_one_client(
    through: Through, first: Any, second: Any, same: bool
) -> None:
    limit = RateLimit(1, per=60)
    assert (await through(limit, hello, client_address=first)).status == 200
    answer = await through(limit, hello, client_address=second)
    assert answer.status == (429 if same else 200)


async def test_the_key_may_be_anything_or_none(through: Through) -> None:
    limit = RateLimit(1, per=60, key=lambda request: request.headers.get("x-key"))
    for key, status in (("a", 200), ("b", 200), ("a", 429), (None, 200), (None, 200)):
        headers = {} if key is None else {"X-Key": key}
        assert (await through(limit, hello, headers=headers)).status == status


async def test_memory_is_bounded(through: Through) -> None:
    limit = RateLimit(1, per=60, max_clients=2)
    for number, status in ((1, 200), (2, 200), (1, 429), (3, 200), (1, 429), (2, 200)):
        answer = await through(limit, hello, client_address=(f"192.0.2.{number}", 1))
        assert answer.status == status


async def test_long_keys_are_told_apart_and_cost_no_more_memory(through: Through) -> None:
    limit = RateLimit(1, per=60, key=lambda request: request.headers["x-key"])
    for end, status in (("a", 200), ("b", 200), ("a", 429)):
        headers = {"X-Key": "x" * 10_000 + end}
        assert (await through(limit, hello, headers=headers)).status == status
    assert max(map(len, limit._full_at)) == 64


async def test_an_address_that_is_none_is_a_client_as_well(through: Through) -> None:
    limit = RateLimit(1, per=60)
    for status in (200, 429):
        answer = await through(limit, hello, client_address=("gateway:7", 1))
        assert answer.status == status


@pytest.mark.parametrize(
    "arguments",
    [{"limit": 0}, {"per": 0}, {"per": float("inf")}, {"burst": 0}, {"max_clients": 0}],
)
def test_limits_must_make_sense(arguments: dict[str, Any]) -> None:
    options: dict[str, Any] = {"limit": 1, "per": 1} | arguments
    with pytest.raises(ValueError, match="above 0"):
        RateLimit(**options)


@pytest.mark.parametrize("name", ['"', "\\", "a\nb", "ü"])
def test_a_name_must_fit_into_a_field(name: str) -> None:
    with pytest.raises(ValueError, match="a name has"):
        RateLimit(1, per=1, name=name)


@pytest.mark.sweep
def test_a_cancelled_request_costs_its_token_and_nothing_else() -> None:
    async def scenario(scope: trio.CancelScope) -> None:
        router = http.Router(middleware=[RateLimit(2, per=60)])

        @router.get("/")
        async def handler(request: http.Request) -> str:
            await trio.lowlevel.checkpoint()
            return "hello"

        with scope:
            await router(http.Request("GET", "/"))
        await router(http.Request("GET", "/"))

    assert cancel_sweep(scenario).points >= 1
