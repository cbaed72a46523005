"""Where foreign conformance suites come from: a folder that has them, or their repository."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

BUILD: Final = Path(__file__).parents[2] / "build" / "conformance"
FETCH_SECONDS: Final = 120


def suite(repository: str, commit: str) -> Path:
    """Return a work tree of a suite, at a commit. Its test skips where it cannot be had.

    ``HELIANTHUS_SUITES`` may name a folder with clones, bare or not, as ``owner/name``.

    :param repository: ``owner/name`` on GitHub.
    """
    place = BUILD / repository
    if not (place / commit).exists():
        if shutil.which("git") is None:
            pytest.skip("git fetches the conformance suites")
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        source = f"https://github.com/{repository}"
        if "HELIANTHUS_SUITES" in os.environ:
            source = str(Path(os.environ["HELIANTHUS_SUITES"]) / repository)
        try:
            _git(place, "init", "--quiet")
            _git(place, "fetch", "--quiet", "--depth=1", source, commit)
            _git(place, "checkout", "--quiet", "FETCH_HEAD")
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as exc:
            pytest.skip(f"{source} cannot be fetched: {exc}")
        (place / commit).touch()
    return place


def _git(place: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=place, check=True, timeout=FETCH_SECONDS)
