from __future__ import annotations

import sys
from typing import Any

import pytest

from trio_helianthus import http


def answering(text: str) -> http.Handler:
    async def handler(request: http.Request) -> str:
        return f"{text} {dict(request.path_params)}" if request.path_params else text

    return handler


def routed(*patterns: str, methods: tuple[str, ...] = ("GET",)) -> http.Router:
    router = http.Router()
    for pattern in patterns:
        router.route(pattern, methods=methods)(answering(pattern))
    return router


async def ask(router: http.Router, method: str, target: str) -> Any:
    return await router(http.Request(method, target))


async def refusal(router: http.Router, method: str, target: str) -> http.HTTPError:
    with pytest.raises(http.HTTPError) as caught:
        await ask(router, method, target)
    return caught.value


async def test_paths_lead_to_their_handlers() -> None:
    router = routed("/", "/a", "/a/", "/a/b", "/users/{id}", "/users/{id}/posts/{post}")
    assert await ask(router, "GET", "/") == "/"
    assert await ask(router, "GET", "/a") == "/a"
    assert await ask(router, "GET", "/a/") == "/a/"
    assert await ask(router, "GET", "/a/b?query=x") == "/a/b"
    assert await ask(router, "GET", "/users/7") == "/users/{id} {'id': '7'}"
    assert "'id': '7', 'post': 'x'" in await ask(router, "GET", "/users/7/posts/x")
    assert await ask(router, "GET", "http://host/a") == "/a"


@pytest.mark.parametrize("target", ["/b", "/users/", "/users", "/users/7/", "//a", "/a//b", "a:1"])
async def test_other_paths_are_not_found(target: str) -> None:
    assert (await refusal(routed("/a", "/users/{id}"), "GET", target)).status == 404


async def test_fixed_segments_go_before_placeholders_and_every_way_is_tried() -> None:
    router = routed("/users/me", "/users/{id}", "/{what}/me/now", "/users/{id}/later")
    assert await ask(router, "GET", "/users/me") == "/users/me"
    assert await ask(router, "GET", "/users/you") == "/users/{id} {'id': 'you'}"
    assert await ask(router, "GET", "/users/me/now") == "/{what}/me/now {'what': 'users'}"
    assert await ask(router, "GET", "/users/me/later") == "/users/{id}/later {'id': 'me'}"


async def test_a_method_is_sought_along_every_way() -> None:
    router = routed("/users/me")
    router.post("/users/{id}")(answering("posted"))
    assert await ask(router, "POST", "/users/me") == "posted {'id': 'me'}"
    error = await refusal(router, "PUT", "/users/me")
    assert (error.status, error.headers["allow"]) == (405, "GET, HEAD, OPTIONS, POST")


async def test_placeholders_are_decoded_after_the_path_was_cut() -> None:
    router = routed("/files/{name}", "/café")
    assert "'a/b c'" in await ask(router, "GET", "/files/a%2Fb%20c")
    assert "'100%'" in await ask(router, "GET", "/files/100%")
    assert await ask(router, "GET", "/caf%C3%A9") == "/café"
    assert (await refusal(router, "GET", "/files/%ff")).status == 400


async def test_methods_have_decorators_which_give_the_handler_back() -> None:
    router = http.Router()
    handler = answering("done")
    for register in (router.get, router.post, router.put, router.patch, router.delete):
        assert register("/thing")(handler) is handler
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
        assert await ask(router, method, "/thing") == "done"
    error = await refusal(router, "BREW", "/thing")
    assert error.headers["allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"


async def test_head_and_options_of_their_own_go_first() -> None:
    router = routed("/thing")
    router.route("/thing", methods=["head", "options"])(answering("own"))
    assert await ask(router, "HEAD", "/thing") == "own"
    assert await ask(router, "OPTIONS", "/thing") == "own"


async def test_options_tells_the_methods() -> None:
    router = routed("/thing")
    router.delete("/other")(answering("gone"))
    answer = await ask(router, "OPTIONS", "/thing")
    assert (answer.status, answer.headers["allow"]) == (204, "GET, HEAD, OPTIONS")
    assert (await ask(router, "OPTIONS", "*")).headers["allow"] == "DELETE, GET, HEAD, OPTIONS"
    assert (await refusal(router, "GET", "*")).status == 404
    assert (await refusal(http.Router(), "OPTIONS", "/nothing")).status == 404


@pytest.mark.parametrize(
    ("pattern", "complaint"),
    [
        ("", "must start with '/'"),
        ("hello", "must start with '/'"),
        ("/a?b=1", "without '\\?'"),
        ("/a#b", "without '#'"),
        ("/a//b", "no empty segment"),
        ("/{id:int}", "typed placeholders are not supported: {id:int}"),
        ("/{id:}", "typed placeholders are not supported"),
        ("/file-{name}", "fills a whole segment"),
        ("/{name}.txt", "fills a whole segment"),
        ("/{a}{b}", "fills a whole segment"),
        ("/{", "fills a whole segment"),
        ("/a}", "fills a whole segment"),
        ("/{}", "must be an identifier"),
        ("/{two words}", "must be an identifier"),
        ("/{id}/{id}", "comes twice"),
    ],
)
def test_a_bad_pattern_says_why(pattern: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        http.Router().get(pattern)


def test_a_route_that_is_taken() -> None:
    router = routed("/users/{id}")
    router.post("/users/{name}")(answering("another method is another route"))
    with pytest.raises(
        ValueError, match=r"GET '/users/{name}' is taken by the route '/users/{id}'"
    ):
        router.get("/users/{name}")(answering("again"))


def test_methods_must_make_sense() -> None:
    router = http.Router()
    with pytest.raises(TypeError, match="list of names"):
        router.route("/", methods="GET")
    with pytest.raises(ValueError, match="at least one"):
        router.route("/", methods=[])
    with pytest.raises(ValueError, match="invalid method"):
        router.route("/", methods=["GE T"])


def test_a_handler_must_be_async() -> None:
    def hello(request: http.Request) -> str:
        return "hello"

    with pytest.raises(TypeError, match=r"async def\): hello"):
        http.Router().get("/")(hello)  # type: ignore[type-var]
    with pytest.raises(TypeError, match="must be an async function"):
        http.Router().get("/")("hello")  # type: ignore[type-var]


async def test_routers_nest_and_objects_may_be_handlers() -> None:
    inner = routed("/a/b")
    outer = http.Router()
    outer.get("/a/{rest}")(inner)
    assert await ask(outer, "GET", "/a/b") == "/a/b"


async def test_the_cost_does_not_grow_with_the_number_of_routes() -> None:
    async def calls_to_find_one_of(routes: int) -> int:
        router = routed(*(f"/api/thing{number}/{{id}}" for number in range(routes)))
        calls = 0

        def count(frame: object, event: str, argument: object) -> None:
            nonlocal calls
            calls += event == "call"

        sys.setprofile(count)
        try:
            await ask(router, "GET", f"/api/thing{routes - 1}/x")
        finally:
            sys.setprofile(None)
        return calls

    assert await calls_to_find_one_of(1) == await calls_to_find_one_of(2000)
