"""The two limits, before, during and after every operation."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import attrs
import pytest
import trio
import trio.testing

from trio_helianthus import core, net
from trio_helianthus.errors import OperationCancelled, OperationTimeout

MakePair: TypeAlias = Callable[..., Awaitable[tuple[Any, Any]]]


@attrs.frozen
class Case:
    """An operation, how to make it wait, and what lets it go on."""

    use: Callable[..., Awaitable[object]]
    receives: bool
    works_on_tls: bool = True


CASES = {
    "receive_some": Case(lambda s, **limits: s.receive_some(**limits), receives=True),
    "receive_exactly": Case(lambda s, **limits: s.receive_exactly(2, **limits), receives=True),
    "receive_until": Case(lambda s, **limits: s.receive_until(b"\n", **limits), receives=True),
    "receive_all": Case(lambda s, **limits: s.receive_all(**limits), receives=True),
    "send_all": Case(lambda s, **limits: s.send_all(b"x", **limits), receives=False),
    "send_vectored": Case(
        lambda s, **limits: s.send_vectored([b"x", b"y"], **limits), receives=False
    ),
    "wait": Case(lambda s, **limits: s.wait_send_all_might_not_block(**limits), receives=False),
    "send_eof": Case(lambda s, **limits: s.send_eof(**limits), receives=False, works_on_tls=False),
}
TLS_CASES = [name for name, case in CASES.items() if case.works_on_tls]
EVERY_CASE = [("tcp", name) for name in CASES] + [("tls", name) for name in TLS_CASES]
WAITING_CASES = [(kind, name) for kind, name in EVERY_CASE if name != "send_eof"]
every_case = pytest.mark.parametrize(("kind", "name"), EVERY_CASE)


@pytest.fixture
def case(name: str) -> Case:
    return CASES[name]


@pytest.fixture
def make_pair(kind: str, case: Case, request: pytest.FixtureRequest) -> MakePair:
    """Pairs on which the case has to wait, if it ever does."""
    fixture = f"make_{kind}_pair" if case.receives else f"make_clogged_{kind}_pair"
    make: MakePair = request.getfixturevalue(fixture)
    return make


@every_case
async def test_a_limit_that_is_over_comes_before_any_input_or_output(
    case: Case, make_pair: MakePair
) -> None:
    token = core.CancelToken()
    token.cancel("too late")
    one, other = await make_pair()
    try:
        sent, received = one.bytes_sent, one.bytes_received
        with pytest.raises(OperationCancelled) as caught:
            await case.use(one, token=token)
        assert caught.value.reason == "too late"
        with pytest.raises(OperationTimeout):
            await case.use(one, timeout=0)
        with pytest.raises(OperationCancelled):  # the token wins
            await case.use(one, timeout=0, token=token)
        with trio.CancelScope() as scope:  # an outer scope wins over both
            scope.cancel()
            await case.use(one, timeout=0, token=token)
        assert scope.cancelled_caught
        assert (one.bytes_sent, one.bytes_received) == (sent, received)
    finally:
        one.reset()
        other.reset()


@pytest.mark.parametrize(("kind", "name"), WAITING_CASES)
async def test_a_limit_ends_the_waiting(case: Case, make_pair: MakePair) -> None:
    for limit in ("timeout", "token"):
        one, other = await make_pair()
        try:
            if limit == "timeout":
                with pytest.raises(OperationTimeout) as expired:
                    await case.use(one, timeout=0.002)
                assert expired.value.seconds == 0.002
            else:
                token = core.CancelToken()
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(cancel_when_all_wait, token)
                    with pytest.raises(OperationCancelled) as caught:
                        await case.use(one, timeout=10, token=token)
                assert caught.value.reason == "enough"
        finally:
            one.reset()
            other.reset()


async def cancel_when_all_wait(token: core.CancelToken) -> None:
    await trio.testing.wait_all_tasks_blocked(0.001)
    token.cancel("enough")


@every_case
async def test_a_limit_that_comes_later_changes_nothing(
    case: Case, kind: str, request: pytest.FixtureRequest
) -> None:
    make: MakePair = request.getfixturevalue(f"make_{kind}_pair")
    one, other = await make()
    async with one, other, trio.open_nursery() as nursery:
        token = core.CancelToken()
        await other.send_all(b"x\n")
        if case is CASES["receive_all"]:
            nursery.start_soon(other.aclose)
        result = await case.use(one, timeout=math.inf, token=token)
        token.cancel()
        assert result == (b"x\n" if case.receives else None)


@pytest.mark.parametrize("limits", [{"timeout": -1}, {"timeout": math.nan}])
async def test_a_timeout_is_a_number_of_seconds(
    limits: dict[str, float], request: pytest.FixtureRequest
) -> None:
    make: MakePair = request.getfixturevalue("make_tcp_pair")
    one, other = await make()
    async with one, other:
        with pytest.raises(ValueError, match="timeout"):
            await one.receive_some(**limits)


async def test_connecting_and_shaking_hands_have_limits_too(
    client_context: Any, request: pytest.FixtureRequest
) -> None:
    token = core.CancelToken()
    token.cancel("no")
    with pytest.raises(OperationCancelled):
        await net.connect_tcp("127.0.0.1", 9, token=token)
    with pytest.raises(OperationTimeout):
        await net.connect_tcp("127.0.0.1", 9, timeout=0)
    with pytest.raises(OperationTimeout):
        await net.connect_tls("127.0.0.1", 9, timeout=0)
    make: MakePair = request.getfixturevalue("make_tcp_pair")
    for timeout, limiting in ((0.002, None), (None, token), (0, None)):
        one, other = await make()
        async with other:
            with pytest.raises((OperationTimeout, OperationCancelled)):
                await net.start_tls(
                    one,
                    ssl_context=client_context,
                    server_hostname="example.org",
                    timeout=timeout,
                    token=limiting,
                )
            assert "closed" in repr(one)
