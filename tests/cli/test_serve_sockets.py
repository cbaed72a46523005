"""Where ``helianthus serve`` listens, and the sockets that its workers share."""

from __future__ import annotations

import argparse
import socket
import sys
from contextlib import closing

import pytest

from trio_helianthus.cli._serve_arguments import ServeOptions, add_arguments, read_arguments
from trio_helianthus.cli._serve_sockets import SharedPort, open_port

spreading = pytest.mark.skipif(sys.platform != "linux", reason="Linux spreads connections")


def options(*words: str) -> ServeOptions:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    said = parser.parse_args(["shop", "--port", "0", *words], argparse.Namespace(words=words))
    return read_arguments(said)


async def places(*words: str) -> list[str]:
    with closing(await open_port(options(*words))) as port:
        return [place.rpartition(":")[0] for place in port.places("http")]


async def test_it_listens_at_this_machine_unless_told_otherwise() -> None:
    assert await places() == ["http://127.0.0.1"]


async def test_a_star_is_everywhere() -> None:
    found = await places("--host", "*")
    assert "http://0.0.0.0" in found
    assert set(found) <= {"http://0.0.0.0", "http://[::]"}


@pytest.mark.skipif(not socket.has_ipv6, reason="needs IPv6")
@pytest.mark.parametrize("host", ["::1", "[::1]"])
async def test_an_address_of_ipv6_may_have_brackets(host: str) -> None:
    assert await places("--host", host) == ["http://[::1]"]


def listening(fds: list[int]) -> bool:
    with socket.socket(fileno=socket.dup(fds[0])) as sock:
        return bool(sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))


async def connected(port: SharedPort, count: int) -> int:
    """How many connections are taken by somebody."""
    address = port.listeners[0].address
    assert isinstance(address, tuple)
    for _ in range(count):
        socket.create_connection((address[0], address[1]), timeout=5).close()
    return count


@spreading
async def test_what_only_one_worker_had_gets_nothing_when_it_is_gone() -> None:
    with closing(await open_port(options())) as port:
        first, second = port.add_place(), port.add_place()
        assert first != second
        port.remove_place(first)
        with socket.socket(fileno=socket.dup(second[0])) as left:
            left.settimeout(5)
            for _ in range(await connected(port, 20)):
                left.accept()[0].close()
        third = port.add_place()  # though the first one's address is not at hand any more
        with socket.socket(fileno=socket.dup(third[0])) as again:
            assert again.getsockname() == port.listeners[0].address


@spreading
async def test_the_last_place_keeps_its_sockets() -> None:
    with closing(await open_port(options())) as port:
        only = port.add_place()
        port.remove_place(only)
        assert listening(only)


async def test_what_all_share_stays_open_for_the_others() -> None:
    with closing(await open_port(options())) as opened:
        port = SharedPort(opened.listeners, spread=False)
        first, second = port.add_place(), port.add_place()
        assert first == second
        port.remove_place(first)
        assert listening(second)
