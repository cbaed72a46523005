from __future__ import annotations

import re
from typing import Any

import pytest

from trio_helianthus import http
from trio_helianthus.http.middleware import CORS

from .conftest import Through

APP = "https://app.example.com"


async def hello(request: http.Request) -> str:
    return "hello"


async def fail(request: http.Request) -> str:
    raise ValueError("oh")


def asking(origin: str | None = APP, **fields: str) -> dict[str, str]:
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    return {"Host": "example.com"} | named | ({} if origin is None else {"Origin": origin})


def preflight(method: str = "PUT", origin: str = APP, **fields: str) -> dict[str, Any]:
    headers = asking(origin, access_control_request_method=method, **fields)
    return {"method": "OPTIONS", "headers": headers}


def cors_fields(answer: http.Response) -> dict[str, str]:
    return {
        name.lower().removeprefix("access-control-"): value
        for name, value in answer.headers.items()
        if name.lower().startswith("access-control-")
    }


async def test_an_allowed_origin_may_read(through: Through) -> None:
    cors = CORS(origins=[APP, "http://other"], expose=["X-Total", "X-Page"], credentials=True)
    answer = await through(cors, hello, headers=asking())
    assert cors_fields(answer) == {
        "allow-origin": APP,
        "allow-credentials": "true",
        "expose-headers": "X-Total, X-Page",
    }
    assert answer.headers["vary"] == "Origin"


@pytest.mark.parametrize("origin", [None, "https://evil.example", "null", APP + ".evil.example"])
async def test_others_may_not_but_caches_learn_that_it_matters(
    through: Through, origin: str | None
) -> None:
    answer = await through(CORS(origins=[APP]), hello, headers=asking(origin))
    assert (answer.status, cors_fields(answer)) == (200, {})
    assert answer.headers["vary"] == "Origin"


@pytest.mark.parametrize("origin", [APP, None])
async def test_every_origin_is_a_star_whoever_asks_so_that_caches_can_keep_it(
    through: Through, origin: str | None
) -> None:
    answer = await through(CORS(origins="*"), hello, headers=asking(origin))
    assert cors_fields(answer) == {"allow-origin": "*"}
    assert "vary" not in answer.headers


async def test_errors_have_the_fields_too(through: Through, reports: Any) -> None:
    cors = CORS(origins=[APP])
    for handler, status in ((fail, 500), (None, 404)):
        answer = await through(cors, handler, headers=asking())
        assert (answer.status, answer.headers["access-control-allow-origin"]) == (status, APP)
    assert len(reports.errors) == 1


async def test_so_do_answers_of_middleware_further_in() -> None:
    async def refuse(request: http.Request, call_next: http.CallNext) -> http.Response:
        raise http.HTTPError(429)

    router = http.Router(middleware=[CORS(origins=[APP]), refuse])
    answer = await router(http.Request("GET", "/", headers=asking()))
    assert isinstance(answer, http.Response)
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (429, APP)


async def test_what_a_handler_says_is_not_said_twice(through: Through) -> None:
    async def handler(request: http.Request) -> http.Response:
        fields = {"Access-Control-Allow-Origin": "*", "Vary": "Accept, origin"}
        return http.Response.text("", headers=fields)

    answer = await through(CORS(origins=[APP]), handler, headers=asking())
    assert answer.headers.get_all("access-control-allow-origin") == [APP]
    assert answer.headers["vary"] == "Accept, origin"


async def test_a_preflight_is_answered_whatever_the_routes_are(through: Through) -> None:
    cors = CORS(origins=[APP], headers=["Authorization"], expose=["X"], max_age=60)
    answer = await through(cors, **preflight("PUT"))
    assert answer.status == 204
    assert cors_fields(answer) == {
        "allow-origin": APP,
        "allow-methods": "DELETE, PATCH, PUT",
        "allow-headers": "Authorization",
        "max-age": "60",
    }
    vary = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
    assert answer.headers["vary"] == vary


async def test_a_preflight_from_elsewhere_is_refused(through: Through) -> None:
    answer = await through(CORS(origins=[APP]), **preflight(origin="https://evil.example"))
    assert (answer.status, cors_fields(answer)) == (403, {})
    assert "Origin" in answer.headers["vary"]


async def test_all_methods_and_headers_are_said_by_name_as_credentials_want_it(
    through: Through,
) -> None:
    cors = CORS(origins=[APP], methods="*", headers="*", credentials=True)
    asked = preflight("BREW", access_control_request_headers="x-a, x-b")
    fields = cors_fields(await through(cors, **asked))
    assert (fields["allow-methods"], fields["allow-headers"]) == ("BREW", "x-a, x-b")
    assert fields["allow-credentials"] == "true"
    assert "allow-headers" not in cors_fields(await through(cors, **preflight("BREW")))


async def test_an_options_request_that_is_no_preflight_goes_on(through: Through) -> None:
    async def own(request: http.Request) -> str:
        return "own"

    router = http.Router(middleware=[CORS(origins=[APP])])
    router.route("/", methods=["OPTIONS"])(own)
    answer = await router(http.Request("OPTIONS", "/", headers=asking()))
    assert isinstance(answer, http.Response)
    assert (answer.body, answer.headers["access-control-allow-origin"]) == (b"own", APP)


@pytest.mark.parametrize(
    "origins", [re.compile(r"https://\w+\.example\.com"), lambda origin: origin == APP]
)
async def test_origins_may_be_a_pattern_or_a_function(through: Through, origins: Any) -> None:
    cors = CORS(origins=origins)
    assert cors_fields(await through(cors, hello, headers=asking()))["allow-origin"] == APP
    for origin in (APP + ".evil.example", "x" + APP):
        assert cors_fields(await through(cors, hello, headers=asking(origin))) == {}


@pytest.mark.parametrize("allowed", [True, False])
async def test_private_networks_are_opened_only_on_demand(through: Through, allowed: bool) -> None:
    cors = CORS(origins=[APP], private_network=allowed)
    asked = preflight(access_control_request_private_network="true")
    assert ("allow-private-network" in cors_fields(await through(cors, **asked))) is allowed


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"origins": "*", "credentials": True}, ValueError),
        ({"origins": ["https://app.example.com/"]}, ValueError),
        ({"origins": ["app.example.com"]}, ValueError),
        ({"origins": ["*"]}, ValueError),
        ({"origins": "https://app.example.com"}, TypeError),
        ({"origins": [], "methods": "PUT"}, TypeError),
        ({"origins": [], "headers": "X"}, TypeError),
        ({"origins": [], "expose": "X"}, TypeError),
        ({"origins": [], "headers": ["X\r\nSet-Cookie: a"]}, ValueError),
    ],
)
def test_dangerous_or_senseless_arguments_are_refused(
    arguments: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        CORS(**arguments)
