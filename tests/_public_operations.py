"""Which operations an area offers, and which of them a scenario really runs."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from types import CodeType, FrameType, FunctionType, ModuleType


def public_operations(area: ModuleType) -> dict[str, CodeType]:
    """Return the public functions of an area, and the methods of its classes that wait.

    A method that several classes share has the name of the class that defines it.
    """
    operations: dict[str, CodeType] = {}
    for name in area.__all__:
        value = getattr(area, name)
        if inspect.isfunction(value):
            operations[name] = inspect.unwrap(value).__code__
        elif inspect.isclass(value):
            for method in _waiting_methods(value):
                operations[method.__qualname__] = method.__code__
    return operations


def _waiting_methods(owner: type) -> Iterator[FunctionType]:
    for name in dir(owner):
        found = inspect.getattr_static(owner, name)
        method = inspect.unwrap(getattr(found, "__func__", found))
        if name[0] != "_" and isinstance(method, FunctionType) and _waits(method):
            is_ours = method.__module__.startswith("trio_helianthus.")
            if is_ours and not getattr(method, "__isabstractmethod__", False):
                yield method


def _waits(method: FunctionType) -> bool:
    return inspect.iscoroutinefunction(method) or inspect.isasyncgenfunction(method)


def code_run_by(call: Callable[[], object]) -> set[CodeType]:
    """Return the code of everything that ``call`` ran in this thread."""
    seen: set[CodeType] = set()

    def note(frame: FrameType, event: str, arg: object) -> None:
        if event == "call":
            seen.add(frame.f_code)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        call()
    finally:
        sys.setprofile(before)
    return seen
