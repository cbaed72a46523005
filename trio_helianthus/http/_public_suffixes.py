"""Which domains belong to everybody, so that nobody may set a cookie for them."""

from __future__ import annotations

from functools import cache
from typing import Any

import trio

__all__ = ["is_public_suffix", "load_public_suffixes"]


def is_public_suffix(domain: str) -> bool:
    """Whether a domain is one under which anybody can register names, such as ``co.uk``.

    By the list of publicsuffix.org, which the extra ``http`` brings; without it only domains of
    one label, such as ``com``, are known to be.

    :param domain: in lower case and in its ASCII form.
    """
    if "." not in domain.strip("."):
        return True
    suffixes = _list()
    return suffixes is not None and bool(suffixes.is_public(domain))


async def load_public_suffixes() -> None:
    """Read the list in a thread, if it was not read before: it takes a tenth of a second."""
    if not _list.cache_info().currsize:
        await trio.to_thread.run_sync(_list)


@cache
def _list() -> Any:
    try:
        from publicsuffixlist import PublicSuffixList
    except ImportError:
        return None
    return PublicSuffixList()
