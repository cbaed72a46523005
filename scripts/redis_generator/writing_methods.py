"""Writes ``_commands``, the client's methods, and ``_pipelined``, those of pipelines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from .docs import method_docs
from .files import from_import, imports_for_types, python_file, shadowing, typing_names
from .layout import Bracketed, assignment, indented, laid_out
from .methods import constant_of
from .signatures import LIMITS, overloaded, request_call, request_tuple, signature
from .writing_table import constants_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .methods import Group, Method
    from .shapes import Declared

__all__ = ["commands_file", "commands_room", "pipelined_file", "pipelined_room"]

_ANY: Final = """\
# What an answer is, no type says: tests compare each with what the method says that it returns.
# mypy: disable-error-code="no-any-return\""""


def commands_file(group: Group) -> str:
    """Return the file with a group's methods of the client."""
    body = [
        f"class {group.class_name}(CommandRunner[T]):",
        f'    """{group.title}."""',
    ]
    for method in group.methods:
        body += ["", *_overloads(method), *_method(method)]
    return _file(group, "CommandRunner", body, f"{group.title}: methods of the client.", _ANY)


def pipelined_file(group: Group) -> str:
    """Return the file with a group's methods of pipelines."""
    body = [
        f"class {group.queue_name}(CommandQueue[T]):",
        f'    """{group.title}."""',
    ]
    for method in group.methods:
        if method.is_pipelined:
            body += ["", *_queued(method)]
    return _file(group, "CommandQueue", body, f"{group.title}: methods of pipelines.")


def _declared(method: Method) -> list[Declared]:
    limits = LIMITS[1:] if method.owns_timeout else LIMITS
    return [*method.declared, *limits]


def _overloads(method: Method) -> list[str]:
    lines: list[str] = []
    for overload in method.overloads:
        declared = overloaded(_declared(method), overload)
        start = f"async def {method.method}"
        whole = signature(start, declared, overload.type, first="self", end=": ...")
        lines += ["    @overload", *laid_out(whole, 4)]
    return lines


def _method(method: Method) -> list[str]:
    start = f"async def {method.method}"
    lines = laid_out(signature(start, _declared(method), method.returns.type, first="self"), 4)
    lines += method_docs(method, 8)
    timeout = "None" if method.owns_timeout else "timeout"

    def run(command: str, request: Bracketed | str, start: str = "return await ") -> list[str]:
        items = [command, request, timeout, "token"]
        return laid_out(Bracketed(f"{start}self._run(", items, ")"), 8)

    if method.instead is not None:
        condition, other, sent = method.instead
        lines += [f"        if {condition}:"]
        lines += indented("\n".join(run(constant_of(other), sent)), 4)
        whole = Bracketed("(", [f'b"{method.command}"', "name"], ")")
        return [*lines, *run(method.constant, whole)]
    if method.has_shortcut:
        lines += _shortcut(method, lambda sent: run(method.constant, sent))
    command, choosing = _command(method)
    lines += choosing
    request = request_tuple(method) if method.is_inline else request_call(method)
    if method.ends_connection:
        lines += ["        try:", *indented("\n".join(run(command, request, "await ")), 4)]
        lines += [
            "        except OutcomeUnknown:",
            "            if abort:",
            "                raise",
        ]
        return lines
    return [*lines, *run(command, request)]


def _command(method: Method) -> tuple[str, list[str]]:
    """Return the constant of a method, and the statement that chooses it."""
    if not method.variants:
        return method.constant, []
    (variant,) = method.variants
    other = f"{method.constant}_{variant.suffix}"
    if not variant.condition:
        return other, []
    chosen = f"{other} if {variant.condition} else {method.constant}"
    return "command", assignment("command", chosen, 8)


def _queued(method: Method) -> list[str]:
    lines = laid_out(signature(f"def {method.method}", method.declared, "Self", first="self"), 4)
    where = f":meth:`~trio_helianthus.redis.Redis.{method.method}`"
    lines.append(f'        """See {where}."""')

    def queue(command: str, request: Bracketed | str, indent: int = 8) -> list[str]:
        return laid_out(Bracketed("self._queue(", [command, request], ")"), indent)

    if method.instead is not None:
        condition, other, request = method.instead
        whole = Bracketed("(", [f'b"{method.command}"', "name"], ")")
        lines += [f"        if {condition}:", *queue(constant_of(other), request, 12)]
        lines += ["        else:", *queue(method.constant, whole, 12)]
        return [*lines, "        return self"]
    command, choosing = _command(method)
    call = request_tuple(method) if method.is_inline else request_call(method)
    return [*lines, *choosing, *queue(command, call), "        return self"]


def _shortcut(method: Method, run: Callable[[Bracketed], list[str]]) -> list[str]:
    """Return the statements that run the command without any of its options."""
    given, sent = [], [f'b"{word}"' for word in method.command.split()]
    for each in method.declared:
        if each.default is None:
            sent.append(each.name)
        else:
            given.append(each.name if each.default == "False" else f"{each.name} is not None")
    tests = [given[0], *(f"or {each}" for each in given[1:])]
    lines = ["        if not (", *(f"            {each}" for each in tests), "        ):"]
    return [*lines, *indented("\n".join(run(Bracketed("(", sent, ")"))), 4)]


def _file(group: Group, base: str, body: list[str], purpose: str, *comments: str) -> str:
    code = "\n".join(body)
    constants = [name for name in constants_of(group) if re.search(rf"\b{name}\b", _bare(code))]
    names = [*typing_names(code), "TYPE_CHECKING"]
    if "@overload" in code:
        names.append("overload")
    imports = [*from_import("typing", names), ""]
    if "OutcomeUnknown" in code:
        imports += ["from trio_helianthus.errors import OutcomeUnknown", ""]
    imports += from_import(".._command_runner", [base, "T"])
    imports += from_import(f".._command_table._{group.name}", constants)
    if "request." in code:
        imports.append(f"from .._requests import _{group.name} as request")
    imports += ["", *imports_for_types(_bare(code)), ""]
    said = [comment for comment in (shadowing(_bare(code)), *comments) if comment]
    return python_file(purpose, imports, body, noqa="\n".join(said))


def _bare(code: str) -> str:
    """Return code without its docstrings."""
    return re.sub(r'"""(.|\n)*?"""', "", code)


def commands_room(groups: Sequence[Group]) -> str:
    """Return the file that has all methods of the client."""
    for_all = [group for group in groups if not group.is_stateful]
    lent = [group for group in groups if group.is_stateful]
    body = [
        "class Commands(",
        *(f"    {group.class_name}[T]," for group in for_all),
        "):",
        '    """All commands that any connection takes."""',
        "",
        "",
        *laid_out(
            Bracketed(
                "class ConnectionCommands(",
                ["Commands[T]", *(f"{group.class_name}[T]" for group in lent)],
                "):",
            ),
            0,
        ),
        '    """All commands, also those that change the connection that they are sent on."""',
    ]
    return _room(
        groups, "class_name", body, "All commands as methods.", ["Commands", "ConnectionCommands"]
    )


def pipelined_room(groups: Sequence[Group]) -> str:
    """Return the file that has all methods of pipelines."""
    body = [
        "class QueuedCommands(",
        *(f"    {group.queue_name}[T]," for group in groups),
        "):",
        '    """All commands that can stand in a pipeline."""',
    ]
    return _room(
        groups, "queue_name", body, "All commands as methods of pipelines.", ["QueuedCommands"]
    )


def _room(
    groups: Sequence[Group], attribute: str, body: list[str], purpose: str, names: list[str]
) -> str:
    imports = from_import(".._command_runner", ["T"])
    for group in sorted(groups, key=lambda group: group.name):
        imports += from_import(f"._{group.name}", [getattr(group, attribute)])
    exported = f"__all__ = [{', '.join(f'{chr(34)}{name}{chr(34)}' for name in names)}]"
    return python_file(purpose, [*imports, "", exported, "", ""], body)
