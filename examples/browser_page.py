"""A page whose button cancels a handler: fetch and abort() on one side, a scope on the other.

python examples/browser_page.py            does what the page does, and ends
python examples/browser_page.py --serve    stays up for a browser, until Ctrl-C

``helianthus demo --serve`` has a page that does more.
"""

from __future__ import annotations

import sys

import trio

from trio_helianthus import core, http
from trio_helianthus.errors import OperationCancelled

PAGE = """<!doctype html>
<title>Thinking</title>
<button id="ask">Ask</button> <button id="never-mind">Never mind</button> <output></output>
<script>
  const show = (text) => document.querySelector("output").textContent = text;
  let control = new AbortController();
  document.getElementById("ask").onclick = async () => {
    control.abort();
    control = new AbortController();
    show("thinking");
    try {
      show(await (await fetch("/answer", { signal: control.signal })).text());
    } catch (error) {
      show(error.name);
    }
  };
  document.getElementById("never-mind").onclick = () => control.abort();
</script>
"""
# No browser ends its side of a connection alone: where it has, nobody waits any more.
LIMITS = http.ServerLimits(half_close_grace=0)

router = http.Router()
thinking = trio.Semaphore(0)
given_up = trio.Semaphore(0)


@router.get("/")
async def page(request: http.Request) -> http.Response:
    return http.Response.html(PAGE)


@router.get("/answer")
async def answer(request: http.Request) -> str:
    began = trio.current_time()
    thinking.release()
    try:
        await trio.sleep(10)
    except trio.Cancelled:
        print(f"given up after {trio.current_time() - began:.1f} s of thinking")
        given_up.release()
        raise
    return "42"


async def serve(port: int, *, task_status: trio.TaskStatus[http.Server]) -> None:
    await http.serve(router, port, limits=LIMITS, task_status=task_status)


async def call_yourself() -> None:
    async with trio.open_nursery() as nursery:
        server: http.Server = await nursery.start(serve, 0)
        async with http.open_client(server.url) as client:
            token = core.CancelToken()

            async def never_mind() -> None:
                await thinking.acquire()
                token.cancel("never mind")

            nursery.start_soon(never_mind)
            try:
                await client.get("/answer", token=token)
            except OperationCancelled as exc:
                print(f"the call: {exc}")
            await given_up.acquire()
        await server.drain()


async def stay_up() -> None:
    async with trio.open_nursery() as nursery:
        server: http.Server = await nursery.start(serve, 8000)
        print(f"open {server.url} in a browser, and look here      (Ctrl-C drains and ends)")


if __name__ == "__main__":
    sys.exit(core.run(stay_up if "--serve" in sys.argv else call_yourself))
