"""The rules of the house that import-linter cannot express.

The floors themselves are contracts in pyproject.toml, checked by ``nox -s lint``.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY: Final = Path(__file__).parent.parent
PACKAGE: Final = REPOSITORY / "trio_helianthus"
PAGE: Final = REPOSITORY / "docs" / "explanation" / "architecture.md"

MODULES: Final = sorted(PACKAGE.rglob("*.py"))
EXAMPLES: Final = sorted((REPOSITORY / "examples").glob("*.py"))
# A room is an area, or a protocol's folder inside one; the top package only opens the doors.
ROOMS: Final = [
    module
    for module in MODULES
    if module.name == "__init__.py" and module.parent != PACKAGE and module.parent.name[0] != "_"
]

LONGEST_FILE: Final = 600
ROOMS_FOR_NOTHING_IN_PARTICULAR: Final = {"base", "common", "helpers", "manager", "misc", "utils"}
# Where an OSError may be met raw: it is translated in net and files, once.
MEETS_RAW_OS_ERRORS: Final = {"bench", "cli", "core", "errors", "files", "net", "testing"}
LISTENS_FOR_SIGNALS: Final = "core"
HAS_A_LOGGER: Final = "observe"


def name_of(path: Path) -> str:
    """The short name of a file, for reading test reports."""
    return path.relative_to(REPOSITORY).as_posix()


every_module = pytest.mark.parametrize("module", MODULES, ids=name_of)
every_room = pytest.mark.parametrize("room", ROOMS, ids=name_of)
every_source = pytest.mark.parametrize("source", [*MODULES, *EXAMPLES], ids=name_of)


@cache
def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), filename=str(path))


def dotted_name(path: Path) -> list[str]:
    parts = list(path.relative_to(REPOSITORY).with_suffix("").parts)
    return parts[:-1] if parts[-1] == "__init__" else parts


def area_of(module: Path) -> str:
    """The area that a module belongs to; the top package's own files have none."""
    inside = module.relative_to(PACKAGE)
    return inside.parts[0] if len(inside.parts) > 1 else ""


def imported_names(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Line and full dotted name of everything that a file imports, ``from x import y`` as x.y."""
    inside = dotted_name(path) if path.name == "__init__.py" else dotted_name(path)[:-1]
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name.split(".")
        elif isinstance(node, ast.ImportFrom):
            near = inside[: len(inside) - node.level + 1] if node.level else []
            origin = [*near, *(node.module.split(".") if node.module else [])]
            for alias in node.names:
                yield node.lineno, [*origin, alias.name]


def private_part(name: list[str]) -> int | None:
    """Where in a dotted name the first private module stands."""
    for index, part in enumerate(name):
        if part.startswith("_") and not part.endswith("__"):
            return index
    return None


@every_source
def test_private_modules_are_imported_only_in_their_own_room(source: Path) -> None:
    here = dotted_name(source)
    for line, name in imported_names(source):
        index = private_part(name)
        if name[0] != PACKAGE.name or index is None:
            continue
        owner = name[:index]
        assert here[:index] == owner, (
            f"{name_of(source)}:{line} imports {'.'.join(name)}, private to {'.'.join(owner)}"
        )


def floors() -> dict[str, int]:
    """Height by area, from the contract that import-linter checks; neighbours share a floor."""
    linter = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["tool"][
        "importlinter"
    ]
    (layers,) = (contract["layers"] for contract in linter["contracts"] if "layers" in contract)
    return {
        area: height
        for height, layer in enumerate(reversed(layers))
        for area in re.findall(r"\w+", layer)
    }


@every_module
def test_types_come_from_lower_floors_too(module: Path) -> None:
    height, here = floors(), area_of(module)
    for line, name in imported_names(module):
        if here and name[0] == PACKAGE.name and name[1] in height and name[1] != here:
            assert height[name[1]] < height[here], f"{name_of(module)}:{line} looks up to {name[1]}"


@every_module
def test_modules_are_private_and_only_rooms_are_public(module: Path) -> None:
    assert module.stem.startswith("_"), (
        f"call it _{module.name}, and re-export its public names in the __init__.py beside it"
    )


@every_room
def test_public_names_are_re_exported_by_hand(room: Path) -> None:
    re_exported = []
    for node in parse(room).body:
        if isinstance(node, ast.ImportFrom) and node.module != "__future__":
            for alias in node.names:
                assert alias.asname == alias.name, f"write `{alias.name} as {alias.name}`"
                re_exported.append(alias.name)
    assert sorted(re_exported) == sorted(listed_in_all(room)), "__all__ lists what is re-exported"


def listed_in_all(room: Path) -> list[str]:
    for node in parse(room).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            names: list[str] = ast.literal_eval(node.value)
            return names
    return []


@every_module
def test_no_room_is_for_nothing_in_particular(module: Path) -> None:
    words = {word for part in dotted_name(module)[1:] for word in part.strip("_").split("_")}
    assert not words & ROOMS_FOR_NOTHING_IN_PARTICULAR


@every_source
def test_every_module_says_what_it_is_for(source: Path) -> None:
    assert ast.get_docstring(parse(source))


@every_source
def test_files_are_short_enough_to_read(source: Path) -> None:
    lines = len(source.read_text("utf-8").splitlines())
    assert lines < LONGEST_FILE, f"{lines} lines: which two rooms is this?"


@every_module
def test_only_observe_has_a_logger(module: Path) -> None:
    imported = {name[0] for _, name in imported_names(module)}
    assert area_of(module) == HAS_A_LOGGER or "logging" not in imported


def test_errors_know_only_the_standard_library_and_trio() -> None:
    allowed = {*sys.stdlib_module_names, "trio", PACKAGE.name}
    for module in (PACKAGE / "errors").glob("*.py"):
        foreign = {name[0] for _, name in imported_names(module)} - allowed
        assert not foreign, f"{name_of(module)} imports {foreign}"


@every_module
def test_os_errors_are_translated_where_they_are_first_known(module: Path) -> None:
    if area_of(module) in MEETS_RAW_OS_ERRORS:
        return
    for node in ast.walk(parse(module)):
        if isinstance(node, ast.ExceptHandler) and node.type is not None:
            caught = set(re.findall(r"\w+", ast.unparse(node.type)))
            assert not caught & {"OSError", "EnvironmentError", "IOError"}, (
                f"{name_of(module)}:{node.lineno} handles an OSError: net raises NetworkError"
            )


@every_module
def test_nothing_renames_every_exception(module: Path) -> None:
    for node in ast.walk(parse(module)):
        if isinstance(node, ast.ExceptHandler) and catches_everything(node):
            raised = [ast.unparse(s.exc) for s in node.body if isinstance(s, ast.Raise) and s.exc]
            # A private exception is a signal inside the module, not what a caller sees.
            assert all(name.startswith("_") for name in raised), (
                f"{name_of(module)}:{node.lineno} turns bugs into something else"
            )


def catches_everything(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or ast.unparse(handler.type) in {"Exception", "BaseException"}


@every_module
def test_only_core_installs_signal_handlers(module: Path) -> None:
    if area_of(module) == LISTENS_FOR_SIGNALS:
        return
    calls = {ast.unparse(n.func) for n in ast.walk(parse(module)) if isinstance(n, ast.Call)}
    assert not calls & {"signal.signal", "trio.open_signal_receiver", "open_signal_receiver"}


def test_importing_the_top_package_opens_no_room() -> None:
    question = "import sys, trio_helianthus; print(*sys.modules)"
    answer = subprocess.run(
        [sys.executable, "-c", question], capture_output=True, check=True, text=True
    )
    loaded = answer.stdout.split()
    assert [name for name in loaded if name.startswith("trio_helianthus.")] == []
    assert not {"h11", "wsproto"} & set(loaded)


def first_sentence(text: str) -> str:
    """The first sentence, in one line and without markup."""
    paragraph = " ".join(text.partition("\n\n")[0].split())
    return re.split(r"(?<=[.?!]) (?=[A-Z])", re.sub(r":\w+:`|`", "", paragraph), maxsplit=1)[0]


def rooms_on_the_page() -> dict[str, str]:
    table = PAGE.read_text("utf-8").partition("## Rooms that stand")[2].partition("\n## ")[0]
    return dict(re.findall(r"^\| `([\w.]+)` \| (.+) \|$", table, flags=re.MULTILINE))


def test_the_architecture_page_lists_the_rooms_that_stand() -> None:
    assert set(rooms_on_the_page()) == {".".join(dotted_name(room)[1:]) for room in ROOMS}


@every_room
def test_the_architecture_page_says_what_the_docstring_says(room: Path) -> None:
    name = ".".join(dotted_name(room)[1:])
    docstring = first_sentence(ast.get_docstring(parse(room)) or "")
    page = rooms_on_the_page().get(name, "")
    assert docstring == first_sentence(page), (
        f"the first sentence of {name_of(room)} and the row `{name}` of {name_of(PAGE)} differ"
    )


@every_room
def test_every_room_has_its_place_in_the_reference(room: Path) -> None:
    assert page_of(room)


@every_room
def test_the_reference_has_every_public_name(room: Path) -> None:
    name = ".".join(dotted_name(room))
    page = page_of(room)
    described = set(re.findall(r"^\.\. [\w:]+:: (?:[\w.]+\.)?(\w+)", page, flags=re.MULTILINE))
    described.update(re.findall(r"^``(\w+)``", page, flags=re.MULTILINE))  # a row of a table
    if f".. automodule:: {name}\n   :members:\n" not in page:
        assert set(public_names(room)) <= described


def page_of(room: Path) -> str:
    """The page of the reference that describes a room, or ``""``."""
    directive = f".. automodule:: {'.'.join(dotted_name(room))}\n"
    pages = [page.read_text("utf-8") for page in (REPOSITORY / "docs/reference").glob("*.rst")]
    return next((page for page in pages if directive in page), "")


def public_names(room: Path) -> list[str]:
    """What ``__all__`` of a room lists."""
    for node in parse(room).body:
        match node:
            case ast.Assign(targets=[ast.Name(id="__all__")], value=value):
                names: list[str] = ast.literal_eval(value)
                return names
    return []
