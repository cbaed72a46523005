"""Opens a client of a cluster around a block of code."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Unpack, overload

from trio_helianthus.core import open_background_nursery

from ._client import Redis
from ._cluster import Cluster
from ._options import make_options
from ._read_from import ReadFrom
from ._remap import careful
from ._url import parse_url

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from trio_helianthus.core import BackgroundNursery

    from ._options import ConnectionOptions, Options
    from ._url import Place

__all__ = ["open_cluster"]


def _as_told(place: Place) -> Place:
    return place


@overload
def open_cluster(
    url: str,
    *,
    decode_responses: Literal[False] = ...,
    read_from: ReadFrom = ...,
    max_redirections: int = ...,
    remap: Callable[[Place], Place] = ...,
    lazy: bool = ...,
    **connections: Unpack[ConnectionOptions],
) -> AbstractAsyncContextManager[Redis[bytes]]: ...


@overload
def open_cluster(
    url: str,
    *,
    decode_responses: Literal[True],
    read_from: ReadFrom = ...,
    max_redirections: int = ...,
    remap: Callable[[Place], Place] = ...,
    lazy: bool = ...,
    **connections: Unpack[ConnectionOptions],
) -> AbstractAsyncContextManager[Redis[str]]: ...


def open_cluster(
    url: str,
    *,
    decode_responses: bool = False,
    read_from: ReadFrom = ReadFrom.PRIMARY,
    max_redirections: int = 5,
    remap: Callable[[Place], Place] = _as_told,
    lazy: bool = False,
    **connections: Unpack[ConnectionOptions],
) -> AbstractAsyncContextManager[Redis[Any]]:
    """Open a client of a cluster, whose connections are closed when the body ends.

    ::

        async with redis.open_cluster("redis://node-1:7000,node-2:7000") as r:
            await r.set("greeting", "hello")

    It is the client of a single server, with the same commands. Each goes to the node that has its
    keys. ``DEL``, ``EXISTS``, ``MGET``, ``MSET``, ``TOUCH`` and ``UNLINK`` take keys of several
    nodes, too: each node runs its part, so that others may read and write in between. What concerns
    all, such as ``FLUSHALL``, ``DBSIZE`` and ``SCRIPT LOAD``, goes to all. All other commands,
    transactions, and scripts need keys of one slot, such as those with the same ``{tag}``: anything
    else raises :exc:`~trio_helianthus.errors.LocalProtocolError`, unsent.

    Slots that move, and replicas that take over, are followed. Commands whose node is gone, or
    does not serve now, wait for as long as ``timeouts.reconnect`` says, which must be longer than
    the cluster takes to replace a node (``cluster-node-timeout``, and a second or two).

    :param url: ``redis://[[user]:password@]host[:port][,host[:port]...]``, ``rediss://`` with TLS:
        some of the nodes, of which one has to answer; they tell of the others.
    :param decode_responses: return text (UTF-8, bytes that are none as surrogate escapes) instead
        of bytes.
    :param read_from: who answers commands that only read.
    :param max_redirections: how often one command is sent to another node, at most.
    :param remap: returns the place at which we reach a node, from the one that the nodes tell, for
        clusters behind address translation; if it raises that is reported, and the place stays.
    :param lazy: do not connect before the body starts; else a cluster that cannot be reached is
        told at once.
    :param connections: how connections to all nodes are made; see :class:`ConnectionOptions`.
    :raises ValueError: for an invalid URL or option.
    :raises TypeError: for an unknown option.
    :raises NetworkError: none of the nodes can be reached.
    :raises RedisError: a node refuses us, or is none of a cluster.
    """
    told = parse_url(url)
    if any(place.path is not None for place in told.places):
        raise ValueError("the nodes of a cluster are reached by TCP")
    options = make_options(told, connections)
    if options.db:
        raise ValueError("a cluster has only the database 0")
    if not isinstance(read_from, ReadFrom):
        raise TypeError(f"read_from must be a ReadFrom, not {read_from!r}")
    if max_redirections < 1:
        raise ValueError(f"max_redirections must be at least 1, not {max_redirections}")

    def make(nursery: BackgroundNursery, options: Options) -> Cluster:
        return Cluster(
            nursery,
            options,
            told.places,
            read_from=read_from,
            max_redirections=max_redirections,
            remap=careful(remap),
        )

    return _open_client(make, options, is_text=decode_responses, lazy=lazy)


@asynccontextmanager
async def _open_client(
    make: Callable[[BackgroundNursery, Options], Cluster],
    options: Options,
    *,
    is_text: bool,
    lazy: bool,
) -> AsyncIterator[Redis[Any]]:
    async with _open_backend(make, options, lazy=lazy) as cluster:
        yield Redis(cluster, is_text=is_text)


@asynccontextmanager
async def _open_backend(
    make: Callable[[BackgroundNursery, Options], Cluster], options: Options, *, lazy: bool = False
) -> AsyncIterator[Cluster]:
    async with open_background_nursery() as nursery:
        cluster = make(nursery, options)
        cluster.open_twin = partial(_open_backend, make)
        try:
            await cluster.open(lazy=lazy)
            yield cluster
        finally:
            cluster.close()
