"""How connections to a server are made: what the client of any kind of backend is opened with."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict, cast

import attrs
from attrs import validators

from trio_helianthus.core import RetryPolicy
from trio_helianthus.wire import resp

from ._limits import ClientLimits, Timeouts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._tracking import Tracking
    from ._url import RedisURL

__all__ = ["ConnectionOptions", "Credentials", "Options"]

Credentials: TypeAlias = Callable[[], Awaitable[tuple[str | None, str]]]
"""Asked for user name and password before each connection, for passwords that change."""

RECONNECT = RetryPolicy(initial_delay=0.05, factor=2.0, max_delay=0.25, jitter=0.5)
"""The waits between attempts to connect: short ones, so that a server that is back is found."""


class ConnectionOptions(TypedDict, total=False):
    """How the connections of a client are made, and what it does when one is lost."""

    username: str | None
    """The ACL user; ``None`` means the default one. It wins over the URL's, as all of these do."""
    password: str | None
    credentials: Credentials | None
    """Instead of both: asked before each connection is made."""
    db: int
    """The database; a cluster has only 0."""
    client_name: str | None
    """What ``CLIENT LIST`` shows, without spaces."""
    protocol: int
    """3 (RESP3, the default) falls back to 2 where the server does not know it."""
    ssl_context: ssl.SSLContext | None
    """For a URL with ``rediss``; ``None`` verifies against the system's authorities."""
    server_hostname: str | None
    """The name to verify; ``None`` means the host's."""
    timeouts: Timeouts
    limits: ClientLimits
    connections: int
    """How many shared connections there are; one is best unless answers are very large."""
    retry_writes: bool
    """Whether a write whose connection was lost is sent again, though it may have run already."""
    reconnect: RetryPolicy
    """The waits between attempts to connect; it does not give up by itself."""
    engine: resp.Engine
    """What parses: :attr:`~trio_helianthus.wire.resp.Engine.AUTO` is hiredis where it is
    installed (extra ``speed``)."""


def _check_name(_: object, field: Any, value: str | None) -> None:
    if value is not None and (not value or not all("!" <= letter <= "~" for letter in value)):
        raise ValueError(f"{field.name} must be visible ASCII without spaces, not {value!r}")


_OPTIONAL_TEXT = validators.optional(validators.instance_of(str))


@attrs.frozen(kw_only=True)
class Options:
    """The same, checked and complete."""

    username: str | None = attrs.field(default=None, validator=_OPTIONAL_TEXT)
    password: str | None = attrs.field(default=None, repr=False, validator=_OPTIONAL_TEXT)
    credentials: Credentials | None = None
    db: int = attrs.field(default=0, validator=[validators.instance_of(int), validators.ge(0)])
    client_name: str | None = attrs.field(default=None, validator=[_OPTIONAL_TEXT, _check_name])
    protocol: int = attrs.field(default=3, validator=validators.in_((2, 3)))
    ssl_context: ssl.SSLContext | None = attrs.field(
        default=None, validator=validators.optional(validators.instance_of(ssl.SSLContext))
    )
    server_hostname: str | None = attrs.field(default=None, validator=_OPTIONAL_TEXT)
    timeouts: Timeouts = attrs.field(factory=Timeouts, validator=validators.instance_of(Timeouts))
    limits: ClientLimits = attrs.field(
        factory=ClientLimits, validator=validators.instance_of(ClientLimits)
    )
    connections: int = attrs.field(
        default=1, validator=[validators.instance_of(int), validators.ge(1)]
    )
    retry_writes: bool = False
    reconnect: RetryPolicy = attrs.field(
        default=RECONNECT, validator=validators.instance_of(RetryPolicy)
    )
    engine: resp.Engine = attrs.field(
        default=resp.Engine.AUTO, validator=validators.instance_of(resp.Engine)
    )
    is_tls: bool = False
    tracking: Tracking | None = None
    """What is told of keys that have changed, by the shared connections."""

    def __attrs_post_init__(self) -> None:
        if self.credentials is not None and (self.username, self.password) != (None, None):
            raise ValueError("give a user name and password, or credentials, not both")
        if self.username is not None and self.password is None:
            raise ValueError("a user name without a password")
        if self.ssl_context is not None and not self.is_tls:
            raise ValueError("an ssl_context for a URL without TLS: write rediss://")


def make_options(url: RedisURL, given: ConnectionOptions) -> Options:
    """Put together what a URL says and what was given beside it, which wins.

    :raises ValueError: something does not make sense.
    :raises TypeError: something is of another type, or unknown.
    """
    said: dict[str, Any] = {
        name: value
        for name in ("username", "password", "db", "client_name", "protocol")
        if (value := getattr(url, name)) is not None
    }
    if given.get("credentials") is not None:
        said.pop("username", None)
        said.pop("password", None)
    return Options(**{**said, **cast("Mapping[str, Any]", given)}, is_tls=url.is_tls)
