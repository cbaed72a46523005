"""URLs of servers, and options beside them."""

from __future__ import annotations

import ssl
from typing import Any

import pytest

from trio_helianthus import redis
from trio_helianthus.redis._options import make_options
from trio_helianthus.redis._url import Place, parse_url


@pytest.mark.parametrize(
    ("url", "places"),
    [
        ("redis://", [Place("127.0.0.1", 6379)]),
        ("redis://localhost", [Place("localhost", 6379)]),
        ("valkey://localhost:7000", [Place("localhost", 7000)]),
        ("redis://[::1]", [Place("::1", 6379)]),
        ("redis://[::1]:7000", [Place("::1", 7000)]),
        ("redis://a:1,b,[::1]:3", [Place("a", 1), Place("b", 6379), Place("::1", 3)]),
        ("redis://user:pa%2Fss@host/3", [Place("host", 6379)]),
        ("unix:///run/valkey.sock", [Place("", 0, "/run/valkey.sock")]),
        ("unix:///run/with%20space.sock?db=1", [Place("", 0, "/run/with space.sock")]),
    ],
)
def test_places(url: str, places: list[Place]) -> None:
    assert list(parse_url(url).places) == places


def test_what_a_url_says_besides() -> None:
    said = parse_url("rediss://us%40er:p%3Aw@host/7?client_name=me&protocol=2")
    assert said.is_tls
    assert (said.username, said.password, said.db) == ("us@er", "p:w", 7)
    assert (said.client_name, said.protocol) == ("me", 2)
    said = parse_url("redis://:secret@host")
    assert (said.username, said.password, said.db) == (None, "secret", None)
    said = parse_url("redis://host?username=u&password=p&db=2")
    assert (said.username, said.password, said.db) == ("u", "p", 2)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("localhost:6379", "scheme"),
        ("http://localhost", "scheme must be one of redis, rediss"),
        ("redis://localhost/x", "the database must be a number"),
        ("redis://localhost/-1", "the database must be a number"),
        ("redis://localhost/1/2", "the database must be a number"),
        ("redis://localhost/1?db=1", "twice"),
        ("redis://localhost?db=1&db=2", "twice"),
        ("redis://localhost?ssl=true", "knows client_name, db"),
        ("redis://localhost?protocol=4", "protocol"),
        ("redis://localhost:", "no port"),
        ("redis://localhost:0", "port must not be 0"),
        ("redis://localhost:65536", "the port must be a number"),
        ("redis://localhost:1:2", "brackets"),
        ("redis://[::1", "URL"),
        ("redis://localhost#1", "fragment"),
        ("unix://host/path", "three slashes"),
        ("unix://", "path"),
    ],
)
def test_what_is_no_url(url: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_url(url)


def test_a_mistake_in_a_url_does_not_tell_the_password() -> None:
    with pytest.raises(ValueError, match="port") as caught:
        parse_url("redis://user:geheim@host:nonsense")
    assert "geheim" not in str(caught.value)
    assert "geheim" not in repr(parse_url("redis://user:geheim@host"))


def test_a_url_is_text() -> None:
    with pytest.raises(TypeError, match="must be a str, not bytes"):
        parse_url(b"redis://host")  # type: ignore[arg-type] # that is the mistake


def test_options_win_over_the_url() -> None:
    url = parse_url("redis://u:p@host/1?client_name=one")
    options = make_options(url, {"db": 2, "client_name": "other", "password": "q"})
    assert (options.username, options.password, options.db) == ("u", "q", 2)
    assert options.client_name == "other"
    assert "q" not in repr(options).replace("reconnect", "")


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ({"db": -1}, ValueError, "db"),
        ({"db": "1"}, TypeError, "db"),
        ({"client_name": "two words"}, ValueError, "client_name"),
        ({"client_name": ""}, ValueError, "client_name"),
        ({"protocol": 4}, ValueError, "protocol"),
        ({"connections": 0}, ValueError, "connections"),
        ({"username": "u"}, ValueError, "without a password"),
        ({"timeouts": 5}, TypeError, "timeouts"),
        ({"limits": 5}, TypeError, "limits"),
        ({"engine": "hiredis"}, TypeError, "engine"),
        ({"ssl_context": ssl.create_default_context()}, ValueError, "rediss"),
        ({"unheard_of": 1}, TypeError, "unheard_of"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_options_that_make_no_sense(given: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        redis.open_client("redis://127.0.0.1:1", **given)


async def unused() -> tuple[str | None, str]:
    raise AssertionError


def test_credentials_are_asked_for_or_given() -> None:
    with pytest.raises(ValueError, match="not both"):
        redis.open_client("redis://127.0.0.1:1", credentials=unused, password="x")
    options = make_options(parse_url("redis://u:p@host"), {"credentials": unused})
    assert (options.username, options.password) == (None, None)


@pytest.mark.parametrize("name", ["connect", "answer", "reconnect", "session", "health_check"])
def test_a_time_is_positive(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        redis.Timeouts(**{name: 0})


@pytest.mark.parametrize("name", ["max_in_flight", "max_sessions", "max_items", "max_depth"])
def test_a_limit_is_at_least_one(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        redis.ClientLimits(**{name: 0})
