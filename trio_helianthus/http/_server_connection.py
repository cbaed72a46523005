"""One connection of a server: requests in, answers out, and a handler that ends with its client."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextvars import copy_context
from typing import Any, Final

import attrs
import trio

from trio_helianthus import core
from trio_helianthus.core import SEAM
from trio_helianthus.errors import NetworkError, ResourceBusy
from trio_helianthus.net import ByteStream, PeerState
from trio_helianthus.wire import NEED_DATA, http1

from ._answer import AnswerHeads, error_answer, has_body, server_error
from ._answering import Answering
from ._client_fault import client_fault
from ._endpoints import Endpoints, endpoints_of
from ._handling import Waiting, go_on_apart
from ._headers import FieldContent, places_of
from ._http_errors import HTTPError
from ._incoming import Incoming
from ._limits import ServerLimits
from ._observer import CONTEXT_FIELDS, Observer
from ._outgoing import Outgoing, PeerGone
from ._patience import NOTHING, REQUEST, Patience
from ._received_request import ReceivedRequest
from ._request import Request
from ._request_body import RequestBody
from ._response import Response, as_response
from ._response_writer import ResponseWriter
from ._router import Handler
from ._upgrade import UpgradeHandler
from ._watcher import Watcher

__all__ = ["ServerConnection", "Serving"]

_BEHIND_AUTHORITY: Final = re.compile("[/?]")


@attrs.frozen
class Serving:
    """What the connections of one server share.

    :param start_watcher: starts a task that ends with the server at the latest.
    :param on_end: is called with each connection that ends.
    """

    handler: Handler
    limits: ServerLimits
    engine: http1.Engine
    start_watcher: Callable[[Callable[[], Awaitable[object]]], object]
    on_end: Callable[[ServerConnection], object]
    heads: AnswerHeads = attrs.field(factory=AnswerHeads)
    wire_limits: http1.Limits = attrs.field(init=False)

    @wire_limits.default
    def _find_wire_limits(self) -> http1.Limits:
        return self.limits.wire


class ServerConnection:
    """Runs one connection until it ends, in one task.

    Laws:

    1. One task runs everything: it receives, parses, runs the handler and answers, one request
       after the other. While a handler waits, the system tells of a client that goes away
       (``ByteStream.watch_peer``); where it does not, a :class:`Watcher` receives meanwhile.
    2. An answer is either complete, or the connection is reset.
    3. One scope and one alarm serve the whole connection; see :class:`Patience`.
    4. An answer may wait for those to the requests that came together with its own, and never
       waits for a handler that waits for something.
    """

    __slots__ = (
        "_answering",
        "_content",
        "_draining",
        "_endpoints",
        "_engine",
        "_facts",
        "_fields",
        "_handed_over",
        "_handler",
        "_has_context",
        "_head_began",
        "_head_of",
        "_incoming",
        "_limits",
        "_max_requests",
        "_next_protocol",
        "_observer",
        "_on_drain",
        "_outgoing",
        "_patience",
        "_places",
        "_repeats",
        "_same_names",
        "_serving",
        "_stream",
        "_task",
        "_timed",
        "_watcher",
        "_writer",
        "request",
        "requests",
    )

    def __init__(self, stream: ByteStream, serving: Serving) -> None:
        self.requests = 0
        """How many requests have been received."""
        self.request: ReceivedRequest | None = None
        """The request that is being answered."""
        self._stream = stream
        self._task = trio.lowlevel.current_task()
        self._serving = serving
        self._handler = serving.handler
        self._limits = serving.limits
        self._max_requests = serving.limits.max_requests_per_connection
        self._engine = http1.server_connection(limits=serving.wire_limits, engine=serving.engine)
        self._patience = patience = Patience(stream, serving.limits)
        self._outgoing = Outgoing(stream, patience)
        self._incoming = Incoming(self._engine, serving.limits, self, self._outgoing)
        self._answering = Answering(
            self._engine, self._incoming, self._outgoing, serving.heads, patience
        )
        self._timed = False  # whether the times of the request that is being answered run
        self._watcher: Watcher | None = None
        self._endpoints: Endpoints | None = None
        self._draining = False
        self._head_of = -1  # how many requests were before the head of which a part has come
        self._head_began = 0.0  # when that was seen first
        self._fields: http1.HeaderFields | None = None
        self._facts: object = None
        self._same_names = False  # since the facts are the same
        self._places: Mapping[str, int] | None = None
        self._content = FieldContent(())
        self._repeats = False
        self._has_context = False
        self._observer: Observer | None = None
        self._writer: ResponseWriter | None = None
        self._next_protocol: UpgradeHandler | None = None
        self._on_drain: Callable[[], object] | None = None
        self._handed_over = False  # to the next protocol, perhaps while a handler goes on
        stream.activity = "idle"

    def drain(self) -> None:
        """Let the request that is under way be the last; while waiting for another, end at once."""
        self._draining = self._answering.closing = True
        if self._patience.awaited == REQUEST:
            if self.requests or not self._limits.drain_grace:
                self._patience.cut("the server drains and this connection is idle")
            else:
                self._patience.hurry()
        elif self._on_drain is not None:
            self._on_drain()

    async def run(self) -> None:
        """Serve until either side wants no more."""
        stream, patience = self._stream, self._patience
        stream.watch_peer(patience.note_peer)
        try:
            try:
                with patience.scope:
                    await self._serve()
                    next_protocol = self._next_protocol
                    if next_protocol is not None and not self._handed_over:
                        await self._leave_http()
                        await next_protocol(stream)
            except PeerGone:
                return
            except Exception as exc:
                # What is left of a handler's nursery once the scope has taken its part out.
                if not self._answering.broken and client_fault(exc) is None:
                    raise
                return
            if patience.scope.cancelled_caught:
                await self._end_cut()
        finally:
            self._serving.on_end(self)
            patience.close()
            self._observer = self._next_protocol = self._on_drain = None  # they may refer to this
            self._incoming.close()
            self._outgoing.close()
            if self._watcher is not None:
                self._watcher.close()
            if self._answering.half_sent or self._outgoing.unfinished:
                stream.reset()

    async def _serve(self) -> None:
        engine, incoming, outgoing = self._engine, self._incoming, self._outgoing
        try:
            while True:
                head = engine.next_request()
                if head is None or head is NEED_DATA:
                    if head is None and engine.next_event() is not NEED_DATA:
                        break
                    if not outgoing.flush_nowait():
                        await outgoing.flush()
                    if not self._expect_head(head is None):
                        break
                    if self._watcher is None:  # receive(), without its call
                        try:
                            data = await self._stream.receive_some()
                        except NetworkError as exc:
                            raise PeerGone("the client is gone") from exc
                    else:
                        data = await self.receive()
                    if not self._take(data):
                        break
                    continue
                try:
                    waiting = self._begin(head)
                    if waiting is not None:
                        await go_on_apart(*waiting, self._before_waiting)
                        waiting = None  # while it is idle, a connection keeps next to nothing
                finally:
                    self._end()
                if self._next_protocol is not None:
                    return
                if not incoming.complete:
                    if engine.must_close:
                        break
                    await outgoing.flush()
                    if not await incoming.finish():
                        break
                if not engine.next_cycle():
                    break
        except http1.BadMessage as exc:
            incoming.failed = True
            await self._send_error(HTTPError(exc.status_hint))
        await outgoing.flush()
        await incoming.linger(self._stream)

    def _expect_head(self, begun: bool) -> bool:
        """Say how long a request's head is waited for; false when none is going to come."""
        if begun:
            if self._head_of != self.requests:
                self._head_of = self.requests
                self._head_began = trio.current_time()
            self._patience.wait_for_head(self._head_began)
        elif self._draining and self.requests:
            return False
        else:
            self._patience.wait_for_request(not self.requests)
            if self._draining:
                self._patience.hurry()
        return True

    def _take(self, data: bytes) -> bool:
        """Take what was received of a head; false when nobody is to have an answer to it."""
        patience = self._patience
        patience.awaited = NOTHING
        if patience.is_cut:  # while this was coming: a request that has not begun has no answer
            return False
        if not data:
            patience.client_ended = True
        self._incoming.feed(data)
        self._serving.heads.tick()
        return True

    async def receive(self) -> bytes:
        """Wait for the next bytes; ``b""`` is the end of the stream.

        :raises PeerGone: the connection failed.
        """
        watcher = self._watcher
        self._patience.receiving = True
        try:
            if watcher is not None and (watcher.receiving or watcher.holds_something):
                data = await watcher.take()
            else:
                data = await self._stream.receive_some()
        except NetworkError as exc:
            raise PeerGone("the client is gone") from exc
        finally:
            self._patience.receiving = False
        if not data:
            self._patience.note_peer(PeerState.ENDED)
        if self._timed and trio.lowlevel.current_task() is not self._task:
            self._watch()  # the task that waits for this one may go on waiting
        return data

    def _begin(self, head: http1.RequestHead) -> Waiting[None] | None:
        """A request has come: answer it at once, or return what waits for something first."""
        self.requests += 1
        if head.fields is not self._fields:
            self._note_fields(head)
        elif not self._repeats:
            self._repeats = True
            self._content.decode()
        incoming = self._incoming
        incoming.trailers = None
        incoming.complete = True
        if head.length:
            incoming.begin(head.length)
        self._patience.answer_begun = False
        if self.requests >= self._max_requests:
            self._answering.closing = True
        request = ReceivedRequest(head.method, head.target, self._content, self)
        self.request = request
        if not head.plain:
            self._begin_unusual(request, head)
        if self._has_context or SEAM.instrument is not None:
            handling = self._observe(request)
        else:
            handling = self._respond(request)
        run = copy_context().run  # run_apart(), without its call
        try:
            return handling, run, run(handling.send, None)
        except StopIteration:
            return None

    def _observe(self, request: Request) -> Coroutine[Any, Any, None]:
        observer = self._observer
        if observer is None:
            observer = self._observer = Observer(
                self._respond,
                self._stream,
                self._incoming,
                self._outgoing,
                self._patience,
                self._limits.handler_timeout,
            )
        return observer.answer(request) if self._has_context else observer.report(request)

    def _begin_unusual(self, request: Request, head: http1.RequestHead) -> None:
        request.http_version = head.http_version
        target = head.target
        if head.method == "CONNECT":
            # What follows it may be meant for a tunnel, so it is no request of ours.
            self._answering.closing = True
        elif not target.startswith("/") and "://" in target:
            # Whatever Host says: RFC 9112, section 3.2.2.
            authority = target.partition("://")[2]
            request.headers["host"] = _BEHIND_AUTHORITY.split(authority, maxsplit=1)[0]

    def _end(self) -> None:
        """The request was answered, or never will be."""
        request = self.request
        self.request = self._writer = None
        if request is not None:
            request.close()
        if self._timed:
            self._timed = False
            self._patience.end_handler()
            self._stream.activity = "idle"
            if self._watcher is not None:
                self._watcher.dismiss()

    def _note_fields(self, head: http1.RequestHead) -> None:
        """Remember header fields, which often are those of the next request, too."""
        fields = self._fields = head.fields
        self._repeats = False
        if head.facts is not self._facts:
            self._facts = head.facts
            self._places = None
            self._same_names = False
            self._has_context = any(name in CONTEXT_FIELDS for name, _ in fields)
        elif not self._same_names:
            self._same_names = True
            self._places = places_of(fields)
        self._content = FieldContent(fields, None, True, self._places)

    # ---- what a request asks of its connection

    @property
    def endpoints(self) -> Endpoints:
        """Between whom it went, and how, which is the same for every request."""
        if self._endpoints is None:
            self._endpoints = endpoints_of(self._stream)
        return self._endpoints

    def request_body(self) -> RequestBody:
        """The body of the request that is being answered."""
        return self._incoming.body()

    def take_body(self, max_bytes: int | None) -> bytes | None:
        """All of the body, if it is there and not too long."""
        return self._incoming.take_body(max_bytes)

    def _check_unanswered(self, request: ReceivedRequest) -> None:
        if (
            request.outermost is not self.request  # but that of a task that outlives its handler
            or self._writer is not None
            or self._engine.switched
        ):
            raise ResourceBusy("this request has its answer already")

    async def start_response(self, request: ReceivedRequest, response: Response) -> ResponseWriter:
        """Send the head of an answer whose body the handler sends itself."""
        self._check_unanswered(request)
        answering = self._answering
        await answering.start(response, request)
        self._patience.begin_answer()
        self._writer = ResponseWriter(
            answering, has_body=has_body(response, request.method), status=response.status
        )
        return self._writer

    async def respond(self, request: ReceivedRequest, response: Response) -> ResponseWriter:
        """Send an answer whose handler goes on."""
        self._check_unanswered(request)
        if response.status == 101:
            response = self._check_upgrade(response)
        self._patience.begin_answer()
        answering = self._answering
        if not answering.put_plain(response) and not answering.send_nowait(response, request):
            await answering.send(response, request)
        if self._timed or self._outgoing.due:  # else it leaves when the handler begins to wait
            await self._outgoing.flush()
        self._patience.end_answer()
        writer = ResponseWriter(answering, has_body=False, status=response.status)
        self._writer = writer
        if response.upgrade_handler is not None and self._engine.switched:
            await self._outgoing.flush()
            self._next_protocol = response.upgrade_handler
            self._on_drain = response.on_drain
            await self._leave_http()
            await response.upgrade_handler(self._stream)
        return writer

    async def wait_disconnect(self) -> None:
        """Wait until the client has ended its side of the connection."""
        await self._patience.wait_disconnect()

    # ---- one request

    async def _respond(self, request: Request) -> None:
        try:
            result = await self._handler(request)
            if self._writer is not None:
                self._note_status(self._writer.status)
                if not self._writer.finished:
                    await self._writer.finish()
                return
            if self._timed:
                self._begin_answer()
                self._serving.heads.tick()
            if self._answering.put_plain(result):
                outgoing = self._outgoing
                if outgoing.operation is not None:
                    self._note_status(200)
                if outgoing.due:
                    self._patience.begin_answer()
                    await outgoing.flush()
                return
            response = result if type(result) is Response else as_response(result)
        except PeerGone:
            raise
        except HTTPError as error:
            if self._answering.half_sent:
                self._answering.broken = True
                raise
            response = error_answer(error)
        except Exception as exc:
            clients = client_fault(exc)
            if isinstance(clients, PeerGone):
                raise clients from exc
            if clients is None:
                core.report_error(exc, where=f"handler of {request.method} {request.target}")
            if self._answering.half_sent:
                self._answering.broken = True
                raise
            response = server_error() if clients is None else error_answer(clients)
        if self._writer is not None:
            if self._handed_over:
                self._stream.reset()
            return  # it failed behind its answer, which is complete
        if request.method == "CONNECT" and response.status < 300 and not response.upgrade_handler:
            response = error_answer(HTTPError(405, "this server is no proxy", {"Allow": ""}))
        if response.status == 101:
            response = self._check_upgrade(response)
        self._begin_answer()
        if self._outgoing.operation is not None:
            self._note_status(response.status)
        if not self._answering.send_nowait(response, request):
            await self._answering.send(response, request)
        elif self._outgoing.due:
            await self._outgoing.flush()
        if response.upgrade_handler is not None and self._engine.switched:
            self._next_protocol = response.upgrade_handler
            self._on_drain = response.on_drain

    def _begin_answer(self) -> None:
        self._patience.begin_answer()
        if self._patience.is_cut:  # and the handler has been in time, or nearly so
            self._answering.closing = True

    def _check_upgrade(self, response: Response) -> Response:
        """Refuse a client that cannot be upgraded; that is not its handler's mistake."""
        if not self._engine.proposes_upgrade:
            wanted = {"Upgrade": response.headers.get("upgrade", ""), "Connection": "Upgrade"}
            return error_answer(HTTPError(426, headers=wanted))
        if not self._incoming.complete:  # where does the other protocol begin?
            self._answering.closing = True
            return error_answer(HTTPError(400, "an upgrade with a body"))
        return response

    def _note_status(self, status: int) -> None:
        if self._outgoing.operation is not None:
            self._outgoing.operation.attributes["http.status"] = status

    async def _leave_http(self) -> None:
        """Make the stream ready for the next protocol."""
        stream = self._stream
        self._handed_over = True
        self._patience.close()
        rest, _ = self._engine.trailing_data
        if self._watcher is not None:
            rest += await self._watcher.stop()
        stream.push_back(rest)
        stream.activity = "upgraded"
        if self._draining and self._on_drain is not None:
            self._on_drain()

    async def _send_error(self, error: HTTPError) -> None:
        if self._engine.can_answer:
            self._answering.closing = True
            await self._outgoing.send(self._answering.whole(error_answer(error), "GET"))

    async def _end_cut(self) -> None:
        """Say why, if the client is to know, after the scope was cancelled."""
        verdict = self._patience.verdict
        if verdict is None or self._answering.half_sent:
            return
        with trio.move_on_after(self._limits.write_timeout):
            try:
                self._incoming.failed = True
                await self._send_error(verdict)
                await self._incoming.linger(self._stream)
            except PeerGone:
                pass

    def _before_waiting(self) -> None:
        """A handler, or the sending of its answer, is about to wait for something."""
        if self._handed_over:
            return
        if not self._timed:
            assert self.request is not None
            self._timed = True
            self._stream.activity = f"{self.request.method} {self.request.target}"
            self._patience.begin_handler(
                answered=self._writer is not None and self._writer.finished
            )
        if not self._outgoing.flush_nowait():
            # Answers to earlier requests, or of one that goes on behind it.
            self._outgoing.flush_apart(self._serving.start_watcher)
        self._watch()

    def _watch(self) -> None:
        """See to it that somebody notices when the client goes away."""
        if not self._patience.receiving and not self._stream.watches_peer:
            if self._watcher is None:
                watcher = Watcher(
                    self._stream, self._limits.read_ahead_bytes, self._patience.note_peer
                )
                self._watcher = watcher
                self._serving.start_watcher(watcher.run)
            self._watcher.call()
