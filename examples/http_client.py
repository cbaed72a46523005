"""What the HTTP client does: JSON, sessions, uploads, streams, errors, and giving up.

It starts the server that it talks to by itself, on a free port, and ends.
"""

from __future__ import annotations

import io

import trio

from trio_helianthus import core, errors, http

router = http.Router()


@router.get("/planets/{name}")
async def planet(request: http.Request) -> dict[str, object]:
    name = request.path_params["name"]
    if name != "saturn":
        raise http.HTTPError(404, f"no planet called {name}")
    return {"name": name, "rings": True}


@router.post("/login")
async def login(request: http.Request) -> http.Response:
    return http.Response.redirect(
        "/account", status=303, headers={"Set-Cookie": "session=ada; HttpOnly; SameSite=Lax"}
    )


@router.get("/account")
async def account(request: http.Request) -> dict[str, str]:
    return {"cookie": request.headers.get("cookie", ""), "auth": request.headers["authorization"]}


@router.post("/count")
async def count(request: http.Request) -> dict[str, int]:
    size = 0
    async for chunk in request.body:
        size += len(chunk)
    return {"bytes": size}


@router.get("/lines")
async def lines(request: http.Request) -> str:
    return "first line\nsecond line\n"


@router.get("/slow")
async def slow(request: http.Request) -> str:
    try:
        await trio.sleep(10)
    finally:
        print("  the handler on the other side has stopped")
    return "at last"


async def ask(client: http.Client) -> None:
    answer = await client.get("/planets/saturn", params={"lang": "en"})
    print("json:", answer.json(), "from", answer.url.partition("/planets")[2])

    answer = await client.get("/planets/vulcan")
    try:
        answer.raise_for_status()
    except http.HTTPStatusError as error:
        print("status error:", error.status, answer.text.strip())


async def log_in(client: http.Client) -> None:
    answer = await client.post(
        "/login",
        data={"user": "ada"},
        auth=("ada", "engine"),
        follow_redirects=True,
    )
    print("redirected:", [hop.status for hop in answer.history], "then", answer.status)
    print("logged in:", answer.json(), dict(client.cookies))


async def upload(client: http.Client) -> None:
    def progress(sent: int, total: int | None) -> None:
        print(f"  sent {sent} of {total} bytes")

    file = io.BytesIO(bytes(100_000))  # or a Path, or a file that is open for reading
    answer = await client.post(
        "/count",
        data={"title": "zeros"},
        files={"file": ("zeros.bin", file, "application/octet-stream")},
        progress=progress,
    )
    print("uploaded:", answer.json()["bytes"] > 100_000)


async def stream(client: http.Client) -> None:
    async with client.stream("GET", "/lines") as response:
        async for line in response.iter_lines():
            print("line:", line)


async def give_up(client: http.Client) -> None:
    try:
        await client.get("/slow", timeout=0.05)
    except errors.OperationTimeout as error:
        print("timeout:", error)

    token = core.CancelToken()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(cancel_soon, token)
        try:
            await client.get("/slow", token=token)
        except errors.OperationCancelled as error:
            print("cancelled:", error)


async def cancel_soon(token: core.CancelToken) -> None:
    await trio.sleep(0.05)
    token.cancel("changed my mind")


async def main() -> None:
    async with trio.open_nursery() as nursery:
        server: http.Server = await nursery.start(http.serve, router, 0)
        timeouts = http.Timeouts(total=10, connect=2)
        async with http.open_client(server.url, timeouts=timeouts) as client:
            await ask(client)
            await log_in(client)
            await upload(client)
            await stream(client)
            await give_up(client)
        await server.drain()


if __name__ == "__main__":
    trio.run(main)
