"""What an echo costs a server: net.TCPStream beside trio.SocketStream.

Run it by hand: ``python bench/echo.py``. The server and the load are processes of their own; the
server's instructions are counted around a known number of echoes. The repetitions of both kinds
take turns, and the table shows medians. Rates swing with the machine; instructions hardly do.
"""

from __future__ import annotations

import argparse
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from typing import Final

import trio
from _counting import UNIT, Count

from trio_helianthus import net

KINDS: Final = ("trio.SocketStream", "net.TCPStream")
SIZES: Final = (64, 4096)
CONNECTIONS: Final = (1, 50)
WARM_UP: Final = 200


async def echo(stream: trio.abc.Stream) -> None:
    """Serve one connection; the same code for both kinds."""
    async with stream:
        while data := await stream.receive_some(65536):
            await stream.send_all(data)


async def serve(kind: str) -> None:
    """Serve until the parent ends us."""
    async with trio.open_nursery() as nursery:
        if kind == "net.TCPStream":
            server: net.Server = await nursery.start(net.serve_tcp, echo)
            port = server.port
        else:
            listeners = await nursery.start(trio.serve_tcp, echo, 0)
            port = listeners[0].socket.getsockname()[1]
        print(port, flush=True)


def load(port: int, connections: int, size: int, echoes: int, started: threading.Barrier) -> None:
    """Send on one of several connections and wait for each answer."""
    with socket.create_connection(("localhost", port)) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        message = b"x" * size
        for number in range(WARM_UP // connections + 1 + echoes // connections):
            if number == WARM_UP // connections + 1:
                started.wait()
                started.wait()
            sock.sendall(message)
            missing = size
            while missing:
                missing -= len(sock.recv(65536))
        started.wait()


def generate(port: int, connections: int, size: int, echoes: int) -> None:
    """Be the load generator: say when it is warm, go when told, say when it is done."""
    started = threading.Barrier(connections + 1)
    threads = [
        threading.Thread(target=load, args=(port, connections, size, echoes, started))
        for _ in range(connections)
    ]
    for thread in threads:
        thread.start()
    started.wait()
    print("warm", flush=True)
    sys.stdin.readline()
    started.wait()
    started.wait()
    print("done", flush=True)


@contextmanager
def child(*arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Run this script in one of its parts."""
    command = [sys.executable, __file__, *map(str, arguments)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def measure(kind: str, connections: int, size: int, echoes: int) -> tuple[float, float]:
    """Return the cost of one echo, and how many there were in a second."""
    with child("--serve", kind) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        with child("--load", port, connections, size, echoes) as generator:
            assert generator.stdin is not None
            assert generator.stdout is not None
            assert generator.stdout.readline() == "warm\n"
            with Count(server.pid) as count:
                began = time.perf_counter()
                generator.stdin.write("go\n")
                generator.stdin.flush()
                assert generator.stdout.readline() == "done\n"
                seconds = time.perf_counter() - began
    done = echoes // connections * connections
    per_echo = count.thousands / done
    return (per_echo if UNIT.startswith("k") else per_echo * 1000), done / seconds


def main(repetitions: int, echoes: int) -> None:
    """Measure all combinations and print the table."""
    print(f"| connections | bytes | kind | {UNIT} per echo | ratio | echoes/s |")
    print("|---:|---:|---|---:|---:|---:|")
    for connections, size in product(CONNECTIONS, SIZES):
        results: dict[str, list[tuple[float, float]]] = {kind: [] for kind in KINDS}
        for _, kind in product(range(repetitions), KINDS):
            results[kind].append(measure(kind, connections, size, echoes))
        base = statistics.median(cost for cost, _ in results[KINDS[0]])
        for kind in KINDS:
            cost, rate = (statistics.median(column) for column in zip(*results[kind], strict=True))
            print(
                f"| {connections} | {size} | {kind} | {cost:.1f} | {cost / base:.2f} "
                f"| {rate:,.0f} |",
                flush=True,
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="What an echo costs a server.")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--echoes", type=int, default=5000)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    parser.add_argument("--load", type=int, nargs=4, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        trio.run(serve, arguments.serve)
    elif arguments.load:
        generate(*arguments.load)
    else:
        main(arguments.repetitions, arguments.echoes)
