"""What a NetworkError knows, and how it reads."""

from __future__ import annotations

import errno
import os
import socket
import ssl
import sys
from pathlib import Path
from typing import Final

import pytest

from trio_helianthus import errors
from trio_helianthus.errors import ErrorCode, NetworkError, network_error

CLASSES: Final[list[type[NetworkError]]] = [
    value
    for value in map(errors.__dict__.get, errors.__all__)
    if isinstance(value, type) and issubclass(value, NetworkError)
]


def at(address: object, operation: str | None = "connect") -> str:
    """How an error about this address begins."""
    return str(NetworkError("odd", operation=operation, address=address)).removesuffix(": odd")


def test_a_refused_connection_reads_like_a_sentence() -> None:
    error = network_error(
        111,
        "Connection refused",
        operation="connect",
        address=("127.0.0.1", 9),
        platform="linux",
    )
    assert str(error) == "connect to 127.0.0.1:9: connection refused (ECONNREFUSED 111)"


def test_every_class_has_a_code_of_its_own() -> None:
    codes = [error_type.default_code for error_type in CLASSES]
    assert len(set(codes)) == len(codes)
    assert all(error_type().code is error_type.default_code for error_type in CLASSES)


def test_only_a_plain_network_error_is_of_unknown_meaning() -> None:
    assert [kind for kind in CLASSES if kind.default_code is ErrorCode.UNKNOWN] == [NetworkError]


def test_a_code_may_be_more_exact_than_the_class() -> None:
    error = errors.ConnectionBroken(code=ErrorCode.UNREACHABLE)
    assert error.code is ErrorCode.UNREACHABLE


def test_a_number_makes_the_attributes_that_an_os_error_has() -> None:
    error = errors.ConnectionRefused("Connection refused", errno=errno.ECONNREFUSED)
    plain = OSError(errno.ECONNREFUSED, "Connection refused")
    assert (error.errno, error.strerror, error.args) == (plain.errno, plain.strerror, plain.args)


def test_without_a_number_the_text_is_all() -> None:
    error = errors.ConnectionRefused()
    assert (error.errno, error.strerror) == (None, "connection refused")
    assert error.args == ("connection refused",)
    assert str(error) == "connection refused"


def test_the_number_gets_its_name() -> None:
    error = NetworkError("no route", errno=errno.EHOSTUNREACH)
    assert error.symbol is not None
    assert error.symbol.endswith("EHOSTUNREACH")


def test_an_unknown_number_is_shown_without_a_name() -> None:
    assert str(NetworkError("odd", errno=4242)) == "odd (error 4242)"


def test_the_resolver_has_its_own_names_for_its_numbers() -> None:
    error = errors.NameResolutionFailed("no such name", errno=socket.EAI_NONAME)
    assert str(error) == f"no such name (EAI_NONAME {socket.EAI_NONAME:d})"


def test_tls_has_its_own_names_for_its_numbers() -> None:
    assert errors.TLSError(errno=ssl.SSL_ERROR_SSL).symbol == "SSL_ERROR_SSL"
    assert errors.TLSError(errno=4242).symbol is None


def test_an_incomplete_receive_counts_what_came() -> None:
    error = errors.IncompleteReceive(partial=b"abc", expected=10)
    assert str(error) == "the peer ended the stream after 3 of 10 bytes"
    assert (error.partial, error.expected) == (b"abc", 10)
    assert "after 3 bytes" in str(errors.IncompleteReceive(partial=b"abc"))


@pytest.mark.parametrize(
    ("address", "written"),
    [
        (("127.0.0.1", 80), "127.0.0.1:80"),
        (("example.org", "https"), "example.org:https"),
        (("::1", 80), "[::1]:80"),
        (("::1", 80, 0, 0), "[::1]:80"),
        (("fe80::1", 80, 0, 2), "[fe80::1%2]:80"),
        (("fe80::1%eth0", 80, 0, 2), "[fe80::1%eth0]:80"),
        ("/run/app.sock", "/run/app.sock"),
        (b"/run/app.sock", "/run/app.sock"),
        (b"/run/\xff", "/run/\\xff"),
        (Path("app.sock"), "app.sock"),
        ("\0name", "@name"),
        (b"\0name", "@name"),
        ((None, 80), "(None, 80)"),
        (42, "42"),
    ],
)
def test_an_address_is_written_the_way_people_write_it(address: object, written: str) -> None:
    assert at(address) == f"connect to {written}"


@pytest.mark.parametrize(
    ("operation", "sentence"),
    [
        ("connect", "connect to x:1"),
        ("bind", "bind to x:1"),
        ("listen", "listen on x:1"),
        ("accept", "accept on x:1"),
        ("send", "send to x:1"),
        ("receive_exactly", "receive_exactly from x:1"),
        ("resolve", "resolve x:1"),
        ("TLS handshake", "TLS handshake with x:1"),
        (None, "x:1"),
    ],
)
def test_an_operation_takes_the_preposition_that_fits(operation: str | None, sentence: str) -> None:
    assert at(("x", 1), operation) == sentence


@pytest.mark.parametrize("nobody", [None, "", b""])
def test_an_operation_without_an_address_stands_alone(nobody: object) -> None:
    assert at(nobody) == "connect"


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ("Connection refused", "send: connection refused"),
        ("TLS went wrong", "send: TLS went wrong"),
        ("I/O error", "send: I/O error"),
        ("", "send"),
        ("A", "send: A"),
    ],
)
def test_the_message_follows_a_colon(message: str, sentence: str) -> None:
    assert str(NetworkError(message, operation="send")) == sentence


def test_the_systems_text_itself_is_kept() -> None:
    error = network_error(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
    assert error.strerror == os.strerror(errno.ECONNREFUSED)
    assert error.message == error.strerror


@pytest.mark.skipif(sys.platform != "win32", reason="only Windows has winerror")
def test_windows_numbers_are_also_the_winerror() -> None:
    assert getattr(network_error(10061, "refused"), "winerror", None) == 10061
