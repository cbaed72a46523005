"""From Python arguments to what is on the wire, and what is refused before anything is sent."""

from __future__ import annotations

import inspect
from datetime import datetime
from typing import Any

import pytest

from tests.redis._cases import CASES, Case, label
from tests.redis._recording import RecordingClient, RecordingQueue, as_words
from tests.redis._samples import sample_arguments
from trio_helianthus import core
from trio_helianthus.redis._bitfield import BitField
from trio_helianthus.redis._commands import Commands, ConnectionCommands
from trio_helianthus.redis._pipelined import QueuedCommands

NAIVE = datetime(2030, 1, 1)  # noqa: DTZ001
MISTAKES: list[tuple[str, tuple[Any, ...], dict[str, Any], type[Exception], str]] = [
    ("delete", (), {}, ValueError, "no names"),
    ("mget", ([],), {}, ValueError, "keys is empty"),
    ("mset", ({},), {}, ValueError, "mapping is empty"),
    ("mset", (["a", 1],), {}, TypeError, "mapping is a mapping, not a list"),
    ("set", ("k", "v", 1, 1), {}, ValueError, "exclude each other"),
    ("set", ("k", "v", 1), {"keepttl": True}, ValueError, "exclude each other"),
    ("set", ("k", "v"), {"nx": True, "xx": True}, ValueError, "exclude each other"),
    ("set", ("k", "v"), {"nx": True, "ifeq": "a"}, ValueError, "exclude each other"),
    ("set", ("k", "v"), {"exat": NAIVE}, ValueError, "time zone"),
    ("getex", ("k", 1), {"persist": True}, ValueError, "exclude each other"),
    ("lcs", ("a", "b"), {"len": True, "idx": True}, ValueError, "exclude each other"),
    ("lcs", ("a", "b"), {"minmatchlen": -1}, ValueError, "at least 0, not -1"),
    ("setrange", ("k", -1, "v"), {}, ValueError, "offset must be at least 0"),
    ("setbit", ("k", 0, 2), {}, ValueError, "value is 0 or 1"),
    ("bitpos", ("k", 2), {}, ValueError, "bit is 0 or 1"),
    ("bitcount", ("k",), {"end": 1}, ValueError, "end needs a start"),
    ("bitcount", ("k", 1), {"mode": "BIT"}, ValueError, "mode needs start and end"),
    ("bitcount", ("k", 1, 2, "BYTES"), {}, ValueError, "mode is one of BYTE, BIT, not 'BYTES'"),
    ("bitfield", ("k", BitField()), {}, ValueError, "nothing to do"),
    ("bitop", ("NOT", "d", "a", "b"), {}, ValueError, "NOT takes one key"),
    ("bitop", ("AND", "d"), {}, ValueError, "no keys"),
    ("expire", ("k", 5), {"nx": True, "gt": True}, ValueError, "nx excludes"),
    ("expire", ("k", 5), {"lt": True, "gt": True}, ValueError, "exclude each other"),
    ("expireat", ("k", NAIVE), {}, ValueError, "time zone"),
    ("migrate", ("h", 1, [], 0, 5), {}, ValueError, "keys is empty"),
    ("migrate", ("h", 1, "a", 0, 5), {"username": "u"}, ValueError, "username needs auth"),
    ("move", ("k", -1), {}, ValueError, "db must be at least 0"),
    ("scan", (0,), {"count": 0}, ValueError, "count must be at least 1"),
    ("sort", ("k", 0), {}, ValueError, "go together"),
    ("sort", ("k",), {"get": "a"}, TypeError, "get is a list, not one str"),
    ("hset", ("h",), {}, ValueError, "no field"),
    ("hset", ("h", "f"), {}, ValueError, "go together"),
    ("hset", ("h",), {"items": ["a"]}, ValueError, "the last field has no value"),
    ("hdel", ("h",), {}, ValueError, "no keys"),
    ("hrandfield", ("h",), {"withvalues": True}, ValueError, "needs a count"),
    ("hsetex", ("h", "f", "v"), {"fnx": True, "fxx": True}, ValueError, "exclude each other"),
    ("httl", ("h",), {}, ValueError, "no fields"),
    ("blpop", ("a", -1), {}, ValueError, "timeout must be at least 0"),
    ("blpop", ([],), {}, ValueError, "keys is empty"),
    ("blmpop", (0, 2, "a"), {"direction": "LEFT"}, ValueError, "args has 1 items, not 2"),
    ("lmove", ("a", "b", "UP"), {}, ValueError, "src is one of LEFT, RIGHT, not 'UP'"),
    ("lpop", ("l", -1), {}, ValueError, "at least 0"),
    ("lpos", ("l", "a", 0), {}, ValueError, "rank counts from 1"),
    ("lpush", ("l",), {}, ValueError, "no values"),
    ("sintercard", (1, "ab"), {}, TypeError, "keys is a list, not one str"),
    ("sintercard", (2, ["a"]), {}, ValueError, "keys has 1 items, not 2"),
    ("sintercard", (1, ["a"], -1), {}, ValueError, "limit must be at least 0"),
    ("zadd", ("z", {}), {}, ValueError, "mapping is empty"),
    ("zadd", ("z", {"a": 1}), {"nx": True, "lt": True}, ValueError, "nx excludes"),
    ("zadd", ("z", {"a": 1, "b": 2}), {"incr": True}, ValueError, "one member"),
    ("zmscore", ("z", "ab"), {}, TypeError, "members is a list"),
    ("zrange", ("z", 0, 1), {"offset": 0, "num": 1}, ValueError, "byscore or bylex"),
    ("zrange", ("z", 0, 1), {"byscore": True, "num": 1}, ValueError, "go together"),
    ("zrange", ("z", 0, 1), {"byscore": True, "bylex": True}, ValueError, "exclude each other"),
    ("zrange", ("z", "-", "+"), {"bylex": True, "withscores": True}, ValueError, "exclude"),
    ("zmpop", (1, ["a"]), {}, ValueError, "either min or max"),
    ("zmpop", (1, ["a"]), {"min": True, "max": True}, ValueError, "either min or max"),
    ("zmpop", (1, ["a"]), {"min": True, "count": 0}, ValueError, "at least 1"),
    ("zunion", ([],), {}, ValueError, "keys is empty"),
    ("zunion", ("ab",), {}, TypeError, "keys is a list"),
    ("zunion", (["a"], "avg"), {}, ValueError, "aggregate is one of"),
    ("xadd", ("s", {}), {}, ValueError, "fields is empty"),
    ("xadd", ("s", {"a": 1}, "*", 5), {"minid": 1}, ValueError, "exclude each other"),
    (
        "xadd",
        ("s", {"a": 1}, "*", 5),
        {"limit": 5, "approximate": False},
        ValueError,
        "limit needs",
    ),
    ("xtrim", ("s",), {}, ValueError, "give maxlen or minid"),
    ("xread", ({},), {}, ValueError, "streams is empty"),
    ("xread", ({"a": 0},), {"block": -1}, ValueError, "block must be at least 0"),
    ("xinfo_stream", ("s",), {"count": 1}, ValueError, "count needs full"),
    ("xclaim", ("s", "g", "c", -1, ["1"]), {}, ValueError, "min_idle_time must be at least 0"),
    ("xclaim", ("s", "g", "c", 0, "1-1"), {}, TypeError, "message_ids is a list"),
    ("geoadd", ("g", (1, 2)), {}, ValueError, "longitude, latitude and member"),
    ("geosearch", ("g",), {"radius": 1}, ValueError, "give member, or"),
    ("geosearch", ("g", "a"), {}, ValueError, "give radius, or"),
    ("geosearch", ("g", "a", 1, 2), {"radius": 1}, ValueError, "give member, or"),
    ("geosearch", ("g", "a"), {"radius": 1, "unit": "AU"}, ValueError, "unit is one of"),
    ("geosearch", ("g", "a"), {"radius": 1, "any": True}, ValueError, "any needs a count"),
    ("geosearch_polygon", ("g", [(0, 0), (1, 1)]), {}, ValueError, "three vertices"),
    ("geosearchstore_polygon", ("d", "g", [(0, 0), (1, 1)]), {}, ValueError, "three vertices"),
    ("geosearch", ("g",), {"longitude": 1, "radius": 1}, ValueError, "go together"),
    ("geosearch", ("g", "a"), {"width": 1}, ValueError, "go together"),
    ("geosearchstore", ("d", "g"), {"longitude": 1, "radius": 1}, ValueError, "go together"),
    ("geosearchstore", ("d", "g", "a"), {"width": 1}, ValueError, "go together"),
    ("geosearchstore", ("d", "g", "a"), {}, ValueError, "give radius, or"),
    ("geosearchstore", ("d", "g"), {"radius": 1}, ValueError, "give member, or"),
    ("zrangestore", ("d", "z", 0, 1), {"offset": 0, "num": 1}, ValueError, "byscore or bylex"),
    *(
        (name, ("s", 2, "k"), {}, ValueError, "only 1 keys and args")
        for name in ("eval_ro", "evalsha", "evalsha_ro", "fcall", "fcall_ro")
    ),
    ("georadius", ("g", 1, 2, 3), {"store": "d", "withdist": True}, ValueError, "not returned"),
    ("pfcount", (), {}, ValueError, "no sources"),
    ("eval", ("return 1", 2, "k"), {}, ValueError, "only 1 keys and args"),
    ("eval", ("return 1", -1), {}, ValueError, "numkeys must be at least 0"),
    ("client_kill_filter", (), {}, ValueError, "say which connections"),
    ("bgsave", (), {"schedule": True, "cancel": True}, ValueError, "exclude each other"),
    ("config_set", ("a", 1, "b"), {}, ValueError, "no value"),
    ("config_get", (), {}, ValueError, "no pattern"),
    ("failover", ("h",), {}, ValueError, "go together"),
    ("failover", (), {"force": True}, ValueError, "force needs"),
    ("failover", ("h", 1), {"abort": True}, ValueError, "stands alone"),
    ("shutdown", (), {"save": True, "nosave": True}, ValueError, "exclude each other"),
    ("shutdown", (), {"abort": True, "now": True}, ValueError, "stands alone"),
    ("replicaof", ("h",), {}, ValueError, "go together"),
    ("acl_genpass", (0,), {}, ValueError, "at least 1"),
    ("commandlog_get", (5, "FAST"), {}, ValueError, "kind is one of"),
    ("command_list", ("m", "c"), {}, ValueError, "exclude each other"),
    ("cluster_addslots", (), {}, ValueError, "no slots"),
    ("cluster_addslotsrange", (1,), {}, ValueError, "slots are pairs"),
    ("cluster_migrateslots", ([], "id"), {}, ValueError, "slots is empty"),
    ("cluster_slot_stats", (), {}, ValueError, "give slots or orderby"),
    ("cluster_slot_stats", ((1, 2),), {"desc": True}, ValueError, "need orderby"),
    ("select", (-1,), {}, ValueError, "index must be at least 0"),
]


@pytest.mark.parametrize("case", CASES, ids=label)
async def test_arguments_become_what_is_on_the_wire(case: Case) -> None:
    name, args, kwargs, wire = case
    client = RecordingClient()
    await getattr(client, name)(*args, **kwargs)
    ((command, sent),) = client.sent
    assert " ".join(as_words(sent)) == wire
    assert sent[: len(command.words)] == command.words


@pytest.mark.parametrize(
    "case", [case for case in CASES if hasattr(QueuedCommands, case[0])], ids=label
)
def test_pipelines_send_the_same(case: Case) -> None:
    name, args, kwargs, wire = case
    queue = RecordingQueue()
    assert getattr(queue, name)(*args, **kwargs) is queue
    ((command, sent),) = queue.sent
    assert " ".join(as_words(sent)) == wire
    assert sent[: len(command.words)] == command.words


@pytest.mark.parametrize("case", MISTAKES, ids=label)
async def test_mistakes_are_told_before_anything_is_sent(
    case: tuple[str, tuple[Any, ...], dict[str, Any], type[Exception], str],
) -> None:
    name, args, kwargs, error, text = case
    client = RecordingClient()
    with pytest.raises(error, match=text.replace("(", r"\(")):
        await getattr(client, name)(*args, **kwargs)
    assert not client.sent


def own_methods(kind: type) -> dict[str, Any]:
    return {
        name: method
        for name, method in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_")
    }


async def test_limits_are_handed_on() -> None:
    client, token = RecordingClient(), core.CancelToken()
    await client.get("k", timeout=1.5, token=token)
    await client.blpop("k", 5, token=token)
    assert client.limits == [(1.5, token), (None, token)]


def test_every_method_takes_its_limits_by_name_and_last() -> None:
    for name, method in own_methods(ConnectionCommands).items():
        parameters = list(inspect.signature(method).parameters.values())
        assert parameters[-1].name == "token", name
        assert parameters[-1].kind is inspect.Parameter.KEYWORD_ONLY, name
        timeout = inspect.signature(method).parameters.get("timeout")
        assert timeout is not None, name


def test_what_can_stand_in_a_pipeline_has_the_same_parameters_there() -> None:
    for name, method in own_methods(QueuedCommands).items():
        known = inspect.signature(getattr(Commands, name)).parameters
        own = inspect.signature(method).parameters
        without = {
            key: each
            for key, each in known.items()
            if key in own or key not in {"timeout", "token"}
        }
        assert list(own.values()) == list(without.values()), name


def test_all_but_one_method_can_stand_in_a_pipeline() -> None:
    assert set(own_methods(Commands)) - set(own_methods(QueuedCommands)) == {"shutdown"}


def test_what_changes_a_connection_is_only_for_those_that_are_lent() -> None:
    assert not hasattr(Commands, "select")
    assert not hasattr(QueuedCommands, "select")
    assert hasattr(ConnectionCommands, "select")


@pytest.mark.parametrize("name", sorted(own_methods(ConnectionCommands)))
def test_every_method_says_what_it_does(name: str) -> None:
    docs = inspect.getdoc(getattr(ConnectionCommands, name)) or ""
    assert docs.partition("\n\n")[0].endswith(".")
    known = set(inspect.signature(getattr(ConnectionCommands, name)).parameters)
    said = {
        line.split(":")[1].removeprefix("param ")
        for line in docs.splitlines()
        if line.startswith(":param")
    }
    assert said <= known


@pytest.mark.parametrize("name", sorted(own_methods(QueuedCommands)))
async def test_each_pipelined_method_sends_what_the_clients_method_sends(name: str) -> None:
    args, given = sample_arguments(name)
    client, queue = RecordingClient(), RecordingQueue()
    await getattr(client, name)(*args, **given)
    assert getattr(queue, name)(*args, **given) is queue
    assert client.sent == queue.sent
    ((command, sent),) = client.sent
    assert sent[: len(command.words)] == command.words
