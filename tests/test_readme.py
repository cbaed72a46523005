"""The snippets of the README, how-tos and lessons compile, and name only what exists."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path
from textwrap import dedent
from typing import Final

import pytest

REPOSITORY: Final = Path(__file__).parent.parent
AREAS: Final = ("asgi", "core", "errors", "http", "net", "redis", "testing", "websocket")
FOLDERS: Final = ("howto", "tutorial", "explanation")

IN_MARKDOWN: Final = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# A directive, and the indented or blank lines below it.
IN_RST: Final = re.compile(
    r"^\.\. code-block:: python\n\n((?:[ \t]+\S.*\n|[ \t]*\n|[ \t]+\S.*\Z)+)", re.MULTILINE
)


def rst_pages() -> list[Path]:
    """The pages that have snippets, or may have some."""
    return [
        page for folder in FOLDERS for page in sorted((REPOSITORY / "docs" / folder).glob("*.rst"))
    ]


def snippets() -> list[tuple[str, str]]:
    """Every snippet, and where it stands: ``("docs/howto/errors.rst:92", "try: ...")``."""
    pages = [(REPOSITORY / "README.md", IN_MARKDOWN)]
    pages += [(page, IN_RST) for page in rst_pages()]
    found = []
    for page, pattern in pages:
        text = page.read_text("utf-8")
        for match in pattern.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            found.append((f"{page.relative_to(REPOSITORY).as_posix()}:{line}", dedent(match[1])))
    return found


each_snippet: Final = pytest.mark.parametrize(
    "snippet", [pytest.param(snippet, id=where) for where, snippet in snippets()]
)


@each_snippet
def test_it_compiles(snippet: str) -> None:
    compile(snippet, "<snippet>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)


@each_snippet
def test_what_it_names_exists(snippet: str) -> None:
    for node in ast.walk(ast.parse(snippet)):
        match node:
            case ast.Attribute(value=ast.Name(id=area), attr=name) if area in AREAS:
                module = importlib.import_module(f"trio_helianthus.{area}")
                assert name in module.__all__, f"{area}.{name}"


def test_both_kinds_of_pages_have_snippets() -> None:
    pages = {where.split(":")[0] for where, _ in snippets()}
    assert "README.md" in pages
    assert len(pages) > 3


def test_no_other_directive_hides_a_snippet() -> None:
    for page in rst_pages():
        text = page.read_text("utf-8")
        assert text.count(".. code-block:: python") == len(IN_RST.findall(text)), page.name
