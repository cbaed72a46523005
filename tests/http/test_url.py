from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_helianthus import core, http
from trio_helianthus.http import _url, open_client
from trio_helianthus.http._url import parse_url


async def url_of(url: str, base: str | None = None, params: http.Params = ()) -> str:
    """What the client makes of a URL, as far as it can be seen from outside."""
    seen: list[str] = []

    class Watch(core.Instrument):
        def operation_started(self, operation: core.Operation) -> None:
            if operation.name == "http.client.request":
                seen.append(str(operation.attributes["http.url"]))

    token = core.CancelToken()
    async with open_client(base) as client:
        with core.subscribe(Watch()):
            try:
                await client.get(url, params=params, timeout=0)
            except TimeoutError:
                token.cancel()
    return seen[0]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://example.org", "http://example.org/"),
        ("HTTP://EXAMPLE.org:80/a", "http://example.org/a"),
        ("https://example.org:443/", "https://example.org/"),
        ("http://example.org:8080/a/b?x=1#part", "http://example.org:8080/a/b?x=1#part"),
        ("http://[::1]:8000/", "http://[::1]:8000/"),
        ("http://[0:0::0001]/", "http://[::1]/"),
        ("http://user:secret@example.org/", "http://example.org/"),
        ("http://example.org/a/./b/../c", "http://example.org/a/c"),
        ("http://example.org/../../a/..", "http://example.org/"),
        ("http://example.org/100%?x=%&y=%2", "http://example.org/100%25?x=%25&y=%252"),
        ("http://example.org/%7euser/%c3%bc", "http://example.org/%7euser/%c3%bc"),
        ("http://faß.example/", "http://xn--fa-hia.example/"),
        ("http://127.0.0.1/ü b?q=ä", "http://127.0.0.1/%C3%BC%20b?q=%C3%A4"),
        ("http://example.org/a%2Fb", "http://example.org/a%2Fb"),
        ("http://bücher.example/", "http://xn--bcher-kva.example/"),
        ("http://example.org?x=1", "http://example.org/?x=1"),
    ],
)
async def test_urls_are_normalised_just_enough(url: str, shown: str) -> None:
    assert await url_of(url) == shown


@pytest.mark.parametrize(
    ("base", "path", "shown"),
    [
        ("http://h", "/a", "http://h/a"),
        ("http://h/", "a", "http://h/a"),
        ("http://h/api", "/a?x=1", "http://h/api/a?x=1"),
        ("http://h/api/", "a/", "http://h/api/a/"),
        ("http://h/api/", "", "http://h/api/"),
        ("http://h/api", "", "http://h/api"),
        ("http://h/api?key=1", "", "http://h/api?key=1"),
        ("http://h/api?key=1", "/a?x=2", "http://h/api/a?key=1&x=2"),
        ("http://h/api", "?x=2", "http://h/api?x=2"),
        ("http://h/api", "/a:b/c", "http://h/api/a:b/c"),
        ("http://h/api", "../../secret", "http://h/api/secret"),
        ("http://h/api", "/%2e%2E/.%2e/secret", "http://h/api/secret"),
        ("http://h/api", "/a/%2e%2e", "http://h/api/"),
        ("http://h/api", "/a/%2E/.b/%2e%2ec", "http://h/api/a/.b/%2e%2ec"),
        ("http://h/api", "https://other/a", "https://other/a"),
    ],
)
async def test_a_path_is_appended_to_the_base(base: str, path: str, shown: str) -> None:
    assert await url_of(path, base) == shown


async def test_params_are_appended_to_the_query() -> None:
    assert await url_of("http://h/a?x=1", params={"q": "a b", "n": 2}) == "http://h/a?x=1&q=a+b&n=2"
    assert await url_of("http://h/a", params=[("q", "1"), ("q", "&")]) == "http://h/a?q=1&q=%26"
    several = {"q": [1, 2], "none": None, "yes": True}
    assert await url_of("http://h/a", params=several) == "http://h/a?q=1&q=2&yes=true"
    raw = {"q": b"\xff\x00a b"}
    assert await url_of("http://h/a", params=raw) == "http://h/a?q=%FF%00a+b"


@pytest.mark.parametrize("text", ["q=1", b"q=1"])
async def test_params_are_no_text(text: Any) -> None:
    with pytest.raises(TypeError, match="goes into the URL"):
        await url_of("http://h/a", params=text)


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("/path", "a path alone needs a client with a base_url"),
        ("example.org", "a path alone needs a client with a base_url"),
        ("ftp://example.org/", "starts with http:// or https://"),
        ("//example.org/", "starts with http:// or https://"),
        ("http:///path", "invalid host"),
        ("http://", "invalid host"),
        ("http://ex ample.org/", "invalid host"),
        ("http://example.org:0/", "invalid port"),
        ("http://example.org:65536/", "invalid port"),
        ("http://example.org:http/", "invalid port"),
        ("http://a@b@example.org/", "percent-encoded"),
        ("a:b", "starts with http:// or https://"),
        ("http://[1::2::3]/", "Invalid IPv6|invalid host|does not appear"),
        ("http://" + "ü" * 300 + "/", "invalid host"),
        ("http://example.org/\r\nHost: evil", "control characters"),
        ("http://example.org\\@evil", "backslash"),
        ("http://\u2024\u2024/", "invalid host"),
        ("http://[::1/", "invalid host"),
        ("http://[::1].example.org/", "invalid host"),
        ("http://example.org[::1]/", "invalid host"),
        ("http://[v1.example]/", "invalid host"),
        ("http://\u00ad/", "invalid host"),
    ],
)
async def test_a_bad_url_is_refused_before_anything_is_sent(url: str, complaint: str) -> None:
    async with open_client() as client:
        with pytest.raises(ValueError, match=complaint):
            await client.get(url)


async def test_a_bad_base_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="a path alone needs a client with a base_url"):
        async with open_client("not a url"):
            pass


RFC_3986_REFERENCES = [
    ("g", "/b/c/g"),
    ("./g", "/b/c/g"),
    ("g/", "/b/c/g/"),
    ("/g", "/g"),
    ("?y", "/b/c/d;p?y"),
    ("g?y", "/b/c/g?y"),
    ("#s", "/b/c/d;p?q#s"),
    ("g#s", "/b/c/g#s"),
    ("g?y#s", "/b/c/g?y#s"),
    (";x", "/b/c/;x"),
    ("g;x?y#s", "/b/c/g;x?y#s"),
    ("", "/b/c/d;p?q"),
    (".", "/b/c/"),
    ("./", "/b/c/"),
    ("..", "/b/"),
    ("../", "/b/"),
    ("../g", "/b/g"),
    ("../..", "/"),
    ("../../g", "/g"),
    ("../../../g", "/g"),
    ("/./g", "/g"),
    ("/../g", "/g"),
    ("g.", "/b/c/g."),
    (".g", "/b/c/.g"),
    ("g..", "/b/c/g.."),
    ("./../g", "/b/g"),
    ("./g/.", "/b/c/g/"),
    ("g/./h", "/b/c/g/h"),
    ("g/../h", "/b/c/h"),
    ("g;x=1/./y", "/b/c/g;x=1/y"),
    ("g?y/./x", "/b/c/g?y/./x"),
    ("g#s/../x", "/b/c/g#s/../x"),
]
"""The examples of RFC 3986 section 5.4, as far as they stay on the host."""


@pytest.mark.parametrize(("reference", "target"), RFC_3986_REFERENCES)
def test_references_are_resolved_as_the_rfc_has_it(reference: str, target: str) -> None:
    assert str(parse_url("http://a/b/c/d;p?q").join(reference)) == f"http://a{target}"


def test_references_to_other_hosts() -> None:
    base = parse_url("https://user:secret@a/b")
    assert str(base.join("//g")) == "https://g/"
    assert str(base.join("http://g/x")) == "http://g/x"
    assert base.join("c").credentials is None
    for reference in ("g:h", "javascript:alert(1)", "http:g", "a\\b", "/\r\n"):
        with pytest.raises(ValueError):
            base.join(reference)


def test_a_url_does_not_show_its_password() -> None:
    url = parse_url("http://ada:s%40cret@example.org/")
    assert url.credentials == ("ada", "s@cret")
    assert "cret" not in str(url) + repr(url)


@pytest.mark.parametrize(
    "rest",
    [
        "example.org:99999/",
        "exa mple.org/",
        "[::1/",
        "ex\uff0fample.org/",
        "a\\b/",
        "x@example.org/",
    ],
)
@pytest.mark.parametrize("scheme", ["http", "ftp"])
def test_no_complaint_shows_a_password(scheme: str, rest: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_url(f"{scheme}://ada:s3cret@{rest}")
    assert "cret" not in str(caught.value)


@given(
    st.lists(
        st.sampled_from(
            ["a.b", "x", "127.0.0.1", "-", ".", ":80", ":0", ":99999", "/", "/..", "?", "?a=b;c"]
        ),
        min_size=1,
        max_size=6,
    )
)
def test_simple_urls_are_parsed_to_the_same_by_the_short_way(parts: list[str]) -> None:
    url = "http://" + "".join(parts)
    simple = _url._parse_simple(url)
    if simple is not None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(_url, "_parse_simple", lambda _: None)
            assert parse_url(url) == simple
