from __future__ import annotations

from typing import Any

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from trio_helianthus import http
from trio_helianthus.http.middleware import LoadShedding, LoadStatistics
from trio_helianthus.testing import cancel_sweep


class Service:
    """Handlers that work until they are let go."""

    def __init__(self, shedding: LoadShedding, nursery: trio.Nursery) -> None:
        self.router = http.Router(middleware=[shedding])
        self.router.get("/{name}")(self._work)
        self.nursery = nursery
        self.working: dict[str, trio.Event] = {}
        self.answers: dict[str, int] = {}
        self.scopes: dict[str, trio.CancelScope] = {}

    async def _work(self, request: http.Request) -> str:
        name = request.path_params["name"]
        self.working[name] = trio.Event()
        try:
            await self.working[name].wait()
        finally:
            del self.working[name]
        return name  # type: ignore[no-any-return]

    async def ask(self, *names: str) -> None:
        for name in names:
            self.nursery.start_soon(self._ask, name)
            await wait_all_tasks_blocked()

    async def _ask(self, name: str) -> None:
        with trio.CancelScope() as self.scopes[name]:
            answer: Any = await self.router(http.Request("GET", f"/{name}"))
            self.answers[name] = answer.status
            if answer.status == 503:
                assert answer.headers["retry-after"] == "1"

    async def finish(self, name: str) -> None:
        self.working[name].set()
        await wait_all_tasks_blocked()


async def test_so_many_work_and_so_many_wait(nursery: trio.Nursery) -> None:
    shedding = LoadShedding(2, max_waiting=4)
    service = Service(shedding, nursery)
    await service.ask("a", "b", "c", "d")
    assert set(service.working) == {"a", "b"}
    assert shedding.statistics() == LoadStatistics(in_flight=2, waiting=2, shed=0)
    await service.finish("a")
    assert set(service.working) == {"b", "c"}  # in the order in which they came
    for name in ("b", "c", "d"):
        await service.finish(name)
    assert service.answers == dict.fromkeys("abcd", 200)
    assert shedding.statistics() == LoadStatistics(in_flight=0, waiting=0, shed=0)


async def test_under_load_the_newest_goes_first_and_the_oldest_is_refused(
    nursery: trio.Nursery,
) -> None:
    shedding = LoadShedding(1, max_waiting=3)
    service = Service(shedding, nursery)
    await service.ask("a", "b", "c", "d", "e")
    assert service.answers == {"b": 503}
    await service.finish("a")
    assert set(service.working) == {"e"}
    await service.finish("e")
    assert set(service.working) == {"d"}
    await service.finish("d")
    await service.finish("c")
    assert shedding.statistics() == LoadStatistics(in_flight=0, waiting=0, shed=1)


async def test_without_a_queue_the_rest_is_refused_at_once(nursery: trio.Nursery) -> None:
    service = Service(LoadShedding(1, max_waiting=0), nursery)
    await service.ask("a", "b")
    assert service.answers == {"b": 503}
    await service.finish("a")
    await service.ask("c")
    await service.finish("c")
    assert service.answers == {"a": 200, "b": 503, "c": 200}


async def test_nobody_waits_for_too_long(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    shedding = LoadShedding(1, max_waiting=10, max_wait=2)
    service = Service(shedding, nursery)
    await service.ask("a", "b")
    await trio.sleep(1.5)
    await service.ask("c")
    await trio.sleep(0.6)
    assert service.answers == {"b": 503}
    await trio.sleep(1.5)
    assert service.answers == {"b": 503, "c": 503}
    await service.ask("d")
    await service.finish("a")
    await service.finish("d")
    assert service.answers["d"] == 200


async def test_a_place_is_left_however_a_handler_ends(nursery: trio.Nursery, reports: Any) -> None:
    shedding = LoadShedding(1)
    service = Service(shedding, nursery)

    @service.router.get("/fail/now")
    async def fail(request: http.Request) -> str:
        raise ValueError("oh")

    await service.router(http.Request("GET", "/fail/now"))
    await service.ask("a", "b", "c")
    service.scopes["b"].cancel()  # while it waits
    service.scopes["a"].cancel()  # while it works
    await wait_all_tasks_blocked()
    assert set(service.working) == {"c"}
    service.scopes["c"].cancel()
    await wait_all_tasks_blocked()
    assert shedding.statistics() == LoadStatistics(in_flight=0, waiting=0, shed=0)


async def test_who_gets_a_place_and_is_cancelled_at_once_gives_it_on(
    nursery: trio.Nursery,
) -> None:
    shedding = LoadShedding(1)
    service = Service(shedding, nursery)
    await service.ask("a", "b", "c")
    service.working["a"].set()
    for _ in range(2):
        await trio.lowlevel.checkpoint()
    service.scopes["b"].cancel()
    await wait_all_tasks_blocked()
    assert set(service.working) == {"c"}
    await service.finish("c")
    assert shedding.statistics().in_flight == 0


@pytest.mark.parametrize(
    "arguments", [{"max_in_flight": 0}, {"max_waiting": -1}, {"max_wait": 0.0}]
)
def test_limits_must_make_sense(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="above 0"):
        LoadShedding(**{"max_in_flight": 1} | arguments)


@pytest.mark.sweep
def test_no_place_is_lost_wherever_requests_are_cancelled() -> None:
    async def scenario(scope: trio.CancelScope) -> None:
        shedding = LoadShedding(1, max_waiting=2)
        router = http.Router(middleware=[shedding])

        @router.get("/")
        async def handler(request: http.Request) -> str:
            for _ in range(3):
                await trio.lowlevel.checkpoint()
            return "done"

        async def ask() -> None:
            await router(http.Request("GET", "/"))

        with scope:
            async with trio.open_nursery() as nursery:
                for _ in range(4):
                    nursery.start_soon(ask)
        statistics = shedding.statistics()
        assert statistics.in_flight == statistics.waiting == 0
        await ask()

    assert cancel_sweep(scenario).points > 5
