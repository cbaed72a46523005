"""Retries, a circuit breaker and a rate limit around calls to a server that has a bad day.

It needs no server: the calls fail by themselves, and it ends.
"""

from __future__ import annotations

import trio

from trio_helianthus import core, errors

POLICY = core.RetryPolicy(max_attempts=4, initial_delay=0.01, max_delay=0.1)


class Shop:
    """Fails so many times."""

    def __init__(self, failures: int) -> None:
        self.failures = failures

    async def price(self) -> int:
        await trio.sleep(0.001)
        if self.failures > 0:
            self.failures -= 1
            raise errors.ConnectionReset(operation="ask", address="the shop")
        return 42


async def try_again() -> None:
    shop = Shop(failures=2)
    budget = core.RetryBudget(ratio=0.2)  # one for all calls to the shop
    price = await core.retry(
        shop.price, on=errors.NetworkError, policy=POLICY, budget=budget, timeout=5
    )
    print("after two failures: ", price)


async def give_up() -> None:
    shop = Shop(failures=10)
    try:
        await core.retry(shop.price, on=errors.NetworkError, policy=POLICY)
    except errors.NetworkError as error:
        print("after too many:     ", error.__notes__[0].partition(" in ")[0])


async def do_not_even_call() -> None:
    shop = Shop(failures=10)
    breaker = core.CircuitBreaker("the shop", min_calls=5, open_seconds=0.05)
    for _ in range(7):
        try:
            with breaker.call():
                await shop.price()
        except errors.CircuitOpen as error:
            print("the breaker is open:", error)
        except errors.NetworkError:
            pass
    shop.failures = 0
    await trio.sleep(0.05)
    with breaker.call():
        await shop.price()
    print("and later:          ", breaker.state.value)


async def be_polite() -> None:
    limiter = core.RateLimiter(rate=100, burst=10)
    began = trio.current_time()
    for _ in range(20):
        await limiter.acquire()
    print("20 calls took about ", round(trio.current_time() - began, 1), "seconds")


async def main() -> None:
    await try_again()
    await give_up()
    await do_not_even_call()
    await be_polite()


if __name__ == "__main__":
    trio.run(main)
