"""Credentials of a client: what ``auth=`` takes, and the simple ways to authenticate."""

from __future__ import annotations

import base64
import netrc
import os
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, TypeAlias
from urllib.parse import urlsplit

import attrs

from ._headers import Headers, HeaderTypes

if TYPE_CHECKING:
    from ._client_response import ResponseHead

__all__ = [
    "Auth",
    "AuthTypes",
    "BasicAuth",
    "BearerAuth",
    "ClientRequest",
    "NetrcAuth",
    "as_auth",
]


@attrs.frozen
class ClientRequest:
    """A request as a client sends it."""

    method: str
    """The method, in capitals."""
    url: str
    """The whole URL, without credentials."""
    headers: Headers = attrs.field(repr=False)
    """The header fields; changing these changes nothing."""
    content: bytes | None = attrs.field(repr=False)
    """The body, or ``None`` where it is streamed."""

    @property
    def target(self) -> str:
        """Path and query, as the request line has them."""
        split = urlsplit(self.url)
        return f"{split.path}?{split.query}" if split.query else split.path


_Fields: TypeAlias = "HeaderTypes | None"
Auth: TypeAlias = "Callable[[ClientRequest, ResponseHead | None], _Fields | Awaitable[_Fields]]"
"""Authenticates requests: a function, also an async one, or an object that can be called.

It is called with the request and ``None`` before that is sent, and again with each answer to it.
It returns header fields to send the request with; ``None`` means to send it as it is, or to be
content with the answer."""
AuthTypes: TypeAlias = "Auth | tuple[str, str]"
"""What ``auth=`` takes: an :data:`Auth`, or user name and password for :class:`BasicAuth`."""


class BasicAuth:
    """User name and password, in UTF-8 and as good as in the clear (:rfc:`7617`).

    :param user: without a colon.
    :param password: whatever there is.
    :raises ValueError: for a colon in the user name, or control characters.
    """

    def __init__(self, user: str, password: str) -> None:
        if ":" in user:
            raise ValueError("a user name for basic authentication has no colon")
        _refuse_control_characters(user, password)
        encoded = base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
        self.fields: Final = {"Authorization": f"Basic {encoded}"}
        """What is sent."""

    def __call__(self, request: ClientRequest, answer: ResponseHead | None) -> HeaderTypes | None:
        """Send the credentials without being asked."""
        return self.fields if answer is None else None


class BearerAuth:
    """A token (:rfc:`6750`).

    :param token: as its issuer gave it.
    :raises ValueError: it is empty, or has characters that no token has.
    """

    def __init__(self, token: str) -> None:
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            raise ValueError("a bearer token is printable ASCII without spaces")
        self.fields: Final = {"Authorization": f"Bearer {token}"}
        """What is sent."""

    def __call__(self, request: ClientRequest, answer: ResponseHead | None) -> HeaderTypes | None:
        """Send the token without being asked."""
        return self.fields if answer is None else None


class NetrcAuth:
    """User names and passwords by host, from a netrc file; each host gets its own, redirects too.

    The file is read when this is made. Its ``default`` entry is not used: it would go to every
    host there is.

    :param path: the file; ``None`` means ``.netrc`` in the home directory.
    :raises OSError: it cannot be read.
    :raises netrc.NetrcParseError: it is no netrc file.
    :raises ValueError: it has a user name with a colon.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        hosts = netrc.netrc(None if path is None else os.fspath(path)).hosts
        self._known = {
            host.lower(): BasicAuth(user, password)
            for host, (user, _, password) in hosts.items()
            if host != "default"
        }

    def __call__(self, request: ClientRequest, answer: ResponseHead | None) -> HeaderTypes | None:
        """Send the credentials of the host, if the file has some."""
        known = self._known.get(urlsplit(request.url).hostname or "")
        return None if known is None else known(request, answer)


def as_auth(auth: AuthTypes) -> Auth:
    """The callable behind what ``auth=`` was given.

    :raises TypeError: it is neither callable nor a pair.
    :raises ValueError: for a user name or password that cannot be sent.
    """
    if callable(auth):
        return auth
    given: object = auth
    if isinstance(given, tuple) and len(given) == 2:
        user, password = given
        if isinstance(user, str) and isinstance(password, str):
            return BasicAuth(user, password)
    raise TypeError("auth is a callable, or a tuple of user name and password")


def _refuse_control_characters(*texts: str) -> None:
    for text in texts:
        if any(character < " " or character == "\x7f" for character in text):
            raise ValueError("a user name or password has no control characters")
