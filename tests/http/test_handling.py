"""A handler runs in a context of its own, and says when it begins to wait."""

from __future__ import annotations

from contextvars import ContextVar

import pytest
import trio
import trio.testing

from trio_helianthus.http._handling import run_apart

VARIABLE = ContextVar("VARIABLE", default="nothing")


async def set_and_wait(value: str, waits: int) -> str:
    VARIABLE.set(value)
    for _ in range(waits):
        await trio.lowlevel.checkpoint()
        assert VARIABLE.get() == value
    return VARIABLE.get()


@pytest.mark.parametrize("waits", [0, 1, 3])
async def test_what_it_sets_ends_with_it(waits: int) -> None:
    told: list[None] = []
    assert await run_apart(set_and_wait("mine", waits), lambda: told.append(None)) == "mine"
    assert VARIABLE.get() == "nothing"
    assert len(told) == waits


async def test_it_sees_what_was_set_around_it() -> None:
    VARIABLE.set("around")

    async def look() -> str:
        return VARIABLE.get()

    assert await run_apart(look(), lambda: None) == "around"


async def test_its_children_inherit_its_context() -> None:
    seen: list[str] = []

    async def child() -> None:
        seen.append(VARIABLE.get())

    async def parent() -> None:
        VARIABLE.set("inherited")
        async with trio.open_nursery() as nursery:  # noqa: ASYNC112 - a child's context matters
            nursery.start_soon(child)

    await run_apart(parent(), lambda: None)
    assert seen == ["inherited"]
    assert VARIABLE.get() == "nothing"


async def test_its_errors_come_out() -> None:
    async def fail(waits: int) -> None:
        for _ in range(waits):
            await trio.lowlevel.checkpoint()
        raise KeyError("mine")

    for waits in range(2):
        with pytest.raises(KeyError, match="mine"):
            await run_apart(fail(waits), lambda: None)


async def test_a_cancellation_goes_in_and_comes_out() -> None:
    ended: list[str] = []

    async def wait() -> None:
        try:
            await trio.sleep_forever()
        except trio.Cancelled:
            ended.append(VARIABLE.get())
            raise

    with trio.CancelScope() as scope:
        scope.cancel()
        await run_apart(wait(), lambda: None)
    assert scope.cancelled_caught
    assert ended == ["nothing"]


async def test_it_may_catch_a_cancellation_and_go_on() -> None:
    async def survive() -> str:
        with trio.move_on_after(0):
            await trio.sleep_forever()
        await trio.lowlevel.checkpoint()
        return "survived"

    assert await run_apart(survive(), lambda: None) == "survived"


async def test_it_is_closed_with_the_one_who_runs_it() -> None:
    closed: list[bool] = []

    async def wait() -> None:
        try:
            await trio.sleep_forever()
        finally:
            closed.append(True)

    generator = run_apart(wait(), lambda: None)
    generator.send(None)
    generator.close()
    assert closed == [True]
