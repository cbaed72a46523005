"""Routes: typed placeholders, groups, mounts, URLs from names, and errors with a page of their own.

python examples/routing.py            asks itself and ends
python examples/routing.py --serve    stays up for a browser or curl, until Ctrl-C
"""

from __future__ import annotations

import sys
from datetime import date

import trio

from trio_helianthus import core, http

router = http.Router(
    converters={"date": http.Converter(date.fromisoformat)},
    slashes="redirect",
)
planets = router.group("/planets", name="planets")


@planets.get("")
async def index(request: http.Request) -> dict[str, str]:
    names = ["venus", "mars"]
    return {name: router.url_for("planets:planet", request, name=name) for name in names}


@planets.get("/{name}")
async def planet(request: http.Request) -> str:
    if request.path_params["name"] not in {"venus", "mars"}:
        raise http.HTTPError(404, "no such planet")
    return f"This is {request.path_params['name']}.\n"


@planets.get("/{name}/moons/{number:int}")
async def moon(request: http.Request) -> dict[str, object]:
    return dict(request.path_params)


@router.get("/maps/{name}.{format}")
async def chart(request: http.Request) -> str:
    return "a {format} map of {name}\n".format(**request.path_params)


@router.get("/sky/{day:date}")
async def sky(request: http.Request) -> str:
    return f"{request.path_params['day']:%A, %d %B}\n"


async def old_site(request: http.Request) -> str:
    return f"once at {request.root_path}, now at {request.path}\n"


router.mount("/old", old_site)  # any handler: sees its paths without the prefix


@router.exception_handler(404)
async def not_found(request: http.Request, error: http.HTTPError) -> http.Response:
    return http.Response.text(f"{request.path}: {error.detail}\n", status=404)


async def ask_yourself() -> None:
    async with trio.open_nursery() as nursery:
        server: http.Server = await nursery.start(http.serve, router, 0)
        async with http.open_client(server.url) as client:
            for path in (
                "/planets/mars",
                "/planets/mars/moons/2",
                "/planets/mars/moons/two",
                "/planets/pluto",
                "/maps/mars.north.png",
                "/sky/2026-11-22",
                "/old/page",
            ):
                answer = await client.get(path)
                print(f"{answer.status} {path:26}{answer.text.strip()}")
        await server.drain()


async def stay_up() -> None:
    for route in router.routes:
        print(f"{', '.join(route.methods):8}{route.pattern:36}{route.name}")
    async with trio.open_nursery() as nursery:
        server: http.Server = await nursery.start(http.serve, router, 8000)
        print(f"curl {server.url}/planets      (Ctrl-C drains and ends)")


if __name__ == "__main__":
    sys.exit(core.run(stay_up if "--serve" in sys.argv else ask_yourself))
