"""Faults of a connection: pure functions from the bytes that come to what is done with them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import Enum
from typing import TYPE_CHECKING, Final, TypeAlias

import attrs
from attrs.validators import and_, deep_iterable, ge, gt, instance_of, le, lt

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

RATE_PIECES_PER_SECOND: Final = 50
"""How finely a rate limit cuts what it lets through."""


class Ending(Enum):
    """What may happen to a connection, or to one direction of it, for good."""

    CUT = "cut"
    RESET = "reset"
    BLACK_HOLE = "black hole"
    HALF_CLOSE = "half-close"


@attrs.frozen
class Hold:
    """Wait until this many seconds after the bytes arrived; those behind them wait no longer."""

    seconds: float


@attrs.frozen
class Pause:
    """Wait for this many seconds; everything behind it waits, too."""

    seconds: float


Step: TypeAlias = "bytes | Hold | Pause | Ending"
"""What is done next: bytes are passed on, the rest is what its class says."""

_position = attrs.field(validator=and_(instance_of(int), ge(0)))
_seconds = and_(ge(0.0), lt(1e9))


class Fault(ABC):
    """One fault of one direction of a connection. A value: one may serve many connections.

    Faults of your own are a matter of one method, which has neither clock nor state.
    """

    @abstractmethod
    def apply(self, data: bytes, offset: int, rng: random.Random) -> Iterator[Step]:
        """Say what is done with the next bytes.

        :param data: the bytes; empty when the connection begins, and when its direction ends.
        :param offset: how many bytes came before them in this direction.
        :param rng: the connection's own chances.
        :returns: steps in their order. Bytes go on to the next fault; nothing follows an
            :class:`Ending`. Empty ``data`` is to be passed on, too.
        """


@attrs.frozen
class Latency(Fault):
    """Deliver everything later, its end too; nothing becomes slower than that.

    :param seconds: how much later.
    :param jitter: up to this many seconds more, drawn for each piece; the order stays.
    """

    seconds: float = attrs.field(validator=_seconds)
    jitter: float = attrs.field(default=0.0, validator=_seconds)

    def apply(self, data: bytes, offset: int, rng: random.Random) -> Iterator[Step]:
        """Hold the bytes."""
        yield Hold(self.seconds + self.jitter * rng.random())
        yield data


@attrs.frozen
class Slice(Fault):
    """Send on in small pieces, each in a send of its own.

    The systems on the way may join what they have; a ``pause`` keeps it apart.

    :param size: bytes of a piece.
    :param pause: seconds between two pieces.
    """

    size: int = attrs.field(default=1, validator=ge(1))
    pause: float = attrs.field(default=0.0, validator=_seconds)

    def apply(self, data: bytes, offset: int, rng: random.Random) -> Iterator[Step]:
        """Cut the bytes into pieces."""
        yield data[: self.size]
        for start in range(self.size, len(data), self.size):
            yield Pause(self.pause)
            yield data[start : start + self.size]


@attrs.frozen
class RateLimit(Fault):
    """Let only so many bytes through in a second.

    :param bytes_per_second: how many.
    """

    bytes_per_second: float = attrs.field(validator=gt(0.0))

    def apply(self, data: bytes, offset: int, rng: random.Random) -> Iterator[Step]:
        """Pause for as long as each piece would take."""
        size = max(1, int(self.bytes_per_second / RATE_PIECES_PER_SECOND))
        if not data:
            yield data
        for start in range(0, len(data), size):
            piece = data[start : start + size]
            yield Pause(len(piece) / self.bytes_per_second)
            yield piece


@attrs.frozen
class FlipBit(Fault):
    """Change one bit.

    :param at: which byte, from 0.
    :param bit: which bit of it, 0 being the lowest.
    """

    at: int = _position
    bit: int = attrs.field(default=0, validator=and_(ge(0), le(7)))

    def apply(self, data: bytes, offset: int, rng: random.Random) -> Iterator[Step]:
        """Flip the bit if it is among these bytes."""
        index = self.at - offset
        if 0 <= index < len(data):
            changed = bytearray(data)
            changed[index] ^= 1 << self.bit
            data = bytes(changed)
        yield data


@attrs.frozen
class _EndingAt(Fault):
    """Let the first bytes through, and then no more."""

    at: int = _position

    def apply(self, data: bytes, offset: int, rng: random.Random) -> Iterator[Step]:
        """Pass on what comes before the end, which is as soon as the last byte has passed."""
        left = self.at - offset
        yield data[:left]
        if len(data) >= left:
            yield self._ending()

    @abstractmethod
    def _ending(self) -> Ending:
        """Say what happens then."""


@attrs.frozen
class CutAt(_EndingAt):
    """Close the whole connection after some bytes, in the orderly way: both see an end.

    :param at: how many bytes of this direction get through; with 0 it ends as it begins.
    """

    def _ending(self) -> Ending:
        return Ending.CUT


@attrs.frozen
class ResetAt(_EndingAt):
    """Reset the whole connection after some bytes.

    :param at: how many bytes of this direction get through. The reset may overtake them, and
        takes them with it then.
    """

    def _ending(self) -> Ending:
        return Ending.RESET


@attrs.frozen
class BlackHoleAt(_EndingAt):
    """After some bytes swallow all that comes, an end included, and say nothing.

    :param at: how many bytes of this direction get through; the other direction goes on.
    """

    def _ending(self) -> Ending:
        return Ending.BLACK_HOLE


@attrs.frozen
class HalfCloseAt(_EndingAt):
    """End this direction after some bytes; the other goes on.

    :param at: how many bytes get through. What comes after them is swallowed.
    """

    def _ending(self) -> Ending:
        return Ending.HALF_CLOSE


_all_faults = deep_iterable(instance_of(Fault))  # type: ignore[type-abstract]  # instance_of makes none


@attrs.frozen
class Faults:
    """The faults of a connection; in each direction the bytes pass them one after the other.

    :param to_server: a list of those of what the client sends.
    :param to_client: a list of those of what the server sends.
    :raises TypeError: there is something else than a :class:`Fault` in a list.
    """

    to_server: tuple[Fault, ...] = attrs.field(
        default=(), converter=tuple[Fault, ...], validator=_all_faults
    )
    to_client: tuple[Fault, ...] = attrs.field(
        default=(), converter=tuple[Fault, ...], validator=_all_faults
    )


class Chain:
    """The faults of one direction of one connection: counts what has passed each of them."""

    def __init__(self, faults: tuple[Fault, ...], rng: random.Random) -> None:
        self._faults = faults
        self._rng = rng
        self._offsets = [0] * len(faults)

    def first_ending(self) -> Ending | None:
        """Return what happens before the first byte."""
        return next((step for step in self.steps(b"") if isinstance(step, Ending)), None)

    def steps(self, data: bytes) -> Iterator[Step]:
        """Say what is done with the next bytes; empty ones are the end of the direction."""
        return self._pass(0, data)

    def _pass(self, index: int, data: bytes) -> Iterator[Step]:
        if index == len(self._faults):
            if data:
                yield data
            return
        offset = self._offsets[index]
        self._offsets[index] += len(data)
        for step in self._faults[index].apply(data, offset, self._rng):
            if isinstance(step, bytes):
                yield from self._pass(index + 1, step)
            else:
                yield step
