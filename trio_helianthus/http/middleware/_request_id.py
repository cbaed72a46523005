"""A name for each request, for logs on both sides."""

from __future__ import annotations

import os
import re
from typing import Final

from .._middleware_chain import CallNext
from .._request import Request
from .._response import Response
from ._added_fields import OwnFields

__all__ = ["RequestID"]

_VALID: Final = re.compile(r"[A-Za-z0-9._~+/=:-]{1,128}")


class RequestID:
    """Gives each request an id: the client's where it sent a sane one, else a new one.

    It is in ``request.state["request_id"]`` and on the answer, errors included.

    :param header: the field, both ways.
    :param accept: whether ids of clients are taken. A client can send the id of another request,
        so take them only where that does no harm.
    :raises ValueError: for what is no name of a field.
    """

    def __init__(self, *, header: str = "X-Request-ID", accept: bool = True) -> None:
        self._header = header
        self._fields = OwnFields(header)
        self._accept = accept

    async def __call__(self, request: Request, call_next: CallNext) -> Response:
        """Name the request."""
        given = request.headers.get(self._header, "") if self._accept else ""
        name = given if _VALID.fullmatch(given) is not None else os.urandom(16).hex()
        request.state["request_id"] = name
        value = name.encode("ascii")

        def add(response: Response) -> None:
            self._fields.put(response, value)

        request.before_start(add)
        response = await call_next(request)
        add(response)
        return response
