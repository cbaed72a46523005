"""The files around the package agree with each other."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Final

import pytest

REPOSITORY: Final = Path(__file__).parent.parent
PROJECT: Final = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS: Final = PROJECT["optional-dependencies"]
FOR_CONTRIBUTORS: Final = {"docs", "test"}


def read(path: str) -> str:
    return (REPOSITORY / path).read_text("utf-8")


def promised_pythons() -> set[str]:
    return set(re.findall(r":: (3\.\d+)", "\n".join(PROJECT["classifiers"])))


def test_the_extra_all_holds_every_extra_for_users() -> None:
    (everything,) = EXTRAS["all"]
    names = re.fullmatch(r"trio_helianthus\[(.*)\]", everything)
    assert names is not None
    assert set(names[1].split(",")) == set(EXTRAS) - FOR_CONTRIBUTORS - {"all"}


@pytest.mark.parametrize("requirement", PROJECT["dependencies"])
def test_every_dependency_has_a_tested_lower_bound(requirement: str) -> None:
    assert re.fullmatch(r"[\w-]+>=[\d.]+", requirement)


def test_the_oldest_python_is_the_one_that_we_require() -> None:
    oldest = min(promised_pythons(), key=lambda version: int(version.partition(".")[2]))
    assert PROJECT["requires-python"] == f">={oldest}"


def test_every_promised_python_is_in_the_ci_matrix() -> None:
    assert promised_pythons() <= set(re.findall(r'"(3\.\d+)"', read(".github/workflows/ci.yml")))


def test_the_readme_has_the_two_commands_that_ci_runs() -> None:
    commands = re.findall(r"^python3 -m venv .*$", read("README.md"), flags=re.MULTILINE)
    assert [command.split("/")[-1] for command in commands] == ["helianthus demo", "nox"]


def test_the_changelog_speaks_of_what_is_not_released() -> None:
    assert "## [Unreleased]" in read("CHANGELOG.md")
