"""A server whose process really has no file descriptor left."""

from __future__ import annotations

import subprocess
import sys
from typing import Final

import pytest

PROGRAM: Final = """
import resource, socket
import trio
from trio_helianthus import net
from trio_helianthus.net import _serve

_serve.ACCEPT_PAUSE_SECONDS = 0.002

async def echo(stream):
    while data := await stream.receive_some():
        await stream.send_all(data)

async def main():
    async with trio.open_nursery() as nursery:
        server = await nursery.start(net.serve_tcp, echo)
        clients = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(4)]
        first_free = max(client.fileno() for client in clients) + 2
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (first_free, hard))
        while not server.statistics().accept_pauses:
            await trio.sleep(0.001)
        assert server.statistics().accepted < 4
        clients.pop(0).close()
        while server.statistics().accepted < 4:  # one after the other gets its turn
            await trio.sleep(0.001)
            if clients[1:]:
                clients.pop(0).close()
        print("all were accepted")
        clients.pop().close()
        await server.drain()

trio.run(main)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no resource module")
def test_accepting_goes_on_when_there_are_descriptors_again() -> None:
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert finished.stdout == "all were accepted\n", finished.stderr
