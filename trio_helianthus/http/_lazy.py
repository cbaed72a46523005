"""Attributes that are made when they are first asked for, at the price of a dictionary's entry."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

__all__ = ["lazy"]

_T = TypeVar("_T")


class lazy(Generic[_T]):  # noqa: N801 - used as a decorator, as property is
    """As :func:`functools.cached_property`, without the lock that Python 3.11 has in there.

    The lock makes up most of the cost: five thousand instructions. Objects of one task need none.
    """

    def __init__(self, make: Callable[[Any], _T]) -> None:
        self._make = make
        self._name = make.__name__
        self.__doc__ = make.__doc__

    @overload
    def __get__(self, instance: None, owner: type) -> lazy[_T]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> _T: ...
    def __get__(self, instance: object | None, owner: type) -> lazy[_T] | _T:
        if instance is None:
            return self
        value = instance.__dict__[self._name] = self._make(instance)
        return value

    if TYPE_CHECKING:  # assigning works as for any attribute, just because this is missing

        def __set__(self, instance: object, value: _T) -> None: ...
