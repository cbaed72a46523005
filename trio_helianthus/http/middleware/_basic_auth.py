"""Names and passwords, asked for by the browser."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Mapping

from .._headers import Headers
from .._http_errors import HTTPError
from .._middleware_chain import CallNext
from .._request import Request
from .._response import Response

__all__ = ["BasicAuth"]


class BasicAuth:
    """Lets in who knows a name and its password (:rfc:`7617`); safe only with TLS.

    The name is in ``request.state["user"]``.

    :param users: passwords by name, or a function of name and password, which must not wait:
        a slow hash of a password would stop the whole service.
    :param realm: what the browser shows.
    :raises ValueError: for a realm that cannot be said in a header field.
    """

    def __init__(
        self,
        users: Mapping[str, str] | Callable[[str, str], bool],
        *,
        realm: str = "restricted",
    ) -> None:
        if any(character in realm for character in '"\\'):
            raise ValueError(f"a realm has neither quotes nor backslashes: {realm!r}")
        self._check = users if callable(users) else _checker(users)
        self._challenge = {"WWW-Authenticate": f'Basic realm="{realm}", charset="UTF-8"'}
        Headers(self._challenge)  # checks

    async def __call__(self, request: Request, call_next: CallNext) -> Response:
        """Pass the request on, if it has the right credentials.

        :raises HTTPError: 401 otherwise.
        """
        name, password = _credentials(request.headers.get("authorization", ""))
        if name is None or not self._check(name, password):
            raise HTTPError(401, headers=self._challenge)
        request.state["user"] = name
        return await call_next(request)


def _checker(users: Mapping[str, str]) -> Callable[[str, str], bool]:
    known = {name: password.encode() for name, password in users.items()}

    def check(name: str, password: str) -> bool:
        expected = known.get(name)
        same = hmac.compare_digest(expected or b"", password.encode("utf-8", "surrogatepass"))
        return same and expected is not None

    return check


def _credentials(field: str) -> tuple[str | None, str]:
    scheme, _, encoded = field.partition(" ")
    if scheme.lower() != "basic":
        return None, ""
    try:
        text = base64.b64decode(encoded.strip(" "), validate=True).decode("utf-8")
    except ValueError:
        return None, ""
    name, colon, password = text.partition(":")
    return (name, password) if colon else (None, "")
