"""Only requests for the names of this service."""

from __future__ import annotations

from collections.abc import Iterable

from .._by_host import checked_name, name_of_host
from .._http_errors import HTTPError
from .._middleware_chain import CallNext
from .._request import Request
from .._response import Response

__all__ = ["TrustedHosts"]


class TrustedHosts:
    """Refuses requests whose ``Host`` is none of ours, with 421 (:rfc:`9110` section 7.4).

    Links that are made from ``Host`` would lead wherever its sender wants; and a page of another
    name that resolves to this machine could read answers (DNS rebinding).

    :param hosts: names, without ports, which do not matter; ``"*.example.com"`` for every name
        below, though not ``example.com`` itself. An IPv6 address goes in brackets.
    :raises ValueError: a star elsewhere than at the front, or a name with a port or scheme.
    """

    def __init__(self, *hosts: str) -> None:
        self._names, self._below = _sort(hosts)

    async def __call__(self, request: Request, call_next: CallNext) -> Response:
        """Pass the request on, if it is for us.

        :raises HTTPError: 421 for another host, 400 for a malformed one.
        """
        name = name_of_host(request.host)
        if name not in self._names and not name.endswith(self._below):
            raise HTTPError(421, "no service of this name is here")
        return await call_next(request)


def _sort(hosts: Iterable[str]) -> tuple[frozenset[str], tuple[str, ...]]:
    names, below = set[str](), list[str]()
    for given in hosts:
        host = checked_name(given)
        if host.startswith("*."):
            below.append(host[1:])
        else:
            names.add(host)
    if not names and not below:
        raise ValueError("which hosts?")
    return frozenset(names), tuple(below)
