"""A shop and its stock: two HTTP services, and a call whose end reaches through both.

python examples/two_services.py            calls itself and ends
python examples/two_services.py --serve    stays up for curl, until Ctrl-C
"""

from __future__ import annotations

import sys
from itertools import count

import trio

from trio_helianthus import core, errors, http


def make_stock() -> http.Router:
    """Keep seeds, in grams of each kind."""
    stock = http.Router()
    grams = {"titan": 120, "moonwalker": 40}

    @stock.post("/taken")
    async def take(request: http.Request) -> dict[str, int]:
        match await request.json():
            case {"kind": str(kind), "grams": int(wanted)} if wanted > 0:
                if grams.get(kind, 0) < wanted:
                    raise http.HTTPError(409, f"{grams.get(kind, 0)} g of {kind} are left")
                grams[kind] -= wanted
                return {"left": grams[kind]}
        raise http.HTTPError(422, "send a kind and its grams")

    @stock.get("/weight")
    async def weigh(request: http.Request) -> dict[str, int]:
        print("  stock: begins to weigh everything")
        try:
            await trio.sleep(30)
        finally:
            print("  stock: weighs no more")
        return grams

    return stock


def make_shop(stock: http.Client) -> http.Router:
    """Sell what the stock has."""
    shop = http.Router()
    numbers = count(1)
    orders: dict[int, object] = {}  # in memory, for the sake of brevity

    @shop.post("/orders")
    async def order(request: http.Request) -> http.Response:
        wanted = await request.json()
        answer = await stock.post("/taken", json=wanted, timeout=5)
        if answer.status in {400, 409, 422}:
            raise http.HTTPError(answer.status, answer.text.strip())
        answer.raise_for_status()
        number = next(numbers)
        orders[number] = wanted
        url = shop.url_for("one_order", number=number)
        return http.Response.json(wanted, status=201, headers={"Location": url})

    @shop.get("/orders/{number:int}")
    async def one_order(request: http.Request) -> dict[str, object]:
        number = request.path_params["number"]
        if number not in orders:
            raise http.HTTPError(404, f"there is no order {number}")
        return {"number": number, "order": orders[number]}

    @shop.get("/inventory")
    async def inventory(request: http.Request) -> dict[str, int]:
        try:
            answer = await stock.get("/weight")
        finally:
            print("  shop: waits for the stock no more")
        grams: dict[str, int] = answer.raise_for_status().json()
        return grams

    @shop.exception_handler(errors.NetworkError)
    @shop.exception_handler(errors.OperationTimeout)
    async def no_stock(request: http.Request, error: Exception) -> http.Response:
        return http.Response.text("the stock does not answer\n", status=503)

    return shop


async def serve_both(port: int, *, task_status: trio.TaskStatus[http.Server]) -> None:
    """Run both; ``task_status`` is told of the shop."""
    async with trio.open_nursery() as nursery:
        stock: http.Server = await nursery.start(http.serve, make_stock(), 0)
        async with http.open_client(stock.url, propagate_deadline=True) as client:
            await http.serve(make_shop(client), port, task_status=task_status)
        await stock.drain()


async def call_yourself() -> None:
    async with trio.open_nursery() as nursery:
        shop: http.Server = await nursery.start(serve_both, 0)
        async with http.open_client(shop.url) as client:
            made = await client.post("/orders", json={"kind": "titan", "grams": 20})
            print(made.status, made.headers["location"])
            print((await client.get(made.headers["location"])).json())

            refused = await client.post("/orders", json={"kind": "moonwalker", "grams": 50})
            print(refused.status, refused.text, end="")

            try:
                await client.get("/inventory", timeout=0.2)
            except errors.OperationTimeout as error:
                print(error)
        await shop.drain()


async def stay_up() -> None:
    async with trio.open_nursery() as nursery:
        shop: http.Server = await nursery.start(serve_both, 8000)
        print(f"curl {shop.url}/inventory      (Ctrl-C drains and ends)")


if __name__ == "__main__":
    sys.exit(core.run(stay_up if "--serve" in sys.argv else call_yourself))
