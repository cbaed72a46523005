"""Compressed messages, as independent peers read and write them."""

from __future__ import annotations

import random
from itertools import product
from typing import TYPE_CHECKING

import pytest
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, TextMessage
from wsproto.extensions import PerMessageDeflate

from tests.wire.websocket._frames import Role, connect
from trio_helianthus.wire.websocket import DeflateParameters, Engine, PreparedMessage

if TYPE_CHECKING:
    from websockets.protocol import Protocol

MESSAGES = ["", "a", "hello " * 50, "hello " * 50, "\u20ac" * 400, "x" * 70_000, "hello " * 50]

CHANCE = random.Random(1)
MIXED = [text.encode() for text in MESSAGES[1:]]
for _length in (1, 30, 600, 5000, 40_000):  # of noise, which goes as it is if it is long enough
    MIXED += [CHANCE.randbytes(_length), b"hello " * 50]

settings = pytest.mark.parametrize(
    "deflate",
    [
        DeflateParameters(
            min_bytes=0,
            server_max_window_bits=bits,
            client_max_window_bits=bits,
            server_no_context_takeover=alone,
            client_no_context_takeover=alone,
        )
        for bits, alone in product((9, 12, 15), (False, True))
    ],
    ids=lambda deflate: f"{deflate.server_max_window_bits}-{deflate.server_no_context_takeover}",
)


def websockets_peer(deflate: DeflateParameters, *, is_server: bool) -> Protocol:
    from websockets.extensions.permessage_deflate import PerMessageDeflate
    from websockets.protocol import Protocol, Side, State

    side = Side.SERVER if is_server else Side.CLIENT
    ours, theirs = deflate.client_max_window_bits, deflate.server_max_window_bits
    peer = Protocol(side, state=State.OPEN, max_size=None)
    peer.extensions = [
        PerMessageDeflate(
            deflate.client_no_context_takeover if is_server else deflate.server_no_context_takeover,
            deflate.server_no_context_takeover if is_server else deflate.client_no_context_takeover,
            ours if is_server else theirs,
            theirs if is_server else ours,
        )
    ]
    return peer


def wsproto_peer(kind: ConnectionType, deflate: DeflateParameters) -> Connection:
    extension = PerMessageDeflate(
        deflate.client_no_context_takeover,
        deflate.client_max_window_bits,
        deflate.server_no_context_takeover,
        deflate.server_max_window_bits,
    )
    extension._enabled = True
    return Connection(kind, [extension])


@settings
def test_websockets_understands_us_and_we_understand_it(
    role: Role, engine: Engine, deflate: DeflateParameters
) -> None:
    pytest.importorskip("websockets", reason="needs the extra 'speed'")
    from websockets.frames import Frame, Opcode

    ours = connect(role, engine, deflate=deflate)
    theirs = websockets_peer(deflate, is_server=role is Role.CLIENT)
    for text in MESSAGES * 2:
        theirs.receive_data(ours.send_text(text))
        theirs.receive_data(ours.send_prepared(PreparedMessage(text.encode())))
        first, second = theirs.events_received()
        assert isinstance(first, Frame)
        assert isinstance(second, Frame)
        assert (first.opcode, first.data) == (Opcode.TEXT, text.encode())
        assert (second.opcode, second.data) == (Opcode.BINARY, text.encode())
        theirs.send_text(text.encode())
        theirs.send_binary(text.encode())
        ours.receive_data(b"".join(theirs.data_to_send()))
        assert ours.next_batch() == [text, text.encode()]


@settings
def test_wsproto_understands_us_and_we_understand_it(
    role: Role, engine: Engine, deflate: DeflateParameters
) -> None:
    ours = connect(role, engine, deflate=deflate)
    kind = ConnectionType.CLIENT if role is Role.SERVER else ConnectionType.SERVER
    theirs = wsproto_peer(kind, deflate)
    for text in MESSAGES[1:] * 2:
        theirs.receive_data(ours.send_text(text))
        theirs.receive_data(ours.send_prepared(PreparedMessage(text)))
        theirs.receive_data(ours.send_binary(text.encode()))
        came: list[str | bytes] = []
        for event in theirs.events():
            assert isinstance(event, (TextMessage, BytesMessage))
            came.append(event.data if isinstance(event, TextMessage) else bytes(event.data))
        assert came == [text, text, text.encode()]
        ours.receive_data(theirs.send(TextMessage(text)) + theirs.send(BytesMessage(b"bytes")))
        assert ours.next_batch() == [text, b"bytes"]


@settings
def test_websockets_understands_what_is_not_always_compressed(
    role: Role, engine: Engine, deflate: DeflateParameters
) -> None:
    pytest.importorskip("websockets", reason="needs the extra 'speed'")
    from websockets.frames import Frame

    ours = connect(role, engine, deflate=deflate)
    theirs = websockets_peer(deflate, is_server=role is Role.CLIENT)
    for data in MIXED:
        theirs.receive_data(ours.send_binary(data) + ours.send_prepared(PreparedMessage(data)))
        frames = theirs.events_received()
        assert [frame.data for frame in frames if isinstance(frame, Frame)] == [data, data]


@settings
def test_wsproto_understands_what_is_not_always_compressed(
    role: Role, engine: Engine, deflate: DeflateParameters
) -> None:
    ours = connect(role, engine, deflate=deflate)
    kind = ConnectionType.CLIENT if role is Role.SERVER else ConnectionType.SERVER
    theirs = wsproto_peer(kind, deflate)
    for data in MIXED:
        theirs.receive_data(ours.send_binary(data))
        theirs.receive_data(ours.send_prepared(PreparedMessage(data)))
        came = [event.data for event in theirs.events() if isinstance(event, BytesMessage)]
        assert came == [data, data]
