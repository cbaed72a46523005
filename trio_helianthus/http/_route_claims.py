"""Which places and names are taken, in a router and in all that it is mounted in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

import attrs

from ._pattern import NO_PREFIX, Pattern
from ._route_table import Entry

if TYPE_CHECKING:
    from ._router import Router

__all__ = ["Around", "Claims", "claim"]

_Claim: TypeAlias = "str | tuple[tuple[object, ...], str]"
"""A name, or a place in the tree and a method."""
Claims: TypeAlias = "dict[_Claim, Pattern]"
"""What is taken in one router, and by which route."""


@attrs.frozen(eq=False)
class Around:
    """A router, and what stands there before the patterns and names of one inside of it."""

    router: Router
    taken: Claims
    prefix: Pattern = NO_PREFIX
    name: str = ""

    def behind(self, inner: Around) -> Around:
        """For what is inside of another one, which is inside of this router."""
        prefix = inner.prefix.under(self.prefix)
        return Around(self.router, self.taken, prefix, self.name + inner.name)

    def seen(self, route: Entry) -> Entry:
        """A route as it looks in this router.

        :raises ValueError: the name of a placeholder comes twice.
        """
        name = route.name and self.name + route.name
        return attrs.evolve(route, pattern=route.pattern.under(self.prefix), name=name)


def claim(routes: Iterable[Entry], everywhere: Sequence[Around]) -> None:
    """Take what some routes need, in one router and in all around it; everything or nothing.

    :param routes: as they look in the innermost router.
    :raises ValueError: something is taken.
    """
    wanted: dict[int, Claims] = {id(around.taken): {} for around in everywhere}
    for route in routes:
        for around in everywhere:
            seen = around.seen(route)
            new = wanted[id(around.taken)]
            for each in _claims_of(seen):
                taken = around.taken.get(each) or new.get(each)
                if taken is not None:
                    _share(each, seen, taken)
                new[each] = seen.pattern
    for around in everywhere:
        around.taken.update(wanted[id(around.taken)])


def _claims_of(route: Entry) -> Iterator[_Claim]:
    """A place for each method, and a name that was given.

    The name of a function is not claimed: what a decorator has wrapped is often called as all
    the others are, and one handler may stand at several places.
    """
    for method in route.methods:
        yield route.pattern.place, method
    if route.is_named and route.name:
        yield route.name


def _share(wanted: _Claim, route: Entry, taken: Pattern) -> None:
    """Refuse what is taken; only a name may be shared, by several methods of one URL."""
    if isinstance(wanted, str):
        if route.pattern.is_same_as(taken):
            return
        why = (
            f"the name {wanted!r} of {route.pattern.text!r} is taken by the route {taken.text!r}: "
            "give it another, or give the router or group that it is in a name"
        )
    else:
        why = f"{wanted[1]} {route.pattern.text!r} is taken by the route {taken.text!r}"
    raise ValueError(why)
