"""What acquiring from a pool returns: to be awaited, or to be entered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from trio.lowlevel import enable_ki_protection

if TYPE_CHECKING:
    from collections.abc import Generator
    from types import TracebackType

    from ._pool import Pool
    from ._token import CancelToken

_T = TypeVar("_T")


class Acquiring(Generic[_T]):
    """What :meth:`Pool.acquire` returns: await it, or enter it by ``async with``."""

    __slots__ = ("_item", "_pool", "_timeout", "_token")

    def __init__(self, pool: Pool[_T], timeout: float | None, token: CancelToken | None) -> None:
        self._pool = pool
        self._timeout = timeout
        self._token = token

    def __await__(self) -> Generator[Any, Any, _T]:
        return self._pool._acquire(self._timeout, self._token).__await__()

    @enable_ki_protection
    async def __aenter__(self) -> _T:
        self._item = await self._pool._acquire(self._timeout, self._token)
        return self._item

    @enable_ki_protection
    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._pool._end_loan(self._item, failed=exc_type is not None)
