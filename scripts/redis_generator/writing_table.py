"""Writes ``_command_table``: what the client knows of each command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .files import from_import, python_file
from .layout import Bracketed, laid_out
from .methods import constant_of
from .rules import flags_of, key_specs, policy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .methods import Group, Variant

__all__ = ["constants_of", "table_file", "table_room"]

_USUAL_KEYS: Final = {
    ("KeySpec(1)",): "ONE_KEY",
    ("KeySpec(2)",): "SECOND_KEY",
    ("KeySpec(1)", "KeySpec(2)"): "TWO_KEYS",
    ("KeySpec(1, last=-1)",): "ALL_KEYS",
}


def constants_of(group: Group) -> dict[str, tuple[str, str, Variant | None]]:
    """Return a group's constants: for each the command, the decoder, and the variant."""
    found: dict[str, tuple[str, str, Variant | None]] = {}

    def add(name: str, command: str, decode: str, variant: Variant | None) -> None:
        if found.setdefault(name, (command, decode, variant))[:2] != (command, decode):
            raise ValueError(f"{name} is decoded in two ways")

    for method in group.methods:
        if not any(not variant.condition for variant in method.variants):
            add(method.constant, method.command, method.returns.decode, None)
        for variant in method.variants:
            name = f"{method.constant}_{variant.suffix}"
            add(name, method.command, variant.decode, variant)
    for each in group.left_out:
        add(constant_of(each.command), each.command, "", None)
    return dict(sorted(found.items()))


def table_file(group: Group, pinned: dict[str, Any]) -> str:
    """Return the file of a group."""
    constants = constants_of(group)
    body: list[str] = []
    decoders: set[str] = set()
    keys: set[str] = set()
    for name, (command, decode, variant) in constants.items():
        said = pinned["commands"][command]
        items = [f'"{command}"']
        flags = flags_of(command, said, variant)
        if flags:
            items.append(" | ".join(f"CommandFlag.{flag}" for flag in flags))
        if decode:
            decoders.add(decode)
            items.append(f"decode={decode}")
        specs = key_specs(command, said)
        if specs:
            usual = _USUAL_KEYS.get(tuple(specs))
            keys.add(usual or "KeySpec")
            items.append(f"keys={usual or str(Bracketed('(', specs, ')'))}")
        items += [
            f'{which}_policy="{found}"'
            for which in ("request", "response")
            if (found := policy(said, which))
        ]
        body += laid_out(Bracketed(f"{name}: Final = Command(", items, ")"), 0)
    main = [name for name, (_, _, variant) in constants.items() if variant is None]
    body += ["", *laid_out(Bracketed("COMMANDS: Final = (", main, ")"), 0)]
    body.append('"""One for each command."""')
    code = "\n".join(body)
    imports = [*from_import("typing", ["Final"]), ""]
    imports += from_import(
        ".._command", ["Command", "CommandFlag"] if "CommandFlag" in code else ["Command"]
    )
    if keys:
        imports += from_import(".._keys", keys)
    if decoders:
        imports += from_import(".._replies", decoders)
    return python_file(
        f"{group.title}: what the client knows of each command.", [*imports, ""], body
    )


def table_room(groups: Sequence[Group]) -> str:
    """Return the file that has them all."""
    modules = sorted(f"_{group.name}" for group in groups)
    imports = [
        *from_import("typing", ["TYPE_CHECKING", "Final"]),
        "",
        *from_import(".", modules),
        "",
        "if TYPE_CHECKING:",
        "    from .._command import Command",
        "",
    ]
    body = [
        "COMMANDS: Final[dict[str, Command]] = {",
        "    command.name: command",
        "    for group in (",
        *(f"        {module}," for module in modules),
        "    )",
        "    for command in group.COMMANDS",
        "}",
        '"""What is known of each command, by its name in capitals."""',
    ]
    return python_file("What the client knows of all commands.", imports, body)
