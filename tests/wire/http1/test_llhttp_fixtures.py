"""The fixtures of nodejs/llhttp (MIT), read from a checkout and judged by our own rules.

``LLHTTP`` names a checkout of https://github.com/nodejs/llhttp; without it one is cloned. Fixtures
for a parser that was told to be lenient are left out: we have no such switches.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from attrs import field, frozen

from trio_helianthus.wire import NEED_DATA, PAUSED
from trio_helianthus.wire.http1 import (
    BadMessage,
    Data,
    EndOfMessage,
    Engine,
    HTTP1Connection,
    InformationalResponse,
    Request,
    Response,
    client_connection,
    server_connection,
)

pytestmark = pytest.mark.conformance

CLONE: Final = ["git", "clone", "--quiet", "--depth=1", "https://github.com/nodejs/llhttp.git"]
PART: Final = re.compile(
    r"^#+ (?P<title>[^\n]*)$|^<!-- meta=(?P<meta>[^\n]*) -->$"
    r"|^```(?P<kind>\w+)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
PAUSES: Final = re.compile(r"error code=2[123] ")

CLOSED: Final = "what follows a last message is left in the buffer, and never parsed"
INCOMPLETE: Final = "it has no end yet; the end of the stream, or of patience, refuses it"
VERSION: Final = "HTTP/1.0 and HTTP/1.1 alone (RFC 9112, section 2.3), and no RTSP"
TOKEN: Final = "a method is any token (RFC 9110, section 9.1); who does not know it answers 405"
TARGET: Final = "not a target of that method in HTTP (RFC 9112, section 3.2)"
CODINGS: Final = "chunked alone; another coding is refused, not read up to the end of the stream"
READINGS: Final = "it has two readings, so that it gets none"
EMPTY_LINES: Final = "one empty line before a request is forgiven, none before a response"
SKIPPED: Final = "the fixture leaves out the bodies that its heads announce"
UNASKED: Final = "behind the answer comes what nobody asked for"

DIFFERENCES: Final = {
    "request/connection: No restart when keep-alive is off (1.0)": CLOSED,
    "request/connection: CRLF between requests, implicit `keep-alive`": EMPTY_LINES,
    "request/connection: CRLF between requests, explicit `close`": CLOSED,
    "request/connection: CRLF between requests, explicit `close` followed by tab": CLOSED,
    "request/content-length: Error on `Content-Length` overflow": INCOMPLETE,
    "request/content-length: Error on duplicate `Content-Length`": INCOMPLETE,
    "request/content-length: Content-Length reset when no body is received": SKIPPED,
    "request/invalid: HTTP protocol and ANNOUNCE method": TOKEN,
    "request/invalid: Invalid method": TOKEN,
    "request/invalid: Invalid HTTP version": INCOMPLETE,
    "request/method: CONNECT with body": READINGS,
    "request/method: M-SEARCH request": TARGET,
    "request/method: SOURCE request with ICE": VERSION,
    "request/method: OPTIONS request with RTSP": VERSION,
    "request/method: ANNOUNCE request with RTSP": VERSION,
    "request/method: PRI request HTTP2": TARGET,
    "request/sample: No HTTP version": VERSION,
    "request/transfer-encoding: POST with `chunked` as last transfer-encoding": CODINGS,
    "request/transfer-encoding: "
    "POST with `chunked` as last transfer-encoding (multiple headers)": CODINGS,
    "request/uri: Fragment in URI": TARGET,
    "request/uri: `host:port` and basic auth": TARGET,
    "response/connection: HTTP/1.1 with keep-alive disabled and 204 status": CLOSED,
    "response/connection: HTTP/1.1 with keep-alive disabled, content-length": CLOSED,
    "response/connection: HTTP 101 response with Upgrade and Content-Length header": READINGS,
    "response/connection: HTTP 101 response with Upgrade and Transfer-Encoding header": READINGS,
    "response/connection: HTTP 304 with Content-Length": UNASKED,
    "response/connection: HTTP 304 with Transfer-Encoding": UNASKED,
    "response/connection: HTTP 100 first, then 400": EMPTY_LINES,
    "response/content-length: Content-Length reset when no body is received": SKIPPED,
    "response/pipelining: Should parse multiple events": UNASKED,
    "response/sample: RTSP response": VERSION,
    "response/sample: ICE response": VERSION,
    "response/sample: HTTP version 0.9": VERSION,
    "response/sample: Response starting with CRLF": EMPTY_LINES,
    "response/transfer-encoding: `chunked` before other transfer-encoding": CODINGS,
    "response/transfer-encoding: "
    "multiple transfer-encoding where chunked is not the last one": CODINGS,
    "response/transfer-encoding: "
    "`chunkedchunked` transfer-encoding does not enable chunked enconding": CODINGS,
}
"""Fixtures in which we do not say what llhttp says, and why not."""


@frozen
class Fixture:
    name: str
    is_request: bool
    data: bytes
    refused: bool
    heads: int
    body_bytes: int = field(repr=False)


def test_llhttp(engine: Engine, checkout: Path) -> None:
    fixtures = list(read_fixtures(checkout))
    assert len(fixtures) > 150
    surprises = []
    for fixture in fixtures:
        fault = difference(engine, fixture)
        if (fault is not None) != (fixture.name in DIFFERENCES):
            surprises.append(f"{fixture.name}: {fault}; {fixture.data!r}")
    assert surprises == []


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if "LLHTTP" in os.environ:
        return Path(os.environ["LLHTTP"])
    path = tmp_path_factory.mktemp("llhttp")
    try:
        subprocess.run([*CLONE, str(path)], check=True, timeout=100)
    except (OSError, subprocess.SubprocessError) as exc:
        pytest.skip(f"cannot clone nodejs/llhttp: {exc}")
    return path


def read_fixtures(checkout: Path) -> Iterator[Fixture]:
    seen: dict[str, int] = {}
    for path in sorted(checkout.glob("test/re*/*.md")):
        title, kind, data = "", "", b""
        for part in PART.finditer(path.read_text(encoding="utf-8")):
            if part["title"] is not None:
                title = part["title"].strip()
            elif part["meta"] is not None:
                kind = json.loads(part["meta"]).get("type", "")
            elif part["kind"] == "http":
                data = bytes_of(part["text"])
            elif part["kind"] == "log" and kind in {
                *("request", "request-finish", "response", "response-finish"),
            }:
                name = f"{path.parent.name}/{path.stem}: {title}"
                seen[name] = seen.get(name, 0) + 1
                if seen[name] > 1:
                    name += f" ({seen[name]})"
                log = part["text"]
                yield Fixture(
                    name,
                    kind.startswith("request"),
                    data,
                    "error code=" in log and PAUSES.search(log) is None,
                    log.count("headers complete"),
                    sum(map(int, re.findall(r"len=(\d+) span\[body\]", log))),
                )


def bytes_of(text: str) -> bytes:
    """What a fixture's text stands for; the rules are those of its project's own runner."""
    text = text.removesuffix("\n")
    text = re.sub(r"\\\n", "", text)
    text = text.replace("\n", "\r\n")
    for escape, meaning in ((r"\r", "\r"), (r"\n", "\n"), (r"\t", "\t"), (r"\f", "\f")):
        text = text.replace(escape, meaning)
    text = re.sub(r"\\x([0-9a-fA-F]+)", lambda match: chr(int(match[1], 16)), text)
    text = re.sub(r"\\([0-7]{1,3})", lambda match: chr(int(match[1], 8)), text)
    text = re.sub(r"\$\{'(.)'\.repeat\((\d+)\)\}", lambda m: m[1] * int(m[2]), text)
    return text.encode()


def difference(engine: Engine, fixture: Fixture) -> str | None:
    """In which way our reading differs from the fixture's."""
    data = fixture.data
    if fixture.is_request:
        connection = server_connection(engine=engine)
        # llhttp does not ask for a Host, so that most of its fixtures have none.
        data = re.sub(
            rb"( HTTP/1\.1\r\n)((?:[^\r\n]+\r\n)*\r\n)",
            lambda m: m[0] if b"\r\nhost:" in m[0].lower() else m[1] + b"Host: a\r\n" + m[2],
            data,
        )
    else:
        connection = client_connection(engine=engine)
        ask(connection)
    connection.receive_data(data)
    try:
        heads, body = read_all(connection)
    except BadMessage as refusal:
        return None if fixture.refused else f"refused: {refusal}"
    if fixture.refused:
        return "not refused"
    if (heads, body) != (fixture.heads, fixture.body_bytes):
        return f"{heads} heads and {body} bytes, not {fixture.heads} and {fixture.body_bytes}"
    return None


def ask(connection: HTTP1Connection) -> None:
    fields = [(b"host", b"a"), (b"connection", b"upgrade"), (b"upgrade", b"any")]
    connection.send(Request("GET", b"/", fields), EndOfMessage())


def read_all(connection: HTTP1Connection) -> tuple[int, int]:
    """Read whatever is there, with one cycle after the other, and count heads and bytes of data."""
    heads = body = 0
    while (event := connection.next_event()) is not NEED_DATA:
        if isinstance(event, Data):
            body += len(event.data)
        elif isinstance(event, Request | Response | InformationalResponse):
            heads += 1
        elif event is PAUSED or isinstance(event, EndOfMessage):
            if connection.can_answer:
                connection.send(Response(404, [(b"content-length", b"0")]), EndOfMessage())
            if connection.can_reuse:
                connection.start_next_cycle()
            elif event is PAUSED:
                break
    return heads, body
