"""A request as its handler sees it."""

from __future__ import annotations

import math
import re
from collections.abc import AsyncIterator, Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_to_bytes

from trio_helianthus.net import SocketAddress, TLSInfo

from ._accept import best_media_type
from ._charset import charset_of
from ._cookie_field import parse_cookies
from ._endpoints import Endpoints
from ._form import iterate_parts, read_form
from ._headers import Headers, HeaderTypes
from ._http_errors import HTTPError
from ._json import decode_json
from ._lazy import lazy
from ._query import Query
from ._request_body import RequestBody
from ._starting import Starting

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._form import Form
    from ._form_limits import FormLimits
    from ._form_part import FormPart
    from ._response import Response
    from ._response_writer import ResponseWriter

__all__ = ["Request", "decode_path"]

_HOST: Final = re.compile(
    r"(?:\[[0-9A-Fa-f:.]{2,45}\]|[0-9A-Za-z._~!$&'()*+,;=%-]{1,255})(?::[0-9]{0,5})?"
)
"""``uri-host [ ":" port ]`` of :rfc:`9110` section 7.2."""
_NO_PARAMS: Final[Mapping[str, Any]] = MappingProxyType({})


class Request:
    """What a client asked for.

    The server makes it; making one by hand serves for calling a handler in a test.

    :param method: as sent, upper case for every method that is registered.
    :param target: the request target as it was sent.
    :param headers: the header fields.
    :param body: the body, or its bytes.
    :param http_version: ``"1.1"`` or ``"1.0"``.
    :param client_address: the address of the peer.
    :param server_address: the address that the client has reached.
    :param tls: what the handshake agreed on; ``None`` without TLS.
    """

    method: str
    target: str
    http_version: str = "1.1"

    path_params: Mapping[str, Any] = _NO_PARAMS
    """What the placeholders of the route stand for, percent-decoded; set by the router."""
    deadline: float = math.inf
    """When the client stops waiting, as :func:`trio.current_time` counts, by what it has said."""
    root_path: str = ""
    """What stands before :attr:`raw_path` in the URL that the client used: the prefix where a
    handler is mounted, or that a proxy in front takes away. Percent-encoded."""
    _mounted: tuple[object, Request] | None = None
    """For a handler that is mounted: the router that it is mounted in, and what that was asked."""

    def __init__(
        self,
        method: str,
        target: str,
        *,
        headers: HeaderTypes = (),
        body: RequestBody | bytes = b"",
        http_version: str = "1.1",
        client_address: SocketAddress | None = None,
        server_address: SocketAddress | None = None,
        tls: TLSInfo | None = None,
    ) -> None:
        self.method = method
        self.target = target
        self.headers = headers if isinstance(headers, Headers) else Headers(headers)
        self.body = RequestBody.from_bytes(body) if isinstance(body, bytes) else body
        self.http_version = http_version
        self.client_address = client_address
        self.server_address = server_address
        self.tls = tls

    # ---- what the head says

    @lazy
    def headers(self) -> Headers:
        """The header fields."""
        return Headers()

    @property
    def raw_headers(self) -> tuple[tuple[bytes, bytes], ...]:
        """The fields as pairs of bytes, in order, names in lower case: what to ask for where
        nothing is looked up.
        """
        return self.headers.raw

    @lazy
    def client_address(self) -> SocketAddress | None:
        """The address of the peer, which may be a proxy; ``None`` where nobody knows."""
        return None

    @lazy
    def server_address(self) -> SocketAddress | None:
        """The address that the peer has reached; ``None`` where nobody knows."""
        return None

    @lazy
    def tls(self) -> TLSInfo | None:
        """What the handshake agreed on; ``None`` without TLS."""
        return None

    @property
    def endpoints(self) -> Endpoints:
        """Both addresses, the scheme and the TLS in one, which costs less than one by one."""
        return Endpoints(self.client_address, self.server_address, self.scheme, self.tls)

    @lazy
    def state(self) -> dict[str, Any]:
        """What middleware leaves for handlers, and for each other; empty at first."""
        return {}

    @lazy
    def raw_path(self) -> str:
        """The path as it was sent, percent-encoded, without the query.

        ``"*"`` for the server as a whole, which only ``OPTIONS`` asks. The scheme and the
        host of a target in absolute form are left out (:rfc:`9112` section 3.2).
        """
        path = self.target.partition("?")[0]
        if not path.startswith("/"):
            _, scheme_separator, rest = path.partition("://")
            if scheme_separator:
                _, slash, tail = rest.partition("/")
                return slash + tail or "/"
        return path

    @lazy
    def path(self) -> str:
        """The path as text, percent-decoded.

        :raises HTTPError: 400 when it does not decode as UTF-8.
        """
        return decode_path(self.raw_path)

    @lazy
    def query(self) -> Query:
        """The query of the target, parsed when it is first asked for."""
        return Query(self.target.partition("?")[2])

    @lazy
    def scheme(self) -> str:
        """``"http"`` or ``"https"``, as the client used it. May be set, by one who knows what a
        proxy in front has been asked for.
        """
        return "http" if self.tls is None else "https"

    @property
    def is_secure(self) -> bool:
        """Whether the client came by ``https``."""
        return self.scheme == "https"

    @property
    def host(self) -> str:
        """The host, and the port where it was given, that the client wanted to reach.

        It is what the client says: use it in links only if you compare it with your names.

        :raises HTTPError: 400 where it is missing or malformed.
        """
        host = None
        if not self.target.startswith("/"):
            _, scheme_separator, rest = self.target.partition("://")
            if scheme_separator:  # it goes before Host, see RFC 9112 section 3.2.2
                host = re.split("[/?]", rest, maxsplit=1)[0]
        if host is None:
            host = self.headers.get("host", "")
        if _HOST.fullmatch(host) is None:
            raise HTTPError(400, "the host is missing or malformed")
        return host.lower()

    @property
    def url(self) -> str:
        """The whole URL as the client used it, percent-encoded.

        :raises HTTPError: as :attr:`host` does.
        """
        _, mark, query = self.target.partition("?")
        return f"{self.scheme}://{self.host}{self.root_path}{self.raw_path}{mark}{query}"

    @lazy
    def cookies(self) -> dict[str, str]:
        """Every cookie that the client sent, by its name; read as leniently as browsers write.

        Of several cookies of one name it is the first, whose path is the longest. A value in
        quotes is without them, and nothing else is decoded.
        """
        return parse_cookies(self.headers.get_all("cookie"))

    @property
    def content_type(self) -> str:
        """The media type of the body in lower case, without its parameters; ``""`` for none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def last_event_id(self) -> str:
        """The id of the last server-sent event that the client has seen; ``""`` for none."""
        return self.headers.get("last-event-id", "").encode("latin-1").decode("utf-8", "replace")

    def accepts(self, *media_types: str) -> str | None:
        """Which of some media types the client likes best (:rfc:`9110` section 12.5.1).

        ::

            match request.accepts("application/json", "text/html"):
                case "text/html": ...

        :param media_types: what there is, such as ``"text/html"``, best first.
        :returns: one of them; ``None`` where it takes none of them.
        """
        fields = self.headers.get_all("accept")
        return best_media_type(", ".join(fields) if fields else None, media_types)

    # ---- what the body says

    @lazy
    def body(self) -> RequestBody:
        """The body as a stream."""
        return RequestBody.from_bytes(b"")

    @property
    def trailers(self) -> Headers:
        """The fields behind the body, once all of that was read; there are hardly ever any."""
        return self.body.trailers

    async def read(self, *, max_bytes: int | None = None) -> bytes:
        """Wait for the whole body, which can be read again later, in any way.

        :param max_bytes: a cap for this call, beside the server's ``max_body_bytes``.
        :raises HTTPError: as :meth:`RequestBody.read` does, 413 above the cap.

        What a cancelled call has received is lost.
        """
        return await self.body.read(max_bytes=max_bytes)

    def read_nowait(self) -> bytes | None:
        """The whole body, if it is there already; as after :meth:`read`, it can be read again.

        :returns: ``None`` where some of it has to be waited for, where it is too long, and where
            somebody has it as a stream already: :meth:`read` or :attr:`body` tell then.
        """
        return None

    async def text(self, *, max_bytes: int | None = None) -> str:
        """Wait for the whole body and decode it as its ``Content-Type`` says, else as UTF-8.

        :param max_bytes: as for :meth:`read`.
        :raises HTTPError: as :meth:`read` does; 415 for an unknown character set, 400 when the
            bytes are no text in it.
        """
        try:
            charset = charset_of(self.headers.get("content-type", ""))
        except LookupError as exc:
            raise HTTPError(415, "unknown character set") from exc
        data = await self.read(max_bytes=max_bytes)
        try:
            return data.decode(charset)
        except UnicodeError as exc:
            raise HTTPError(400, f"the body is not {charset} text") from exc

    async def json(self, *, max_bytes: int | None = None) -> Any:
        """Wait for the whole body and parse it as JSON (:rfc:`8259`).

        :param max_bytes: as for :meth:`read`.
        :raises HTTPError: as :meth:`read` does; 400 when the body is no JSON in UTF-8. ``NaN``,
            ``Infinity`` and ``1e999`` are none, and neither is what nests deeper than Python can
            follow, or an integer with more digits than :func:`sys.set_int_max_str_digits` allows.

        Where an object has a name twice, the last one counts.
        """
        data = await self.read(max_bytes=max_bytes)
        try:
            return decode_json(data)
        except (ValueError, RecursionError) as exc:
            raise HTTPError(400, "the body is not valid JSON") from exc

    async def form(self, *, limits: FormLimits | None = None) -> Form:
        """Wait for the whole form: URL-encoded, or multipart with files.

        Files above ``limits.spool_bytes`` are kept on disk, and all are closed when the request
        has been answered. Later calls give the same form.

        :param limits: what it may cost; the defaults of :class:`FormLimits` where left out.
        :raises HTTPError: as :meth:`RequestBody.receive_some` does; 415 where the body is no
            form, 400 for a malformed one, 413 above a limit.
        :raises MissingExtraError: multipart needs the extra ``http``.

        What a cancelled call has received is lost, and its files are closed.
        """
        if self._form is None:
            self._form = await read_form(self, limits)
        return self._form

    def multipart(self, *, limits: FormLimits | None = None) -> AsyncIterator[FormPart]:
        """The parts of a multipart form, one after the other as they arrive, none kept.

        ::

            async for part in request.multipart():
                if part.filename is not None:
                    async for chunk in part:
                        ...

        What is left unread of a part is skipped when the next one is asked for. Of
        ``limits``, those for the size of a file only count in :meth:`FormPart.read`.

        :raises HTTPError: and :exc:`MissingExtraError`, as :meth:`form` does.
        """
        return iterate_parts(self, limits)

    _form: Form | None = None

    # ---- what the connection can do

    def when_answered(self, callback: Callable[[], object]) -> None:
        """Have something called when the request has been answered, or its client is gone.

        ::

            file = open(path, "rb")
            request.when_answered(file.close)

        :param callback: must not raise. The last one that was given is called first. Where the
            request has been answered already, it is called at once.
        """
        self.body.when_answered(callback)

    async def start_response(self, response: Response) -> ResponseWriter:
        """Send the head of an answer, and then its body piece by piece through a stream.

        The handler returns the writer in the end.

        :param response: without a body.
        :raises RuntimeError: the request did not come from a server, or is being answered.
        """
        raise RuntimeError("this request did not come from a server")

    async def respond(self, response: Response) -> ResponseWriter:
        """Answer now, and go on with something else.

        ::

            writer = await request.respond(http.Response.text("it is being done", status=202))
            await do_it()
            return writer

        Whole answers leave when the handler waits for the first time, or returns. The handler
        is not cancelled any more when its client goes away, and ``handler_timeout`` has ended; a
        drain of the server waits for it. The next request on the same connection waits, too.

        With :meth:`Response.upgrade`, the other protocol goes on within this call, which returns
        when that has ended: for handlers that have to stay around it.

        :param response: with its body.
        :returns: the writer, finished, which the handler returns in the end. Its status is 426 or
            400 where the request cannot be upgraded: then the client was told that.
        :raises RuntimeError: the request did not come from a server, or is being answered.
        """
        raise RuntimeError("this request did not come from a server")

    async def wait_disconnect(self) -> None:
        """Wait until the client is gone, or has ended its side of the connection.

        A handler need not ask: it is cancelled then.

        :raises RuntimeError: the request did not come from a server.
        """
        raise RuntimeError("this request did not come from a server")

    def before_start(self, change: Callable[[Response], object]) -> None:
        """Have an answer changed that the handler starts by itself, before its head is sent.

        For middleware: what :meth:`start_response` sends has gone out when the middleware's
        ``call_next`` returns. What was registered last, further in, is called first.

        :param change: is called with a copy of the response; it must not raise.
        """
        self._starting.changes.append(change)

    @lazy
    def _starting(self) -> Starting:
        return Starting()

    def below(self, prefix: str) -> Request:
        """This request for a handler that is mounted at a prefix, as if that were not there.

        Body, headers and :attr:`state` are shared; the prefix goes to :attr:`root_path`.

        :param prefix: what :attr:`raw_path` begins with, percent-encoded as it is there.
        """
        _ = (
            self.body,
            self.headers,
            self.state,
            self._starting,
        )  # made now, so that both have the same
        inner = Request.__new__(type(self))
        inner.__dict__.update(self.__dict__)
        inner.__dict__.setdefault("_outermost", self)
        for name in _OF_THE_TARGET:
            inner.__dict__.pop(name, None)
        head, mark, query = self.target.partition("?")
        authority = head.removesuffix(self.raw_path)  # whom the client wants goes on to be said
        path = self.raw_path.removeprefix(prefix)
        inner.target = authority + (path or "/") + mark + query
        inner.root_path = self.root_path + prefix
        return inner

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.target}>"


_OF_THE_TARGET: Final = ("raw_path", "path", "query")
"""What is made from the target when it is first asked for."""


def decode_path(encoded: str) -> str:
    """Percent-decode a path or a segment of one (:rfc:`3986` section 2.1).

    :raises HTTPError: 400 when the bytes are not UTF-8.
    """
    if "%" not in encoded and encoded.isascii():
        return encoded
    try:
        return unquote_to_bytes(encoded.encode("latin-1")).decode("utf-8")
    except UnicodeError as exc:
        raise HTTPError(400, "the path is not UTF-8") from exc
