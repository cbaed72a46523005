"""Making one connection to a server, greeting included."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_helianthus import net
from trio_helianthus.core import limit
from trio_helianthus.errors import OperationTimeout

from ._connection import Connection
from ._greeting import greet

if TYPE_CHECKING:
    from ._options import Options
    from ._url import Place


async def connect(place: Place, options: Options) -> Connection:
    """Connect to a server and greet it, within ``timeouts.connect``.

    :raises NetworkError: it cannot be reached.
    :raises RedisError: it refuses us.
    :raises OperationTimeout: it takes too long.
    """
    seconds = options.timeouts.connect
    try:
        with limit(seconds, None):
            stream = await open_stream(place, options)
            try:
                connection = Connection(stream, engine=options.engine, limits=options.limits)
                await greet(connection, options)
            except BaseException:
                stream.reset()
                raise
            return connection
    except OperationTimeout as exc:
        raise OperationTimeout(
            f"no connection to {place} within {seconds:g} seconds", seconds=seconds
        ) from exc


async def open_stream(place: Place, options: Options) -> net.ByteStream:
    """Connect the stream alone."""
    if place.path is not None:
        return await net.connect_unix(place.path)
    if options.is_tls:
        return await net.connect_tls(
            place.host,
            place.port,
            ssl_context=options.ssl_context,
            server_hostname=options.server_hostname,
            # Servers close connections without the alert when they stop; commands have an end.
            https_compatible=True,
            keepalive=True,
        )
    return await net.connect_tcp(place.host, place.port, keepalive=True)
