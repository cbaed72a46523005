from __future__ import annotations

import os
import sys
from pathlib import Path
from shutil import which
from typing import Any

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from trio_helianthus import errors, http
from trio_helianthus.http import _multipart_parser
from trio_helianthus.http._filename import content_disposition, is_reserved_name, safe_filename
from trio_helianthus.http._media_type import parse_parameters
from trio_helianthus.testing import cancel_sweep

from .conftest import Serve


@pytest.fixture
def multipart() -> None:
    """Multipart needs an extra."""
    pytest.importorskip("python_multipart", reason="multipart needs python-multipart")


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


needs_multipart = pytest.mark.usefixtures("multipart")

URL_ENCODED = "application/x-www-form-urlencoded"


def url_encoded(body: bytes, content_type: str = URL_ENCODED) -> http.Request:
    return http.Request("POST", "/", headers={"Content-Type": content_type}, body=body)


def a_part(disposition: str, content: bytes = b"", *fields: str) -> bytes:
    lines = [f"Content-Disposition: {disposition}", *fields, "", ""]
    return b"--b\r\n" + "\r\n".join(lines).encode() + content + b"\r\n"


def in_pieces(body: bytes, size: int, **options: Any) -> http.RequestBody:
    left = [body[at : at + size] for at in range(0, len(body), size)]

    async def receive() -> bytes:
        await trio.lowlevel.checkpoint()
        return left.pop(0) if left else b""

    return http.RequestBody(receive, max_bytes=options.pop("max_bytes", 10**9), **options)


def multipart_request(
    *parts: bytes, size: int = 10**6, end: bytes = b"--b--\r\n", boundary: str = "b", **options: Any
) -> http.Request:
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    body = in_pieces(b"".join(parts) + end, size, **options)
    return http.Request("POST", "/", headers=headers, body=body)


# ---- URL-encoded


async def test_a_url_encoded_form() -> None:
    form = await url_encoded(b"a=1&b=%C3%BC+x&a=2&c&=5&d=\xc3\xbc&e=%ff").form()
    assert form["a"] == "1"
    assert form.get_all("a") == ["1", "2"]
    assert form.pairs[2:] == [("a", "2"), ("c", ""), ("", "5"), ("d", "ü"), ("e", "\ufffd")]
    assert (form["b"], len(form), list(form.files)) == ("ü x", 6, [])
    assert form.get("nothing") is None


async def test_an_empty_form() -> None:
    assert (await url_encoded(b"").form()).pairs == []


async def test_asking_again_gives_the_same_form() -> None:
    request = url_encoded(b"a=1")
    assert await request.form() is await request.form()


@pytest.mark.parametrize("content_type", ["", "application/json", "text/plain", "multipart/mixed"])
async def test_a_body_that_is_no_form(content_type: str) -> None:
    with pytest.raises(http.HTTPError) as caught:
        await url_encoded(b"a=1", content_type).form()
    assert caught.value.status == 415


@pytest.mark.parametrize(
    ("body", "limits"),
    [
        (b"a=1&b=2&c=3", http.FormLimits(max_fields=2)),
        (b"a=" + b"x" * 11, http.FormLimits(max_field_bytes=10)),
        (b"x" * 11, http.FormLimits(max_field_bytes=10)),
        (b"a=1&b=2&c=3", http.FormLimits(max_fields_bytes=10)),
    ],
)
async def test_a_url_encoded_form_above_a_limit(body: bytes, limits: http.FormLimits) -> None:
    with pytest.raises(http.HTTPError) as caught:
        await url_encoded(body).form(limits=limits)
    assert caught.value.status == 413


@given(st.lists(st.tuples(st.text(), st.text())))
def test_a_url_encoded_form_comes_back(pairs: list[tuple[str, str]]) -> None:
    from urllib.parse import urlencode

    # A name and a value that are both empty leave nothing but an ampersand.
    pairs = [pair for pair in pairs if pair != ("", "")]
    pairs = [(_no_surrogates(name), _no_surrogates(value)) for name, value in pairs]
    form = trio.run(url_encoded(urlencode(pairs).encode()).form)
    assert form.pairs == [pair for pair in pairs if pair != ("", "")] or "" in dict(pairs)


def _no_surrogates(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


# ---- multipart


@needs_multipart
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
async def test_fields_and_files_in_pieces_of_any_size(size: int) -> None:
    request = multipart_request(
        a_part('form-data; name="title"', "Grüße\r\n--".encode()),
        a_part(
            'form-data; name="photo"; filename="a b.png"',
            b"\x89PNG\r\n\0",
            "Content-Type: IMAGE/png; x=y",
        ),
        a_part('form-data; name="title"'),
        size=size,
    )
    form = await request.form()
    assert form.pairs == [("title", "Grüße\r\n--"), ("title", "")]
    photo = form.files["photo"]
    assert (photo.filename, photo.content_type, photo.size) == ("a b.png", "image/png", 7)
    assert photo.headers["content-type"] == "IMAGE/png; x=y"
    assert await photo.read() == b"\x89PNG\r\n\0"
    assert await photo.read() == b""
    await photo.seek(1)
    assert await photo.read(3) == b"PNG"
    assert repr(photo) == "<UploadFile 'a b.png', 7 bytes>"


@needs_multipart
@given(st.lists(st.binary()), st.integers(1, 50))
@settings(deadline=None)
def test_every_content_comes_back(contents: list[bytes], size: int) -> None:
    parts = [a_part(A_FILE, content) for content in contents if b"--b" not in content]
    form = trio.run(multipart_request(*parts, size=size).form)
    read = [file.file.read() for _, file in form.files.pairs]
    assert read == [content for content in contents if b"--b" not in content]


@needs_multipart
async def test_a_form_that_somebody_has_read_before() -> None:
    request = multipart_request(a_part('form-data; name="a"', b"x"), a_part(A_FILE, b"y"), size=7)
    await request.read()
    form = await request.form()
    assert (form.pairs, form.files["f"].size) == ([("a", "x")], 1)


@needs_multipart
async def test_nothing_was_chosen() -> None:
    form = await multipart_request(a_part('form-data; name="f"; filename=""')).form()
    assert list(form.files) == []


@needs_multipart
async def test_an_empty_multipart_form() -> None:
    assert (await multipart_request().form()).pairs == []


@needs_multipart
@pytest.mark.parametrize(
    ("parts", "end", "boundary"),
    [
        ([], b"", "b"),
        ([], b"nonsense", "b"),
        ([a_part('form-data; name="a"', b"x")], b"", "b"),
        ([a_part('form-data; name="a"', b"x")], b"--c--\r\n", "b"),
        ([a_part("form-data", b"x")], b"--b--\r\n", "b"),
        ([a_part('attachment; name="a"', b"x")], b"--b--\r\n", "b"),
        ([b"--b\r\n\r\nx\r\n"], b"--b--\r\n", "b"),
        ([b"--b\r\nContent Disposition: x\r\n\r\nx\r\n"], b"--b--\r\n", "b"),
        ([b"--b\r\n: x\r\n\r\nx\r\n"], b"--b--\r\n", "b"),
        ([a_part('form-data; name="a"', b"x", "Content-Type: text/x\nX: y")], b"--b--\r\n", "b"),
        ([a_part('form-data; name="a\0"', b"x")], b"--b--\r\n", "b"),
        ([], b"--b--\r\n", ""),
        ([], b"--b--\r\n", "x" * 71),
        ([], b"--b--\r\n", "ü"),
        (
            [a_part('form-data; name="a"', b"x", "Content-Type: text/plain; charset=hex")],
            b"--b--",
            "b",
        ),
    ],
)
async def test_a_malformed_form_is_a_bad_request(
    parts: list[bytes], end: bytes, boundary: str
) -> None:
    with pytest.raises(http.HTTPError) as caught:
        await multipart_request(*parts, end=end, boundary=boundary).form()
    assert caught.value.status == 400


@needs_multipart
@given(st.binary(), st.integers(1, 9))
@settings(max_examples=200, deadline=None)
def test_noise_is_never_more_than_a_bad_request(noise: bytes, size: int) -> None:
    with pytest.raises(http.HTTPError) as caught:
        trio.run(multipart_request(b"--b\r\n", noise, end=b"", size=size).form)
    assert caught.value.status in {400, 413}


A_FILE = 'form-data; name="f"; filename="f"'


@needs_multipart
@pytest.mark.parametrize(
    ("parts", "limits"),
    [
        ([a_part('form-data; name="a"')] * 3, http.FormLimits(max_fields=2)),
        ([a_part(A_FILE)] * 3, http.FormLimits(max_files=2)),
        ([a_part('form-data; name="a"', b"x" * 11)], http.FormLimits(max_field_bytes=10)),
        ([a_part('form-data; name="a"', b"x" * 4)] * 3, http.FormLimits(max_fields_bytes=10)),
        ([a_part(A_FILE, b"x" * 11)], http.FormLimits(max_file_bytes=10)),
        ([a_part(A_FILE, b"x", "X-A: " + "x" * 200)], http.FormLimits(max_header_bytes=200)),
        ([a_part(A_FILE, b"x", *["X-A: x"] * 20)], http.FormLimits()),
    ],
)
@pytest.mark.parametrize("size", [5, 10**6])
async def test_a_multipart_form_above_a_limit(
    parts: list[bytes], limits: http.FormLimits, size: int
) -> None:
    with pytest.raises(http.HTTPError) as caught:
        await multipart_request(*parts, size=size).form(limits=limits)
    assert caught.value.status == 413


@needs_multipart
async def test_the_cap_of_the_server_counts_too() -> None:
    with pytest.raises(http.HTTPError) as caught:
        await multipart_request(a_part(A_FILE, b"x" * 1000), max_bytes=500, size=100).form()
    assert caught.value.status == 413


@pytest.mark.parametrize("name", ["max_fields", "max_files", "spool_bytes"])
def test_a_limit_below_one_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        http.FormLimits(**{name: 0})


@needs_multipart
async def test_large_files_go_to_the_disk_and_are_closed_with_the_request(tmp_path: Path) -> None:
    content = os.urandom(700_000)
    request = multipart_request(a_part(A_FILE, content), a_part(A_FILE, b"small"), size=65536)
    form = await request.form(limits=http.FormLimits(spool_bytes=1000))
    large, small = form.files.get_all("f")
    assert (large.in_memory, small.in_memory) == (False, True)
    assert b"".join([piece async for piece in large]) == content
    target = tmp_path / "copy"
    target.write_bytes(b"old")
    await large.save(target)
    assert target.read_bytes() == content
    await small.save(target)
    assert names_in(tmp_path) == ["copy"]
    kept = large.detach()
    request.body.close()
    with pytest.raises(errors.ResourceClosed):
        await small.read()
    with pytest.raises(errors.ResourceClosed):
        await large.read()
    assert kept.read() == content
    kept.close()


@needs_multipart
@pytest.mark.parametrize("spool_bytes", [2, 1000])
async def test_saving_is_no_reading(tmp_path: Path, spool_bytes: int) -> None:
    limits = http.FormLimits(spool_bytes=spool_bytes)
    form = await multipart_request(a_part(A_FILE, b"content")).form(limits=limits)
    file = form.files["f"]
    assert await file.read(3) == b"con"
    await file.save(tmp_path / "copy")
    assert await file.read() == b"tent"
    assert (tmp_path / "copy").read_bytes() == b"content"
    form.close()


@needs_multipart
async def test_a_file_that_cannot_be_saved_leaves_nothing(tmp_path: Path) -> None:
    form = await multipart_request(a_part(A_FILE, b"x")).form()
    with pytest.raises(OSError, match="missing"):
        await form.files["f"].save(tmp_path / "missing" / "file")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        await form.files["f"].save(tmp_path / "folder")
    assert names_in(tmp_path) == ["folder"]


@needs_multipart
async def test_the_parts_as_they_arrive() -> None:
    request = multipart_request(
        a_part('form-data; name="a"', b"one"),
        a_part(A_FILE, b"x" * 100),
        a_part('form-data; name="b"', b"Gr\xfc\xdfe", "Content-Type: text/plain; charset=latin-1"),
        size=10,
    )
    seen: list[str | bytes] = []
    skipped = None
    async for part in request.multipart():
        if part.name == "b":
            seen.append(await part.text())
        elif part.filename is None:
            seen.append(await part.read())
            assert await part.read() == b""
        else:
            async for piece in part:
                seen.append(piece)
                break  # and skip the rest
            skipped = part
    assert seen == [b"one", seen[1], "Grüße"]
    assert skipped is not None
    assert repr(skipped) == "<FormPart 'f'>"
    assert await skipped.read() == b""


@needs_multipart
async def test_a_part_is_over_when_the_next_one_was_asked_for() -> None:
    parts = aiter(multipart_request(a_part(A_FILE, b"x"), a_part(A_FILE, b"y")).multipart())
    first = await anext(parts)
    await anext(parts)
    with pytest.raises(errors.ResourceClosed):
        await first.read()


@needs_multipart
async def test_reading_one_part_has_a_limit() -> None:
    limits = http.FormLimits(max_file_bytes=10)
    async for part in multipart_request(a_part(A_FILE, b"x" * 11)).multipart(limits=limits):
        with pytest.raises(http.HTTPError) as caught:
            await part.read()
        assert caught.value.status == 413


# ---- names


@pytest.mark.parametrize(
    ("sent", "safe"),
    [
        ("", ""),
        ("photo.jpg", "photo.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ada\\cv.pdf", "cv.pdf"),
        ("..", "file"),
        (".", "file"),
        ("a/", "file"),
        (".bashrc", "bashrc"),
        ("nul", "_nul"),
        ("CON.txt", "_CON.txt"),
        ("com1 .x", "_com1 .x"),
        ("a\0b\r\nc", "abc"),
        ("a:b|c?.txt. ", "abc.txt"),
        ("gpj.\u202eexe", "gpj.exe"),
        ("ü" * 300 + ".tar", "ü" * 98 + ".tar"),
        ("\ud800x", "x"),
    ],
)
def test_names_of_files_are_made_safe(sent: str, safe: str) -> None:
    assert safe_filename(sent) == safe


@given(st.text())
def test_every_safe_name_can_name_a_file(sent: str) -> None:
    name = safe_filename(sent)
    assert len(name.encode()) <= 201
    assert not set(name) & set('/\\\0<>:"|?*')
    assert name not in {".", ".."}
    assert not is_reserved_name(name) or name == ""
    assert safe_filename(name) == name


@needs_multipart
@pytest.mark.parametrize(
    ("disposition", "raw", "filename"),
    [
        ('form-data; name="f"; filename="a%22b.txt"', 'a"b.txt', "ab.txt"),
        ('form-data; name="f"; filename="a\\"b.txt"', 'a"b.txt', "ab.txt"),
        ('form-data; name="f"; filename="C:\\dir\\x.txt"', "C:\\dir\\x.txt", "x.txt"),
        ("form-data; name=f; filename=x.txt", "x.txt", "x.txt"),
        ('form-data; filename="ü.txt"; name="f"', "ü.txt", "ü.txt"),
        ('form-data; name="f"; filename="a;b=c.txt"', "a;b=c.txt", "a;b=c.txt"),
        ("form-data; name=f; filename*=UTF-8''%C3%BC%2Fx.txt", "ü/x.txt", "x.txt"),
        ("form-data; name=f; filename*=%ff", "\ufffd", "\ufffd"),
        ("form-data; name=f; filename=a; filename*=UTF-8''b", "a", "a"),
        ("form-data; name*=UTF-8''%66; filename*=UTF-8''a", "a", "a"),
    ],
)
async def test_what_clients_make_of_names(disposition: str, raw: str, filename: str) -> None:
    form = await multipart_request(a_part(disposition, b"x")).form()
    assert (form.files["f"].raw_filename, form.files["f"].filename) == (raw, filename)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("a.txt", "attachment; filename=a.txt"),
        ("a b.txt", 'attachment; filename="a b.txt"'),
        ("ü.txt", "attachment; filename=\"_.txt\"; filename*=UTF-8''%C3%BC.txt"),
        ('a"b%.txt', "attachment; filename=\"a_b_.txt\"; filename*=UTF-8''a%22b%25.txt"),
        ("a\r\nX: y", 'attachment; filename="a__X: y"'),
    ],
)
def test_the_name_for_a_download(name: str, value: str) -> None:
    assert content_disposition("attachment", name) == value


@given(st.text())
def test_no_name_breaks_out_of_its_field(name: str) -> None:
    value = content_disposition("attachment", name)
    http.Headers({"Content-Disposition": value})
    kind, parameters = parse_parameters(value)
    assert kind == "attachment"
    assert set(parameters) <= {"filename", "filename*"}


# ---- with a server, and curl


async def describe(request: http.Request) -> dict[str, Any]:
    form = await request.form()
    return {
        "fields": form.pairs,
        "files": [
            [name, file.filename, file.content_type, len(await file.read())]
            for name, file in form.files.pairs
        ],
    }


@needs_multipart
@pytest.mark.skipif(which("curl") is None, reason="curl is not installed")
async def test_curl_uploads(serve: Serve, tmp_path: Path, no_errors: None) -> None:
    server = await serve(describe)
    large = tmp_path / "large.bin"
    large.write_bytes(bytes(2_000_000))
    arguments = [
        "-F",
        "title=Grüße",
        "-F",
        f"a=@{large}",
        "-F",
        "b=text;filename=../x.txt;type=text/x",
    ]
    finished = await trio.run_process(["curl", "-sS", *arguments, server.url], capture_stdout=True)
    assert (
        http.Response.json(
            {
                "fields": [["title", "Grüße"]],
                "files": [
                    ["a", "large.bin", "application/octet-stream", 2_000_000],
                    ["b", "x.txt", "text/x", 4],
                ],
            }
        ).body
        == finished.stdout
    )


def open_descriptors() -> set[str]:
    return {path.name for path in Path("/proc/self/fd").iterdir()}


@needs_multipart
@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="descriptors cannot be counted here")
async def test_no_descriptor_is_left(serve: Serve, no_errors: None) -> None:
    descriptors = []

    async def handler(request: http.Request) -> str:
        await request.form(limits=http.FormLimits(spool_bytes=10))
        descriptors.append(open_descriptors())
        return "done"

    server = await serve(handler)
    async with http.open_client(server.url) as client:
        body = a_part(A_FILE, bytes(100)) * 20 + b"--b--\r\n"
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        await client.get("/", timeout=5)  # refused with 415, and leaves the connection open
        before = open_descriptors()
        for _ in range(3):
            await client.post("/", content=body, headers=headers)
            assert open_descriptors() == before
    assert all(len(during - before) == 20 for during in descriptors)


@needs_multipart
@pytest.mark.sweep
def test_forms_are_cancelled_anywhere(tmp_path: Path) -> None:
    async def scenario() -> None:
        limits = http.FormLimits(spool_bytes=10)
        request = multipart_request(
            a_part('form-data; name="a"', b"x"), *[a_part(A_FILE, bytes(50))] * 2, size=60
        )
        try:
            form = await request.form(limits=limits)
            await form.files["f"].read(5)
            await form.files["f"].save(tmp_path / "saved")
        finally:
            request.body.close()
            assert names_in(tmp_path) in ([], ["saved"])
            (tmp_path / "saved").unlink(missing_ok=True)

    assert cancel_sweep(scenario).points > 20


@needs_multipart
@pytest.mark.sweep
def test_parts_are_cancelled_anywhere() -> None:
    async def scenario() -> None:
        request = multipart_request(*[a_part(A_FILE, bytes(50))] * 2, size=60)
        async for part in request.multipart():
            async for _ in part:
                break

    assert cancel_sweep(scenario).points > 3


def test_multipart_names_the_extra_that_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "python_multipart", None)
    _multipart_parser._installed.cache_clear()
    with pytest.raises(errors.MissingExtraError, match="python-multipart"):
        trio.run(multipart_request().form)
