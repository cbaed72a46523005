"""Proxies as the environment names them: ``HTTP_PROXY`` and its kin, and who goes without."""

from __future__ import annotations

import ipaddress
import os
import sys
from collections.abc import Mapping
from typing import TypeAlias

from ._proxy import Proxy
from ._url import Origin

__all__ = ["ProxyEnvironment"]

_Network: TypeAlias = "ipaddress.IPv4Network | ipaddress.IPv6Network"


class ProxyEnvironment:
    """Chooses proxies as curl and most others do.

    ``http_proxy`` and ``https_proxy`` name the proxy for each scheme, ``all_proxy`` the one for
    the other; a URL without a scheme is an ``http`` one. ``no_proxy`` lists who is reached
    without, separated by commas: a host name, which stands for its subdomains, too, with or
    without ``.`` or ``*.`` in front; an address or a network (``10.0.0.0/8``, ``::1``), which names
    are not resolved for; either with a port behind it; or ``*`` for everybody. Each may be written
    in upper case as well, and the lower case wins.

    In a CGI program, where ``REQUEST_METHOD`` is set, ``HTTP_PROXY`` is what a client has sent as
    a ``Proxy`` header, so it is not looked at ("httpoxy", CVE-2016-5385); neither is
    ``http_proxy`` on Windows, where it is the same.

    :param environ: where to look, once; ``None`` means :data:`os.environ`.
    """

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        environ = os.environ if environ is None else environ
        self._urls = {scheme: _url_in(environ, scheme) for scheme in ("http", "https")}
        self._exceptions = [
            _Exception(entry) for entry in _variable(environ, "no_proxy").replace(",", " ").split()
        ]
        self._proxies: dict[str, Proxy] = {}

    def __call__(self, origin: Origin) -> Proxy | None:
        """The proxy for an origin, ``None`` for none.

        :raises ValueError: the variable names something that is not supported, such as SOCKS.
        """
        url = self._urls[origin.scheme]
        if not url or any(one.covers(origin) for one in self._exceptions):
            return None
        if url not in self._proxies:
            try:
                self._proxies[url] = Proxy(url)
            except ValueError as exc:
                raise ValueError(
                    f"the environment's proxy for {origin.scheme}: {exc} "
                    "(trust_env=False ignores it)"
                ) from exc
        return self._proxies[url]


class _Exception:
    """One entry of ``no_proxy``."""

    def __init__(self, entry: str) -> None:
        self._network = _network(entry)
        self._port: int | None = None
        if self._network is None:
            host, colon, port = entry.rpartition(":")
            if colon and port.isdecimal() and len(port) <= 5:
                self._port = int(port)
                entry = host
                self._network = _network(host)
        self._name = entry.lower().removeprefix("*.").strip(".")

    def covers(self, origin: Origin) -> bool:
        if self._port not in {None, origin.port}:
            return False
        if self._name == "*":
            return True
        host = origin.host.lower().rstrip(".")
        address = _network(host)
        if self._network is None or address is None:
            is_under = address is None and bool(self._name) and host.endswith(f".{self._name}")
            return host == self._name or is_under
        return address.version == self._network.version and address.network_address in self._network


def _network(text: str) -> _Network | None:
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _url_in(environ: Mapping[str, str], scheme: str) -> str:
    name = f"{scheme}_proxy"
    if scheme == "http" and "REQUEST_METHOD" in environ:
        url = "" if sys.platform == "win32" else environ.get(name, "")
    else:
        url = _variable(environ, name)
    return url or _variable(environ, "all_proxy")


def _variable(environ: Mapping[str, str], name: str) -> str:
    return (environ.get(name) or environ.get(name.upper()) or "").strip()
