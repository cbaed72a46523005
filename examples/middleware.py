"""Middleware: some that is there, some of your own, and what pages of other origins get to see.

python examples/middleware.py            asks itself and ends
python examples/middleware.py --serve    stays up for a browser or curl, until Ctrl-C
"""

from __future__ import annotations

import sys

import trio

from trio_helianthus import core, http
from trio_helianthus.http import middleware


async def timed(request: http.Request, call_next: http.CallNext) -> http.Response:
    began = trio.current_time()
    response = await call_next(request)
    took = 1000 * (trio.current_time() - began)
    response.headers["Server-Timing"] = f"all;dur={took:.1f}"
    return response


router = http.Router(
    middleware=[
        middleware.RequestID(),
        middleware.CORS(origins=["https://app.example.com"], headers=["Authorization"]),
        middleware.SecurityHeaders(),
        middleware.LoadShedding(100, max_waiting=200, max_wait=1),
        middleware.Compression(),
        timed,
    ]
)
api = router.group("/api", middleware=[middleware.RateLimit(3, per=60)])
admin = router.group("/admin", middleware=[middleware.BasicAuth({"sun": "flower"})])


@api.get("/poem")
async def poem(request: http.Request) -> str:
    return "Ah Sun-flower! weary of time,\nWho countest the steps of the Sun:\n" * 20


@api.get("/slow", middleware=[middleware.Timeout(0.05)])
async def slow(request: http.Request) -> str:
    await trio.sleep_forever()
    return "never"


@admin.get("/")
async def dashboard(request: http.Request) -> str:
    return f"Hello, {request.state['user']}.\n"


async def ask_yourself() -> None:
    origin = {"Origin": "https://app.example.com"}
    async with trio.open_nursery() as nursery:
        server: http.Server = await nursery.start(http.serve, router, 0)
        async with http.open_client(server.url) as client:
            for path in ("/api/poem", "/api/slow", "/api/poem", "/api/poem", "/admin/"):
                answer = await client.get(path, headers=origin)
                allowed = answer.headers["access-control-allow-origin"]
                coding = answer.headers.get("content-encoding", "not compressed")
                print(f"{answer.status} {path:12}{coding:16}for {allowed}")
        await server.drain()


async def stay_up() -> None:
    async with trio.open_nursery() as nursery:
        server: http.Server = await nursery.start(http.serve, router, 8000)
        print(f"curl -i --compressed {server.url}/api/poem      (Ctrl-C drains and ends)")


if __name__ == "__main__":
    sys.exit(core.run(stay_up if "--serve" in sys.argv else ask_yourself))
