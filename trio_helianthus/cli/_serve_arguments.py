"""``helianthus serve``: what its command line says."""

from __future__ import annotations

import argparse
import sys
from enum import Enum
from pathlib import Path
from typing import Any, Final

import attrs

from trio_helianthus import http, websocket
from trio_helianthus.core import DRAIN_SECONDS, STOP_SECONDS
from trio_helianthus.http.middleware import ProxyHeaders

PORT: Final = 8000
HOST: Final = "127.0.0.1"
EVERYWHERE: Final = "*"
"""Said as host: all interfaces, IPv4 and IPv6."""
MAX_RESTARTS: Final = 10
RESTART_WINDOW_SECONDS: Final = 60.0
START_SECONDS: Final = 60.0
"""What an application may take to start, unless told otherwise."""
RELOAD_DRAIN_SECONDS: Final = 1.0
"""What a drain takes at most while ``--reload`` is on: whoever edits is waiting."""
RELOAD_INCLUDE: Final = ("*.py",)
STDOUT: Final = "-"
EVERYBODY: Final = ("0.0.0.0/0", "::/0", "unix")
WEBSOCKET_LIMITS: Final = (
    "max_message_bytes",
    "max_queued_messages",
    "ping_interval",
    "ping_timeout",
    "idle_timeout",
    "closed_grace",
)
"""Those of :class:`trio_helianthus.websocket.WebSocketLimits` that have an option."""


class Interface(Enum):
    """What kind of application it is."""

    AUTO = "auto"
    NATIVE = "native"
    ASGI = "asgi"


@attrs.frozen(kw_only=True)
class ServeOptions:
    """What to serve, where, and how."""

    app: str
    interface: Interface
    factory: bool
    app_dir: Path
    host: str | None
    port: int | None
    unix: str | None
    unix_mode: int
    fd: tuple[int, ...]
    workers: int | None
    max_restarts: int
    restart_window: float
    reload: bool
    reload_dir: tuple[Path, ...]
    reload_include: tuple[str, ...]
    reload_exclude: tuple[str, ...]
    certfile: Path | None
    keyfile: Path | None
    access_log: str | None
    proxy_headers: tuple[str, ...]
    root_path: str
    engine: str
    start_timeout: float
    drain_timeout: float
    stop_timeout: float
    limits: http.ServerLimits
    websocket_limits: websocket.WebSocketLimits
    websocket_deflate: bool
    as_worker: str | None
    words: tuple[str, ...]

    @property
    def scheme(self) -> str:
        """What URLs begin with."""
        return "http" if self.certfile is None else "https"

    @property
    def supervised(self) -> bool:
        """Whether workers are processes of their own."""
        return self.reload or self.workers is not None

    @property
    def says_where(self) -> bool:
        """Whether the command line names a place to listen at."""
        given = (self.host, self.port, self.unix)
        return bool(self.fd) or any(place is not None for place in given)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give a parser the options of ``helianthus serve``."""
    parser.add_argument("app", metavar="MODULE:APP", help="the application; ':app' may be left out")
    _add_application(parser.add_argument_group("application"))
    _add_places(parser.add_argument_group("where to listen"))
    _add_workers(parser.add_argument_group("workers"))
    _add_times(parser.add_argument_group("times and reports"))
    _add_limits(parser.add_argument_group("limits of what a client may cost"))
    _add_websocket_limits(parser.add_argument_group("WebSockets of ASGI applications"))
    parser.add_argument("--as-worker", help=argparse.SUPPRESS)


def read_arguments(said: argparse.Namespace) -> ServeOptions:
    """Make options of a parsed command line.

    :raises ValueError: it makes no sense; the message says why.
    """
    _check(said)
    values: dict[str, Any] = {
        field.name: getattr(said, field.name, None) for field in attrs.fields(ServeOptions)
    }
    values["interface"] = Interface(said.interface)
    values["app_dir"] = said.app_dir.absolute()
    for name in ("fd", "reload_dir", "reload_include", "reload_exclude"):
        values[name] = tuple(values[name] or ())
    values["proxy_headers"] = _proxies(said.proxy_headers)
    values["limits"] = _limits(said)
    values["websocket_limits"] = _websocket_limits(said)
    values["words"] = tuple(said.words)
    if said.drain_timeout is None:
        values["drain_timeout"] = RELOAD_DRAIN_SECONDS if said.reload else DRAIN_SECONDS
    return ServeOptions(**values)


def _check(said: argparse.Namespace) -> None:
    if said.unix is not None and (said.host, said.port) != (None, None):
        raise ValueError("--unix is a place of its own: leave --host and --port out")
    if said.fd and any(place is not None for place in (said.host, said.port, said.unix)):
        raise ValueError("--fd is a place of its own: leave --host, --port and --unix out")
    if said.host == "":
        raise ValueError("--host is empty: * is all interfaces")
    if len(said.fd or ()) != len(set(said.fd or ())):
        raise ValueError("--fd names one descriptor twice")
    for folder in (said.app_dir, *(said.reload_dir or ())):
        if not folder.is_dir():
            raise ValueError(f"there is no folder {folder}")
    if said.root_path and (said.root_path[0] != "/" or said.root_path[-1] == "/"):
        raise ValueError("--root-path begins with a slash and does not end with one")
    if said.keyfile is not None and said.certfile is None:
        raise ValueError("--keyfile needs --certfile")
    if said.reload and (said.workers or 1) > 1:
        raise ValueError("--reload has one worker: leave --workers out")
    if not said.reload and any((said.reload_dir, said.reload_include, said.reload_exclude)):
        raise ValueError("--reload-dir, --reload-include and --reload-exclude need --reload")
    if sys.platform == "win32" and (said.reload or said.workers is not None):
        raise ValueError("--workers and --reload are not supported on Windows: run one process")


def _add_application(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    kinds = [kind.value for kind in Interface]
    add("--interface", choices=kinds, default="auto", help="default: auto, by its parameters")
    add(
        "--factory",
        action="store_true",
        help="MODULE:APP is a function that makes the app, or an async context manager around it",
    )
    add("--root-path", default="", metavar="PATH", help="of ASGI: what a proxy has taken off")
    add(
        "--app-dir",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="where to look for MODULE first; default: the working directory",
    )


def _add_places(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--host", metavar="HOST", help=f"name or address; default: {HOST}; '*' is all there are")
    add("--port", type=_port, metavar="N", help=f"default: {PORT}; 0 lets the system choose")
    add("--unix", metavar="PATH", help="a unix socket")
    add(
        "--unix-mode",
        type=_mode,
        default=0o600,
        metavar="OCTAL",
        help="who may connect to it; default: 600",
    )
    add("--fd", type=_count_from_0, action="append", metavar="N", help="an inherited socket")
    add("--certfile", type=Path, metavar="PEM", help="serve https with this certificate")
    add("--keyfile", type=Path, metavar="PEM", help="its key, where it is in a file of its own")
    add(
        "--proxy-headers",
        default="",
        metavar="ADDRESSES",
        help="believe the X-Forwarded-For and -Proto of these proxies: addresses and networks, "
        "'unix' for who comes by a unix socket, separated by commas; '*' is everybody",
    )


def _add_workers(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--workers", type=_count, metavar="N", help="supervised processes; default: none but this")
    add(
        "--max-restarts",
        type=_count_from_0,
        default=MAX_RESTARTS,
        metavar="N",
        help=f"of workers that die, within --restart-window; default: {MAX_RESTARTS}",
    )
    add(
        "--restart-window",
        type=_seconds,
        default=RESTART_WINDOW_SECONDS,
        metavar="S",
        help=f"default: {RESTART_WINDOW_SECONDS:g}",
    )
    add("--reload", action="store_true", help="a new worker when a file changes; extra 'serve'")
    add("--reload-dir", type=Path, action="append", metavar="DIR", help="default: --app-dir")
    add("--reload-include", action="append", metavar="GLOB", help="more than *.py")
    add("--reload-exclude", action="append", metavar="GLOB", help="not these names, or folders")


def _add_times(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add(
        "--start-timeout",
        type=_seconds,
        default=START_SECONDS,
        metavar="S",
        help=f"for the application to start; default: {START_SECONDS:g}",
    )
    add(
        "--drain-timeout",
        type=_seconds,
        metavar="S",
        help=f"for running requests, when told to stop; default: {DRAIN_SECONDS:g}, "
        f"with --reload {RELOAD_DRAIN_SECONDS:g}",
    )
    add(
        "--stop-timeout",
        type=_seconds,
        default=STOP_SECONDS,
        metavar="S",
        help="for what is cancelled then, and for the application itself, to clean up; "
        f"default: {STOP_SECONDS:g}",
    )
    add("--access-log", metavar="FILE", help=f"a line for each request; {STDOUT} is stdout")
    engines = ("auto", "h11", "httptools")
    add("--engine", choices=engines, default="auto", help="what parses requests; default: auto")


def _add_limits(group: argparse._ArgumentGroup) -> None:
    for name, default in _known_limits().items():
        counts = isinstance(default, int)
        group.add_argument(
            _limit_option(name),
            dest=name,
            type=_count if counts else _seconds,
            metavar="N" if counts else "X",
            help=f"{name} of http.ServerLimits; default: {default}",
        )


def _add_websocket_limits(group: argparse._ArgumentGroup) -> None:
    fields = attrs.fields_dict(websocket.WebSocketLimits)
    for name in WEBSOCKET_LIMITS:
        default = fields[name].default
        counts = isinstance(default, int)
        group.add_argument(
            "--websocket-" + name.removeprefix("max_").replace("_", "-"),
            dest=f"websocket_{name}",
            type=_count if counts else _seconds,
            metavar="N" if counts else "X",
            help=f"{name} of websocket.WebSocketLimits; default: {default}",
        )
    group.add_argument(
        "--websocket-no-deflate",
        dest="websocket_deflate",
        action="store_false",
        help="compress no messages",
    )


def _proxies(word: str) -> tuple[str, ...]:
    proxies = tuple(filter(None, map(str.strip, word.split(","))))
    if "*" in proxies:
        proxies = EVERYBODY
    ProxyHeaders(*proxies)  # complains about what is no address or network
    return proxies


def _limits(said: argparse.Namespace) -> http.ServerLimits:
    given: dict[str, Any] = {name: getattr(said, name) for name in _known_limits()}
    return http.ServerLimits(**{name: v for name, v in given.items() if v is not None})


def _websocket_limits(said: argparse.Namespace) -> websocket.WebSocketLimits:
    given = {name: getattr(said, f"websocket_{name}") for name in WEBSOCKET_LIMITS}
    return websocket.WebSocketLimits(**{n: v for n, v in given.items() if v is not None})


def _known_limits() -> dict[str, int | float]:
    return {
        field.name: field.default
        for field in attrs.fields(http.ServerLimits)
        if isinstance(field.default, (int, float))
    }


def _limit_option(name: str) -> str:
    return "--limit-" + name.removeprefix("max_").replace("_", "-")


def _port(word: str) -> int:
    number = int(word)
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError("a port is from 0 to 65535")
    return number


def _mode(word: str) -> int:
    number = int(word, 8)
    if not 0 <= number <= 0o777:
        raise argparse.ArgumentTypeError("a mode is from 0 to 777")
    return number


def _count(word: str) -> int:
    number = int(word)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _count_from_0(word: str) -> int:
    number = int(word)
    if number < 0:
        raise argparse.ArgumentTypeError("must be at least 0")
    return number


def _seconds(word: str) -> float:
    number = float(word)
    if not number >= 0:  # this way round it catches NaN as well
        raise argparse.ArgumentTypeError("must be a number of seconds, 0 or more")
    return number
