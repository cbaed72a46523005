"""A JSON API: typed paths, bodies that are checked, negotiation, cookies, and errors as JSON.

python examples/json_api.py            calls itself and ends
python examples/json_api.py --serve    stays up for curl, until Ctrl-C
"""

from __future__ import annotations

import sys
from itertools import count

import trio

from trio_helianthus import core, http

router = http.Router()
notes: dict[int, str] = {}
numbers = count(1)


@router.get("/notes")
async def list_notes(request: http.Request) -> http.Response:
    wanted = request.query.get("contains", "")
    found = {number: text for number, text in notes.items() if wanted in text}
    match request.accepts("application/json", "text/plain"):
        case "application/json":
            return http.Response.json(found)
        case "text/plain":
            return http.Response.text("".join(f"{text}\n" for text in found.values()))
    raise http.HTTPError(406)


@router.post("/notes")
async def add_note(request: http.Request) -> http.Response:
    match await request.json(max_bytes=10_000):
        case {"text": str(text)}:
            number = next(numbers)
            notes[number] = text
            url = router.url_for("note", number=number)
            return http.Response.json({"number": number}, status=201, headers={"Location": url})
    raise http.HTTPError(422, "send an object with a text")


@router.get("/notes/{number:int}", name="note")
async def one_note(request: http.Request) -> dict[str, object]:
    number = request.path_params["number"]
    if number not in notes:
        raise http.HTTPError(404, f"there is no note {number}")
    return {"number": number, "text": notes[number]}


@router.post("/login")
async def log_in(request: http.Request) -> http.Response:
    response = http.Response.json({"hello": "ada"})
    response.set_cookie("session", "s3cret", max_age=3600, same_site="strict")
    return response


@router.get("/whoami")
async def who_am_i(request: http.Request) -> dict[str, bool]:
    return {"known": request.cookies.get("session") == "s3cret"}


@router.exception_handler(http.HTTPError)
async def as_json(request: http.Request, error: http.HTTPError) -> http.Response:
    body = {"status": error.status, "detail": error.detail}
    return http.Response.json(body, status=error.status, headers=error.headers)


async def call_yourself() -> None:
    async with trio.open_nursery() as nursery:
        server: http.Server = await nursery.start(http.serve, router, 0)
        async with http.open_client(server.url) as client:
            made = await client.post("/notes", json={"text": "water the sunflowers"})
            print(made.status, made.headers["location"], made.json())
            print((await client.get(made.headers["location"])).json())
            print((await client.get("/notes", headers={"Accept": "text/plain"})).text, end="")
            for path in ("/notes/7", "/notes/seven"):
                print((await client.get(path)).json())
            print((await client.post("/notes", json=["no object"])).json())
            await client.post("/login")
            print((await client.get("/whoami")).json())
        await server.drain()


async def stay_up() -> None:
    async with trio.open_nursery() as nursery:
        server: http.Server = await nursery.start(http.serve, router, 8000)
        print(
            f"""curl {server.url}/notes --json '{{"text": "hello"}}'     (Ctrl-C drains and ends)"""
        )


if __name__ == "__main__":
    sys.exit(core.run(stay_up if "--serve" in sys.argv else call_yourself))
