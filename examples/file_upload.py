"""Uploads: a form with files that are kept on disk, and one that is read as it arrives.

python examples/file_upload.py            calls itself and ends
python examples/file_upload.py --serve    stays up for a browser, until Ctrl-C

It needs the extra "http".
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from pathlib import Path

import trio

from trio_helianthus import core, http

PAGE = """<!doctype html>
<title>Upload</title>
<form method="post" enctype="multipart/form-data">
  <input name="title" placeholder="Title"> <input name="photo" type="file" multiple>
  <button>Upload</button>
</form>
"""
LIMITS = http.FormLimits(max_files=10, max_file_bytes=10 * 1024 * 1024)

router = http.Router()
folder = Path(tempfile.mkdtemp(prefix="uploads-"))


@router.get("/")
async def page(request: http.Request) -> http.Response:
    return http.Response.html(PAGE)


@router.post("/")
async def upload(request: http.Request) -> dict[str, object]:
    form = await request.form(limits=LIMITS)
    photos = form.files.get_all("photo")
    for photo in photos:
        await photo.save(folder / photo.filename)
    return {"title": form.get("title"), "saved": {photo.filename: photo.size for photo in photos}}


@router.post("/digests")
async def digests(request: http.Request) -> dict[str, str]:
    """Nothing is kept, so files may be as large as the server's limits allow."""
    found = {}
    async for part in request.multipart(limits=LIMITS):
        if part.filename is not None:
            sha256 = hashlib.sha256()
            async for chunk in part:
                sha256.update(chunk)
            found[part.filename] = sha256.hexdigest()
    return found


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def call_yourself() -> None:
    async with trio.open_nursery() as nursery:
        server: http.Server = await nursery.start(http.serve, router, 0)
        async with http.open_client(server.url) as client:
            photo = ("../../sun.jpg", bytes(500_000), "image/jpeg")
            answer = await client.post("/", data={"title": "Sun"}, files={"photo": photo})
            print(answer.status, answer.json())
            answer = await client.post("/digests", files={"photo": photo})
            print(answer.status, answer.json())
            answer = await client.post("/", json={"no": "form"})
            print(answer.status, answer.text, end="")
        await server.drain()
    print("in the folder:", names_in(folder))


async def stay_up() -> None:
    async with trio.open_nursery() as nursery:
        server: http.Server = await nursery.start(http.serve, router, 8000)
        print(f"open {server.url} in a browser; files go to {folder}      (Ctrl-C drains and ends)")


if __name__ == "__main__":
    sys.exit(core.run(stay_up if "--serve" in sys.argv else call_yourself))
