"""Looks an error number up: a pure function of the domain, the number and the platform."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from . import _table_posix, _table_windows
from ._codes import ErrorCode, ErrorDomain


class Entry(NamedTuple):
    """What the table knows about one number."""

    symbol: str
    code: ErrorCode


Table = Mapping[int, Entry]

_FIRST_WINSOCK_NUMBER: Final = 10_000
_SAME_NUMBERS: Final = {"android": "linux", "ios": "darwin"}


def _by_number(rows: Iterable[tuple[str, ErrorCode, int | None]]) -> Table:
    table: dict[int, Entry] = {}
    for symbol, code, number in rows:
        if number is not None:
            table.setdefault(number, Entry(symbol, code))
    return table


def _by_platform(rows: Iterable[_table_posix.Row]) -> Mapping[str, Table]:
    columns: dict[str, list[tuple[str, ErrorCode, int | None]]] = {}
    for symbol, code, *numbers in rows:
        for platform, number in zip(_table_posix.PLATFORMS, numbers, strict=True):
            columns.setdefault(platform, []).append((symbol, code, number))
    return {platform: _by_number(column) for platform, column in columns.items()}


_ANYWHERE: Final[Mapping[ErrorDomain, Table]] = {
    ErrorDomain.KQUEUE: _by_number(_table_posix.KEVENT),
    ErrorDomain.WINSOCK: _by_number(_table_windows.WINSOCK),
    ErrorDomain.WIN32: _by_number(_table_windows.WIN32),
}
_PER_PLATFORM: Final[Mapping[ErrorDomain, Mapping[str, Table]]] = {
    ErrorDomain.POSIX: _by_platform(_table_posix.ERRNO),
    ErrorDomain.RESOLVER: _by_platform(_table_posix.RESOLVER),
}


def error_code(domain: ErrorDomain, number: int, *, platform: str = sys.platform) -> ErrorCode:
    """Say what an error number means.

    Pure and total: it asks nothing of the running system, so that the table of every platform can
    be read, and tested, on every other one.

    :param domain: Who gave the number.
    :param number: The number, as the system reported it.
    :param platform: A value of :data:`sys.platform`. It matters for ``POSIX`` and ``RESOLVER``,
        which know ``"linux"``, ``"darwin"``, ``"freebsd"`` (with any version behind it) and
        ``"win32"`` (the numbers of the C runtime); ``"android"`` and ``"ios"`` count like their
        parents.
    :returns: The meaning; :attr:`ErrorCode.UNKNOWN` for a number or platform that has no entry.
    """
    entry = find_entry(domain, number, platform=platform)
    return ErrorCode.UNKNOWN if entry is None else entry.code


def find_entry(domain: ErrorDomain, number: int, *, platform: str) -> Entry | None:
    """Find the row of a number, if there is one."""
    table = _ANYWHERE.get(domain)
    if table is None:
        family = platform.rstrip("0123456789.") if platform.startswith("freebsd") else platform
        family = _SAME_NUMBERS.get(family, family)
        table = _PER_PLATFORM[domain].get(family, {})
    return table.get(number)


def socket_domain(number: int, *, platform: str) -> ErrorDomain:
    """Tell which domain the ``errno`` of a socket call belongs to.

    On Windows the socket module raises WSA numbers as ``errno``, beside the C runtime's own.
    """
    if platform == "win32" and number >= _FIRST_WINSOCK_NUMBER:
        return ErrorDomain.WINSOCK
    return ErrorDomain.POSIX


def windows_domain(winerror: int) -> ErrorDomain:
    """Tell which domain a ``winerror`` belongs to: an IOCP's completion may carry either."""
    return ErrorDomain.WINSOCK if winerror >= _FIRST_WINSOCK_NUMBER else ErrorDomain.WIN32
