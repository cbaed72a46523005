"""Opens a client around a block of code."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any, Literal, Unpack, overload

from ._client import Redis
from ._options import make_options
from ._server import open_server
from ._url import parse_url

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ._options import ConnectionOptions

__all__ = ["open_client"]


@overload
def open_client(
    url: str = ...,
    *,
    decode_responses: Literal[False] = ...,
    lazy: bool = ...,
    **connections: Unpack[ConnectionOptions],
) -> AbstractAsyncContextManager[Redis[bytes]]: ...


@overload
def open_client(
    url: str = ...,
    *,
    decode_responses: Literal[True],
    lazy: bool = ...,
    **connections: Unpack[ConnectionOptions],
) -> AbstractAsyncContextManager[Redis[str]]: ...


def open_client(
    url: str = "redis://127.0.0.1:6379",
    *,
    decode_responses: bool = False,
    lazy: bool = False,
    **connections: Unpack[ConnectionOptions],
) -> AbstractAsyncContextManager[Redis[Any]]:
    """Open a client of one server, whose connections are closed when the body ends.

    ::

        async with redis.open_client("redis://localhost", decode_responses=True) as r:
            await r.set("greeting", "hello")
            assert await r.get("greeting") == "hello"

    While the server cannot be reached commands wait for it, for as long as
    ``timeouts.reconnect`` says. A command whose connection was lost before its answer came is sent
    again if it only reads, or if ``retry_writes`` says so; else it raises
    :exc:`~trio_helianthus.errors.OutcomeUnknown`.

    :param url: ``redis://[[user]:password@]host[:port][/db]``, ``rediss://`` with TLS,
        ``unix:///path``; with several hosts, separated by commas, the first that answers.
    :param decode_responses: return text (UTF-8, bytes that are none as surrogate escapes) instead
        of bytes.
    :param lazy: do not connect before the body starts; else a server that cannot be reached is
        told at once.
    :param connections: how connections are made; see :class:`ConnectionOptions`.
    :raises ValueError: for an invalid URL or option.
    :raises TypeError: for an unknown option.
    :raises NetworkError: the server cannot be reached.
    :raises RedisError: it refuses us, by :exc:`~trio_helianthus.errors.RedisAuthenticationError`
        for a wrong password.
    """
    place = parse_url(url)
    options = make_options(place, connections)
    return _open_client(place.places, options, is_text=decode_responses, lazy=lazy)


@asynccontextmanager
async def _open_client(
    places: Any, options: Any, *, is_text: bool, lazy: bool
) -> AsyncIterator[Redis[Any]]:
    async with open_server(places, options, lazy=lazy) as server:
        yield Redis(server, is_text=is_text)
