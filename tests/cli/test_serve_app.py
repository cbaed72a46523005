"""What ``module:app`` leads to, and what is said where it leads nowhere."""

from __future__ import annotations

import inspect
import queue
import sys
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from trio_helianthus import http
from trio_helianthus.cli._serve_app import AppNotFound, load_app
from trio_helianthus.cli._serve_arguments import Interface

MODULE = """
from contextlib import asynccontextmanager, contextmanager
from trio_helianthus import http
app = router = http.Router()
class Nested:
    deep = app
class ByCall:
    async def __call__(self, scope, receive, send): ...
by_call = ByCall()
async def handler(request): ...
async def asgi(scope, receive, send): ...
async def with_default(request, greeting="hello"): ...
def make(): return app
def make_badly(): raise KeyError("mine")
async def make_async(): ...
async def two(one, other): ...
def plain(request): ...
async def make_generator(): yield app
@contextmanager
def around_plainly(): yield app
@asynccontextmanager
async def around(): yield app
entered = around()
number = 7
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in [name for name in sys.modules if name.startswith("shop")]:
        del sys.modules[name]
    (tmp_path / "shop.py").write_text(MODULE)
    return tmp_path


def load(
    place: str, folder: Path, *, factory: bool = False, interface: Interface = Interface.AUTO
) -> tuple[object, Interface]:
    return load_app(place, app_dir=folder, factory=factory, interface=interface)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("", Interface.NATIVE),
        ("app", Interface.NATIVE),
        ("Nested.deep", Interface.NATIVE),
        ("handler", Interface.NATIVE),
        ("with_default", Interface.NATIVE),
        ("asgi", Interface.ASGI),
        ("by_call", Interface.ASGI),
    ],
)
def test_it_tells_the_kinds_apart(folder: Path, name: str, kind: Interface) -> None:
    found, found_kind = load(f"shop:{name}", folder)
    assert callable(found)
    assert found_kind is kind


def test_what_is_said_to_be_asgi_is(folder: Path) -> None:
    assert load("shop:two", folder, interface=Interface.ASGI)[1] is Interface.ASGI


def test_a_factory_is_called(folder: Path) -> None:
    found, kind = load("shop:make", folder, factory=True)
    assert isinstance(found, http.Router)
    assert kind is Interface.NATIVE


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("shap:app", "there is no module 'shap'"),
        ("shop.window:app", "there is no module 'shop.window'"),
        ("shop.py:app", "there is no module 'shop.py'"),
        ("./shop.py", "is no name of a module; for a file, go to its folder and say shop:app"),
        ("", "'' is no name of a module"),
        ("shop:ap", "module 'shop' has no 'ap'; did you mean 'app'?"),
        ("shop:xyz", "module 'shop' has no 'xyz'; did you mean 'app'?"),
        ("shop:Nested.deeper", "has no 'deeper'; did you mean 'deep'?"),
        ("shop:number", "shop:number is no application, but 7"),
        ("shop:make", "takes 0 arguments, and is neither a handler of a request nor ASGI 3; does"),
        ("shop:two", "takes 2 arguments, and is neither a handler of a request nor ASGI 3; WSGI"),
        ("shop:plain", "shop:plain is no async function (async def), as a handler has to be"),
        ("shop:entered", "shop:entered is what --factory takes a function for, which makes it"),
        ("shop:ByCall", "is a class, and is neither"),
    ],
)
def test_a_wrong_place_is_said(folder: Path, place: str, said: str) -> None:
    with pytest.raises(AppNotFound) as caught:
        load(place, folder)
    assert said in str(caught.value)


def test_an_import_that_fails_inside_is_shown_from_the_application_on(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "shop_needs.py").write_text("import shop_has_not\n")
    with pytest.raises(AppNotFound, match="could not be imported"):
        load("shop_needs:app", folder)

    shown = capsys.readouterr().err
    assert shown.splitlines()[1].strip().startswith(f'File "{folder / "shop_needs.py"}", line 1')
    assert "ModuleNotFoundError: No module named 'shop_has_not'" in shown
    assert "importlib" not in shown
    assert "_serve_app" not in shown


def test_what_the_module_raises_is_shown(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "shop_raises.py").write_text("1 / 0\n")
    with pytest.raises(AppNotFound):
        load("shop_raises", folder)
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_a_program_is_no_module(folder: Path) -> None:
    (folder / "shop_ends.py").write_text("import sys; sys.exit(0)\n")
    with pytest.raises(AppNotFound, match=r"is a program: imported, it says SystemExit\(0\)"):
        load("shop_ends", folder)


def test_a_name_that_another_module_has_already_is_said(folder: Path) -> None:
    (folder / "queue.py").write_text(MODULE)
    with pytest.raises(AppNotFound) as caught:
        load("queue", folder)
    assert queue.__file__ in str(caught.value)
    assert str(folder / "queue.py") in str(caught.value)


def test_a_syntax_error_names_its_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "shop_wrong.py").write_text("def\n")
    with pytest.raises(AppNotFound):
        load("shop_wrong", folder)
    assert 'shop_wrong.py", line 1' in capsys.readouterr().err


def test_a_factory_that_fails_is_shown(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(AppNotFound, match=r"shop:make_badly\(\) failed"):
        load("shop:make_badly", folder, factory=True)
    assert "KeyError: 'mine'" in capsys.readouterr().err


def test_what_an_async_factory_makes_is_left_for_later(folder: Path) -> None:
    made, kind = load("shop:make_async", folder, factory=True)
    assert inspect.iscoroutine(made)
    made.close()
    assert kind is Interface.AUTO
    made, kind = load("shop:around", folder, factory=True)
    assert isinstance(made, AbstractAsyncContextManager)


@pytest.mark.parametrize("name", ["make_generator", "around_plainly"])
def test_a_factory_lacks_its_decorator(folder: Path, name: str) -> None:
    with pytest.raises(AppNotFound, match=r"\(\) lacks its @contextlib.asynccontextmanager"):
        load(f"shop:{name}", folder, factory=True)


def test_a_factory_is_a_function(folder: Path) -> None:
    with pytest.raises(AppNotFound, match="is no function that makes an application"):
        load("shop:number", folder, factory=True)


def test_what_is_said_to_be_a_kind_can_be_called_at_least(folder: Path) -> None:
    with pytest.raises(AppNotFound, match="is no application"):
        load("shop:number", folder, interface=Interface.NATIVE)
