"""Opens a client of servers that sentinels watch around a block of code."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Unpack, overload

import attrs

from trio_helianthus.core import open_background_nursery

from ._client import Redis
from ._options import make_options
from ._read_from import ReadFrom
from ._remap import careful
from ._sentinel import Watched
from ._sentinels import Sentinels
from ._url import SENTINEL_PORT, parse_url

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from trio_helianthus.core import BackgroundNursery

    from ._options import ConnectionOptions, Options
    from ._url import Place

__all__ = ["open_sentinel"]


def _as_told(place: Place) -> Place:
    return place


@overload
def open_sentinel(
    url: str,
    name: str,
    *,
    decode_responses: Literal[False] = ...,
    read_from: ReadFrom = ...,
    sentinel_username: str | None = ...,
    sentinel_password: str | None = ...,
    sentinel_tls: bool | None = ...,
    remap: Callable[[Place], Place] = ...,
    lazy: bool = ...,
    **connections: Unpack[ConnectionOptions],
) -> AbstractAsyncContextManager[Redis[bytes]]: ...


@overload
def open_sentinel(
    url: str,
    name: str,
    *,
    decode_responses: Literal[True],
    read_from: ReadFrom = ...,
    sentinel_username: str | None = ...,
    sentinel_password: str | None = ...,
    sentinel_tls: bool | None = ...,
    remap: Callable[[Place], Place] = ...,
    lazy: bool = ...,
    **connections: Unpack[ConnectionOptions],
) -> AbstractAsyncContextManager[Redis[str]]: ...


def open_sentinel(
    url: str,
    name: str,
    *,
    decode_responses: bool = False,
    read_from: ReadFrom = ReadFrom.PRIMARY,
    sentinel_username: str | None = None,
    sentinel_password: str | None = None,
    sentinel_tls: bool | None = None,
    remap: Callable[[Place], Place] = _as_told,
    lazy: bool = False,
    **connections: Unpack[ConnectionOptions],
) -> AbstractAsyncContextManager[Redis[Any]]:
    """Open a client of a server with replicas that sentinels watch.

    ::

        async with redis.open_sentinel("redis://sentinel-1,sentinel-2", "main") as r:
            await r.set("greeting", "hello")

    It is the client of a single server, with the same commands. The sentinels are asked for the
    primary whenever a connection is made, and listened to; a server that does not call itself
    primary (``ROLE``) is not taken for it. When another server has become primary commands go
    there: those that the old one refused as a replica (``READONLY``) have not run, and are sent
    again. What the old one has acknowledged and not yet copied is lost, as replication does not
    wait; see the server's ``min-replicas-to-write``, and ``WAIT``.

    :param url: ``redis://[[user]:password@]host[:port][,host[:port]...][/db]``, ``rediss://`` with
        TLS: some of the sentinels (default port 26379), of which one has to answer; they tell of
        the others. User, password and database are those of the servers that they watch.
    :param name: what the sentinels call the primary.
    :param decode_responses: return text (UTF-8, bytes that are none as surrogate escapes) instead
        of bytes.
    :param read_from: who answers commands that only read.
    :param sentinel_username: for the sentinels themselves, where they want a login.
    :param sentinel_password: for the sentinels themselves.
    :param sentinel_tls: whether the sentinels are reached by TLS; ``None`` means as the servers.
    :param remap: returns the place at which we reach a server or sentinel, from the one that the
        sentinels tell, for address translation; if it raises that is reported, and the place stays.
    :param lazy: do not connect before the body starts; else a primary that cannot be reached is
        told at once.
    :param connections: how connections to the servers are made; see :class:`ConnectionOptions`.
    :raises ValueError: for an invalid URL or option.
    :raises TypeError: for an unknown option.
    :raises NetworkError: no sentinel can be reached, or not the primary that they name.
    :raises RedisError: one of them refuses us, or knows nothing by that name.
    """
    told = parse_url(url, default_port=SENTINEL_PORT)
    if any(place.path is not None for place in told.places):
        raise ValueError("sentinels are reached by TCP")
    if not name:
        raise ValueError("the name of the primary is missing")
    if not isinstance(read_from, ReadFrom):
        raise TypeError(f"read_from must be a ReadFrom, not {read_from!r}")
    options = make_options(told, connections)
    is_tls = options.is_tls if sentinel_tls is None else sentinel_tls
    asking = attrs.evolve(
        options,
        username=sentinel_username,
        password=sentinel_password,
        credentials=None,
        db=0,
        is_tls=is_tls,
        ssl_context=options.ssl_context if is_tls else None,
    )

    def make(nursery: BackgroundNursery, options: Options) -> Watched:
        reach = careful(remap)
        watched = Watched(nursery, options, read_from=read_from, remap=reach)
        sentinels = Sentinels(
            told.places,
            name,
            asking,
            nursery,
            remap=reach,
            on_switch=watched.note_switch,
            on_promotion=watched.note_promotion,
            on_change=watched.note_change,
        )
        watched.follow_sentinels(sentinels)
        return watched

    return _open_client(make, options, is_text=decode_responses, lazy=lazy)


@asynccontextmanager
async def _open_client(
    make: Callable[[BackgroundNursery, Options], Watched],
    options: Options,
    *,
    is_text: bool,
    lazy: bool,
) -> AsyncIterator[Redis[Any]]:
    async with _open_backend(make, options, lazy=lazy) as watched:
        yield Redis(watched, is_text=is_text)


@asynccontextmanager
async def _open_backend(
    make: Callable[[BackgroundNursery, Options], Watched], options: Options, *, lazy: bool = False
) -> AsyncIterator[Watched]:
    async with open_background_nursery() as nursery:
        watched = make(nursery, options)
        watched.open_twin = partial(_open_backend, make)
        try:
            await watched.open(lazy=lazy)
            yield watched
        finally:
            watched.close()
