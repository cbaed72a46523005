"""An entry of a stream that a consumer was handed, until it says what has become of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, Self, TypeVar

if TYPE_CHECKING:
    from types import TracebackType

    from ._ledger import Ledger

__all__ = ["StreamEntry"]

T = TypeVar("T", bytes, str)


class StreamEntry(Generic[T]):
    """An entry of a stream; received from a :class:`StreamConsumer`.

    ::

        async with entry:
            await bill(entry.fields)

    It is acknowledged when the body ends. If the body raises, it is handed out again later, to
    whichever consumer of the group comes first, or goes to the dead letters if that was the last
    time; the exception goes on. A body that is cancelled gives it back at once.
    """

    __slots__ = ("_key", "_ledger", "deliveries", "fields", "id", "raw_fields", "stream")

    def __init__(
        self,
        ledger: Ledger,
        key: tuple[bytes, bytes],
        *,
        stream: T,
        entry_id: T,
        fields: dict[T, T],
        raw_fields: dict[bytes, bytes],
        deliveries: int,
    ) -> None:
        self.stream: Final[T] = stream
        """The stream's key."""
        self.id: Final[T] = entry_id
        """Its ID, such as ``"1526919030474-55"``."""
        self.fields: Final[dict[T, T]] = fields
        """What was added."""
        self.deliveries: Final[int] = deliveries
        """How often it was handed out, this time included: more than 1 after a failure."""
        self.raw_fields: Final = raw_fields
        """The fields as bytes."""
        self._ledger = ledger
        self._key = key

    def __repr__(self) -> str:
        return f"<StreamEntry {self.id!r} of {self.stream!r}, delivery {self.deliveries}>"

    @property
    def is_held(self) -> bool:
        """Whether it is ours: neither acknowledged, nor given back, nor claimed by another consumer
        while this program stood still for longer than ``claim_idle``.
        """
        return self._ledger.is_held(self._key)

    def ack(self) -> None:
        """Have it acknowledged, together with others, in the background.

        It does not wait; :meth:`StreamConsumer.flush` does. One that is not held is left alone.
        """
        self._ledger.acknowledge(self._key)

    def fail(self, reason: object = "", *, retry_in: float | None = None) -> None:
        """Have it handed out again, or move it to the dead letters if that was the last time.

        It does not wait. One that is not held is left alone.

        :param reason: what goes into the dead letter: an exception, or text.
        :param retry_in: in how many seconds it may be handed out again; ``None``: as the consumer
            says.
        """
        self._ledger.fail(self._key, reason, retry_in)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # Nothing here waits, so a cancellation cannot come between the body and what it has done.
        if exc is None:
            self.ack()
        elif isinstance(exc, Exception):
            self.fail(exc)
        else:
            self.fail("cancelled", retry_in=0)
