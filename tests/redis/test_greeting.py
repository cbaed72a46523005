"""What is said first on each connection."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from tests.redis._scripted_server import ScriptedServer, Visitor, open_scripted_server
from trio_helianthus import errors, net, redis
from trio_helianthus.errors import redis_error


async def test_resp3_is_agreed_on_where_the_server_knows_it() -> None:
    async with open_scripted_server() as server, redis.open_client(server.url) as r:
        async with r.connection() as connection:
            assert connection.protocol == 3
            assert await connection.client_id() == 2
        assert server.visitors[0].protocol.protocol == 3


async def test_an_older_server_is_spoken_to_in_resp2() -> None:
    async with (
        open_scripted_server(knows_hello=False) as server,
        redis.open_client(server.url, password="secret", username="me", db=3) as r,
    ):
        assert server.visitors[0].commands == [[b"AUTH", b"me", b"secret"], [b"SELECT", b"3"]]
        async with r.connection() as connection:
            assert connection.protocol == 2
            assert await connection.client_id() == 2
        assert await r.execute("GET", "x") == b"x"


async def test_resp2_is_spoken_where_it_is_asked_for() -> None:
    async with (
        open_scripted_server() as server,
        redis.open_client(server.url, protocol=2, password="secret", client_name="me") as r,
    ):
        assert server.commands == [[b"AUTH", b"secret"]]
        assert server.visitors[0].protocol.protocol == 2
        assert await r.execute("GET", "x") == b"x"


@pytest.mark.parametrize("knows_hello", [True, False])
async def test_a_database_that_is_not_there_is_told_on_opening(knows_hello: bool) -> None:
    def script(_: Visitor, command: list[bytes]) -> Any:
        return redis_error("ERR DB index is out of range") if command[0] == b"SELECT" else None

    async with open_scripted_server(script=script, knows_hello=knows_hello) as server:
        with pytest.raises(errors.RedisError, match="out of range"):
            async with redis.open_client(server.url, db=99):
                raise AssertionError


async def test_a_wrong_password_is_told_on_opening() -> None:
    wrong = redis_error("WRONGPASS invalid username-password pair or user is disabled.")
    async with open_scripted_server(refuses=wrong) as server:
        with pytest.raises(errors.RedisAuthenticationError):
            async with redis.open_client(server.url, password="x"):
                raise AssertionError


async def test_credentials_are_asked_for_before_each_connection() -> None:
    asked: list[str] = []

    async def credentials() -> tuple[str | None, str]:
        await trio.lowlevel.checkpoint()
        asked.append(f"secret{len(asked)}")
        return "me", asked[-1]

    async with (
        open_scripted_server(knows_hello=False) as server,
        redis.open_client(server.url, credentials=credentials) as r,
    ):
        async with r.connection() as connection:
            await connection.execute("GET", "x")
        logins = [command for command in server.commands if command[0] == b"AUTH"]
        assert logins == [[b"AUTH", b"me", b"secret0"], [b"AUTH", b"me", b"secret1"]]


async def test_what_hello_is_answered_by_must_be_a_map() -> None:
    class Rude(ScriptedServer):
        async def react(self, visitor: Visitor, command: list[bytes]) -> None:
            await visitor.answer("OK")

    async with open_scripted_server(kind=Rude) as server:
        with pytest.raises(errors.RemoteProtocolError, match="HELLO"):
            async with redis.open_client(server.url):
                raise AssertionError


async def test_the_first_of_several_hosts_that_answers_is_taken() -> None:
    async with open_scripted_server() as server:
        url = server.url.replace("redis://", "redis://127.0.0.1:1,127.0.0.1:2,")
        async with redis.open_client(url) as r:
            assert await r.execute("GET", "x") == b"x"
        with pytest.raises(errors.ConnectionRefused):
            async with redis.open_client("redis://127.0.0.1:1,127.0.0.1:2"):
                raise AssertionError


async def test_credentials_that_are_not_to_be_had_end_nothing(
    autojump_clock: MockClock, capsys: pytest.CaptureFixture[str]
) -> None:
    trouble: list[Exception] = []

    async def credentials() -> tuple[str | None, str]:
        if trouble:
            raise trouble[0]
        return None, "secret"

    async with (
        open_scripted_server() as server,
        redis.open_client(server.url, credentials=credentials) as r,
    ):
        trouble.append(KeyError("vault"))
        server.visitors[0].stream.reset()
        await wait_all_tasks_blocked()
        with pytest.raises(errors.OperationTimeout) as caught:
            await r.execute("GET", "k")
        assert "no credentials: KeyError('vault')" in str(caught.value.__cause__)
        trouble.clear()
        assert await r.execute("GET", "k") == b"k"
    trouble.append(KeyError("vault"))
    async with open_scripted_server() as server:
        with pytest.raises(errors.NetworkError, match="no credentials") as refused:
            async with redis.open_client(server.url, credentials=credentials):
                raise AssertionError
        assert refused.value.__cause__ is trouble[0]
    assert "KeyError: 'vault'" in capsys.readouterr().err


async def test_a_host_that_hangs_or_is_no_server_is_passed_over(autojump_clock: MockClock) -> None:
    async def hang(stream: net.ByteStream) -> None:
        await trio.sleep_forever()

    async def chat(stream: net.ByteStream) -> None:
        await stream.send_all(b"220 mail ready\r\n")
        await trio.sleep_forever()

    async with open_scripted_server() as server, trio.open_nursery() as nursery:
        first = await nursery.start(net.serve_tcp, hang)
        second = await nursery.start(net.serve_tcp, chat)
        url = f"redis://127.0.0.1:{first.port},127.0.0.1:{second.port},{server.url[8:]}"
        async with redis.open_client(url) as r:
            assert await r.execute("GET", "k") == b"k"
        nursery.cancel_scope.cancel()
