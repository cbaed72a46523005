"""How much of a message a peer may make us keep before we refuse it."""

from __future__ import annotations

from typing import Final

from attrs import field, frozen, validators

__all__ = ["DEFAULT_LIMITS", "Limits"]


@frozen(slots=True, kw_only=True)
class Limits:
    """The limits of one connection; each is exact: a message at the limit passes.

    The size of a body is no limit of the wire, which keeps none: whoever collects a body counts.

    :param max_head_bytes: start line and headers together with their line ends and the empty line
        behind them; the trailer section of a chunked body likewise. Refused with 431, or 414 where
        not even the start line fits.
    :param max_headers: header fields in a head, and in a trailer section. Refused with 431.
    :param max_target_bytes: length of a request target. Refused with 414.
    :param max_chunk_extension_bytes: chunk extensions of one message, added up. Refused with 413.
    """

    max_head_bytes: int = field(default=64 * 1024, validator=validators.ge(1))
    max_headers: int = field(default=128, validator=validators.ge(1))
    max_target_bytes: int = field(default=8 * 1024, validator=validators.ge(1))
    max_chunk_extension_bytes: int = field(default=16 * 1024, validator=validators.ge(0))


DEFAULT_LIMITS: Final = Limits()
"""The limits of a connection that was given none."""
