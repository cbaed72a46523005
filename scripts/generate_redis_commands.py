"""Writes the client's methods, and all that belongs to them, of ``scripts/redis_commands.json``.

::

    python -m scripts.generate_redis_commands [--into folder]

What is said of the commands by hand stands in ``scripts/redis_generator/tables``.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .redis_generator.project import REPOSITORY, generate, obsolete


def main() -> None:
    """Write the files, and delete those that are written no more."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--into", type=Path, default=REPOSITORY, help="another place, for tests")
    into = parser.parse_args().into
    files = generate()
    for path, text in files.items():
        target = into / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")
    for old in obsolete(into, files):
        old.unlink()
    sys.stderr.write(f"{len(files)} files\n")


if __name__ == "__main__":
    main()
