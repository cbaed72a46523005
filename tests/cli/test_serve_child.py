"""The command line of a worker: the same Python, with the same options, from the same place."""

from __future__ import annotations

import argparse

import pytest

from trio_helianthus.cli._serve_arguments import add_arguments, read_arguments
from trio_helianthus.cli._serve_child import python_options, worker_command
from trio_helianthus.cli._serve_worker import Ties


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("python -m trio_helianthus", ""),
        ("python -O -W error -X dev -m trio_helianthus", "-O -W error -X dev"),
        ("python -Im trio_helianthus", "-I"),
        ("python -mtrio_helianthus", ""),
        ("python -c code", ""),
        # A script's own folder is in front of the path, and not the working directory.
        ("python -O /usr/bin/helianthus", "-O -P"),
    ],
)
def test_python_has_the_same_options(command: str, options: str) -> None:
    words = ["serve", "--port", "-m"]
    assert python_options([*command.split(), *words], len(words) + 1) == options.split()


def test_the_word_of_the_supervisor_is_no_operand() -> None:
    words = ["serve", "--port", "0", "--", "shop:app"]
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    options = read_arguments(parser.parse_args(words[1:], argparse.Namespace(words=words)))
    command = worker_command(options, Ties(3, 4, (5,)))
    assert command[-6:] == ["serve", "--as-worker=[3,4,[5]]", *words[1:]]
