"""``helianthus serve``: one process that serves: alone, or as a supervisor's worker."""

from __future__ import annotations

import inspect
import json
import math
import os
import sys
from contextlib import ExitStack, asynccontextmanager, closing, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

import attrs
import trio

from trio_helianthus import asgi, http, net, websocket
from trio_helianthus.core import (
    LifecycleReport,
    current_lifecycle,
    open_background_nursery,
    open_signals,
    print_report,
    report_error,
    run,
    subscribe,
)
from trio_helianthus.errors import NetworkError
from trio_helianthus.http.middleware import ProxyHeaders
from trio_helianthus.wire import http1

from ._serve_access_log import open_access_log
from ._serve_app import load_app
from ._serve_arguments import Interface
from ._serve_opening import open_app, open_in_time
from ._serve_process import say
from ._serve_sockets import inherited, open_port
from ._serve_systemd import Notifier

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from ._serve_access_log import AccessLog
    from ._serve_arguments import ServeOptions
    from ._serve_process import Terminal
    from ._serve_sockets import Listener, SharedListener

# What a supervisor says, a byte each. The end of the pipe says that there is none any more.
DRAIN: Final = b"d"
REPLACED: Final = b"r"
CUT: Final = b"c"
# What a worker says, a byte each.
READY: Final = b"r"
LEAVING: Final = b"l"
REPLACED_SECONDS: Final = 0.5
"""How long a worker that takes no more connections waits before it drains. Whoever has connected
just before gets its first request through; a drain closes connections that are silent."""


@attrs.frozen
class Ties:
    """What ties a worker to its supervisor: descriptors, handed on by number.

    :param commands: the pipe on which it is told what to do.
    :param says: the pipe on which it says that it serves, and when it drains.
    :param sockets: what it serves.
    """

    commands: int
    says: int
    sockets: tuple[int, ...]

    def write(self) -> str:
        """Return them as a word of a command line."""
        return json.dumps([self.commands, self.says, self.sockets], separators=(",", ":"))

    @classmethod
    def read(cls, word: str) -> Ties:
        """Take them from a word of a command line."""
        commands, says, sockets = json.loads(word)
        return cls(commands, says, tuple(sockets))


def serve_alone(options: ServeOptions, terminal: Terminal) -> int:
    """Serve in this process until it is told to stop.

    :returns: the exit code.
    """
    notifier = Notifier()  # before the application is imported, which is not to speak for us
    worker = _Worker(options)
    return worker.run(partial(worker.serve_alone, notifier, terminal))


def serve_as_worker(options: ServeOptions, ties: Ties) -> int:
    """Serve what the supervisor has opened, until it says stop, or is gone.

    :returns: the exit code.
    """
    for fd in (ties.commands, ties.says, *ties.sockets):
        os.set_inheritable(fd, False)
    worker = _Worker(options)
    return worker.run(partial(worker.serve_with, ties), on_report=_print_if_cut)


def _print_if_cut(report: LifecycleReport) -> None:
    if report.exit_code:
        print_report(report)


class _Worker:
    """One process's application, and what belongs to it."""

    def __init__(self, options: ServeOptions) -> None:
        self._options = options
        self._found, self._interface = load_app(
            options.app,
            app_dir=options.app_dir,
            factory=options.factory,
            interface=options.interface,
        )
        self._certificate = (
            None
            if options.certfile is None
            else net.ReloadingCertificate(options.certfile, options.keyfile)
        )
        self._access_log: AccessLog | None = None

    def run(self, main: Any, **options: Any) -> int:
        with ExitStack() as stack:
            if inspect.iscoroutine(self._found):
                stack.callback(self._found.close)  # it may come to nothing before it is awaited
            if self._options.access_log is not None:
                self._access_log = open_access_log(self._options.access_log)
                stack.callback(self._access_log.close)
                stack.enter_context(subscribe(self._access_log))
            return run(
                main,
                drain_timeout=self._options.drain_timeout,
                stop_timeout=self._options.stop_timeout,
                **options,
            )

    async def serve_alone(self, notifier: Notifier, terminal: Terminal) -> None:
        lifecycle = current_lifecycle()
        assert lifecycle is not None

        serves = False

        def started() -> None:
            nonlocal serves
            serves = True
            say(f"listening on {', '.join(port.places(self._options.scheme))}")
            notifier.ready()
            lifecycle.on_drain(notifier.stopping)

        def hung_up() -> None:
            if terminal.is_gone():
                lifecycle.drain("SIGHUP, the terminal is gone")
            elif serves:
                notifier.reloading()
                self._reload()
                notifier.ready()

        with closing(await open_port(self._options)) as port:
            await self._serve(port.listeners, started, hung_up)

    async def serve_with(self, ties: Ties) -> None:
        listeners = inherited(ties.sockets)
        lifecycle = current_lifecycle()
        assert lifecycle is not None

        def tell(word: bytes) -> None:
            with suppress(OSError):  # the supervisor is gone, which the other pipe tells
                os.write(ties.says, word)

        def started() -> None:
            tell(READY)
            lifecycle.on_drain(partial(tell, LEAVING))

        async with open_background_nursery() as background:
            background.start_soon(_obey, ties.commands, listeners)
            await self._serve(listeners, started, self._reload)

    async def _serve(
        self,
        listeners: Sequence[Listener],
        started: Callable[[], None],
        hung_up: Callable[[], None],
    ) -> None:
        application = open_in_time(
            self._open_handler(),
            start_timeout=self._options.start_timeout,
            stop_timeout=self._options.stop_timeout,
        )
        with open_signals("SIGHUP") as signals:  # from before anybody is told that it serves
            async with open_background_nursery() as background:
                background.start_soon(_call_for_each, signals, hung_up)
                async with application as handler:
                    await http.serve(
                        handler,
                        listeners=listeners,
                        ssl_context=self._certificate,
                        limits=self._options.limits,
                        engine=http1.Engine(self._options.engine),
                        task_status=_Started(started),
                    )

    @asynccontextmanager
    async def _open_handler(self) -> AsyncIterator[http.Handler]:
        options = self._options
        place = f"{options.app}()" if options.factory else options.app
        async with open_app(self._found, place, self._interface) as (app, kind):
            if kind is Interface.NATIVE:
                yield _behind(options.proxy_headers, app)
                return
            async with asgi.open_lifespan(
                app, startup_timeout=math.inf, shutdown_timeout=options.stop_timeout
            ) as state:
                handler = asgi.as_handler(
                    app,
                    state=state,
                    root_path=options.root_path,
                    websocket_limits=options.websocket_limits,
                    websocket_deflate=websocket.Deflate() if options.websocket_deflate else None,
                )
                yield _behind(options.proxy_headers, handler)

    def _reload(self) -> None:
        """Open and load anew what may have changed: the access log and the certificate."""
        if self._access_log is not None:
            self._access_log.reopen()
        if self._certificate is not None:
            try:
                self._certificate.reload()
            except NetworkError as exc:  # the old one stays in use
                report_error(exc, where="reloading the certificate")


async def _call_for_each(signals: AsyncIterator[str], hung_up: Callable[[], None]) -> None:
    async for _ in signals:
        hung_up()


def _behind(proxies: Sequence[str], handler: http.Handler) -> http.Handler:
    """Let a handler see its clients, where proxies of ours stand between."""
    if not proxies:
        return handler
    proxy_headers = ProxyHeaders(*proxies)

    async def handle(request: http.Request) -> http.HandlerResult:
        return await proxy_headers(request, cast("http.CallNext", handler))

    return handle


async def _obey(commands: int, listeners: Sequence[SharedListener]) -> None:
    """Do what the supervisor says, until it is gone."""
    lifecycle = current_lifecycle()
    assert lifecycle is not None
    async with open_pipe(commands) as pipe:
        while said := await pipe.receive_some():
            if CUT in said:
                lifecycle.cut("told to stop at once by the supervisor")
            elif REPLACED in said:
                for listener in listeners:
                    listener.left = True
                await trio.sleep(REPLACED_SECONDS)
                lifecycle.drain("replaced")
            else:
                lifecycle.drain("told to stop by the supervisor")
    lifecycle.drain("the supervisor is gone")


if sys.platform != "win32":

    def open_pipe(fd: int) -> trio.lowlevel.FdStream:
        """Make a stream of one end of a pipe."""
        return trio.lowlevel.FdStream(fd)

else:

    def open_pipe(fd: int) -> Any:
        """Say that there is none here; the command line has done so before."""
        raise NotImplementedError("workers are not supported on Windows")


class _Started:
    """Calls a function when a server has started."""

    def __init__(self, callback: Any) -> None:
        self._callback = callback

    def started(self, value: object = None) -> None:
        self._callback()
