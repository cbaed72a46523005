"""The sentinels: asked who the primary is, and listened to, since they tell of changes."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

import trio

from trio_helianthus.core import limit
from trio_helianthus.errors import HelianthusError, RedisError

from ._connect import connect
from ._sentinel_report import is_about, parse_promotion, parse_report, parse_switch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from trio_helianthus.core import BackgroundNursery

    from ._connection import Connection
    from ._options import Options
    from ._sentinel_report import Report
    from ._url import Place

ASK_SECONDS: Final = 1.0
"""How long one sentinel may take to answer, before the next one is asked."""
MAX_SENTINELS: Final = 32
"""How many are listened to, at most."""
_AWAY_SECONDS: Final = 1.0
"""How long to wait before a sentinel that was lost is listened to again."""
_SWITCH: Final = b"+switch-master"
_PROMOTION: Final = b"+failover-state-wait-promotion"
_EVENTS: Final = (_SWITCH, _PROMOTION, b"+slave", b"+sdown", b"-sdown")
_UNREACHABLE: Final = (OSError, HelianthusError, trio.BrokenResourceError)


class Sentinels:
    """All that are known; each of them may be asked.

    :param name: of the primary, as they call it.
    :param on_switch: told of a new primary.
    :param on_promotion: told of a replica that is about to become primary.
    :param on_change: told that a replica has come or gone.
    """

    def __init__(
        self,
        places: Iterable[Place],
        name: str,
        options: Options,
        nursery: BackgroundNursery,
        *,
        remap: Callable[[Place], Place],
        on_switch: Callable[[Place], object],
        on_promotion: Callable[[Place], object],
        on_change: Callable[[], object],
    ) -> None:
        self.name = name
        self.places: list[Place] = list(dict.fromkeys(places))
        """Where they are; whoever answered last comes first."""
        self._options = options
        self._nursery = nursery
        self._remap = remap
        self._on_switch = on_switch
        self._on_promotion = on_promotion
        self._on_change = on_change
        self._heard: set[Place] = set()
        self._lost: set[Place] = set()  # those that do not answer
        self._first = frozenset(self.places)

    async def ask(self, place: Place) -> Report:
        """Ask one of them, and learn of the others from it.

        :raises NetworkError: it cannot be reached.
        :raises OperationTimeout: it takes too long.
        :raises RedisError: it refuses, or does not know the name.
        """
        with limit(ASK_SECONDS, None):
            connection = await connect(place, self._options)
            try:
                address, *others = await connection.exchange(
                    ("SENTINEL", "GET-MASTER-ADDR-BY-NAME", self.name),
                    ("SENTINEL", "SENTINELS", self.name),
                    ("SENTINEL", "REPLICAS", self.name),
                )
            finally:
                connection.close()
        if isinstance(address, RedisError):
            raise address
        # Users may not be allowed to see everything, and do without it.
        known = [[] if isinstance(answer, RedisError) else answer for answer in others]
        report = parse_report(address, *known)
        if report.primary is None:
            raise RedisError(f"the sentinel at {place} does not watch {self.name!r}")
        self.places.remove(place)
        self.places.insert(0, place)
        self._learn(map(self._remap, report.sentinels))
        return report

    def listen(self) -> None:
        """Listen to those that are known."""
        for place in self.places:
            if place not in self._heard:
                self._heard.add(place)
                self._nursery.start_soon(self._listen, place, name=f"listens to {place}")

    def _learn(self, named: Iterable[Place]) -> None:
        places = set(named)
        for place in self._lost - places - self._first:  # it was replaced
            self._lost.discard(place)
            self.places.remove(place)
        for place in places:
            if place not in self.places and len(self.places) < MAX_SENTINELS:
                self.places.append(place)
        if self._heard:
            self.listen()

    async def _listen(self, place: Place) -> None:
        while place in self.places:
            try:
                connection = await connect(place, self._options)
                self._lost.discard(place)
                try:
                    await self._hear(connection)
                finally:
                    connection.close()
            except _UNREACHABLE:
                pass  # the others are listened to, too
            if place in self.places:
                self._lost.add(place)
            await trio.sleep(_AWAY_SECONDS * (1 + random.random()))  # noqa: S311 - to spread them
        self._heard.discard(place)

    async def _hear(self, connection: Connection) -> None:
        """Take events, until the sentinel is lost."""
        timeouts = self._options.timeouts
        await connection.send(("SUBSCRIBE", *_EVENTS))
        was_asked = False
        while True:
            event = None
            with trio.move_on_after(timeouts.answer if was_asked else timeouts.health_check):
                event = await connection.receive_event()
            if event is None:
                if was_asked:
                    return
                await connection.send(("PING",))
            was_asked = event is None
            match event:
                case [b"message", bytes() as channel, bytes() as data]:
                    self._take(channel, data)

    def _take(self, channel: bytes, data: bytes) -> None:
        if channel == _PROMOTION:
            if (place := parse_promotion(data, self.name)) is not None:
                self._on_promotion(self._remap(place))
        elif channel == _SWITCH:
            if (place := parse_switch(data, self.name)) is not None:
                self._on_switch(self._remap(place))
                self._on_change()
        elif is_about(data, self.name):
            self._on_change()
