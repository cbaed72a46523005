"""The client of the rooms protocol in JavaScript, run by Node.js against our server."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Final

import pytest
import trio

from tests.websocket._rooms import Ear, until
from tests.websocket.conftest import Serve, ws_url
from trio_helianthus import websocket
from trio_helianthus.websocket import RoomError, RoomHooks, RoomSession

CLIENT: Final = Path(__file__).parents[2] / "examples" / "rooms.js"
NODE: Final = shutil.which("node")
SCRIPT: Final = """
    const answer = async (body) => { if (body === "secret") throw new Error("no"); return [body]; };
    const rooms = new Rooms(process.argv[1], answer);
    const heard = [], ids = [];
    const done = new Promise((resolve) => {
      rooms.join("lobby", (told) => {
        if (told.type === "message") heard.push(told.body);
        if (told.type === "welcome") ids.push(told.resumed);
        if (told.type === "welcome" && ids.length === 1)
          rooms.send("lobby", "ready").then((reply) => ids.push(reply.id.split("-")[1]));
        if (told.body === "the end") resolve();
      });
    });
    done.then(async () => {
      const reply = await rooms.request("how much?");
      const refused = await rooms.send("nowhere", 1).catch((error) => error.code);
      await rooms.leave("lobby");
      console.log(JSON.stringify({ heard, ids, reply, refused }));
      rooms.close();
    });
"""


REFUSED: Final = """
    const rooms = new Rooms(process.argv[1]);
    const look = setInterval(() => {
      if (rooms.losses < 3) return;
      clearInterval(look);
      console.log(rooms.losses);
      rooms.close(); // else the timer would keep the program running
    }, 10);
"""


class Hooks(RoomHooks):
    """Asks back, and keeps the last session."""

    session: RoomSession

    async def check_join(self, session: RoomSession, room: str) -> None:
        self.session = session

    async def answer(self, session: RoomSession, body: object) -> object:
        try:
            return [await session.ask("a lot"), await session.ask("secret")]
        except RoomError as error:
            return error.message


async def run_node(script: str, url: str) -> str:
    """Run a script with the client, until nothing is left to be done and nothing was unhandled."""
    if NODE is None:
        pytest.skip("Node.js is not installed")
    code = CLIENT.read_text("utf-8") + script
    command = [NODE, "--experimental-websocket", "-e", code, url]
    with trio.fail_after(30):
        done = await trio.run_process(command, capture_stdout=True)
    return done.stdout.decode()


async def test_it_talks_and_comes_back(serve: Serve) -> None:
    hooks = Hooks()
    async with websocket.open_rooms() as rooms:

        async def chat(connection: websocket.ServerConnection) -> None:
            await rooms.serve(connection, member="browser", hooks=hooks)

        server = await serve(chat)
        results: list[str] = []

        async def run() -> None:
            results.append(await run_node(SCRIPT, ws_url(server)))

        async with (
            trio.open_nursery() as nursery,
            rooms.join("lobby", (ear := Ear()), member="ann"),
        ):
            nursery.start_soon(run)
            await until(lambda: "ready" in ear.bodies)
            await rooms.send("lobby", "one")
            hooks.session.connection.close_nowait(websocket.CloseCode.SERVICE_RESTART)
            await until(lambda: "left" in dict(ear.presence))
            await rooms.send("lobby", "two")
            await rooms.send("lobby", "the end")
    assert json.loads(results[0]) == {
        "heard": ["one", "two", "the end"],
        "ids": [False, "1", True],
        "reply": "no",
        "refused": "not_joined",
    }


async def test_it_waits_longer_each_time_for_a_server_that_closes_at_once(serve: Serve) -> None:
    async def refuse(connection: websocket.ServerConnection) -> None:
        await connection.aclose(websocket.CloseCode.TRY_AGAIN_LATER)

    server = await serve(refuse)
    assert await run_node(REFUSED, ws_url(server)) == "3\n"


async def test_a_welcome_does_not_make_it_forget_how_often_it_was_lost(serve: Serve) -> None:
    async with websocket.open_rooms() as rooms:

        async def lose(connection: websocket.ServerConnection) -> None:
            hooks = Losing(before=0)
            await rooms.serve(connection, member="browser", hooks=hooks)

        script = """
            Math.random = () => 0.1;
            const rooms = new Rooms(process.argv[1]);
            const cut = () => rooms.ask({ type: "send", room: "lobby" }).catch(() => {});
            rooms.join("lobby", (told) => { if (told.type === "welcome") cut(); });
        """
        server = await serve(lose)
        assert await run_node(script + REFUSED.split("\n", 2)[2], ws_url(server)) == "3\n"


@pytest.mark.parametrize("code", [1000, 1002, 1003, 1007, 1008, 1009])
async def test_a_code_that_would_come_again_is_the_end(serve: Serve, code: int) -> None:
    count = 0

    async def refuse(connection: websocket.ServerConnection) -> None:
        nonlocal count
        count += 1
        await connection.receive()
        await connection.aclose(code, "enough")

    script = """
        const rooms = new Rooms(process.argv[1]);
        rooms.join("lobby", ({ error }) => console.log(error.code, error.message));
        rooms.send("lobby", "x").catch((error) => console.log(error.message));
    """
    server = await serve(refuse)
    assert await run_node(script, ws_url(server)) == "closed enough\nenough\n"
    assert count == 1


async def test_it_may_be_closed_and_rooms_left_at_any_time(serve: Serve) -> None:
    """Nothing is rejected that nobody has asked for, and no timer keeps the program running."""

    async def restart(connection: websocket.ServerConnection) -> None:
        await trio.sleep(0.1)
        await connection.aclose(websocket.CloseCode.SERVICE_RESTART)

    server = await serve(restart)
    script = """
        const begin = (then) => { const rooms = new Rooms(process.argv[1]); then(rooms); };
        begin((rooms) => { rooms.join("lobby", () => {}); rooms.leave("lobby"); rooms.close(); });
        begin((rooms) => rooms.socket.addEventListener("close", () => rooms.close()));
        begin((rooms) => {
          rooms.socket.addEventListener("open", () => { rooms.leave("lobby"); rooms.close(); });
        });
    """
    assert await run_node(script, ws_url(server)) == ""
    assert await run_node(script, "ws://127.0.0.1:9/") == ""


class Losing(RoomHooks):
    """Loses connections while something is being said: so many times before it is said."""

    def __init__(self, before: int = 1000) -> None:
        self.before = before
        self.joins = 0

    async def check_join(self, session: RoomSession, room: str) -> None:
        self.joins += 1

    async def check_message(self, session: RoomSession, room: str, body: object) -> object:
        self.before -= 1
        if self.before >= 0 or body is None:
            session.connection.close_nowait(websocket.CloseCode.SERVICE_RESTART)
            raise RoomError
        return body


async def test_what_is_sent_is_said_once_whatever_is_lost(serve: Serve) -> None:
    hooks = Losing(before=2)
    script = """
        Math.random = () => 0.01;
        const rooms = new Rooms(process.argv[1]);
        const sent = [rooms.send("nowhere", 1).catch(({ code }) => code)];
        rooms.join("lobby", (told) => {
          if (told.type === "welcome" && sent.length === 2) sent.push(rooms.send("lobby", "two"));
        });
        sent.push(rooms.send("lobby", "one"));
        const look = setInterval(async () => {
          if (sent.length < 3) return;
          clearInterval(look);
          const replies = await Promise.all(sent);
          console.log(replies.map((reply) => reply.id?.split("-")[1] ?? reply).sort().join());
          rooms.close();
        }, 10);
    """
    async with websocket.open_rooms() as rooms:

        async def chat(connection: websocket.ServerConnection) -> None:
            await rooms.serve(connection, member="browser", hooks=hooks)

        server = await serve(chat)
        async with rooms.join("lobby", (ear := Ear()), member="ann"):
            assert await run_node(script, ws_url(server)) == "1,2,not_joined\n"
            assert sorted(ear.bodies) == ["one", "two"]
    assert hooks.joins >= 2


async def test_a_reply_that_comes_late_makes_nothing_heard_twice(serve: Serve) -> None:
    class LateBus(websocket.MemoryBus):
        """Answers what a member has said when something else was said behind it."""

        async def publish(self, room: str, data: str) -> websocket.Position:
            position = await super().publish(room, data)
            if "mine" in data:
                await rooms.send("lobby", "behind it")
                await until(lambda: "behind it" in ear.bodies)
            return position

    script = """
        Math.random = () => 0.01;
        const rooms = new Rooms(process.argv[1]), heard = [];
        let welcomes = 0;
        const say = async () => {
          await rooms.send("lobby", "mine");
          rooms.ask({ type: "send", room: "lobby" }).catch(() => {}); // and it is lost
        };
        rooms.join("lobby", (told) => {
          if (told.type === "message") heard.push(told.body);
          if (told.type === "welcome" && ++welcomes === 1) say();
          if (told.type === "welcome" && welcomes === 2)
            rooms.send("lobby", "the end").then(() => {
              console.log(heard.join());
              rooms.close();
            });
        });
    """
    async with websocket.open_rooms(LateBus()) as rooms:

        async def chat(connection: websocket.ServerConnection) -> None:
            await rooms.serve(connection, member="browser", hooks=Losing(before=0))

        server = await serve(chat)
        async with rooms.join("lobby", (ear := Ear()), member="ann"):
            assert await run_node(script, ws_url(server)) == "behind it\n"
            assert ear.bodies == ["mine", "behind it", "the end"]


async def test_what_cannot_be_said_keeps_nothing_else_from_being_said(serve: Serve) -> None:
    script = """
        const rooms = new Rooms(process.argv[1]), endless = [];
        endless.push(endless);
        rooms.join("lobby", () => {});
        rooms.send("lobby", endless).catch((error) => console.log(error.name));
        rooms.send("lobby", "hello").then(() => rooms.close());
    """
    async with websocket.open_rooms() as rooms:

        async def chat(connection: websocket.ServerConnection) -> None:
            await rooms.serve(connection, member="browser")

        server = await serve(chat)
        async with rooms.join("lobby", (ear := Ear()), member="ann"):
            assert await run_node(script, ws_url(server)) == "TypeError\n"
            assert ear.bodies == ["hello"]


async def test_an_answer_is_not_given_to_another_connections_request(serve: Serve) -> None:
    asked = 0

    async def ask(connection: websocket.ServerConnection) -> None:
        nonlocal asked
        asked += 1
        await connection.send_json({"type": "request", "ref": "s1", "body": asked})
        if asked == 1:
            await connection.aclose(websocket.CloseCode.SERVICE_RESTART)
        else:
            replies.append(await connection.receive_json())
            await connection.aclose()

    replies: list[object] = []
    script = """
        Math.random = () => 0.01;
        const answers = [];
        new Rooms(process.argv[1], (number) => new Promise((resolve) => {
          answers.push(resolve);
          if (number === 1) return;
          answers[0]("of the first");
          setTimeout(() => answers[1]("of the second"), 20);
        }));
    """
    server = await serve(ask)
    await run_node(script, ws_url(server))
    assert replies == [{"ref": "s1", "type": "reply", "body": "of the second"}]


@pytest.mark.parametrize("event", ["visibilitychange", "online"])
async def test_it_hurries_when_the_page_or_the_network_is_back(serve: Serve, event: str) -> None:
    script = """
        globalThis.document = Object.assign(new EventTarget(), { hidden: true });
        const window = new EventTarget();
        globalThis.addEventListener = window.addEventListener.bind(window);
        globalThis.removeEventListener = window.removeEventListener.bind(window);
        Math.random = () => 1;
        const rooms = new Rooms(process.argv[1]), first = rooms.socket;
        rooms.losses = 10; // so that it waits for half a minute
        const tell = () => {
          for (const place of [document, window]) place.dispatchEvent(new Event("EVENT"));
        };
        const look = setInterval(() => {
          tell();
          if (rooms.timer === null) return;
          document.hidden = false;
          clearInterval(look);
          tell();
          console.log(rooms.socket !== first);
          rooms.close();
        }, 10);
    """

    async def restart(connection: websocket.ServerConnection) -> None:
        await connection.aclose(websocket.CloseCode.SERVICE_RESTART)

    server = await serve(restart)
    assert await run_node(script.replace("EVENT", event), ws_url(server)) == "true\n"


async def test_a_listener_that_fails_costs_nobody_anything(serve: Serve) -> None:
    script = """
        process.on("uncaughtException", (error) => console.log(error.message));
        const rooms = new Rooms(process.argv[1]);
        rooms.join("lobby", () => { throw new Error("mine"); });
        rooms.send("lobby", "hello").then(() => rooms.close());
    """
    async with websocket.open_rooms() as rooms:

        async def chat(connection: websocket.ServerConnection) -> None:
            await rooms.serve(connection, member="browser")

        server = await serve(chat)
        async with rooms.join("lobby", (ear := Ear()), member="ann"):
            assert await run_node(script, ws_url(server)) == "mine\n"
            assert ear.bodies == ["hello"]
