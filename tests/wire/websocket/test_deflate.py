"""Compression: what is agreed, and that independent peers understand it."""

from __future__ import annotations

import random
import zlib
from itertools import product

import pytest

from tests.wire.websocket._frames import Compressor, Role, connect, frame, play
from trio_helianthus.errors import RemoteProtocolError
from trio_helianthus.wire.websocket import (
    Binary,
    Deflate,
    DeflateParameters,
    Engine,
    PreparedMessage,
    Text,
    accept_deflate,
    confirm_deflate,
    offer_deflate,
)

ALONE = "server_no_context_takeover; client_no_context_takeover"


def agreed(**parameters: int | bool) -> DeflateParameters:
    return DeflateParameters(min_bytes=0, **parameters)  # type: ignore[arg-type]


def test_a_window_of_eight_bits_is_kept(engine: Engine) -> None:
    deflate = agreed(server_max_window_bits=8, client_max_window_bits=8)
    chance = random.Random(1)
    words = [chance.randbytes(20) for _ in range(30)]
    contents = [b"".join(chance.choices(words, k=chance.randint(1, 200))) for _ in range(50)]
    server = connect(Role.SERVER, engine, deflate=deflate)
    unpacker = zlib.decompressobj(-8)  # refuses what refers further back than 256 bytes
    for content in contents:
        data = server.send_binary(content)
        header = 2 if data[1] < 126 else 4
        assert unpacker.decompress(data[header:] + b"\x00\x00\xff\xff") == content
    client = connect(Role.CLIENT, engine, deflate=deflate)
    server = connect(Role.SERVER, engine, deflate=deflate)
    received, _, _ = play(client, [server.send_binary(content) for content in contents])
    assert received == [Binary(content) for content in contents]


def test_what_refers_out_of_the_window_is_refused(role: Role, engine: Engine) -> None:
    deflate = agreed(server_max_window_bits=9, client_max_window_bits=9)
    content = random.Random(1).randbytes(4000)
    connection = connect(role, engine, deflate=deflate)
    peer = Compressor(15)
    connection.receive_data(frame(role, 0xC2, peer.compress(content)))
    assert connection.next_batch() == [content]
    connection.receive_data(frame(role, 0xC2, peer.compress(content)))
    assert connection.next_batch() == []
    assert connection.refusal_code == 1002


def test_context_makes_what_is_said_again_short(engine: Engine) -> None:
    text = random.Random(1).randbytes(100).hex()
    kept = connect(Role.SERVER, engine, deflate=agreed())
    alone = connect(Role.SERVER, engine, deflate=agreed(server_no_context_takeover=True))
    first, again = kept.send_text(text), kept.send_text(text)
    assert len(again) < len(first) / 4
    assert alone.send_text(text) == alone.send_text(text) == first


def test_small_messages_go_as_they_are(role: Role, engine: Engine) -> None:
    connection = connect(role, engine, deflate=DeflateParameters(min_bytes=10))
    assert connection.send_text("a" * 9)[0] == 0x81
    assert connection.send_text("a" * 10)[0] == 0xC1
    assert connection.send_binary(b"a" * 9)[0] == 0x82
    assert connection.send_prepared(PreparedMessage("a" * 9))[0] == 0x81
    assert connection.send_prepared(PreparedMessage("a" * 10))[0] == 0xC1
    assert connection.send(Text("a" * 9))[0] == 0x81
    assert connection.send(Text("a", end=False))[0] == 0x41  # nobody knows how long it will be


WORDS = random.Random(1).randbytes(100).hex()
NOISE = random.Random(2).randbytes(8000)


@pytest.mark.parametrize(
    ("deflate", "length"),
    [
        (agreed(server_max_window_bits=12, client_max_window_bits=12), 4096),
        (agreed(server_no_context_takeover=True, client_no_context_takeover=True), 1),
    ],
    ids=["as long as the window", "without context"],
)
def test_what_compression_makes_longer_goes_as_it_is(
    role: Role, engine: Engine, deflate: DeflateParameters, length: int
) -> None:
    noise = NOISE[:length]
    sender = connect(Role.CLIENT if role is Role.SERVER else Role.SERVER, engine, deflate=deflate)
    receiver = connect(role, engine, deflate=deflate)
    data = [
        sender.send_text(WORDS),
        sender.send_binary(noise),
        sender.send(Binary(noise)),
        sender.send_prepared(PreparedMessage(noise)),
        sender.send_text(WORDS),
        sender.send(Binary(noise, end=False)),  # nobody knows what follows
        sender.send(Binary(noise, start=False)),
        sender.send_text(WORDS),
    ]
    assert [each[0] for each in data] == [0xC1, 0x82, 0x82, 0x82, 0xC1, 0x42, 0x80, 0xC1]
    received, _, _ = play(receiver, [b"".join(data)])
    noisy, wordy = Binary(noise), Text(WORDS)
    parts = [Binary(noise, end=False), Binary(noise, start=False)]
    assert received == [wordy, noisy, noisy, noisy, wordy, *parts, wordy]


def test_what_was_sent_as_it_is_is_nothing_to_refer_to(engine: Engine) -> None:
    server = connect(Role.SERVER, engine, deflate=agreed(server_max_window_bits=12))
    first = server.send_text(WORDS)
    assert server.send_binary(NOISE)[0] == 0x82
    assert server.send_text(WORDS) == first


def test_context_is_worth_more_than_what_a_short_message_grows_by(
    role: Role, engine: Engine
) -> None:
    sender = connect(Role.CLIENT if role is Role.SERVER else Role.SERVER, engine, deflate=agreed())
    first = sender.send_text(WORDS)
    assert sender.send_binary(NOISE)[0] == 0xC2  # the window is longer
    assert len(sender.send_text(WORDS)) < len(first) / 4


def test_noise_for_many_takes_no_context_from_one(engine: Engine) -> None:
    server = connect(Role.SERVER, engine, deflate=agreed())
    first = server.send_text(WORDS)
    for message in (PreparedMessage(""), PreparedMessage(NOISE[:300]), PreparedMessage(NOISE)):
        assert server.send_prepared(message) is message.plain_frame()
    assert len(server.send_text(WORDS)) < len(first) / 4


def test_a_fragment_can_be_read_as_soon_as_it_was_sent(role: Role, engine: Engine) -> None:
    deflate = agreed()
    sender = connect(Role.CLIENT if role is Role.SERVER else Role.SERVER, engine, deflate=deflate)
    receiver = connect(role, engine, deflate=deflate)
    for event in (Text("abc", end=False), Text("", start=False, end=False), Text("", start=False)):
        receiver.receive_data(sender.send(event))
        assert receiver.next_event() == event
    receiver.receive_data(sender.send_text("next"))
    assert receiver.next_batch() == ["next"]


def test_a_prepared_message_is_compressed_once_for_each_setting() -> None:
    message = PreparedMessage("hello " * 100)
    alike = [connect(Role.SERVER, deflate=agreed(server_max_window_bits=11)) for _ in range(2)]
    other = connect(Role.SERVER, deflate=agreed(server_max_window_bits=10))
    first, second = (connection.send_prepared(message) for connection in alike)
    assert first is second
    assert other.send_prepared(message) is not first
    plain = connect(Role.SERVER)
    assert plain.send_prepared(message) is plain.send_prepared(message)


def test_a_block_that_is_the_last_ends_a_message_and_not_the_stream(engine: Engine) -> None:
    hello = bytes.fromhex("f348cdc9c9070000")  # RFC 7692, section 7.2.3.4
    for role in Role:
        data = frame(role, 0xC1, hello) * 2 + frame(role, 0xC1, hello[:-1])
        data += frame(role, 0xC1, Compressor().compress(b"after"))
        received, _, _ = play(connect(role, engine, deflate=agreed()), [data])
        assert received == [Text("Hello")] * 3 + [Text("after")]


@pytest.mark.parametrize(
    ("wanted", "offer"),
    [
        (
            Deflate(),
            "permessage-deflate; server_max_window_bits=12; client_max_window_bits=12",
        ),
        (
            Deflate(server_max_window_bits=15, client_max_window_bits=15),
            "permessage-deflate; client_max_window_bits",
        ),
        (
            Deflate(
                server_no_context_takeover=True,
                client_no_context_takeover=True,
                server_max_window_bits=9,
            ),
            f"permessage-deflate; {ALONE}; server_max_window_bits=9; client_max_window_bits=12",
        ),
    ],
)
def test_what_is_offered(wanted: Deflate, offer: str) -> None:
    assert offer_deflate(wanted) == offer


def test_two_sides_of_ours_agree() -> None:
    kinds = [
        Deflate(
            server_max_window_bits=server,
            client_max_window_bits=client,
            server_no_context_takeover=server_alone,
            client_no_context_takeover=client_alone,
        )
        for server, client, server_alone, client_alone in product(
            (8, 12, 15), (8, 12, 15), (False, True), (False, True)
        )
    ]
    for ours, theirs in product(kinds, kinds):
        accepted = accept_deflate(offer_deflate(ours), theirs)
        assert accepted is not None
        answer, parameters = accepted
        assert confirm_deflate(answer, ours) == parameters
        assert parameters.server_max_window_bits <= min(
            ours.server_max_window_bits, theirs.server_max_window_bits
        )


@pytest.mark.parametrize(
    ("offers", "answer"),
    [
        ("permessage-deflate", "permessage-deflate; server_max_window_bits=12"),
        (
            "permessage-deflate; client_max_window_bits",
            "permessage-deflate; server_max_window_bits=12; client_max_window_bits=12",
        ),
        (
            'x-other; a="b", permessage-deflate;server_max_window_bits="10" , x',
            "permessage-deflate; server_max_window_bits=10",
        ),
        (
            "permessage-deflate; level=9, Permessage-Deflate;client_max_window_bits",
            "permessage-deflate; server_max_window_bits=12; client_max_window_bits=12",
        ),
        (
            f"permessage-deflate;{ALONE};client_max_window_bits=9 ",
            f"permessage-deflate; {ALONE}; server_max_window_bits=12; client_max_window_bits=9",
        ),
        (",, ,permessage-deflate", "permessage-deflate; server_max_window_bits=12"),
    ],
)
def test_the_first_offer_that_can_be_kept_is_accepted(offers: str, answer: str) -> None:
    accepted = accept_deflate(offers, Deflate())
    assert accepted is not None
    assert accepted[0] == answer


def test_a_client_that_does_not_say_so_is_not_asked_for_a_smaller_window() -> None:
    accepted = accept_deflate("permessage-deflate", Deflate(client_max_window_bits=9))
    assert accepted is not None
    assert "client_max_window_bits" not in accepted[0]
    assert accepted[1].client_max_window_bits == 15


@pytest.mark.parametrize(
    "offers",
    [
        *("", ",", "x-webkit-deflate-frame", "permessage-deflate2", "permessage deflate"),
        *("permessage-deflate;", "permessage-deflate; =1", "permessage-deflate; unknown"),
        *("permessage-deflate; server_max_window_bits", "permessage-deflate; a=b"),
        "permessage-deflate; server_max_window_bits=7",
        "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; server_max_window_bits=08",
        "permessage-deflate; server_max_window_bits=\u0661\u0660",
        "permessage-deflate; client_max_window_bits=",
        "permessage-deflate; client_max_window_bits=x",
        "permessage-deflate; client_max_window_bits=10; client_max_window_bits=10",
        "permessage-deflate; client_no_context_takeover=1",
        'permessage-deflate; server_max_window_bits="10',
        "permessage-deflate" + "; a" * 10_000,
    ],
)
def test_other_offers_are_declined(offers: str) -> None:
    assert accept_deflate(offers, Deflate()) is None


def test_a_server_need_not_agree() -> None:
    assert confirm_deflate("", Deflate()) is None
    assert confirm_deflate(" , ", Deflate()) is None


@pytest.mark.parametrize(
    "answer",
    [
        "permessage-deflate",  # the window that we asked for is not in it
        "permessage-deflate; server_max_window_bits=13",
        "permessage-deflate; server_max_window_bits",
        "permessage-deflate; server_max_window_bits=12; client_max_window_bits",
        "permessage-deflate; server_max_window_bits=12; unknown",
        "permessage-deflate; server_max_window_bits=12, permessage-deflate",
        *("x-other", "\u00e4", "permessage-deflate;"),
    ],
)
def test_an_answer_to_something_else_is_refused(answer: str) -> None:
    with pytest.raises(RemoteProtocolError):
        confirm_deflate(answer, Deflate())


def test_an_answer_may_allow_a_larger_window_than_we_use() -> None:
    parameters = confirm_deflate(
        "permessage-deflate; server_max_window_bits=12; client_max_window_bits=15", Deflate()
    )
    assert parameters is not None
    assert parameters.client_max_window_bits == 12


def test_an_answer_without_what_was_asked_for_is_refused() -> None:
    wanted = Deflate(server_no_context_takeover=True)
    with pytest.raises(RemoteProtocolError):
        confirm_deflate("permessage-deflate; server_max_window_bits=12", wanted)


def test_an_answer_may_ask_for_less() -> None:
    parameters = confirm_deflate(
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
        "server_max_window_bits=9; client_max_window_bits=10",
        Deflate(level=9, mem_level=1, min_bytes=5),
    )
    assert parameters == DeflateParameters(
        server_no_context_takeover=True,
        client_no_context_takeover=True,
        server_max_window_bits=9,
        client_max_window_bits=10,
        level=9,
        mem_level=1,
        min_bytes=5,
    )


@pytest.mark.parametrize(
    "wrong",
    [
        *({"server_max_window_bits": 7}, {"client_max_window_bits": 16}, {"level": 10}),
        *({"level": -1}, {"mem_level": 0}, {"mem_level": 10}, {"min_bytes": -1}),
    ],
)
def test_settings_have_a_range(wrong: dict[str, int]) -> None:
    for kind in (Deflate, DeflateParameters):
        with pytest.raises(ValueError):
            kind(**wrong)  # type: ignore[arg-type]
