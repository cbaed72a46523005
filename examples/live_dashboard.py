"""A live feed for many browsers: encoded once, and a slow one gets the newest values only.

python examples/live_dashboard.py            watches itself and ends
python examples/live_dashboard.py --serve    stays up for browsers, until Ctrl-C
"""

from __future__ import annotations

import json
import math
import sys
from itertools import count

import trio

from trio_helianthus import core, http, websocket

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Dashboard</title>
<style>
  body { font: 18px system-ui; margin: 2em auto; padding: 0 1em; max-width: 30em }
  span { float: right; font-variant-numeric: tabular-nums }
  meter { width: 100%; height: 1.5em }
  .stale { opacity: .6 }
</style>
<h1>Sensors</h1>
<p id="state" role="status">connecting</p>
<div id="sensors"></div>
<script>
  const find = (id) => document.getElementById(id);
  const shown = {};
  let losses = 0;
  function add(name) {
    const row = find("sensors").appendChild(document.createElement("p"));
    row.append(name);
    shown[name] = ["span", "meter"].map((tag) => row.appendChild(document.createElement(tag)));
    shown[name][1].setAttribute("aria-label", name);
  }
  function tell(state) {
    find("state").textContent = state;
    find("sensors").className = state === "live" ? "" : "stale";
  }
  function connect() {
    const url = new URL("/feed", location.origin.replace("http", "ws"));
    const socket = new WebSocket(url);
    socket.onopen = () => tell("live");
    socket.onclose = () => {  // those who are lost together do not come back together
      tell("reconnecting, these values are old");
      setTimeout(connect, 1000 * Math.random() * Math.min(30, 0.5 * 2 ** losses++));
    };
    socket.onmessage = ({ data }) => {
      const { name, value } = JSON.parse(data);
      losses = 0;
      if (!shown[name]) add(name);
      shown[name][0].textContent = value.toFixed(3);
      shown[name][1].value = value;
    };
  }
  connect();
</script>
"""

# One value of each sensor waits for a slow browser, and that is the newest.
FEED = websocket.WebSocketLimits(feed_overflow=websocket.Overflow.CONFLATE, feed_max_messages=10)

router = http.Router()
watchers: set[websocket.ServerConnection] = set()


@router.get("/")
async def page(request: http.Request) -> http.Response:
    return http.Response.html(PAGE)


@router.get("/feed")
@websocket.endpoint(limits=FEED)
async def feed(connection: websocket.ServerConnection) -> None:
    watchers.add(connection)
    try:
        async for _ in connection:  # it has nothing to say; this ends when it leaves
            pass
    finally:
        watchers.discard(connection)


async def measure() -> None:
    for number in count():
        for place, name in enumerate(("kitchen", "garden", "roof")):
            value = 0.5 + 0.5 * math.sin(number / 10 + place)
            await websocket.broadcast(
                watchers, json.dumps({"name": name, "value": round(value, 3)}), key=name
            )
        await trio.sleep(0.05)


async def watch_yourself() -> None:
    async with trio.open_nursery() as nursery:
        server: http.Server = await nursery.start(http.serve, router, 0)
        nursery.start_soon(measure)
        url = server.url
        async with websocket.open_websocket(f"{url}/feed") as connection:
            for _ in range(6):
                print(await connection.receive(timeout=5))
        nursery.cancel_scope.cancel()


async def stay_up(port: int) -> None:
    lifecycle = core.current_lifecycle()
    assert lifecycle is not None  # core.run has made it
    async with trio.open_nursery() as nursery:
        server: http.Server = await nursery.start(http.serve, router, port)
        print(f"open {server.url} in one browser or many      (Ctrl-C ends)", flush=True)
        async with trio.open_nursery() as helpers:
            helpers.start_soon(measure)  # it would go on for ever, so a drain ends it
            await lifecycle.wait_draining()
            helpers.cancel_scope.cancel()


if __name__ == "__main__":
    sys.exit(core.run(stay_up, 8000) if "--serve" in sys.argv else core.run(watch_yourself))
