"""From http to https."""

from __future__ import annotations

from .._by_host import name_of_host
from .._middleware_chain import CallNext
from .._request import Request
from .._response import Response

__all__ = ["HTTPSRedirect"]


class HTTPSRedirect:
    """Sends clients that came by http to the same URL by https, with 308.

    Behind a proxy put :class:`ProxyHeaders` outside of it, or the redirects never end. Put
    :class:`TrustedHosts` there too: the redirect leads to what ``Host`` says.

    :param port: of the https service.
    """

    def __init__(self, *, port: int = 443) -> None:
        self._port = "" if port == 443 else f":{port}"

    async def __call__(self, request: Request, call_next: CallNext) -> Response:
        """Redirect, or pass on what came by https.

        :raises HTTPError: 400 for a request without a valid ``Host``.
        """
        if request.scheme == "https":
            return await call_next(request)
        _, mark, query = request.target.partition("?")
        path = request.raw_path if request.raw_path.startswith("/") else "/"
        host = name_of_host(request.host) + self._port
        url = f"https://{host}{request.root_path}{path}{mark}{query}"
        return Response.redirect(url, status=308)
