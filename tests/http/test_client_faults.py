"""Servers that break off, lie, dawdle or are gone: a clear error each, and the next call works."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING

import pytest
import trio

from trio_helianthus import core, errors, net
from trio_helianthus.http import Client, ClientLimits, Request, open_client

if TYPE_CHECKING:
    from tests.http.conftest import Reports, Serve, ServeScript

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
EVIL = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"


Script = Callable[[net.ByteStream], Awaitable[object]]


def answering(*answers: bytes) -> Script:
    """A script that gives one answer to each request of a connection, and closes."""

    async def script(stream: net.ByteStream) -> None:
        for answer in answers:
            await stream.receive_until(b"\r\n\r\n")
            await stream.send_all(answer)

    return script


@pytest.mark.parametrize("answer", [OK, CHUNKED])
@pytest.mark.parametrize("how", ["ended", "reset"])
async def test_an_answer_cut_at_any_byte_is_a_clear_error(
    serve_script: ServeScript, answer: bytes, how: str
) -> None:
    cut = 0

    async def script(stream: net.ByteStream) -> None:
        await stream.receive_until(b"\r\n\r\n")
        await stream.send_all(answer[:cut])
        if how == "reset":
            stream.reset()

    url = await serve_script(script)
    async with open_client(url) as client:
        for cut in range(len(answer)):
            with pytest.raises(errors.NetworkError) as caught:
                await client.post("/")
            if how == "ended":
                assert isinstance(caught.value, errors.IncompleteReceive)
                said = "in the middle of its answer" if cut else "without an answer"
                assert said in str(caught.value)
            else:
                assert isinstance(caught.value, errors.ConnectionReset)
            assert client.statistics().active == client.statistics().idle == 0
        cut = len(answer)
        assert (await client.post("/")).status == 200


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/1.1 99 Too low\r\n\r\n",
        b"HTTP/3 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n",
        b"\x00" * 100_000,
    ],
)
async def test_junk_is_the_servers_fault(serve_script: ServeScript, answer: bytes) -> None:
    async def script(stream: net.ByteStream) -> None:
        await stream.receive_until(b"\r\n\r\n")
        await stream.send_all(answer)
        await stream.receive_some()

    url = await serve_script(script)
    async with open_client(url) as client:
        with pytest.raises(errors.RemoteProtocolError):
            await client.get("/")
        assert client.statistics().active == client.statistics().idle == 0


class TestLimits:
    @pytest.mark.parametrize(
        ("answer", "name"),
        [
            (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 2000 + b"\r\n\r\n", "max_head_bytes"),
            (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20 + b"\r\n", "max_headers"),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", "max_response_bytes"),
            (b"HTTP/1.1 200 OK\r\n\r\n" + bytes(1001), "max_response_bytes"),
            (b"HTTP/1.1 103 Early Hints\r\n\r\n" * 4 + OK, "max_informational"),
        ],
    )
    async def test_an_answer_above_a_limit_names_it(
        self, serve_script: ServeScript, answer: bytes, name: str
    ) -> None:
        url = await serve_script(answering(answer))
        limits = ClientLimits(
            max_head_bytes=1000, max_headers=10, max_response_bytes=1000, max_informational=3
        )
        async with open_client(url, limits=limits) as client:
            with pytest.raises(errors.LimitExceeded) as caught:
                await client.get("/")
        assert caught.value.limit_name == name

    async def test_a_stream_may_be_longer(self, serve_script: ServeScript) -> None:
        url = await serve_script(answering(b"HTTP/1.1 200 OK\r\n\r\n" + bytes(5000)))
        async with (
            open_client(url, limits=ClientLimits(max_response_bytes=10)) as client,
            client.stream("GET", "/") as response,
        ):
            assert sum([len(piece) async for piece in response.body]) == 5000


class TestStaleConnections:
    """The server closes a kept connection, perhaps just as we send on it."""

    async def test_one_that_is_known_to_be_closed_is_not_used(
        self, serve_script: ServeScript, reports: Reports
    ) -> None:
        url = await serve_script(answering(OK))
        async with open_client(url) as client:
            for _ in range(3):
                assert (await client.post("/")).content == b"ok"
                await trio.testing.wait_all_tasks_blocked(0.005)
        assert len(reports.named("net.tcp.connect")) == 3

    async def test_one_on_which_something_came_unasked_is_not_used(
        self, serve_script: ServeScript, reports: Reports
    ) -> None:
        came = trio.Semaphore(0)

        async def script(stream: net.ByteStream) -> None:
            await stream.receive_until(b"\r\n\r\n")
            await stream.send_all(OK)
            await trio.testing.wait_all_tasks_blocked()
            await stream.send_all(EVIL)
            came.release()
            await stream.receive_some()

        url = await serve_script(script)
        async with open_client(url) as client:
            for _ in range(2):
                assert (await client.get("/")).content == b"ok"
                await came.acquire()
        assert len(reports.named("net.tcp.connect")) == 2

    @pytest.mark.parametrize("at_once", [True, False])
    async def test_under_tls_too(
        self,
        nursery: trio.Nursery,
        reports: Reports,
        tls_contexts: tuple[ssl.SSLContext, ssl.SSLContext],
        at_once: bool,
    ) -> None:
        came = trio.Semaphore(0)

        async def script(stream: net.ByteStream) -> None:
            await stream.receive_until(b"\r\n\r\n")
            await stream.send_all(OK)
            if not at_once:
                await trio.testing.wait_all_tasks_blocked()
            await stream.send_all(EVIL)
            came.release()
            await stream.receive_some()

        ours, theirs = tls_contexts
        server = await nursery.start(partial(net.serve_tls, script, 0, ssl_context=ours))
        async with open_client(f"https://127.0.0.1:{server.port}", ssl_context=theirs) as client:
            for _ in range(3):
                assert (await client.get("/")).content == b"ok"
                await came.acquire()
        assert len(reports.named("net.tcp.connect")) == 3

    async def test_one_that_the_system_has_given_up_is_not_used(
        self, serve_script: ServeScript, reports: Reports, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        receive = socket.socket.recv

        def recv(sock: socket.socket, size: int, flags: int = 0) -> bytes:
            if flags == socket.MSG_PEEK:
                raise OSError(errno.EHOSTUNREACH, "no route to host")
            return receive(sock, size, flags)

        async with open_client(await serve_script(answering(OK, OK))) as client:
            assert (await client.get("/")).content == b"ok"
            monkeypatch.setattr(socket.socket, "recv", recv)
            assert (await client.get("/")).content == b"ok"
        assert len(reports.named("net.tcp.connect")) == 2

    async def test_a_call_that_is_given_up_while_it_looks_leaves_nothing(
        self,
        serve: Serve,
        tls_contexts: tuple[ssl.SSLContext, ssl.SSLContext],
    ) -> None:
        async def handler(request: Request) -> str:
            return "ok"

        ours, theirs = tls_contexts
        server = await serve(handler, ssl_context=ours)
        limits = ClientLimits(max_connections=1)
        async with open_client(server.url, ssl_context=theirs, limits=limits) as client:
            for steps in range(10):
                assert (await client.get("/")).content == b"ok"
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(client.get, "/")
                    for _ in range(steps):
                        await trio.lowlevel.checkpoint()
                    nursery.cancel_scope.cancel()
                statistics = client.statistics()
                assert (statistics.active, statistics.waiting) == (0, 0)

    async def test_one_that_was_reset_while_it_was_idle_is_not_used(
        self, serve_script: ServeScript, reports: Reports
    ) -> None:
        gone = trio.Semaphore(0)

        async def script(stream: net.ByteStream) -> None:
            await stream.receive_until(b"\r\n\r\n")
            await stream.send_all(OK)
            await trio.testing.wait_all_tasks_blocked()
            stream.reset()
            gone.release()

        url = await serve_script(script)
        async with open_client(url) as client:
            for _ in range(2):
                assert (await client.post("/")).content == b"ok"
                await gone.acquire()
        assert len(reports.named("net.tcp.connect")) == 2

    @pytest.mark.parametrize("how", ["ended", "reset"])
    async def test_a_call_that_may_be_repeated_is(
        self, serve_script: ServeScript, reports: Reports, how: str
    ) -> None:
        url = await serve_script(self.closing_on_the_second_request(how))
        async with open_client(url) as client:
            for _ in range(3):
                assert (await client.get("/")).content == b"ok"
        assert len(reports.named("net.tcp.connect")) == 3

    @pytest.mark.parametrize("how", ["ended", "reset"])
    async def test_a_call_that_must_not_be_repeated_is_not(
        self, serve_script: ServeScript, how: str
    ) -> None:
        async def content() -> AsyncIterator[bytes]:
            yield b"x"

        url = await serve_script(self.closing_on_the_second_request(how))
        async with open_client(url) as client:
            await client.get("/")
            with pytest.raises(errors.NetworkError):
                await client.post("/")
            await client.get("/")
            with pytest.raises(errors.NetworkError):
                await client.put("/", content=content())

    async def test_a_call_is_repeated_once_only(self, serve_script: ServeScript) -> None:
        requests = 0

        async def script(stream: net.ByteStream) -> None:
            nonlocal requests
            while True:
                await stream.receive_until(b"\r\n\r\n")
                requests += 1
                if requests > 1:
                    return
                await stream.send_all(OK)

        url = await serve_script(script)
        async with open_client(url) as client:
            await client.get("/")
            with pytest.raises(errors.IncompleteReceive):
                await client.get("/")
        assert requests == 3

    async def test_an_answer_that_has_begun_is_not_asked_for_again(
        self, serve_script: ServeScript
    ) -> None:
        url = await serve_script(answering(OK, OK[:10]))
        async with open_client(url) as client:
            await client.get("/")
            with pytest.raises(errors.IncompleteReceive, match="in the middle"):
                await client.get("/")

    @staticmethod
    def closing_on_the_second_request(how: str) -> Script:
        async def script(stream: net.ByteStream) -> None:
            await stream.receive_until(b"\r\n\r\n")
            await stream.send_all(OK)
            await stream.receive_until(b"\r\n\r\n")
            if how == "reset":
                stream.reset()

        return script


async def test_leaving_a_stream_whose_rest_is_junk(serve_script: ServeScript) -> None:
    url = await serve_script(answering(CHUNKED[:-5] + b"junk\r\n"))
    async with open_client(url) as client:
        async with client.stream("GET", "/") as response:
            assert await response.body.receive_some() == b"abc"
        assert client.statistics().idle == 0


class TestContentThatIsNotWanted:
    async def test_an_early_answer_is_heard(self, serve_script: ServeScript) -> None:
        async def script(stream: net.ByteStream) -> None:
            await stream.receive_until(b"\r\n\r\n")
            await stream.send_all(b"HTTP/1.1 413 No\r\nContent-Length: 4\r\n\r\nno!\n")
            assert isinstance(stream, net.TCPStream)
            await stream.send_eof()
            await trio.sleep_forever()

        url = await serve_script(script)
        async with open_client(url) as client:
            answer = await client.post("/", content=bytes(50_000_000))
            assert (answer.status, answer.content) == (413, b"no!\n")
            assert client.statistics().idle == 0

    async def test_without_an_answer_it_is_a_failed_connection(
        self, serve_script: ServeScript
    ) -> None:
        url = await serve_script(answering(b""))
        async with open_client(url) as client:
            with pytest.raises(errors.NetworkError) as caught:
                await client.post("/", content=bytes(50_000_000))
        assert caught.value.operation in {"send", "receive"}  # whichever hears of it first

    @pytest.mark.parametrize("fault", [KeyError("mine"), errors.ConnectionReset("mine")])
    async def test_content_that_fails_cuts_the_call_and_comes_out_as_it_is(
        self, serve_script: ServeScript, fault: Exception
    ) -> None:
        ends: list[object] = []

        async def script(stream: net.ByteStream) -> None:
            try:
                await stream.receive_all()
            except errors.NetworkError as error:
                ends.append(error)

        async def content() -> AsyncIterator[bytes]:
            yield b"x"
            raise fault

        url = await serve_script(script)
        async with open_client(url) as client:
            with pytest.raises(type(fault)) as caught:
                await client.post("/", content=content())
            assert caught.value is fault
            await trio.testing.wait_all_tasks_blocked(0.01)
        assert isinstance(ends[0], errors.ConnectionReset)

    async def test_pieces_must_be_bytes_and_match_the_length(
        self, serve_script: ServeScript
    ) -> None:
        async def text() -> AsyncIterator[bytes]:
            yield "text"  # type: ignore[misc]

        async def short() -> AsyncIterator[bytes]:
            yield b"abc"

        url = await serve_script(answering(b""))
        async with open_client(url) as client:
            with pytest.raises(TypeError, match="not str"):
                await client.post("/", content=text())
            with pytest.raises(errors.LocalProtocolError):
                await client.post("/", content=short(), headers={"Content-Length": "9"})

    async def test_the_iterable_is_closed_when_the_call_is_given_up(
        self, serve_script: ServeScript
    ) -> None:
        send, receive = trio.open_memory_channel[bytes](1)

        async def script(stream: net.ByteStream) -> None:
            await stream.receive_all()

        url = await serve_script(script)
        async with open_client(url) as client:
            with pytest.raises(errors.OperationTimeout):
                await client.post("/", content=receive, timeout=0.005)
        with pytest.raises(trio.BrokenResourceError):
            send.send_nowait(b"x")


async def silent(stream: net.ByteStream) -> None:
    await stream.receive_all()


async def half_a_head(stream: net.ByteStream) -> None:
    await stream.receive_until(b"\r\n\r\n")
    await stream.send_all(OK[:10])
    await stream.receive_all()


async def half_a_body(stream: net.ByteStream) -> None:
    await stream.receive_until(b"\r\n\r\n")
    await stream.send_all(OK[:-1])
    await stream.receive_all()


@pytest.mark.parametrize("script", [silent, half_a_head, half_a_body])
class TestGivingUp:
    """Whatever a call waits for, each way to give it up ends it, and the server hears of it."""

    async def test_by_its_timeout(
        self,
        serve_script: ServeScript,
        script: Script,
        autojump_clock: trio.testing.MockClock,
    ) -> None:
        url = await serve_script(script)
        async with open_client(url, timeout=7) as client:
            began = trio.current_time()
            with pytest.raises(errors.OperationTimeout):
                await client.get("/")
            assert trio.current_time() - began == pytest.approx(7)
            with pytest.raises(TimeoutError):
                await client.get("/", timeout=2)
            assert trio.current_time() - began == pytest.approx(9)
            assert client.statistics().active == 0

    async def test_by_a_token(self, serve_script: ServeScript, script: Script) -> None:
        heard: list[BaseException] = []
        url = await serve_script(self.listening(script, heard))
        token = core.CancelToken()
        async with open_client(url) as client:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self.when_it_waits, partial(token.cancel, "enough"))
                with pytest.raises(errors.OperationCancelled, match="enough"):
                    await client.get("/", token=token)
            with pytest.raises(errors.OperationCancelled, match="enough"):
                await client.get("/", token=token)
        await trio.testing.wait_all_tasks_blocked(0.005)
        assert isinstance(heard[0], errors.ConnectionReset)

    async def test_by_an_outer_scope(self, serve_script: ServeScript, script: Script) -> None:
        heard: list[BaseException] = []
        url = await serve_script(self.listening(script, heard))
        async with open_client(url) as client:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self.when_it_waits, nursery.cancel_scope.cancel)
                await client.get("/", timeout=60, token=core.CancelToken())
            assert nursery.cancel_scope.cancelled_caught
            with trio.CancelScope() as cancelled:
                cancelled.cancel()
                await client.get("/")
            assert cancelled.cancelled_caught
        await trio.testing.wait_all_tasks_blocked(0.005)
        assert isinstance(heard[0], errors.ConnectionReset)

    @staticmethod
    async def when_it_waits(give_up: Callable[[], object]) -> None:
        """Give the call up as soon as it waits for what does not come."""
        await trio.testing.wait_all_tasks_blocked(0.005)
        give_up()

    @staticmethod
    def listening(script: Script, heard: list[BaseException]) -> Script:
        async def listen(stream: net.ByteStream) -> None:
            try:
                await script(stream)
            except errors.NetworkError as error:
                heard.append(error)

        return listen


async def test_content_is_closed_even_if_it_was_never_asked_for() -> None:
    send, receive = trio.open_memory_channel[bytes](1)
    async with open_client("http://127.0.0.1:9") as client:
        with pytest.raises(errors.OperationTimeout):
            await client.post("/", content=receive, timeout=0)
    with pytest.raises(trio.BrokenResourceError):
        send.send_nowait(b"x")


async def test_nobody_listens() -> None:
    (listener,) = await net.listen_tcp(0, host="127.0.0.1")
    address = listener.address
    await listener.aclose()
    async with open_client(f"http://127.0.0.1:{address[1]}") as client:
        with pytest.raises(errors.ConnectionRefused):
            await client.get("/")
        assert client.statistics().active == 0


async def test_many_calls_given_up_at_random_leave_the_client_whole(serve: Serve) -> None:
    async def handler(request: object) -> bytes:
        return bytes(200_000)

    async def call(client: Client, seconds: float) -> None:
        with trio.move_on_after(seconds):
            answer = await client.get("/")
            assert len(answer.content) == 200_000

    server = await serve(handler)
    async with open_client(server.url, limits=ClientLimits(max_connections=3)) as client:
        async with trio.open_nursery() as nursery:
            for number in range(60):
                nursery.start_soon(call, client, number * 0.0007)
        assert client.statistics().active == client.statistics().waiting == 0
        await call(client, 60)
        await trio.testing.wait_all_tasks_blocked(0.01)
        assert server.statistics().active_requests == 0
