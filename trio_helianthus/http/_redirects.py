"""Where a redirect leads, and what goes along (:rfc:`9110` section 15.4; the Fetch standard)."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

import attrs

from trio_helianthus.errors import LocalProtocolError, RemoteProtocolError

from ._call import Call
from ._headers import Headers
from ._url import URL, Origin

__all__ = ["is_redirect", "keeps_credentials", "redirected"]

_STATUSES: Final = frozenset([301, 302, 303, 307, 308])
_CREDENTIALS: Final = ("Authorization", "Cookie", "Proxy-Authorization")
_ABOUT_CONTENT: Final = (
    "Content-Encoding",
    "Content-Language",
    "Content-Length",
    "Content-Location",
    "Content-Type",
    "Digest",
    "Transfer-Encoding",
)


def is_redirect(status: int, headers: Headers) -> bool:
    """Whether an answer sends the client elsewhere."""
    return status in _STATUSES and "location" in headers


def redirected(call: Call, status: int, location: str) -> Call:
    """The call that a redirect asks for.

    ``POST`` becomes ``GET`` after 301 and 302, everything but ``HEAD`` after 303, and nothing
    after 307 and 308. Credentials stay behind where :func:`keeps_credentials` says so. Cookies
    of a jar are not this function's business.

    :param location: the value of ``Location``.
    :raises RemoteProtocolError: it is invalid, or leads elsewhere than to ``http`` or ``https``.
    :raises LocalProtocolError: the content would have to be sent again and cannot be.
    """
    url = _target(call.url, location)
    method, content, trailers = call.method, call.content, call.trailers
    headers = call.headers.copy()
    if (status == 303 and method not in {"GET", "HEAD"}) or (
        status in {301, 302} and method == "POST"
    ):
        method, content, trailers = "GET", b"", ()
        for name in _ABOUT_CONTENT:
            headers.pop(name, None)
    elif not call.replayable:
        raise LocalProtocolError(
            f"the server redirects the call to {url}, but its content was streamed and cannot be "
            "sent again"
        )
    if url.origin != call.url.origin:
        headers.pop("Host", None)
        if not keeps_credentials(call.url.origin, url.origin):
            for name in _CREDENTIALS:
                headers.pop(name, None)
    return attrs.evolve(
        call, method=method, url=url, headers=headers, content=content, trailers=trailers
    )


def keeps_credentials(before: Origin, after: Origin) -> bool:
    """Whether ``after`` may see what was meant for ``before``.

    It has to be the same origin, or the same host that moves from ``http`` to ``https``, both on
    their default ports.
    """
    return before == after or (
        before.host == after.host
        and (before.scheme, before.port) == ("http", 80)
        and (after.scheme, after.port) == ("https", 443)
    )


def _target(url: URL, location: str) -> URL:
    raw = location.encode("latin-1")  # as it came over the wire
    try:
        reference = raw.decode("utf-8")
    except UnicodeDecodeError:
        reference = quote(raw, safe="".join(map(chr, range(0x21, 0x7F))))
    try:
        target = url.join(reference)
    except ValueError as exc:
        raise RemoteProtocolError(f"a redirect that cannot be followed: {exc}") from exc
    fragment = target.fragment if "#" in reference else url.fragment
    return attrs.evolve(target, fragment=fragment, credentials=None)
