"""The keys that we find, and those that the server finds."""

from __future__ import annotations

import random
from typing import Any

import pytest

from scripts.redis_generator.project import pinned_commands
from tests.redis._cases import CASES, Case, label
from tests.redis._recording import RecordingClient
from trio_helianthus import errors, redis, testing
from trio_helianthus.redis._command import Command
from trio_helianthus.redis._command_table import COMMANDS
from trio_helianthus.redis._keys import keys_of

PINNED = pinned_commands()["commands"]
# Channels of shards and cursors have slots, though they are no keys: the server tells of none.
HASHED = {"CLUSTERSCAN", "SPUBLISH", "SSUBSCRIBE", "SUNSUBSCRIBE"}
ROUNDS = 12


def written(argument: dict[str, Any], chance: random.Random) -> list[str]:
    """Write an argument as the server's description has it."""
    flags = argument.get("flags", ())
    if "optional" in flags and chance.random() < 0.5:
        return []
    words: list[str] = []
    token = argument.get("token")
    times = chance.randint(1, 3) if "multiple" in flags else 1
    for n in range(times):
        if token is not None and (n == 0 or "multiple_token" in flags):
            words.append(token)
        words += plain(argument, chance)
    return words


def plain(argument: dict[str, Any], chance: random.Random) -> list[str]:
    match argument["type"]:
        case "oneof":
            return written(chance.choice(argument["arguments"]), chance)
        case "block":
            return [word for each in argument["arguments"] for word in written(each, chance)]
        case "pure-token":
            return []
        case "integer" | "double" | "unix-time":
            return [str(chance.randint(1, 9))]
        case kind:
            return [f"{kind}{chance.randint(1, 99)}"]


def sample(name: str, chance: random.Random) -> list[str]:
    """Write a command that the server may take, its numbers of keys being right."""
    words = name.split()
    arguments = PINNED[name]["arguments"]
    for at, argument in enumerate(arguments):
        if argument["name"].startswith("numkeys"):
            keys = written({**arguments[at + 1], "flags": ["multiple"]}, chance)
            step = 2 if arguments[at + 1]["type"] == "block" else 1
            words += [str(len(keys) // step), *keys]
        elif at and arguments[at - 1]["name"].startswith("numkeys"):
            continue
        else:
            words += written(argument, chance)
    return words


async def keys_by_server(r: redis.Redis[bytes], words: list[Any]) -> list[bytes] | None:
    """Return the keys that the server finds; ``None`` if it does not take the command."""
    try:
        return await r.command_getkeys(*words)
    except errors.RedisError as exc:
        if "no key arguments" in exc.message:
            return []
        if "Invalid" in exc.message:
            return None
        raise


def as_bytes(keys: list[Any]) -> list[bytes]:
    return [key if isinstance(key, bytes) else str(key).encode() for key in keys]


WITH_KEYS = sorted(
    name for name, command in COMMANDS.items() if command.keys and name not in HASHED
)


@pytest.mark.parametrize("name", WITH_KEYS)
async def test_any_command_has_the_keys_that_the_server_finds(
    name: str, plain_server: testing.RedisServer
) -> None:
    chance = random.Random(name)
    taken = 0
    async with redis.open_client(plain_server.url) as r:
        for _ in range(ROUNDS):
            words = sample(name, chance)
            wanted = await keys_by_server(r, words)
            if wanted is not None:
                taken += 1
                assert sorted(as_bytes(keys_of(COMMANDS[name], words))) == sorted(wanted), words
    assert taken, "the server has taken none of them"


@pytest.mark.parametrize(
    "case", [case for case in CASES if not case[0].startswith("sentinel")], ids=label
)
async def test_requests_have_the_keys_that_the_server_finds(
    case: Case, plain_server: testing.RedisServer
) -> None:
    client = RecordingClient()
    await getattr(client, case[0])(*case[1], **case[2])
    command: Command
    ((command, args),) = client.sent
    async with redis.open_client(plain_server.url) as r:
        wanted = await keys_by_server(r, list(args))
    assert wanted is not None
    assert sorted(as_bytes(keys_of(command, args))) == sorted(wanted)
