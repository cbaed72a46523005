"""A service whose clients are silent costs nothing."""

from __future__ import annotations

from typing import Final

import trio
import trio.testing

from trio_helianthus import http, net
from trio_helianthus.core import open_lifecycle, open_portal

CONNECTIONS: Final = 50
LOOK_SECONDS: Final = 0.2


class CountedWakeUps(trio.abc.Instrument):
    """Counts how often trio wakes up for anything but the counting itself."""

    def __init__(self) -> None:
        self.wake_ups = 0

    def after_io_wait(self, timeout: float) -> None:
        self.wake_ups += 1


async def test_open_connections_make_no_wake_ups() -> None:
    router = http.Router()

    @router.get("/")
    async def index(_: http.Request) -> str:
        return "here"

    async def echo(stream: net.ByteStream) -> None:
        while data := await stream.receive_some():
            await stream.send_all(data)

    async with open_lifecycle() as lifecycle, open_portal(), trio.open_nursery() as nursery:
        web: http.Server = await nursery.start(http.serve, router, 0)
        tcp: net.Server = await nursery.start(net.serve_tcp, echo)
        streams = [await net.connect_tcp("127.0.0.1", tcp.port) for _ in range(CONNECTIONS)]
        for stream in streams:
            await stream.send_all(b"once")
            assert await stream.receive_exactly(4) == b"once"
        kept_open = [await net.connect_tcp("127.0.0.1", web.port) for _ in range(CONNECTIONS)]
        for stream in kept_open:
            await stream.send_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await stream.receive_until(b"\r\n\r\n")
            assert await stream.receive_exactly(4) == b"here"
        await trio.testing.wait_all_tasks_blocked()

        counted = CountedWakeUps()
        trio.lowlevel.add_instrument(counted)
        await trio.sleep(LOOK_SECONDS)
        trio.lowlevel.remove_instrument(counted)

        for stream in (*streams, *kept_open):
            await stream.aclose()
        lifecycle.drain()

    # The one wake-up is the end of the sleep above; the other, of starting it.
    assert counted.wake_ups <= 2
