"""The rooms protocol over real sockets: what a browser would say, and what it gets."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import attrs
import pytest
import trio
import trio.testing
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.websocket._rooms import CutBus, Ear, until
from tests.websocket.conftest import Serve, running, ws_url
from trio_helianthus import core, errors, http, websocket
from trio_helianthus.testing import cancel_sweep, open_virtual_network
from trio_helianthus.websocket import RoomError, RoomHooks, RoomLimits, Rooms, RoomSession


@attrs.define
class Browser:
    """A client that speaks JSON."""

    connection: websocket.ClientConnection

    async def say(self, **fields: object) -> None:
        await self.connection.send_json(fields)

    async def hear(self) -> dict[str, Any]:
        told: dict[str, Any] = await self.connection.receive_json(timeout=10)
        return told

    async def hear_of(self, kind: str) -> dict[str, Any]:
        """What comes next of one type."""
        while (told := await self.hear())["type"] != kind:
            pass
        return told

    async def join(self, room: str, **fields: object) -> dict[str, Any]:
        await self.say(type="join", ref=0, room=room, **fields)
        return await self.hear_of("welcome")


class Hooks(RoomHooks):
    """Refuses some things, fails at others, and keeps the sessions."""

    def __init__(self) -> None:
        self.sessions: dict[str, RoomSession] = {}
        self.waiting = 0

    async def check_join(self, session: RoomSession, room: str) -> None:
        self.sessions[session.member] = session
        if room == "secret":
            raise RoomError("members only")
        if room == "broken":
            raise ZeroDivisionError

    async def check_message(self, session: RoomSession, room: str, body: object) -> object:
        if body == "damn":
            return "****"
        if body == "unspeakable":
            return object()
        return body

    async def answer(self, session: RoomSession, body: object) -> object:
        match body:
            case "wait":
                self.waiting += 1
                await trio.sleep_forever()
            case "fail":
                raise ZeroDivisionError
            case "large":
                return "x" * 100_000
            case "ask back":
                return [await session.ask("really?", timeout=5)]
        return {"you said": body}


def serve_rooms(rooms: Rooms, hooks: RoomHooks | None = None) -> websocket.Handler:
    async def chat(connection: websocket.ServerConnection) -> None:
        member = connection.request.query.get("member") or "ann"
        await rooms.serve(connection, member=member, hooks=hooks)

    return chat


@asynccontextmanager
async def browser(server: http.Server, member: str = "ann") -> AsyncIterator[Browser]:
    async with websocket.open_websocket(ws_url(server, f"/?member={member}")) as connection:
        yield Browser(connection)


@pytest.fixture
async def rooms() -> AsyncIterator[Rooms]:
    limits = RoomLimits(max_rooms_per_connection=2, max_outstanding=3, reply_timeout=5)
    async with websocket.open_rooms(limits=limits) as rooms:
        yield rooms


@pytest.fixture
def hooks() -> Hooks:
    return Hooks()


@pytest.fixture
async def server(serve: Serve, rooms: Rooms, hooks: Hooks) -> http.Server:
    return await serve(serve_rooms(rooms, hooks))


async def test_two_talk(server: http.Server) -> None:
    async with browser(server, "ann") as ann, browser(server, "bob") as bob:
        welcome = await ann.join("lobby")
        assert welcome["ref"] == 0
        assert welcome["members"] == [{"member": "ann", "info": None}]
        await bob.join("lobby", info={"colour": "red"})
        assert await ann.hear() == {
            "type": "joined",
            "room": "lobby",
            "member": "bob",
            "info": {"colour": "red"},
        }
        await ann.say(type="send", ref="x", room="lobby", body=["hello"])
        reply = await ann.hear()
        assert reply == {"type": "reply", "ref": "x", "room": "lobby", "id": reply["id"]}
        assert await bob.hear() == {
            "type": "message",
            "room": "lobby",
            "id": reply["id"],
            "from": "ann",
            "body": ["hello"],
        }
        await bob.say(type="leave", ref=2, room="lobby")
        assert await bob.hear() == {"type": "reply", "ref": 2, "room": "lobby"}
        assert (await ann.hear())["type"] == "left"


async def test_without_a_ref_nothing_is_confirmed(server: http.Server) -> None:
    async with browser(server) as ann:
        await ann.say(type="join", room="lobby")
        assert (await ann.hear())["ref"] is None
        await ann.say(type="send", room="lobby", body=1)
        await ann.say(type="leave", room="lobby")
        await ann.say(type="request", ref=1, body="still there?")
        assert await ann.hear() == {
            "type": "reply",
            "ref": 1,
            "body": {"you said": "still there?"},
        }


async def test_a_confirmation_stands_in_its_place_among_the_messages(server: http.Server) -> None:
    async with browser(server, "ann") as ann, browser(server, "bob") as bob:
        await ann.join("lobby")
        await bob.join("lobby")
        for number in range(50):
            await ann.say(type="send", ref=number, room="lobby", body=number)
            await bob.say(type="send", ref=number, room="lobby", body=number)
        for one in (ann, bob):
            ids: list[int] = []
            while len(ids) < 100:
                told = await one.hear()
                if told["type"] in {"reply", "message"}:
                    ids.append(int(told["id"].partition("-")[2]))
            assert ids == list(range(1, 101))


async def test_who_sends_and_leaves_at_once_gets_both_answers(server: http.Server) -> None:
    async with browser(server, "ann") as ann:
        await ann.join("lobby")
        for ref in range(3):
            await ann.say(type="send", ref=ref, room="lobby", body=ref)
        await ann.say(type="leave", ref=3, room="lobby")
        answers = [await ann.hear() for _ in range(4)]
        assert [answer["type"] for answer in answers] == ["reply"] * 4
        assert [answer["ref"] for answer in answers] == [0, 1, 2, 3]


async def test_what_cannot_be_confirmed_any_more_is_refused(serve: Serve, hooks: Hooks) -> None:
    cut = CutBus(websocket.MemoryBus())
    limits = RoomLimits(leave_timeout=0.1)
    async with websocket.open_rooms(cut, limits=limits) as rooms:
        server = await serve(serve_rooms(rooms, hooks))
        async with browser(server, "ann") as ann, browser(server, "bob") as bob:
            await ann.join("lobby")
            await bob.join("lobby")
            await until(lambda: hooks.sessions["bob"].memberships)
            cut.cut(deaf=True)
            await until(lambda: not cut.listens)
            await ann.say(type="send", ref=1, room="lobby", body=1)
            await ann.say(type="leave", ref=2, room="lobby")
            await bob.say(type="send", ref=1, room="lobby", body=1)
            await bob.say(type="request", ref=2, body="what was sent is there")
            await bob.hear_of("reply")
            await hooks.sessions["bob"].memberships["lobby"].leave()  # it is put out
            for one in (ann, bob):
                assert (await one.hear_of("error"))["code"] == "unavailable"
            assert (await ann.hear())["ref"] == 2
            cut.mend()


async def test_while_the_bus_is_lost_clients_are_told_so(
    serve: Serve, reports: list[BaseException]
) -> None:
    cut = CutBus(websocket.MemoryBus())
    limits = RoomLimits(join_timeout=0.1, leave_timeout=0.1)
    async with websocket.open_rooms(cut, limits=limits) as rooms:
        server = await serve(serve_rooms(rooms))
        async with browser(server) as ann:
            await ann.join("lobby")
            cut.cut(down=True)
            await ann.say(type="send", ref=1, room="lobby", body="hello")
            assert (await ann.hear())["code"] == "unavailable"
            await ann.say(type="join", ref=2, room="another")
            assert (await ann.hear())["code"] == "unavailable"
            await ann.say(type="leave", ref=3, room="lobby")
            assert (await ann.hear())["type"] == "reply"
            cut.mend()
            assert (await ann.join("another"))["count"] == 1
    assert reports == []


async def test_who_is_put_out_of_a_room_may_come_back(server: http.Server, hooks: Hooks) -> None:
    async with browser(server) as ann:
        await ann.join("one")
        await ann.join("two")
        session = hooks.sessions["ann"]
        await until(lambda: len(session.memberships) == 2)
        await session.memberships["one"].leave()
        assert set(session.memberships) == {"two"}
        for kind in ("send", "leave"):
            await ann.say(type=kind, room="one", body=1)
            assert (await ann.hear())["code"] == "not_joined"
        await ann.join("one")


async def test_who_is_put_out_while_its_message_is_looked_at_says_nothing(
    serve: Serve, rooms: Rooms
) -> None:
    class Strict(RoomHooks):
        async def check_message(self, session: RoomSession, room: str, body: object) -> object:
            await session.memberships[room].leave()
            return body

    server = await serve(serve_rooms(rooms, Strict()))
    async with browser(server) as ann, rooms.join("lobby", bob := Ear(), member="bob"):
        await ann.join("lobby")
        await ann.say(type="send", ref=1, room="lobby", body="damn")
        assert (await ann.hear())["code"] == "not_joined"
        assert bob.bodies == []


async def test_who_is_put_out_while_its_message_waits_says_nothing(
    serve: Serve, hooks: Hooks
) -> None:
    cut = CutBus(websocket.MemoryBus())
    async with websocket.open_rooms(cut, limits=RoomLimits(max_behind=1)) as rooms:
        server = await serve(serve_rooms(rooms, hooks))
        async with browser(server) as ann, rooms.join("lobby", bob := Ear(), member="bob"):
            await ann.join("lobby")
            cut.cut(deaf=True)
            await until(lambda: not cut.listens)
            await rooms.send("lobby", "first")
            await ann.say(type="send", ref=1, room="lobby", body="damn it")
            await until(lambda: rooms.rooms["lobby"]._senders)
            await hooks.sessions["ann"].memberships["lobby"].leave()
            cut.mend()
            assert (await ann.hear_of("error"))["code"] == "not_joined"
            await rooms.send("lobby", "last")
            await until(lambda: "last" in bob.bodies)
            assert bob.bodies == ["first", "last"]


async def test_many_large_welcomes_do_not_make_a_client_too_slow(
    autojump_clock: trio.testing.MockClock,
) -> None:
    names = [f"room {number}" for number in range(30)]
    async with (
        websocket.open_rooms() as rooms,
        open_virtual_network(),
        running(serve_rooms(rooms)) as server,
        websocket.open_websocket(ws_url(server), deflate=None) as slow,
    ):
        for name in names:
            for _ in range(4):
                await rooms.send(name, "x" * 60_000)
        for name in names:
            await slow.send_json({"type": "join", "ref": name, "room": name})
        for name in names:
            await trio.sleep(0.1)
            assert (await slow.receive_json())["ref"] == name


async def test_who_comes_back_says_what_it_has_seen(server: http.Server) -> None:
    async with browser(server, "bob") as bob:
        await bob.join("lobby")
        async with browser(server, "ann") as ann:
            position = (await ann.join("lobby"))["id"]
        for number in range(3):
            await bob.say(type="send", room="lobby", body=number)
        async with browser(server, "ann") as ann:
            welcome = await ann.join("lobby", last_seen=position)
            while len(welcome["messages"]) < 3:  # they were on their way
                welcome["messages"].append(await ann.hear_of("message"))
            assert [message["body"] for message in welcome["messages"]] == [0, 1, 2]
            assert welcome["resumed"] is True


async def test_a_client_of_rooms_that_are_closed_may_try_it_elsewhere(
    serve: Serve, reports: list[BaseException]
) -> None:
    async with websocket.open_rooms() as rooms:
        server = await serve(serve_rooms(rooms))
    async with browser(server) as ann:
        await ann.say(type="join", ref=1, room="lobby")
        assert (await ann.hear())["code"] == "unavailable"
    assert reports == []


async def test_a_client_that_is_lost_has_left_its_rooms(server: http.Server) -> None:
    async with browser(server, "bob") as bob:
        await bob.join("lobby")
        with pytest.raises(ZeroDivisionError):
            async with browser(server, "ann") as ann:
                await ann.join("lobby")
                raise ZeroDivisionError
        assert (await bob.hear_of("left"))["member"] == "ann"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b"{}", "bad_message"),
        ("", "bad_message"),
        ("{", "bad_message"),
        ("[]", "bad_message"),
        ("null", "bad_message"),
        ("NaN", "bad_message"),
        ("[" * 100_000, "bad_message"),
        ('{"type":"send","room":"first","body":%s}' % ("[" * 500 + "]" * 500), "too_large"),
        (
            '{"type":"join","room":"lobby","info":%s}' % ('{"":' * 101 + "1" + "}" * 101),
            "too_large",
        ),
        ("9" * 5_000, "bad_message"),
        ("{}", "bad_message"),
        ('{"type":7}', "bad_message"),
        ('{"type":"dance"}', "unknown_type"),
        ('{"type":"join"}', "bad_message"),
        ('{"type":"join","room":""}', "bad_name"),
        ('{"type":"join","room":"\\ud800"}', "bad_name"),
        ('{"type":"join","room":"%s"}' % ("x" * 200), "bad_name"),
        ('{"type":"join","room":"lobby","last_seen":7}', "bad_message"),
        ('{"type":"join","room":"lobby","last_seen":"%s"}' % ("x" * 200), "bad_message"),
        ('{"type":"join","room":"lobby","info":"%s"}' % ("x" * 2000), "too_large"),
        ('{"type":"join","room":"lobby","info":NaN}', "bad_message"),
        ('{"type":"join","room":"lobby","ref":true}', "bad_message"),
        ('{"type":"join","room":"lobby","ref":"%s"}' % ("x" * 200), "bad_message"),
        ('{"type":"join","room":"lobby","ref":1e400}', "bad_message"),
        ('{"type":"join","room":"secret"}', "refused"),
        ('{"type":"leave","room":"lobby"}', "not_joined"),
        ('{"type":"leave"}', "bad_message"),
        ('{"type":"send","room":"lobby","body":1}', "not_joined"),
        ('{"type":"send","room":"first","body":"%s"}' % ("x" * 70_000), "too_large"),
        ('{"type":"send","room":"first","tag":["x"]}', "bad_message"),
        ('{"type":"join","room":"first"}', "already_joined"),
        ('{"type":"request","body":1}', "bad_message"),
        ('{"type":"request","ref":1,"body":"large"}', "too_large"),
        ('{"type":"request","ref":1,"body":"%s"}' % ("x" * 70_000), "too_large"),
        ('{"type":"reply","ref":"s1","body":"%s"}' % ("x" * 70_000), "too_large"),
    ],
)
async def test_nonsense_is_answered_and_harms_nothing(
    server: http.Server, message: str | bytes, code: str
) -> None:
    async with browser(server) as ann:
        await ann.join("first")
        await ann.connection.send(message)
        answer = await ann.hear()
        assert answer["type"] == "error"
        assert answer["code"] == code
        assert isinstance(answer["message"], str)
        await ann.say(type="send", ref=1, room="first", body="still here")
        assert (await ann.hear())["type"] == "reply"


async def test_replies_that_nobody_waits_for_are_ignored(server: http.Server) -> None:
    async with browser(server) as ann:
        for ref in (None, 1, "s1", "x"):
            await ann.say(type="reply", ref=ref, body=1)
            await ann.say(type="error", ref=ref, message="no")
        assert (await ann.join("lobby"))["count"] == 1


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
names = st.sampled_from(["lobby", "secret", "first", "", "x" * 129, "\ud800", 7, None, ["lobby"]])
envelopes = st.fixed_dictionaries(
    {"type": st.sampled_from(["join", "leave", "send", "request", "reply", "error", "x", 1])},
    optional={
        "ref": st.one_of(st.integers(), st.text(max_size=70), json_values),
        "room": names,
        "body": json_values.filter(lambda body: body not in ("wait", "ask back")),
        "tag": st.one_of(st.text(max_size=70), json_values),
        "info": json_values,
        "last_seen": st.one_of(st.from_regex(r"[a-z]*-[0-9]*", fullmatch=True), json_values),
        "message": json_values,
    },
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(messages=st.lists(st.one_of(envelopes.map(json.dumps), st.text(), st.binary()), max_size=30))
def test_whatever_a_client_says_the_session_goes_on(messages: list[str | bytes]) -> None:
    async def main() -> None:
        async with (
            websocket.open_rooms() as rooms,
            open_virtual_network(),
            running(serve_rooms(rooms, Hooks())) as server,
            browser(server) as ann,
        ):
            for message in messages:
                if isinstance(message, bytes) or not has_surrogates(message):
                    await ann.connection.send(message)
            await ann.say(type="request", ref="the last", body="?")
            while (await ann.hear()).get("ref") != "the last":
                pass

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))


def has_surrogates(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


# What the application says to it.


async def test_hooks_may_refuse_change_and_fail(
    server: http.Server, reports: list[BaseException]
) -> None:
    async with browser(server, "ann") as ann, browser(server, "bob") as bob:
        await ann.say(type="join", ref=1, room="secret")
        assert await ann.hear() == {
            "type": "error",
            "ref": 1,
            "code": "refused",
            "message": "members only",
        }
        await ann.say(type="join", ref=2, room="broken")
        assert (await ann.hear())["code"] == "failed"
        await ann.join("lobby")
        await bob.join("lobby")
        await ann.say(type="send", ref=3, room="lobby", body="damn")
        assert (await bob.hear())["body"] == "****"
        await ann.hear_of("reply")
        await ann.say(type="send", ref=4, room="lobby", body="unspeakable")
        assert (await ann.hear())["code"] == "failed"
        await ann.say(type="request", ref=5, body="fail")
        assert (await ann.hear())["code"] == "failed"
    kinds = [type(error) for error in reports]
    assert kinds == [ZeroDivisionError, TypeError, ZeroDivisionError]


async def test_a_hook_may_change_the_body_in_its_place(serve: Serve, rooms: Rooms) -> None:
    class Polite(RoomHooks):
        async def check_message(self, session: RoomSession, room: str, body: object) -> object:
            assert isinstance(body, dict)
            body["text"] = "****"
            return body

    server = await serve(serve_rooms(rooms, Polite()))
    async with browser(server, "ann") as ann, browser(server, "bob") as bob:
        await bob.join("lobby")
        await ann.join("lobby")
        await ann.say(type="send", room="lobby", body={"text": "damn"})
        assert (await bob.hear_of("message"))["body"] == {"text": "****"}


async def test_a_hook_that_decides_cannot_wait_for_what_is_behind_it(
    serve: Serve, rooms: Rooms, reports: list[BaseException]
) -> None:
    class Curious(RoomHooks):
        async def check_join(self, session: RoomSession, room: str) -> None:
            await session.ask("why?")

    server = await serve(serve_rooms(rooms, Curious()))
    async with browser(server) as ann:
        await ann.say(type="join", ref=1, room="lobby")
        assert (await ann.hear())["code"] == "failed"
    (report,) = reports
    assert isinstance(report, RuntimeError)


async def test_without_hooks_requests_are_refused(serve: Serve, rooms: Rooms) -> None:
    server = await serve(serve_rooms(rooms))
    async with browser(server) as ann:
        await ann.say(type="request", ref=1, body=1)
        assert (await ann.hear())["code"] == "refused"


async def test_a_client_has_so_many_rooms_and_requests(server: http.Server, hooks: Hooks) -> None:
    async with browser(server) as ann:
        await ann.join("one")
        await ann.join("two")
        await ann.say(type="join", room="three")
        assert (await ann.hear())["code"] == "too_many_rooms"
        for number in range(4):
            await ann.say(type="request", ref=number, body="wait")
        assert (await ann.hear())["code"] == "too_many_requests"
        await trio.testing.wait_all_tasks_blocked()
        assert hooks.waiting == 3


async def test_the_server_asks_and_the_client_replies(server: http.Server, hooks: Hooks) -> None:
    async with browser(server) as ann:
        await ann.join("lobby")
        session = hooks.sessions["ann"]
        await until(lambda: session.memberships)
        assert set(session.memberships) == {"lobby"}
        assert repr(session) == "<RoomSession of 'ann' in 1 rooms>"
        results: dict[str, object] = {}

        async def ask(body: str) -> None:
            try:
                results[body] = await session.ask(body)
            except RoomError as exc:
                results[body] = exc.message

        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask, "first")
            asked = [await ann.hear()]
            nursery.start_soon(ask, "second")
            asked.append(await ann.hear())
            assert [request["body"] for request in asked] == ["first", "second"]
            assert {request["type"] for request in asked} == {"request"}
            await ann.say(type="error", ref=asked[1]["ref"], message="do not want")
            await ann.say(type="reply", ref=asked[0]["ref"], body={"yes": 1})
        assert results == {"first": {"yes": 1}, "second": "do not want"}


async def test_a_reply_counts_though_the_client_goes_right_behind_it(
    server: http.Server, hooks: Hooks
) -> None:
    async with browser(server) as ann:
        await ann.join("lobby")
        replies: list[object] = []

        async def ask() -> None:
            replies.append(await hooks.sessions["ann"].ask("your last words?"))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask)
            request = await ann.hear()
            await ann.say(type="reply", ref=request["ref"], body="farewell")
            ann.connection.close_nowait()
        assert replies == ["farewell"]


async def test_requests_may_go_both_ways_at_once(server: http.Server) -> None:
    async with browser(server) as ann:
        await ann.say(type="request", ref=1, body="ask back")
        request = await ann.hear()
        await ann.say(type="reply", ref=request["ref"], body="yes")
        assert (await ann.hear())["body"] == ["yes"]


async def test_a_request_to_a_client_that_is_silent_or_gone(
    server: http.Server, hooks: Hooks
) -> None:
    async with browser(server) as ann:
        await ann.join("lobby")
        session = hooks.sessions["ann"]
        with pytest.raises(errors.OperationTimeout):
            await session.ask("anybody there?", timeout=0.05)
        token = core.CancelToken()
        token.cancel("enough")
        with pytest.raises(errors.OperationCancelled):
            await session.ask("anybody there?", token=token)
        with pytest.raises(RoomError):
            await session.ask("x" * 100_000)
        ended = 0

        async def ask() -> None:
            nonlocal ended
            with pytest.raises(errors.ResourceClosed):
                await session.ask("anybody there?", timeout=10)
            ended += 1

        async with trio.open_nursery() as nursery:
            for _ in range(3):
                nursery.start_soon(ask)
            await trio.testing.wait_all_tasks_blocked()
            with pytest.raises(errors.ResourceFull, match="max_outstanding"):
                await session.ask("one more")
            await ann.connection.aclose()
        assert ended == 3
        assert not session._asked
    with pytest.raises((errors.WebSocketBroken, errors.ResourceClosed)):
        await session.ask("too late")


async def test_who_does_not_read_delays_nobody_and_is_let_go(serve: Serve, rooms: Rooms) -> None:
    limits = websocket.WebSocketLimits(feed_max_messages=20, close_timeout=0.2)
    server = await serve(serve_rooms(rooms), limits=limits)
    few = websocket.WebSocketLimits(
        max_queued_messages=1, receive_high_water=2, receive_low_water=1
    )
    url = ws_url(server, "/?member=slow")
    async with (
        websocket.open_websocket(url, limits=few, deflate=None) as slow,
        browser(server, "ann") as ann,
        browser(server, "bob") as bob,
        rooms.join("lobby", witness := Ear(), member="witness"),
    ):
        await slow.send_json({"type": "join", "room": "lobby"})
        await ann.join("lobby")
        await bob.join("lobby")
        body = "x" * 60_000
        with trio.fail_after(60):
            while ("left", "slow") not in witness.presence:
                await ann.say(type="send", ref=1, room="lobby", body=body)
                assert (await bob.hear_of("message"))["body"] == body
                await ann.hear_of("reply")
        assert set(rooms.rooms["lobby"].members) == {"ann", "bob", "witness"}


async def test_a_member_needs_a_name(rooms: Rooms, serve: Serve) -> None:
    told: list[str] = []

    async def chat(connection: websocket.ServerConnection) -> None:
        try:
            await rooms.serve(connection, member="")
        except RoomError as exc:
            told.append(exc.message)

    server = await serve(chat)
    async with websocket.open_websocket(ws_url(server)) as connection:
        with pytest.raises(errors.WebSocketEnded):
            await connection.receive(timeout=5)
    assert "member" in told[0]
    assert rooms.statistics().sessions == 0


@pytest.mark.sweep
def test_it_may_be_cancelled_anywhere() -> None:
    async def scenario() -> None:
        async with websocket.open_rooms() as rooms, open_virtual_network():
            try:
                async with (
                    running(serve_rooms(rooms, Hooks())) as server,
                    browser(server, "ann") as ann,
                    browser(server, "bob") as bob,
                ):
                    await ann.join("lobby")
                    await bob.join("lobby")
                    await ann.say(type="send", ref=1, room="lobby", body="x")
                    await bob.hear_of("message")
                    await ann.say(type="request", ref=2, body="ask back")
                    await ann.hear_of("request")
                    await bob.say(type="leave", ref=3, room="lobby")
                    await bob.hear_of("reply")
            finally:
                assert not rooms.rooms
                assert not rooms.statistics().sessions

    report = cancel_sweep(scenario, clock=partial(trio.testing.MockClock, autojump_threshold=0))
    assert report.points >= 3 * len(report.seeds)
