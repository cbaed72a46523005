"""Handlers that send their answers themselves, go on after them, and leave HTTP behind.

python examples/answer_yourself.py            calls itself and ends
python examples/answer_yourself.py --serve    stays up for curl, until Ctrl-C
"""

from __future__ import annotations

import sys

import trio

from trio_helianthus import core, http, net

router = http.Router()


@router.get("/rows")
async def rows(request: http.Request) -> http.ResponseWriter:
    writer = await request.start_response(http.Response(content_type="text/csv"))
    for number in range(3):
        await writer.send_all(b"%d,%d\n" % (number, number**2))  # waits for a client that is slow
    await writer.finish({"Rows": "3"})
    return writer


@router.post("/jobs")
async def start_job(request: http.Request) -> http.ResponseWriter:
    job = await request.json()
    writer = await request.respond(http.Response.text("it is being done\n", status=202))
    await trio.sleep(0.05)
    print("  done:", job)
    return writer


@router.get("/shout")
async def shout(request: http.Request) -> http.Response:
    if request.headers.get("upgrade") != "shout/1":
        raise http.HTTPError(426, headers={"Upgrade": "shout/1"})
    return http.Response.upgrade("shout/1", shout_back)


async def shout_back(stream: net.ByteStream) -> None:
    async for data in stream:
        await stream.send_all(bytes(data).upper())


async def call_yourself() -> None:
    async with trio.open_nursery() as nursery:
        server: http.Server = await nursery.start(http.serve, router, 0)
        async with http.open_client(server.url) as client:
            answer = await client.get("/rows")
            print(answer.text.split(), answer.trailers["rows"])

            answer = await client.post("/jobs", json={"water": "the sunflowers"})
            print(answer.status, answer.text, end="")

            async with client.upgrade("shout/1", "/shout") as upgraded:
                await upgraded.stream.send_all(b"no HTTP any more")
                print(bytes(await upgraded.stream.receive_some()).decode())
        await server.drain()  # waits for the job, too


async def stay_up() -> None:
    async with trio.open_nursery() as nursery:
        server: http.Server = await nursery.start(http.serve, router, 8000)
        print(f"curl {server.url}/rows      (Ctrl-C drains and ends)")


if __name__ == "__main__":
    sys.exit(core.run(stay_up if "--serve" in sys.argv else call_yourself))
