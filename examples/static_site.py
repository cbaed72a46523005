"""A static site: a folder of files with ranges, conditions and packed siblings; and a download.

python examples/static_site.py            calls itself and ends
python examples/static_site.py --serve    stays up for a browser, until Ctrl-C
"""

from __future__ import annotations

import gzip
import sys
import tempfile
from pathlib import Path

import trio

from trio_helianthus import core, http

site = Path(tempfile.mkdtemp(prefix="site-"))
(site / "docs").mkdir()
(site / "index.html").write_text('<link rel="stylesheet" href="site.css"><h1>Sunflowers</h1>')
(site / "docs" / "index.html").write_text("<h1>How to grow them</h1>")
(site / "site.css").write_text("h1 { color: goldenrod }")
(site / "site.css.gz").write_bytes(gzip.compress((site / "site.css").read_bytes()))
(site / "seeds.csv").write_text("kind,grams\nTitan,10\nMoonwalker,12\n")


def how_long(path: str) -> str:
    return "no-cache" if path.endswith(".html") else "max-age=3600"


router = http.Router()


@router.get("/seeds")
async def seeds(request: http.Request) -> http.Response:
    return await http.Response.file(site / "seeds.csv", request, download="Sämereien.csv")


router.mount("/", http.StaticFiles(site, precompressed=True, cache_control=how_long))


async def call_yourself() -> None:
    async with trio.open_nursery() as nursery:
        server: http.Server = await nursery.start(http.serve, router, 0)
        async with http.open_client(server.url) as client:
            page = await client.get("/")
            print(page.status, page.headers["content-type"], page.headers["cache-control"])
            again = await client.get("/", headers={"If-None-Match": page.headers["etag"]})
            print(again.status, len(again.content), "bytes")
            part = await client.get("/site.css", headers={"Range": "bytes=0-1"})
            print(part.status, part.headers["content-range"])
            folder = await client.get("/docs", follow_redirects=False)
            print(folder.status, folder.headers["location"])
            print((await client.get("/..%2f..%2fetc/passwd")).status)
            download = await client.get("/seeds")
            print(download.status, download.headers["content-disposition"])
        await server.drain()


async def stay_up() -> None:
    async with trio.open_nursery() as nursery:
        server: http.Server = await nursery.start(http.serve, router, 8000)
        print(f"open {server.url} in a browser      (Ctrl-C drains and ends)")


if __name__ == "__main__":
    sys.exit(core.run(stay_up if "--serve" in sys.argv else call_yourself))
