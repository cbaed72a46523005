"""Request ids, hosts, https, careful browsers, passwords, bodies and time."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest
import trio

from trio_helianthus import http
from trio_helianthus.http.middleware import (
    BasicAuth,
    BodyLimit,
    HTTPSRedirect,
    RequestID,
    SecurityHeaders,
    Timeout,
    TrustedHosts,
)

from .conftest import Through


async def hello(request: http.Request) -> str:
    return "hello"


async def read(request: http.Request) -> str:
    return str(len(await request.read()))


# ---- RequestID


async def test_a_request_gets_an_id_that_the_answer_tells(through: Through) -> None:
    async def handler(request: http.Request) -> str:
        return str(request.state["request_id"])

    answer = await through(RequestID(), handler)
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])
    assert answer.body == answer.headers["x-request-id"].encode()
    assert "x-request-id" in (await through(RequestID())).headers  # of the 404


@pytest.mark.parametrize(
    ("given", "kept"),
    [("abc-123", True), ("a" * 128, True), ("a" * 129, False), ("a b", False), ("<x>", False)],
)
async def test_a_sane_id_of_the_client_is_kept(through: Through, given: str, kept: bool) -> None:
    headers = {"X-Request-ID": given}
    answer = await through(RequestID(), hello, headers=headers)
    assert (answer.headers["x-request-id"] == given) is kept
    answer = await through(RequestID(accept=False), hello, headers=headers)
    assert answer.headers["x-request-id"] != given


async def test_an_id_of_the_handler_gives_way(through: Through) -> None:
    async def handler(request: http.Request) -> http.Response:
        return http.Response.text("", headers={"x-request-id": "own", "X-Other": "kept"})

    answer = await through(RequestID(), handler, headers={"X-Request-ID": "abc"})
    assert answer.headers.get_all("x-request-id") == ["abc"]
    assert answer.headers["x-other"] == "kept"
    with pytest.raises(ValueError, match="invalid header name"):
        RequestID(header="X Request")


# ---- TrustedHosts


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("example.com", 200),
        ("EXAMPLE.com:8080", 200),
        ("example.com.", 200),
        ("a.b.example.org", 200),
        ("example.org", 421),
        ("notexample.org", 421),
        ("example.com.evil.example", 421),
        ("[::1]:80", 200),
        ("[::2]", 421),
        ("", 400),
        ("example.com/evil", 400),
        ("evil.example#.example.org", 400),
        ("user@example.com", 400),
    ],
)
async def test_only_our_hosts(through: Through, host: str, status: int) -> None:
    hosts = TrustedHosts("example.com", "*.example.org", "[::1]")
    assert (await through(hosts, hello, headers={"Host": host})).status == status


@pytest.mark.parametrize("hosts", [(), ("*",), ("a*.b",), ("https://a",), ("a:80",), ("",)])
def test_hosts_must_make_sense(hosts: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="host"):
        TrustedHosts(*hosts)


# ---- HTTPSRedirect


async def test_http_leads_to_https(through: Through) -> None:
    answer = await through(HTTPSRedirect(), hello, target="/a%20b?c=d", headers={"Host": "x:80"})
    assert (answer.status, answer.headers["location"]) == (308, "https://x/a%20b?c=d")
    answer = await through(HTTPSRedirect(port=8443), hello, headers={"Host": "[::1]:80"})
    assert answer.headers["location"] == "https://[::1]:8443/"
    assert (await through(HTTPSRedirect(), hello, scheme="https")).status == 200
    assert (await through(HTTPSRedirect(), hello, headers={})).status == 400


# ---- SecurityHeaders


async def test_browsers_are_told_to_be_careful(through: Through) -> None:
    answer = await through(SecurityHeaders(content_security_policy="default-src 'self'"), hello)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'self'"
    assert "strict-transport-security" not in answer.headers
    answer = await through(SecurityHeaders(hsts_subdomains=True), hello, scheme="https")
    assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"


async def test_handlers_and_arguments_know_better(through: Through) -> None:
    async def handler(request: http.Request) -> http.Response:
        return http.Response.text("", headers={"X-Frame-Options": "DENY"})

    headers = SecurityHeaders(extra={"referrer-policy": "", "X-Extra": "1"}, hsts_seconds=0)
    answer = await through(headers, handler, scheme="https")
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["x-extra"] == "1"
    assert not {"referrer-policy", "strict-transport-security"} & {*map(str.lower, answer.headers)}


async def test_https_only_is_never_said_by_http(through: Through) -> None:
    field = "strict-transport-security"
    own = SecurityHeaders(extra={"Strict-Transport-Security": "max-age=5"})
    assert field not in (await through(own, hello)).headers
    assert (await through(own, hello, scheme="https")).headers[field] == "max-age=5"
    none = SecurityHeaders(extra={"Strict-Transport-Security": ""})
    assert field not in (await through(none, hello, scheme="https")).headers
    with pytest.raises(ValueError, match="negative"):
        SecurityHeaders(hsts_seconds=-1)


# ---- BasicAuth


def basic(credentials: bytes) -> dict[str, str]:
    return {"Authorization": "basic " + base64.b64encode(credentials).decode()}


async def test_a_password_lets_in(through: Through) -> None:
    async def handler(request: http.Request) -> str:
        return str(request.state["user"])

    auth = BasicAuth({"jörg": "pass:word"}, realm="club")
    assert (await through(auth, handler, headers=basic("jörg:pass:word".encode()))).body == (
        "jörg".encode()
    )
    for headers in (
        {},
        basic(b"nobody:"),
        basic("jörg:".encode()),
        basic(b"no colon"),
        basic(b"\xff:x"),
        {"Authorization": "Basic !!!"},
        {"Authorization": "Bearer x"},
    ):
        answer = await through(auth, handler, headers=headers)
        assert answer.status == 401
        assert answer.headers["www-authenticate"] == 'Basic realm="club", charset="UTF-8"'


async def test_passwords_may_be_checked_by_a_function(through: Through) -> None:
    auth = BasicAuth(lambda name, password: name == password)
    assert (await through(auth, hello, headers=basic(b"a:a"))).status == 200
    assert (await through(auth, hello, headers=basic(b"a:b"))).status == 401
    with pytest.raises(ValueError, match="quotes"):
        BasicAuth({}, realm='"')
    with pytest.raises(ValueError, match="invalid value"):
        BasicAuth({}, realm="a\nb")


# ---- BodyLimit


async def test_a_body_that_announces_too_much_is_refused_unread(through: Through) -> None:
    assert (await through(BodyLimit(4), read, method="POST", body=b"1234")).body == b"4"
    assert (await through(BodyLimit(4), hello, method="POST", body=b"12345")).status == 413


async def test_a_body_that_announces_nothing_is_refused_when_it_is_too_long(
    through: Through,
) -> None:
    def chunked(*pieces: bytes) -> http.RequestBody:
        left = list(pieces)

        async def receive() -> bytes:
            return left.pop(0) if left else b""

        return http.RequestBody(receive, max_bytes=1000)

    assert (await through(BodyLimit(4), read, body=chunked(b"12", b"34"))).body == b"4"
    assert (await through(BodyLimit(4), read, body=chunked(b"123", b"45"))).status == 413
    with pytest.raises(ValueError, match="negative"):
        BodyLimit(-1)


# ---- Timeout


async def test_a_handler_without_an_answer_is_cancelled(
    through: Through, autojump_clock: trio.testing.MockClock
) -> None:
    deadlines: list[float] = []

    async def sleepy(request: http.Request) -> str:
        deadlines.append(request.deadline)
        await trio.sleep(float(request.target[1:]))
        return "done"

    began = trio.current_time()
    assert (await through(Timeout(5), sleepy, target="/6")).status == 503
    assert trio.current_time() == began + 5
    assert (await through(Timeout(5), sleepy, target="/4")).body == b"done"
    assert deadlines[0] == began + 5
    with pytest.raises(ValueError, match="above 0"):
        Timeout(0)


async def test_a_cancellation_from_outside_is_not_a_timeout(
    through: Through, autojump_clock: trio.testing.MockClock
) -> None:
    async def sleepy(request: http.Request) -> str:
        await trio.sleep_forever()
        return ""

    answer: Any = None
    with trio.move_on_after(1) as scope:
        answer = await through(Timeout(5), sleepy)
    assert (scope.cancelled_caught, answer) == (True, None)
