"""A service and its client on a virtual network: latency, partition and loss take no time."""

from __future__ import annotations

import time
from functools import partial

import trio
import trio.testing

from trio_helianthus import errors, http, net, testing

router = http.Router()


@router.get("/planets/{name}")
async def planet(request: http.Request) -> dict[str, str]:
    return {"name": request.path_params["name"]}


async def serve_planets(task_status: trio.TaskStatus[http.Server]) -> None:
    await http.serve(router, 80, host="server", task_status=task_status)


async def slow_and_fine() -> None:
    link = testing.Link(latency=0.2, jitter=0.1)
    async with testing.open_virtual_network(link, seed=7) as network, trio.open_nursery() as tasks:
        with network.host("server"):
            server = await tasks.start(serve_planets)
        began = trio.current_time()
        async with http.open_client("http://server") as client:
            answer = await client.get("/planets/saturn")
        print(f"{answer.json()} after {trio.current_time() - began:.2f} s")
        await server.drain()


async def partitioned() -> None:
    async with testing.open_virtual_network() as network, trio.open_nursery() as tasks:
        with network.host("server"):
            server = await tasks.start(serve_planets)
        with network.host("client"):
            async with http.open_client("http://server") as client:
                await client.get("/planets/saturn")
                network.partition("client", "server")
                try:
                    await client.get("/planets/saturn", timeout=3600)
                except errors.NetworkError as error:
                    print(f"partition: {error}")
                network.heal("client", "server")
                print("healed:", (await client.get("/planets/saturn")).status)
        await server.drain()


async def lost() -> None:
    async with testing.open_virtual_network() as network, trio.open_nursery() as tasks:
        with network.host("server"):
            server: net.Server = await tasks.start(
                partial(net.serve_tcp, wait_for_more, 7, host="server")
            )
        async with await net.connect_tcp("server", 7) as stream:
            await stream.send_all(b"half a messa")
            network.reset_connections("server")
            try:
                await stream.receive_some()
            except errors.ConnectionReset as error:
                print(f"lost: {error}")
        await server.drain()


async def wait_for_more(stream: net.TCPStream) -> None:
    await stream.receive_until(b"\n")


async def main() -> None:
    began = trio.current_time()
    await slow_and_fine()
    await partitioned()
    await lost()
    print(f"{trio.current_time() - began:.0f} virtual seconds")


if __name__ == "__main__":
    started = time.perf_counter()
    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))
    assert time.perf_counter() - started < 2
