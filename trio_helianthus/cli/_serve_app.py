"""``helianthus serve``: finding the application that ``module:app`` names, and what kind it is."""

from __future__ import annotations

import importlib
import inspect
import sys
import traceback
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from trio_helianthus import http
from trio_helianthus.errors import HelianthusError

from ._serve_arguments import Interface

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType, TracebackType

DEFAULT_NAME: Final = "app"
PARAMETERS: Final = {1: Interface.NATIVE, 3: Interface.ASGI}
"""How many parameters a handler has, and an ASGI 3 application: scope, receive, send."""


class AppNotFound(HelianthusError):
    """``module:app`` leads to no application. If its own code raised, that was printed."""


def load_app(
    place: str, *, app_dir: Path, factory: bool, interface: Interface
) -> tuple[Any, Interface]:
    """Import an application, and tell what kind it is.

    :param place: ``module:app``, where ``app`` may have dots; without a colon it is ``app``.
    :param app_dir: where to look for the module first.
    :param factory: call what is found; the result is the application.
    :param interface: what kind it is said to be.
    :raises AppNotFound: there is none; the message says what is there.
    """
    module_name, _, name = place.partition(":")
    found = _attribute(_import(module_name, app_dir), name or DEFAULT_NAME, place)
    if factory:
        found = _make(found, place)
    if interface is Interface.AUTO:
        interface = _kind_of(found, place)
    elif not callable(found):
        raise AppNotFound(f"{place} is no application, but {found!r}")
    return found, interface


def _import(name: str, app_dir: Path) -> ModuleType:
    if not all(part.isidentifier() for part in name.split(".")):
        hint = f"; for a file, go to its folder and say {Path(name).stem}:app"
        raise AppNotFound(f"{name!r} is no name of a module{hint if name else ''}")
    if str(app_dir) not in sys.path:
        sys.path.insert(0, str(app_dir))
    importlib.invalidate_caches()
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as exc:
        # What the module itself imports may be missing, too; that is for its author to see.
        if exc.name is not None and (name == exc.name or name.startswith(f"{exc.name}.")):
            raise AppNotFound(f"there is no module {exc.name!r}, not in {app_dir} either") from None
        _print_own(exc)
    except Exception as exc:
        _print_own(exc)
    raise AppNotFound(f"{name!r} could not be imported: see the traceback above")


def _attribute(module: ModuleType, name: str, place: str) -> Any:
    found: Any = module
    for part in name.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            raise AppNotFound(_what_is_there(found, part, place)) from None
    return found


def _what_is_there(holder: object, name: str, place: str) -> str:
    where = f"module {place.partition(':')[0]!r}" if inspect.ismodule(holder) else repr(holder)
    public = (
        [each for each in vars(holder) if each[0] != "_"] if hasattr(holder, "__dict__") else []
    )
    close = get_close_matches(name, public, 1)
    applications = [each for each in public if isinstance(vars(holder)[each], http.Router)]
    meant = (close or applications)[:1]
    return f"{where} has no {name!r}" + (f"; did you mean {meant[0]!r}?" if meant else "")


def _make(factory: object, place: str) -> Any:
    if not callable(factory):
        raise AppNotFound(f"{place} is no function that makes an application, but {factory!r}")
    try:
        made = factory()
    except Exception as exc:
        _print_own(exc)
    else:
        if inspect.iscoroutine(made):
            made.close()
            raise AppNotFound(f"{place} is async: a factory is an ordinary function")
        return made
    raise AppNotFound(f"{place}() failed: see the traceback above")


def _kind_of(app: Any, place: str) -> Interface:
    if isinstance(app, http.Router):
        return Interface.NATIVE
    if not callable(app):
        raise AppNotFound(f"{place} is no application, but {app!r}")
    parameters = None if inspect.isclass(app) else _count_parameters(app)
    kind = PARAMETERS.get(parameters or 0)
    if kind is None:
        takes = "is a class" if inspect.isclass(app) else f"takes {parameters} arguments"
        hint = "; does it make one? Then say --factory" if not parameters else ""
        raise AppNotFound(
            f"{place} {takes}, and is neither a handler of a request nor ASGI 3{hint}"
        )
    return kind


def _count_parameters(function: Callable[..., Any]) -> int | None:
    """How many arguments it has to be given; ``None`` if it does not tell."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(each.kind in positional and each.default is each.empty for each in parameters)


def _print_own(exc: Exception) -> None:
    """Print the traceback of the application's own code, without what led there."""
    traceback.print_exception(type(exc), exc, _without_ours(exc.__traceback__))


def _without_ours(frames: TracebackType | None) -> TracebackType | None:
    here = frames
    while here is not None and _is_ours(here):
        here = here.tb_next
    return here  # None: the module's own text is wrong (SyntaxError), and names its place


def _is_ours(frame: TracebackType) -> bool:
    file = frame.tb_frame.f_code.co_filename
    return file == __file__ or "importlib" in file
