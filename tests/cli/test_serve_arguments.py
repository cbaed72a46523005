"""The options of ``helianthus serve``, and what is wrong usage."""

from __future__ import annotations

import argparse
import sys

import attrs
import pytest

from trio_helianthus import cli, http, websocket
from trio_helianthus.cli._serve_arguments import ServeOptions, add_arguments, read_arguments


def read(*words: str) -> ServeOptions:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return read_arguments(parser.parse_args(words, argparse.Namespace(words=words)))


def test_nothing_but_an_application_is_one_process() -> None:
    options = read("shop:app")
    assert options.app == "shop:app"
    assert not options.supervised
    assert not options.says_where
    assert options.limits == http.ServerLimits()
    assert options.drain_timeout == 30


def test_even_one_worker_is_supervised() -> None:
    assert read("shop:app", "--workers", "1").supervised
    assert read("shop:app", "--reload").supervised


def test_whoever_edits_does_not_wait_for_a_long_drain() -> None:
    assert read("shop:app", "--reload").drain_timeout == 1
    assert read("shop:app", "--reload", "--drain-timeout", "7").drain_timeout == 7


@pytest.mark.parametrize("field", attrs.fields(http.ServerLimits), ids=lambda field: field.name)
def test_every_limit_of_the_server_has_an_option(field: attrs.Attribute[float]) -> None:
    option = "--limit-" + field.name.removeprefix("max_").replace("_", "-")
    options = read("shop:app", option, "77")
    assert getattr(options.limits, field.name) == 77


@pytest.mark.parametrize(
    ("option", "name"),
    [
        ("--websocket-message-bytes", "max_message_bytes"),
        ("--websocket-queued-messages", "max_queued_messages"),
        ("--websocket-ping-interval", "ping_interval"),
        ("--websocket-ping-timeout", "ping_timeout"),
        ("--websocket-idle-timeout", "idle_timeout"),
        ("--websocket-closed-grace", "closed_grace"),
    ],
)
def test_the_websockets_of_asgi_have_limits_too(option: str, name: str) -> None:
    assert read("shop:app").websocket_limits == websocket.WebSocketLimits()
    assert getattr(read("shop:app", option, "77").websocket_limits, name) == 77


def test_a_long_message_may_come_in_one_frame() -> None:
    limits = read("shop:app", "--websocket-message-bytes", "16777216").websocket_limits
    assert limits.wire.max_frame_bytes >= limits.wire.max_message_bytes == 16 * 1024 * 1024


def test_messages_are_compressed_unless_told_otherwise() -> None:
    assert read("shop:app").websocket_deflate
    assert not read("shop:app", "--websocket-no-deflate").websocket_deflate


def test_proxies_are_separated_by_commas() -> None:
    assert read("shop:app", "--proxy-headers", "10.0.0.0/8, unix").proxy_headers == (
        "10.0.0.0/8",
        "unix",
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--proxy-headers", "localhost"], "'localhost' does not appear to be"),
        (["--unix", "/x", "--port", "1"], "--unix is a place of its own"),
        (["--fd", "3", "--unix", "/x"], "--fd is a place of its own"),
        (["--keyfile", "x"], "--keyfile needs --certfile"),
        (["--reload", "--workers", "2"], "--reload has one worker"),
        (["--reload-dir", "."], "need --reload"),
        (["--reload", "--reload-dir", "nowhere"], "there is no folder nowhere"),
        (["--app-dir", "nowhere"], "there is no folder nowhere"),
        (["--host", ""], "--host is empty"),
        (["--fd", "3", "--fd", "3"], "--fd names one descriptor twice"),
        (["--root-path", "/x/"], "does not end with one"),
        (["--port", "65536"], "a port is from 0 to 65535"),
        (["--workers", "0"], "must be at least 1"),
        (["--drain-timeout", "nan"], "must be a number of seconds"),
        (["--max-restarts", "-1"], "must be at least 0"),
        (["--unix-mode", "1000"], "a mode is from 0 to 777"),
        (["--unix-mode", "rw"], "--unix-mode"),
        (["--websocket-message-bytes", "0"], "must be at least 1"),
        (["--websocket-ping-interval", "0"], "ping_interval"),
    ],
)
def test_what_makes_no_sense_is_wrong_usage(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["serve", "shop:app", *words])
    assert caught.value.code == 2
    assert said in capsys.readouterr().err


def test_windows_has_no_workers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(SystemExit):
        cli.main(["serve", "shop:app", "--workers", "2"])
    assert "not supported on Windows" in capsys.readouterr().err
