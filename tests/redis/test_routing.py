"""Which servers a command is for, and what is made of their answers."""

from __future__ import annotations

from typing import Any

import pytest

from trio_helianthus.errors import (
    LocalProtocolError,
    RedisError,
    RedisExecutionAborted,
    redis_error,
)
from trio_helianthus.redis._command import Command
from trio_helianthus.redis._command_table import COMMANDS
from trio_helianthus.redis._joining import join
from trio_helianthus.redis._routing import (
    Audience,
    Part,
    Step,
    audience_of,
    is_passing,
    known_command,
    redirection,
    slot_of_command,
    slot_of_requests,
    split,
    step_after,
)
from trio_helianthus.redis._slots import slot_of

A, B, C = slot_of("a"), slot_of("b"), slot_of("c")


@pytest.mark.parametrize(
    ("name", "audience"),
    [
        ("GET", Audience.OWNER),
        ("MGET", Audience.OWNER),
        ("PUBLISH", Audience.OWNER),
        ("INFO", Audience.OWNER),
        ("FUNCTION STATS", Audience.OWNER),
        ("DBSIZE", Audience.PRIMARIES),
        ("FLUSHALL", Audience.PRIMARIES),
        ("FUNCTION LOAD", Audience.PRIMARIES),
        ("KEYS", Audience.PRIMARIES),
        ("PING", Audience.PRIMARIES),
        ("RANDOMKEY", Audience.PRIMARIES),
        ("SCRIPT EXISTS", Audience.PRIMARIES),
        ("CONFIG SET", Audience.NODES),
        ("PUBSUB CHANNELS", Audience.NODES),
        ("SCRIPT LOAD", Audience.NODES),
        ("SLOWLOG LEN", Audience.NODES),
    ],
)
def test_commands_have_an_audience(name: str, audience: Audience) -> None:
    assert audience_of(COMMANDS[name]) is audience


def test_a_walk_through_one_server_is_refused() -> None:
    with pytest.raises(LocalProtocolError, match="scan_iter"):
        audience_of(COMMANDS["SCAN"])


def test_a_command_that_was_put_together_without_the_table_is_looked_up() -> None:
    assert known_command(Command("FUNCTION LOAD")) is COMMANDS["FUNCTION LOAD"]
    assert known_command(Command("EVALSHA")) is COMMANDS["EVALSHA"]
    strange = Command("JSON.GET")
    assert known_command(strange) is strange


@pytest.mark.parametrize(
    ("words", "slot"),
    [
        ("GET a", A),
        ("SET a 1 EX 5", A),
        ("TIME", None),
        ("PUBLISH a x", None),
        ("SPUBLISH a x", A),
        ("EVAL return 0", None),
        ("EVAL return 1 a b", A),
        ("EVALSHA abc 2 {a}1 {a}2 x", A),
        ("XREAD COUNT 1 STREAMS {a}1 {a}2 0 0", A),
        ("XGROUP CREATE a g $", A),
        ("SINTERSTORE {a}1 a", A),
        ("SORT a STORE {a}x", A),
        ("JSON.SET a $ 1", A),
        ("SOMETHING", None),
        ("CLUSTER COUNTKEYSINSLOT 77", 77),
        ("CLUSTER GETKEYSINSLOT x 1", None),
        ("CLUSTER KEYSLOT a", None),
        ("CLUSTERSCAN 0-{a}-7", A),
    ],
)
def test_keys_have_a_slot(words: str, slot: int | None) -> None:
    args = words.split()
    names = [name for name in (" ".join(args[:2]), args[0]) if name in COMMANDS]
    command = COMMANDS[names[0]] if names else Command(args[0])
    assert slot_of_command(command, args) == slot


@pytest.mark.parametrize("words", ["SINTER a b", "RENAME a b", "EVAL x 2 a b", "MSETNX a 1 b 2"])
def test_keys_of_several_slots_are_refused(words: str) -> None:
    args = words.split()
    with pytest.raises(LocalProtocolError, match=r"CROSSSLOT: .* 15495.* 3300.*\{tag\}"):
        split(COMMANDS[args[0]], args)


@pytest.mark.parametrize(
    ("args", "parts"),
    [
        (["DEL", "a"], [Part(["DEL", "a"], A)]),
        (
            ["DEL", "a", "b", "{a}x"],
            [Part(("DEL", "a", "{a}x"), A, at=(0, 2)), Part(("DEL", "b"), B, at=(1,))],
        ),
        (["MGET", "a", "{a}x"], [Part(["MGET", "a", "{a}x"], A)]),
        (
            ["MSET", "a", 1, "b", 2],
            [Part(("MSET", "a", 1), A, at=(0,)), Part(("MSET", "b", 2), B, at=(1,))],
        ),
        (
            [b"MSETEX", 2, "a", 1, "b", 2, "EX", 5],
            [
                Part((b"MSETEX", 1, "a", 1, "EX", 5), A, at=(0,)),
                Part((b"MSETEX", 1, "b", 2, "EX", 5), B, at=(1,)),
            ],
        ),
        (["TIME"], [Part(["TIME"])]),
        (["MSET", "a"], [Part(["MSET", "a"], A)]),  # the server says what is wrong
    ],
    ids=str,
)
def test_commands_are_split(args: list[Any], parts: list[Part]) -> None:
    name = args[0] if isinstance(args[0], str) else args[0].decode()
    assert split(COMMANDS[name], args) == parts


def test_all_or_nothing_is_not_split() -> None:
    with pytest.raises(LocalProtocolError, match="CROSSSLOT"):
        split(COMMANDS["MSETEX"], ["MSETEX", "2", "a", 1, "b", 2, "NX"])


@pytest.mark.parametrize("args", [["MSETEX"], ["MSETEX", "x"], ["MSETEX", "9", "a", "1"]], ids=str)
def test_a_wrong_number_of_keys_is_refused(args: list[str]) -> None:
    with pytest.raises(ValueError, match="MSETEX announces"):
        split(COMMANDS["MSETEX"], args)


def requests(*lines: str) -> list[Any]:
    return [(Command(line.split()[0]), line.split()) for line in lines]


def test_a_transaction_has_one_slot() -> None:
    assert slot_of_requests(requests("SET a 1", "PING", "INCR {a}x")) == A
    assert slot_of_requests(requests("TIME")) is None
    with pytest.raises(LocalProtocolError, match="CROSSSLOT: the keys of a transaction"):
        slot_of_requests(requests("SET a 1", "SET b 1"))
    with pytest.raises(LocalProtocolError, match="FLUSHALL is for several nodes"):
        slot_of_requests(requests("SET a 1", "FLUSHALL"))


@pytest.mark.parametrize(
    ("line", "step"),
    [
        ("MOVED 1 h:1", Step.MOVED),
        ("ASK 1 h:1", Step.ASK),
        ("TRYAGAIN Multiple keys request during rehashing of slot", Step.WAIT),
        ("CLUSTERDOWN The cluster is down", Step.LOOK),
        ("CLUSTERDOWN Hash slot not served", Step.LOOK),
        ("LOADING x", Step.LOOK),
        ("MASTERDOWN x", Step.LOOK),
        ("READONLY You can't write against a read only replica.", Step.LOOK),
        (
            "UNBLOCKED force unblock from blocking operation, instance state changed (...)",
            Step.LOOK,
        ),
        ("UNBLOCKED client unblocked via CLIENT UNBLOCK", Step.GIVE_UP),
        ("BUSY x", Step.GIVE_UP),
        ("NOREPLICAS x", Step.GIVE_UP),
        ("ERR x", Step.GIVE_UP),
        ("WRONGTYPE x", Step.GIVE_UP),
        ("CROSSSLOT x", Step.GIVE_UP),
    ],
)
def test_what_follows_a_refusal(line: str, step: Step) -> None:
    error = redis_error(line)
    assert step_after(error) is step
    assert is_passing(error) is (step is not Step.GIVE_UP)
    aborted = RedisExecutionAborted("EXECABORT x", code="EXECABORT")
    aborted.__cause__ = error
    assert step_after(aborted) is step
    if step is Step.MOVED:
        assert redirection(aborted) is redirection(error) is error


def test_what_is_no_refusal_is_not_followed() -> None:
    assert step_after(None) is step_after(ValueError()) is Step.GIVE_UP
    assert step_after(RedisExecutionAborted()) is Step.GIVE_UP
    assert not is_passing(b"MOVED")


ERROR = redis_error("ERR x")


@pytest.mark.parametrize(
    ("name", "answers", "joined"),
    [
        ("DBSIZE", [1, 2, 3], 6),
        ("DEL", [1, 0], 1),
        ("FLUSHALL", [b"OK", b"OK"], b"OK"),
        ("PING", [b"PONG", b"PONG"], b"PONG"),
        ("KEYS", [[b"a"], [], [b"b"]], [b"a", b"b"]),
        ("SCRIPT EXISTS", [[1, 0, 1], [1, 1, 0]], [1, 0, 0]),
        ("RANDOMKEY", [None, b"a", None], b"a"),
        ("RANDOMKEY", [None, None], None),
        ("PUBSUB CHANNELS", [[b"a", b"b"], [b"b"]], [b"a", b"b"]),
        ("PUBSUB NUMSUB", [[b"a", 1, b"b", 0], {b"a": 2, b"b": 0}], [b"a", 3, b"b", 0]),
        ("PUBSUB NUMPAT", [1, 2], 3),
        ("SLOWLOG GET", [[[1]], [[2]]], [[1], [2]]),
        ("SCRIPT KILL", [ERROR, b"OK"], b"OK"),
        ("FLUSHALL", [b"OK", ERROR], ERROR),
        ("SCRIPT KILL", [ERROR, ERROR], ERROR),
        ("DBSIZE", [5], 5),
        ("CLUSTER SLOT-STATS", [[1], [2]], [1, 2]),
        ("SOMETHING", [{1: 2}, {3: 4}], {1: 2, 3: 4}),
        ("SOMETHING", [1, b"x"], [1, b"x"]),
    ],
    ids=str,
)
def test_answers_are_joined(name: str, answers: list[Any], joined: Any) -> None:
    command = COMMANDS.get(name, Command(name))
    assert join(command, [Part(()) for _ in answers], answers) == joined


def test_values_stand_in_the_order_of_their_keys() -> None:
    parts = split(COMMANDS["MGET"], ["MGET", "a", "b", "{a}x", "c"])
    assert join(COMMANDS["MGET"], parts, [[1, 3], [2], [4]]) == [1, 2, 3, 4]
    assert join(COMMANDS["MGET"], parts, [[1, 3], ERROR, [4]]) is ERROR


def test_an_error_says_how_many_have_failed() -> None:
    error = join(COMMANDS["FLUSHALL"], [Part(())] * 2, [b"OK", redis_error("ERR no")])
    assert isinstance(error, RedisError)
    assert error.__notes__ == ["1 of 2 servers have refused FLUSHALL"]
