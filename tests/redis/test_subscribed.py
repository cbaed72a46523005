"""What is asked of a server, and what its answers mean, without I/O."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import attrs
import pytest

from trio_helianthus import redis
from trio_helianthus.errors import (
    ConnectionTimedOut,
    RedisError,
    RedisPermissionDenied,
    RedisRedirection,
    RemoteProtocolError,
    redis_error,
)
from trio_helianthus.redis._messages import Kind, Message
from trio_helianthus.redis._subscribed import AGAIN_SECONDS, NAMES_PER_COMMAND, Subscribed
from trio_helianthus.redis._topics import Listener, Topic
from trio_helianthus.wire.resp import Push


class Owner:
    """Takes topics back, as a subscriber does."""

    def __init__(self) -> None:
        self.topics: dict[tuple[Kind, bytes], Topic] = {}
        self.state: Subscribed | None = None

    def drop(self, topic: Topic) -> None:
        if self.topics.get(topic.key) is topic:
            del self.topics[topic.key]
            assert self.state is not None
            self.state.note(topic.key)


@attrs.define(eq=False)
class Scene:
    """A connection, a listener, and what has become of both."""

    owner: Owner = attrs.field(factory=Owner)
    told: list[Any] = attrs.field(factory=list)
    ended: list[Exception] = attrs.field(factory=list)
    moved: list[Topic] = attrs.field(factory=list)
    follows: bool = True
    state: Subscribed = attrs.field(init=False)
    listener: Listener = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        def move(topic: Topic, error: RedisRedirection) -> bool:
            self.moved.append(topic)
            return self.follows

        def encode(command: Any) -> bytes:
            words = [each if isinstance(each, bytes) else each.encode() for each in command]
            return b" ".join(words) + b"\n"

        self.owner.state = self.state = Subscribed(
            self.owner.topics,
            encode=encode,
            make=cast("Callable[..., object]", Message),
            move=move,
            timeouts=redis.Timeouts(health_check=30, answer=10),
            now=100.0,
        )
        self.listener = Listener(self.told.append, self.ended.append)

    def listen(self, name: bytes, kind: Kind = Kind.CHANNEL) -> Topic:
        topic = Topic(kind, name, cast("Any", self.owner))
        topic.listeners[self.listener] = False
        self.owner.topics[topic.key] = topic
        self.state.note(topic.key, is_new=True)
        return topic

    def listen_ready(self, name: bytes, kind: Kind = Kind.CHANNEL) -> Topic:
        topic = self.listen(name, kind)
        self.asked()
        self.state.take(Push([kind.begin.lower().encode(), name, 1]))
        assert topic.ready.is_set()
        return topic

    def asked(self, now: float = 100.0) -> list[bytes]:
        return sorted(self.state.commands(now).splitlines())


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_what_is_wanted_together_is_asked_for_together(scene: Scene) -> None:
    for name in (b"a", b"b"):
        scene.listen(name)
        scene.listen(name, Kind.PATTERN)
    (channels, patterns) = scene.asked()
    assert sorted(channels.split()) == [b"PSUBSCRIBE", b"a", b"b"]
    assert sorted(patterns.split()) == [b"SUBSCRIBE", b"a", b"b"]
    assert scene.asked() == []


def test_many_names_take_several_commands(scene: Scene) -> None:
    for number in range(2 * NAMES_PER_COMMAND + 1):
        scene.listen(b"%d" % number)
    assert sorted(len(line.split()) - 1 for line in scene.asked()) == [
        1,
        NAMES_PER_COMMAND,
        NAMES_PER_COMMAND,
    ]


def test_channels_of_shards_are_asked_for_one_by_one_and_so_given_up(scene: Scene) -> None:
    topics = [scene.listen(name, Kind.SHARD) for name in (b"a", b"b")]
    assert scene.asked() == [b"SSUBSCRIBE a", b"SSUBSCRIBE b"]
    for topic in topics:
        topic.leave(scene.listener)
    assert scene.asked() == [b"SUNSUBSCRIBE a", b"SUNSUBSCRIBE b"]


def test_what_is_left_before_it_was_asked_for_is_not_asked_for(scene: Scene) -> None:
    scene.listen(b"a").leave(scene.listener)
    assert scene.asked() == []


def test_messages_before_the_confirmation_are_for_nobody(scene: Scene) -> None:
    scene.listen(b"a")
    scene.asked()
    scene.state.take(Push([b"message", b"a", b"1"]))
    assert scene.told == []
    scene.state.take(Push([b"subscribe", b"a", 1]))
    scene.state.take(Push([b"message", b"a", b"2"]))
    assert scene.told == [Message(b"a", b"2")]


def test_a_confirmation_is_not_for_who_came_later(scene: Scene) -> None:
    first = scene.listen(b"a")
    assert scene.asked() == [b"SUBSCRIBE a"]
    first.leave(scene.listener)
    assert scene.asked() == [b"UNSUBSCRIBE a"]
    second = scene.listen(b"a")
    assert scene.asked() == [b"SUBSCRIBE a"]
    scene.state.take(Push([b"subscribe", b"a", 1]))
    scene.state.take(Push([b"unsubscribe", b"a", 0]))
    assert not second.ready.is_set()
    scene.state.take(Push([b"subscribe", b"a", 1]))
    assert second.ready.is_set()


def test_who_comes_back_before_it_was_given_up_asks_again(scene: Scene) -> None:
    scene.listen_ready(b"a").leave(scene.listener)
    topic = scene.listen(b"a")
    assert scene.asked() == [b"SUBSCRIBE a"]
    scene.state.take(Push([b"message", b"a", b"old"]))
    assert scene.told == []
    scene.state.take(Push([b"subscribe", b"a", 1]))
    assert topic.ready.is_set()


def test_what_is_refused_together_is_asked_for_one_by_one(scene: Scene) -> None:
    good, bad = scene.listen(b"good"), scene.listen(b"bad")
    scene.asked()
    scene.state.take(redis_error("NOPERM no"))
    assert scene.asked() == [b"SUBSCRIBE bad", b"SUBSCRIBE good"]
    for _ in range(2):  # they were asked for in any order
        if b"good" in scene.state._requests[0].topics:
            scene.state.take(Push([b"subscribe", b"good", 1]))
        else:
            scene.state.take(redis_error("NOPERM no"))
    assert good.refusal is None
    assert good.ready.is_set()
    assert isinstance(bad.refusal, RedisPermissionDenied)
    assert bad.ready.is_set()
    assert scene.ended == []  # it was not listening yet; who asked is told by the topic
    assert list(scene.owner.topics) == [good.key]


def test_what_is_refused_later_ends_who_relied_on_it(scene: Scene) -> None:
    topic = scene.listen_ready(b"a")
    topic.interrupt()
    scene.state.note(topic.key, is_new=True)
    scene.asked()
    scene.state.take(redis_error("NOPERM no"))
    assert [type(each) for each in scene.ended] == [RedisPermissionDenied]


def test_a_refusal_of_what_was_given_up_means_nothing(scene: Scene) -> None:
    scene.listen(b"a").leave(scene.listener)
    topic = scene.listen(b"b")
    scene.asked()
    topic.leave(scene.listener)
    scene.asked()
    scene.state.take(redis_error("NOPERM no"))
    scene.state.take(redis_error("NOPERM no"))  # of UNSUBSCRIBE
    assert scene.asked() == []


def test_a_server_that_cannot_now_is_asked_again(scene: Scene) -> None:
    topic = scene.listen(b"a", Kind.SHARD)
    scene.asked()
    scene.state.take(redis_error("CLUSTERDOWN Hash slot not served"))
    assert scene.asked() == []
    assert scene.state.look_at() == 100.0 + AGAIN_SECONDS
    scene.state.look(100.0 + AGAIN_SECONDS)
    assert scene.asked() == [b"SSUBSCRIBE a"]
    assert isinstance(topic.trouble, RedisError)
    scene.state.take(Push([b"ssubscribe", b"a", 1]))
    assert topic.trouble is None


@pytest.mark.parametrize("follows", [True, False])
def test_a_redirection_is_followed_where_there_is_a_way(scene: Scene, follows: bool) -> None:
    scene.follows = follows
    topic = scene.listen(b"a", Kind.SHARD)
    scene.asked()
    scene.state.take(redis_error("MOVED 1 127.0.0.1:7001"))
    assert scene.moved == [topic]
    assert isinstance(topic.refusal, RedisRedirection) is not follows
    scene.state.look(100.0 + AGAIN_SECONDS)
    assert scene.asked() == ([b"SSUBSCRIBE a"] if follows else [])  # it was not moved away


def test_a_server_that_gives_a_channel_away_is_asked_where_it_is(scene: Scene) -> None:
    topic, other = scene.listen_ready(b"a", Kind.SHARD), scene.listen_ready(b"b", Kind.SHARD)
    scene.state.take(Push([b"sunsubscribe", b"a", 1]))
    assert not topic.ready.is_set()
    assert other.ready.is_set()
    assert scene.listener.gaps == 1
    assert scene.asked() == [b"SSUBSCRIBE a"]


def test_after_silence_there_is_a_ping(scene: Scene) -> None:
    state = scene.state
    assert state.look_at() == 130.0
    state.look(129.0)
    assert scene.asked(129.0) == []
    state.look(130.0)
    assert scene.asked(130.0) == [b"PING"]
    assert state.look_at() == 140.0
    state.heard_at = 131.0
    state.take(b"PONG")
    assert state.look_at() == 161.0


def test_a_server_that_does_not_answer_is_lost(scene: Scene) -> None:
    scene.listen(b"a")
    scene.asked(129.0)
    scene.state.look(138.9)  # it was asked just now, however long it has been silent
    with pytest.raises(ConnectionTimedOut):
        scene.state.look(139.0)


@pytest.mark.parametrize(
    "junk",
    [
        [],
        [[]],
        [None],
        [1, 2],
        [b"message"],
        [b"message", b"a"],
        [b"message", b"a", 1],
        [b"message", b"a", [b"x"]],
        [b"message", [b"a"], b"x"],
        [b"message", b"a", b"x", b"y"],
        [b"pmessage", b"a", b"x"],
        [b"subscribe"],
        [b"subscribe", [b"a"], 1],
        [b"subscribe", None, 1],
        [b"pong", b""],
        b"OK",
        1,
        None,
        {},
    ],
    ids=repr,
)
def test_junk_is_refused(scene: Scene, junk: Any) -> None:
    scene.listen_ready(b"a")
    with pytest.raises(RemoteProtocolError):
        scene.state.take(junk)


def test_an_answer_that_does_not_confirm_is_junk(scene: Scene) -> None:
    scene.listen(b"a")
    scene.asked()
    with pytest.raises(RemoteProtocolError):
        scene.state.take(b"OK")


def test_confirmations_of_what_nobody_asked_for_mean_nothing(scene: Scene) -> None:
    scene.state.take(Push([b"subscribe", b"x", 1]))
    scene.state.take(Push([b"unsubscribe", b"x", 0]))
    scene.state.take(Push([b"invalidate", [b"key"]]))
    assert scene.asked() == []


def test_who_leaves_while_a_message_is_told_disturbs_nobody(scene: Scene) -> None:
    topic = scene.listen_ready(b"a")
    others: list[Any] = []
    leaver = Listener(lambda message: topic.leave(leaver), others.append)
    last = Listener(others.append, others.append)
    topic.listeners = {leaver: True, scene.listener: True, last: True}
    scene.state.take(Push([b"message", b"a", b"1"]))
    scene.state.take(Push([b"message", b"a", b"2"]))
    assert len(scene.told) == len(others) == 2
    assert leaver not in topic.listeners
