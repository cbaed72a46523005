"""Clients that come, misbehave and go leave nothing behind."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Final

import pytest
import trio

from tests.soak._footprint import MAX_GROWTH_BYTES, footprint, needs_proc
from trio_helianthus import http, net
from trio_helianthus.core import CancelToken, Instrument, subscribe
from trio_helianthus.errors import NetworkError, OperationCancelled, OperationTimeout

CLIENTS: Final = 40

pytestmark = [pytest.mark.soak, needs_proc]


def make_router() -> http.Router:
    router = http.Router()

    @router.get("/quick")
    async def quick(_: http.Request) -> str:
        return "quick"

    @router.get("/slow")
    async def slow(_: http.Request) -> str:
        await trio.sleep(5)
        return "slow"

    @router.post("/length")
    async def length(request: http.Request) -> dict[str, int]:
        return {"length": len(await request.read())}

    @router.get("/broken")
    async def broken(_: http.Request) -> http.Response:
        return http.Response(FailsInTheMiddle())

    return router


class HeardErrors(Instrument):
    """Takes note of the errors that ``get_half_an_answer`` provokes."""

    def error_reported(self, error: BaseException, where: str) -> bool:
        return str(error) == "the database is gone"


class FailsInTheMiddle:
    def __init__(self) -> None:
        self.pieces = [b"a piece"]

    def __aiter__(self) -> FailsInTheMiddle:
        return self

    async def __anext__(self) -> bytes:
        await trio.lowlevel.checkpoint()
        if self.pieces:
            return self.pieces.pop()
        raise NetworkError("the database is gone")


async def test_a_service_is_as_small_after_as_before(
    soak_seconds: float, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    done: Counter[str] = Counter()
    with subscribe(HeardErrors()):
        before, after = await soak(random.Random(seed), soak_seconds, done)

    assert min(done[act.__name__] for act in ACTS) > 0, done
    assert after[0] == before[0], "descriptors"
    assert after[1] - before[1] < MAX_GROWTH_BYTES
    with capsys.disabled():
        print(f"\n{done.total()} calls: {dict(done)}; memory grew {after[1] - before[1]} B")


async def soak(
    chance: random.Random, seconds: float, done: Counter[str]
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the footprint before and after."""
    async with trio.open_nursery() as nursery:
        server: http.Server = await nursery.start(http.serve, make_router(), 0)
        # A first round fills caches and pools that stay.
        await misbehave(server, chance, min(2.0, seconds / 4), Counter())
        before = await footprint(server)
        await misbehave(server, chance, seconds, done)
        after = await footprint(server)
        await server.drain(1)
    return before, after


async def misbehave(
    server: http.Server, chance: random.Random, seconds: float, done: Counter[str]
) -> None:
    async def client_task(client: http.Client) -> None:
        while True:
            act = chance.choice(ACTS)
            await act(client, server, chance)
            done[act.__name__] += 1

    with trio.move_on_after(seconds):
        async with http.open_client(server.url) as client, trio.open_nursery() as nursery:
            for _ in range(CLIENTS):
                nursery.start_soon(client_task, client)


async def call(client: http.Client, _: http.Server, chance: random.Random) -> None:
    assert (await client.get("/quick")).text == "quick"


async def upload(client: http.Client, _: http.Server, chance: random.Random) -> None:
    content = bytes(chance.randrange(200_000))
    assert (await client.post("/length", content=content)).json() == {"length": len(content)}


async def give_up(client: http.Client, _: http.Server, chance: random.Random) -> None:
    with pytest.raises(OperationTimeout):
        await client.get("/slow", timeout=chance.random() / 20)


async def cancel(client: http.Client, _: http.Server, chance: random.Random) -> None:
    token = CancelToken()
    async with trio.open_nursery() as nursery:

        async def cancel_soon() -> None:
            await trio.sleep(chance.random() / 20)
            token.cancel()

        nursery.start_soon(cancel_soon)
        with pytest.raises(OperationCancelled):
            await client.get("/slow", token=token)


async def get_half_an_answer(client: http.Client, _: http.Server, chance: random.Random) -> None:
    with pytest.raises(NetworkError):
        await client.get("/broken")


async def leave_early(_: http.Client, server: http.Server, chance: random.Random) -> None:
    request = b"POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n123456789"
    async with await net.connect_tcp("127.0.0.1", server.port) as stream:
        await stream.send_all(request[: chance.randrange(len(request))])
        if chance.random() < 0.5:
            stream.reset()


async def send_junk(_: http.Client, server: http.Server, chance: random.Random) -> None:
    async with await net.connect_tcp("127.0.0.1", server.port) as stream:
        try:
            await stream.send_all(chance.randbytes(chance.randrange(1, 300)) + b"\r\n\r\n")
            await stream.send_eof()
            answer = await stream.receive_all(timeout=20)
        except NetworkError:
            return
        assert not answer.startswith(b"HTTP/1.1 5") or b" 50" in answer[:13]


ACTS: Final[list[Callable[[http.Client, http.Server, random.Random], Awaitable[None]]]] = [
    call,
    upload,
    give_up,
    cancel,
    get_half_an_answer,
    leave_early,
    send_junk,
]
