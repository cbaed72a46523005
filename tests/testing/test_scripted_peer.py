"""A scripted peer expects and says what its script says, and tells where the other side strayed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import attrs
import pytest
import trio
import trio.testing

from trio_helianthus import errors, http, net, testing
from trio_helianthus.wire import http1

ANSWER = (
    http1.Response(200, headers=[(b"content-length", b"2")]),
    http1.Data(b"hi"),
    http1.EndOfMessage(),
)
GET = (
    testing.Script(http1.server_connection)
    .expect(http1.Request, method="GET", target=b"/hello")
    .expect(http1.EndOfMessage())
)


@pytest.fixture
async def virtual_network() -> AsyncIterator[None]:
    """For tests with a mock clock, which knows nothing of what a real network does meanwhile."""
    async with testing.open_virtual_network():
        yield


async def test_a_scripted_server_answers_a_client() -> None:
    script = (
        GET.send(*ANSWER)
        .call(lambda connection: connection.start_next_cycle())
        .expect(http1.Request, method="POST")
        .expect(http1.Data(b"a body in pieces"))
        .expect(http1.EndOfMessage())
        .send(http1.Response(204), http1.EndOfMessage())
        .expect(http1.ConnectionClosed())
    )
    async with testing.open_scripted_peer(script) as peer:
        async with http.open_client(f"http://127.0.0.1:{peer.port}") as client:
            assert (await client.get("/hello")).text == "hi"

            async def pieces() -> AsyncIterator[bytes]:
                yield b"a body "
                yield b"in pieces"

            answer = await client.post("/count", content=pieces())
            assert answer.status == 204
        await peer.wait_finished()
        assert peer.finished


async def test_a_scripted_client_asks_a_server() -> None:
    router = http.Router()

    @router.get("/hello")
    async def hello(request: http.Request) -> str:
        return "hi"

    script = (
        testing.Script(http1.client_connection)
        .send(http1.Request("GET", b"/hello", headers=[(b"host", b"x")]), http1.EndOfMessage())
        .expect(lambda event: event.status == 200)
        .expect(http1.Data, data=b"hi")
        .expect(http1.EndOfMessage)
    )
    async with trio.open_nursery() as nursery:
        server: http.Server = await nursery.start(http.serve, router, 0)
        await script.play(await net.connect_tcp("127.0.0.1", server.port))
        await server.drain()


async def test_bytes_are_expected_however_they_are_cut() -> None:
    script = (
        testing.Script()
        .expect_bytes(b"PING\r\n")
        .send_bytes(b"PONG\r\n")
        .expect_bytes(b"QU")
        .expect_bytes(b"IT\r\n")
        .expect_end()
    )
    async with (
        testing.open_scripted_peer(script) as peer,
        await net.connect_tcp("127.0.0.1", peer.port) as stream,
    ):
        for byte in b"PING\r\n":
            await stream.send_all(bytes([byte]))
        assert await stream.receive_until(b"\r\n") == b"PONG\r\n"
        await stream.send_all(b"QUIT\r\n")


async def test_a_mismatch_names_the_step_and_both_events() -> None:
    with pytest.raises(AssertionError) as caught:
        async with (
            testing.open_scripted_peer(GET.send(*ANSWER)) as peer,
            http.open_client(f"http://127.0.0.1:{peer.port}") as client,
        ):
            await client.get("/goodbye")
            raise AssertionError("the body is cancelled")
    step, expected, came = str(caught.value).splitlines()
    assert step == "step 1 of 3: expect Request(method='GET', target=b'/hello')"
    assert expected == "  expected: Request(method='GET', target=b'/hello')"
    assert came.startswith("      came: Request(method='GET', target=b'/goodbye', headers=(")


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (http1.EndOfMessage(), "EndOfMessage(trailers=())"),
        (http1.Data, "any Data"),
        (lambda event: False, "<lambda> (line "),
    ],
)
async def test_each_form_of_expecting_has_its_words(expected: object, text: str) -> None:
    script = testing.Script(http1.server_connection).expect(expected)
    with pytest.raises(AssertionError) as caught:
        async with (
            testing.open_scripted_peer(script) as peer,
            http.open_client(f"http://127.0.0.1:{peer.port}") as client,
        ):
            await client.get("/hello")
    assert f"expected: {text}" in str(caught.value)


async def test_data_that_differs_is_a_mismatch() -> None:
    one, other = trio.testing.memory_stream_pair()
    script = (
        testing.Script(http1.server_connection).expect(http1.Request).expect(http1.Data(b"abc"))
    )
    async with trio.open_nursery() as nursery:
        nursery.start_soon(
            one.send_all, b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nab"
        )
        with pytest.raises(AssertionError, match=r"(?s)expected: Data\(.*abc.*came: Data\(.*ab'"):
            await script.play(other)


async def test_other_bytes_are_a_mismatch_at_once() -> None:
    one, other = trio.testing.memory_stream_pair()
    await one.send_all(b"PONG")
    with pytest.raises(AssertionError, match=r"(?s)step 1 of 1.*b'PING!'.*came: b'PONG'"):
        await testing.Script().expect_bytes(b"PING!").play(other)
    one, other = trio.testing.memory_stream_pair()
    await one.send_eof()
    with pytest.raises(AssertionError, match=r"came: the end"):
        await testing.Script().expect_bytes(b"PING!").play(other)
    one, other = trio.testing.memory_stream_pair()
    await one.send_all(b"more")
    with pytest.raises(AssertionError, match=r"(?s)expected: the end.*came: b'more'"):
        await testing.Script().expect_end().play(other)


async def test_a_script_that_is_not_finished_says_where_it_is(
    virtual_network: None,
    autojump_clock: trio.testing.MockClock,
) -> None:
    script = testing.Script().send_bytes(b"hello").expect_bytes(b"x")
    async with AsyncExitStack() as stack:
        with pytest.raises(AssertionError, match="not finished: waits at step 2 of 2: expect b'x'"):
            async with testing.open_scripted_peer(script) as peer:
                stream = await net.connect_tcp("127.0.0.1", peer.port)
                await stack.enter_async_context(stream)
                assert await stream.receive_some() == b"hello"
    with pytest.raises(AssertionError, match="2 of 2 connections did not come"):
        async with testing.open_scripted_peer(testing.Script(), testing.Script()) as peer:
            assert "2 of 2 connections did not come" in repr(peer)


async def test_each_connection_has_its_script_and_further_ones_are_a_failure() -> None:
    scripts = [testing.Script().send_bytes(b"one"), testing.Script().send_bytes(b"two")]
    async with testing.open_scripted_peer(*scripts) as peer:
        for answer in (b"one", b"two"):
            async with await net.connect_tcp("127.0.0.1", peer.port) as stream:
                assert await stream.receive_all() == answer
    with pytest.raises(AssertionError, match="no script for connection 2"):
        async with testing.open_scripted_peer(scripts[0]) as peer:
            for _ in range(2):
                async with await net.connect_tcp("127.0.0.1", peer.port) as stream:
                    await stream.receive_all()
            await trio.sleep_forever()


async def test_an_end_and_a_reset_are_steps() -> None:
    script = testing.Script().send_bytes(b"half").send_end().expect_bytes(b"rest").close()
    async with (
        testing.open_scripted_peer(script) as peer,
        await net.connect_tcp("127.0.0.1", peer.port) as stream,
    ):
        assert await stream.receive_all() == b"half"
        await stream.send_all(b"rest")
    async with (
        testing.open_scripted_peer(testing.Script().expect_bytes(b"x").reset()) as peer,
        await net.connect_tcp("127.0.0.1", peer.port) as stream,
    ):
        await stream.send_all(b"x")
        with pytest.raises(errors.ConnectionReset):
            await stream.receive_some()


async def test_a_pause_is_on_trios_clock(
    virtual_network: None, autojump_clock: trio.testing.MockClock
) -> None:
    async with (
        testing.open_scripted_peer(testing.Script().sleep(3600).send_bytes(b"x")) as peer,
        await net.connect_tcp("127.0.0.1", peer.port) as stream,
    ):
        began = trio.current_time()
        assert await stream.receive_some() == b"x"
        assert trio.current_time() - began == pytest.approx(3600)


async def test_a_lost_connection_and_junk_are_failures_of_the_step() -> None:
    with pytest.raises(AssertionError, match=r"(?s)step 1 of 3.*failed: ConnectionReset") as lost:
        async with testing.open_scripted_peer(GET.send(*ANSWER)) as peer:
            stream = await net.connect_tcp("127.0.0.1", peer.port)
            stream.reset()
            await trio.sleep_forever()
    assert isinstance(lost.value.__cause__, errors.ConnectionReset)
    with pytest.raises(AssertionError, match=r"(?s)step 1 of 3.*failed: BadMessage"):
        async with (
            testing.open_scripted_peer(GET.send(*ANSWER)) as peer,
            await net.connect_tcp("127.0.0.1", peer.port) as stream,
        ):
            await stream.send_all(b"junk\r\n\r\n")
            await trio.sleep_forever()
    with pytest.raises(AssertionError, match=r"(?s)step 1 of 1.*failed: LocalProtocolError"):
        one, _ = trio.testing.memory_stream_pair()
        await testing.Script(http1.client_connection).send(http1.Data(b"x")).play(one)


async def test_a_paused_protocol_is_told() -> None:
    script = GET.expect(http1.Request)
    one, other = trio.testing.memory_stream_pair()
    await one.send_all(b"GET /hello HTTP/1.1\r\nhost: x\r\n\r\n" * 2)
    with pytest.raises(AssertionError, match=r"(?s)step 3 of 3.*paused"):
        await script.play(other)


async def test_a_mistake_in_a_predicate_comes_out_as_itself() -> None:
    script = testing.Script(http1.server_connection).expect(lambda event: event.nonsense)
    with pytest.raises(AttributeError, match="nonsense") as caught:
        async with (
            testing.open_scripted_peer(script) as peer,
            await net.connect_tcp("127.0.0.1", peer.port) as stream,
        ):
            await stream.send_all(b"GET /hello HTTP/1.1\r\nhost: x\r\n\r\n")
            await trio.sleep_forever()
    assert "in the script's step 1 of 1" in caught.value.__notes__[0]


async def test_an_error_of_the_test_comes_out_as_itself() -> None:
    with pytest.raises(KeyError):
        async with testing.open_scripted_peer(GET):
            raise KeyError("the test's own")


async def test_a_script_is_a_value() -> None:
    assert GET.expect(http1.Data) is not GET
    assert len(GET.steps) == 2
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        GET.steps = ()  # type: ignore[misc]


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="protocol"):
        testing.Script().expect(http1.Request)
    with pytest.raises(ValueError, match="about bytes"):
        GET.expect_bytes(b"x")
    with pytest.raises(ValueError, match="1 to"):
        testing.Script().expect_bytes(b"")
    with pytest.raises(TypeError, match="about bytes"):
        testing.Script().expect_bytes("x")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="about bytes"):
        testing.Script().send_bytes("x")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="class"):
        GET.expect(http1.EndOfMessage(), trailers=())


async def test_of_several_addresses_a_peer_listens_at_the_first() -> None:
    async with testing.open_virtual_network() as network:
        with network.host("both", addresses=["10.0.0.9", "fd00::9"]):
            async with (
                testing.open_scripted_peer(testing.Script().close(), host="both", port=7) as peer,
                await net.connect_tcp("10.0.0.9", 7) as stream,
            ):
                assert peer.address == ("10.0.0.9", 7)
                assert await stream.receive_all() == b""


async def test_a_peer_needs_a_script() -> None:
    with pytest.raises(ValueError, match="needs a script"):
        async with testing.open_scripted_peer():
            pass


async def test_only_what_the_stream_can_do_is_a_step() -> None:
    one, _ = trio.testing.memory_stream_pair()
    with pytest.raises(TypeError, match="cannot be reset"):
        await testing.Script().reset().play(one)


async def test_it_stands_on_the_virtual_network_as_well(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with testing.open_virtual_network(testing.Link(latency=2)) as network:
        with network.host("server"):
            async with testing.open_scripted_peer(GET.send(*ANSWER), host="server") as peer:
                with network.host("client"):
                    async with http.open_client(f"http://server:{peer.port}") as client:
                        assert (await client.get("/hello")).text == "hi"


@pytest.mark.sweep
def test_it_may_be_cancelled_anywhere() -> None:
    async def scenario() -> None:
        script = testing.Script().expect_bytes(b"PING").send_bytes(b"PONG").expect_end()
        async with testing.open_scripted_peer(script) as peer:
            async with await net.connect_tcp("127.0.0.1", peer.port) as stream:
                await stream.send_all(b"PING")
                assert await stream.receive_exactly(4) == b"PONG"
            await peer.wait_finished()

    testing.cancel_sweep(scenario)
