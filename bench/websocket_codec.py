"""What a WebSocket frame costs without I/O: both engines, both directions, several sizes.

Run it by hand: ``python bench/websocket_codec.py``. A server receives masked messages, or sends
its own; nothing is sent anywhere. A message of 64 KiB comes in two pieces, as from a socket that
is read 64 KiB at a time.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Final

from _counting import UNIT, cost_of

from trio_helianthus.wire import websocket

FEW, MANY = 500, 3_000
READ_BYTES: Final = 65536
LOADS: Final = {
    "receive 32 B": 32,
    "receive 16 of 32 B": 32,
    "receive 1 KiB": 1024,
    "receive 64 KiB": 65536,
    "receive 1 KiB, binary": 1024,
    "send 32 B": 32,
    "send 1 KiB": 1024,
    "send 64 KiB": 65536,
    "send 1 KiB, as a client": 1024,
    "compress and decompress 1 KiB": 1024,
}
ENGINES: Final = (websocket.Engine.OWN, websocket.Engine.WSPROTO)


def step(engine: websocket.Engine, load: str) -> Callable[[], object]:
    """Return what does the load once."""
    deflate = websocket.DeflateParameters() if load.startswith("compress") else None
    server = websocket.server_connection(engine=engine, deflate=deflate)
    client = websocket.client_connection(engine=engine, deflate=deflate)
    text = "a" * LOADS[load]
    if load.startswith("send"):
        sender = client if load.endswith("client") else server
        return lambda: sender.send_text(text)
    if deflate is not None:
        back = websocket.server_connection(engine=engine, deflate=deflate)

        def through() -> None:
            back.receive_data(client.send_text(text))
            back.next_batch()

        return through
    frame = client.send_binary(text.encode()) if "binary" in load else client.send_text(text)
    data = frame * 16 if "16" in load else frame
    pieces = [data[at : at + READ_BYTES] for at in range(0, len(data), READ_BYTES)]

    def receive() -> None:
        for piece in pieces:
            server.receive_data(piece)
            server.next_batch()

    return receive


def run(engine: websocket.Engine, load: str, times: int) -> None:
    """Do the load as many times."""
    once = step(engine, load)
    for _ in range(times):
        once()


def measure(engine: websocket.Engine, load: str) -> float:
    """Return what it costs to do the load once."""
    command = (sys.executable, __file__, engine.value, load)
    return (cost_of(*command, str(MANY)) - cost_of(*command, str(FEW))) / (MANY - FEW)


def main() -> None:
    """Print the table."""
    print(f"| load | {' | '.join(f'{engine.value}, {UNIT} | us' for engine in ENGINES)} |")
    print(f"|---|{'---:|' * 2 * len(ENGINES)}")
    for load in LOADS:
        cells = []
        for engine in ENGINES:
            started = time.perf_counter()
            run(engine, load, MANY)
            each = (time.perf_counter() - started) / MANY * 1e6
            cells += [f"{measure(engine, load):.1f}", f"{each:.1f}"]
        print(f"| {load} | {' | '.join(cells)} |")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        name, load, times = sys.argv[1:]
        run(websocket.Engine(name), load, int(times))
    else:
        main()
