"""What buffer pools, copies that are saved and other allocators bring on CPython.

Run it by hand: ``python bench/memory.py``. Each way runs in a process of its own, once with few
and once with many rounds, so that their difference is the rounds alone. A round sends to a socket
and receives from its other end; what differs is only what the row says.
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, TypeAlias

from _counting import UNIT, cost_of

from trio_helianthus import net

FEW, REPETITIONS = 100, 3
KIB: Final = 1024
# Linux has these (asm-generic/socket.h, linux/socket.h); Python does not name them.
SO_ZEROCOPY, MSG_ZEROCOPY = 60, 0x4000000
ALLOCATORS: Final = {
    "glibc's malloc": "",
    "tcmalloc": "libtcmalloc_minimal.so.4",
    "jemalloc": "libjemalloc.so.2",
}
Round: TypeAlias = Callable[[], object]


def make_pair() -> tuple[socket.socket, socket.socket]:
    """Return two ends with room for 1 MiB between them."""
    one, other = socket.socketpair()
    for end in (one, other):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * KIB * KIB)
    return one, other


def receive_ways(size: int) -> Iterator[tuple[str, Round]]:
    """Receive messages of one size."""
    one, other = make_pair()
    message, own, pool = bytes(size), memoryview(bytearray(size)), net.BufferPool()

    def fill(view: memoryview) -> None:
        sent = one.send(message)
        received = other.recv_into(view)
        while received < sent:
            received += other.recv_into(view[received:])

    def recv() -> None:
        sent = one.send(message)
        data = other.recv(size)
        if len(data) < sent:
            parts = [data]
            missing = sent - len(data)
            while missing:
                parts.append(other.recv(missing))
                missing -= len(parts[-1])
            data = b"".join(parts)

    def pooled() -> None:
        with pool.lease(size) as view:
            fill(view)

    yield "`recv`", recv
    yield "`recv_into`, one buffer of its own", lambda: fill(own)
    yield "`recv_into`, a new `bytearray` each", lambda: fill(memoryview(bytearray(size)))
    yield "`recv_into`, `BufferPool.lease`", pooled


def send_ways(count: int, size: int) -> Iterator[tuple[str, Round]]:
    """Send several messages at once."""
    one, other = make_pair()
    messages, buffer = [bytes(size)] * count, bytearray(count * size)

    def drain() -> None:
        missing = count * size
        while missing:
            missing -= other.recv_into(buffer)

    def joined() -> None:
        one.send(b"".join(messages))
        drain()

    def gathered() -> None:
        one.sendmsg([memoryview(message) for message in messages])
        drain()

    def each() -> None:
        for message in messages:
            one.send(message)
        drain()

    yield "a send each", each
    yield "joined, one send", joined
    if hasattr(one, "sendmsg"):
        yield "gathered (`sendmsg`)", gathered


def slice_ways(size: int) -> Iterator[tuple[str, Round]]:
    """Cut 64 KiB into pieces."""
    data = bytes(64 * KIB)
    view = memoryview(data)
    yield "slices of `bytes`", lambda: [data[i : i + size] for i in range(0, len(data), size)]
    yield (
        "slices of a `memoryview`",
        lambda: [view[i : i + size] for i in range(0, len(data), size)],
    )


def file_ways(size: int) -> Iterator[tuple[str, Round]]:
    """Send a file that the system has in its cache."""
    one, other = make_pair()
    file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - as long as the process
    file.write(bytes(size))
    buffer = bytearray(size)

    def drain() -> None:
        missing = size
        while missing:
            missing -= other.recv_into(buffer)

    def read_and_send() -> None:
        file.seek(0)
        while data := file.read(64 * KIB):
            one.send(data)
        drain()

    def sendfile() -> None:
        sent = 0
        while sent < size:
            sent += os.sendfile(one.fileno(), file.fileno(), sent, size - sent)
        drain()

    yield "`read` 64 KiB and `send`", read_and_send
    if hasattr(os, "sendfile"):
        yield "`sendfile`", sendfile


def zerocopy_ways(size: int) -> Iterator[tuple[str, Round]]:
    """Send with and without ``MSG_ZEROCOPY`` over TCP, here on the loopback."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        one = socket.create_connection(listener.getsockname())
        other = listener.accept()[0]
    one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * KIB * KIB)
    message, buffer = bytes(size), bytearray(size)

    def drain(missing: int) -> None:
        while missing:
            missing -= other.recv_into(buffer)

    def zerocopy() -> None:
        drain(one.send(message, MSG_ZEROCOPY))
        one.recvmsg(0, 128, socket.MSG_ERRQUEUE)  # when the system has let go of the buffer

    yield "`send`", lambda: drain(one.send(message))
    try:
        one.setsockopt(socket.SOL_SOCKET, SO_ZEROCOPY, 1)
        zerocopy()
    except (AttributeError, OSError):
        return
    yield "`send` with `MSG_ZEROCOPY`", zerocopy


LOADS: Final[dict[str, tuple[Callable[..., Iterator[tuple[str, Round]]], tuple[int, ...], int]]] = {
    "receive 64 B": (receive_ways, (64,), 20_000),
    "receive 4 KiB": (receive_ways, (4 * KIB,), 20_000),
    "receive 64 KiB": (receive_ways, (64 * KIB,), 5_000),
    "receive 1 MiB": (receive_ways, (KIB * KIB,), 1_000),
    "send 64 x 64 B": (send_ways, (64, 64), 5_000),
    "send 16 x 1 KiB": (send_ways, (16, KIB), 5_000),
    "send 16 x 16 KiB": (send_ways, (16, 16 * KIB), 2_000),
    "cut 64 KiB by 64 B": (slice_ways, (64,), 1_000),
    "cut 64 KiB by 16 KiB": (slice_ways, (16 * KIB,), 20_000),
    "a file of 1 MiB": (file_ways, (KIB * KIB,), 1_000),
    "TCP, 256 KiB": (zerocopy_ways, (256 * KIB,), 1_000),
}


def run(load: str, way: str, rounds: int) -> float:
    """Do as many rounds; return the CPU seconds that they took."""
    make_ways, arguments, _ = LOADS[load]
    do = dict(make_ways(*arguments))[way]
    before = time.process_time()
    for _ in range(rounds):
        do()
    return time.process_time() - before


def measure(load: str, way: str) -> tuple[float, float]:
    """Return what a round costs, and its CPU microseconds."""
    rounds = LOADS[load][2]
    command = [sys.executable, __file__, load, way]
    costs, seconds = [], []
    for _ in range(REPETITIONS):
        few, many = (cost_of(*command, str(n)) for n in (FEW, FEW + rounds))
        costs.append((many - few) / rounds)
        printed = subprocess.run([*command, str(rounds)], stdout=subprocess.PIPE, check=True)
        seconds.append(float(printed.stdout) / rounds)
    return statistics.median(costs), statistics.median(seconds) * 1e6


def main() -> None:
    """Print the tables."""
    print(f"| load | way | {UNIT} | CPU us |\n|---|---|---:|---:|")
    for load, (make_ways, arguments, _) in LOADS.items():
        for way, _ in make_ways(*arguments):
            cost, microseconds = measure(load, way)
            print(f"| {load} | {way} | {cost:.1f} | {microseconds:.1f} |", flush=True)
    print(f"\n| load | allocator | {UNIT} | CPU us |\n|---|---|---:|---:|")
    for load in ("receive 64 B", "receive 64 KiB", "receive 1 MiB", "cut 64 KiB by 64 B"):
        for allocator, library in ALLOCATORS.items():
            found = [str(path) for path in Path("/usr/lib").rglob(library)] if library else [""]
            if found:
                os.environ["LD_PRELOAD"] = found[0]
                way = next(iter(LOADS[load][0](*LOADS[load][1])))[0]
                cost, microseconds = measure(load, way)
                del os.environ["LD_PRELOAD"]
                print(f"| {load}, {way} | {allocator} | {cost:.1f} | {microseconds:.1f} |")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(run(sys.argv[1], sys.argv[2], int(sys.argv[3])))
    else:
        main()
