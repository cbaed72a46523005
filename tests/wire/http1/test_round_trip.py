from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trio_helianthus.wire import NEED_DATA, PAUSED
from trio_helianthus.wire.http1 import (
    Data,
    EndOfMessage,
    Event,
    HTTP1Connection,
    InformationalResponse,
    Request,
    Response,
    client_connection,
    server_connection,
)

TOKEN = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
visible = st.characters(min_codepoint=0x21, max_codepoint=0x7E)
names = st.text(TOKEN, min_size=1, max_size=12).map(lambda name: b"x-" + name.encode())
values = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0xFF, blacklist_categories=["Cc"]), max_size=20
).map(lambda value: value.encode("latin-1").strip(b" "))
fields = st.lists(st.tuples(names, values), max_size=5).map(tuple)
bodies = st.lists(st.binary(min_size=1, max_size=50), max_size=4)


@st.composite
def framed(draw: st.DrawFn) -> tuple[tuple[bytes, bytes], list[bytes], EndOfMessage]:
    """A framing header with a body and an end that go with it."""
    body = draw(bodies)
    if draw(st.booleans()):
        length = sum(map(len, body))
        return (b"content-length", str(length).encode()), body, EndOfMessage()
    return (b"transfer-encoding", b"chunked"), body, EndOfMessage(draw(fields))


@st.composite
def requests(draw: st.DrawFn) -> list[Event]:
    header, body, end = draw(framed())
    method = draw(st.sampled_from(["GET", "POST", "PUT", "PATCH", "M-SEARCH", "get"]))
    target = b"/" + draw(st.text(visible, max_size=20)).replace("#", "").encode()
    head = Request(method, target, [(b"host", b"example.org"), header, *draw(fields)])
    return [head, *map(Data, body), end]


@st.composite
def responses(draw: st.DrawFn) -> list[Event]:
    header, body, end = draw(framed())
    early = draw(st.lists(st.builds(InformationalResponse, st.sampled_from([100, 103]), fields)))
    status = draw(st.integers(min_value=200, max_value=599).filter(lambda s: s not in (204, 304)))
    return [*early, Response(status, [*draw(fields), header], b"Why"), *map(Data, body), end]


def carry(sender: HTTP1Connection, receiver: HTTP1Connection, events: list[Event]) -> list[Event]:
    """Send ``events``, and return what comes out on the other side, adjacent data joined."""
    receiver.receive_data(sender.send(*events))
    received: list[Event] = []
    while (event := receiver.next_event()) is not NEED_DATA and event is not PAUSED:
        received.append(event)
    return joined(received)


def joined(events: list[Event]) -> list[Event]:
    result: list[Event] = []
    for event in events:
        if result and isinstance(event, Data) and isinstance(result[-1], Data):
            result[-1] = Data(result[-1].data + event.data)
        else:
            result.append(event)
    return result


@given(st.lists(st.tuples(requests(), responses()), min_size=1, max_size=3))
def test_what_one_side_sends_is_what_the_other_receives(
    cycles: list[tuple[list[Event], list[Event]]],
) -> None:
    client, server = client_connection(), server_connection()
    for request, response in cycles:
        assert carry(client, server, request) == joined(request)
        assert carry(server, client, response) == joined(response)
        client.start_next_cycle()
        server.start_next_cycle()
