"""Calls of methods against a real server, in each way that a command can be sent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

import attrs
import pytest

from trio_helianthus import errors, redis
from trio_helianthus.redis._pipelined import QueuedCommands

Way = tuple[str, int, bool]
"""``alone``, ``pipeline``, ``transaction`` or ``lent``; the version of RESP; whether as text."""

ALONE: Final[tuple[Way, ...]] = (
    ("alone", 3, False),
    ("alone", 2, False),
    ("alone", 3, True),
    ("alone", 2, True),
)
TOGETHER: Final[tuple[Way, ...]] = (("pipeline", 3, False), ("transaction", 2, False))
LENT: Final[tuple[Way, ...]] = (("lent", 3, False), ("lent", 2, True))


@attrs.frozen
class Fits:
    """Stands for any answer that passes a check; the check gets the answer as it is."""

    check: Callable[[Any], bool]
    text: str = "as it should be"

    def __repr__(self) -> str:
        return f"<{self.text}>"


@attrs.frozen
class Raises:
    """Stands for an error of the server's, by how it begins."""

    message: str


@attrs.frozen
class Call:
    """A call of a method, and what comes of it."""

    method: str
    args: tuple[Any, ...]
    given: dict[str, Any]
    answer: Any
    before: tuple[Any, ...]
    after: tuple[Any, Any] | None
    ways: tuple[Way, ...]

    def __str__(self) -> str:
        words = [
            *map(shown, self.args),
            *(f"{name}={shown(self.given[name])}" for name in self.given),
        ]
        return f"{self.method}({', '.join(words)})"


def shown(value: Any) -> str:
    """Return a value for the name of a test, which is the same in each process."""
    if isinstance(value, (str, bytes, int, float, list, tuple, dict, type(None))):
        return repr(value)
    return type(value).__name__


def call(
    method: str,
    *args: Any,
    answer: Any,
    before: tuple[Any, ...] = (),
    after: tuple[Any, Any] | None = None,
    ways: tuple[Way, ...] | None = None,
    **given: Any,
) -> Call:
    """Return a call.

    :param before: commands that are run first: text, cut at spaces, or tuples.
    :param after: a command that is run behind it, and what the server answers to it (RESP3, bytes).
    """
    if ways is None:
        can_queue = hasattr(QueuedCommands, method)
        is_stateful = not hasattr(redis.Redis, method)
        ways = LENT if is_stateful else (*ALONE, *(TOGETHER if can_queue else ()))
    return Call(method, args, given, answer, before, after, ways)


def words_of(command: Any) -> tuple[Any, ...]:
    return tuple(command.split(" ")) if isinstance(command, str) else tuple(command)


@asynccontextmanager
async def open_ways(url: str) -> AsyncIterator[dict[Way, redis.Redis[Any]]]:
    """Open a client for each way."""
    async with AsyncExitStack() as stack:
        clients: dict[tuple[int, bool], redis.Redis[Any]] = {}
        for protocol in (3, 2):
            for is_text in (False, True):
                opened = redis.open_client(url, protocol=protocol, decode_responses=is_text)
                clients[protocol, is_text] = await stack.enter_async_context(opened)
        yield {way: clients[way[1:]] for way in (*ALONE, *TOGETHER, *LENT)}


async def check_call(each: Call, clients: dict[Way, redis.Redis[Any]]) -> None:
    """Make a call in all its ways; the server's data is deleted before each of them."""
    control = clients[ALONE[0]]
    for way in each.ways:
        await control.execute("FLUSHALL")
        for command in each.before:
            await control.execute(*words_of(command))
        wanted = as_text(each.answer) if way[2] else each.answer
        found = await ask(each, way, clients[way])
        assert_fits(found, wanted, str(way))
        if each.after is not None:
            command, answer = each.after
            seen = await control.execute(*words_of(command))
            assert_fits(seen, answer, f"{way}, then {command}")


def assert_fits(found: Any, wanted: Any, where: str) -> None:
    if isinstance(wanted, Raises):
        assert isinstance(found, errors.RedisError), f"{where}: {found!r}, not {wanted!r}"
        assert str(found).startswith(wanted.message), f"{where}: {found!r}, not {wanted!r}"
    else:
        assert is_same(found, wanted), f"{where}: {found!r}, not {wanted!r}"


async def ask(each: Call, way: Way, r: redis.Redis[Any]) -> Any:
    """Make a call in one of its ways; an error of the server's is returned."""
    try:
        return await answer_of(each, way, r)
    except errors.RedisError as exc:
        return exc


async def answer_of(each: Call, way: Way, r: redis.Redis[Any]) -> Any:
    kind = way[0]
    if kind == "alone":
        return await getattr(r, each.method)(*each.args, **each.given)
    if kind == "lent":
        async with r.connection() as connection:
            return await getattr(connection, each.method)(*each.args, **each.given)
    pipeline = r.pipeline(transaction=kind == "transaction")
    queued = getattr(pipeline, each.method)(*each.args, **each.given)
    assert queued is pipeline
    (answer,) = await pipeline.execute()
    return answer


def is_same(found: Any, wanted: Any) -> bool:
    """Whether two values are equal, and of the same types all through: ``1`` is not ``True``."""
    if isinstance(wanted, Fits):
        return bool(wanted.check(found))
    if type(found) is not type(wanted):
        return False
    if isinstance(wanted, (list, tuple)):
        return len(found) == len(wanted) and all(map(is_same, found, wanted))
    if isinstance(wanted, dict):
        return list(found) == list(wanted) and all(
            is_same(found[key], wanted[key]) for key in wanted
        )
    if attrs.has(type(wanted)):
        names = [field.name for field in attrs.fields(type(wanted))]
        return all(is_same(getattr(found, name), getattr(wanted, name)) for name in names)
    if isinstance(wanted, float):
        return bool(found == pytest.approx(wanted))
    return bool(found == wanted)


def as_text(value: Any) -> Any:
    """Return what is wanted, with all bytes as text."""
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, (list, tuple, set)):
        return type(value)(as_text(each) for each in value)
    if isinstance(value, dict):
        return {as_text(key): as_text(each) for key, each in value.items()}
    if attrs.has(type(value)) and not isinstance(value, (Fits, Raises)):
        names = [field.name for field in attrs.fields(type(value))]
        return type(value)(**{name: as_text(getattr(value, name)) for name in names})
    return value


SOME_TEXT: Final = Fits(lambda answer: isinstance(answer, (bytes, str)) and len(answer) > 0, "text")
SOME_STR: Final = Fits(lambda answer: isinstance(answer, str) and len(answer) > 0, "str")
SOME_INT: Final = Fits(lambda answer: type(answer) is int and answer >= 0, "a number")
HELP: Final = Fits(
    lambda answer: isinstance(answer, list) and "HELP" in str(answer) and len(answer) > 2, "help"
)
