"""An app is started up before anything else, and shut down after everything else."""

from __future__ import annotations

import pytest
import trio

from tests.asgi.conftest import Reports
from trio_helianthus import asgi
from trio_helianthus.errors import OperationTimeout


class Listening:
    """An app that follows the specification, and notes what it is told."""

    def __init__(self, **replies: str) -> None:
        self.told: list[str] = []
        self._replies = replies

    async def __call__(self, scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        assert scope["type"] == "lifespan"
        scope["state"]["ready"] = True
        for step in ("startup", "shutdown"):
            message = await receive()
            assert message == {"type": f"lifespan.{step}"}
            self.told.append(step)
            reply = self._replies.get(step)
            if reply is not None:
                await send({"type": f"lifespan.{step}.failed", "message": reply})
                raise ValueError(reply)
            await send({"type": f"lifespan.{step}.complete"})


async def test_an_app_hears_of_startup_and_then_of_shutdown() -> None:
    app = Listening()
    async with asgi.open_lifespan(app) as state:
        assert app.told == ["startup"]
        assert state == {"ready": True}
    assert app.told == ["startup", "shutdown"]


async def test_the_scope_is_that_of_the_specification() -> None:
    scopes = []

    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        scopes.append(scope)

    async with asgi.open_lifespan(app):
        pass
    versions = {"version": "3.0", "spec_version": "2.0"}
    assert scopes == [{"type": "lifespan", "asgi": versions, "state": {}}]


async def test_off_means_off() -> None:
    app = Listening()
    async with asgi.open_lifespan(app, "off") as state:
        assert state == {}
    assert app.told == []


async def test_another_mode_is_refused() -> None:
    with pytest.raises(ValueError, match="'maybe'"):
        async with asgi.open_lifespan(Listening(), "maybe"):  # type: ignore[arg-type]
            pass


async def test_a_failed_startup_is_raised_with_its_reason_and_its_cause() -> None:
    with pytest.raises(asgi.LifespanFailed, match="could not start: no database") as caught:
        async with asgi.open_lifespan(Listening(startup="no database")):
            pytest.fail("the body must not run")
    assert isinstance(caught.value.__cause__, ValueError)


async def test_an_app_that_asks_on_after_its_failure_is_not_waited_for(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        while True:
            message = await receive()
            await send({"type": message["type"] + ".failed"})

    begin = trio.current_time()
    with pytest.raises(asgi.LifespanFailed, match="it gives no reason"):
        async with asgi.open_lifespan(app):
            pytest.fail("the body must not run")
    assert trio.current_time() == begin


async def test_an_app_that_has_shut_down_and_goes_on_is_ended_and_no_failure(
    autojump_clock: trio.testing.MockClock,
) -> None:
    ended = []

    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        try:
            for step in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{step}.complete"})
            await trio.sleep_forever()
        finally:
            ended.append(trio.current_time())

    begin = trio.current_time()
    async with asgi.open_lifespan(app, shutdown_timeout=5):
        pass
    assert ended == [begin + 5]


async def test_of_two_tasks_that_ask_one_is_told_of_the_shutdown_and_has_its_time() -> None:
    done = []

    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})

        async def ask() -> None:
            await receive()
            await trio.testing.wait_all_tasks_blocked()
            done.append(True)
            nursery.cancel_scope.cancel()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask)
            nursery.start_soon(ask)
        await send({"type": "lifespan.shutdown.complete"})

    async with asgi.open_lifespan(app):
        await trio.testing.wait_all_tasks_blocked()
    assert done == [True]


async def test_a_failed_shutdown_is_raised_with_its_reason_and_its_cause() -> None:
    with pytest.raises(asgi.LifespanFailed, match="could not shut down: still busy") as caught:
        async with asgi.open_lifespan(Listening(shutdown="still busy")):
            pass
    assert isinstance(caught.value.__cause__, ValueError)


async def test_where_the_body_failed_a_failed_shutdown_is_reported(reports: Reports) -> None:
    with pytest.raises(KeyError, match="body"):
        async with asgi.open_lifespan(Listening(shutdown="still busy")):
            raise KeyError("body")
    (error,) = reports.errors
    assert isinstance(error, asgi.LifespanFailed)


async def refuse(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
    raise NotImplementedError(scope["type"])


async def ignore(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
    pass


async def send_first(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
    await send({"type": "lifespan.startup.complete"})


deaf_apps = pytest.mark.parametrize("app", [refuse, ignore, send_first])


@deaf_apps
async def test_auto_goes_on_without_an_app_that_does_not_listen(
    app: asgi.ASGIApp, no_errors: None
) -> None:
    async with asgi.open_lifespan(app) as state:
        assert state == {}


@deaf_apps
async def test_on_demands_that_the_app_listens(app: asgi.ASGIApp) -> None:
    with pytest.raises(asgi.LifespanFailed, match="does not know lifespans"):
        async with asgi.open_lifespan(app, "on"):
            pytest.fail("the body must not run")


async def test_auto_reports_an_app_that_breaks_while_it_starts(reports: Reports) -> None:
    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        await receive()
        raise KeyError("DATABASE_URL")

    async with asgi.open_lifespan(app):
        pass
    (error,) = reports.errors
    assert isinstance(error, KeyError)


async def test_a_startup_that_takes_too_long_is_cancelled(
    autojump_clock: trio.testing.MockClock,
) -> None:
    ended = []

    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        try:
            await receive()
            await trio.sleep_forever()
        finally:
            ended.append(trio.current_time())

    begin = trio.current_time()
    with pytest.raises(OperationTimeout, match="not ready within 5 seconds"):
        async with asgi.open_lifespan(app, startup_timeout=5):
            pytest.fail("the body must not run")
    assert ended == [begin + 5]


async def test_a_shutdown_that_takes_too_long_is_cancelled(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await trio.sleep_forever()

    with pytest.raises(OperationTimeout, match="did not shut down within 5 seconds"):
        async with asgi.open_lifespan(app, shutdown_timeout=5):
            pass


async def test_an_app_that_asks_for_more_after_its_end_is_not_waited_for(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})

    begin = trio.current_time()
    async with asgi.open_lifespan(app):
        pass
    assert trio.current_time() == begin


async def test_a_cancelled_body_still_lets_the_app_shut_down() -> None:
    app = Listening()
    with trio.CancelScope() as scope:
        async with asgi.open_lifespan(app):
            scope.cancel()
            await trio.sleep_forever()
    assert scope.cancelled_caught
    assert app.told == ["startup", "shutdown"]


async def test_while_it_starts_up_an_app_is_cancelled_at_once() -> None:
    cancelled = []

    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        await receive()
        try:
            await trio.sleep_forever()
        except trio.Cancelled:
            cancelled.append(True)
            raise

    with trio.move_on_after(0):
        async with asgi.open_lifespan(app):
            pytest.fail("the body must not run")
    assert cancelled == [True]


async def test_background_work_of_the_app_that_fails_ends_the_body() -> None:
    async def fail() -> None:
        raise RuntimeError("the job failed")

    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await fail()

    with pytest.raises(RuntimeError, match="the job failed"):
        async with asgi.open_lifespan(app):
            await trio.sleep_forever()


@pytest.mark.parametrize(
    ("kind", "complaint"),
    [
        ("lifespan.shutdown.complete", "out of turn"),
        ("lifespan.startup.begun", "no message"),
        ("http.response.start", "no message"),
    ],
)
async def test_a_wrong_reply_is_an_error_in_the_app(kind: str, complaint: str) -> None:
    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        await receive()
        with pytest.raises(asgi.AppError, match=complaint):
            await send({"type": kind})
        await send({"type": "lifespan.startup.complete"})
        with pytest.raises(asgi.AppError, match="out of turn"):
            await send({"type": "lifespan.startup.complete"})

    async with asgi.open_lifespan(app, "on"):
        pass
