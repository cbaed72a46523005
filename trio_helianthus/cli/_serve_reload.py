"""``helianthus serve --reload``: which files count, and when they have changed."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

from trio_helianthus.errors import MissingExtraError

from ._serve_arguments import RELOAD_INCLUDE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import trio

    from ._serve_arguments import ServeOptions


def check_reload() -> None:
    """Complain now if what watches files is missing.

    :raises MissingExtraError: the extra ``serve`` is not installed.
    """
    try:
        import watchfiles  # noqa: F401
    except ImportError:
        raise MissingExtraError("serve", "watchfiles") from None


async def watch_files(options: ServeOptions, stop: trio.Event) -> AsyncIterator[list[str]]:
    """Tell which files have changed, in batches.

    :param stop: ends it. A thread watches, which would notice being cancelled only seconds later.
    """
    from watchfiles import Change, DefaultFilter, awatch

    usual = DefaultFilter()  # leaves out .git, __pycache__, virtual environments and their like

    def counts(change: Change, path: str) -> bool:
        return usual(change, path) and is_wanted(
            path, (*RELOAD_INCLUDE, *options.reload_include), options.reload_exclude
        )

    folders = options.reload_dir or (options.app_dir,)
    async for changes in awatch(*folders, watch_filter=counts, stop_event=stop):
        yield sorted({path for _, path in changes})


def is_wanted(path: str, include: tuple[str, ...], exclude: tuple[str, ...]) -> bool:
    """Tell whether a change of this file counts.

    :param include: globs of names; one has to fit.
    :param exclude: globs of names and of folders on the way there, and whole paths; none may fit.
    """
    parts = (path, *Path(path).parts)
    if any(fnmatch(part, pattern) for part in parts for pattern in exclude):
        return False
    return any(fnmatch(parts[-1], pattern) for pattern in include)
