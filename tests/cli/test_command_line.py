"""The command ``helianthus`` explains itself and its errors."""

from __future__ import annotations

import builtins
import subprocess
import sys
from typing import Any

import pytest

from trio_helianthus import cli


def test_without_a_command_it_prints_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([]) == 2
    assert "demo" in capsys.readouterr().out


def test_an_unknown_command_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["dance"])
    assert caught.value.code == 2
    assert "dance" in capsys.readouterr().err


def test_it_knows_its_version() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "trio_helianthus", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.startswith("trio_helianthus ")


def test_the_demo_without_its_extra_names_the_command_that_brings_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real_import = builtins.__import__

    def without_trustme(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "trustme":
            raise ImportError(name)
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_trustme)

    assert cli.main(["demo"]) == 1

    assert 'pip install "trio_helianthus[demo]"' in capsys.readouterr().err
