"""How often something is tried again, and when: pure functions, without a clock or chance."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import attrs

from ._limits import check_seconds

if TYPE_CHECKING:
    from typing import Any

_MOST_DOUBLINGS: Final = 1000  # a float has no more


def _seconds(_: object, field: attrs.Attribute[Any], value: float) -> None:
    check_seconds(field.name, value)


@attrs.frozen(kw_only=True)
class RetryPolicy:
    """Waits that grow by a factor, each of them drawn at random between nothing and its most.

    This is exponential backoff with full jitter: callers that failed together do not come back
    together (Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).

    :raises ValueError: one of them makes no sense.
    """

    max_attempts: int = attrs.field(default=4, validator=attrs.validators.ge(1))
    """How often it is tried, the first time included."""
    initial_delay: float = attrs.field(default=0.1, validator=_seconds)
    """The most seconds before the second attempt."""
    factor: float = attrs.field(default=2.0, validator=attrs.validators.ge(1))
    """By how much the most seconds grow from one attempt to the next."""
    max_delay: float = attrs.field(default=10.0, validator=_seconds)
    """The most seconds before any attempt, whatever the factor has made of them."""
    max_hint: float = attrs.field(default=60.0, validator=_seconds)
    """The most seconds that a server may ask for (as by ``Retry-After``) without ending it."""
    jitter: float = attrs.field(
        default=1.0, validator=attrs.validators.and_(attrs.validators.ge(0), attrs.validators.le(1))
    )
    """Which part of a delay is drawn at random: 1 is full jitter, 0 none."""

    def delay(self, failures: int, chance: float) -> float:
        """Return how many seconds to wait after so many failed attempts.

        :param failures: at least 1.
        :param chance: from 0 up to 1, drawn for this wait.
        """
        doublings = min(failures - 1, _MOST_DOUBLINGS)
        try:
            most = min(self.max_delay, self.initial_delay * self.factor**doublings)
        except OverflowError:
            most = self.max_delay
        return most * (1 - self.jitter * (1 - chance))

    def next_delay(
        self,
        failures: int,
        *,
        chance: float,
        hint: float | None = None,
        time_left: float = math.inf,
    ) -> float | None:
        """Return how many seconds to wait before trying again, or ``None`` for giving up.

        :param failures: how many attempts have failed, at least 1.
        :param chance: from 0 up to 1, drawn for this wait.
        :param hint: the least seconds that the other side asked for, if it did.
        :param time_left: seconds until the caller's deadline. A wait that would not end before
            it is not worth beginning.
        """
        if failures >= self.max_attempts:
            return None
        delay = self.delay(failures, chance)
        if hint is not None:
            if hint > self.max_hint:
                return None
            delay = max(delay, hint)
        return delay if delay < time_left else None
