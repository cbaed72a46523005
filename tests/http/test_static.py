from __future__ import annotations

import os
from pathlib import Path

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from trio_helianthus import http
from trio_helianthus.http._static_path import static_path
from trio_helianthus.testing import cancel_sweep

from .conftest import Connect, Serve


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder to publish, with something beside it that is secret."""
    (tmp_path / "secret.txt").write_text("secret")
    folder = tmp_path / "site"
    (folder / "css").mkdir(parents=True)
    (folder / "docs").mkdir()
    (folder / "empty").mkdir()
    (folder / ".well-known").mkdir()
    (folder / "index.html").write_text("<h1>home</h1>")
    (folder / "docs" / "index.html").write_text("<h1>docs</h1>")
    (folder / "css" / "site.css").write_text("p{}")
    (folder / "css" / "site.css.gz").write_bytes(b"gzipped")
    (folder / "css" / "site.css.br").write_bytes(b"brotli")
    (folder / "a b ü.txt").write_text("named")
    (folder / ".env").write_text("secret")
    (folder / ".well-known" / "security.txt").write_text("mail")
    return folder


async def ask(
    files: http.StaticFiles, target: str, method: str = "GET", **fields: str
) -> http.Response:
    headers = {name.replace("_", "-"): value for name, value in fields.items()}
    return await files(http.Request(method, target, headers=headers))


async def status_of(files: http.StaticFiles, target: str, method: str = "GET") -> int:
    try:
        return (await ask(files, target, method)).status
    except http.HTTPError as exc:
        return exc.status


@pytest.mark.parametrize(
    ("target", "body"),
    [
        ("/", b"<h1>home</h1>"),
        ("/index.html", b"<h1>home</h1>"),
        ("/docs/", b"<h1>docs</h1>"),
        ("/css/site.css?v=2", b"p{}"),
        ("/a%20b%20%C3%BC.txt", b"named"),
        ("/.well-known/security.txt", b"mail"),
    ],
)
async def test_files_of_a_folder(site: Path, target: str, body: bytes) -> None:
    response = await ask(http.StaticFiles(site), target)
    assert (response.status, response.body) == (200, body)


@pytest.mark.parametrize(
    "target",
    [
        "/missing",
        "/empty/",
        "/empty",
        "/index.html/",
        "/index.html/x",
        "/.env",
        "/../secret.txt",
        "/docs/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/docs/..%2f..%2fsecret.txt",
        "/..%5csecret.txt",
        "/..\\secret.txt",
        "/%2e%2e%5csecret.txt",
        "/..%252fsecret.txt",
        "/%c0%ae%c0%ae/secret.txt",
        "//etc/passwd",
        "/%2fetc/passwd",
        "//",
        "/docs//",
        "/./index.html",
        "/index.html%00.txt",
        "/index.html%0a",
        "/" + "a" * 300,
        "/" + "a/" * 100,
        "/" + "docs/" * 2000,
        "*",
    ],
)
async def test_what_cannot_be_had(site: Path, target: str) -> None:
    assert await status_of(http.StaticFiles(site), target) in {400, 404}


@pytest.mark.parametrize(
    "name",
    [
        "c:",
        "c:\\x",
        "nul",
        "NUL.txt",
        "com1",
        "lpt9.js",
        "x.",
        "x ",
        "x.txt:stream",
        "a|b",
        "con .x",
        "GIT~1",
        "passwo~1.txt",
    ],
)
def test_what_windows_takes_for_something_else(name: str) -> None:
    assert static_path(f"/{name.replace(' ', '%20')}", windows=True) is None
    if "\\" not in name:
        assert static_path(f"/{name.replace(' ', '%20')}", windows=False) == [name]


@given(st.text(alphabet="ab./\\%25ecCEüß\0:~ ", max_size=30))
def test_no_path_leads_out(text: str) -> None:
    try:
        names = static_path("/" + text)
    except http.HTTPError:
        return
    if names is not None:
        folder = os.path.join(os.sep, "srv", "site")  # noqa: PTH118
        found = os.path.normpath(os.path.join(folder, *names))  # noqa: PTH118
        assert found == folder or found.startswith(folder + os.sep)
        assert "" not in names


async def test_a_redirect_to_a_folder_never_leads_to_another_host(site: Path) -> None:
    router = http.Router()
    router.static("/{tenant}", site)
    answer = await router(http.Request("GET", "/\\evil.example"))  # to browsers: //evil.example
    assert isinstance(answer, http.Response)
    assert answer.headers["location"] == "/%5Cevil.example/"


async def test_a_folder_without_a_slash_is_redirected_to(site: Path) -> None:
    request = http.Request("GET", "/static/docs?x=1").below("/static")
    response = await http.StaticFiles(site)(request)
    assert (response.status, response.headers["location"]) == (308, "/static/docs/?x=1")


async def test_other_methods(site: Path) -> None:
    files = http.StaticFiles(site)
    with pytest.raises(http.HTTPError) as caught:
        await ask(files, "/", "POST")
    assert (caught.value.status, caught.value.headers["allow"]) == (405, "GET, HEAD")
    head = await ask(files, "/index.html", "HEAD")
    assert (head.body, head.headers["content-length"]) == (b"", "13")


async def test_conditions_and_ranges(site: Path) -> None:
    files = http.StaticFiles(site)
    etag = (await ask(files, "/")).headers["etag"]
    assert (await ask(files, "/", if_none_match=etag)).status == 304
    part = await ask(files, "/", range="bytes=1-2")
    assert (part.status, part.body) == (206, b"h1")


async def test_without_an_index(site: Path) -> None:
    files = http.StaticFiles(site, index=None)
    assert await status_of(files, "/") == 404
    assert await status_of(files, "/docs") == 404
    assert await status_of(files, "/docs/index.html") == 200


async def test_hidden_files(site: Path) -> None:
    assert (await ask(http.StaticFiles(site, hidden=True), "/.env")).body == b"secret"


async def test_how_long_to_keep(site: Path) -> None:
    files = http.StaticFiles(site, cache_control="max-age=60")
    assert (await ask(files, "/")).headers["cache-control"] == "max-age=60"
    seen = []

    def choose(path: str) -> str | None:
        seen.append(path)
        return "immutable" if path.endswith(".css") else None

    files = http.StaticFiles(site, cache_control=choose)
    assert (await ask(files, "/css/site.css")).headers["cache-control"] == "immutable"
    assert "cache-control" not in (await ask(files, "/docs/")).headers
    assert seen == ["css/site.css", "docs/index.html"]


async def test_an_application_with_urls_of_its_own(site: Path) -> None:
    files = http.StaticFiles(site, fallback="index.html", cache_control="immutable")
    page = await ask(files, "/users/7", accept="text/html,*/*;q=0.8")
    assert (page.status, page.body) == (200, b"<h1>home</h1>")
    assert (page.headers["cache-control"], page.headers["vary"]) == ("no-cache", "Accept")
    assert "vary" not in (await ask(files, "/index.html", accept="text/html")).headers
    with pytest.raises(http.HTTPError):
        await ask(files, "/missing.js", accept="*/*")
    with pytest.raises(http.HTTPError):
        await ask(http.StaticFiles(site, fallback="none.html"), "/x", accept="text/html")


@pytest.mark.parametrize(
    ("accept_encoding", "coding", "body"),
    [
        ("gzip, br", "br", b"brotli"),
        ("gzip", "gzip", b"gzipped"),
        ("gzip, br;q=0.5", "gzip", b"gzipped"),
        ("br;q=0, gzip;q=0", None, b"p{}"),
        ("*", "br", b"brotli"),
        ("zstd", None, b"p{}"),
        ("", None, b"p{}"),
        ("br;q=nonsense", None, b"p{}"),
        ("identity, gzip;q=0.5", None, b"p{}"),
        ("identity;q=0.5, gzip", "gzip", b"gzipped"),
    ],
)
async def test_files_that_are_packed_already(
    site: Path, accept_encoding: str, coding: str | None, body: bytes
) -> None:
    files = http.StaticFiles(site, precompressed=True)
    response = await ask(files, "/css/site.css", accept_encoding=accept_encoding)
    assert (response.headers.get("content-encoding"), response.body) == (coding, body)
    assert response.headers["content-type"] == "text/css; charset=utf-8"
    assert response.headers["vary"] == "Accept-Encoding"
    plain = await ask(files, "/css/site.css")
    assert (response.headers["etag"] == plain.headers["etag"]) is (coding is None)


@pytest.fixture
def links(site: Path) -> Path:
    try:
        (site / "inside.css").symlink_to(site / "css" / "site.css")
        (site / "outside.txt").symlink_to(site.parent / "secret.txt")
        (site / "up").symlink_to(site.parent, target_is_directory=True)
        (site / "loop").symlink_to(site / "loop")
        (site / "css" / "x.css").write_text("x")
        (site / "css" / "x.css.gz").symlink_to(site.parent / "secret.txt")
        beside = site.parent / "site-private"
        beside.mkdir()
        (beside / "file").write_text("secret")
        (site / "beside").symlink_to(beside, target_is_directory=True)
    except OSError:
        pytest.skip("links cannot be made here")
    return site


async def test_links_do_not_lead_out(links: Path) -> None:
    files = http.StaticFiles(links, precompressed=True)
    assert (await ask(files, "/inside.css")).body == b"p{}"
    for target in ("/outside.txt", "/up/secret.txt", "/up/", "/up", "/loop", "/beside/file"):
        assert await status_of(files, target) == 404
    assert (await ask(files, "/css/x.css", accept_encoding="gzip")).body == b"x"


async def test_unless_they_are_allowed_to(links: Path) -> None:
    files = http.StaticFiles(links, follow_symlinks=True)
    assert (await ask(files, "/outside.txt")).body == b"secret"
    assert (await ask(files, "/up/secret.txt")).body == b"secret"
    assert await status_of(files, "/loop") == 404


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
async def test_pipes_are_not_waited_for(site: Path) -> None:
    os.mkfifo(site / "pipe")
    with trio.fail_after(5):
        assert await status_of(http.StaticFiles(site), "/pipe") == 404


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotADirectoryError):
        http.StaticFiles(tmp_path / "missing")


async def test_a_link_to_the_folder_itself(site: Path) -> None:
    try:
        (site.parent / "current").symlink_to(site, target_is_directory=True)
    except OSError:
        pytest.skip("links cannot be made here")
    assert (await ask(http.StaticFiles(site.parent / "current"), "/")).status == 200


async def test_served_by_a_router(
    serve: Serve, connect: Connect, site: Path, no_errors: None
) -> None:
    router = http.Router()
    router.static("/static", site)
    client = await connect(await serve(router))
    assert (await client.get("/static/css/site.css")).body == b"p{}"
    assert (await client.get("/static/docs")).headers["location"] == "/static/docs/"
    for target in ("/static/../secret.txt", "/static/%2e%2e/secret.txt", "/static//etc/passwd"):
        assert (await client.get(target)).status == 404


@pytest.mark.sweep
def test_static_files_are_cancelled_anywhere(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    for name in ("docs/index.html", "large.bin"):
        (tmp_path / name).write_bytes(bytes(200_000))

    async def scenario() -> None:
        files = http.StaticFiles(tmp_path, precompressed=True, fallback="large.bin")
        for target in ("/large.bin", "/docs", "/docs/", "/missing"):
            request = http.Request("GET", target, headers={"Accept": "text/html"})
            try:
                await files(request)
            finally:
                request.body.close()

    assert cancel_sweep(scenario).points > 5
