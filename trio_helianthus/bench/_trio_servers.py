"""Echo servers on trio: this library's streams, and trio's own."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import trio

from trio_helianthus import net

from ._being_measured import announce, answer_the_meter, read_orders

if TYPE_CHECKING:
    import ssl

RECEIVE_BYTES: Final = 65_536
BACKLOG: Final = 1024


async def echo(stream: trio.abc.Stream) -> None:
    """Serve one connection; the same code for every stream."""
    while data := await stream.receive_some(RECEIVE_BYTES):
        await stream.send_all(data)


async def echo_and_close(stream: trio.abc.Stream) -> None:
    """Serve one connection of trio, whose servers leave closing to the handler."""
    try:
        async with stream:
            await echo(stream)
    except trio.BrokenResourceError:
        return  # the load generator is gone


async def serve_net(nursery: trio.Nursery, context: ssl.SSLContext | None) -> int:
    """Start ours; return its port."""
    serve = partial(net.serve_tcp, echo)
    if context is not None:
        serve = partial(net.serve_tls, echo, ssl_context=context)
    server: net.Server = await nursery.start(serve)
    return server.port


async def serve_trio(nursery: trio.Nursery, context: ssl.SSLContext | None) -> int:
    """Start trio's; return its port."""
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1", backlog=BACKLOG)
    serve = partial(trio.serve_listeners, echo_and_close, [listener])
    if context is not None:
        serve = partial(trio.serve_listeners, echo_and_close, [trio.SSLListener(listener, context)])
    await nursery.start(serve)
    return int(listener.socket.getsockname()[1])


async def echo_datagrams_net(*, task_status: trio.TaskStatus[int]) -> None:
    """Echo with our datagrams, a batch for each wake-up."""
    async with net.open_udp() as sock:
        task_status.started(sock.port)
        while True:
            for data, address, _ in await sock.receive_many():
                await sock.send_to(data, address)


async def echo_datagrams_trio(*, task_status: trio.TaskStatus[int]) -> None:
    """Echo with trio's sockets, one datagram after the other."""
    with trio.socket.socket(trio.socket.AF_INET, trio.socket.SOCK_DGRAM) as sock:
        await sock.bind(("127.0.0.1", 0))
        task_status.started(sock.getsockname()[1])
        while True:
            data, address = await sock.recvfrom(RECEIVE_BYTES)
            await sock.sendto(data, address)


async def main() -> None:
    """Serve until the one who measures has gone."""
    (library, protocol), context = read_orders()
    async with trio.open_nursery() as nursery:
        if protocol == "udp":
            echo_datagrams = echo_datagrams_net if library == "net" else echo_datagrams_trio
            port: int = await nursery.start(echo_datagrams)
        else:
            serve = serve_net if library == "net" else serve_trio
            port = await serve(nursery, context)
        announce(port)
        await trio.to_thread.run_sync(answer_the_meter)
        nursery.cancel_scope.cancel()


if __name__ == "__main__":
    trio.run(main)
