"""Writes what was being done, and with whom, the way people read it."""

from __future__ import annotations

from typing import Final

_PREPOSITIONS: Final = {
    "accept": "on",
    "bind": "to",
    "connect": "to",
    "listen": "on",
    "receive": "from",
    "resolve": "",
    "send": "to",
    "serve": "on",
    "shut": "",
}


def describe(operation: str | None, address: object) -> str:
    """Write the beginning of an error's sentence, such as ``connect to [::1]:80``.

    :param operation: A verb, or words that contain one; ``None`` leaves it out.
    :param address: What :func:`format_address` takes; ``None`` leaves it out.
    :returns: The words, empty if both are left out.
    """
    place = format_address(address)
    if not operation or not place:
        return operation or place
    words = operation.replace("_", " ").split()
    preposition = next((_PREPOSITIONS[word] for word in words if word in _PREPOSITIONS), "with")
    return " ".join(part for part in (operation, preposition, place) if part)


def format_address(address: object) -> str:
    """Write a socket address: ``127.0.0.1:80``, ``[fe80::1%2]:80``, ``/run/x.sock``, ``@name``.

    :param address: An address as the socket module has it (a tuple of host and port, or a path),
        or any other object, which is written as its ``str()``.
    :returns: The text, empty for ``None`` and for the unnamed end of a unix socket.
    """
    match address:
        case None:
            return ""
        case (str(host), int() | str() as port, *rest):
            return f"{_bracket(host, rest)}:{port}"
        case bytes():
            path = address.decode("utf-8", "backslashreplace")
        case _:
            path = str(address)
    # Linux: the name of an abstract socket begins with a zero byte (unix(7)).
    return f"@{path[1:]}" if path.startswith("\0") else path


def _bracket(host: str, rest: list[object]) -> str:
    """Set an IPv6 host apart from its port (RFC 3986, 3.2.2), with its scope (RFC 4007, 11)."""
    if ":" not in host:
        return host
    match rest:
        case [_, int(scope)] if scope and "%" not in host:
            return f"[{host}%{scope}]"
    return f"[{host}]"
