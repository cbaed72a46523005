"""The table of numbers: literal for every platform, and right on the one that runs the tests."""

from __future__ import annotations

import errno
import socket
import sys
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_helianthus.errors import ErrorCode, ErrorDomain, NetworkError, error_code, network_error

POSIX, KQUEUE = ErrorDomain.POSIX, ErrorDomain.KQUEUE
WINSOCK, WIN32 = ErrorDomain.WINSOCK, ErrorDomain.WIN32
RESOLVER: Final = ErrorDomain.RESOLVER

PLATFORMS: Final = ["linux", "darwin", "freebsd14", "win32"]
# What a socket may answer on any system, so that no table may lack it.
NEEDED_EVERYWHERE: Final = {
    ErrorCode.ABORTED,
    ErrorCode.ACCESS_DENIED,
    ErrorCode.ADDRESS_IN_USE,
    ErrorCode.ADDRESS_NOT_AVAILABLE,
    ErrorCode.ALREADY_CONNECTED,
    ErrorCode.BROKEN,
    ErrorCode.CANCELLED,
    ErrorCode.IN_PROGRESS,
    ErrorCode.INTERRUPTED,
    ErrorCode.INVALID_ARGUMENT,
    ErrorCode.INVALID_HANDLE,
    ErrorCode.MESSAGE_TOO_LARGE,
    ErrorCode.NOT_CONNECTED,
    ErrorCode.NOT_SUPPORTED,
    ErrorCode.OUT_OF_RESOURCES,
    ErrorCode.REFUSED,
    ErrorCode.RESET,
    ErrorCode.TIMED_OUT,
    ErrorCode.TOO_MANY_OPEN_FILES,
    ErrorCode.UNREACHABLE,
    ErrorCode.WOULD_BLOCK,
}

domains: Final = st.sampled_from(ErrorDomain)
platforms: Final = st.sampled_from([*PLATFORMS, "android", "ios", "freebsd", "sunos5", ""])
numbers: Final = st.integers(-10, 20_000)


def meanings(domain: ErrorDomain, platform: str) -> set[ErrorCode]:
    return {error_code(domain, number, platform=platform) for number in range(-200, 12_000)}


@given(domains, numbers, platforms)
def test_every_number_has_a_meaning_and_is_kept(
    domain: ErrorDomain, number: int, platform: str
) -> None:
    code = error_code(domain, number, platform=platform)
    error = network_error(number, "The system's text", domain=domain, platform=platform)
    assert isinstance(error, NetworkError)
    assert (error.code, error.errno, error.strerror) == (code, number, "The system's text")
    assert str(error).startswith("the system's text (")
    assert str(error).endswith(f"{number})")


@given(domains, numbers, platforms)
def test_a_number_that_means_something_has_a_name(
    domain: ErrorDomain, number: int, platform: str
) -> None:
    error = network_error(number, domain=domain, platform=platform)
    assert (error.symbol is None) == (error.code is ErrorCode.UNKNOWN)


@given(domains, numbers, platforms)
def test_equal_meanings_make_equal_classes(domain: ErrorDomain, number: int, platform: str) -> None:
    error = network_error(number, domain=domain, platform=platform)
    assert type(error).default_code in {error.code, ErrorCode.UNKNOWN}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_no_posix_table_lacks_a_common_answer(platform: str) -> None:
    assert meanings(POSIX, platform) >= NEEDED_EVERYWHERE


def test_winsock_lacks_no_common_answer() -> None:
    assert meanings(WINSOCK, "win32") >= NEEDED_EVERYWHERE | {ErrorCode.NAME_RESOLUTION}


@pytest.mark.parametrize(
    ("platform", "refused", "reset", "timed_out", "in_use", "would_block"),
    [
        ("linux", 111, 104, 110, 98, 11),
        ("android", 111, 104, 110, 98, 11),
        ("darwin", 61, 54, 60, 48, 35),
        ("ios", 61, 54, 60, 48, 35),
        ("freebsd", 61, 54, 60, 48, 35),
        ("freebsd14", 61, 54, 60, 48, 35),
        ("freebsd13.2", 61, 54, 60, 48, 35),
        ("win32", 107, 108, 138, 100, 140),
    ],
)
def test_platforms_number_the_same_things_differently(
    platform: str, refused: int, reset: int, timed_out: int, in_use: int, would_block: int
) -> None:
    assert error_code(POSIX, refused, platform=platform) is ErrorCode.REFUSED
    assert error_code(POSIX, reset, platform=platform) is ErrorCode.RESET
    assert error_code(POSIX, timed_out, platform=platform) is ErrorCode.TIMED_OUT
    assert error_code(POSIX, in_use, platform=platform) is ErrorCode.ADDRESS_IN_USE
    assert error_code(POSIX, would_block, platform=platform) is ErrorCode.WOULD_BLOCK


@pytest.mark.parametrize("platform", ["sunos5", "", "linux-ish"])
def test_a_platform_without_a_table_knows_no_meaning(platform: str) -> None:
    assert meanings(POSIX, platform) == {ErrorCode.UNKNOWN}


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (10004, ErrorCode.INTERRUPTED),
        (10009, ErrorCode.INVALID_HANDLE),
        (10013, ErrorCode.ACCESS_DENIED),
        (10024, ErrorCode.TOO_MANY_OPEN_FILES),
        (10035, ErrorCode.WOULD_BLOCK),
        (10048, ErrorCode.ADDRESS_IN_USE),
        (10051, ErrorCode.UNREACHABLE),
        (10053, ErrorCode.ABORTED),
        (10054, ErrorCode.RESET),
        (10057, ErrorCode.NOT_CONNECTED),
        (10058, ErrorCode.BROKEN),
        (10060, ErrorCode.TIMED_OUT),
        (10061, ErrorCode.REFUSED),
        (11001, ErrorCode.NAME_RESOLUTION),
        (11004, ErrorCode.NAME_RESOLUTION),
        (995, ErrorCode.CANCELLED),
        (11005, ErrorCode.UNKNOWN),
    ],
)
def test_winsock_numbers_mean_the_same_everywhere(number: int, code: ErrorCode) -> None:
    assert {error_code(WINSOCK, number, platform=each) for each in PLATFORMS} == {code}


def test_the_sockets_of_windows_mix_two_numberings() -> None:
    refused, broken = 10061, 32
    assert network_error(refused, platform="win32").symbol == "WSAECONNREFUSED"
    assert network_error(broken, platform="win32").symbol == "EPIPE"


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (4, ErrorCode.TOO_MANY_OPEN_FILES),
        (5, ErrorCode.ACCESS_DENIED),
        (6, ErrorCode.INVALID_HANDLE),
        (8, ErrorCode.OUT_OF_RESOURCES),
        (64, ErrorCode.RESET),
        (109, ErrorCode.BROKEN),
        (121, ErrorCode.TIMED_OUT),
        (995, ErrorCode.CANCELLED),
        (997, ErrorCode.IN_PROGRESS),
        (1225, ErrorCode.REFUSED),
        (1226, ErrorCode.BROKEN),
        (1231, ErrorCode.UNREACHABLE),
        (1232, ErrorCode.UNREACHABLE),
        (1234, ErrorCode.REFUSED),
        (1236, ErrorCode.ABORTED),
        (111, ErrorCode.UNKNOWN),
    ],
)
def test_completions_of_overlapped_operations_mean_the_same_everywhere(
    number: int, code: ErrorCode
) -> None:
    assert {error_code(WIN32, number, platform=each) for each in PLATFORMS} == {code}


@pytest.mark.parametrize(
    ("number", "from_kevent", "from_a_socket"),
    [
        (errno.ENOENT, ErrorCode.NOT_REGISTERED, ErrorCode.NOT_FOUND),
        (errno.EINVAL, ErrorCode.INVALID_FILTER, ErrorCode.INVALID_ARGUMENT),
        (errno.ENOMEM, ErrorCode.OUT_OF_RESOURCES, ErrorCode.OUT_OF_RESOURCES),
        (errno.EBADF, ErrorCode.INVALID_HANDLE, ErrorCode.INVALID_HANDLE),
        (errno.EACCES, ErrorCode.ACCESS_DENIED, ErrorCode.ACCESS_DENIED),
        (errno.EINTR, ErrorCode.INTERRUPTED, ErrorCode.INTERRUPTED),
    ],
)
@pytest.mark.parametrize("platform", ["darwin", "freebsd14"])
def test_kqueue_means_other_things_by_some_numbers(
    number: int, from_kevent: ErrorCode, from_a_socket: ErrorCode, platform: str
) -> None:
    assert error_code(KQUEUE, number, platform=platform) is from_kevent
    assert error_code(POSIX, number, platform=platform) is from_a_socket


def test_a_write_that_races_with_a_teardown_is_broken_on_macos() -> None:
    eprototype = 41
    assert error_code(POSIX, eprototype, platform="darwin") is ErrorCode.BROKEN
    assert error_code(POSIX, eprototype, platform="freebsd14") is ErrorCode.NOT_SUPPORTED


@pytest.mark.parametrize(
    ("platform", "no_name"), [("linux", -2), ("darwin", 8), ("freebsd14", 8), ("win32", 11001)]
)
def test_the_resolver_speaks_of_names_only(platform: str, no_name: int) -> None:
    assert error_code(RESOLVER, no_name, platform=platform) is ErrorCode.NAME_RESOLUTION
    assert meanings(RESOLVER, platform) == {ErrorCode.NAME_RESOLUTION, ErrorCode.UNKNOWN}


@pytest.mark.parametrize("number", sorted(errno.errorcode))
def test_names_agree_with_this_platform(number: int) -> None:
    symbol = network_error(number).symbol
    assert symbol is None or getattr(errno, symbol, number) == number


@pytest.mark.parametrize("name", [name for name in dir(socket) if name.startswith("EAI_")])
def test_the_resolvers_names_agree_with_this_platform(name: str) -> None:
    number = getattr(socket, name)
    symbol = network_error(number, domain=RESOLVER).symbol
    assert symbol is None or getattr(socket, symbol) == number


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has names of its own for these")
@pytest.mark.parametrize(
    "name", ["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "EADDRINUSE", "ENETUNREACH"]
)
def test_this_platforms_most_common_numbers_are_known(name: str) -> None:
    assert network_error(getattr(errno, name)).symbol == name


@pytest.mark.parametrize("code", ErrorCode)
def test_a_code_is_safe_to_use_as_a_metric_label(code: ErrorCode) -> None:
    assert code.value == code.name.lower()
    assert code.value.isidentifier()
