"""Fields that tell browsers to be careful."""

from __future__ import annotations

from collections.abc import Mapping

from .._headers import Headers
from .._middleware_chain import CallNext
from .._request import Request
from .._response import Response

__all__ = ["SecurityHeaders"]


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
    """

    def __init__(
        self,
        *,
        content_security_policy: str = "",
        hsts_seconds: int = 365 * 24 * 60 * 60,
        hsts_subdomains: bool = False,
        extra: Mapping[str, str] | None = None,
    ) -> None:
        fields = Headers(
            {
                "X-Content-Type-Options": "nosniff",
                "X-Frame-Options": "SAMEORIGIN",
                "Referrer-Policy": "strict-origin-when-cross-origin",
                "Cross-Origin-Opener-Policy": "same-origin",
                "Content-Security-Policy": content_security_policy,
            }
        )
        fields.update(extra or {})
        self._fields = Headers([(name, value) for name, value in fields.items() if value])
        self._secure_fields = self._fields.copy()
        if hsts_seconds:
            subdomains = "; includeSubDomains" if hsts_subdomains else ""
            hsts = f"max-age={hsts_seconds}{subdomains}"
            self._secure_fields.setdefault("Strict-Transport-Security", hsts)

    async def __call__(self, request: Request, call_next: CallNext) -> Response:
        """Add the fields to the answer."""
        fields = self._secure_fields if request.scheme == "https" else self._fields

        def add(response: Response) -> None:
            known = {name.lower() for name, _ in response.headers.pairs}
            if known.isdisjoint(map(str.lower, fields)):
                response.headers.extend(fields)
            else:
                missing = [pair for pair in fields.pairs if pair[0].lower() not in known]
                response.headers.extend(missing)

        request.before_start(add)
        response = await call_next(request)
        add(response)
        return response
