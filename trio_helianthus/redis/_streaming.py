"""What of the client is made of streams: consumers, trimming, dead letters."""

from __future__ import annotations

import os
import secrets
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from trio_helianthus.core import limit, operation

from ._command_runner import CommandRunner
from ._command_table import COMMANDS
from ._consumer import StreamConsumer, T
from ._consumer_options import ConsumerOptions
from ._consuming import Consuming
from ._recipe_keys import bytes_of, tagged_key
from ._recipe_numbers import check_count, check_span
from ._scripts import Script
from ._stream_group import StreamGroup
from ._stream_scripts import REQUEUE, TRIM

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from trio_helianthus.core import CancelToken

    from ._backend import Backend
    from ._values import Key

_XADD: Final = COMMANDS["XADD"]
_DEAD_WORDS: Final = 12
"""What a consumer puts behind the fields of a dead letter."""
_MOST_REQUEUED: Final = 1000


class StreamOperations(CommandRunner[T]):
    """What of the client consumes streams."""

    _backend: Backend
    _is_text: bool

    @asynccontextmanager
    async def consumer(
        self,
        *streams: Key,
        group: Key,
        name: Key | None = None,
        start: str = "0",
        create: bool = True,
        batch: int = 100,
        max_items: int = 1000,
        block: float = 5.0,
        claim_idle: float = 60.0,
        retry_delay: float | None = None,
        max_deliveries: int | None = 5,
        dead_letters: Key | None = None,
        max_dead_letters: int = 100_000,
        forget_after: float = 86_400.0,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> AsyncIterator[StreamConsumer[T]]:
        """Consume streams as one of a group: each entry goes to one of its consumers.

        ::

            async with r.consumer("orders", group="billing") as consumer:
                async for entry in consumer:
                    async with entry:
                        await bill(entry.fields)

        Every entry is worked on **at least once**. What a consumer has not acknowledged when it
        dies is claimed by another one after ``claim_idle`` seconds; what is worked on for longer
        than that is kept from it in the background. An entry that was handed out
        ``max_deliveries`` times, and failed, goes to the dead letters, with the reason.

        Entries are fetched ahead, up to ``max_items``, and acknowledged together in the background;
        leaving the context waits for that, up to 2 s, and gives back what was not settled.

        :param streams: keys; in a cluster they may be anywhere.
        :param group: the group's name.
        :param name: the consumer's, which nobody else of the group must use at the same time. One
            that has the name of an earlier one begins with what that had not acknowledged.
            ``None``: a new one, forgotten by the group at the end, or after ``forget_after`` if
            something that it gave back waits under its name.
        :param start: where a group that is made now begins: ``"0"``, the first entry that there
            is, ``"$"``, what is added from now on, or an ID.
        :param create: make group and stream where they are missing, also when somebody deletes
            them meanwhile.
        :param batch: how many entries one request asks for.
        :param max_items: how many are held: fetched, and not yet known to the server as settled.
        :param block: seconds for which one request waits for entries.
        :param claim_idle: after how many seconds without a sign of its consumer an entry is
            claimed by another one, at least 0.1. All of a group should have the same.
        :param retry_delay: in how many seconds what has failed is handed out again; ``None`` means
            ``claim_idle``, which is also the most.
        :param max_deliveries: how often an entry is handed out; ``None``: for ever.
        :param dead_letters: the stream that takes what failed for the last time; ``None`` means
            ``dead:{stream}``, which is in the same slot of a cluster, as it has to be.
        :param max_dead_letters: about how many are kept there; the oldest go first.
        :param forget_after: after how many seconds without a sign a consumer that has nothing
            pending is forgotten by the group.
        :param timeout: seconds for making the group.
        :param token: cancels making the group.
        :raises ValueError: there is no stream, or a number makes no sense.
        :raises LocalProtocolError: ``dead_letters`` and a stream are in two slots of a cluster.
        :raises RedisWrongType: a key is no stream.
        """
        if not streams:
            raise ValueError("name a stream")
        check_span("claim_idle", claim_idle, 0.1)
        check_span("block", block, 0.001)
        check_span("forget_after", forget_after, 0)
        for label, number in (
            ("batch", batch),
            ("max_items", max_items),
            ("max_dead_letters", max_dead_letters),
        ):
            check_count(label, number)
        if max_deliveries is not None:
            check_count("max_deliveries", max_deliveries)
        retry = claim_idle if retry_delay is None else retry_delay
        if not 0 <= retry <= claim_idle:
            raise ValueError(f"retry_delay is from 0 to claim_idle={claim_idle:g}, not {retry!r}")
        keys = tuple(dict.fromkeys(map(bytes_of, streams)))
        if max_items < len(keys):
            raise ValueError(f"max_items={max_items} is less than one for each of the streams")
        letters = None if dead_letters is None else bytes_of(dead_letters)
        if letters is not None:
            for key in keys:  # they are moved there by a script, which runs on one server
                self._backend.check_together([(_XADD, (b"XADD", key)), (_XADD, (b"XADD", letters))])
        options = ConsumerOptions(
            streams=keys,
            start=start,
            batch=batch,
            max_items=max_items,
            block=block,
            claim_idle=claim_idle,
            retry_delay=retry,
            max_deliveries=max_deliveries,
            letters=_dead_letters if letters is None else lambda _: letters,
            max_dead_letters=max_dead_letters,
            forget_after=forget_after,
            create=create,
            is_own_name=name is None,
            reconnect=self._backend.options.reconnect,
        )
        own = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        requests = StreamGroup(
            self._backend, bytes_of(group), bytes_of(own if name is None else name)
        )
        consuming = Consuming(requests, options, is_text=self._is_text)
        with operation("redis.consumer"), limit(timeout, token):
            await consuming.create_groups()
        async with consuming.run():
            yield StreamConsumer(consuming)

    async def trim_consumed(
        self, stream: Key, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> int:
        """Delete what all groups of a stream have acknowledged, and return how many entries.

        A stream keeps its entries until somebody trims it. Nothing is deleted that a group has not
        been handed, or that is pending in one; nor anything where there is no group. Do not call it
        where a group may still come that wants the entries from the beginning.

        :param stream: its key.
        :param timeout: seconds.
        :param token: cancels it.
        :raises RedisError: there is no such stream.
        """
        with operation("redis.trim_consumed"), limit(timeout, token):
            return int(await Script(self, TRIM)([stream]))

    async def requeue_dead_letters(
        self,
        dead_letters: Key,
        stream: Key,
        *,
        count: int = 100,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Add dead letters to their stream again, as new entries, and return how many.

        :param dead_letters: where they are.
        :param stream: where they go.
        :param count: the most, oldest first, up to 1,000.
        :param timeout: seconds.
        :param token: cancels it.
        :raises RedisError: one of them is no dead letter, or was too large to be kept: those before
            it were moved.
        :raises ValueError: ``count`` is not from 1 to 1,000.
        """
        check_count("count", count)
        if count > _MOST_REQUEUED:
            raise ValueError(f"count is at most {_MOST_REQUEUED}, not {count}")
        with operation("redis.requeue"), limit(timeout, token):
            script = Script(self, REQUEUE)
            return int(await script([dead_letters, stream], [count, _DEAD_WORDS]))


def _dead_letters(stream: bytes) -> bytes:
    return tagged_key("dead:", stream)
