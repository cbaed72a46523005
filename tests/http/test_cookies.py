"""Which cookies a client keeps, and where it sends them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from trio_helianthus.http import CookieJar, Request, Response, Router, open_client
from trio_helianthus.http import _public_suffixes as public_suffixes

if TYPE_CHECKING:
    from tests.http.conftest import Serve

NOW = 1_700_000_000.0


class Clock:
    """A wall clock that stands still until it is set."""

    now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def jar(clock: Clock) -> CookieJar:
    return CookieJar(clock=clock)


@pytest.mark.parametrize(
    ("field", "url", "sent"),
    [
        ("a=b", "http://example.org/x/y", "a=b"),
        ("a=b", "http://sub.example.org/x/y", ""),
        ("a=b", "http://example.org/", ""),
        ("a=b; Path=/", "http://example.org/", "a=b"),
        ("a=b; Path=/x", "http://example.org/xy", ""),
        ("a=b; Path=nonsense", "http://example.org/x/", "a=b"),
        ("a=b; Domain=example.org; Path=/", "http://sub.example.org/", "a=b"),
        ("a=b; Domain=.EXAMPLE.org; Path=/", "http://sub.example.org/", "a=b"),
        ("a=b; Domain=other.org; Path=/", "http://other.org/", ""),
        ("a=b; Domain=sub.example.org; Path=/", "http://sub.example.org/", ""),
        ("a=b; Domain=org; Path=/", "http://example.org/", ""),
        ("a=b; Path=/", "https://example.org:8443/", "a=b"),
        ("a=; Path=/", "http://example.org/", "a="),
        ('a="b c"; Path=/', "http://example.org/", 'a="b c"'),
        ("a=gr\xc3\xbc\xc3\x9f; Path=/", "http://example.org/", "a=gr\xc3\xbc\xc3\x9f"),
        ("a", "http://example.org/x/", ""),
        ("=b", "http://example.org/x/", ""),
        ("a=b\x00c", "http://example.org/x/", ""),
        ("a=" + "b" * 4095, "http://example.org/x/", "a=" + "b" * 4095),
        ("a=" + "b" * 4096, "http://example.org/x/", ""),
        ("a=b; Path=/" + "x" * 1024, "http://example.org/x/", "a=b"),
        ("a=b; SameSite=None", "http://example.org/x/", ""),
        ("a=b; SameSite=Lax", "http://example.org/x/", "a=b"),
    ],
)
def test_where_a_cookie_goes(jar: CookieJar, field: str, url: str, sent: str) -> None:
    jar.receive("http://example.org/x/page", field)
    assert jar.header(url) == sent


class TestSecureCookies:
    def test_only_https_sets_and_gets_them(self, jar: CookieJar) -> None:
        assert jar.receive("http://example.org/", "a=b; Secure") is None
        jar.receive("https://example.org/", "a=b; Secure")
        assert jar.header("http://example.org/") == ""
        assert jar.header("https://example.org/") == "a=b"

    def test_an_insecure_one_cannot_take_their_place(self, jar: CookieJar) -> None:
        jar.receive("https://example.org/", "a=good; Secure; Domain=example.org")
        assert jar.receive("http://example.org/", "a=evil") is None
        assert jar.receive("http://sub.example.org/", "a=evil; Domain=example.org") is None
        assert jar.receive("http://example.org/", "b=other") is not None
        assert jar.header("https://example.org/") == "a=good; b=other"

    @pytest.mark.parametrize(
        ("field", "kept"),
        [
            ("__Secure-a=b; Secure", True),
            ("__Secure-a=b", False),
            ("__Host-a=b; Secure; Path=/", True),
            ("__host-a=b; Secure; Path=/; Domain=example.org", False),
            ("__Host-a=b; Secure", False),
            ("__Host-a=b; Path=/", False),
        ],
    )
    def test_prefixes_are_promises(self, jar: CookieJar, field: str, kept: bool) -> None:
        assert (jar.receive("https://example.org/x/", field) is not None) == kept


class TestExpiry:
    def test_a_cookie_expires(self, jar: CookieJar, clock: Clock) -> None:
        jar.receive("http://example.org/", "a=b; Max-Age=10")
        jar.receive("http://example.org/", "c=d")
        clock.now += 9
        assert jar.header("http://example.org/") == "a=b; c=d"
        clock.now += 2
        assert jar.header("http://example.org/") == "c=d"
        assert dict(jar) == {"c": "d"}

    @pytest.mark.parametrize("order", ["Max-Age=0", "Max-Age=-5", "Expires=Thu, 01 Jan 1970 0:0:0"])
    def test_a_server_deletes_one(self, jar: CookieJar, order: str) -> None:
        jar.receive("http://example.org/", "a=b")
        assert jar.receive("http://example.org/", f"a=; {order}") is None
        assert (jar.header("http://example.org/"), jar.size) == ("", 0)

    def test_max_age_comes_first_and_has_an_end(self, jar: CookieJar) -> None:
        url = "http://example.org/"
        cookie = jar.receive(url, "a=b; Max-Age=5; Expires=Thu, 01 Jan 1970 00:00:00 GMT")
        assert cookie is not None
        assert cookie.expires == NOW + 5
        for forever in ("Max-Age=" + "9" * 500, "Expires=Fri, 31 Dec 9999 23:59:59 GMT"):
            cookie = jar.receive(url, f"a=b; {forever}")
            assert cookie is not None
            assert cookie.expires == NOW + 400 * 86400
        for nothing in ("Max-Age=soon", "Expires=tomorrow", "Max-Age=", "Max-Age=1.5"):
            cookie = jar.receive(url, f"a=b; {nothing}")
            assert cookie is not None
            assert cookie.expires is None

    @pytest.mark.parametrize(
        ("date", "day"),
        [
            ("Sun, 06 Nov 1994 08:49:37 GMT", 9075),
            ("Sunday, 06-Nov-94 08:49:37 GMT", 9075),
            ("Sun Nov  6 08:49:37 1994", 9075),
            ("8:49:37 nov-6-94", 9075),
            ("Sun, 06 Nov 1994 24:00:00 GMT", None),
            ("Sun, 31 Feb 1994 08:49:37 GMT", None),
            ("Sun, 06 Nov 1600 08:49:37 GMT", None),
            ("06 Nov 1994", None),
        ],
    )
    def test_dates_as_servers_write_them(self, date: str, day: int | None) -> None:
        jar = CookieJar(clock=lambda: 0.0)
        cookie = jar.receive("http://example.org/", f"a=b; Expires={date}")
        assert cookie is not None
        assert (cookie.expires is None) == (day is None)


class TestPublicSuffixes:
    def test_nobody_sets_a_cookie_for_everybody(self, jar: CookieJar) -> None:
        pytest.importorskip("publicsuffixlist", reason="the list comes with the extra http")
        assert jar.receive("http://shop.co.uk/", "a=b; Domain=co.uk") is None
        assert jar.receive("http://me.github.io/", "a=b; Domain=github.io") is None
        own = jar.receive("http://github.io/", "a=b; Domain=github.io")
        assert own is not None
        assert own.host_only
        with pytest.raises(ValueError, match="public suffix"):
            jar.set("a", "b", domain="co.uk", subdomains=True)

    def test_without_the_list_single_labels_are_known(
        self, jar: CookieJar, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(public_suffixes, "_list", lambda: None)
        assert jar.receive("http://example.com/", "a=b; Domain=com") is None
        assert jar.receive("http://example.com/", "a=b; Domain=example.com") is not None
        local = jar.receive("http://localhost/", "a=b; Domain=localhost")
        assert local is not None
        assert local.host_only

    def test_addresses_have_no_subdomains(self, jar: CookieJar) -> None:
        assert jar.receive("http://10.0.0.1/", "a=b; Domain=0.0.1") is None
        assert jar.receive("http://10.0.0.1/", "a=b; Domain=10.0.0.1") is not None
        assert jar.receive("http://[::1]/", "a=b") is not None
        assert jar.header("http://[::1]/") == "a=b"


class TestTheJar:
    def test_longer_paths_and_older_cookies_come_first(self, jar: CookieJar) -> None:
        for field in ("old=1; Path=/", "deep=2; Path=/a/b", "new=3; Path=/", "old=4; Path=/"):
            jar.receive("http://example.org/", field)
        assert jar.header("http://example.org/a/b") == "deep=2; old=4; new=3"

    def test_the_cookie_used_longest_ago_makes_room(self) -> None:
        jar = CookieJar(max_per_domain=2, max_cookies=3)
        for name in "abc":
            jar.receive("http://example.org/", f"{name}=1; Path=/{name}")
            jar.header("http://example.org/a")
        assert sorted(jar) == ["a", "c"]
        jar.receive("http://example.com/", "d=1")
        jar.receive("http://example.net/", "e=1")
        assert sorted(jar) == ["a", "d", "e"]
        with pytest.raises(ValueError):
            CookieJar(max_cookies=0)

    def test_out_and_in_again(self, jar: CookieJar) -> None:
        jar.receive("https://example.org/x/", "a=b; Max-Age=99; Secure; SameSite=Strict; HttpOnly")
        jar.receive("https://example.org/", "session=1")
        assert [one["name"] for one in jar.dump()] == ["a"]
        stored = json.dumps(jar.dump(session=True))
        twin = CookieJar(clock=lambda: NOW)
        twin.load(json.loads(stored))
        assert twin.cookies() == jar.cookies()
        assert twin.header("https://example.org/x/") == "a=b; session=1"
        with pytest.raises(TypeError):
            twin.load([{"color": "blue"}])

    def test_cookies_of_your_own(self, jar: CookieJar) -> None:
        jar.set("a", "1", domain="Example.org", path="/x")
        jar.set("b", "2", domain="example.org", subdomains=True, secure=True)
        assert jar.header("http://example.org/x") == "a=1"
        assert jar.header("https://sub.example.org/x") == "b=2"
        jar.clear("a")
        assert list(jar) == ["b"]
        jar.clear(domain="example.org")
        assert len(jar) == 0
        bad: list[dict[str, Any]] = [
            {"name": "a b"},
            {"value": "x;y"},
            {"value": "x\r\n"},
            {"path": "relative"},
            {"path": "/;x"},
            {"domain": "not a host"},
        ]
        for one in bad:
            arguments: dict[str, Any] = {"name": "n", "value": "v", "domain": "h"} | one
            with pytest.raises(ValueError):
                jar.set(**arguments)

    def test_as_a_mapping_it_has_the_latest_of_each_name(self, jar: CookieJar) -> None:
        jar.set("a", "1", domain="example.org")
        jar.set("a", "2", domain="example.com")
        assert (jar["a"], jar.get("b"), len(jar), dict(jar)) == ("2", None, 1, {"a": "2"})
        with pytest.raises(KeyError):
            jar["b"]
        assert "2" not in repr(jar.cookies())  # values are secrets


router = Router()


@router.get("/set")
async def set_cookies(request: Request) -> Response:
    return Response(headers=[("Set-Cookie", "a=1; Path=/"), ("Set-Cookie", "b=2; HttpOnly")])


@router.get("/show")
async def show(request: Request) -> str:
    return request.headers.get("cookie", "")


class TestTheClient:
    async def test_cookies_are_kept_and_sent_again(self, serve: Serve) -> None:
        server = await serve(router)
        async with open_client(server.url) as client:
            answer = await client.get("/set")
            assert answer.cookies == {"a": "1", "b": "2"}
            assert dict(client.cookies) == {"a": "1", "b": "2"}
            assert (await client.get("/show")).text == "a=1; b=2"
            async with client.stream("GET", "/show") as response:
                assert await response.read() == b"a=1; b=2"
            client.cookies.clear()
            async with client.stream("GET", "/set"):
                pass
            assert (await client.get("/show")).text == "a=1; b=2"

    async def test_or_not(self, serve: Serve) -> None:
        server = await serve(router)
        async with open_client(server.url, keep_cookies=False, cookies={"mine": "0"}) as client:
            await client.get("/set")
            assert (await client.get("/show")).text == "mine=0"
            async with client.stream("GET", "/set"):
                pass
            assert (await client.get("/show")).text == "mine=0"

    async def test_cookies_of_one_call_stay_with_it(self, serve: Serve) -> None:
        server = await serve(router)
        async with open_client(server.url) as client:
            await client.get("/set")
            once = await client.get("/show", cookies={"c": "3"}, headers={"Cookie": "d=4"})
            assert once.text == "a=1; b=2; c=3; d=4"
            assert (await client.get("/show")).text == "a=1; b=2"
            with pytest.raises(ValueError, match="cannot be sent: 'x'"):
                await client.get("/show", cookies={"x": "1; y=2"})

    async def test_cookies_for_a_domain(self, serve: Serve) -> None:
        async def handler(request: Request) -> Response:
            return Response(headers={"Set-Cookie": "a=1; Domain=localhost"})

        server = await serve(handler)
        async with open_client(server.url.replace("127.0.0.1", "localhost")) as client:
            await client.get("/", timeout=10)
            assert [one.host_only for one in client.cookies.cookies()] == [True]

    async def test_a_jar_is_shared(self, serve: Serve) -> None:
        server = await serve(router)
        jar = CookieJar()
        async with open_client(server.url, cookies=jar) as first:
            await first.get("/set")
        async with open_client(server.url, cookies=jar) as second:
            assert (await second.get("/show")).text == "a=1; b=2"
        with pytest.raises(TypeError, match="base_url"):
            async with open_client(cookies={"for": "whom?"}):
                pass
