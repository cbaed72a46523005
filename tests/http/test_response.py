from __future__ import annotations

import copy
import pickle
from collections.abc import AsyncIterator

import pytest

from trio_helianthus import http


async def pieces() -> AsyncIterator[bytes]:
    yield b"x"


def test_the_constructors_say_what_they_carry() -> None:
    assert http.Response(b"x").headers["content-type"] == "application/octet-stream"
    assert http.Response(b"x", content_type="image/png").headers["content-type"] == "image/png"
    assert http.Response(pieces()).headers["content-type"] == "application/octet-stream"
    assert "content-type" not in http.Response().headers
    text = http.Response.text("Grüße", status=201, headers={"X-A": "1"})
    assert (text.status, text.body, text.headers["X-A"]) == (201, "Grüße".encode(), "1")
    assert text.headers["content-type"] == "text/plain; charset=utf-8"
    assert http.Response.html("<p>").headers["content-type"] == "text/html; charset=utf-8"
    answer = http.Response.json({"ü": [1, None]})
    assert answer.body == '{"ü":[1,null]}'.encode()
    assert answer.headers["content-type"] == "application/json"


def test_a_content_type_among_the_headers_wins() -> None:
    headers = iter([("content-type", "application/problem+json")])
    assert http.Response.json({}, headers=headers).headers.pairs == [
        ("content-type", "application/problem+json")
    ]


def test_text_that_utf_8_cannot_carry() -> None:
    assert http.Response.text("a\ud800").body == b"a?"
    assert http.Response.json("a\ud800").body == b'"a\\ud800"'


def test_a_redirect() -> None:
    response = http.Response.redirect("/elsewhere", status=303)
    assert (response.status, response.headers["location"]) == (303, "/elsewhere")


@pytest.mark.parametrize("status", [0, 100, 199, 600])
def test_an_impossible_status(status: int) -> None:
    with pytest.raises(ValueError, match="status"):
        http.Response(status=status)


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_a_body(status: int) -> None:
    assert http.Response(status=status).body == b""
    with pytest.raises(ValueError, match="has no body"):
        http.Response(b"x", status=status)


def test_what_cannot_be_an_answer() -> None:
    with pytest.raises(TypeError, match=r"Response\.text"):
        http.Response("text")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="expected str"):
        http.Response.text(b"x")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="JSON"):
        http.Response.json(float("nan"))
    with pytest.raises(TypeError):
        http.Response.json(object())
    with pytest.raises(ValueError, match="not the status of a redirect"):
        http.Response.redirect("/", status=200)
    with pytest.raises(ValueError, match="percent-encoded"):
        http.Response.redirect("/ü")
    with pytest.raises(ValueError, match="invalid value"):
        http.Response.redirect("/a\r\nX: y")


def test_bytes_in_any_wrapping() -> None:
    assert http.Response(bytearray(b"x")).body == b"x"
    assert http.Response(memoryview(b"x")).body == b"x"
    assert repr(http.Response(b"abc")) == "<Response 200, 3 bytes>"
    assert repr(http.Response(pieces())) == "<Response 200, streamed>"


def test_an_http_error_explains_itself() -> None:
    assert str(http.HTTPError(404)) == "404 Not Found"
    assert str(http.HTTPError(413)) == "413 Content Too Large"
    assert http.HTTPError(499).detail == "Error"
    error = http.HTTPError(429, "later", {"Retry-After": "3"})
    for twin in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert (twin.status, twin.detail, twin.headers) == (429, "later", error.headers)
    with pytest.raises(ValueError, match="between 400 and 599"):
        http.HTTPError(200)
