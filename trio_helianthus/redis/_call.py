"""Calls: commands on their way, and who waits for their answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import trio
from trio.lowlevel import current_task, enable_ki_protection

from trio_helianthus.core import WOKEN

from ._command import NO_COMMAND, Command

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

PENDING: Final = object()
"""Stands for the answer until it is there."""
ABANDONED: Final = object()
"""Stands for the answer that nobody waits for any more."""


class Call:
    """One command on its way: its bytes, and the one task that waits for its answer.

    ``await call`` returns the answer, or raises it where it is an error. If that is cancelled, the
    call keeps its place in the row, and its answer is dropped when it comes; a command that was
    not yet sent is not sent. It can be awaited once: the object is used again for another command.

    Waiting does what :class:`~trio_helianthus.core.Parking` does, and for the same reason.
    """

    __slots__ = ("_message", "answer", "at", "command", "data", "decode", "sends", "spare", "task")

    def __init__(self, spare: list[Call] | None = None) -> None:
        self.answer: Any = PENDING
        self.at = 0.0  # when it was sent, or queued while there was no connection
        self.command: Command = NO_COMMAND
        self.data: bytes = b""
        self.decode: Callable[[Any], Any] | None = None
        """Makes of the answer what is returned."""
        self.sends = 1
        self.spare = spare  # where it goes when nobody needs it any more
        self.task: trio.lowlevel.Task | None = None
        self._message: object = None

    @enable_ki_protection
    def __await__(self) -> Generator[Any, Any, Any]:
        if self.answer is PENDING:
            self.task = current_task()
            woken = yield self._message or self._make_message()
            if woken is not WOKEN:
                try:
                    woken.unwrap()
                finally:
                    del woken
        answer = self.answer
        if self.spare is not None:
            self.answer = PENDING
            self.spare.append(self)
        if answer.__class__ is not bytes and isinstance(answer, BaseException):
            try:
                raise answer
            finally:
                del answer  # its traceback refers to this frame
        return answer if self.decode is None else self.decode(answer)

    @property
    def is_repeatable(self) -> bool:
        """Whether it may be sent again when its connection was lost."""
        return self.command.is_repeatable

    def prepare_again(self) -> None:
        """Take note that it is going to be sent again."""
        self.sends += 1
        self.spare = None  # what is used again has been sent once

    def fail(self, error: BaseException) -> None:
        """Raise ``error`` where the answer is waited for."""
        if self.answer is PENDING:
            self.spare = None
        self.take(error)

    def abandon(self) -> None:
        """Take note that nobody is going to wait for it: it is not sent any more."""
        if self.answer is PENDING:
            self.answer = ABANDONED

    def take(self, answer: Any) -> None:
        """Hand the answer to whoever waits; :class:`Link` does this in place for speed."""
        if self.answer is PENDING:
            self.answer = answer
            task, self.task = self.task, None
            if task is not None:
                trio.lowlevel.reschedule(task, WOKEN)

    def _make_message(self) -> object:
        wait = trio.lowlevel.wait_task_rescheduled(self._abort)  # noqa: ASYNC105 - driven here
        self._message = wait.send(None)
        wait.close()
        return self._message

    def _abort(self, _: object) -> trio.lowlevel.Abort:
        self.task = None
        self.answer = ABANDONED
        return trio.lowlevel.Abort.SUCCEEDED


class Batch(Call):
    """Several commands that leave together, and the one task that waits for all their answers.

    ``await batch`` returns the answers in a list, errors among them as values. It stands in the
    row of calls once for each of its commands.
    """

    __slots__ = ("answers", "commands", "count")

    def __init__(self, commands: Sequence[Command], data: bytes) -> None:
        super().__init__()
        self.command = commands[0]
        self.commands = commands
        self.count = len(commands)
        self.data = data
        self.answers: list[Any] = []

    @property
    def is_repeatable(self) -> bool:
        """Whether all of it may be sent again."""
        return all(command.is_repeatable for command in self.commands)

    def prepare_again(self) -> None:
        """Forget the answers that came, too."""
        super().prepare_again()
        self.answers = []

    def fail(self, error: BaseException) -> None:
        """Raise ``error`` where the answers are waited for."""
        super().take(error)

    def take(self, answer: Any) -> None:
        """Take the answer of the next command."""
        answers = self.answers
        answers.append(answer)
        if len(answers) == self.count:
            super().take(answers)

    def take_all(self, answers: list[Any]) -> None:
        """Hand all answers to whoever waits; :class:`Link` has collected them."""
        super().take(answers)
