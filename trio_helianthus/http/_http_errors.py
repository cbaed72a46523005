"""The two errors that only HTTP knows: an answer given as an exception, and one received."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_helianthus.errors import HelianthusError

from ._headers import Headers, HeaderTypes
from ._status import check_status, reason_phrase

if TYPE_CHECKING:
    from ._client_response import ResponseHead

__all__ = ["HTTPError", "HTTPStatusError"]


class HTTPError(HelianthusError):
    """Raised by a handler to answer with an error status; the server sends it as plain text.

    ::

        raise HTTPError(404, "no such planet")

    Reading a request's body raises it too (400, 408, 413), so that a handler that does not
    catch it gives the right answer. Out of a nursery it comes in an exception group; where there
    is nothing else in that, the first one is the answer.

    :param status: 400 to 599.
    :param detail: one line for the client; the status's own phrase where it is left out.
    :param headers: further header fields of the answer.
    :raises ValueError: for a status outside that range, or invalid headers.
    """

    def __init__(self, status: int, detail: str | None = None, headers: HeaderTypes = ()) -> None:
        check_status(status, lowest=400)
        self.status = status
        self.detail: str = reason_phrase(status) or "Error" if detail is None else detail
        self.headers: Headers = Headers(headers)
        super().__init__(f"{status} {self.detail}")

    def __reduce__(self) -> tuple[type[HTTPError], tuple[int, str, list[tuple[str, str]]]]:
        return type(self), (self.status, self.detail, self.headers.pairs)


class HTTPStatusError(HelianthusError):
    """Raised by ``raise_for_status()`` for an answer whose status is 400 or more.

    :param response: the answer, with whatever of its body has been received.
    """

    def __init__(self, response: ResponseHead) -> None:
        self.response = response
        said = " ".join(filter(None, [str(response.status), response.reason]))
        super().__init__(f"{response.method} {response.url}: {said}")

    @property
    def status(self) -> int:
        """The status of the answer."""
        return self.response.status

    def __reduce__(self) -> tuple[type[HTTPStatusError], tuple[ResponseHead]]:
        return type(self), (self.response,)
