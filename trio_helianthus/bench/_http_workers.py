"""Our HTTP server in several processes, as ``helianthus serve --workers`` runs it."""

from __future__ import annotations

import re
import subprocess
import sys
from threading import Thread
from typing import IO, Final

from ._being_measured import announce
from ._http_trio_servers import FOR_EVER

_PLACE: Final = re.compile(r"listening on \S+:(\d+)")
_UP: Final = re.compile(r"worker \d+ serves")


def main(workers: int) -> None:
    """Start it, and end it when the one who measures has gone."""
    command = [sys.executable, "-m", "trio_helianthus", "serve", f"{__package__}._http_apps:router"]
    options = ["--port", "0", "--workers", str(workers)]
    options += ["--limit-requests-per-connection", str(FOR_EVER)]
    process = subprocess.Popen(
        [*command, *options], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stderr is not None
        announce(port_when_all_are_up(process.stderr, workers))
        Thread(target=process.stderr.read, daemon=True).start()
        sys.stdin.read()
    finally:
        process.terminate()
        try:
            process.wait(2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def port_when_all_are_up(report: IO[str], workers: int) -> int:
    """Return the port when each worker serves: until then their start would be counted."""
    port = up = 0
    for line in report:
        if found := _PLACE.search(line):
            port = int(found[1])
        up += bool(_UP.search(line))
        if port and up == workers:
            return port
    raise RuntimeError("the workers have not started")


if __name__ == "__main__":
    main(int(sys.argv[1]))
