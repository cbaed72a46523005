"""Routers against a matcher that tries every route in turn, and URLs there and back."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

import trio
from hypothesis import given
from hypothesis import strategies as st

from trio_helianthus import http

SEGMENTS = ["a", "b", "ab", "{p}", "{p:int}", "{p:float}", "{p}.{q}", "a-{p}", "{p:int}-{q}"]
RANKS = {"a-{p}": 1, "{p}.{q}": 2, "{p:int}-{q}": 2, "{p:int}": 3, "{p:float}": 4, "{p}": 5}
REGULAR = {
    "{p}": r"[^/]+",
    "{p:int}": r"-?[0-9]{1,19}",
    "{p:float}": r"-?[0-9]+(\.[0-9]+)?",
    "{p}.{q}": r"[^/]+\.[^/]+",
    "a-{p}": r"a-[^/]+",
    "{p:int}-{q}": r"-?[0-9]{1,19}-[^/]+",
}  # fmt: skip


def numbered(segments: list[str]) -> str:
    """A pattern whose placeholders have a name each: p0, p1, q1."""
    return "".join(
        "/" + segment.replace("{p", f"{{p{depth}").replace("{q", f"{{q{depth}")
        for depth, segment in enumerate(segments)
    )


PIECES = ["a", "b", "ab", "7", "1.5", "a-b", "7-b", "a.b", "", "-3", "3-4.5", "a-4.5"]
patterns = st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=3).map(numbered)
paths = st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map(
    lambda pieces: "/" + "/".join(pieces)
)


async def ask(router: http.Router, path: str) -> http.HandlerResult | int:
    try:
        return await router(http.Request("GET", path))
    except http.HTTPError as error:
        return error.status


def plain(pattern: str) -> list[str]:
    return [re.sub(r"(?<=[pq])\d", "", segment) for segment in pattern[1:].split("/")]


def matches(pattern: str, path: str) -> bool:
    expected, found = plain(pattern), path[1:].split("/")
    return len(expected) == len(found) and all(
        re.fullmatch(REGULAR.get(segment, re.escape(segment)), text)
        for segment, text in zip(expected, found, strict=True)
    )


def weight(pattern: str) -> list[int]:
    return [RANKS.get(segment, 0) for segment in plain(pattern)]


@given(st.lists(patterns, unique=True, max_size=12), st.lists(paths, min_size=1, max_size=8))
def test_a_router_finds_what_trying_every_route_finds(routes: list[str], asked: list[str]) -> None:
    router = http.Router()
    for pattern in routes:
        router.add(pattern, telling(pattern))

    async def scenario() -> None:
        for path in asked:
            fitting = [pattern for pattern in routes if matches(pattern, path)]
            found = await ask(router, path)
            if not fitting:
                assert found == 404
                continue
            assert found in fitting
            assert weight(str(found)) == min(weight(pattern) for pattern in fitting)

    trio.run(scenario)


def telling(pattern: str) -> http.Handler:
    async def handler(request: http.Request) -> str:
        return pattern

    return handler


texts = st.text(min_size=1).filter(
    lambda text: text not in {".", ".."} and text.encode("utf-8", "replace").decode() == text
)
values = {
    "str": texts,
    "int": st.integers(-(10**19) + 1, 10**19 - 1),
    "float": st.floats(-1e40, 1e40).filter(lambda number: number == 0 or abs(number) > 1e-20),
    "uuid": st.uuids(),
    "path": st.text().filter(
        lambda text: (
            not {".", ".."} & set(text.split("/"))
            and text.encode("utf-8", "replace").decode() == text
        )
    ),
}


@given(st.data())
def test_a_url_leads_back_to_its_values(data: st.DataObject) -> None:
    kinds = data.draw(st.lists(st.sampled_from(["str", "int", "float", "uuid"]), max_size=4))
    kinds += data.draw(st.sampled_from([[], ["path"]]))
    pattern = "/é x" + "".join(f"/{{p{place}:{kind}}}" for place, kind in enumerate(kinds))
    given = {f"p{place}": data.draw(values[kind]) for place, kind in enumerate(kinds)}
    router = http.Router()
    found: dict[str, Any] = {}

    @router.get(pattern, name="it")
    async def handler(request: http.Request) -> str:
        found.update(request.path_params)
        return ""

    async def scenario() -> None:
        url = router.url_for("it", **given)
        assert url.isascii()
        assert unquote(url).startswith("/é x")
        await router(http.Request("GET", url))

    trio.run(scenario)
    assert found == given
    assert {name: type(value) for name, value in found.items()} == {
        name: type(value) for name, value in given.items()
    }


@given(st.text(alphabet="ab-.0123456789/{}é%", max_size=30))
def test_no_path_makes_a_router_fail(path: str) -> None:
    router = http.Router(slashes="redirect")
    for pattern in ["/{p}.{q}", "/{p:int}-{q}", "/a-{p}", "/{p:uuid}", "/{p:float}", "/a/{p:path}"]:
        router.add(pattern, telling(pattern))

    answer = trio.run(ask, router, "/" + path)
    assert not isinstance(answer, int) or answer in {400, 404}
