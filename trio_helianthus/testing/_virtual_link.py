"""What is between two virtual hosts: how long bytes take, how many fit, and what goes wrong."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import attrs
from attrs.validators import and_, ge, gt, le

if TYPE_CHECKING:
    import random

BUFFER_BYTES: Final = 128 * 1024
"""How many bytes of one direction may be sent and not yet received, unless told otherwise."""
RETRANSMISSION_SECONDS: Final = 20.0
"""How long a virtual system sends again before it gives a connection up, unless told otherwise.

Windows takes about 21 seconds to connect; Linux 127, and 924 for an established connection.
"""

_CHANCE = and_(ge(0.0), le(1.0))


@attrs.frozen
class Link:
    """What is between two hosts of a virtual network, the same in both directions.

    :param latency: seconds from one host to the other.
    :param jitter: up to this many seconds more, drawn for each piece. TCP still keeps the order.
    :param bandwidth: bytes per second, for each connection and direction.
    :param buffer_bytes: how many bytes of a connection's direction may be sent and not yet
        received; a sender waits then.
    :param retransmission_timeout: seconds without an answer after which a system gives up, with
        :exc:`~trio_helianthus.errors.ConnectionTimedOut`.
    :param reset_chance: the chance, for each piece that is sent, that the network loses the
        connection: a reset for both sides.
    :param datagram_loss: the chance that a datagram never arrives.
    :param datagram_duplication: the chance that a datagram arrives twice.
    :param datagram_reordering: the chance that a datagram is overtaken by the next one.
    """

    latency: float = attrs.field(default=0.0, validator=and_(ge(0.0), le(1e9)))
    jitter: float = attrs.field(default=0.0, validator=and_(ge(0.0), le(1e9)))
    bandwidth: float = attrs.field(default=math.inf, validator=gt(0.0))
    buffer_bytes: int = attrs.field(default=BUFFER_BYTES, validator=ge(1))
    retransmission_timeout: float = attrs.field(default=RETRANSMISSION_SECONDS, validator=gt(0.0))
    reset_chance: float = attrs.field(default=0.0, validator=_CHANCE)
    datagram_loss: float = attrs.field(default=0.0, validator=_CHANCE)
    datagram_duplication: float = attrs.field(default=0.0, validator=_CHANCE)
    datagram_reordering: float = attrs.field(default=0.0, validator=_CHANCE)

    def draw_latency(self, rng: random.Random) -> float:
        """Return how many seconds the next piece takes."""
        return self.latency + self.jitter * rng.random() if self.jitter else self.latency


LOOPBACK: Final = Link()
"""What is between a host and itself."""


@attrs.define(eq=False)
class Path:
    """The link between two hosts as it is now; every connection of the two refers to it."""

    link: Link
    cut: bool = False
    """Whether nothing gets through."""
