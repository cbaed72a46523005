"""An application as long as it serves: opened before, closed behind, neither for ever."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from trio_helianthus import http
from trio_helianthus.cli._serve_app import AppNotFound
from trio_helianthus.cli._serve_arguments import Interface
from trio_helianthus.cli._serve_opening import AppFailed, open_app, open_in_time
from trio_helianthus.core import Lifecycle, open_lifecycle
from trio_helianthus.errors import NetworkError, OperationTimeout

router = http.Router()


async def asgi(scope: object, receive: object, send: object) -> None: ...


async def make() -> http.Router:
    await trio.lowlevel.checkpoint()
    return router


@asynccontextmanager
async def around(app: object = router) -> AsyncIterator[object]:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.sleep_forever)
        yield app
        nursery.cancel_scope.cancel()


async def make_around() -> AbstractAsyncContextManager[object]:
    return around()


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        (lambda: router, Interface.NATIVE),
        (make, Interface.NATIVE),
        (around, Interface.NATIVE),
        (make_around, Interface.NATIVE),
        (lambda: around(asgi), Interface.ASGI),
    ],
    ids=["app", "awaitable", "context", "awaitable context", "context of ASGI"],
)
async def test_whatever_leads_to_an_application_is_followed(
    found: Callable[[], object], kind: Interface
) -> None:
    async with open_app(found(), "shop:make()", Interface.AUTO) as (app, found_kind):
        assert app in (router, asgi)
        assert found_kind is kind


async def test_what_leads_to_none_is_said() -> None:
    with pytest.raises(AppNotFound, match=r"shop:make\(\) is no application, but 7"):
        async with open_app(around(7), "shop:make()", Interface.AUTO):
            pass


@asynccontextmanager
async def failing_before() -> AsyncIterator[object]:
    raise KeyError("mine")
    yield


@asynccontextmanager
async def failing_behind() -> AsyncIterator[object]:
    yield router
    raise KeyError("mine")


@asynccontextmanager
async def failing_meanwhile() -> AsyncIterator[object]:
    async def fail() -> None:
        raise KeyError("mine")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(fail)
        yield router


async def failing() -> object:
    raise KeyError("mine")


@pytest.mark.parametrize("found", [failing_before, failing_behind, failing_meanwhile, failing])
async def test_what_it_raises_is_shown_from_its_own_code_on(
    found: Callable[[], object], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(AppFailed, match=r"shop:make\(\) failed: see the traceback above"):
        async with open_app(found(), "shop:make()", Interface.AUTO):
            await wait_all_tasks_blocked()

    shown = capsys.readouterr().err
    assert "KeyError: 'mine'" in shown
    assert "open_app" not in shown
    assert "contextlib" not in shown


async def test_what_the_server_raises_is_not_the_applications_fault() -> None:
    with pytest.raises(NetworkError, match="of the server"):
        async with open_app(around(), "shop:make()", Interface.AUTO):
            raise NetworkError("of the server")


# ------------------------------------------------------------ in time


class Events(list[str]):
    """What happens to an application, which takes its time."""

    @asynccontextmanager
    async def opening(self, start: float = 0, end: float = 0) -> AsyncIterator[str]:
        await trio.sleep(start)
        self.append("open")
        with trio.CancelScope():  # open_nursery() has one, for example
            try:
                yield "app"
            finally:
                self.append("closing")
                await trio.sleep(end)  # noqa: ASYNC102 - it is for the test to be cut
                self.append("closed")


async def serve(
    opening: AbstractAsyncContextManager[str], body: Callable[[Lifecycle], Awaitable[object]]
) -> None:
    async with (
        open_lifecycle(drain_timeout=30) as lifecycle,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(body, lifecycle)
        async with open_in_time(opening, start_timeout=10, stop_timeout=5) as app:
            assert app == "app"
            await lifecycle.wait_draining()
        nursery.cancel_scope.cancel()


async def drain_at_once(lifecycle: Lifecycle) -> None:
    lifecycle.drain()


async def drain_later(lifecycle: Lifecycle) -> None:
    await trio.sleep(1000)
    lifecycle.drain()


async def test_it_is_open_until_it_has_served(autojump_clock: trio.abc.Clock) -> None:
    events = Events()
    await serve(events.opening(start=9, end=4), drain_later)
    assert events == ["open", "closing", "closed"]


async def test_it_may_not_open_for_ever(autojump_clock: trio.abc.Clock) -> None:
    events = Events()
    with pytest.RaisesGroup(pytest.RaisesExc(OperationTimeout, match="not start within 10 s")):
        await serve(events.opening(start=11), drain_later)
    assert events == []


async def test_it_may_not_close_for_ever(autojump_clock: trio.abc.Clock) -> None:
    events = Events()
    with pytest.RaisesGroup(pytest.RaisesExc(OperationTimeout, match="not end within 5 seconds")):
        await serve(events.opening(end=6), drain_later)
    assert events == ["open", "closing"]


async def test_being_told_to_stop_before_it_is_open_is_no_failure(
    autojump_clock: trio.abc.Clock,
) -> None:
    events = Events()
    began = trio.current_time()
    await serve(events.opening(start=9), drain_at_once)
    assert events == []
    assert trio.current_time() - began < 1


async def test_cancelling_it_leaves_time_to_close(autojump_clock: trio.abc.Clock) -> None:
    events = Events()
    async with open_lifecycle():
        with trio.move_on_after(100):
            opening = events.opening(end=4)
            async with open_in_time(opening, start_timeout=10, stop_timeout=5):
                await trio.sleep_forever()
    assert events == ["open", "closing", "closed"]
