"""A service and its client in one process, without sockets: the same HTTP, retries and all."""

from __future__ import annotations

import trio

from trio_helianthus import core, http

router = http.Router()
moods = iter([503, 503, 200])


@router.get("/planets/{name}")
async def planet(request: http.Request) -> http.Response:
    """Answer at the third time only."""
    if (status := next(moods)) != 200:
        return http.Response.text("not now", status=status)
    return http.Response.json({"name": request.path_params["name"], "left": request.deadline})


async def main() -> None:
    """Call the service until it answers."""
    async with (
        http.in_process(router) as transport,
        http.open_client(
            "http://service",
            transport=transport,
            retries=http.Retries(policy=core.RetryPolicy(initial_delay=0.01)),
            propagate_deadline=True,
        ) as client,
    ):
        answer = await client.get("/planets/saturn", timeout=5)
        seconds = answer.json()["left"] - trio.current_time()
        print(f"{answer.json()['name']}, and {seconds:.0f} seconds were left")
        print(client.statistics())


if __name__ == "__main__":
    trio.run(main)
