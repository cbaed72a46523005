"""What a server's error line becomes."""

from __future__ import annotations

import pytest

from trio_helianthus import errors
from trio_helianthus.errors import RedisError, RedisRedirection, redis_error


@pytest.mark.parametrize(
    ("line", "kind", "code"),
    [
        ("ERR syntax error", RedisError, "ERR"),
        ("WRONGTYPE Operation against a key", errors.RedisWrongType, "WRONGTYPE"),
        ("NOAUTH Authentication required.", errors.RedisAuthenticationError, "NOAUTH"),
        ("WRONGPASS invalid", errors.RedisAuthenticationError, "WRONGPASS"),
        ("NOPERM no", errors.RedisPermissionDenied, "NOPERM"),
        ("NOSCRIPT No matching script.", errors.RedisNoScript, "NOSCRIPT"),
        ("READONLY You can't write", errors.RedisReadOnly, "READONLY"),
        ("OOM command not allowed", errors.RedisOutOfMemory, "OOM"),
        ("LOADING the dataset", errors.RedisUnavailable, "LOADING"),
        ("CLUSTERDOWN Hash slot not served", errors.RedisUnavailable, "CLUSTERDOWN"),
        ("EXECABORT Transaction discarded", errors.RedisExecutionAborted, "EXECABORT"),
        ("BUSYGROUP Consumer Group name", errors.RedisGroupExists, "BUSYGROUP"),
        ("MYOWN from a script", RedisError, "MYOWN"),
        ("Something went wrong", RedisError, ""),
        ("OOM", errors.RedisOutOfMemory, "OOM"),
        ("", RedisError, ""),
        ("A" * 33 + " is no code", RedisError, ""),
    ],
)
def test_the_first_word_chooses_the_class(line: str, kind: type[RedisError], code: str) -> None:
    error = redis_error(line)
    assert type(error) is kind
    assert error.code == code
    assert str(error) == (line or "the server refused the command")


@pytest.mark.parametrize(
    ("line", "slot", "host", "port"),
    [
        ("MOVED 3999 127.0.0.1:6381", 3999, "127.0.0.1", 6381),
        ("ASK 16383 ::1:6381", 16383, "::1", 6381),
        ("MOVED 0 :7000", 0, "", 7000),
        ("MOVED 0 node-7.example:65535", 0, "node-7.example", 65535),
    ],
)
def test_a_redirection_says_where_to(line: str, slot: int, host: str, port: int) -> None:
    error = redis_error(line)
    assert isinstance(error, RedisRedirection)
    assert (error.slot, error.host, error.port) == (slot, host, port)
    assert error.code == line.partition(" ")[0]
    assert str(error) == line


@pytest.mark.parametrize(
    "line",
    [
        "MOVED",
        "MOVED 1",
        "MOVED x 127.0.0.1:1",
        "MOVED 16384 127.0.0.1:1",
        "MOVED -1 127.0.0.1:1",
        "MOVED 1 127.0.0.1",
        "MOVED 1 127.0.0.1:65536",
        "MOVED 1 127.0.0.1:",
        "MOVED 1 127.0.0.1:1 2",
        "ASK \u0663 127.0.0.1:1",
        "MOVED 1 127.0.0.1:" + "9" * 5000,
    ],
)
def test_a_malformed_redirection_is_any_error(line: str) -> None:
    assert type(redis_error(line)) is RedisError


def test_conflicts_and_unknown_outcomes_say_what_they_are_of() -> None:
    assert "INCR" in str(errors.OutcomeUnknown(command="INCR"))
    assert "3 times" in str(errors.TransactionConflict(attempts=3))
