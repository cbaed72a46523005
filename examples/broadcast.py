"""One publisher and three kinds of subscribers: none of them slows down the others.

It needs no server, and it ends.
"""

from __future__ import annotations

import trio
import trio.testing

from trio_helianthus import core, errors

Price = tuple[str, int]


async def read_all(prices: core.Broadcast[Price]) -> None:
    with prices.subscribe() as subscription:
        total = len([price async for price in subscription])
    print("quick:      ", total, "prices")


async def show_latest(prices: core.Broadcast[Price]) -> None:
    with prices.subscribe(overflow=core.Overflow.CONFLATE, key=lambda price: price[0]) as latest:
        shown: list[Price] = []
        async for price in latest:
            shown.append(price)
            await trio.sleep(0.04)  # it takes its time
        print("conflating: ", shown[-2:])


async def keep_the_newest(prices: core.Broadcast[Price]) -> None:
    with prices.subscribe(max_items=3, overflow=core.Overflow.DROP_OLDEST) as subscription:
        await trio.sleep(0.1)
        items = [price async for price in subscription]
    print("late:       ", items, "and", subscription.dropped, "dropped")


async def notice_that_it_is_slow(prices: core.Broadcast[Price]) -> None:
    with prices.subscribe(max_items=3) as subscription:
        await trio.sleep(0.1)
        try:
            async for _ in subscription:
                pass
        except errors.SubscriberTooSlow as error:
            print("slow:       ", error)


async def main() -> None:
    prices = core.Broadcast[Price]()
    async with trio.open_nursery() as nursery:
        for subscriber in (read_all, show_latest, keep_the_newest, notice_that_it_is_slow):
            nursery.start_soon(subscriber, prices)
        await trio.testing.wait_all_tasks_blocked()  # so that each has subscribed
        for number in range(10):
            await prices.publish(("apples", number))
            await prices.publish(("pears", 100 - number))
            await trio.sleep(0.001)
        prices.close()
    print(prices.statistics())


if __name__ == "__main__":
    trio.run(main)
