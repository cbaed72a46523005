"""What in an exception of a handler is an answer, or its client's fault, and no mistake."""

from __future__ import annotations

from ._http_errors import HTTPError
from ._outgoing import PeerGone

__all__ = ["client_fault"]

_KINDS = (PeerGone, HTTPError)


def client_fault(error: Exception) -> PeerGone | HTTPError | None:
    """The error itself, or the first in a group in which there is nothing else.

    A nursery puts in a group what comes out of it.
    """
    if isinstance(error, ExceptionGroup) and error.split(_KINDS)[1] is not None:
        return None
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error if isinstance(error, _KINDS) else None
