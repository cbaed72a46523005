"""Server-sent events: a page that shows what happens, and a source that ends with its client.

python examples/server_sent_events.py            calls itself and ends
python examples/server_sent_events.py --serve    stays up for a browser, until Ctrl-C
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator

import trio

from trio_helianthus import core, http

PAGE = """<!doctype html>
<title>Ticks</title>
<ol id="ticks"></ol>
<script>
  const source = new EventSource("/ticks");
  source.addEventListener("tick", (event) => {
    const item = document.createElement("li");
    item.textContent = event.lastEventId + ": " + event.data;
    document.getElementById("ticks").append(item);
  });
</script>
"""

router = http.Router()


@router.get("/")
async def page(request: http.Request) -> http.Response:
    return http.Response.html(PAGE)


@router.get("/ticks")
async def ticks(request: http.Request) -> http.Response:
    seen = request.last_event_id  # a browser that comes again tells where it has been
    begin = int(seen) + 1 if seen.isdecimal() else 0
    return http.Response.events(count_from(begin), ping=15, retry=1)


async def count_from(number: int) -> AsyncIterator[http.ServerSentEvent]:
    try:
        while True:
            yield http.ServerSentEvent.json({"n": number}, event="tick", event_id=str(number))
            number += 1
            await trio.sleep(0.1)
    finally:
        print("  the source has ended with its client")


async def call_yourself() -> None:
    async with trio.open_nursery() as nursery:
        server: http.Server = await nursery.start(http.serve, router, 0)
        async with http.open_client(server.url) as client:
            headers = {"Last-Event-ID": "41"}
            async with client.stream("GET", "/ticks", headers=headers) as response:
                async for event in http.EventReader(response):
                    print(event.id, event.event, event.data)
                    if event.id == "44":
                        break
        await server.drain()


async def stay_up() -> None:
    async with trio.open_nursery() as nursery:
        server: http.Server = await nursery.start(http.serve, router, 8000)
        print(f"open {server.url} in a browser, or curl -N {server.url}/ticks      (Ctrl-C ends)")


if __name__ == "__main__":
    sys.exit(core.run(stay_up if "--serve" in sys.argv else call_yourself))
