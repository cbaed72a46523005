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
<meta charset="utf-8">
<title>Dashboard</title>
<style>
  body { font: 18px system-ui; margin: 3em auto; max-width: 30em }
  meter { width: 100%; height: 1.5em }
</style>
<h1>Sensors</h1>
<div id="sensors"></div>
<script>
  const sensors = document.getElementById("sensors");
  const meters = {};
  const socket = new WebSocket(location.href.replace("http", "ws") + "feed");
  socket.onmessage = (event) => {
    const { name, value } = JSON.parse(event.data);
    if (!meters[name]) {
      const label = sensors.appendChild(document.createElement("p"));
      label.textContent = name;
      meters[name] = label.appendChild(document.createElement("meter"));
    }
    meters[name].value = value;
  };
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
        url = server.url.replace("http", "ws", 1)
        async with websocket.open_websocket(f"{url}/feed") as connection:
            for _ in range(6):
                print(await connection.receive(timeout=5))
        nursery.cancel_scope.cancel()


async def stay_up() -> None:
    async with trio.open_nursery() as nursery:
        server: http.Server = await nursery.start(http.serve, router, 8000)
        nursery.start_soon(measure)
        print(f"open {server.url} in one browser or many      (Ctrl-C ends)")


if __name__ == "__main__":
    sys.exit(core.run(stay_up if "--serve" in sys.argv else watch_yourself))
