"""What a message costs that goes through a send queue, beside ``trio.Lock`` and ``send_all``.

Run it by hand: ``python bench/send_queue.py``. A process of its own sends as fast as it can, this
one receives and counts; the repetitions take turns.
"""

from __future__ import annotations

import socket
import statistics
import subprocess
import sys
import time
from typing import Final

import trio
from _counting import UNIT, Count

from trio_helianthus import net

SIZE, WARM_UP, MESSAGES, REPETITIONS = 64, 20_000, 100_000, 5
WAYS: Final = {
    "`trio.Lock`, `send_all` of `trio.SocketStream`": "trio",
    "`trio.Lock`, `send_all` of `net.TCPStream`": "lock",
    "`net.SendQueue`": "queue",
}
TASKS: Final = {
    "1 task, as fast as it can": (1, False),
    "1 task, one message per pass": (1, True),
    "100 tasks, as fast as they can": (100, False),
    "100 tasks, one message per pass": (100, True),
}


async def send(way: str, tasks: int, in_passes: bool, sock: socket.socket) -> None:
    """Send without end."""
    message = bytes(SIZE)
    lock = trio.Lock()

    async def send_with_lock(stream: trio.abc.SendStream) -> None:
        while True:
            async with lock:
                await stream.send_all(message)
            if in_passes:
                await trio.lowlevel.checkpoint()

    async def send_with_queue(queue: net.SendQueue) -> None:
        while True:
            await queue.send(message)
            if in_passes:
                await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        if way == "queue":
            async with net.open_send_queue(net.adopt(sock)) as queue:
                for _ in range(tasks):
                    nursery.start_soon(send_with_queue, queue)
                await trio.sleep_forever()
        stream = net.adopt(sock) if way == "lock" else trio.SocketStream(_trio_socket(sock))
        for _ in range(tasks):
            nursery.start_soon(send_with_lock, stream)


def _trio_socket(sock: socket.socket) -> trio.socket.SocketType:
    return trio.socket.from_stdlib_socket(sock)


def measure(way: str, tasks: int, in_passes: bool) -> tuple[float, float]:
    """Return what a message costs, and messages per second."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        command = [sys.executable, __file__, way, str(tasks), str(int(in_passes))]
        sender = subprocess.Popen([*command, str(listener.getsockname()[1])])
        with listener.accept()[0] as connection:
            receive(connection, WARM_UP)
            with Count(sender.pid) as count:
                started = time.perf_counter()
                receive(connection, MESSAGES)
                seconds = time.perf_counter() - started
            sender.kill()
            sender.wait()
    return count.cost / MESSAGES, MESSAGES / seconds


def receive(connection: socket.socket, messages: int) -> None:
    """Receive as many messages."""
    buffer = bytearray(1024 * 1024)
    missing = messages * SIZE
    while missing > 0:
        missing -= connection.recv_into(buffer)


def main() -> None:
    """Print the table."""
    print(
        f"| {SIZE} bytes | sent with | {UNIT} a message | messages a second |\n|---|---|---:|---:|"
    )
    for tasks, load in TASKS.items():
        found: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
        for _ in range(REPETITIONS):
            for way, kind in WAYS.items():
                found[way].append(measure(kind, *load))
        for way, pairs in found.items():
            cost, rate = (statistics.median(column) for column in zip(*pairs, strict=True))
            print(f"| {tasks} | {way} | {cost:.1f} | {rate:,.0f} |")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        way, tasks, in_passes, port = sys.argv[1:]
        sock = socket.create_connection(("127.0.0.1", int(port)))
        trio.run(send, way, int(tasks), bool(int(in_passes)), sock)
    else:
        main()
