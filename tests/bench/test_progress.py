"""The progress bar is for a terminal."""

from __future__ import annotations

import io

from trio_helianthus.bench import Progress
from trio_helianthus.bench._progress import progress_line


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_it_shows_how_far_it_is_and_how_long_the_rest_takes() -> None:
    assert progress_line("tcp", 0, 8, 0) == f"[{'.' * 24}] 0/8, tcp"
    assert progress_line("tcp", 2, 8, 30) == f"[{'#' * 6}{'.' * 18}] 2/8, 1:30 left, tcp"
    assert progress_line("tcp", 8, 8, 100) == f"[{'#' * 24}] 8/8, 0:00 left, tcp"


def test_it_draws_over_itself_and_goes_away() -> None:
    terminal = Terminal()
    progress = Progress(4, terminal, clock=lambda: 0)

    progress.show("tcp", 1)
    progress.hide()

    _, drawn, hidden = terminal.getvalue().split("\r\x1b[K")
    assert drawn == progress_line("tcp", 1, 4, 0)
    assert hidden == ""


def test_a_narrow_terminal_gets_one_line() -> None:
    terminal = Terminal()

    Progress(4, terminal).show("x" * 1000, 1)

    assert len(terminal.getvalue()) < 300


def test_without_a_terminal_there_is_nothing() -> None:
    file = io.StringIO()
    progress = Progress(4, file)

    progress.show("tcp", 1)
    progress.hide()

    assert file.getvalue() == ""
