"""How much a peer may make us keep before we refuse it."""

from __future__ import annotations

from typing import Final

from attrs import field, frozen, validators

__all__ = ["DEFAULT_LIMITS", "Limits"]


@frozen(slots=True, kw_only=True)
class Limits:
    """The limits of one connection; each is exact: what is at the limit passes.

    What exceeds one is refused with 1009, as soon as a frame's header announces it, or where it is
    compressed, as soon as so much has come out. There is no limit for what we send.

    :param max_message_bytes: a message, all its frames together, decompressed; text counts in
        UTF-8.
    :param max_frame_bytes: the payload of a frame, as it stands on the wire.
    :param max_fragments: the frames of a message.
    """

    max_message_bytes: int = field(default=1024 * 1024, validator=validators.ge(1))
    max_frame_bytes: int = field(default=1024 * 1024, validator=validators.ge(1))
    max_fragments: int = field(default=1024, validator=validators.ge(1))


DEFAULT_LIMITS: Final = Limits()
"""The limits of a connection that was given none."""
