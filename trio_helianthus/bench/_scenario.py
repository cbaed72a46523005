"""What is measured: protocols, payloads and concurrencies, and how long."""

from __future__ import annotations

import enum
from itertools import product
from typing import TYPE_CHECKING, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_PAYLOAD: Final = 1 << 20
"""The longest message of a stream, in bytes."""
MAX_DATAGRAM: Final = 65_507
"""The longest message of UDP over IPv4, in bytes: 65,535 less 20 and 8 of headers (RFC 768)."""
MAX_BENCH_CONNECTIONS: Final = 10_000
"""The most connections at a time."""
MAX_BENCH_SECONDS: Final = 120.0
"""The longest measurement: the times of all its echoes are kept in memory."""
MAX_BENCH_ECHOES: Final = 10_000_000
"""The most echoes in a measurement that has a number of them."""


class Protocol(enum.StrEnum):
    """What carries the echoes."""

    TCP = "tcp"
    TLS = "tls"
    UDP = "udp"


@attrs.frozen
class Scenario:
    """One kind of load.

    :param protocol: what carries the echoes.
    :param payload: the length of a message in bytes.
    :param connections: how many connections, or flows of UDP, have a message under way.
    :raises ValueError: one of them is out of bounds.
    """

    protocol: Protocol
    payload: int
    connections: int

    def __attrs_post_init__(self) -> None:
        longest = MAX_DATAGRAM if self.protocol is Protocol.UDP else MAX_PAYLOAD
        if not 1 <= self.payload <= longest:
            raise ValueError(
                f"a message over {self.protocol} has 1 to {longest:,} bytes, not {self.payload:,}"
            )
        if not 1 <= self.connections <= MAX_BENCH_CONNECTIONS:
            raise ValueError(
                f"there can be 1 to {MAX_BENCH_CONNECTIONS:,} connections, not {self.connections:,}"
            )

    def __str__(self) -> str:
        many = "connection" if self.connections == 1 else "connections"
        return f"{self.protocol}, {self.payload} B, {self.connections} {many}"


@attrs.frozen
class Effort:
    """How much is measured of each scenario and peer.

    :param seconds: how long one measurement lasts, up to ``MAX_BENCH_SECONDS``.
    :param echoes: how many echoes one measurement has, in place of ``seconds``, up to
        ``MAX_BENCH_ECHOES``.
    :param repetitions: how many measurements there are; their median counts. To measure for long,
        repeat.
    :raises ValueError: one of them is out of bounds.
    """

    seconds: float = 1.0
    echoes: int | None = None
    repetitions: int = 5

    def __attrs_post_init__(self) -> None:
        if not 0 < self.seconds <= MAX_BENCH_SECONDS:
            raise ValueError(
                f"seconds must be positive, up to {MAX_BENCH_SECONDS:g}, not {self.seconds}"
            )
        if self.echoes is not None and not 1 <= self.echoes <= MAX_BENCH_ECHOES:
            raise ValueError(f"there must be 1 to {MAX_BENCH_ECHOES:,} echoes, not {self.echoes:,}")
        if self.repetitions < 1:
            raise ValueError(f"there must be at least 1 repetition, not {self.repetitions}")


def make_scenarios(
    protocols: Iterable[Protocol], payloads: Iterable[int], connections: Iterable[int]
) -> tuple[Scenario, ...]:
    """Combine everything with everything, each combination once, in the order given.

    :param protocols: what carries the echoes.
    :param payloads: lengths of messages in bytes.
    :param connections: how many connections at a time.
    :raises ValueError: a combination is out of bounds.
    """
    return tuple(
        dict.fromkeys(Scenario(*each) for each in product(protocols, payloads, connections))
    )
