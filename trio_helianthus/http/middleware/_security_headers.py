"""Fields that tell browsers to be careful."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from .._headers import Headers
from .._middleware_chain import CallNext
from .._request import Request
from .._response import Response
from ._added_fields import RawFields, RememberedChange, names_of

__all__ = ["SecurityHeaders"]

_HSTS: Final = "Strict-Transport-Security"


class SecurityHeaders:
    """Adds fields that tell browsers to be careful; what a handler has set stays.

    Without arguments: no guessing of types (``X-Content-Type-Options``), no frames of other
    sites (``X-Frame-Options``), no paths in ``Referer`` for other sites, a window of its own
    (``Cross-Origin-Opener-Policy``), and https only, for a year, where the request came by https
    (``Strict-Transport-Security``, :rfc:`6797`).

    :param content_security_policy: such as ``"default-src 'self'"``. Worth the most, and only the
        author of the pages knows it.
    :param hsts_seconds: for how long browsers may not use http; 0 leaves the field out.
    :param hsts_subdomains: whether that goes for all names below, too.
    :param extra: more fields, or other values for these; an empty value leaves one out.
    :raises ValueError: for a field that cannot be sent, or negative seconds.
    """

    def __init__(
        self,
        *,
        content_security_policy: str = "",
        hsts_seconds: int = 365 * 24 * 60 * 60,
        hsts_subdomains: bool = False,
        extra: Mapping[str, str] | None = None,
    ) -> None:
        if hsts_seconds < 0:
            raise ValueError(f"hsts_seconds must not be negative, got {hsts_seconds}")
        subdomains = "; includeSubDomains" if hsts_subdomains else ""
        fields = Headers(
            {
                "X-Content-Type-Options": "nosniff",
                "X-Frame-Options": "SAMEORIGIN",
                "Referrer-Policy": "strict-origin-when-cross-origin",
                "Cross-Origin-Opener-Policy": "same-origin",
                "Content-Security-Policy": content_security_policy,
                _HSTS: f"max-age={hsts_seconds}{subdomains}" if hsts_seconds else "",
            }
        )
        fields.update(extra or {})
        said = Headers([(name, value) for name, value in fields.items() if value])
        self._add_secure = _adding(said)
        said.pop(_HSTS, None)  # by http it must not be said, see RFC 6797 section 7.2
        self._add = _adding(said)

    async def __call__(self, request: Request, call_next: CallNext) -> Response:
        """Add the fields to the answer."""
        add = self._add_secure if request.scheme == "https" else self._add
        request.before_start(add)
        response = await call_next(request)
        add(response)
        return response


def _adding(fields: Headers) -> Callable[[Response], None]:
    new = fields.raw

    def add_missing(there: RawFields, _: str) -> RawFields:
        known = names_of(there)
        return (*there, *[field for field in new if field[0].lower() not in known])

    return RememberedChange(add_missing).apply
