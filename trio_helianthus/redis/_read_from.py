"""Which servers answer commands that only read, where there are several."""

from __future__ import annotations

from enum import Enum

__all__ = ["ReadFrom"]


class ReadFrom(Enum):
    """Which servers of a cluster, or of watched servers, answer commands that only read.

    Replicas are behind their primary by as long as replication takes: what was just written may
    not be there yet, and what is read there next may be older than what was read before.
    """

    PRIMARY = "primary"
    """The one that takes the writes."""
    REPLICA = "replica"
    """The copies by turns; the primary while none of them can be reached."""
    ANY = "any"
    """All that can be reached, by turns."""
