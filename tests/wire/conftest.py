"""The check that every wire protocol must pass: the contract of ``WireProtocol``, as code."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any, TypeAlias

import attrs
import pytest

from trio_helianthus.errors import LocalProtocolError, RemoteProtocolError
from trio_helianthus.wire import NEED_DATA, PAUSED, WireProtocol

AnyProtocol: TypeAlias = WireProtocol[Any, Any]
Join: TypeAlias = Callable[[Any, Any], Any | None]
React: TypeAlias = Callable[[Any, Any], None]
CheckProtocol: TypeAlias = Callable[..., "Transcript"]


@attrs.frozen
class Transcript:
    """What came out of a protocol for some bytes."""

    events: tuple[Any, ...]
    refused: bool
    trailing: bytes


def _transcript(
    protocol: AnyProtocol, chunks: Iterable[bytes], *, join: Join, react: React
) -> Transcript:
    events: list[Any] = []

    def take_all() -> None:
        while (event := protocol.next_event()) is not NEED_DATA and event is not PAUSED:
            joined = join(events[-1], event) if events else None
            if joined is not None:
                events[-1] = joined
            elif event not in events[-1:]:  # an end of the stream is told again and again
                events.append(event)
            else:
                return
            react(protocol, event)

    refused = False
    try:
        for chunk in chunks:
            protocol.receive_data(chunk)
            protocol.receive_data(b"")
            take_all()
        protocol.receive_eof()
        protocol.receive_eof()
        take_all()
        with pytest.raises(LocalProtocolError):
            protocol.receive_data(b"behind the end")
    except RemoteProtocolError:
        refused = True
        with pytest.raises(RemoteProtocolError):
            protocol.next_event()
    trailing, _ = protocol.trailing_data
    assert len(trailing) == protocol.buffered
    return Transcript(tuple(events), refused, trailing if not refused else b"")


def _check_protocol(
    make: Callable[[], AnyProtocol],
    data: bytes,
    *,
    cuts: Iterable[int] = (),
    join: Join,
    react: React = lambda protocol, event: None,
) -> Transcript:
    """Check that ``data`` is taken or refused alike, whole, byte by byte, and cut at ``cuts``.

    :param make: makes a fresh protocol.
    :param cuts: positions in ``data``, in any order.
    :param join: makes one event of two adjacent ones whose border means nothing, or ``None``.
    :param react: what a caller does after an event, with the protocol and the event.
    :returns: what came out of the whole.
    """
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    pieces = [data[start:end] for start, end in pairwise(places)]
    whole = _transcript(make(), [data], join=join, react=react)
    assert _transcript(make(), pieces, join=join, react=react) == whole
    single = [data[at : at + 1] for at in range(len(data))]
    assert _transcript(make(), single, join=join, react=react) == whole
    return whole


@pytest.fixture(scope="session")
def check_protocol() -> CheckProtocol:
    """Give :func:`_check_protocol` to tests."""
    return _check_protocol
