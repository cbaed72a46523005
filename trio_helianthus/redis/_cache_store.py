"""A cache's entries on the server: reading, and who of all processes loads one."""

from __future__ import annotations

import math
import secrets
from typing import TYPE_CHECKING, Final, Generic, TypeVar

import attrs
import trio

from trio_helianthus.errors import HelianthusError, OutcomeUnknown, RedisError, RedisUnavailable

from ._cache_entry import Entry, encode_entry, parse_entry
from ._cache_scripts import CLAIM, EXTEND, REPLACE, STORE
from ._command_table import COMMANDS
from ._raw_runner import RawRunner
from ._recipe_keys import bytes_of, escaped, tagged_key
from ._scripts import Script

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from ._backend import Backend
    from ._values import Key

V = TypeVar("V")

_GOODBYE_SECONDS: Final = 1.0
_EXTENSIONS_PER_TTL: Final = 3


@attrs.frozen(eq=False)
class Place:
    """Where an entry is: its key, and that of the mark of whoever loads it."""

    entry: bytes
    mark: bytes

    @property
    def keys(self) -> tuple[bytes, bytes]:
        """Both, as scripts have them."""
        return self.entry, self.mark


@attrs.frozen
class Found(Generic[V]):
    """What there is for a key."""

    value: V | None
    fresh_seconds: float
    """For how long it is good; not positive: it is stale."""
    load_seconds: float


@attrs.frozen(kw_only=True)
class CacheTimes:
    """For how long entries are kept, in seconds."""

    ttl: float
    stale_ttl: float
    negative_ttl: float | None
    lock_ttl: float


class CacheStore(Generic[V]):
    """The entries of one cache."""

    def __init__(
        self,
        backend: Backend,
        name: str,
        times: CacheTimes,
        serialize: Callable[[V], bytes],
        deserialize: Callable[[bytes], V],
    ) -> None:
        self.times: Final = times
        self.unreadable: int = 0
        self._backend = backend
        self._name = name
        self._serialize = serialize
        self._deserialize = deserialize
        self._lock_ms = math.ceil(times.lock_ttl * 1000)
        runner = RawRunner(backend)
        self._claim = Script(runner, CLAIM)
        self._extend = Script(runner, EXTEND)
        self._store = Script(runner, STORE)
        self._replace = Script(runner, REPLACE)

    def place_of(self, key: Key) -> Place:
        """Return where the entry of a key is.

        :raises TypeError: it is neither text nor bytes.
        :raises ValueError: it is empty.
        """
        name = escaped(self._name) + b":" + bytes_of(key)
        return Place(tagged_key("cache:", name), tagged_key("cache-loading:", name))

    async def read(self, place: Place) -> Found[V] | None:
        """Return what there is."""
        requests = [(_GET, (b"GET", place.entry)), (_PTTL, (b"PTTL", place.entry))]
        answers = await self._backend.run_many(requests, is_atomic=False)
        for answer in answers:
            if isinstance(answer, RedisError):
                raise answer
        return self._found(*answers)

    async def claim(self, place: Place, loader: str) -> tuple[bool, Found[V] | None]:
        """Ask to load an entry; return whether it is ours to load, and what there is."""
        try:
            is_ours, data, ms = await self._claim(place.keys, (loader, self._lock_ms))
        except (OutcomeUnknown, RedisUnavailable):
            return False, None  # whoever asks again finds out
        return bool(is_ours), self._found(data, ms)

    async def keep_claim(self, place: Place, loader: str) -> None:
        """Say again and again that it is being loaded, until it is not ours any more."""
        while True:
            await trio.sleep(self.times.lock_ttl / _EXTENSIONS_PER_TTL)
            try:
                if not await self._extend(place.keys, (loader, self._lock_ms)):
                    return
            except HelianthusError:
                pass  # the mark is still there for a while

    async def store(self, place: Place, loader: str, value: V | None, seconds: float) -> bool:
        """Store what was loaded, and let others load; return whether it was still wanted."""
        data, ms = self.encode(value, seconds)
        return bool(await self._store(place.keys, (loader, data, ms)))

    async def let_go(self, place: Place, loader: str) -> None:
        """Let others load it; a cancellation does not keep us from that."""
        try:
            with trio.move_on_after(_GOODBYE_SECONDS, shield=True):
                await self._store(place.keys, (loader, b"", 0))
        except HelianthusError:
            pass  # the mark ends by itself

    async def replace(self, place: Place, data: bytes, ms: int) -> None:
        """Store something else than is being loaded."""
        await self._replace(place.keys, (data, ms))

    async def delete(self, places: Sequence[Place]) -> None:
        """Delete entries, and refuse what is being loaded for them."""
        requests = [(_DEL, (b"DEL", *place.keys)) for place in places]
        for answer in await self._backend.run_many(requests, is_atomic=False):
            if isinstance(answer, RedisError):
                raise answer

    def encode(self, value: V | None, seconds: float) -> tuple[bytes, int]:
        """Return what is stored for a value, and for how many milliseconds; 0: nothing is.

        :param seconds: how long loading it took.
        """
        times = self.times
        if value is None:
            ms = 0 if times.negative_ttl is None else math.ceil(times.negative_ttl * 1000)
            return encode_entry(Entry(None, seconds, 0)), ms
        entry = Entry(self._serialize(value), seconds, times.stale_ttl)
        return encode_entry(entry), math.ceil((times.ttl + times.stale_ttl) * 1000)

    def new_loader(self) -> str:
        """Return the name of one who loads, which nobody else has."""
        return secrets.token_hex(16)

    def _found(self, data: Any, ms: int) -> Found[V] | None:
        if not data or ms == _IS_GONE:
            return None
        entry = parse_entry(data)
        try:
            if entry is None:
                raise ValueError("not what a cache has stored")
            value = None if entry.payload is None else self._deserialize(entry.payload)
        except ValueError:  # another version of the program has stored it
            self.unreadable += 1
            return None
        fresh = math.inf if ms < 0 else ms / 1000 - entry.stale_seconds
        return Found(value, fresh, entry.load_seconds)


_GET: Final = COMMANDS["GET"]
_PTTL: Final = COMMANDS["PTTL"]
_DEL: Final = COMMANDS["DEL"]
_IS_GONE: Final = -2
