"""A service at a unix socket that knows who asks; it ends by itself."""

from __future__ import annotations

import socket
import tempfile

import trio

from trio_helianthus import errors, net


async def greet(stream: net.UnixStream) -> None:
    """Tell each client which user it is: the system vouches for it, no password is needed."""
    who = stream.peer_credentials()
    await stream.send_all(f"hello, user {who.uid} (process {who.pid})\n".encode())


async def main() -> None:
    if not hasattr(socket, "AF_UNIX"):
        print("There are no unix sockets on this system.")
        return
    with tempfile.TemporaryDirectory() as folder:
        await serve_and_ask(trio.Path(folder, "greeter"))


async def serve_and_ask(path: trio.Path) -> None:
    leave_dead_server(path)

    async with trio.open_nursery() as nursery:
        server: net.Server = await nursery.start(net.serve_unix, greet, path)
        print("serving at a path, mode", oct((await path.lstat()).st_mode & 0o777))

        async with await net.connect_unix(path, timeout=5) as stream:
            print(" ", (await stream.receive_until(b"\n")).decode().strip())

        try:
            await net.listen_unix(path)
        except errors.AddressInUse as error:
            print("  a second server:", error.message)

        await server.drain(timeout=1)
    print("drained; the file is", "still there" if await path.exists() else "gone")


def leave_dead_server(path: trio.Path) -> None:
    """Leave what a server leaves that was killed: its file. The next one replaces it."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(path))


if __name__ == "__main__":
    trio.run(main)
