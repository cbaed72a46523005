"""Middleware of one's own, and exception handlers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextvars import ContextVar
from typing import Any

import pytest
import trio

from trio_helianthus import http

from .conftest import Reports, Serve


def marking(mark: str) -> http.Middleware:
    async def middleware(request: http.Request, call_next: http.CallNext) -> http.Response:
        request.state.setdefault("way", []).append(mark)
        response = await call_next(request)
        response.headers.add("Way-Back", mark)
        return response

    return middleware


async def way(request: http.Request) -> str:
    return "".join(request.state.get("way", []))


async def fail(request: http.Request) -> str:
    raise KeyError("planet")


async def refuse(request: http.Request) -> str:
    raise http.HTTPError(403, "no")


async def ask(router: http.Handler, target: str, method: str = "GET") -> http.Response:
    answer = await router(http.Request(method, target, headers={"Host": "example.com"}))
    assert isinstance(answer, http.Response)
    return answer


async def test_the_first_middleware_is_the_outermost() -> None:
    router = http.Router(middleware=[marking("a"), marking("b")])
    router.use(marking("c"))
    group = router.group("/g", middleware=[marking("d")])
    group.get("/x", middleware=[marking("e"), marking("f")])(way)
    group.get("/y")(way)
    answer = await ask(router, "/g/x")
    assert answer.body == b"abcdef"
    assert answer.headers["way-back"] == "f, e, d, c, b, a"
    assert (await ask(router, "/g/y")).body == b"abcd"
    router.use(marking("z"))
    assert (await ask(router, "/g/y")).body == b"abczd"


async def test_a_mounted_router_keeps_its_own_and_gets_those_around_it() -> None:
    inner = http.Router(middleware=[marking("i")])
    inner.get("/x")(way)
    outer = http.Router(middleware=[marking("o")])
    outer.mount("/in", inner)
    assert (await ask(outer, "/in/x")).body == b"oi"
    assert (await ask(inner, "/x")).body == b"i"


@pytest.mark.parametrize(
    ("target", "method", "status", "marks"),
    [
        ("/none", "GET", 404, "o"),
        ("/g/none", "GET", 404, "g, o"),
        ("/g/x", "PUT", 405, "r, g, o"),
        ("/g/x", "OPTIONS", 204, "r, g, o"),
        ("*", "OPTIONS", 204, "o"),
        ("/%ff", "GET", 400, "o"),
        ("/users/7/none", "GET", 404, "u, o"),
        ("/users/x/none", "GET", 404, "o"),
    ],
)
async def test_what_no_handler_answers_has_middleware_too(
    target: str, method: str, status: int, marks: str
) -> None:
    router = http.Router(middleware=[marking("o")])
    router.group("/g", middleware=[marking("g")]).get("/x", middleware=[marking("r")])(way)
    router.group("/users/{id:int}", middleware=[marking("u")]).get("/x")(way)
    answer = await ask(router, target, method)
    assert (answer.status, answer.headers["way-back"]) == (status, marks)


async def test_whatever_is_raised_is_an_answer_to_those_around(reports: Reports) -> None:
    async def raising(request: http.Request, call_next: http.CallNext) -> http.Response:
        await call_next(request)
        raise http.HTTPError(418)

    router = http.Router(middleware=[marking("o")])
    router.get("/refuse")(refuse)
    router.get("/fail")(fail)
    router.get("/teapot", middleware=[marking("in"), raising])(way)
    seen = []

    async def look(request: http.Request, call_next: http.CallNext) -> http.Response:
        response = await call_next(request)
        seen.append(request.state["exception"])
        return response

    router.use(look)
    for target, status in (("/refuse", 403), ("/fail", 500), ("/teapot", 418)):
        answer = await ask(router, target)
        assert (answer.status, "o" in answer.headers["way-back"]) == (status, True)
    assert [type(error) for error in seen] == [http.HTTPError, KeyError, http.HTTPError]
    assert [type(error) for error in reports.errors] == [KeyError]


async def test_a_middleware_that_gives_nothing_is_a_mistake(reports: Reports) -> None:
    async def forgetful(request: http.Request, call_next: http.CallNext) -> None:
        await call_next(request)

    router = http.Router(middleware=[marking("o"), forgetful])  # type: ignore[list-item]
    router.get("/")(way)
    assert (await ask(router, "/")).status == 500
    assert "must return a Response" in str(reports.errors)


async def test_middleware_must_be_async_and_made() -> None:
    def plain(request: http.Request, call_next: http.CallNext) -> http.Response:
        return http.Response()

    with pytest.raises(TypeError, match=r"async def\): plain"):
        http.Router(middleware=[plain])  # type: ignore[list-item]
    with pytest.raises(TypeError, match=r"pass an instance, RequestID\(...\)"):
        http.Router().use(http.middleware.RequestID)  # type: ignore[arg-type]


async def test_a_handler_may_give_the_same_response_again_and_again() -> None:
    shared = http.Response.text("same")

    async def handler(request: http.Request) -> http.Response:
        return shared

    router = http.Router(middleware=[marking("o")])
    router.get("/")(handler)
    for _ in range(2):
        assert (await ask(router, "/")).headers.get_all("way-back") == ["o"]
    assert "way-back" not in shared.headers


async def test_cancellation_passes_and_context_variables_are_seen() -> None:
    user: ContextVar[str] = ContextVar("user")

    async def name_user(request: http.Request, call_next: http.CallNext) -> http.Response:
        user.set("me")
        async with trio.open_nursery():
            return await call_next(request)  # noqa: ASYNC121 - a middleware may do that

    async def handler(request: http.Request) -> str:
        assert user.get() == "me"
        await trio.sleep_forever()
        return ""

    router = http.Router(middleware=[name_user])
    router.get("/")(handler)
    with trio.CancelScope() as scope:
        scope.cancel()
        await ask(router, "/")
    assert scope.cancelled_caught


async def test_streams_pass_untouched() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"a"

    body = pieces()

    async def handler(request: http.Request) -> http.Response:
        return http.Response(body)

    router = http.Router(middleware=[marking("o")])
    router.get("/")(handler)
    assert (await ask(router, "/")).body is body
    await body.aclose()  # type: ignore[attr-defined]


# ---- exception handlers


def telling(text: str) -> http.ErrorHandler:
    async def handler(request: http.Request, error: Exception) -> str:
        return f"{text}: {error}"

    return handler


@pytest.mark.parametrize("middleware", [[], [marking("o")]])
async def test_the_nearest_class_answers(middleware: list[Any], reports: Reports) -> None:
    router = http.Router(middleware=middleware)
    router.get("/fail")(fail)
    router.get("/refuse")(refuse)
    router.exception_handler(LookupError)(telling("lookup"))
    router.exception_handler(Exception)(telling("any"))
    assert str((await router(http.Request("GET", "/fail"))).body) == str(b"lookup: 'planet'")  # type: ignore[union-attr]
    router.exception_handler(KeyError)(telling("key"))
    assert (await ask(router, "/fail")).body == b"key: 'planet'"
    assert reports.errors == []
    answer: Any
    try:
        answer = await router(http.Request("GET", "/refuse"))
    except http.HTTPError as error:
        answer = error
    assert answer.status == 403


async def test_statuses_have_handlers_too(reports: Reports) -> None:
    router = http.Router()
    router.get("/fail")(fail)
    router.get("/refuse")(refuse)
    for status in (404, 405, 500):
        router.exception_handler(status)(telling(str(status)))
    assert (await ask(router, "/none")).body == b"404: 404 Not Found"
    assert (await ask(router, "/fail", "PUT")).body == b"405: 405 Method Not Allowed"
    assert (await ask(router, "/fail")).body == b"500: 'planet'"
    assert [type(error) for error in reports.errors] == [KeyError]
    with pytest.raises(ValueError, match="there is an exception handler for 404"):
        router.exception_handler(404)(telling("again"))
    with pytest.raises(ValueError, match="400 to 599"):
        router.exception_handler(200)
    with pytest.raises(TypeError, match="exception class"):
        router.exception_handler("404")  # type: ignore[arg-type]


async def test_those_of_the_innermost_router_go_first() -> None:
    outer = http.Router()
    outer.exception_handler(KeyError)(telling("outer"))
    outer.exception_handler(403)(telling("outer"))
    inner = outer.group("/in")
    inner.get("/fail")(fail)
    inner.get("/refuse")(refuse)
    inner.exception_handler(LookupError)(telling("inner"))
    assert (await ask(outer, "/in/fail")).body == b"inner: 'planet'"
    assert (await ask(outer, "/in/refuse")).body == b"outer: 403 no"


async def test_an_exception_handler_may_refuse_or_fail_itself(reports: Reports) -> None:
    router = http.Router()
    router.get("/fail")(fail)
    router.get("/refuse")(refuse)

    @router.exception_handler(KeyError)
    async def refusing(request: http.Request, error: KeyError) -> str:
        raise http.HTTPError(404, "no such planet")

    @router.exception_handler(403)
    async def failing(request: http.Request, error: http.HTTPError) -> str:
        raise ValueError("oh")

    assert (await ask(router, "/fail")).status == 404
    assert (await ask(router, "/refuse")).status == 500
    assert [type(error) for error in reports.errors] == [ValueError]


async def test_an_answer_that_comes_out_of_a_nursery_is_the_answer(serve: Serve) -> None:
    async def through(request: http.Request, call_next: http.CallNext) -> http.Response:
        return await call_next(request)

    router = http.Router(middleware=[through])

    @router.get("/")
    async def handler(request: http.Request) -> str:
        async with trio.open_nursery():
            raise http.HTTPError(404, "no such thing")

    server = await serve(router)
    async with http.open_client(server.url) as client:
        answer = await client.get("/")
    assert (answer.status, answer.text) == (404, "no such thing\n")
