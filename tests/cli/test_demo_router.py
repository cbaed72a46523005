"""The demonstration's routes, and the board that its handlers write on."""

from __future__ import annotations

import json
import math
from collections.abc import AsyncIterator
from typing import Final

import pytest
import trio
import trio.testing

from trio_helianthus import http, websocket
from trio_helianthus.cli._demo_board import BACKLOG, MAX_STOPS, Board
from trio_helianthus.cli._demo_router import MAX_PIECES, PIECE, SLOW_SECONDS, make_router

NO_FORM: Final = {"no": "form"}


@pytest.fixture
def board() -> Board:
    return Board()


@pytest.fixture
async def client(board: Board) -> AsyncIterator[http.Client]:
    async with (
        http.in_process(make_router(board)) as transport,
        http.open_client("http://demo", transport=transport) as client,
    ):
        yield client


async def test_the_page_may_load_nothing_from_elsewhere(client: http.Client) -> None:
    page = await client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["content-security-policy"] == "default-src 'self'"
    assert "//" not in page.text.replace("http://www.w3.org/2000/svg", "")


@pytest.mark.parametrize("name", ["page.js", "style.css", "icon.svg"])
async def test_what_the_page_names_is_there(client: http.Client, name: str) -> None:
    assert name in (await client.get("/")).text
    assert (await client.get(f"/{name}")).status == 200


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/planets/8", 200),
        ("/planets/9", 404),
        ("/planets/three", 404),
        ("/stream/many", 404),
        ("/events?every=often", 400),
        ("/events?every=0", 400),
        ("/events?every=nan", 400),
        ("/nowhere", 404),
    ],
)
async def test_each_answer_has_an_id_and_the_time_it_took(
    client: http.Client, target: str, status: int
) -> None:
    answer = await client.get(target)
    assert answer.status == status
    assert answer.headers["x-request-id"]
    assert answer.headers["server-timing"].startswith("handler;dur=")


async def test_what_is_no_text_has_no_words(client: http.Client) -> None:
    assert (await client.post("/words", json={"text": "sun"})).json()["words"] == 1
    assert (await client.post("/words", json=["sun"])).status == 422


async def test_an_upload_needs_a_form_with_a_file(client: http.Client) -> None:
    pytest.importorskip("python_multipart", reason="parses forms")
    assert (await client.post("/uploads", json=NO_FORM)).status == 415
    two = {"one": b"sun", "other": b"flower"}
    assert (await client.post("/uploads", files=two)).json()["bytes"] == len(b"sun")
    nameless = 'multipart/form-data; boundary="x"'
    form = '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--x--\r\n'
    refused = await client.post("/uploads", content=form, headers={"Content-Type": nameless})
    assert refused.status == 422


async def test_a_streamed_answer_has_an_end_however_much_is_asked_for(client: http.Client) -> None:
    async with client.stream("GET", f"/stream/{10 * MAX_PIECES}") as response:
        received = 0
        async for chunk in response.body:
            received += len(chunk)
    assert received == MAX_PIECES * len(PIECE)


async def test_a_slow_call_that_nobody_cancels_finishes(
    board: Board, autojump_clock: trio.testing.MockClock
) -> None:
    result = await make_router(board)(http.Request("GET", "/slow"))
    assert http.as_response(result).body == b"at last\n"
    assert trio.current_time() == SLOW_SECONDS
    assert (board.running, board.finished, board.cancelled) == (0, 1, 0)


async def test_followers_are_told_at_once_then_every_so_often_and_of_each_stop(
    board: Board, autojump_clock: trio.testing.MockClock
) -> None:
    events = board.follow(10)
    first = await anext(events)
    assert (first.event, trio.current_time()) == ("statistics", 0)
    with trio.CancelScope() as scope, board.slow_call("mine", math.inf):
        scope.cancel()
        await trio.sleep_forever()
    stopped = await anext(events)
    assert (stopped.event, trio.current_time()) == ("stopped", 0)
    assert json.loads(stopped.data or "") == {"name": "mine", "seconds": 0}
    again = await anext(events)
    assert (again.event, trio.current_time()) == ("statistics", 10)
    assert json.loads(again.data or "")["slow_cancelled"] == 1
    await events.aclose()
    await board.no_followers()


async def test_a_follower_that_is_too_slow_misses_events_and_holds_up_nobody(board: Board) -> None:
    events = board.follow(math.inf)
    await anext(events)
    for number in range(BACKLOG + MAX_STOPS):
        with trio.CancelScope() as scope, board.slow_call(str(number), math.inf):
            scope.cancel()
            await trio.sleep_forever()
    board.close()
    names = [json.loads(event.data or "")["name"] async for event in events]
    assert names == [str(number) for number in range(BACKLOG)]
    assert board.cancelled == BACKLOG + MAX_STOPS


async def test_who_follows_too_late_does_not_hold_up_the_end(board: Board) -> None:
    events = board.follow(math.inf)
    board.close()
    assert [event async for event in events] == []


async def test_what_is_written_on_the_wall_is_told_to_all_who_look_at_it(
    nursery: trio.Nursery, board: Board
) -> None:
    server: http.Server = await nursery.start(http.serve, make_router(board))
    url = server.url.replace("http", "ws", 1) + "/sockets/wall"
    async with websocket.open_websocket(url) as ann, websocket.open_websocket(url) as bob:
        assert await ann.receive_json() == {"pages": 1}
        assert await bob.receive_json() == {"pages": 2}
        await ann.send("the <b>sunflowers</b> are up")
        for one in (ann, bob):
            assert await one.receive_json() == {"text": "the <b>sunflowers</b> are up"}
        assert await ann.receive_json() == {"reached": 2}
        await bob.send(b"\xff")
        assert await ann.receive_json() == {"text": "(these were bytes)"}


async def test_other_pages_may_not_open_its_websockets(nursery: trio.Nursery, board: Board) -> None:
    server: http.Server = await nursery.start(http.serve, make_router(board))
    url = server.url.replace("http", "ws", 1) + "/sockets/echo"
    async with websocket.open_websocket(url, origin=server.url) as connection:
        await connection.send("hello")
        assert await connection.receive() == "hello"
    with pytest.raises(http.UpgradeRefused) as caught:
        async with websocket.open_websocket(url, origin="https://elsewhere.example"):
            pass
    assert caught.value.response.status == 403


async def test_a_websocket_whose_client_has_gone_is_worked_for_no_longer(
    nursery: trio.Nursery, board: Board
) -> None:
    server: http.Server = await nursery.start(http.serve, make_router(board))
    url = server.url.replace("http", "ws", 1) + "/sockets/slow"
    async with websocket.open_websocket(url):
        pass
    with trio.fail_after(5):
        stop = await board.stops.receive()
    assert stop.name == "WebSocket"
    assert (board.running, board.cancelled) == (0, 1)
    async with http.open_client(server.url) as client:  # and nothing else was cancelled
        assert (await client.get("/planets/3")).status == 200
