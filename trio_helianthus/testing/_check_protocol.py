"""Checks that a wire protocol keeps its contract, whatever the bytes and however they are cut."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, Final, TypeAlias

import attrs

from trio_helianthus.errors import LocalProtocolError, RemoteProtocolError
from trio_helianthus.wire import NEED_DATA, PAUSED, WireProtocol

AnyProtocol: TypeAlias = WireProtocol[Any, Any]
JoinEvents: TypeAlias = Callable[[Any, Any], Any | None]
ReactToEvent: TypeAlias = Callable[[Any, Any], object]

RANDOM_CUTTINGS: Final = 2
"""In how many further ways the bytes are cut by chance."""


class ProtocolCheckError(AssertionError):
    """A wire protocol broke its contract.

    The message says which rule, and the notes with which bytes, cut into which pieces.
    """


@attrs.frozen
class Transcript:
    """What came out of a protocol for some bytes and the end of the stream."""

    events: tuple[Any, ...]
    """The events, adjacent ones joined."""
    refused: bool
    """Whether it raised :exc:`~trio_helianthus.errors.RemoteProtocolError` behind them."""
    trailing: bytes
    """The bytes that it left to the next protocol; none when it refused."""


def never_joined(_before: Any, _after: Any) -> None:
    """Join no two events."""


def no_reaction(_protocol: AnyProtocol, _event: Any) -> None:
    """Do nothing after an event."""


def check_protocol(
    make: Callable[[], AnyProtocol],
    data: bytes,
    *,
    cuts: Iterable[int] = (),
    join: JoinEvents = never_joined,
    react: ReactToEvent = no_reaction,
    seed: int = 0,
    random_cuttings: int = RANDOM_CUTTINGS,
    mutations: int = 0,
) -> Transcript:
    """Check the contract of :class:`~trio_helianthus.wire.WireProtocol` with ``data``.

    The same events come out, or the same refusal, when ``data`` arrives whole, byte by byte, cut
    at ``cuts``, and cut where chance will have it. On the way: no data changes nothing, the end of
    the stream may be told twice, nothing may follow it, a refusal is repeated,
    :attr:`~trio_helianthus.wire.WireProtocol.buffered` is the length of
    :attr:`~trio_helianthus.wire.WireProtocol.trailing_data`, and nothing but
    :exc:`~trio_helianthus.errors.RemoteProtocolError` is raised, not even on junk.

    :param make: makes a fresh protocol.
    :param data: what the peer sends, sense or junk.
    :param cuts: places in ``data``, in any order; larger numbers begin again at its start.
    :param join: makes one event of two adjacent ones whose border means nothing, or ``None``.
    :param react: what a caller does after an event, with the protocol and the event; what it
        raises is not held against the protocol.
    :param seed: for what is left to chance.
    :param random_cuttings: in how many ways ``data`` is cut by chance.
    :param mutations: also check so many damaged copies of ``data``: a bit flipped, a byte lost,
        repeated or made up, or the end cut off. They may mean anything, or be refused.
    :returns: what came out of ``data`` as a whole.
    :raises ProtocolCheckError: a rule was broken.
    """
    chance = random.Random(seed)  # noqa: S311 (it has to be repeatable, not secret)
    check = _Check(make, join, react)
    whole = check.all_cuttings(data, [cuts, *_random_cuts(chance, data, random_cuttings)])
    for _ in range(mutations):
        damaged = damage(chance, data)
        check.all_cuttings(damaged, _random_cuts(chance, damaged, 1))
    return whole


@attrs.frozen
class _Check:
    make: Callable[[], AnyProtocol]
    join: JoinEvents
    react: ReactToEvent

    def all_cuttings(self, data: bytes, cuttings: Iterable[Iterable[int]]) -> Transcript:
        """Play ``data`` whole, cut at each of the given places, and byte by byte."""
        whole = self.play([data], nothings=False)
        for cuts in cuttings:
            self.compare(whole, cut(data, cuts), data)
        self.compare(whole, [data[at : at + 1] for at in range(len(data))], data)
        return whole

    def compare(self, whole: Transcript, pieces: Sequence[bytes], data: bytes) -> None:
        """Refuse a protocol to which the borders of ``pieces`` mean something."""
        found = self.play(pieces, nothings=True)
        if found != whole:
            error = ProtocolCheckError("the same bytes, cut otherwise, gave something else")
            for said, bytes_in, out in (("whole", [data], whole), ("cut", pieces, found)):
                error.add_note(f"{said}: {bytes_in!r} gave {out!r}")
            raise error

    def play(self, pieces: Sequence[bytes], *, nothings: bool) -> Transcript:
        """Hand the pieces and the end of the stream to a fresh protocol.

        :param nothings: put in between what must change nothing.
        """
        session = _Session(self.make(), self)
        try:
            return session.play(pieces, nothings=nothings)
        except ProtocolCheckError as exc:
            exc.add_note(f"bytes: {list(pieces)!r}")
            exc.add_note(f"events before: {session.events!r}")
            raise


class _Session:
    """One protocol, from its first byte to its end."""

    def __init__(self, protocol: AnyProtocol, check: _Check) -> None:
        self.events: list[Any] = []
        self._protocol = protocol
        self._check = check
        self._received = 0
        self._ended = False

    def play(self, pieces: Sequence[bytes], *, nothings: bool) -> Transcript:
        refused = False
        try:
            for piece in pieces:
                self._received += len(piece)
                self._ask(self._protocol.receive_data, piece)
                if nothings:
                    self._ask(self._protocol.receive_data, b"")
                self._take_all()
            self._ask(self._protocol.receive_eof)
            self._ended = True
            if nothings:
                self._ask(self._protocol.receive_eof)
            self._take_all()
            self._must_raise(LocalProtocolError, self._protocol.receive_data, b"behind the end")
        except RemoteProtocolError:
            refused = True
            self._must_raise(RemoteProtocolError, self._protocol.next_event)
        trailing, _ = self._protocol.trailing_data
        buffered = self._protocol.buffered
        if len(trailing) != buffered:
            raise ProtocolCheckError(f"buffered is {buffered}, trailing_data has {len(trailing)}")
        return Transcript(tuple(self.events), refused, b"" if refused else trailing)

    def _take_all(self) -> None:
        allowed = 2 * self._received + 100  # far more than any sense can be made of them
        again = 0
        while True:
            before = self._protocol.buffered
            event = self._ask(self._protocol.next_event)
            if event is NEED_DATA or event is PAUSED:
                return
            joined = self._check.join(self.events[-1], event) if self.events else None
            if joined is not None:
                self.events[-1] = joined
            elif event in self.events[-1:] and self._protocol.buffered == before:
                # Parsed in one go with the one before it, or the end, told again and again.
                if self._ended:
                    return
                self.events.append(event)
                again += 1
                if again > self._received:
                    del self.events[-again:]
                    return
            else:
                self.events.append(event)
                again = 0
            self._check.react(self._protocol, event)
            allowed -= 1
            if not allowed:
                raise ProtocolCheckError("there is no end of events")

    @staticmethod
    def _ask(method: Callable[..., Any], *args: object) -> Any:
        try:
            return method(*args)
        except RemoteProtocolError:
            raise
        except Exception as exc:
            wrong = exc
        raise ProtocolCheckError(f"{_name(method)} raised {_in_words(wrong)}") from wrong

    @staticmethod
    def _must_raise(error: type[Exception], method: Callable[..., Any], *args: object) -> None:
        wrong, answer = None, ""
        try:
            answer = f"{method(*args)!r}"
        except error:
            return
        except Exception as exc:
            wrong = exc
        did = f"raised {_in_words(wrong)}" if wrong else f"returned {answer}"
        raise ProtocolCheckError(f"{_name(method)} {did}, not {error.__name__}") from wrong


def _name(method: Callable[..., Any]) -> str:
    return getattr(method, "__name__", repr(method))


def _in_words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def cut(data: bytes, cuts: Iterable[int]) -> list[bytes]:
    """Return the pieces of ``data`` between ``cuts``, some of which may be empty."""
    places = [0, *sorted(place % (len(data) + 1) for place in cuts), len(data)]
    return [data[start:end] for start, end in pairwise(places)]


def _random_cuts(chance: random.Random, data: bytes, times: int) -> Iterator[list[int]]:
    for _ in range(times):
        yield [chance.randint(0, len(data)) for _ in range(chance.randint(1, 8))]


def damage(chance: random.Random, data: bytes) -> bytes:
    """Return ``data`` with one thing wrong with it."""
    if not data:
        return chance.randbytes(1)
    at = chance.randrange(len(data))
    before, byte, after = data[:at], data[at], data[at + 1 :]
    flipped = byte ^ (1 << chance.randrange(8))
    return chance.choice(
        [
            before,
            before + after,
            before + bytes([flipped]) + after,
            before + bytes([byte, byte]) + after,
            before + bytes([byte]) + chance.randbytes(1) + after,
        ]
    )
