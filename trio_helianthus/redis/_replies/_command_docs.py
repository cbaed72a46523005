"""What the server says of its commands."""

from __future__ import annotations

from typing import Any, Final

from ._pairs import in_pairs, named
from ._plain import text, texts

__all__ = ["command_docs", "command_infos", "keys_and_flags"]

_FIELDS: Final = (
    "name",
    "arity",
    "flags",
    "first_key",
    "last_key",
    "key_step",
    "categories",
    "tips",
    "key_specs",
    "subcommands",
)


def command_infos(answer: Any) -> dict[str, dict[str, Any]]:
    """Return what ``COMMAND`` and ``COMMAND INFO`` say; those that there are not are left out."""
    infos = [_info(each) for each in answer if each is not None]
    return {info["name"]: info for info in infos}


def _info(answer: list[Any]) -> dict[str, Any]:
    info: dict[str, Any] = dict(zip(_FIELDS, answer, strict=False))
    info["name"] = text(info["name"])
    for name in ("flags", "categories", "tips"):
        info[name] = texts(info.get(name, ()))
    info["key_specs"] = [_key_spec(each) for each in info.get("key_specs", ())]
    info["subcommands"] = command_infos(info.get("subcommands", ()))
    return info


def _key_spec(answer: Any) -> dict[str, Any]:
    spec = named(answer)
    spec["flags"] = texts(spec["flags"])
    for name in ("begin_search", "find_keys"):
        part = named(spec[name])
        spec[name] = {"type": text(part["type"]), "spec": named(part["spec"])}
    return spec


def command_docs(answer: Any) -> dict[str, dict[str, Any]]:
    """Return what ``COMMAND DOCS`` says."""
    return {text(name): _docs(each) for name, each in in_pairs(answer)}


def _docs(answer: Any) -> dict[str, Any]:
    docs = named(answer)
    for name in ("arguments", "subcommands", "doc_flags", "history"):
        if name not in docs:
            continue
        if name == "arguments":
            docs[name] = [_docs(each) for each in docs[name]]
        elif name == "subcommands":
            docs[name] = command_docs(docs[name])
        elif name == "history":
            docs[name] = [tuple(each) for each in docs[name]]
        else:
            docs[name] = texts(docs[name])
    return docs


def keys_and_flags(answer: Any) -> list[tuple[Any, list[str]]]:
    """Return keys, and how the command uses each."""
    return [(key, texts(flags)) for key, flags in answer]
