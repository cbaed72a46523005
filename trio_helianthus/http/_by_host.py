"""Several sites in one service: which handler answers for which host."""

from __future__ import annotations

from collections.abc import Mapping

from ._http_errors import HTTPError
from ._middleware_chain import Handler, check_handler
from ._request import Request
from ._response import HandlerResult

__all__ = ["by_host", "checked_name", "name_of_host"]


def by_host(sites: Mapping[str, Handler]) -> Handler:
    """A handler that asks another one, by the host that the request is for.

    ::

        service = http.by_host({"example.com": site, "*.example.com": tenants})
        await nursery.start(http.serve, service, 8000)

    A name goes before a star, and a longer one before a shorter one. A request for any other host
    is answered with 421 (:rfc:`9110` section 7.4), unless there is ``"*"``; one without a valid
    host with 400. Ports do not matter.

    :param sites: names, or ``"*."`` and a name for every name below it, or ``"*"`` for all others.
    :raises TypeError: for a handler that is a plain function and not ``async def``.
    :raises ValueError: a star elsewhere than at the front, or a name with a port or scheme.
    """
    names = {
        name if name == "*" else checked_name(name): handler for name, handler in sites.items()
    }
    for handler in names.values():
        check_handler(handler)

    async def ask_site(request: Request) -> HandlerResult:
        name = name_of_host(request.host)
        handler = names.get(name)
        rest = name
        while handler is None and rest:
            _, dot, rest = rest.partition(".")
            handler = names.get(f"*.{rest}") if dot else None
        handler = handler or names.get("*")
        if handler is None:
            raise HTTPError(421)
        return await handler(request)

    return ask_site


def checked_name(given: str) -> str:
    """A name that requests are compared with, in lower case, or ``"*."`` and a name.

    :raises ValueError: a star elsewhere than at the front, or a name with a port or scheme.
    """
    name = given.lower().removesuffix(".")
    bare = name.removeprefix("*.")
    if "*" in bare or "/" in bare or (":" in bare and not bare.endswith("]")) or not bare:
        raise ValueError(f"a host is a name, '*.' and a name, or [address], not {given!r}")
    return name


def name_of_host(host: str) -> str:
    """A host without its port: a name without a dot at its end, or an address in brackets."""
    name, bracket, _ = host.partition("]")
    return name + bracket if bracket else name.partition(":")[0].removesuffix(".")
