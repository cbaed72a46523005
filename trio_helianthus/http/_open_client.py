"""Opens a client around a block of code."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final, Unpack

from ._auth import AuthTypes, as_auth
from ._call import merge_headers
from ._call_builder import CallBuilder
from ._client import Client
from ._connection_options import ConnectionOptions
from ._cookie_jar import CookieJar
from ._decoding import accept_encoding
from ._exchanges import open_exchanges
from ._headers import Headers, HeaderTypes
from ._limits import ClientLimits
from ._timeouts import Timeouts
from ._url import parse_url

__all__ = ["open_client"]

MAX_REDIRECTS: Final = 20


@asynccontextmanager
async def open_client(
    base_url: str | None = None,
    *,
    timeout: float | None = None,
    timeouts: Timeouts | None = None,
    limits: ClientLimits | None = None,
    headers: HeaderTypes = (),
    cookies: CookieJar | Mapping[str, str] | None = None,
    keep_cookies: bool = True,
    auth: AuthTypes | None = None,
    follow_redirects: bool = False,
    max_redirects: int = MAX_REDIRECTS,
    decode: bool = True,
    **connections: Unpack[ConnectionOptions],
) -> AsyncIterator[Client]:
    """Open a client, whose connections are closed when the body ends.

    ::

        async with http.open_client("https://example.org/api") as client:
            answer = await client.get("/planets", timeout=5)
            planets = answer.raise_for_status().json()

    :param base_url: what calls with a path alone are appended to; its query goes with each.
        A user name and password in it are credentials for its origin.
    :param timeout: seconds that a call may take where it says nothing else; short for
        ``timeouts=Timeouts(timeout)``.
    :param timeouts: the same, and the longest single waits; ``None`` means :class:`Timeouts` as
        it stands.
    :param limits: how many connections there may be, and what an answer may cost; ``None`` means
        :class:`ClientLimits` as it stands.
    :param headers: header fields of every call, wherever it goes.
    :param cookies: a jar, which other clients may share, or cookies for the host of ``base_url``.
    :param keep_cookies: whether to keep what servers set. Turn it off where one client acts for
        several users.
    :param auth: credentials of every call, with a ``base_url`` only of those to its origin.
    :param follow_redirects: whether calls follow redirects that say nothing else; off, as in
        other clients that are careful.
    :param max_redirects: how many one call follows.
    :param decode: whether to undo the ``Content-Encoding`` of answers.
    :param connections: how connections are made; see :class:`ConnectionOptions`.
    :raises ValueError: for an invalid URL, header, cookie or timeout, or both timeouts.
    :raises TypeError: for credentials that are none, or cookies without a ``base_url``.
    """
    base = None if base_url is None else parse_url(base_url)
    if timeout is not None:
        if timeouts is not None:
            raise ValueError("give timeout or timeouts, not both")
        timeouts = Timeouts(timeout)
    timeouts, limits = timeouts or Timeouts(), limits or ClientLimits()
    defaults = Headers({"User-Agent": "trio_helianthus", "Accept": "*/*"})
    defaults["Accept-Encoding"] = accept_encoding() if decode else "identity"
    if max_redirects < 1:
        raise ValueError(f"max_redirects must be at least 1, got {max_redirects}")
    if cookies is None or isinstance(cookies, CookieJar):
        jar = CookieJar() if cookies is None else cookies
    elif base is None:
        raise TypeError("cookies without a base_url: put them into a CookieJar, with their domains")
    else:
        jar = CookieJar()
        for name, value in cookies.items():
            jar.set(name, value, domain=base.origin.host)
    calls = CallBuilder(
        base, merge_headers(defaults, headers), None if auth is None else as_auth(auth)
    )
    async with open_exchanges(timeouts=timeouts, limits=limits, **connections) as exchanges:
        client = Client(
            exchanges,
            calls,
            timeouts=timeouts,
            limits=limits,
            cookies=jar,
            keep_cookies=keep_cookies,
            decode=decode,
            max_redirects=max_redirects,
            follow_redirects=follow_redirects,
        )
        try:
            yield client
        finally:
            client._closed = True
