"""What we say: events, or whole messages, as bytes, where the cycle allows them."""

from __future__ import annotations

from typing import Final

from trio_helianthus.errors import LocalProtocolError

from ._cycle import BODY, DONE, HEAD, OVER, Cycle
from ._events import (
    ConnectionClosed,
    Data,
    EndOfMessage,
    Event,
    InformationalResponse,
    Request,
    Response,
)
from ._head import CHUNKED, UNTIL_END
from ._writer import (
    CLOSE,
    KEEP_ALIVE,
    SentFields,
    request_bytes,
    response_bytes,
    trailer_bytes,
)

__all__ = ["Sender"]

_CHUNKED_LINE: Final = b"Transfer-Encoding: chunked\r\n"
_NO_CONTENT: Final = frozenset({204, 304})


class Sender(Cycle):
    """The sending half of a connection."""

    __slots__ = ()

    def send(self, *events: Event) -> bytes:
        """Return the bytes that tell ``events`` to the peer; the caller must send all of them.

        Head and body of a small response in one call go out in one piece. An empty :class:`Data`
        is no bytes, nor is an :class:`InformationalResponse` for an HTTP/1.0 client, which knows
        none. What RFC 9112 demands and the caller left out is added: ``Connection: close`` where
        this is the last response, ``Connection: keep-alive`` where a client of HTTP/1.0 asked for
        it and it can be, ``Transfer-Encoding`` as told at :class:`Response`.

        A head that is refused because of what stands in it leaves the connection as it was, if it
        was the first of ``events``, so that a server can answer 500 instead. Any other refusal
        means that nothing more can be sent.

        :raises LocalProtocolError: malformed, or not allowed here now: a body longer or shorter
            than its ``Content-Length``, a body where none may be, trailers without chunks, both
            ``Content-Length`` and ``Transfer-Encoding``.
        """
        pieces: list[bytes] = []
        for event in events:
            try:
                pieces.append(self._send(event))
            except LocalProtocolError:
                if pieces or isinstance(event, Data | EndOfMessage | ConnectionClosed):
                    self._ours = OVER  # what was said so far cannot be taken back
                    self._last = True
                raise
        return b"".join(pieces)

    def _send(self, event: Event) -> bytes:
        if isinstance(event, Data):
            return self._send_data(event.data)
        if isinstance(event, EndOfMessage):
            return self._send_end(event)
        if isinstance(event, Request):
            return self._send_request(event)
        if isinstance(event, Response):
            return self._send_response(event)
        if isinstance(event, InformationalResponse):
            return self._send_informational(event)
        if self._ours == BODY:
            raise LocalProtocolError("closed within a message")
        self._ours = OVER
        self._last = True
        return b""

    def _send_request(self, request: Request) -> bytes:
        fields = SentFields(request.headers)
        data = b"%b\r\n" % request_bytes(request, fields)
        self._start_request(request.method)
        self._left = 0 if fields.length == UNTIL_END else fields.length
        self._proposed |= fields.upgrade
        self._waiting = fields.expects and self._left != 0
        if b"close" in fields.options:
            self._last = True
        return data

    def _start_request(self, method: str) -> None:
        if self._is_server or self._ours != HEAD or self._theirs != HEAD:
            raise self._misplaced("request")
        self._ours = BODY
        self._method = method
        self._proposed = method == "CONNECT"

    def _send_informational(self, response: InformationalResponse) -> bytes:
        if not 100 <= response.status <= 199:
            raise LocalProtocolError(f"{response.status} is not informational")
        if SentFields(response.headers).length != UNTIL_END:
            raise LocalProtocolError(f"a {response.status} response has no body to tell about")
        data = response_bytes(response)
        head = self._head
        if not self._is_server or self._ours != HEAD or head is None or self._refusal is not None:
            raise self._misplaced("informational response")
        if response.status == 101:
            if not self._proposed or self._method == "CONNECT" or self._body is not None:
                raise LocalProtocolError("101 needs a complete request that asked for it")
            self._switch()
        elif head.facts.version == "1.0":
            return b""
        elif response.status == 100:
            self._waiting = False
        return data

    def _send_response(self, response: Response) -> bytes:
        status = response.status
        if not 200 <= status <= 999:
            raise LocalProtocolError(f"{status} is no status of a final response")
        fields = SentFields(response.headers)
        tunnel = self._method == "CONNECT" and status < 300 and self._head is not None
        if (status == 204 or tunnel) and fields.length != UNTIL_END:
            # RFC 9110, section 8.6, and RFC 9112, section 6.1
            raise LocalProtocolError(f"a {status} response with a length")
        response_bytes(response)  # its reason may be refused, and then nothing has happened
        if not self.can_answer:
            raise self._misplaced("response")
        if tunnel:
            self._switch()
            return response_bytes(response)
        return self._start_response(response, fields)

    def _start_response(self, response: Response, fields: SentFields) -> bytes:
        left = fields.length
        has_content = response.status not in _NO_CONTENT
        has_body = has_content and self._method != "HEAD"
        without: set[bytes] = set()
        more = b""
        if left < 0 and has_content:
            if self._head is None or self._head.facts.version == "1.0":
                without.add(b"transfer-encoding")
                left = UNTIL_END
                self._last |= has_body
            elif left == UNTIL_END:
                more = _CHUNKED_LINE
                left = CHUNKED
        close = b"close" in fields.options
        line = self._connection_line(close=close)
        if line == CLOSE and not close:
            more += line
            if b"keep-alive" in fields.options:
                without.add(b"connection")
        elif line == KEEP_ALIVE and not fields.options:
            more += line
        self._ours = BODY
        self._left = left if has_body else 0
        self._waiting = self._proposed = False
        return response_bytes(response, without=without, more=more)

    def _connection_line(self, *, close: bool) -> bytes:
        """What the head of a final response must say about the connection."""
        head = self._head
        if close or head is None or self.must_close:
            self._last = True
            return CLOSE
        return KEEP_ALIVE if head.facts.keep_alive else b""

    def _send_data(self, data: bytes) -> bytes:
        if self._ours != BODY:
            raise self._misplaced("data")
        if not data:
            return b""
        left = self._left
        if left == CHUNKED:
            data = b"%x\r\n%b\r\n" % (len(data), data)
        elif left != UNTIL_END:
            if len(data) > left:
                raise LocalProtocolError(f"{len(data) - left} bytes more than the head said")
            self._left = left - len(data)
        if not self._is_server:
            self._waiting = False
        return data

    def send_apart(self, count: int) -> bool:
        """Count bytes of our body that the caller sends itself, as sendfile(2) does.

        :returns: false where they would have to be in a chunk, and nothing was counted: then they
            have to be sent as :class:`Data`.
        :raises LocalProtocolError: the body has no room for them, or none is being sent.
        """
        if self._ours != BODY:
            raise self._misplaced("data")
        if self._left == CHUNKED:
            return False
        if self._left != UNTIL_END:
            if count > self._left:
                raise LocalProtocolError(f"{count - self._left} bytes more than the head said")
            self._left -= count
        return True

    def _send_end(self, end: EndOfMessage) -> bytes:
        if self._ours != BODY:
            raise self._misplaced("end of a message")
        if self._left > 0:
            raise LocalProtocolError(f"{self._left} bytes fewer than the head said")
        data = b""
        if self._left == CHUNKED:
            data = b"0\r\n%b\r\n" % trailer_bytes(end)
        elif end.trailers:
            raise LocalProtocolError("trailers without chunks")
        self._ours = DONE
        return data

    def _misplaced(self, what: str) -> LocalProtocolError:
        return LocalProtocolError(f"no {what} can be sent now: {self!r}")

    # Whole messages

    def send_whole(self, status: int, head: bytes, body: bytes, *, close: bool = False) -> bytes:
        """Return a complete final response in one piece; the caller must send all of it.

        The same as sending :class:`Response`, :class:`Data` and :class:`EndOfMessage`, for an
        answer whose body is there and whose head was written before. ``Content-Length`` is added,
        and what has to be said about the connection. There is no ``Content-Length`` in a 204. An
        answer to HEAD has the length of ``body`` without the body; so has a 304, unless ``body`` is
        empty: then nothing is known about it (RFC 9110, section 8.6).

        :param status: the one that ``head`` was written with.
        :param head: from :func:`encode_response`.
        :param body: all of it; of a 204 there is none.
        :param close: end the connection behind this answer.
        :raises LocalProtocolError: not allowed here now (for a 2xx to CONNECT, use :meth:`send`);
            the connection is as it was.
        """
        theirs = self._head
        if (
            self._ours == HEAD
            and theirs is not None
            and theirs.plain  # so it is neither CONNECT nor HEAD
            and (status == 200 or (status > 200 and status not in _NO_CONTENT))
            and not (close or self._last or self._eof)
        ):
            self._ours = DONE
            return b"%bContent-Length: %d\r\n\r\n%b" % (head, len(body), body)
        if (
            self._ours != HEAD
            or (self._theirs == OVER and not self.can_answer)
            or not self._is_server
            or status < 200
            or (status < 300 and self._method == "CONNECT")
            or (status == 204 and body)
        ):
            raise self._misplaced(f"{status} response with {len(body)} bytes")
        if close or self._last or self._eof or self._head is None or not self._head.plain:
            more = self._connection_line(close=close)
            self._waiting = self._proposed = False
        else:
            more = b""
        self._ours = DONE
        if status == 204 or (status == 304 and not body):
            return b"%b%b\r\n" % (head, more)
        if status == 304 or self._method == "HEAD":
            return b"%bContent-Length: %d\r\n%b\r\n" % (head, len(body), more)
        return b"%bContent-Length: %d\r\n%b\r\n%b" % (head, len(body), more, body)

    def send_request_whole(
        self, head: bytes, body: bytes | None = None, *, close: bool = False
    ) -> bytes:
        """Return a complete request in one piece; the caller must send all of it.

        The same as sending :class:`Request`, :class:`Data` and :class:`EndOfMessage`.

        :param head: from :func:`encode_request`.
        :param body: all of it; ``b""`` is sent with ``Content-Length: 0``, as POST wants it (RFC
            9110, section 8.6), ``None`` without.
        :param close: ask the server to end the connection behind its answer.
        :raises LocalProtocolError: not allowed here now; the connection is as it was.
        """
        method = head[: head.index(b" ")].decode("ascii")
        if method == "CONNECT" and body is not None:
            raise LocalProtocolError("CONNECT has no body")
        self._start_request(method)
        self._ours = DONE
        more = b""
        if close:
            self._last = True
            more = CLOSE
        if body is None:
            return b"%b%b\r\n" % (head, more)
        return b"%bContent-Length: %d\r\n%b\r\n%b" % (head, len(body), more, body)
