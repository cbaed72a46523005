from __future__ import annotations

from typing import Any

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from trio_helianthus import http
from trio_helianthus.http.middleware import ProxyHeaders
from trio_helianthus.http.middleware._forwarded import parse_forwarded

PROXY = ("127.0.0.1", 50000)
TRUSTED = ("127.0.0.1", "10.0.0.0/8", "2001:db8:ff::/48")


async def passed(
    middleware: http.Middleware, fields: dict[str, str], peer: Any = PROXY
) -> http.Request:
    seen: list[http.Request] = []

    async def handler(request: http.Request) -> str:
        seen.append(request)
        return ""

    router = http.Router(middleware=[middleware])
    router.get("/")(handler)
    headers = {"Host": "inside"} | fields
    await router(http.Request("GET", "/", headers=headers, client_address=peer))
    return seen[0]


async def test_a_trusted_proxy_is_believed() -> None:
    fields = {"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https"}
    request = await passed(ProxyHeaders(*TRUSTED), fields)
    assert (request.client_address, request.scheme) == (("192.0.2.1", 0), "https")
    assert request.headers["host"] == "inside"


@pytest.mark.parametrize("peer", [("192.0.2.9", 1), ("::1", 1, 0, 0), "", None, ("nonsense", 1)])
async def test_others_are_not(peer: Any) -> None:
    fields = {"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https"}
    request = await passed(ProxyHeaders(*TRUSTED), fields, peer)
    assert (request.client_address, request.scheme) == (peer, "http")


@pytest.mark.parametrize("peer", ["", b"", None, "/run/nginx.sock"])
async def test_who_comes_by_a_unix_socket_may_be_trusted(peer: Any) -> None:
    request = await passed(ProxyHeaders("unix"), {"X-Forwarded-For": "192.0.2.1"}, peer)
    assert request.client_address == ("192.0.2.1", 0)


@pytest.mark.parametrize(
    ("said", "client"),
    [
        ("192.0.2.7, 192.0.2.1", "192.0.2.1"),  # the client has made up the first
        ("192.0.2.7, 192.0.2.1, 10.0.0.1, 127.0.0.1", "192.0.2.1"),
        ("10.0.0.2, 10.0.0.1", "10.0.0.2"),  # nobody but ours: the outermost
        ("192.0.2.1, unknown, 10.0.0.1", "10.0.0.1"),  # nobody knows further
        ("junk", "127.0.0.1"),
        (", ,", "127.0.0.1"),
        ("", "127.0.0.1"),
        ("192.0.2.1:4711", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:80", "2001:db8::1"),
        ("[2001:db8::1]x", "127.0.0.1"),
        ("192.0.2.1, 2001:db8:ff::1", "192.0.2.1"),
        ("192.0.2.1, ::ffff:10.0.0.1", "192.0.2.1"),
        ("192.0.2.1, " + "10.0.0.1, " * 1000 + "10.0.0.9", "10.0.0.1"),
    ],
)
async def test_the_client_is_the_nearest_whom_nobody_of_ours_is(said: str, client: str) -> None:
    request = await passed(ProxyHeaders(*TRUSTED), {"X-Forwarded-For": said})
    assert request.client_address is not None
    assert request.client_address[0] == client


async def test_the_scheme_is_that_of_the_outermost_proxy_of_ours() -> None:
    fields = {
        "X-Forwarded-For": "192.0.2.7, 192.0.2.1, 10.0.0.1",
        "X-Forwarded-Proto": "http, https, http",
    }
    assert (await passed(ProxyHeaders(*TRUSTED), fields)).scheme == "https"
    fields["X-Forwarded-Proto"] = "https"
    assert (await passed(ProxyHeaders(*TRUSTED), fields)).scheme == "https"
    fields["X-Forwarded-Proto"] = "gopher"
    assert (await passed(ProxyHeaders(*TRUSTED), fields)).scheme == "http"
    assert (await passed(ProxyHeaders(*TRUSTED), {"X-Forwarded-Proto": "wss"})).scheme == "https"


async def test_host_and_prefix_only_where_that_was_said() -> None:
    fields = {"X-Forwarded-Host": "example.com:8443", "X-Forwarded-Prefix": "/app/"}
    plain = await passed(ProxyHeaders(*TRUSTED), fields)
    assert (plain.host, plain.root_path) == ("inside", "")
    told = await passed(ProxyHeaders(*TRUSTED, host=True, prefix=True), fields)
    assert (told.host, told.root_path) == ("example.com:8443", "/app")


async def test_the_host_goes_before_that_of_an_absolute_target() -> None:
    async def tell(request: http.Request) -> str:
        return request.url

    router = http.Router(middleware=[ProxyHeaders(*TRUSTED, host=True)])
    router.get("/a")(tell)
    headers = {"Host": "x", "X-Forwarded-Host": "example.com"}
    request = http.Request("GET", "http://x/a?b", headers=headers, client_address=PROXY)
    answer: Any = await router(request)
    assert answer.body == b"http://example.com/a?b"


@pytest.mark.parametrize(
    "prefix", ["//evil.example", "/\\evil.example", "/\t/evil.example", "app", "/a b", "/a?b", ""]
)
@pytest.mark.parametrize("host", ["evil.example/x", "a b", "a@b", "", "[::1", "a:b:c"])
async def test_a_host_or_prefix_that_leads_elsewhere_is_ignored(prefix: str, host: str) -> None:
    fields = {"X-Forwarded-Host": host, "X-Forwarded-Prefix": prefix}
    request = await passed(ProxyHeaders(*TRUSTED, host=True, prefix=True), fields)
    assert (request.host, request.root_path) == ("inside", "")


async def test_the_standard_field_instead() -> None:
    middleware = ProxyHeaders(*TRUSTED, fields="forwarded", host=True)
    nearest = 'For="[2001:db8::1]:4711";Proto=https;host=a.example'
    said = f"for=192.0.2.7;proto=http, {nearest}, for=10.0.0.1"
    request = await passed(middleware, {"Forwarded": said, "X-Forwarded-For": "192.0.2.9"})
    assert request.client_address == ("2001:db8::1", 4711)
    assert (request.scheme, request.host) == ("https", "a.example")
    for said in ("for=_hidden", "for=unknown"):
        request = await passed(middleware, {"Forwarded": said})
        assert request.client_address == PROXY


@pytest.mark.parametrize("said", ['for="192.0.2.1', "192.0.2.1", "for=192.0.2.1;FOR=10.0.0.1", "="])
async def test_a_client_that_spoils_the_standard_field_does_not_pass_for_the_proxy(
    said: str,
) -> None:
    middleware = ProxyHeaders(*TRUSTED, fields="forwarded", host=True)
    request = await passed(middleware, {"Forwarded": f"{said}, for=192.0.2.7;proto=https"})
    assert request.client_address is None
    assert (request.scheme, request.host) == ("http", "inside")


async def test_headers_that_requests_share_are_not_changed() -> None:
    headers = http.Headers({"Host": "inside", "X-Forwarded-Host": "example.com"})

    async def handler(request: http.Request) -> str:
        return request.host

    router = http.Router(middleware=[ProxyHeaders(*TRUSTED, host=True)])
    router.get("/")(handler)
    await router(http.Request("GET", "/", headers=headers, client_address=PROXY))
    assert headers["host"] == "inside"


def test_whom_to_trust_must_be_clear() -> None:
    with pytest.raises(ValueError, match="does not appear to be"):
        ProxyHeaders("localhost")
    with pytest.raises(ValueError, match="host bits"):
        ProxyHeaders("10.0.0.1/8")
    with pytest.raises(ValueError, match="x-forwarded"):
        ProxyHeaders("10.0.0.1", fields="both")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("for=a", [{"for": "a"}]),
        ('for="a;b,c\\"d" ; by=x , FOR=b', [{"for": 'a;b,c"d', "by": "x"}, {"for": "b"}]),
        ("for=a,", [{"for": "a"}]),
        ("", []),
    ],
)
def test_the_standard_field_is_taken_apart(value: str, said: list[dict[str, str]]) -> None:
    assert parse_forwarded(value) == said


@pytest.mark.parametrize("value", ["for=", "for", ";", 'for="a"b', "for=a;For=b"])
def test_a_malformed_standard_field_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match=r"malformed|twice"):
        parse_forwarded(value)


@given(st.text(alphabet='for=",;\\ ab[]:.1', max_size=200))
def test_no_field_makes_it_fail(value: str) -> None:
    async def handler(request: http.Request) -> str:
        return str(request.client_address)

    router = http.Router(middleware=[ProxyHeaders(*TRUSTED, fields="forwarded", host=True)])
    router.get("/")(handler)
    headers = {"Host": "inside", "Forwarded": value.strip()}
    request = http.Request("GET", "/", headers=headers, client_address=PROXY)
    answer = trio.run(router, request)
    assert isinstance(answer, http.Response)
    assert answer.status == 200
