"""Groups, mounts and reverse URLs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from trio_helianthus import http


async def where(request: http.Request) -> dict[str, Any]:
    return {
        "root": request.root_path,
        "path": request.path,
        "target": request.target,
        "params": dict(request.path_params),
    }


async def ask(router: http.Handler, target: str, method: str = "GET") -> Any:
    return await router(http.Request(method, target, headers={"Host": "example.com"}))


async def status(router: http.Handler, target: str, method: str = "GET") -> int:
    with pytest.raises(http.HTTPError) as caught:
        await ask(router, target, method)
    return caught.value.status


async def test_a_group_has_its_prefix_and_its_placeholders() -> None:
    router = http.Router()
    user = router.group("/users/{user:int}")
    user.get("/posts/{post}")(where)
    user.get("/")(where)
    found = await ask(router, "/users/7/posts/x?y")
    assert found["params"] == {"user": 7, "post": "x"}
    assert (found["root"], found["path"]) == ("", "/users/7/posts/x")
    user.get("", name="user")(where)
    for target in ("/users/7/", "/users/7"):
        assert (await ask(router, target))["params"] == {"user": 7}
    assert router.url_for("user", user=7) == "/users/7"
    assert await status(router, "/users/me/posts/x") == 404


async def test_routes_may_be_added_after_the_mount_and_after_the_first_request() -> None:
    inner, outer = http.Router(), http.Router()
    outer.mount("/in", inner)
    assert await status(outer, "/in/a") == 404
    inner.get("/a")(where)
    assert (await ask(outer, "/in/a"))["path"] == "/in/a"
    assert (await ask(inner, "/a"))["path"] == "/a"


async def test_a_router_may_be_mounted_twice() -> None:
    api, router = http.Router(), http.Router()
    api.get("/x", name="x")(where)
    router.mount("/v1", api, name="v1")
    router.mount("/v2", api, name="v2")
    assert (await ask(router, "/v1/x"))["path"] == "/v1/x"
    assert (await ask(router, "/v2/x"))["path"] == "/v2/x"
    assert router.url_for("v2:x") == "/v2/x"
    with pytest.raises(ValueError, match="mounted several times"):
        api.url_for("x")


async def test_methods_are_told_across_mounts() -> None:
    router = http.Router()
    router.get("/a/b")(where)
    router.group("/a").post("/b")(where)
    answer = await ask(router, "/a/b", "OPTIONS")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS, POST"


@pytest.mark.parametrize("prefix", ["/a/", "a", "/a//b", "/{rest:path}", "/a?b"])
def test_a_bad_prefix_says_why(prefix: str) -> None:
    with pytest.raises(ValueError, match=r"slash|'/'|empty|follow|without"):
        http.Router().group(prefix)


def test_a_router_cannot_be_in_itself() -> None:
    outer = http.Router()
    inner = outer.group("/a").group("/b")
    for router in (outer, inner):
        with pytest.raises(ValueError, match="in itself"):
            inner.mount("/c", router)


def test_a_collision_across_mounts_is_found_at_once_and_changes_nothing() -> None:
    outer, inner = http.Router(), http.Router()
    outer.get("/a/b")(where)
    inner.get("/b")(where)
    with pytest.raises(ValueError, match="GET '/a/b' is taken by the route '/a/b'"):
        outer.mount("/a", inner)
    outer.mount("/c", inner)
    outer.get("/c/d")(where)
    with pytest.raises(ValueError, match="GET '/c/d' is taken"):
        inner.get("/d")(where)
    with pytest.raises(ValueError, match="comes twice"):
        outer.group("/{x}").get("/{x}")(where)
    assert len(outer.routes) == 3


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "BREW"])
async def test_another_handler_sees_the_path_below_its_prefix(method: str) -> None:
    router = http.Router()
    router.mount("/legacy/{tenant}", where)
    found = await ask(router, "/legacy/a%20b/c%2Fd/e?q=1", method)
    assert found["root"] == "/legacy/a%20b"
    assert found["target"] == "/c%2Fd/e?q=1"
    assert found["params"] == {"tenant": "a b", "path": "c/d/e"}
    for target in ("/legacy/x", "/legacy/x/"):
        assert (await ask(router, target))["path"] == "/"
    assert await status(router, "/legacy") == 404


async def test_below_a_prefix_the_host_is_still_that_of_the_target() -> None:
    async def tell(request: http.Request) -> str:
        return f"{request.host} {request.path} {request.url}"

    inner, router = http.Router(), http.Router()
    inner.mount("/b", tell)
    router.mount("/a", inner.__call__)
    assert await ask(router, "http://asked/a/b/c?d") == "asked /c http://asked/a/b/c?d"
    assert await ask(router, "/a/b/c?d") == "example.com /c http://example.com/a/b/c?d"


async def test_a_handler_that_is_mounted_in_a_group_sees_what_is_below_both(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.txt").write_text("a")
    inner = http.Router()
    inner.mount("/in", where)
    inner.mount("", where)
    inner.static("/files", tmp_path)
    router = http.Router()
    router.mount("/one", inner, name="one")
    router.group("/two/{x}", name="two").mount("/three", inner)
    for prefix in ("/one", "/two/x/three"):
        for target, root, path in (
            ("/in/a/b", "/in", "/a/b"),
            ("/in", "/in", "/"),
            ("/c", "", "/c"),
        ):
            found = await ask(router, prefix + target)
            assert (found["root"], found["path"]) == (prefix + root, path)
        assert (await ask(router, prefix + "/files/a.txt")).body == b"a"
        assert (await ask(router, prefix + "/files")).headers["location"] == f"{prefix}/files/"
    assert [route.handler for route in inner.routes[:2]] == [where, where]


async def test_a_handler_at_the_root_gets_what_no_route_takes() -> None:
    router = http.Router()
    router.mount("", where)
    router.get("/api")(where)
    assert (await ask(router, "/anything/else"))["params"] == {"path": "anything/else"}
    assert (await ask(router, "/api"))["params"] == {}
    assert (await ask(router, "/api", "POST"))["params"] == {"path": "api"}


async def test_mounted_handlers_nest_and_share_what_middleware_knows() -> None:
    async def note(request: http.Request, call_next: http.CallNext) -> http.Response:
        request.state["user"] = "me"
        return await call_next(request)

    async def inner_handler(request: http.Request) -> dict[str, Any]:
        assert request.state["user"] == "me"
        assert await request.text() == "hello"
        return await where(request)

    inner = http.Router()
    inner.mount("/in", inner_handler)

    async def opaque(request: http.Request) -> http.HandlerResult:
        return await inner(request)

    outer = http.Router(middleware=[note])
    outer.mount("/out", opaque)
    request = http.Request("POST", "http://host/out/in/x", body=b"hello")
    answer = await outer(request)
    assert isinstance(answer, http.Response)
    assert b'"root":"/out/in"' in answer.body  # type: ignore[operator]
    assert request.path == "/out/in/x"


def test_urls_are_made_from_names() -> None:
    router = http.Router()
    router.get("/planets/{name}", name="planet")(where)
    router.get("/files/{rest:path}", name="file")(where)
    router.get("/café/{id:int}")(where)
    assert router.url_for("planet", name="mars") == "/planets/mars"
    assert router.url_for("planet", name="a/b c?#é") == "/planets/a%2Fb%20c%3F%23%C3%A9"
    assert router.url_for("file", rest="a/b c") == "/files/a/b%20c"
    assert router.url_for("where", id=-7) == "/caf%C3%A9/-7"


def test_urls_across_groups_have_all_prefixes() -> None:
    router = http.Router()
    api = router.group("/api", name="api")
    users = api.group("/users/{user:int}")
    users.get("/posts/{post}", name="post")(where)
    router.mount("/files", where, name="files")
    for asked, name in ((router, "api:post"), (api, "post"), (users, "post")):
        assert asked.url_for(name, user=7, post="x") == "/api/users/7/posts/x"
    assert router.url_for("files", path="a/b") == "/files/a/b"


def test_an_absolute_url_is_where_the_client_is() -> None:
    router = http.Router()
    router.get("/a", name="a")(where)
    request = http.Request("GET", "/", headers={"Host": "example.com:8443"})
    request.scheme = "https"
    request.root_path = "/app"
    assert router.url_for("a", request) == "https://example.com:8443/app/a"
    with pytest.raises(http.HTTPError):
        router.url_for("a", http.Request("GET", "/"))


async def test_an_absolute_url_is_the_same_for_a_handler_that_is_mounted() -> None:
    router, inner = http.Router(), http.Router()
    urls = []

    async def link(request: http.Request) -> str:
        urls.append(router.url_for("home", request))
        urls.append(inner.url_for("link", request))
        return ""

    async def opaque(request: http.Request) -> http.HandlerResult:
        return await inner(request)

    router.get("/home", name="home")(where)
    inner.get("/link")(link)
    inner.mount("/deep/{x}", link)
    router.group("/group").mount("/opaque", opaque)
    for target in ("/group/opaque/link", "/group/opaque/deep/1/2"):
        request = http.Request("GET", target, headers={"Host": "host"})
        request.root_path = "/app"
        await router(request)
        assert urls == ["http://host/app/home", "http://host/app/group/opaque/link"]
        urls.clear()


@pytest.mark.parametrize(
    ("params", "complaint"),
    [
        ({}, "needs a value for name, number"),
        ({"name": "x", "number": 1, "more": 2}, "no placeholder more"),
        ({"name": "", "number": 1}, "would not come back"),
        ({"name": "..", "number": 1}, "resolve the dots"),
        ({"name": "\ud800", "number": 1}, "surrogates not allowed"),
        ({"name": "x", "number": 10**19}, "more than 19 digits"),
        ({"name": "x", "number": "one"}, "invalid literal"),
    ],
)
def test_an_url_that_would_not_lead_back_is_refused(params: Any, complaint: str) -> None:
    router = http.Router()
    router.get("/{name}/{number:int}", name="it")(where)
    with pytest.raises(ValueError, match=complaint):
        router.url_for("it", **params)


def test_names_must_be_known() -> None:
    router = http.Router()
    router.get("/a", name="")(where)
    for name in ("x", "", "where"):
        with pytest.raises(LookupError, match=f"no route has the name '{name}'"):
            router.url_for(name)
    router.get("/{a}.{b}", name="file")(where)
    with pytest.raises(ValueError, match="cut elsewhere"):
        router.url_for("file", a="x", b="tar.gz")
    router.get("/all/{rest:path}", name="all")(where)
    with pytest.raises(ValueError, match="resolve the dots"):
        router.url_for("all", rest="a/../../b")


def named(name: str) -> http.Handler:
    async def handler(request: http.Request) -> str:
        return name

    return handler


def test_a_name_that_was_given_belongs_to_one_url() -> None:
    router = http.Router()
    router.get("/users/{user}", name="user")(where)
    router.delete("/users/{user}", name="user")(named("gone"))
    for pattern in ("/people/{user}", "/users/{id}.html", "/users/{user:int}"):
        with pytest.raises(ValueError, match=r"'user' of .* is taken by the route '/users/"):
            router.get(pattern, name="user")(where)
    router.get("/people/{user}")(where)
    assert router.url_for("user", user=7) == "/users/7"
    assert len(router.routes) == 3


def test_the_names_of_groups_count() -> None:
    router = http.Router()
    router.get("/a", name="api:a")(where)
    api = router.group("/api", name="api")
    with pytest.raises(ValueError, match="'api:a' of '/api/a' is taken by the route '/a'"):
        api.get("/a", name="a")(where)
    api.get("/b", name="b")(where)
    router.get("/b", name="b")(where)
    unnamed = router.group("/in")
    with pytest.raises(ValueError, match="'b' of '/in/b' is taken by the route '/b'"):
        unnamed.get("/b", name="b")(where)
    assert (router.url_for("api:b"), router.url_for("b")) == ("/api/b", "/b")


def test_a_name_that_is_taken_is_found_when_routers_are_joined() -> None:
    outer, inner = http.Router(), http.Router()
    outer.get("/a", name="a")(where)
    inner.get("/x", name="x")(where)
    inner.get("/a", name="a")(where)
    with pytest.raises(ValueError, match="'a' of '/in/a' is taken by the route '/a'"):
        outer.mount("/in", inner)
    assert len(outer.routes) == 1
    outer.mount("/in", inner, name="in")
    with pytest.raises(ValueError, match="give the router or group that it is in a name"):
        outer.mount("/in2", inner, name="in")
    outer.mount("/in2", inner, name="in2")
    assert outer.url_for("in2:a") == "/in2/a"


def test_a_route_that_comes_into_a_router_by_two_ways_needs_room_for_both() -> None:
    outer, left, right, inner = (http.Router() for _ in range(4))
    left.mount("", inner)
    right.mount("", inner)
    outer.mount("/left", left)
    outer.mount("/right", right)
    with pytest.raises(ValueError, match="name 'a' of '/right/a' is taken by the route '/left/a'"):
        inner.get("/a", name="a")(where)
    inner.get("/a")(where)
    outer, left, right, inner = (http.Router() for _ in range(4))
    left.mount("", inner)
    right.mount("", inner)
    outer.mount("", left)
    outer.mount("", right)
    with pytest.raises(ValueError, match="GET '/a' is taken by the route '/a'"):
        inner.get("/a")(where)
    assert outer.routes == []


def test_functions_may_share_a_name_which_then_means_nothing() -> None:
    router = http.Router()
    for path in ("/a", "/b"):
        router.get(path)(named(path))
    with pytest.raises(LookupError, match=r"several routes are called 'handler', .*'/a', '/b'"):
        router.url_for("handler")
    router.post("/c", name="handler")(where)
    assert router.url_for("handler") == "/c"


def test_one_handler_may_stand_at_several_paths() -> None:
    router = http.Router()
    for path in ("/", "/index.html", "/{language}/", "/{language}/{page:int}"):
        router.get(path)(where)
    assert router.url_for("where") == "/"
    assert router.url_for("where", language="de") == "/de/"
    assert router.url_for("where", page=2, language="de") == "/de/2"
    with pytest.raises(ValueError, match="no placeholder x"):
        router.url_for("where", x=1)
    tenant = http.Router()
    tenant.mount("/{tenant}", router)
    assert router.url_for("where", tenant="t", language="de") == "/t/de/"


def test_folders_without_a_name_share_one(tmp_path: Path) -> None:
    router = http.Router()
    router.static("/css", tmp_path)
    assert router.url_for("static", path="a") == "/css/a"
    router.static("/js", tmp_path)
    with pytest.raises(LookupError, match="several routes are called 'static'"):
        router.url_for("static", path="a")
    router.static("/img", tmp_path, name="images")
    assert router.url_for("images", path="a") == "/img/a"


def test_urls_are_as_they_are_now() -> None:
    inner, outer, outermost = http.Router(), http.Router(), http.Router()
    inner.get("/a", name="a")(where)
    assert inner.url_for("a") == "/a"
    outer.mount("/in", inner)
    assert inner.url_for("a") == outer.url_for("a") == "/in/a"
    outermost.mount("/out", outer)
    assert inner.url_for("a") == outer.url_for("a") == outermost.url_for("a") == "/out/in/a"
    inner.get("/b", name="b")(where)
    assert outermost.url_for("b") == "/out/in/b"


async def test_a_folder_is_served(tmp_path: Path) -> None:
    (tmp_path / "css").mkdir()
    (tmp_path / "css" / "site.css").write_text("body {}")
    router = http.Router()
    router.static("/static", tmp_path)
    assert router.url_for("static", path="css/site.css") == "/static/css/site.css"
    answer = await ask(router, "/static/css/site.css")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert await status(router, "/static/none.css") == 404
    assert (await ask(router, "/static?x")).headers["location"] == "/static/?x"


@pytest.mark.parametrize(
    ("host", "site"),
    [
        ("example.com", "site"),
        ("EXAMPLE.com.:8000", "site"),
        ("api.example.com", "api"),
        ("a.example.com", "tenant"),
        ("x.a.example.com", "tenant"),
        ("x.api.example.com", "tenant"),
        ("[::1]:80", "address"),
        ("example.org", 421),
        ("notexample.com", 421),
        ("com", 421),
        ("", 400),
        ("a/b", 400),
    ],
)
async def test_each_host_has_its_handler(host: str, site: str | int) -> None:
    def telling(text: str) -> http.Handler:
        async def handler(request: http.Request) -> str:
            return text

        return handler

    handler = http.by_host(
        {
            "Example.com": telling("site"),
            "api.example.com": telling("api"),
            "*.example.com": telling("tenant"),
            "[::1]": telling("address"),
        }
    )
    for bad in ("example.com:80", "http://example.com", "a.*", "", "*."):
        with pytest.raises(ValueError, match="a host is a name"):
            http.by_host({bad: telling("never")})
    request = http.Request("GET", "/", headers={"Host": host})
    if isinstance(site, str):
        assert await handler(request) == site
        return
    with pytest.raises(http.HTTPError) as caught:
        await handler(request)
    assert caught.value.status == site
    router = http.Router()
    router.mount("", http.by_host({"*": telling("all")}))
    if site == 421:
        assert await router(request) == "all"
