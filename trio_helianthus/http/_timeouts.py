"""How long a client's calls may take: as a whole, and part by part."""

from __future__ import annotations

import attrs
from attrs import validators

__all__ = ["Timeouts"]


@attrs.frozen
class Timeouts:
    """The times that a client grants, in seconds; ``math.inf`` switches one off.

    ``total`` is what ``timeout=`` of a call replaces: for a whole answer everything from waiting
    for a connection to the last byte, redirects and second tries included; for a stream
    everything up to the head. The parts are the longest single wait of a kind, and start anew
    with each. Whichever is up first ends the call with :class:`OperationTimeout`; so a part
    that is not shorter than the total only matters to streams, and to calls with a longer
    ``timeout=``.

    :raises ValueError: for a number that is negative or none.
    :raises TypeError: for what is no number, ``None`` too.
    """

    total: float = attrs.field(default=30.0, validator=validators.ge(0))
    """All of a call."""
    pool: float = attrs.field(default=30.0, kw_only=True, validator=validators.ge(0))
    """Waiting for a connection to be free."""
    connect: float = attrs.field(default=10.0, kw_only=True, validator=validators.ge(0))
    """Making a connection: the name, TCP and TLS, a proxy where there is one."""
    read: float = attrs.field(default=30.0, kw_only=True, validator=validators.ge(0))
    """The next bytes of an answer, once the request was sent."""
    write: float = attrs.field(default=30.0, kw_only=True, validator=validators.ge(0))
    """Sending one piece of a request, at most 256 KiB, to a server that does not read."""
