"""Which pages of other origins may read the answers: the CORS protocol of the Fetch standard."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Literal, TypeAlias

from .._headers import Headers
from .._middleware_chain import CallNext
from .._request import Request
from .._response import Response
from ._added_fields import RawFields, RememberedChange, names_of
from ._field_lists import add_vary

__all__ = ["CORS"]

_Origins: TypeAlias = "Literal['*'] | Iterable[str] | re.Pattern[str] | Callable[[str], bool]"
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#\s]+|null")


class CORS:
    """Lets pages of other origins call a service, and answers what browsers ask before.

    ::

        CORS(origins=["https://app.example.com"], credentials=True, headers=["Authorization"])

    Its fields are on every answer, errors and those of middleware further in included, so that a
    page sees the error and not a complaint of the browser about CORS. With ``origins="*"`` they are
    on answers to requests without ``Origin``, too: a cache may give these to anybody. Put it
    outside of what may refuse a request, such as rate limits and authentication: a browser asks
    without credentials.

    A preflight is answered here, whatever the routes are. For an origin that may not, it is
    answered with 403; else with all that is allowed, so that the browser can say what is not.
    CORS protects nobody from requests of other clients: it only tells browsers.

    :param origins: such as ``"https://app.example.com"``, with the port where it is not the
        scheme's own; or ``"*"`` for all; or a compiled pattern that has to match as a whole; or a
        function of the origin. ``null``, the origin of files and sandboxes, must be listed.
    :param methods: what other origins may use beside ``GET``, ``HEAD`` and ``POST``, which
        browsers send in any case; ``"*"`` for all.
    :param headers: fields they may send; ``"*"`` for all.
    :param expose: fields of answers that pages may read, beside the harmless ones.
    :param credentials: whether cookies and authentication may be sent along.
    :param max_age: for how many seconds a browser may remember what it was told.
    :param private_network: whether pages of the internet may call this service where it is in
        their user's own network.
    :raises ValueError: for ``origins="*"`` with credentials, which would let every page act in its
        user's name, or an origin with a path or a slash at its end.
    :raises TypeError: for text where a list is wanted.
    """

    def __init__(
        self,
        *,
        origins: _Origins,
        methods: Literal["*"] | Iterable[str] = ("DELETE", "PATCH", "PUT"),
        headers: Literal["*"] | Iterable[str] = (),
        expose: Iterable[str] = (),
        credentials: bool = False,
        max_age: int = 600,
        private_network: bool = False,
    ) -> None:
        if isinstance(origins, str) and origins != "*":
            raise TypeError(f"origins are a list, such as [{origins!r}]")
        if isinstance(expose, str):
            raise TypeError(f"expose is a list, such as [{expose!r}]")
        self._any_origin = origins == "*"
        if self._any_origin and credentials:
            raise ValueError("credentials for every origin: list the origins instead")
        self._allows = _test_of(origins)
        self._methods = _listed(methods, "methods")
        self._headers = _listed(headers, "headers")
        said = {
            "Access-Control-Allow-Credentials": "true" if credentials else "",
            "Access-Control-Expose-Headers": ", ".join(expose),
        }
        self._vary = () if self._any_origin else ((b"Vary", b"Origin"),)
        self._fields = Headers([(name, value) for name, value in said.items() if value]).raw
        self._max_age = str(int(max_age))
        self._private_network = private_network
        self._add = RememberedChange(self._add_fields)
        Headers({"X": self._methods or "", "Y": self._headers or ""})  # checks

    async def __call__(self, request: Request, call_next: CallNext) -> Response:
        """Answer a preflight, or add to the answer what the page may read."""
        origin = request.headers.get("origin")
        if origin is None:
            reader = "*" if self._any_origin else ""
        elif request.method == "OPTIONS" and "access-control-request-method" in request.headers:
            return self._answer_preflight(request, origin)
        else:
            reader = self._reader(origin)

        def add(response: Response) -> None:
            self._add.apply(response, reader)

        request.before_start(add)
        response = await call_next(request)
        add(response)
        return response

    def _reader(self, origin: str) -> str:
        """Who may read, as the field has it; empty for nobody."""
        if not self._allows(origin):
            return ""
        return "*" if self._any_origin else origin

    def _add_fields(self, fields: RawFields, reader: str) -> RawFields:
        """Say who may read what."""
        new = self._vary
        if reader:
            origin = b"Access-Control-Allow-Origin", reader.encode("latin-1")
            new = (*new, origin, *self._fields)
        if names_of(fields).isdisjoint(names_of(new)):
            return fields + new
        headers = Headers.from_wire(fields)
        if self._vary:
            add_vary(headers, "Origin")
        headers.update(Headers.from_wire(new[len(self._vary) :]))
        return headers.raw

    def _answer_preflight(self, request: Request, origin: str) -> Response:
        asked = request.headers
        reader = self._reader(origin)
        if not reader:
            response = Response.text(f"the origin {origin!r} is not allowed\n", status=403)
        else:
            response = Response(status=204)
            self._add.apply(response, reader)
            response.headers.pop("Access-Control-Expose-Headers", None)
            method = asked["access-control-request-method"]
            fields = {
                "Access-Control-Allow-Methods": method if self._methods is None else self._methods,
                "Access-Control-Allow-Headers": asked.get("access-control-request-headers", "")
                if self._headers is None
                else self._headers,
                "Access-Control-Max-Age": self._max_age,
            }
            response.headers.update({name: value for name, value in fields.items() if value})
            if self._private_network and (
                asked.get("access-control-request-private-network") == "true"
            ):
                response.headers["Access-Control-Allow-Private-Network"] = "true"
        add_vary(
            response.headers,
            *([] if self._any_origin else ["Origin"]),
            "Access-Control-Request-Method",
            "Access-Control-Request-Headers",
        )
        return response


def _test_of(origins: _Origins) -> Callable[[str], bool]:
    if isinstance(origins, re.Pattern):
        pattern = origins
        return lambda origin: pattern.fullmatch(origin) is not None
    if callable(origins):
        return origins
    if origins == "*":
        return lambda _: True
    known = {origin.lower() for origin in origins}
    for origin in known:
        if _ORIGIN.fullmatch(origin) is None:
            raise ValueError(f"an origin is scheme://host or scheme://host:port, not {origin!r}")
    return lambda origin: origin.lower() in known


def _listed(names: Literal["*"] | Iterable[str], what: str) -> str | None:
    """The value of the field; ``None`` for all, since ``*`` means nothing with credentials."""
    if names == "*":
        return None
    if isinstance(names, str):
        raise TypeError(f"{what} are a list, such as [{names!r}]")
    return ", ".join(names)
