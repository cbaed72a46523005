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

from . import middleware as middleware
from ._auth import Auth as Auth
from ._auth import AuthTypes as AuthTypes
from ._auth import BasicAuth as BasicAuth
from ._auth import BearerAuth as BearerAuth
from ._auth import ClientRequest as ClientRequest
from ._auth import NetrcAuth as NetrcAuth
from ._by_host import by_host as by_host
from ._call_builder import CallOptions as CallOptions
from ._call_builder import SendOptions as SendOptions
from ._client import Client as Client
from ._client_response import ClientResponse as ClientResponse
from ._client_response import ResponseBody as ResponseBody
from ._client_response import ResponseHead as ResponseHead
from ._client_response import StreamedResponse as StreamedResponse
from ._client_upgrade import Upgraded as Upgraded
from ._client_upgrade import UpgradeRefused as UpgradeRefused
from ._connection_options import ConnectionOptions as ConnectionOptions
from ._content import Content as Content
from ._converters import Converter as Converter
from ._cookie import Cookie as Cookie
from ._cookie_jar import CookieJar as CookieJar
from ._digest_auth import DigestAuth as DigestAuth
from ._endpoints import Endpoints as Endpoints
from ._event_reader import EventReader as EventReader
from ._exchanges import ClientStatistics as ClientStatistics
from ._file_body import FileBody as FileBody
from ._form import Form as Form
from ._form import FormFiles as FormFiles
from ._form_limits import FormLimits as FormLimits
from ._form_part import FormPart as FormPart
from ._guard import Retries as Retries
from ._headers import Headers as Headers
from ._headers import HeaderTypes as HeaderTypes
from ._http_errors import HTTPError as HTTPError
from ._http_errors import HTTPStatusError as HTTPStatusError
from ._limits import ClientLimits as ClientLimits
from ._limits import ServerLimits as ServerLimits
from ._middleware_chain import CallNext as CallNext
from ._middleware_chain import ErrorHandler as ErrorHandler
from ._middleware_chain import Middleware as Middleware
from ._multi_mapping import MultiMapping as MultiMapping
from ._open_client import open_client as open_client
from ._proxy import Proxy as Proxy
from ._proxy import ProxyRefused as ProxyRefused
from ._proxy_environment import ProxyEnvironment as ProxyEnvironment
from ._query import Query as Query
from ._request import Request as Request
from ._request_body import RequestBody as RequestBody
from ._response import HandlerResult as HandlerResult
from ._response import Response as Response
from ._response import as_response as as_response
from ._response_writer import ResponseWriter as ResponseWriter
from ._router import Handler as Handler
from ._router import Route as Route
from ._router import Router as Router
from ._server import Server as Server
from ._server import ServerStatistics as ServerStatistics
from ._server import serve as serve
from ._server import serve_stream as serve_stream
from ._server_sent_event import ServerSentEvent as ServerSentEvent
from ._set_cookie import SameSite as SameSite
from ._static import StaticFiles as StaticFiles
from ._text_streams import BodyPieces as BodyPieces
from ._timeouts import Timeouts as Timeouts
from ._tls_options import TLSOptions as TLSOptions
from ._transport import TCPTransport as TCPTransport
from ._transport import Transport as Transport
from ._transport import UnixTransport as UnixTransport
from ._transport import in_process as in_process
from ._upgrade import UpgradeHandler as UpgradeHandler
from ._upload import FileContent as FileContent
from ._upload import Files as Files
from ._upload import FileTypes as FileTypes
from ._upload import Progress as Progress
from ._upload import ReadableFile as ReadableFile
from ._upload_file import UploadFile as UploadFile
from ._url import Origin as Origin
from ._url import Params as Params

__all__ = [
    "Auth",
    "AuthTypes",
    "BasicAuth",
    "BearerAuth",
    "BodyPieces",
    "CallNext",
    "CallOptions",
    "Client",
    "ClientLimits",
    "ClientRequest",
    "ClientResponse",
    "ClientStatistics",
    "ConnectionOptions",
    "Content",
    "Converter",
    "Cookie",
    "CookieJar",
    "DigestAuth",
    "Endpoints",
    "ErrorHandler",
    "EventReader",
    "FileBody",
    "FileContent",
    "FileTypes",
    "Files",
    "Form",
    "FormFiles",
    "FormLimits",
    "FormPart",
    "HTTPError",
    "HTTPStatusError",
    "Handler",
    "HandlerResult",
    "HeaderTypes",
    "Headers",
    "Middleware",
    "MultiMapping",
    "NetrcAuth",
    "Origin",
    "Params",
    "Progress",
    "Proxy",
    "ProxyEnvironment",
    "ProxyRefused",
    "Query",
    "ReadableFile",
    "Request",
    "RequestBody",
    "Response",
    "ResponseBody",
    "ResponseHead",
    "ResponseWriter",
    "Retries",
    "Route",
    "Router",
    "SameSite",
    "SendOptions",
    "Server",
    "ServerLimits",
    "ServerSentEvent",
    "ServerStatistics",
    "StaticFiles",
    "StreamedResponse",
    "TCPTransport",
    "TLSOptions",
    "Timeouts",
    "Transport",
    "UnixTransport",
    "UpgradeHandler",
    "UpgradeRefused",
    "Upgraded",
    "UploadFile",
    "as_response",
    "by_host",
    "in_process",
    "middleware",
    "open_client",
    "serve",
    "serve_stream",
]
