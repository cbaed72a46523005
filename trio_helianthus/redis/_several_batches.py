"""Several commands to several servers at a time, and what was refused again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from trio_helianthus.errors import (
    HelianthusError,
    RedisError,
    TransactionConflict,
)

from ._command import Command, CommandFlag
from ._node import Elsewhere
from ._routing import (
    Step,
    is_from_script,
    is_passing,
    step_after,
)
from ._server import EXEC, MULTI, executed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._backend import Request
    from ._call import Batch
    from ._node import Node
    from ._path import Path
    from ._routing import Part
    from ._several import Several

ASKING: Final[Request] = (Command("ASKING", CommandFlag.READONLY), (b"ASKING",))
_MULTI: Final[Request] = (MULTI, (b"MULTI",))
_EXEC: Final[Request] = (EXEC, (b"EXEC",))
_REDIRECTIONS: Final = (Step.MOVED, Step.ASK)


@attrs.define(eq=False)
class Errand:
    """What one node is asked at a time."""

    node: Node
    requests: list[Request] = attrs.field(factory=list)
    places: list[int] = attrs.field(factory=list)
    """Where the answers belong; -1: nowhere."""
    is_blocking: bool = False
    is_asking: bool = False
    batch: Batch | None = None

    def add(self, at: int, request: Request, *, is_asking: bool) -> None:
        """Ask one thing more."""
        if is_asking:
            self.is_asking = True
            self.requests.append(ASKING)
            self.places.append(-1)
        self.requests.append(request)
        self.places.append(at)
        self.is_blocking |= request[0].is_for_sessions

    async def collect(self) -> list[Any]:
        """Return the answers."""
        if self.batch is not None:
            answers: list[Any] = await self.batch
            return answers
        return await self.node.use().sessions.run_many(self.requests)


async def run_parts(
    servers: Several,
    path: Path,
    parts: Sequence[tuple[Command, Part]],
    *,
    is_readonly: bool,
) -> list[Any]:
    """Send each part to its node, those of one node together, and return the answers in order.

    What a node has refused without running it goes to the right one, in their order again.

    :param is_readonly: whether replicas may be asked.
    :raises OutcomeUnknown: a connection was lost on the way.
    :raises OperationTimeout: a node could not be reached.
    """
    answers: list[Any] = [None] * len(parts)
    asked: list[Node | None] = [None] * len(parts)
    targets: dict[int, tuple[Node, bool]] = {}
    todo: list[int] = list(range(len(parts)))
    while todo:
        errands: dict[Node, Errand] = {}
        for at in todo:
            command, part = parts[at]
            node, is_asking = targets.get(at) or (_pick(servers, path, part, is_readonly), False)
            errand = errands.get(node) or errands.setdefault(node, Errand(node))
            errand.add(at, (command, part.args), is_asking=is_asking)
            asked[at] = node
        await _run_errands(servers, list(errands.values()), answers)
        todo = [
            at
            for at in todo
            if isinstance(answers[at], Elsewhere)
            or (
                is_passing(answers[at])
                and not is_from_script(parts[at][0], answers[at], parts[at][1].slot)
            )
        ]
        if not todo:
            break
        again = [at for at in todo if step_after(answers[at]) in _REDIRECTIONS]
        targets = {at: path.redirect(answers[at], asked[at]) for at in again}
        # What has to wait counts more than what only goes elsewhere.
        worst = next((at for at in todo if at not in targets), todo[0])
        if not await path.follow(answers[worst], asked=asked[worst]):
            break
    for at in todo:
        if isinstance(answers[at], Elsewhere):
            raise path.give_up(answers[at], parts[at][0].name)
    return answers


def _pick(servers: Several, path: Path, part: Part, is_readonly: bool) -> Node:
    if part.place is not None:
        return servers.node_at(part.place)
    return servers.pick(part.slot, is_readonly=is_readonly and not path.wants_primary)


async def _run_errands(servers: Several, errands: list[Errand], answers: list[Any]) -> None:
    """Send everything, then wait for all answers; those of a node that is lost are errors."""
    for errand in errands:  # mistakes come out before anything is sent
        batch = errand.node.use().make_batch(errand.requests)
        if not errand.is_blocking:
            errand.batch = batch
    for errand in errands:
        if errand.batch is not None:
            errand.node.use().submit(errand.batch)
    servers.watch()
    failure: HelianthusError | None = None
    try:
        # What blocks comes last: the others have been sent by then.
        for errand in sorted(errands, key=lambda errand: errand.is_blocking):
            try:
                found = await errand.collect()
            except Elsewhere as exc:
                found = [exc] * len(errand.places)
            except HelianthusError as exc:
                failure = failure or exc
                continue
            for at, answer in zip(errand.places, found, strict=True):
                if at >= 0:
                    answers[at] = answer
        if failure is not None:
            raise failure
    finally:
        del failure  # its traceback refers to this frame
        for errand in errands:
            if errand.batch is not None:
                errand.batch.abandon()


async def run_atomic(
    servers: Several, path: Path, requests: Sequence[Request], *, slot: int | None
) -> list[Any]:
    """Run commands as one transaction.

    :param slot: of a cluster: that of their keys.
    :raises RedisExecutionAborted: one of them was refused; nothing has run.
    """
    while True:
        node = path.node or servers.pick(slot, is_readonly=False)
        front = [ASKING] if path.is_asking else []
        server = node.use()
        batch = server.make_batch([*front, _MULTI, *requests, _EXEC])
        server.submit(batch)
        servers.watch()
        try:
            answers = await batch
            done = executed(answers[len(front) :])
        except (RedisError, Elsewhere) as exc:
            if not await path.follow(exc, asked=node):  # noqa: ASYNC120 - as it should be
                raise path.give_up(exc, "EXEC") from exc.__cause__
        else:
            if done is None:  # nobody watches here; but a server may do as it likes
                raise TransactionConflict
            return done
