"""The trace context: which trace the current task works for, as W3C Trace Context has it."""

from __future__ import annotations

import random
import re
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# https://www.w3.org/TR/trace-context/#traceparent-header-field-values
_TRACEPARENT: Final = re.compile(
    r"(?P<version>[0-9a-f]{2})-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})"
    r"(?P<rest>-.*)?"
)
_SAMPLED: Final = 0x01
MAX_TRACEPARENT_LENGTH: Final = 256
MAX_TRACESTATE_LENGTH: Final = 512

_random: Final = random.SystemRandom()
_current: ContextVar[TraceContext | None] = ContextVar("trio_helianthus_trace", default=None)


def _within(bits: int) -> Callable[[object, attrs.Attribute[int], int], None]:
    def check(_: object, field: attrs.Attribute[int], value: int) -> None:
        if not 0 < value < 1 << bits:
            raise ValueError(f"{field.name} must be from 1 to 2**{bits} - 1, not {value}")

    return check


@attrs.frozen
class TraceContext:
    """One position in a distributed trace (W3C Trace Context, level 1).

    :param trace_id: the trace, an integer of 128 bits, not 0.
    :param span_id: the operation within it, an integer of 64 bits, not 0.
    :param sampled: whether whoever started the trace records it.
    :param state: the ``tracestate`` header's value, passed on as it came.
    :raises ValueError: an identifier is 0 or too large.
    """

    trace_id: int = attrs.field(validator=_within(128))
    span_id: int = attrs.field(validator=_within(64))
    sampled: bool = True
    state: str = ""

    @staticmethod
    def new(*, sampled: bool = True) -> TraceContext:
        """Start a trace with random identifiers."""
        return TraceContext(_random_id(128), _random_id(64), sampled)

    def child(self) -> TraceContext:
        """Return the context of an operation that this one starts: the same trace, a new span."""
        return attrs.evolve(self, span_id=_random_id(64))

    def to_traceparent(self) -> str:
        """Return the value of the ``traceparent`` header."""
        return f"00-{self.trace_id:032x}-{self.span_id:016x}-{int(self.sampled):02x}"

    @staticmethod
    def from_traceparent(header: str, state: str = "") -> TraceContext | None:
        """Read the headers ``traceparent`` and ``tracestate`` of a peer.

        :returns: the context, or ``None`` where the header breaks the rules of the
            specification, which says to go on then as if there were none (section 3.2.2.3).
        """
        match = _TRACEPARENT.fullmatch(header) if len(header) <= MAX_TRACEPARENT_LENGTH else None
        if match is None or match["version"] == "ff":
            return None
        if match["version"] == "00" and match["rest"]:
            return None
        trace_id, span_id = int(match["trace"], 16), int(match["span"], 16)
        if not trace_id or not span_id:
            return None
        sampled = bool(int(match["flags"], 16) & _SAMPLED)
        kept_state = state if len(state) <= MAX_TRACESTATE_LENGTH else ""
        return TraceContext(trace_id, span_id, sampled, kept_state)


def current_trace() -> TraceContext | None:
    """Return the trace that the current task works for, if any."""
    return _current.get()


@contextmanager
def use_trace(context: TraceContext | None) -> Iterator[None]:
    """Work for a trace in the body, and in the tasks that are started in it."""
    token = _current.set(context)
    try:
        yield
    finally:
        _current.reset(token)


def _random_id(bits: int) -> int:
    return _random.getrandbits(bits) or 1
