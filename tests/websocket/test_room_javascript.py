"""The client of the rooms protocol in JavaScript, run by Node.js against our server."""

from __future__ import annotations

import json
import shutil
import subprocess
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
      rooms.connect = () => {};
      console.log(rooms.losses);
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


@pytest.mark.skipif(NODE is None, reason="Node.js is not installed")
async def test_it_talks_and_comes_back(serve: Serve) -> None:
    assert NODE is not None
    hooks = Hooks()
    async with websocket.open_rooms() as rooms:

        async def chat(connection: websocket.ServerConnection) -> None:
            await rooms.serve(connection, member="browser", hooks=hooks)

        server = await serve(chat)
        code = CLIENT.read_text("utf-8") + SCRIPT
        command = [NODE, "--experimental-websocket", "-e", code, ws_url(server)]
        results: list[subprocess.CompletedProcess[bytes]] = []

        async def run() -> None:
            with trio.fail_after(30):
                results.append(await trio.run_process(command, capture_stdout=True))

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
    assert json.loads(results[0].stdout) == {
        "heard": ["one", "two", "the end"],
        "ids": [False, "1", True],
        "reply": "no",
        "refused": "not_joined",
    }


@pytest.mark.skipif(NODE is None, reason="Node.js is not installed")
async def test_it_waits_longer_each_time_for_a_server_that_closes_at_once(serve: Serve) -> None:
    assert NODE is not None

    async def refuse(connection: websocket.ServerConnection) -> None:
        await connection.aclose(websocket.CloseCode.TRY_AGAIN_LATER)

    server = await serve(refuse)
    code = CLIENT.read_text("utf-8") + REFUSED
    command = [NODE, "--experimental-websocket", "-e", code, ws_url(server)]
    with trio.fail_after(30):
        done = await trio.run_process(command, capture_stdout=True)
    assert done.stdout == b"3\n"
