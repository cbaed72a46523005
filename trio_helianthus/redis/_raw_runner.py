"""Runs commands whose answers stay as they come, also where text is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._command_runner import CommandRunner

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from trio_helianthus.core import CancelToken
    from trio_helianthus.wire import resp

    from ._backend import Backend
    from ._command import Command


class RawRunner(CommandRunner[bytes]):
    """Runs commands without decoding their answers; callers set limits around them."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def _run(
        self,
        command: Command,
        args: tuple[resp.Argument, ...],
        timeout: float | None,
        token: CancelToken | None,
    ) -> Awaitable[Any]:
        return self._backend.begin(command, args)
