"""Each method is called against a real server somewhere in this folder."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

from trio_helianthus.redis._commands import ConnectionCommands

METHODS = sorted(
    name
    for name, _ in inspect.getmembers(ConnectionCommands, inspect.isfunction)
    if not name.startswith("_")
)


def called_methods() -> set[str]:
    """Return the methods in ``call("name", ...)``, and those in ``await client.name(...)``."""
    found = set()
    for file in Path(__file__).parent.glob("test_*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            match node:
                case ast.Call(ast.Name("call"), [ast.Constant(str(name)), *_]):
                    found.add(name)
                case ast.Await(ast.Call(ast.Attribute(attr=name))):
                    found.add(name)
    return found


CALLED = called_methods()


@pytest.mark.parametrize("name", METHODS)
def test_each_method_is_called(name: str) -> None:
    assert name in CALLED
