"""HTTP/1.1: messages, a router, a server whose handlers end with their clients, and a client.

A service::

    router = http.Router()

    @router.get("/hello/{name}")
    async def hello(request: http.Request) -> str:
        return f"Hello, {request.path_params['name']}!"

    async with trio.open_nursery() as nursery:
        server = await nursery.start(http.serve, router, 8000)

and a call to it::

    async with http.open_client("http://127.0.0.1:8000") as client:
        answer = await client.get("/hello/World", timeout=5)
"""

from __future__ import annotations

from ._call import Content as Content
from ._client import Client as Client
from ._client import open_client as open_client
from ._client_response import ClientResponse as ClientResponse
from ._client_response import ResponseBody as ResponseBody
from ._client_response import ResponseHead as ResponseHead
from ._client_response import StreamedResponse as StreamedResponse
from ._exchanges import ClientStatistics as ClientStatistics
from ._headers import Headers as Headers
from ._headers import HeaderTypes as HeaderTypes
from ._http_errors import HTTPError as HTTPError
from ._http_errors import HTTPStatusError as HTTPStatusError
from ._limits import ClientLimits as ClientLimits
from ._limits import ServerLimits as ServerLimits
from ._query import Query as Query
from ._request import Request as Request
from ._request_body import RequestBody as RequestBody
from ._response import HandlerResult as HandlerResult
from ._response import Response as Response
from ._router import Handler as Handler
from ._router import Router as Router
from ._server import Server as Server
from ._server import ServerStatistics as ServerStatistics
from ._server import serve as serve
from ._url import Params as Params

__all__ = [
    "Client",
    "ClientLimits",
    "ClientResponse",
    "ClientStatistics",
    "Content",
    "HTTPError",
    "HTTPStatusError",
    "Handler",
    "HandlerResult",
    "HeaderTypes",
    "Headers",
    "Params",
    "Query",
    "Request",
    "RequestBody",
    "Response",
    "ResponseBody",
    "ResponseHead",
    "Router",
    "Server",
    "ServerLimits",
    "ServerStatistics",
    "StreamedResponse",
    "open_client",
    "serve",
]
