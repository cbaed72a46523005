"""Asking a server for another protocol: what comes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from trio_helianthus.errors import HelianthusError
from trio_helianthus.net import ByteStream

if TYPE_CHECKING:
    from ._client_response import ClientResponse

__all__ = ["UpgradeRefused", "Upgraded"]


@attrs.frozen(eq=False)
class Upgraded:
    """A connection that has left HTTP."""

    response: ClientResponse
    """The answer that says so: status 101; it has no content."""
    stream: ByteStream = attrs.field(repr=False)
    """The connection; what the server has sent behind its answer comes first."""


class UpgradeRefused(HelianthusError):
    """The server did not change to the protocol that it was asked for.

    :param response: what it answered, with the beginning of the body.
    """

    def __init__(self, response: ClientResponse) -> None:
        self.response = response
        """What it answered; the content is what came of it first."""
        said = " ".join(filter(None, [str(response.status), response.reason]))
        super().__init__(f"{response.method} {response.url}: no upgrade but {said}")

    def __reduce__(self) -> tuple[type[UpgradeRefused], tuple[ClientResponse]]:
        return type(self), (self.response,)
