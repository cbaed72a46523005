"""Times of a server that only it can keep: a handler's, a client's own, a slow body's."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

import pytest
import trio

from trio_helianthus import http
from trio_helianthus.http import Request, ServerLimits
from trio_helianthus.net import _hub
from trio_helianthus.net._hub import HubMode

if TYPE_CHECKING:
    from tests.http.conftest import Connect, Serve

GET = b"GET / HTTP/1.1\r\nHost: t\r\n\r\n"


@pytest.fixture(params=[HubMode.NEVER, HubMode.ALWAYS], ids=["plain", "hub"], autouse=True)
def each_way_of_waiting(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_hub, "DEFAULT_MODE", request.param)


async def sleep(request: Request) -> str:
    await trio.sleep_forever()
    return "never"


async def test_a_handler_that_takes_too_long_is_cancelled(serve: Serve, connect: Connect) -> None:
    client = await connect(await serve(sleep, limits=ServerLimits(handler_timeout=0.05)))
    answer = await client.get("/")
    assert answer.status == 503
    assert answer.headers["connection"] == "close"
    assert await client.rest() == b""


async def test_a_client_says_how_long_it_waits(serve: Serve, connect: Connect) -> None:
    deadlines: list[float] = []

    async def handler(request: Request) -> str:
        assert trio.current_effective_deadline() == request.deadline
        deadlines.append(request.deadline - trio.current_time())
        return await sleep(request)

    client = await connect(await serve(handler))
    assert (await client.get("/", "X-Request-Timeout: 0.05")).status == 504
    assert len(deadlines) == 1
    assert 0 < deadlines[0] <= 0.05


@pytest.mark.parametrize("value", ["", "soon", "-1", "1e3", "nan", "1_0", "99999999999999999999"])
async def test_what_is_no_number_of_seconds_says_nothing(
    serve: Serve, connect: Connect, value: str
) -> None:
    async def handler(request: Request) -> str:
        return str(request.deadline)

    client = await connect(await serve(handler))
    assert (await client.get("/", f"X-Request-Timeout: {value}")).body == b"inf"


async def test_a_client_cannot_wait_longer_than_it_may(serve: Serve, connect: Connect) -> None:
    client = await connect(await serve(sleep, limits=ServerLimits(handler_timeout=0.05)))
    assert (await client.get("/", "X-Request-Timeout: 60")).status == 503


async def test_the_deadline_ends_with_its_request(serve: Serve, connect: Connect) -> None:
    async def handler(request: Request) -> str:
        return str(trio.current_effective_deadline())

    client = await connect(await serve(handler))
    assert (await client.get("/", "X-Request-Timeout: 60")).body != b"inf"
    assert (await client.get("/")).body == b"inf"


async def test_a_body_that_trickles_is_refused(serve: Serve, connect: Connect) -> None:
    async def handler(request: Request) -> bytes:
        return await request.read()

    limits = ServerLimits(body_timeout=0.2, min_body_rate=1000)
    client = await connect(await serve(handler, limits=limits))
    await client.send(b"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 100000\r\n\r\n")
    with trio.move_on_after(5) as scope:
        async with trio.open_nursery() as nursery:

            async def trickle() -> None:
                while True:
                    await client.send(b"x")
                    await trio.sleep(0.02)

            nursery.start_soon(trickle)
            assert (await client.answer()).status == 408
            nursery.cancel_scope.cancel()
    assert not scope.cancelled_caught


async def test_context_variables_end_with_their_request(serve: Serve, connect: Connect) -> None:
    user = ContextVar("user", default="nobody")

    async def handler(request: Request) -> str:
        before = user.get()
        user.set("alice")
        await trio.lowlevel.checkpoint()
        return before

    client = await connect(await serve(handler))
    for _ in range(2):
        assert (await client.get("/")).body == b"nobody"


async def test_an_answer_waits_for_no_handler_behind_it(serve: Serve, connect: Connect) -> None:
    go_on = trio.Event()

    async def handler(request: Request) -> str:
        if request.target == "/slow":
            await go_on.wait()
        return request.target

    client = await connect(await serve(handler))
    await client.get("/first")
    await client.send(GET + GET + GET.replace(b"/ ", b"/slow ") + GET)
    with trio.fail_after(5):
        assert [(await client.answer()).body for _ in range(2)] == [b"/", b"/"]
        go_on.set()
        assert [(await client.answer()).body for _ in range(2)] == [b"/slow", b"/"]


async def test_many_answers_leave_in_order(serve: Serve, connect: Connect) -> None:
    async def handler(request: Request) -> str:
        if request.target.endswith("7"):
            await trio.lowlevel.checkpoint()
        return request.target

    client = await connect(await serve(handler))
    await client.send(b"".join(GET.replace(b"/ ", b"/%d " % n) for n in range(300)))
    assert [(await client.answer()).body for _ in range(300)] == [b"/%d" % n for n in range(300)]


async def test_a_handler_can_wait_for_its_client_to_leave(serve: Serve, connect: Connect) -> None:
    left = trio.Event()
    started = trio.Event()

    async def handler(request: Request) -> str:
        started.set()
        await request.wait_disconnect()
        left.set()
        return "goodbye"

    limits = ServerLimits(half_close_grace=60)
    client = await connect(await serve(handler, limits=limits))
    await client.send(GET)
    await started.wait()
    await client.stream.send_eof()
    with trio.fail_after(5):
        await left.wait()
        assert (await client.answer()).body == b"goodbye"


async def test_without_a_server_nobody_leaves() -> None:
    with pytest.raises(RuntimeError, match="did not come from a server"):
        await http.Request("GET", "/").wait_disconnect()
