"""From what a server answers to what a caller gets."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

import attrs

from trio_helianthus.errors import RedisError

from ._command import Command, CommandFlag, is_blocking
from ._command_table import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trio_helianthus.wire import resp

    from ._backend import Request

_LONGEST_NAME: Final = 64


def finish(command: Command, answer: Any, *, is_text: bool) -> Any:
    """Return the natural value of an answer that is no error."""
    decode = command.decode_text if is_text else command.decode
    return answer if decode is None else decode(answer)


def finish_all(requests: Sequence[Request], answers: Sequence[Any], *, is_text: bool) -> list[Any]:
    """Return the natural values of the answers of a pipeline; errors stay values."""
    if is_text:
        return [
            answer if isinstance(answer, RedisError) else finish(command, answer, is_text=True)
            for (command, _), answer in zip(requests, answers, strict=True)
        ]
    return [
        answer
        if (decode := command.decode) is None or isinstance(answer, RedisError)
        else decode(answer)
        for (command, _), answer in zip(requests, answers, strict=True)
    ]


def raise_first_error(requests: Sequence[Request], answers: Sequence[Any]) -> None:
    """Raise the first error among the answers of a pipeline, if there is one."""
    for at, answer in enumerate(answers):
        if isinstance(answer, RedisError):
            name = requests[at][0].name
            answer.add_note(f"command {at + 1} of {len(answers)} in the pipeline, {name}")
            raise answer


def find_command(args: Sequence[resp.Argument]) -> Command:
    """Return what is known of a command that a caller has put together.

    Its answer is not decoded, as that depends on its options. Of a command that is in no table,
    such as a module's, is known that it may write.

    :raises TypeError: the name is neither text nor bytes.
    :raises ValueError: there is none, or several words are one argument.
    """
    words = [_word(arg) for arg in args[:2] if isinstance(arg, (str, bytes))]
    if not words or not words[0] or not isinstance(args[0], (str, bytes)):
        raise ValueError("a command begins with its name, as str or bytes")
    first = words[0]
    if " " in first:
        raise ValueError(f"each word of a command is an argument of its own: {first!r}")
    known = COMMANDS.get(" ".join(words)) or COMMANDS.get(first)
    if known is None:
        return Command(first[:_LONGEST_NAME])
    return _undecoded(known, blocks=is_blocking(known, args))


@cache
def _undecoded(known: Command, *, blocks: bool) -> Command:
    """Return a command of the table as one whose answer is not decoded."""
    flags = known.flags & ~CommandFlag.BLOCKING
    if blocks:
        flags |= CommandFlag.BLOCKING
    return attrs.evolve(known, flags=flags, decode=None)


def _word(arg: str | bytes) -> str:
    text = arg if isinstance(arg, str) else arg[:_LONGEST_NAME].decode(errors="replace")
    return text[:_LONGEST_NAME].upper()
