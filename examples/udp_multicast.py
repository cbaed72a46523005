"""One sender, two listeners of a multicast group on the same port; ends by itself."""

from __future__ import annotations

import trio

from trio_helianthus import errors, net

GROUP = "239.255.77.2"  # RFC 2365: for use inside one organisation
HERE = "127.0.0.1"  # the interface: stay on this machine


async def listen(name: str, socket: net.UDPSocket) -> None:
    data, _, _ = await socket.receive(timeout=2)
    print(f"{name} heard {data!r}")


async def main() -> None:
    async with (
        net.open_udp(host="0.0.0.0", reuse_address=True) as one,
        net.open_udp(one.port, host="0.0.0.0", reuse_address=True) as other,
        net.open_udp(multicast_interface=HERE, multicast_ttl=0) as sender,
    ):
        try:
            for member in (one, other):
                member.join_group(GROUP, interface=HERE)
            await sender.send_to(b"news for all", (GROUP, one.port))
        except errors.NetworkError as error:
            print("there is no multicast here:", error)
            return
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(listen, "one", one)
                nursery.start_soon(listen, "the other", other)
        except* errors.OperationTimeout:
            print("the group's datagrams do not come through here")


if __name__ == "__main__":
    trio.run(main)
