"""What the head of a request costs: both engines, with the memo of the last head and without.

Run it by hand: ``python bench/http1.py``. A request is handed over, read, answered with
``send_whole``, and the next cycle begun; nothing is sent anywhere.
"""

from __future__ import annotations

import itertools
import sys
import time
from typing import Final

from _counting import UNIT, cost_of

from trio_helianthus.wire import http1

FEW, MANY = 2_000, 12_000
SMALL: Final = b"Host: localhost:8000\r\nX: %d\r\n\r\n"
BROWSER: Final = (
    b"Host: www.example.org\r\nConnection: keep-alive\r\nCache-Control: max-age=0\r\n"
    b"Upgrade-Insecure-Requests: 1\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) "
    b"AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36\r\n"
    b"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8\r\n"
    b"Sec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n"
    b"Accept-Encoding: gzip, deflate, br\r\nAccept-Language: en-US,en;q=0.9\r\n"
    b"Cookie: session=%012d; theme=dark\r\n\r\n"
)
HEADS: Final = {"small": SMALL, "browser": BROWSER}
LOADS: Final = {
    "the same head": (False, False),
    "another target": (True, False),
    "another header": (False, True),
}
ENGINES: Final = (http1.Engine.HTTPTOOLS, http1.Engine.H11)


def heads(kind: str, load: str) -> list[bytes]:
    """Three heads that differ as the load wants it."""
    other_target, other_header = LOADS[load]
    return [
        b"GET /index.html?q=%d HTTP/1.1\r\n" % (number * other_target)
        + HEADS[kind] % (number * other_header)
        for number in range(3)
    ]


def cycles(engine: http1.Engine, kind: str, load: str, memo: bool, times: int) -> None:
    """Answer as many requests on one connection."""
    connection = http1.server_connection(engine=engine)
    answer = http1.encode_response(200, [(b"Content-Type", b"text/plain")])
    for head in itertools.islice(itertools.cycle(heads(kind, load)), times):
        connection.receive_data(head)
        connection.next_request()
        connection.send_whole(200, answer, b"hello")
        connection.next_cycle()
        if not memo:
            connection._reader.last = None
            connection._reader._fields.forget()


def measure(*arguments: str) -> float:
    """Return what one cycle costs."""
    command = (sys.executable, __file__, *arguments)
    return (cost_of(*command, str(MANY)) - cost_of(*command, str(FEW))) / (MANY - FEW)


def main() -> None:
    """Print the table."""
    print(f"| {UNIT} a cycle | load | engine | with memo | without | us with memo |")
    print("|---|---|---|---:|---:|---:|")
    for kind, load, engine in itertools.product(HEADS, LOADS, ENGINES):
        costs = [measure(engine.value, kind, load, memo) for memo in ("memo", "none")]
        started = time.perf_counter()
        cycles(engine, kind, load, memo=True, times=MANY)
        each = (time.perf_counter() - started) / MANY * 1e6
        print(
            f"| {kind} | {load} | {engine.value} | {costs[0]:.1f} | {costs[1]:.1f} | {each:.1f} |"
        )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        name, kind, load, memo, times = sys.argv[1:]
        cycles(http1.Engine(name), kind, load, memo == "memo", int(times))
    else:
        main()
