"""What a sentinel says of the servers that it watches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from ._described import fields_of_map, items_of, junk, text_of
from ._url import Place

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_SERVERS: Final = 1_000
"""More sentinels or replicas than anybody has: what is behind is not looked at."""
_DOWN: Final = frozenset({"disconnected", "o_down", "s_down"})


@attrs.frozen
class Report:
    """What one sentinel says."""

    primary: Place | None
    """Who takes the writes; ``None``: it watches nothing by that name."""
    sentinels: tuple[Place, ...] = ()
    """The other sentinels that it knows."""
    replicas: tuple[Place, ...] = ()
    """Those that can be read from, as far as it knows."""


def parse_report(address: Any, sentinels: Any, replicas: Any) -> Report:
    """Read what ``SENTINEL`` answers to ``GET-MASTER-ADDR-BY-NAME``, ``SENTINELS``, ``REPLICAS``.

    :raises RemoteProtocolError: it is no such answer.
    """
    match address:
        case None:
            return Report(None)
        case [bytes() as host, bytes() as port]:
            primary = _place(host, port)
        case _:
            raise junk(address)
    return Report(
        primary,
        tuple(_place(each["ip"], each["port"]) for each in _servers(sentinels)),
        tuple(_place(each["ip"], each["port"]) for each in _servers(replicas) if _is_usable(each)),
    )


def parse_switch(data: bytes, name: str) -> Place | None:
    """Return the new primary that an event ``+switch-master`` tells of.

    :param data: name, old host, old port, new host, new port.
    :returns: ``None`` where it is about others.
    """
    words = data.decode(errors="replace").split(" ")
    if len(words) != 5 or words[0] != name or not words[4].isdecimal():
        return None
    return Place(words[3], int(words[4]))


def parse_promotion(data: bytes, name: str) -> Place | None:
    """Return the replica that an event ``+failover-state-wait-promotion`` tells of.

    :param data: ``slave <name> <host> <port> @ <name of the primary> ...``.
    :returns: ``None`` where it is about others.
    """
    words = data.decode(errors="replace").split(" ")
    if len(words) < 6 or words[4:6] != ["@", name] or not words[3].isdecimal():
        return None
    return Place(words[2], int(words[3]))


def is_about(data: bytes, name: str) -> bool:
    """Whether an event is about the server of that name or one of its replicas.

    :param data: ``master <name> <host> <port>``, or ``slave <name> <host> <port> @ <name> ...``.
    """
    words: Sequence[str] = data.decode(errors="replace").split(" ")
    return words[1:2] == [name] or (len(words) > 5 and words[4] == "@" and words[5] == name)


def _servers(answer: Any) -> list[dict[str, Any]]:
    servers = [fields_of_map(each) for each in items_of(answer)[:MAX_SERVERS]]
    for server in servers:
        if not {"ip", "port"} <= server.keys():
            raise junk(server)
    return servers


def _is_usable(replica: dict[str, Any]) -> bool:
    flags = text_of(replica.get("flags", b"")).split(",")
    link = text_of(replica.get("master-link-status", b"ok"))
    return link == "ok" and not _DOWN.intersection(flags)


def _place(host: Any, port: Any) -> Place:
    number = text_of(port)
    if not (number.isascii() and number.isdecimal() and 0 < int(number[:6]) < 65_536):
        raise junk(port)
    return Place(text_of(host), int(number))
