"""What a network does wrong, and what each failure can be caught as; it ends by itself."""

from __future__ import annotations

import errno
import socket
import struct
import sys

import trio

from trio_helianthus import errors, net


async def by_its_class(port: int) -> None:
    try:
        await net.connect_tcp("127.0.0.1", port)
    except errors.ConnectionRefused as error:
        print("refused:  ", error)


async def by_its_code(port: int) -> None:
    try:
        await net.connect_tcp("127.0.0.1", port)
    except errors.NetworkError as error:
        match error.code:
            case errors.ErrorCode.REFUSED | errors.ErrorCode.UNREACHABLE:
                print("by code:  ", error.code.value, "at", error.address)
            case _:
                raise


async def as_an_os_error(port: int) -> None:
    try:
        await net.connect_tcp("127.0.0.1", port)
    except OSError as error:
        known = error.errno == errno.ECONNREFUSED
        print("as OSError:", type(error).__name__, "with the usual errno" if known else "")


async def as_a_broken_resource(port: int, listener: trio.SocketListener) -> None:
    stream = await net.connect_tcp("127.0.0.1", port)
    async with stream:
        await throw_away(await listener.accept())
        try:
            await stream.receive_some()
        except trio.BrokenResourceError as error:
            print("as trio's:", error)


async def with_what_had_arrived(port: int, listener: trio.SocketListener) -> None:
    stream = await net.connect_tcp("127.0.0.1", port)
    async with stream:
        async with await listener.accept() as peer:
            await peer.send_all(b"hel")
        try:
            await stream.receive_exactly(5)
        except errors.IncompleteReceive as error:
            print("cut off:  ", error.partial, "of", error.expected, "bytes")


def numbers_of_other_systems() -> None:
    for platform, number in [("linux", 111), ("darwin", 61), ("freebsd", 61)]:
        code = errors.error_code(errors.ErrorDomain.POSIX, number, platform=platform)
        print("elsewhere:", f"{number} is {code.value!r} on {platform}")


async def throw_away(peer: trio.SocketStream) -> None:
    """Close without a goodbye: with a linger time of 0, the system sends a reset."""
    linger = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    await peer.aclose()


async def main() -> None:
    # Bound and not listening: the port is ours, and refuses everybody.
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        await by_its_class(port)
        await by_its_code(port)
        await as_an_os_error(port)

    server = socket.create_server(("127.0.0.1", 0))
    port = server.getsockname()[1]
    async with trio.SocketListener(trio.socket.from_stdlib_socket(server)) as listener:
        await as_a_broken_resource(port, listener)
        await with_what_had_arrived(port, listener)

    numbers_of_other_systems()


if __name__ == "__main__":
    trio.run(main)
