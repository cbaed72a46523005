"""Middleware that most services need: one policy each, composed once for each route.

::

    router = http.Router(
        middleware=[
            middleware.RequestID(),
            middleware.CORS(origins=["https://app.example.com"]),
            middleware.Compression(),
        ]
    )

Each is an instance with named arguments, to be passed to a router, a group or a single route. The
first is the outermost.
"""

from __future__ import annotations

from ._basic_auth import BasicAuth as BasicAuth
from ._body_limit import BodyLimit as BodyLimit
from ._compression import Compression as Compression
from ._cors import CORS as CORS
from ._https_redirect import HTTPSRedirect as HTTPSRedirect
from ._load_shedding import LoadShedding as LoadShedding
from ._load_shedding import LoadStatistics as LoadStatistics
from ._proxy_headers import ProxyHeaders as ProxyHeaders
from ._rate_limit import RateLimit as RateLimit
from ._request_id import RequestID as RequestID
from ._security_headers import SecurityHeaders as SecurityHeaders
from ._timeout import Timeout as Timeout
from ._trusted_hosts import TrustedHosts as TrustedHosts

__all__ = [
    "CORS",
    "BasicAuth",
    "BodyLimit",
    "Compression",
    "HTTPSRedirect",
    "LoadShedding",
    "LoadStatistics",
    "ProxyHeaders",
    "RateLimit",
    "RequestID",
    "SecurityHeaders",
    "Timeout",
    "TrustedHosts",
]
