"""What every server here does besides serving: report its port, its CPU time, and end."""

from __future__ import annotations

import socket
import ssl
import sys
import time
from typing import Final

from ._open_files import allow_open_files

BACKLOG: Final = 1024
HEAP_BLOCKS: Final = 32
HEAP_BLOCK_BYTES: Final = 65_536
"""Below the 128 KiB from which on glibc maps memory instead of taking it from the heap."""

_end_of_free_heap: list[bytearray] = []


def announce(port: int) -> None:
    """Tell the one who measures where the server listens."""
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()


def answer_the_meter() -> None:
    """Answer each line with this process's CPU time, until there are no more.

    It blocks, so it wants a thread. The end of the lines is also the end of the one who measures:
    no server outlives it.
    """
    for _ in sys.stdin:
        sys.stdout.write(f"{time.process_time()}\n")
        sys.stdout.flush()


def listen() -> socket.socket:
    """Return a socket that listens, for servers that would not tell which port they were given."""
    # asyncio sets TCP_NODELAY only where the socket says what it speaks.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    listener.listen(BACKLOG)
    return listener


def leave_room_in_heap() -> None:
    """Leave a free piece of heap, as a process has that has worked for a while.

    asyncio asks for 256 KiB in each receive. Without such a piece the allocator may map memory
    for each of them, which doubles the cost of an echo. It would depend on the luck of the heap:
    on the sizes of everything that was imported before.
    """
    blocks = [bytearray(HEAP_BLOCK_BYTES) for _ in range(HEAP_BLOCKS)]
    _end_of_free_heap.append(blocks.pop())  # the heap's end would be given back to the system
    blocks.clear()


def server_context(certificate: str) -> ssl.SSLContext:
    """Make the context of a TLS server from a PEM file."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


def read_orders() -> tuple[list[str], ssl.SSLContext | None]:
    """Prepare the process; return the words of the command line, and a context if it is TLS."""
    allow_open_files()
    leave_room_in_heap()
    words = sys.argv[1:]
    if "tls" not in words:
        return words, None
    *words, certificate = words
    return words, server_context(certificate)
