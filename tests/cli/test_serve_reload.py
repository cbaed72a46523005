"""``helianthus serve --reload``: a changed file brings a new worker."""

from __future__ import annotations

import builtins
import sys
from pathlib import Path
from typing import Any

import pytest
import trio

from tests._serving import APP, PATIENCE_SECONDS, Serving, serving, starting
from trio_helianthus import cli
from trio_helianthus.cli._serve_reload import is_wanted

posix = pytest.mark.skipif(sys.platform == "win32", reason="reloading needs a POSIX system")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pytest.importorskip("watchfiles", reason="reloading needs the extra 'serve'")
    (tmp_path / "served.py").write_text(answering("first"))
    return tmp_path


def answering(word: str) -> str:
    return APP.replace('f"{os.getpid()}"', repr(word))


async def answers(served: Serving, word: str) -> None:
    with trio.fail_after(PATIENCE_SECONDS):
        while await served.get() != word:
            pass


@posix
async def test_a_change_is_served(folder: Path) -> None:
    async with serving("served:app", "--port", "0", "--reload", folder=folder) as served:
        assert await served.get() == "first"
        (folder / "served.py").write_text(answering("second"))
        await served.err.until(r"served\.py changed")
        await served.worker_pids(1)
        await answers(served, "second")
        exit_code, _ = await served.stop()

    assert exit_code == 0


@posix
async def test_a_mistake_is_shown_and_its_mend_served(folder: Path) -> None:
    async with serving("served:app", "--port", "0", "--reload", folder=folder) as served:
        (folder / "served.py").write_text("1 / 0")
        await served.err.until("ZeroDivisionError")
        await served.err.until("the other workers go on")
        assert await served.get() == "first"
        (folder / "served.py").write_text(
            "import os; os.write(1, b'begun\\n'); import time; time.sleep(1000)"
        )
        await served.out.until("begun")  # and does not start, as it waits for ever
        (folder / "served.py").write_text(answering("mended"))
        await served.worker_pids(1)
        await answers(served, "mended")


@posix
async def test_a_mistake_at_the_beginning_waits_for_its_mend(folder: Path) -> None:
    (folder / "served.py").write_text("1 / 0")
    async with starting("served:app", "--port", "0", "--reload", folder=folder) as served:
        await served.err.until("waiting for a change")
        (folder / "served.py").write_text(answering("mended"))
        await served.err.until("listening on")
        exit_code, _ = await served.stop()

    assert exit_code == 0


def test_without_its_extra_it_names_the_command_that_brings_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real_import = builtins.__import__

    def without_watchfiles(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "watchfiles":
            raise ImportError(name)
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_watchfiles)
    monkeypatch.setattr(sys, "platform", "linux")

    assert cli.main(["serve", "nothing:app", "--reload"]) == 1

    assert 'pip install "trio_helianthus[serve]"' in capsys.readouterr().err


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("/shop/app.py", True),
        ("/shop/page.html", True),
        ("/shop/data.csv", False),
        ("/shop/test_app.py", False),
        ("/shop/build/app.py", False),
    ],
)
def test_globs_tell_which_files_count(path: str, wanted: bool) -> None:
    assert is_wanted(path, ("*.py", "*.html"), ("test_*", "build")) is wanted
