"""Asks the server for a lock or permit until it is ours, and gives it back."""

from __future__ import annotations

import math
import random
import secrets
from typing import TYPE_CHECKING, Final

import trio

from trio_helianthus.errors import (
    HelianthusError,
    OutcomeUnknown,
    RedisUnavailable,
    ResourceBusy,
)

from ._recipe_keys import as_text, tagged_key

if TYPE_CHECKING:
    from ._lease_scripts import LeaseScripts
    from ._values import Key
    from ._wakeups import Wakeups

PLACE_SECONDS: Final = 3.0
"""For how long the place of one who waits is kept without being asked for again."""
GOODBYE_SECONDS: Final = 1.0
"""How long giving it back may take; it ends by itself then."""
_KEYS: Final = (":", "-fence:", "-queue:", "-seen:")
_ASK_AGAIN_SECONDS: Final = 0.025
_LONGEST_SECONDS: Final = 1.0


class Claim:
    """What one task wants to hold: a lock, or a permit of a semaphore.

    Those who wait ask again and again instead of being told: a message of pub/sub may get lost,
    and ``BLPOP`` wants a connection for each of them. So that it costs little, the next in line
    asks about fifty times a second and those behind it more rarely, down to once in 1 s; and
    whatever this process gives up it hands to its own.

    :param kind: what its keys begin with, ``"lock"`` or ``"semaphore"``.
    :param what: for a person to read, such as ``"the lock 'invoices'"``.
    :param ttl: seconds for which it is held unless it is extended.
    :param limit: how many may hold it.
    """

    def __init__(
        self,
        scripts: LeaseScripts,
        wakeups: Wakeups,
        kind: str,
        name: Key,
        *,
        what: str,
        ttl: float,
        limit: int = 1,
    ) -> None:
        self.name: Final = as_text(name)
        self.what: Final = what
        self.ttl: Final = ttl
        self.id: Final = secrets.token_hex(16)
        """Nobody else has it, so nobody gives back or extends what is another's."""
        self.held_for: Final = ttl - drift_margin(ttl)
        """Seconds from a request's start for which we may believe that it is ours."""
        self._scripts = scripts
        self._wakeups = wakeups
        self._keys = tuple(tagged_key(kind + each, name) for each in _KEYS)
        self._ttl_ms = math.ceil(ttl * 1000)
        self._limit = limit

    async def acquire(self, wait: float | None) -> tuple[int, float]:
        """Wait until it is ours.

        Whatever comes out instead, nothing is left behind on a server that can be reached.

        :param wait: seconds; ``None`` for ever; 0: ask once.
        :returns: the fencing token, and the time from which ``ttl`` counts.
        :raises ResourceBusy: others have it, or wait before us.
        """
        until = math.inf if wait is None else trio.current_time() + wait
        keeps_place = wait is None or wait > 0
        try:
            with self._wakeups.waiting(self._keys) as waiter:
                while True:
                    asked_at = trio.current_time()
                    token, ahead, ends_in = await self._ask(
                        keeps_place=keeps_place, is_patient=asked_at < until
                    )
                    now = trio.current_time()
                    if token and now < asked_at + self.held_for:
                        return token, asked_at
                    if now >= until:
                        raise ResourceBusy(f"{self.what} is held by others")
                    delay = 0.0 if token else ask_again_in(ahead, ends_in, random.random())  # noqa: S311
                    await waiter.sleep(min(delay, until - now))
        except BaseException as exc:
            if keeps_place or not isinstance(exc, ResourceBusy):
                await self.give_back()  # noqa: ASYNC102 - timed in there
            raise

    async def _ask(self, *, keeps_place: bool, is_patient: bool) -> tuple[int, int, float]:
        place_ms = int(PLACE_SECONDS * 1000) if keeps_place else 0
        args = (self.id, self._ttl_ms, place_ms, self._limit)
        try:
            token, ahead, ends_in = await self._scripts.acquire(self._keys, args)
        except (OutcomeUnknown, RedisUnavailable):
            if not is_patient:
                raise
            return 0, 0, -1.0
        return token, ahead, ends_in / 1000

    async def extend(self) -> bool:
        """Hold it for ``ttl`` from now on; return whether it is still ours."""
        return bool(await self._scripts.extend(self._keys, (self.id, self._ttl_ms)))

    async def give_back(self) -> bool | None:
        """Give it back, and wait for it no more; a cancellation does not keep us from that.

        :returns: whether it was still ours; ``None``: the server has not told in time.
        """
        try:
            with trio.move_on_after(GOODBYE_SECONDS, shield=True):
                return bool(await self._scripts.release(self._keys, (self.id,)))
        except HelianthusError:
            pass  # it ends by itself
        finally:
            self._wakeups.wake(self._keys)
        return None


def drift_margin(ttl: float) -> float:
    """Return by how much sooner than the server we take a lease for ended.

    Two clocks that run at speeds different by no more than 1 % agree about it; 2 ms are for the
    server's timer (https://redis.io/docs/latest/develop/use/patterns/distributed-locks/).
    """
    return 0.01 * ttl + 0.002


def ask_again_in(ahead: int, ends_in: float, chance: float) -> float:
    """Return after how many seconds one who waits asks again.

    :param ahead: how many wait before it.
    :param ends_in: the seconds until what is held may end by itself; not positive: unknown.
    :param chance: from 0 up to 1, so that not all ask at a time.
    """
    delay = min(_LONGEST_SECONDS, _ASK_AGAIN_SECONDS * (ahead + 1)) * (1 + chance) / 2
    return min(delay, ends_in + 0.001) if ends_in > 0 and not ahead else delay
