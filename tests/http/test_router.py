from __future__ import annotations

import sys
from datetime import date
from typing import Any, Final
from uuid import UUID

import pytest

from trio_helianthus import http
from trio_helianthus.http._route_table import (
    MAX_REMEMBERED,
    MAX_REMEMBERED_LENGTH,
    REMEMBER_EVERY,
)

KEY: Final = UUID("0e984725-c51c-4bf4-9960-e1c80e27aba0")


def answering(text: str) -> http.Handler:
    async def handler(request: http.Request) -> str:
        return f"{text} {dict(request.path_params)}" if request.path_params else text

    return handler


def routed(*patterns: str, methods: tuple[str, ...] = ("GET",)) -> http.Router:
    router = http.Router()
    for pattern in patterns:
        router.route(pattern, methods=methods)(answering(pattern))
    return router


async def ask(router: http.Handler, method: str, target: str) -> Any:
    return await router(http.Request(method, target, headers={"Host": "example.com"}))


async def refusal(router: http.Handler, method: str, target: str) -> http.HTTPError:
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
    router = routed("/files/{name}", "/café", "/50%", "/tree/{rest:path}")
    assert "'a/b c'" in await ask(router, "GET", "/files/a%2Fb%20c")
    assert "'100%'" in await ask(router, "GET", "/files/100%")
    assert await ask(router, "GET", "/caf%C3%A9") == "/café"
    assert await ask(router, "GET", "/50%25") == "/50%"
    assert "'a/b c'" in await ask(router, "GET", "/tree/a%2Fb%20c")
    assert (await refusal(router, "GET", "/files/%ff")).status == 400


async def test_fixed_text_wins_however_it_is_written() -> None:
    router = routed("/users/{name}", "/users/[me]", "/users/é", "/users/a b", "/users/50%")
    for target, pattern in (
        ("/users/[me]", "/users/[me]"),
        ("/users/%5Bme%5D", "/users/[me]"),
        ("/users/%5bm%65]?x", "/users/[me]"),
        ("/users/%C3%A9", "/users/é"),
        ("/users/a%20b", "/users/a b"),
        ("/users/50%25", "/users/50%"),
        ("/users/50%", "/users/50%"),
    ):
        assert await ask(router, "GET", target) == pattern


@pytest.mark.parametrize(
    ("pattern", "target", "value"),
    [
        ("/{x:int}", "/7", 7),
        ("/{x:int}", "/-007", -7),
        ("/{x:int}", "/9223372036854775807", 2**63 - 1),
        ("/{x:float}", "/-51.48", -51.48),
        ("/{x:float}", "/3", 3.0),
        ("/{x:uuid}", "/0e984725-C51C-4bf4-9960-e1c80e27aba0", KEY),
        ("/{x:str}", "/7", "7"),
        ("/{x:path}", "/a/b/", "a/b/"),
        ("/{x:path}", "/", ""),
    ],
)  # fmt: skip
async def test_placeholders_have_types(pattern: str, target: str, value: object) -> None:
    router = http.Router()

    @router.get(pattern)
    async def tell(request: http.Request) -> dict[str, Any]:
        return dict(request.path_params)

    found = (await ask(router, "GET", target))["x"]
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    "target",
    ["/int/", "/int/x", "/int/1.0", "/int/--1", "/int/+1", "/int/1_0", "/int/%D9%A3", "/int/%201",
     "/int/" + "9" * 20, "/int/" + "9" * 60_000,
     "/float/.5", "/float/5.", "/float/1e5", "/float/nan", "/float/inf", "/float/1.2.3", "/float/-",
     "/float/" + "1" * 65,
     "/uuid/0e984725c51c4bf49960e1c80e27aba0", "/uuid/{0e984725-c51c-4bf4-9960-e1c80e27aba0}",
     "/uuid/0e984725-c51c-4bf4-9960-e1c80e27abaz"],
)  # fmt: skip
async def test_what_is_not_of_the_type_is_not_found(target: str) -> None:
    router = routed("/int/{x:int}", "/float/{x:float}", "/uuid/{x:uuid}")
    assert (await refusal(router, "GET", target)).status == 404


async def test_the_most_demanding_type_goes_first_in_whatever_order_they_were_registered() -> None:
    patterns = ["/{x:path}", "/{x}", "/{x:float}", "/{x:int}", "/{x}.txt", "/seven", "/{x:uuid}"]
    for order in (patterns, patterns[::-1]):
        router = routed(*order)
        assert (await ask(router, "GET", "/seven")) == "/seven"
        assert (await ask(router, "GET", "/7.txt")).startswith("/{x}.txt")
        assert (await ask(router, "GET", "/7")).startswith("/{x:int}")
        assert (await ask(router, "GET", "/7.5")).startswith("/{x:float}")
        assert (await ask(router, "GET", f"/{UUID(int=7)}")).startswith("/{x:uuid}")
        assert (await ask(router, "GET", "/eight")).startswith("/{x} ")
        assert (await ask(router, "GET", "/8/9")).startswith("/{x:path}")


@pytest.mark.parametrize(
    ("pattern", "target", "values"),
    [
        ("/{name}.{ext}", "/a.tar.gz", ("a.tar", "gz")),
        ("/{id:int}-{slug}", "/7-a-b", (7, "a-b")),
        ("/{slug}-{id:int}", "/a-b-7", ("a-b", 7)),
        ("/{a:int}x{b:int}.{ext}", "/3x4.png", (3, 4, "png")),
        ("/{year:int}-{slug}-{id:int}", "/2026-a-b-7", (2026, "a-b", 7)),
        ("/v{n:int}", "/v2", (2,)),
        ("/@{name}", "/@me", ("me",)),
        ("/{x}ab{y}", "/ababab", ("ab", "ab")),
        ("/{a}--{b}", "/x---y", ("x-", "y")),
    ],
)
async def test_text_and_placeholders_share_a_segment(
    pattern: str, target: str, values: tuple[object, ...]
) -> None:
    router = http.Router()

    @router.get(pattern, name="it")
    async def tell(request: http.Request) -> dict[str, Any]:
        return dict(request.path_params)

    found = await ask(router, "GET", target)
    assert tuple(found.values()) == values
    assert router.url_for("it", **found) == target


@pytest.mark.parametrize(
    ("pattern", "target"),
    [
        ("/{name}.{ext}", "/a."),
        ("/{name}.{ext}", "/.a"),
        ("/{name}.{ext}", "/a"),
        ("/v{n:int}", "/v"),
        ("/v{n:int}", "/w2"),
        ("/aba{x}aba", "/aba"),
        ("/aba{x}aba", "/abaaba"),
        ("/{a:int}-{b}", "/-"),
    ],
)
async def test_placeholders_in_a_segment_are_never_empty(pattern: str, target: str) -> None:
    assert (await refusal(routed(pattern), "GET", target)).status == 404


async def test_converters_of_ones_own() -> None:
    router = http.Router(converters={"date": http.Converter(date.fromisoformat)})

    @router.group("/diary").get("/{day:date}", name="page")
    async def page(request: http.Request) -> str:
        return f"{request.path_params['day']:%Y}"

    assert await ask(router, "GET", "/diary/2026-11-22") == "2026"
    assert (await refusal(router, "GET", "/diary/2026-11-31")).status == 404
    assert router.url_for("page", day=date(2026, 1, 2)) == "/diary/2026-01-02"
    with pytest.raises(ValueError, match="no converter 'date', there are str, int, uuid"):
        http.Router().get("/{day:date}")


async def test_methods_have_decorators_which_give_the_handler_back() -> None:
    router = http.Router()
    handler = answering("done")
    for register in (router.get, router.post, router.put, router.patch, router.delete):
        assert register("/thing")(handler) is handler
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
        assert await ask(router, method, "/thing") == "done"
    error = await refusal(router, "BREW", "/thing")
    assert error.headers["allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"


async def test_routes_can_be_added_without_decorators() -> None:
    router = http.Router()
    router.add("/thing", answering("got"))
    router.add("/thing", answering("made"), methods=["PUT", "post"], name="make")
    assert await ask(router, "GET", "/thing") == "got"
    assert await ask(router, "POST", "/thing") == "made"


@pytest.mark.parametrize("first", ["HEAD", "GET"])
async def test_head_and_options_of_their_own_go_first(first: str) -> None:
    router = http.Router()
    for method in (first, "GET" if first == "HEAD" else "HEAD", "OPTIONS"):
        router.route("/thing", methods=[method.lower()])(answering(method))
    for method in ("HEAD", "GET", "OPTIONS"):
        assert await ask(router, method, "/thing") == method


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
        ("/{id:}", "no converter ''"),
        ("/{id:integer}", "no converter 'integer', there are str, int"),
        ("/{a}{b}", "need text between them"),
        ("/{key:uuid}-{b}", "where '-' cuts is not clear"),
        ("/{a}.{price:float}", "where '.' cuts is not clear"),
        ("/{rest:path}/more", "nothing can follow a path"),
        ("/x{rest:path}", "fills its segment"),
        ("/{", "not closed"),
        ("/a}", "not opened"),
        ("/{}", "must be an identifier"),
        ("/{two words}", "must be an identifier"),
        ("/{id}/{id}", "comes twice"),
        ("/{id}-{id}", "comes twice"),
    ],
)
def test_a_bad_pattern_says_why(pattern: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        http.Router().get(pattern)


def test_a_route_that_is_taken() -> None:
    router = routed("/users/{id}")
    router.post("/users/{name}")(answering("another method is another route"))
    router.get("/users/{name:int}")(answering("another type is another route"))
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
    with pytest.raises(ValueError, match="'strict' or 'redirect'"):
        http.Router(slashes="loose")  # type: ignore[arg-type]


def test_a_handler_must_be_async() -> None:
    def hello(request: http.Request) -> str:
        return "hello"

    with pytest.raises(TypeError, match=r"async def\): hello"):
        http.Router().get("/")(hello)  # type: ignore[type-var]
    with pytest.raises(TypeError, match=r"async def\): hello"):
        http.Router().mount("/", hello)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="must be an async function"):
        http.Router().get("/")("hello")  # type: ignore[type-var]


async def test_a_router_can_be_the_handler_of_a_route() -> None:
    inner = routed("/a/{name}")
    outer = http.Router()
    outer.get("/a/{rest}")(inner)
    assert await ask(outer, "GET", "/a/b") == "/a/{name} {'rest': 'b', 'name': 'b'}"


async def test_the_slash_at_the_end_is_put_right_where_that_is_wanted() -> None:
    router = http.Router(slashes="redirect")
    router.get("/a")(answering("a"))
    router.get("/b/")(answering("b"))
    router.get("/{any}/c")(answering("c"))
    answer = await ask(router, "GET", "/a/?x=1")
    assert (answer.status, answer.headers["location"]) == (308, "/a?x=1")
    answer = await ask(router, "POST", "/b")
    assert (answer.status, answer.headers["location"]) == (308, "/b/")
    assert (await refusal(router, "GET", "/")).status == 404
    assert (await refusal(router, "GET", "/d/")).status == 404


async def test_a_redirect_never_leads_to_another_host() -> None:
    router = http.Router(slashes="redirect")
    router.get("/{any}/c")(answering("c"))
    router.get("/{any}/{more}/c")(answering("c"))
    assert (await refusal(router, "GET", "//evil.example/c/")).status == 404
    answer = await ask(router, "GET", "/\\evil.example/c/")  # as browsers read it: //evil.example
    assert answer.headers["location"] == "/%5Cevil.example/c"


@pytest.mark.parametrize("query", ["", "?", "?a=1", "?a=/b/c", "?a=%2F", "?a=?"])
async def test_a_query_makes_no_difference_to_the_route(query: str) -> None:
    router = routed("/", "/a", "/users/{id}", "/numbers/{number:int}", "/x/{y}/z")
    for _ in range(2 * REMEMBER_EVERY):
        assert await ask(router, "GET", f"/{query}") == "/"
        assert await ask(router, "GET", f"/a{query}") == "/a"
        assert await ask(router, "GET", f"/users/7{query}") == "/users/{id} {'id': '7'}"
        assert await ask(router, "GET", f"/numbers/7{query}") == (
            "/numbers/{number:int} {'number': 7}"
        )
        assert await ask(router, "GET", f"/x/7/z{query}") == "/x/{y}/z {'y': '7'}"
        assert (await refusal(router, "GET", f"/users/{query}")).status == 404
        assert (await refusal(router, "POST", f"/users/7{query}")).status == 405


def test_the_routes_can_be_listed() -> None:
    router = routed("/a")
    inner = router.group("/users/{user:int}", name="users")
    inner.add("/{thing}", answering("thing"), methods=["PUT", "POST"], name="thing")
    router.mount("/files", answering("files"), name="files")
    assert [(route.pattern, sorted(route.methods), route.name) for route in router.routes] == [
        ("/a", ["GET"], "handler"),
        ("/users/{user:int}/{thing}", ["POST", "PUT"], "users:thing"),
        ("/files", ["*"], ""),
        ("/files/{path:path}", ["*"], "files"),
    ]


async def test_a_path_that_is_asked_for_again_and_again_leads_to_the_same_values() -> None:
    router = http.Router()

    @router.get("/{number:int}")
    async def changing(request: http.Request) -> str:
        params = request.path_params
        assert isinstance(params, dict)
        params["number"] += 1
        return str(params)

    @router.post("/{id}")
    async def other(request: http.Request) -> str:
        return str(request.path_params)

    for _ in range(3 * REMEMBER_EVERY):
        assert await ask(router, "GET", "/7") == "{'number': 8}"
        assert await ask(router, "HEAD", "/7") == "{'number': 8}"
        assert await ask(router, "POST", "/7") == "{'id': '7'}"
        assert (await refusal(router, "PUT", "/7")).headers["allow"] == "GET, HEAD, OPTIONS, POST"


async def test_a_converter_of_ones_own_is_asked_each_time() -> None:
    known = ["mars"]
    router = http.Router(converters={"planet": http.Converter(lambda text: [known.index(text)])})
    router.get("/{planet:planet}")(answering("planet"))
    for _ in range(2 * REMEMBER_EVERY):
        assert await ask(router, "GET", "/mars") == "planet {'planet': [0]}"
    known.clear()
    assert (await refusal(router, "GET", "/mars")).status == 404


async def test_what_is_remembered_of_paths_is_bounded() -> None:
    router = routed("/a", "/items/{id}")
    sizes = set[int]()
    for number in range(2 * MAX_REMEMBERED * REMEMBER_EVERY):
        router(http.Request("GET", f"/items/{number}")).close()  # type: ignore[attr-defined]
        sizes.add(len(router._table._known))  # type: ignore[union-attr]
    assert max(sizes) == MAX_REMEMBERED + 1
    for _ in range(2 * REMEMBER_EVERY):
        await ask(router, "GET", "/items/" + 2 * MAX_REMEMBERED_LENGTH * "x")
    assert max(map(len, router._table._known)) <= MAX_REMEMBERED_LENGTH  # type: ignore[union-attr]


async def test_the_cost_does_not_grow_with_the_number_of_routes() -> None:
    async def calls_to_find_one_of(routes: int) -> int:
        router = routed(*(f"/api/thing{number}/{{id:int}}" for number in range(routes)))
        await ask(router, "GET", "/api/thing0/7")  # makes the tree
        calls = 0

        def count(frame: object, event: str, argument: object) -> None:
            nonlocal calls
            calls += event == "call"

        sys.setprofile(count)
        try:
            await ask(router, "GET", f"/api/thing{routes - 1}/7")
        finally:
            sys.setprofile(None)
        return calls

    assert await calls_to_find_one_of(1) == await calls_to_find_one_of(2000)
