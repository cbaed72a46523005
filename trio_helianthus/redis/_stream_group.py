"""What one consumer of a group asks the server about one stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from trio_helianthus.core import limit
from trio_helianthus.errors import RedisError, RedisGroupExists

from ._command_table import COMMANDS
from ._command_table._stream_groups import XREADGROUP_BLOCK
from ._raw_runner import RawRunner
from ._replies._streams import claimed, entries, entries_by_stream
from ._scripts import Script
from ._stream_scripts import BURY, GIVE_BACK, KEEP, LEAVE, SWEEP

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trio_helianthus.wire import resp

    from ._backend import Backend, Request

RawEntry = tuple[bytes, bytes, dict[bytes, bytes], int]
"""Stream, ID, fields, and how often it was handed out, this time included."""

_XGROUP_CREATE: Final = COMMANDS["XGROUP CREATE"]
_XPENDING: Final = COMMANDS["XPENDING"]
_XCLAIM: Final = COMMANDS["XCLAIM"]
_XAUTOCLAIM: Final = COMMANDS["XAUTOCLAIM"]
_XACK: Final = COMMANDS["XACK"]


@attrs.frozen(eq=False)
class StreamGroup:
    """The requests of one consumer; all of them may be sent twice without harm."""

    backend: Backend
    group: bytes
    consumer: bytes
    _keep: Script[bytes] = attrs.field(init=False)
    _give_back: Script[bytes] = attrs.field(init=False)
    _bury: Script[bytes] = attrs.field(init=False)
    _leave: Script[bytes] = attrs.field(init=False)
    _sweep: Script[bytes] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        runner = RawRunner(self.backend)
        for name, source in (
            ("_keep", KEEP),
            ("_give_back", GIVE_BACK),
            ("_bury", BURY),
            ("_leave", LEAVE),
            ("_sweep", SWEEP),
        ):
            object.__setattr__(self, name, Script(runner, source))

    async def create(self, stream: bytes, start: str) -> None:
        """Make the group, and the stream, where there is none."""
        args = ("XGROUP", "CREATE", stream, self.group, start, "MKSTREAM")
        try:
            await self.backend.begin(_XGROUP_CREATE, args)
        except RedisGroupExists:
            pass

    async def read(
        self, streams: Sequence[bytes], *, count: int, block: float, patience: float
    ) -> list[RawEntry]:
        """Wait for entries that nobody has had.

        :param count: the most, of each stream.
        :param block: seconds; then there are none.
        :param patience: how many more to wait for the answer.
        """
        args: list[Any] = ["XREADGROUP", "GROUP", self.group, self.consumer, "COUNT", count]
        args += [
            "BLOCK",
            max(1, round(block * 1000)),
            "STREAMS",
            *streams,
            *[b">" for _ in streams],
        ]
        with limit(block + patience, None):
            answer = await self.backend.begin(XREADGROUP_BLOCK, args)
        return [
            (stream, entry_id, fields, 1)
            for stream, found in entries_by_stream(answer).items()
            for entry_id, fields in found
        ]

    async def list_own(self, stream: bytes, behind: bytes, count: int) -> list[tuple[bytes, int]]:
        """Return entries that were handed out to us and are not acknowledged: ID, and how often.

        :param behind: the last ID that is known; empty to begin with the first one.
        """
        start = b"(" + behind if behind else b"-"
        args = ("XPENDING", stream, self.group, start, "+", count, self.consumer)
        return [(each[0], each[3]) for each in await self.backend.begin(_XPENDING, args)]

    async def claim(self, stream: bytes, ids: Sequence[bytes]) -> list[RawEntry]:
        """Have entries handed out to us, whoever has them."""
        args: list[resp.Argument] = ["XCLAIM", stream, self.group, self.consumer, 0, *ids]
        found = entries(await self.backend.begin(_XCLAIM, args))
        return await self._counted(stream, found)

    async def claim_idle(
        self, stream: bytes, *, idle: float, cursor: bytes, count: int
    ) -> tuple[bytes, list[RawEntry]]:
        """Have entries handed out to us that somebody had, and was not heard of.

        :param idle: for so many seconds.
        :returns: where to go on, ``b"0-0"`` at the end.
        """
        ms = round(idle * 1000)
        args = ("XAUTOCLAIM", stream, self.group, self.consumer, ms, cursor, "COUNT", count)
        cursor, found, _ = claimed(await self.backend.begin(_XAUTOCLAIM, args))
        return cursor, await self._counted(stream, found)

    async def _counted(
        self, stream: bytes, found: Iterable[tuple[bytes, dict[bytes, bytes]]]
    ) -> list[RawEntry]:
        """Return entries with how often they were handed out, which claiming does not tell."""
        found = [each for each in found if each[1]]  # the others are deleted
        requests: list[Request] = [
            (_XPENDING, ("XPENDING", stream, self.group, each, each, 1)) for each, _ in found
        ]
        if not requests:
            return []
        answers = await self.backend.run_many(requests, is_atomic=False)
        counted = []
        for (entry_id, fields), answer in zip(found, answers, strict=True):
            if isinstance(answer, RedisError):
                raise answer
            if answer:
                counted.append((stream, entry_id, fields, int(answer[0][3])))
        return counted

    async def acknowledge(self, ids: dict[bytes, list[bytes]]) -> None:
        """Have the group forget entries, by stream."""
        requests: list[Request] = [
            (_XACK, ("XACK", stream, self.group, *each)) for stream, each in ids.items()
        ]
        for answer in await self.backend.run_many(requests, is_atomic=False):
            if isinstance(answer, RedisError):
                raise answer

    async def keep(self, stream: bytes, ids: Sequence[bytes]) -> list[bytes]:
        """Have entries count as handed out just now; return those that somebody else has."""
        lost: list[bytes] = await self._keep([stream], [self.group, self.consumer, *ids])
        return lost

    async def give_back(self, stream: bytes, entries: Sequence[tuple[bytes, int, int]]) -> None:
        """Let others claim entries.

        :param entries: ID, milliseconds for which it counts as idle, number of deliveries.
        """
        flat = [part for each in entries for part in each]
        await self._give_back([stream], [self.group, self.consumer, *flat])

    async def bury(
        self, stream: bytes, entry_id: bytes, letters: bytes, most: int, fields: Sequence[bytes]
    ) -> None:
        """Move an entry to the dead letters, of which there are to be ``most``."""
        await self._bury([stream, letters], [self.group, entry_id, most, *fields])

    async def leave(self, stream: bytes) -> None:
        """Have the group forget us, unless something is pending."""
        await self._leave([stream], [self.group, self.consumer])

    async def sweep(self, stream: bytes, idle: float) -> None:
        """Have the group forget consumers that were not heard of for so many seconds."""
        await self._sweep([stream], [self.group, round(idle * 1000), self.consumer])
