"""Starlette's test client, talking to a live server of ours: a pytest plugin for Starlette's tests.

It replaces ``starlette.testclient.TestClient`` before Starlette's own conftest imports it. An app
is served in a thread, over TCP and over TLS, and called over sockets. The client does what the
original does and sockets do not: it raises what the app has raised, and keeps what the app tells
of its templates.
"""

from __future__ import annotations

import contextlib
import functools
import ssl
import threading
from collections.abc import Iterable
from typing import Any, Self

import anyio.from_thread
import pytest
import starlette.testclient
import trio
import trustme
from starlette.testclient import _is_asgi3, _WrapASGI2
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from trio_helianthus import asgi, core, http

httpx: Any = vars(starlette.testclient)["httpx"]  # its version 1 or 2, whichever Starlette takes

SECONDS = 3.0
"""How long anything may take."""


@functools.cache
def tls_contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """The server's, and one that trusts it."""
    authority = trustme.CA()
    ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(ours)
    theirs = ssl.create_default_context()
    authority.configure_trust(theirs)
    return ours, theirs


class Quiet(core.Instrument):
    """What an app raises is for the test to judge."""

    def error_reported(self, error: BaseException, where: str) -> bool:
        return True


class Watched:
    """An app whose calls are waited for, and whose exceptions are kept."""

    def __init__(self, app: ASGIApp, root_path: str) -> None:
        self.begun = 0
        self.ended = threading.Semaphore(0)
        self.errors: list[BaseException] = []
        self.debug: dict[str, Any] = {}
        self._app = app
        self._root_path = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        self.begun += 1
        scope["root_path"] = self._root_path
        scope["extensions"]["http.response.debug"] = {}

        async def keep_debug(message: Message) -> None:
            if message["type"] == "http.response.debug":
                self.debug = message["info"]
            else:
                await send(message)

        try:
            await self._app(scope, receive, keep_debug)
        except Exception as exc:
            self.errors.append(exc)
            raise
        finally:
            self.ended.release()


class LiveServer(httpx.BaseTransport):  # type: ignore[misc]  # a class of either version
    """Serves one app in a thread, and sends it requests."""

    def __init__(self, app: ASGIApp, raise_server_exceptions: bool, root_path: str) -> None:
        self._watched = Watched(app, root_path)
        self._raises = raise_server_exceptions
        self._portal: Any = None
        self._stack = contextlib.ExitStack()
        self._ports: dict[str, int] = {}
        self._transport = httpx.HTTPTransport(verify=tls_contexts()[1])

    def start(self, lifespan: asgi.LifespanMode, state: dict[str, Any]) -> None:
        portal = anyio.from_thread.start_blocking_portal("trio")
        self._portal = self._stack.enter_context(portal)
        try:
            self._running, self._ports = self._portal.start_task(self._serve, lifespan, state)
        except asgi.LifespanFailed as exc:
            self._portal = None
            self._stack.close()
            raise exc.__cause__ or exc from None

    def stop(self) -> None:
        if self._portal is None:
            return
        self._transport.close()
        try:
            self._portal.call(self._end.set)
            self._running.result(SECONDS)
        except asgi.LifespanFailed as exc:
            raise exc.__cause__ or exc from None
        finally:
            self._portal = None
            self._stack.close()

    async def _serve(
        self,
        lifespan: asgi.LifespanMode,
        state: dict[str, Any],
        *,
        task_status: trio.TaskStatus[dict[str, int]],
    ) -> None:
        self._end = trio.Event()
        with core.subscribe(Quiet()):
            async with (
                asgi.open_lifespan(self._watched, lifespan) as filled,
                trio.open_nursery() as nursery,
            ):
                state.update(filled)
                handler = asgi.as_handler(self._watched, state=state)
                plain: http.Server = await nursery.start(http.serve, handler, 0)
                secure: http.Server = await nursery.start(
                    functools.partial(http.serve, handler, 0, ssl_context=tls_contexts()[0])
                )
                task_status.started({"http": plain.port, "https": secure.port})
                await self._end.wait()
                await plain.drain(1)
                await secure.drain(1)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and wait until the app has ended with it."""
        if self._portal is None:
            self.start("off", {})
        scheme = request.url.scheme
        if scheme in ("ws", "wss"):
            pytest.skip("there is no WebSocket area yet")
        url = request.url.copy_with(host="127.0.0.1", port=self._ports[scheme])
        sent = httpx.Request(
            request.method,
            url,
            headers=request.headers,
            stream=request.stream,
            extensions={**request.extensions, "timeout": dict.fromkeys(TIMEOUTS, SECONDS)},
        )
        self._watched.debug = {}
        begun = self._watched.begun
        try:
            answer = self._transport.handle_request(sent)
            content = b"".join(answer.stream)
            answer.close()
        except httpx.TransportError:
            self._wait_for_the_app(begun)
            raise
        self._wait_for_the_app(begun)
        response = httpx.Response(
            answer.status_code,
            headers=answer.headers,
            stream=httpx.ByteStream(content),
            request=request,
            extensions=answer.extensions,
        )
        if self._watched.debug:
            response.template = self._watched.debug["template"]
            response.context = self._watched.debug["context"]
        return response

    def _wait_for_the_app(self, begun: int) -> None:
        """Wait until the app has ended, if it was called, and raise what it has raised."""
        if self._watched.begun > begun:
            self._watched.ended.acquire(timeout=SECONDS)
        errors, self._watched.errors = self._watched.errors, []
        if errors and self._raises:
            raise errors[0]

    def close(self) -> None:
        self.stop()


TIMEOUTS: Iterable[str] = ("connect", "read", "write", "pool")
clients: list[LiveClient] = []


class LiveClient(starlette.testclient.TestClient):
    """The test client, with another way to the app."""

    __test__ = False

    def __init__(
        self,
        app: ASGIApp,
        base_url: str = "http://testserver",
        raise_server_exceptions: bool = True,
        root_path: str = "",
        backend: str = "trio",
        backend_options: dict[str, Any] | None = None,
        cookies: Any = None,
        headers: dict[str, str] | None = None,
        follow_redirects: bool = True,
        client: tuple[str, int] = ("testclient", 50000),
    ) -> None:
        self.app = app if _is_asgi3(app) else _WrapASGI2(app)  # type: ignore[arg-type]
        self.app_state: dict[str, Any] = {}
        self.live = LiveServer(self.app, raise_server_exceptions, root_path)
        httpx.Client.__init__(
            self,
            base_url=base_url,
            headers={"user-agent": "testclient", **(headers or {})},
            transport=self.live,
            follow_redirects=follow_redirects,
            cookies=cookies,
        )
        clients.append(self)

    def websocket_connect(self, *args: Any, **options: Any) -> Any:
        pytest.skip("there is no WebSocket area yet")

    def __enter__(self) -> Self:
        self.live.start("on", self.app_state)
        return self

    def __exit__(self, *args: object) -> None:
        self.live.stop()


starlette.testclient.TestClient = LiveClient  # type: ignore[misc]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep what a live server has to do with, on trio."""
    kept: list[pytest.Item] = []
    dropped: list[pytest.Item] = []
    for item in items:
        names = getattr(item, "fixturenames", ())
        params = getattr(getattr(item, "callspec", None), "params", {})
        backend = params.get("anyio_backend")
        is_ours = "test_client_factory" in names and str(backend).startswith("trio")
        (kept if is_ours else dropped).append(item)
    config.hook.pytest_deselected(items=dropped)
    items[:] = kept


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown() -> None:
    """Stop the servers of a test."""
    while clients:
        clients.pop().live.stop()
