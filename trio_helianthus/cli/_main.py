"""The command line: its subcommands, their options, and how errors reach the user."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from trio_helianthus.errors import HelianthusError

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command ``helianthus``.

    :param arguments: the command line without the program's name; ``None`` means this process's.
    :returns: the exit code: 0 done, 1 failed or cut, 2 wrong usage.
    """
    options = _parser().parse_args(arguments)
    if options.command is None:
        _parser().print_help()
        return 2
    try:
        return int(options.command(options))
    except HelianthusError as exc:
        print(f"helianthus: {exc}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="helianthus", description="Structured concurrency for network programs on trio."
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    parser.set_defaults(command=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    demo = commands.add_parser(
        "demo",
        help="show on this machine what the library does",
        description="Start services on loopback, call them, cancel a call half-way, drain, and "
        "report. Needs the extra 'demo'.",
    )
    demo.add_argument(
        "--serve", action="store_true", help="stay up until Ctrl-C, for a browser and curl"
    )
    demo.set_defaults(command=_demo)
    return parser


def _demo(options: argparse.Namespace) -> int:
    from ._demo import run_demo, serve_demo

    return serve_demo() if options.serve else run_demo()


class _Version(argparse.Action):
    """Looks the version up only when it is asked for."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        from importlib.metadata import version

        print(f"trio_helianthus {version('trio_helianthus')}")
        parser.exit()
