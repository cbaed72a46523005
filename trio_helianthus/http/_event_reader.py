"""Server-sent events from an answer that a client streams."""

from __future__ import annotations

from collections import deque

from trio_helianthus.errors import RemoteProtocolError

from ._client_response import StreamedResponse
from ._event_parser import MAX_EVENT_BYTES, EventParser
from ._media_type import parse_parameters
from ._server_sent_event import ServerSentEvent

__all__ = ["EventReader"]


class EventReader:
    """The events of an answer, one by one as they come.

    ::

        headers = {"Accept": "text/event-stream"}
        async with client.stream("GET", "/ticks", headers=headers, timeout=math.inf) as response:
            async for event in http.EventReader(response):
                print(event.event or "message", event.data)

    It ends with the answer. To come again is the caller's decision: :attr:`retry` seconds later,
    with :attr:`last_event_id` as ``Last-Event-ID``, and not after a status of 204.

    :param max_event_bytes: a cap on one event.
    :raises HTTPStatusError: the status is 400 or more.
    :raises RemoteProtocolError: the answer has no events.
    """

    def __init__(
        self, response: StreamedResponse, *, max_event_bytes: int = MAX_EVENT_BYTES
    ) -> None:
        response.raise_for_status()
        kind = parse_parameters(response.headers.get("content-type", ""))[0]
        if response.status != 200 or kind != "text/event-stream":
            raise RemoteProtocolError(f"no events, but status {response.status} and {kind!r}")
        self._body = response.body
        self._parser = EventParser(max_event_bytes=max_event_bytes)
        self._ready = deque[ServerSentEvent]()

    @property
    def last_event_id(self) -> str:
        """The last id that was received; ``""`` for none."""
        return self._parser.last_event_id

    @property
    def retry(self) -> float | None:
        """After how many seconds the server wants us to come again, where it has said so."""
        return self._parser.retry

    def __aiter__(self) -> EventReader:
        return self

    async def __anext__(self) -> ServerSentEvent:
        """Wait for the next event.

        :raises LimitExceeded: it is longer than the cap.
        :raises HelianthusError: as :meth:`ResponseBody.receive_some` does.

        Cancellation loses nothing.
        """
        while not self._ready:
            data = await self._body.receive_some()
            if not data:
                raise StopAsyncIteration
            self._ready.extend(self._parser.feed(data))
        return self._ready.popleft()
