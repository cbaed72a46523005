"""``helianthus serve``: finding the application that ``module:app`` names, and what kind it is."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import sys
import traceback
from difflib import get_close_matches
from importlib.machinery import PathFinder
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
WSGI_PARAMETERS: Final = 2


class AppNotFound(HelianthusError):
    """``module:app`` leads to no application. If its own code raised, that was printed."""


def load_app(
    place: str, *, app_dir: Path, factory: bool, interface: Interface
) -> tuple[Any, Interface]:
    """Import an application, and tell what kind it is.

    :param place: ``module:app``, where ``app`` may have dots; without a colon it is ``app``.
    :param app_dir: where to look for the module first.
    :param factory: call what is found; the result is the application, or leads to it.
    :param interface: what kind it is said to be.
    :returns: the application and its kind. What an async factory returns leads to one:
        :func:`open_app` takes either. Its kind is not known yet, and is the one given.
    :raises AppNotFound: there is none; the message says what is there.
    """
    module_name, _, name = place.partition(":")
    found = _attribute(_import(module_name, app_dir), name or DEFAULT_NAME, place)
    if not factory:
        return found, kind_of(found, place, interface)
    made = _make(found, place)
    if inspect.isawaitable(made) or isinstance(made, contextlib.AbstractAsyncContextManager):
        return made, interface
    return made, kind_of(made, f"{place}()", interface)


def kind_of(app: Any, place: str, interface: Interface) -> Interface:
    """Tell what kind an application is.

    :param place: what to call it in messages.
    :param interface: what kind it is said to be.
    :raises AppNotFound: it is none.
    """
    if isinstance(app, http.Router):
        return Interface.NATIVE
    if inspect.isasyncgen(app) or isinstance(app, contextlib.ContextDecorator):
        raise AppNotFound(f"{place} lacks its @contextlib.asynccontextmanager")
    if isinstance(app, contextlib.AsyncContextDecorator):
        raise AppNotFound(f"{place} is what --factory takes a function for, which makes it")
    if not callable(app):
        raise AppNotFound(f"{place} is no application, but {app!r}")
    kind = _kind_by_parameters(app, place) if interface is Interface.AUTO else interface
    is_plain = inspect.isfunction(app) and not inspect.iscoroutinefunction(app)
    if kind is Interface.NATIVE and is_plain:
        raise AppNotFound(f"{place} is no async function (async def), as a handler has to be")
    return kind


def print_own(exc: Exception) -> None:
    """Print the traceback of the application's own code, without what led there."""
    traceback.print_exception(type(exc), exc, _without_ours(exc.__traceback__))


def _import(name: str, app_dir: Path) -> ModuleType:
    if not all(part.isidentifier() for part in name.split(".")):
        hint = f"; for a file, go to its folder and say {Path(name).stem}:app"
        raise AppNotFound(f"{name!r} is no name of a module{hint if name else ''}")
    if str(app_dir) not in sys.path:
        sys.path.insert(0, str(app_dir))
    importlib.invalidate_caches()
    _check_not_taken(name.partition(".")[0], app_dir)
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as exc:
        # What the module itself imports may be missing, too; that is for its author to see.
        if exc.name is not None and (name == exc.name or name.startswith(f"{exc.name}.")):
            raise AppNotFound(f"there is no module {exc.name!r}, not in {app_dir} either") from None
        print_own(exc)
    except SystemExit as exc:
        raise AppNotFound(f"{name!r} is a program: imported, it says {exc!r}") from None
    except Exception as exc:
        print_own(exc)
    raise AppNotFound(f"{name!r} could not be imported: see the traceback above")


def _check_not_taken(name: str, app_dir: Path) -> None:
    """Complain where another module of that name is loaded already, such as ``site``."""
    taken, ours = sys.modules.get(name), PathFinder.find_spec(name, [str(app_dir)])
    file = getattr(taken, "__file__", None)
    if taken is not None and ours is not None and ours.origin is not None and ours.origin != file:
        raise AppNotFound(
            f"another module {name!r} is in use ({file or 'built in'}): {ours.origin} needs "
            "another name"
        )


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
        return factory()
    except Exception as exc:
        print_own(exc)
    raise AppNotFound(f"{place}() failed: see the traceback above")


def _kind_by_parameters(app: Callable[..., Any], place: str) -> Interface:
    parameters = None if inspect.isclass(app) else _count_parameters(app)
    kind = PARAMETERS.get(parameters or 0)
    if kind is not None:
        return kind
    takes = "is a class" if inspect.isclass(app) else f"takes {parameters} arguments"
    hint = "; does it make one? Then say --factory" if not parameters else ""
    if parameters == WSGI_PARAMETERS:
        hint = "; WSGI is not served"
    raise AppNotFound(f"{place} {takes}, and is neither a handler of a request nor ASGI 3{hint}")


def _count_parameters(function: Callable[..., Any]) -> int | None:
    """How many arguments it has to be given; ``None`` if it does not tell."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(each.kind in positional and each.default is each.empty for each in parameters)


def _without_ours(frames: TracebackType | None) -> TracebackType | None:
    here = frames
    while here is not None and _is_ours(here):
        here = here.tb_next
    return here  # None: the module's own text is wrong (SyntaxError), and names its place


def _is_ours(frame: TracebackType) -> bool:
    file = frame.tb_frame.f_code.co_filename
    ours = Path(file).parent == Path(__file__).parent
    return ours or file == contextlib.__file__ or "importlib" in file
