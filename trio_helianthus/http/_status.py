"""Status codes: their reason phrases and which of them carry no body."""

from __future__ import annotations

import http

__all__ = ["check_status", "forbids_body", "reason_phrase"]

_PHRASES = {status.value: status.phrase for status in http.HTTPStatus} | {
    413: "Content Too Large",
    414: "URI Too Long",
    422: "Unprocessable Content",
}
"""The standard library's, with the names of :rfc:`9110` in every Python version."""


def reason_phrase(status: int) -> str:
    """The phrase that goes with a status code; empty for one that nobody registered."""
    return _PHRASES.get(status, "")


def check_status(status: int, *, lowest: int = 200) -> None:
    """Refuse what cannot be the status of a final answer.

    :raises ValueError: outside ``lowest`` to 599.
    """
    if not lowest <= status <= 599:
        raise ValueError(f"status must be between {lowest} and 599, got {status}")


def forbids_body(status: int) -> bool:
    """Whether an answer of this status never has a body (:rfc:`9110` section 6.4.1)."""
    return status in (204, 304) or status < 200
