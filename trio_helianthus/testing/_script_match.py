"""What a script expects, whether an event fits, and the words for it."""

from __future__ import annotations

import attrs

LONGEST_SHOWN = 300
"""How much of a value an error message shows."""


@attrs.frozen
class Expected:
    """An expected event: an equal one, one of a class, or one that a predicate is true of."""

    what: object
    attributes: dict[str, object]

    def __attrs_post_init__(self) -> None:
        if self.attributes and not isinstance(self.what, type):
            raise TypeError("attributes go with an event's class, not with an event or predicate")

    @property
    def text(self) -> str:
        """The words for it."""
        if not isinstance(self.what, type):
            return describe(self.what)
        fields = ", ".join(f"{name}={value!r}" for name, value in self.attributes.items())
        return f"{self.what.__name__}({fields})" if fields else f"any {self.what.__name__}"

    def fits(self, event: object) -> bool:
        """Tell whether the event is what is expected."""
        if isinstance(self.what, type):
            return isinstance(event, self.what) and all(
                getattr(event, name, _MISSING) == value for name, value in self.attributes.items()
            )
        if callable(self.what):
            return bool(self.what(event))
        return event == self.what

    def wants_more(self, event: object) -> bool:
        """Tell whether the event is the beginning of the data that is expected."""
        if isinstance(self.what, type):
            wanted = self.attributes.get("data")
            same = isinstance(event, self.what)
        else:
            wanted = getattr(self.what, "data", None)
            same = type(event) is type(self.what)
        data = getattr(event, "data", None)
        if not (same and attrs.has(type(event))):
            return False
        if not (isinstance(wanted, bytes) and isinstance(data, bytes)):
            return False
        return len(data) < len(wanted) and wanted.startswith(data)


def join_data(first: object, second: object) -> object | None:
    """Join two events of data; ``None`` if the second is something else."""
    if type(second) is not type(first):
        return None
    data: bytes = getattr(first, "data") + getattr(second, "data")  # noqa: B009 (of any event)
    return attrs.evolve(first, data=data)  # type: ignore[misc] # an attrs class, as was asked


def mismatch(expected: str, came: str) -> AssertionError:
    """Return the error of a step to which something else came."""
    return AssertionError(f"  expected: {expected}\n      came: {came}")


def describe(value: object) -> str:
    """Return words for a value, of a bearable length; a function has a name and a place."""
    code = getattr(value, "__code__", None)
    if code is not None:
        name = getattr(value, "__qualname__", "function").rpartition(".<locals>.")[2]
        return f"{name} (line {code.co_firstlineno} of {code.co_filename})"
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}... ({len(text)} long)"


_MISSING = object()
