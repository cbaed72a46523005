"""Where we reach the servers that others tell of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_helianthus.core import report_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._url import Place


def careful(remap: Callable[[Place], Place]) -> Callable[[Place], Place]:
    """Return a user's function as one that does not raise; a place that it cannot tell stays."""

    def remap_carefully(place: Place) -> Place:
        try:
            return remap(place)
        except Exception as exc:  # it is called in the background, for everybody
            report_error(exc, where=f"remap of {place}")
            return place

    return remap_carefully
