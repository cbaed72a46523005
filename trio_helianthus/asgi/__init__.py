"""ASGI 3: runs ASGI apps on our server, and our routers as ASGI apps.

Any ASGI app that runs on trio, served::

    async with trio.open_nursery() as nursery:
        server = await nursery.start(asgi.serve, app, 8000)

one below a router of ours (:func:`as_handler`), and one called without sockets::

    async with asgi.transport(app) as transport, http.open_client(
        "http://app", transport=transport
    ) as client:
        answer = await client.get("/")
"""

from __future__ import annotations

from ._as_app import as_app as as_app
from ._as_handler import as_handler as as_handler
from ._lifespan import LifespanMode as LifespanMode
from ._lifespan import open_lifespan as open_lifespan
from ._messages import AppError as AppError
from ._messages import ASGIApp as ASGIApp
from ._messages import LifespanFailed as LifespanFailed
from ._messages import Message as Message
from ._messages import Receive as Receive
from ._messages import Scope as Scope
from ._messages import Send as Send
from ._serve import serve as serve
from ._transport import transport as transport

__all__ = [
    "ASGIApp",
    "AppError",
    "LifespanFailed",
    "LifespanMode",
    "Message",
    "Receive",
    "Scope",
    "Send",
    "as_app",
    "as_handler",
    "open_lifespan",
    "serve",
    "transport",
]
