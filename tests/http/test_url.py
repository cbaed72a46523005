from __future__ import annotations

import pytest

from trio_helianthus import core, http
from trio_helianthus.http import open_client


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
        ("http://example.org:8080/a/b?x=1#part", "http://example.org:8080/a/b?x=1"),
        ("http://[::1]:8000/", "http://[::1]:8000/"),
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
        ("http://h/api?key=1", "", "http://h/api/"),
        ("http://h/api", "https://other/a", "https://other/a"),
    ],
)
async def test_a_path_is_appended_to_the_base(base: str, path: str, shown: str) -> None:
    assert await url_of(path, base) == shown


async def test_params_are_appended_to_the_query() -> None:
    assert await url_of("http://h/a?x=1", params={"q": "a b", "n": 2}) == "http://h/a?x=1&q=a+b&n=2"
    assert await url_of("http://h/a", params=[("q", "1"), ("q", "&")]) == "http://h/a?q=1&q=%26"


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
        ("http://user:secret@example.org/", "user name"),
        ("http://example.org/\r\nHost: evil", "control characters"),
        ("http://example.org\\@evil", "backslash"),
        ("http://\u2024\u2024/", "invalid host"),
        ("http://[::1/", "Invalid IPv6"),
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
