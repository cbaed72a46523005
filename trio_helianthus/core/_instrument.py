"""The instrument seam: what operations report about themselves, and who listens."""

from __future__ import annotations

import sys
import threading
import traceback as traceback_module
from contextlib import contextmanager, suppress
from contextvars import ContextVar, Token
from enum import Enum
from itertools import count
from time import perf_counter
from typing import TYPE_CHECKING, Final

import attrs
import trio

from trio_helianthus.errors import ErrorCode, NetworkError, OperationCancelled, OperationTimeout

from ._trace import TraceContext, current_trace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

_operation_ids: Final = count(1)
_connection_ids: Final = count(1)


class Outcome(Enum):
    """How an operation ended."""

    OK = "ok"
    ERROR = "error"
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"


@attrs.define(eq=False)
class Operation:
    """One operation as it is reported: filled in while it runs, complete when it has ended."""

    name: str
    """What is done, in the order area, thing, verb: ``"net.tcp.connect"``."""
    id: int = attrs.field(factory=lambda: next(_operation_ids))
    """Unique in this process."""
    parent_id: int | None = None
    """The operation in whose course this one was started."""
    connection_id: int | None = None
    """The connection that it uses, unique in this process."""
    peer: object = None
    """The other side's address."""
    started: float = attrs.field(factory=perf_counter)
    """Seconds on :func:`time.perf_counter`."""
    ended: float | None = None
    outcome: Outcome | None = None
    error: BaseException | None = None
    """What ended it, while :meth:`Instrument.operation_ended` runs; ``None`` afterwards."""
    error_code: ErrorCode | None = None
    """The network error's code, if that is what ended the operation."""
    bytes_sent: int = 0
    bytes_received: int = 0
    attributes: dict[str, object] = attrs.field(factory=dict)
    """What is particular to the kind of operation, such as ``"http.status"``."""
    trace: TraceContext | None = attrs.field(factory=current_trace)

    @property
    def seconds(self) -> float:
        """How long it took, or has taken until now."""
        return (perf_counter() if self.ended is None else self.ended) - self.started


class Instrument:
    """Listens to operations. Override what is of interest; the methods must be quick.

    They are called in the thread and task of the operation. One that raises is unsubscribed and
    its exception printed: an instrument never breaks what it watches.
    """

    def operation_started(self, operation: Operation) -> None:
        """Take note that an operation starts."""

    def operation_ended(self, operation: Operation) -> None:
        """Take note that an operation has ended, with outcome, bytes and duration filled in."""

    def error_reported(self, error: BaseException, where: str) -> bool:
        """Take note of an exception that nobody caught and that ended only its own task.

        :returns: whether it was made visible; if no instrument says so it is printed to stderr.
        """
        return False


class _Seam:
    """Holds the one reference that operations test; ``None`` while nobody listens."""

    __slots__ = ("instrument",)

    def __init__(self) -> None:
        self.instrument: Instrument | None = None


SEAM: Final = _Seam()
_subscribed: dict[object, Instrument] = {}
_subscribing: Final = threading.Lock()
_current_operation: ContextVar[Operation | None] = ContextVar(
    "trio_helianthus_operation", default=None
)


@contextmanager
def subscribe(instrument: Instrument) -> Iterator[None]:
    """Let ``instrument`` listen to all operations of this process while the body runs."""
    key = object()
    _change_subscribers(lambda subscribed: {**subscribed, key: instrument})
    try:
        yield
    finally:
        _change_subscribers(
            lambda subscribed: {k: i for k, i in subscribed.items() if k is not key}
        )


def next_connection_id() -> int:
    """Return an identifier for a new connection, unique in this process."""
    return next(_connection_ids)


def operation(
    name: str, *, connection_id: int | None = None, peer: object = None, **attributes: object
) -> OperationScope:
    """Report what the body does as an operation.

    The context manager yields the :class:`Operation`, or ``None`` while nobody listens. Tasks
    and operations that the body starts have it as their parent.
    """
    if SEAM.instrument is None:
        return _UNHEARD
    parent = _current_operation.get()
    return OperationScope(
        Operation(
            name,
            parent_id=None if parent is None else parent.id,
            connection_id=connection_id,
            peer=peer,
            attributes=attributes,
        )
    )


class OperationScope:
    """The body of one operation; see :func:`operation`."""

    __slots__ = ("_context_token", "_operation")

    def __init__(self, operation: Operation | None) -> None:
        self._operation = operation
        self._context_token: Token[Operation | None] | None = None

    def __enter__(self) -> Operation | None:
        operation = self._operation
        if operation is not None:
            self._context_token = _current_operation.set(operation)
            if (instrument := SEAM.instrument) is not None:
                instrument.operation_started(operation)
        return operation

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        operation = self._operation
        if operation is None:
            return
        assert self._context_token is not None
        _current_operation.reset(self._context_token)
        operation.ended = perf_counter()
        operation.outcome = _outcome(exc)
        operation.error_code = exc.code if isinstance(exc, NetworkError) else None
        if (instrument := SEAM.instrument) is not None:
            operation.error = exc
            instrument.operation_ended(operation)
            operation.error = None  # its traceback refers to frames that refer to the operation


_UNHEARD: Final = OperationScope(None)


def report_error(error: BaseException, *, where: str) -> None:
    """Make an exception visible that must not end more than the task that it comes from.

    Instruments hear of it; where none makes it visible it is printed to stderr.

    :param where: what failed, for a person to read: ``"handler of 127.0.0.1:5000"``.
    """
    instrument = SEAM.instrument
    if instrument is None or not instrument.error_reported(error, where):
        _print_error(error, where)


def _outcome(exc: BaseException | None) -> Outcome:
    if exc is None:
        return Outcome.OK
    if isinstance(exc, OperationTimeout):
        return Outcome.TIMEOUT
    if isinstance(exc, (OperationCancelled, trio.Cancelled)):
        return Outcome.CANCELLED
    return Outcome.ERROR


class _FanOut(Instrument):
    """Passes reports on to all subscribers, and drops one that raises."""

    def __init__(self, instruments: tuple[Instrument, ...]) -> None:
        self._instruments = instruments

    def operation_started(self, operation: Operation) -> None:
        for instrument in self._instruments:
            try:
                instrument.operation_started(operation)
            except Exception as exc:
                _drop(instrument, exc)

    def operation_ended(self, operation: Operation) -> None:
        for instrument in self._instruments:
            try:
                instrument.operation_ended(operation)
            except Exception as exc:
                _drop(instrument, exc)

    def error_reported(self, error: BaseException, where: str) -> bool:
        visible = False
        for instrument in self._instruments:
            try:
                visible = instrument.error_reported(error, where) or visible
            except Exception as exc:
                _drop(instrument, exc)
        return visible


def _change_subscribers(
    change: Callable[[dict[object, Instrument]], dict[object, Instrument]],
) -> None:
    global _subscribed
    with _subscribing:
        _subscribed = change(_subscribed)
        SEAM.instrument = _FanOut(tuple(_subscribed.values())) if _subscribed else None


def _drop(instrument: Instrument, error: Exception) -> None:
    _change_subscribers(
        lambda subscribed: {k: i for k, i in subscribed.items() if i is not instrument}
    )
    _print_error(error, f"instrument {instrument!r}, now unsubscribed")


def _print_error(error: BaseException, where: str) -> None:
    lines = traceback_module.format_exception(error)
    with suppress(OSError):  # nobody reads stderr any more: that must not end the caller
        print(f"unhandled error in {where}:\n{''.join(lines)}", end="", file=sys.stderr, flush=True)
