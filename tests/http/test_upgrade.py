"""Where HTTP ends, and another protocol goes on with the same connection."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

import pytest
import trio

from trio_helianthus import errors, http, net
from trio_helianthus.http import Request, Response

if TYPE_CHECKING:
    from tests.http.conftest import Connect, Reports, Serve

UPGRADE = b"GET / HTTP/1.1\r\nHost: t\r\nConnection: upgrade\r\nUpgrade: shout\r\n\r\n"


async def shout(stream: net.ByteStream) -> None:
    while line := await stream.receive_some():
        await stream.send_all(line.upper())


async def offer(request: Request) -> Response:
    assert request.headers["upgrade"] == "shout"
    return Response.upgrade("shout", shout, headers={"X-Why": "asked"})


async def test_another_protocol_goes_on(serve: Serve, connect: Connect, no_errors: None) -> None:
    client = await connect(await serve(offer))
    await client.send(UPGRADE)
    answer = await client.answer(bodiless=True)
    assert answer.status == 101
    assert answer.headers["upgrade"] == "shout"
    assert answer.headers["connection"].lower() == "upgrade"
    assert answer.headers["x-why"] == "asked"
    assert "content-length" not in answer.headers
    await client.send(b"hello")
    assert await client.stream.receive_exactly(5) == b"HELLO"
    await client.stream.send_eof()
    assert await client.rest() == b""


async def test_it_has_the_context_variables_of_the_handler(serve: Serve, connect: Connect) -> None:
    who = ContextVar[str]("who", default="nobody")

    async def name_the_client(request: Request, call_next: http.CallNext) -> Response:
        token = who.set(request.headers.get("x-who", "nobody"))
        try:
            return await call_next(request)
        finally:
            who.reset(token)

    async def tell(stream: net.ByteStream) -> None:
        await stream.send_all(who.get().encode())

    async def offer(request: Request) -> Response:
        return Response.upgrade("shout", tell)

    router = http.Router(middleware=[name_the_client])
    router.get("/")(offer)
    client = await connect(await serve(router))
    await client.send(UPGRADE.replace(b"Host", b"X-Who: Ann\r\nHost"))
    await client.answer(bodiless=True)
    assert await client.rest() == b"Ann"
    assert who.get() == "nobody"


async def test_what_came_behind_the_request_comes_first(serve: Serve, connect: Connect) -> None:
    client = await connect(await serve(offer))
    await client.send(UPGRADE + b"early ")
    await client.answer(bodiless=True)
    await client.send(b"and late")
    assert await client.stream.receive_exactly(14) == b"EARLY AND LATE"


async def test_a_handler_that_waited_first_loses_nothing(serve: Serve, connect: Connect) -> None:
    go_on = trio.Event()

    async def slow(request: Request) -> Response:
        await go_on.wait()
        return await offer(request)

    client = await connect(await serve(slow))
    await client.send(UPGRADE)
    await trio.testing.wait_all_tasks_blocked(0.01)
    await client.send(b"while it waited")
    await trio.testing.wait_all_tasks_blocked(0.01)
    go_on.set()
    await client.answer(bodiless=True)
    assert await client.stream.receive_exactly(15) == b"WHILE IT WAITED"


async def test_a_failing_protocol_is_reported_and_its_connection_reset(
    serve: Serve, connect: Connect, reports: Reports
) -> None:
    async def fail(stream: net.ByteStream) -> None:
        raise KeyError("mistake")

    async def handler(request: Request) -> Response:
        return Response.upgrade("fail", fail)

    client = await connect(await serve(handler))
    await client.send(UPGRADE)
    await client.answer(bodiless=True)
    with pytest.raises(errors.ConnectionReset):
        await client.rest()
    assert [type(error) for error in reports.errors] == [KeyError]


async def test_a_client_that_did_not_ask_gets_no_other_protocol(
    serve: Serve, connect: Connect, reports: Reports
) -> None:
    async def handler(request: Request) -> Response:
        return Response.upgrade("shout", shout)

    client = await connect(await serve(handler))
    answer = await client.get("/")
    assert (answer.status, answer.headers["upgrade"]) == (426, "shout")
    assert reports.errors == []


async def test_a_drain_cuts_another_protocol_at_its_deadline(
    serve: Serve, connect: Connect
) -> None:
    server = await serve(offer)
    client = await connect(server)
    await client.send(UPGRADE)
    await client.answer(bodiless=True)
    report = await server.drain(0.01)
    assert len(report.cut) == 1
    with pytest.raises(errors.NetworkError):
        await client.rest()


async def test_a_tunnel_begins_behind_connect(serve: Serve, connect: Connect) -> None:
    async def proxy(request: Request) -> Response:
        assert (request.method, request.target) == ("CONNECT", "example.org:443")
        return Response.tunnel(shout)

    client = await connect(await serve(proxy))
    await client.send(b"CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\nabc")
    assert (await client.answer(bodiless=True)).status == 200
    assert await client.stream.receive_exactly(3) == b"ABC"


async def test_a_router_refuses_connect(serve: Serve, connect: Connect) -> None:
    client = await connect(await serve(http.Router()))
    await client.send(b"CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n")
    assert 400 <= (await client.answer()).status < 500
    assert await client.rest() == b""


async def stay_around(request: Request) -> http.ResponseWriter:
    """Have the other protocol go on within the handler."""
    writer = await request.respond(Response.upgrade("shout", shout))
    assert writer.status == 101
    await trio.lowlevel.checkpoint()
    return writer


async def test_a_handler_may_stay_around_another_protocol(
    serve: Serve, connect: Connect, no_errors: None
) -> None:
    client = await connect(await serve(stay_around))
    await client.send(UPGRADE + b"early ")
    assert (await client.answer(bodiless=True)).status == 101
    await client.send(b"and late")
    assert await client.stream.receive_exactly(14) == b"EARLY AND LATE"
    await client.stream.send_eof()
    assert await client.rest() == b""


async def test_what_comes_while_the_handler_waits_in_front_of_it_is_not_lost(
    serve: Serve, connect: Connect, no_errors: None
) -> None:
    go_on = trio.Event()

    async def slow(request: Request) -> http.ResponseWriter:
        await go_on.wait()
        return await stay_around(request)

    client = await connect(await serve(slow))
    await client.send(UPGRADE)
    await trio.testing.wait_all_tasks_blocked(0.01)
    await client.send(b"while it waited")
    await trio.testing.wait_all_tasks_blocked(0.01)
    go_on.set()
    await client.answer(bodiless=True)
    assert await client.stream.receive_exactly(15) == b"WHILE IT WAITED"


async def test_the_other_protocol_has_all_the_time_in_the_world(
    autojump_clock: trio.testing.MockClock, no_errors: None
) -> None:
    limits = http.ServerLimits(handler_timeout=1, idle_timeout=1)
    async with (
        http.in_process(stay_around, limits=limits) as transport,
        http.open_client("http://t", transport=transport) as client,
        client.upgrade("shout", "/", headers={"X-Request-Timeout": "0.5"}) as upgraded,
    ):
        await trio.sleep(1000)
        await upgraded.stream.send_all(b"still there")
        assert await upgraded.stream.receive_exactly(11) == b"STILL THERE"


@pytest.mark.parametrize("fails_within", [False, True])
async def test_a_handler_that_fails_around_another_protocol_is_reported_and_resets(
    serve: Serve, connect: Connect, reports: Reports, fails_within: bool
) -> None:
    async def hold(stream: net.ByteStream) -> None:
        await stream.receive_some()
        if fails_within:
            raise KeyError("mistake")

    async def handler(request: Request) -> Response:
        await request.respond(Response.upgrade("hold", hold))
        raise KeyError("mistake")

    client = await connect(await serve(handler))
    await client.send(UPGRADE)
    await client.answer(bodiless=True)
    await client.send(b"go on")
    with pytest.raises(errors.ConnectionReset):
        await client.rest()
    assert [type(error) for error in reports.errors] == [KeyError]


async def test_a_handler_that_stays_around_is_told_of_a_client_that_did_not_ask(
    serve: Serve, connect: Connect, no_errors: None
) -> None:
    statuses = []

    async def handler(request: Request) -> http.ResponseWriter:
        writer = await request.respond(Response.upgrade("shout", shout))
        statuses.append(writer.status)
        return writer

    client = await connect(await serve(handler))
    answer = await client.get("/")
    assert (answer.status, answer.headers["upgrade"]) == (426, "shout")
    assert statuses == [426]


async def test_a_drain_is_told_to_a_protocol_within_a_handler(
    serve: Serve, connect: Connect, no_errors: None
) -> None:
    drained = trio.Event()

    async def hold(stream: net.ByteStream) -> None:
        await drained.wait()

    async def handler(request: Request) -> http.ResponseWriter:
        return await request.respond(Response.upgrade("hold", hold, on_drain=drained.set))

    server = await serve(handler)
    client = await connect(server)
    await client.send(UPGRADE)
    await client.answer(bodiless=True)
    assert (await server.drain(5)).clean
    assert await client.rest() == b""


async def test_a_drain_is_told_to_the_next_protocol(serve: Serve, connect: Connect) -> None:
    told = trio.Event()

    async def wait(stream: net.ByteStream) -> None:
        await told.wait()
        await stream.send_all(b"goodbye")

    async def offer_it(request: Request) -> Response:
        return Response.upgrade("shout", wait, on_drain=told.set)

    server = await serve(offer_it)
    client = await connect(server)
    await client.send(UPGRADE)
    await client.answer(bodiless=True)
    report = await server.drain(5)
    assert await client.rest() == b"goodbye"
    assert not report.cut
