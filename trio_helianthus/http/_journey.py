"""From a call to its last answer: cookies, credentials, redirects. What to send next, no I/O."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Final

from trio_helianthus.errors import LimitExceeded, RemoteProtocolError

from ._auth import Auth, BasicAuth, BearerAuth, ClientRequest, NetrcAuth
from ._digest_auth import DigestAuth
from ._headers import Headers, HeaderTypes
from ._redirects import is_redirect, keeps_credentials, redirected

if TYPE_CHECKING:
    from ._call import Call
    from ._call_builder import CallBuilder
    from ._client_response import ResponseHead
    from ._cookie_jar import CookieJar

__all__ = ["Journey", "asks_for_more"]

_SPECIAL: Final = frozenset([b"content-encoding", b"location", b"set-cookie"])

_NEVER_WAIT: Final = (BasicAuth, BearerAuth, DigestAuth, NetrcAuth)
MAX_TRIES: Final = 8
"""How often one request is sent again because of its credentials."""


def asks_for_more(headers: Headers) -> bool:
    """Whether an answer has a field that asks for more than to hand it over."""
    return not _SPECIAL.isdisjoint([name for name, _ in headers.raw])


class Journey:
    """The requests that one call makes, one after the other.

    The caller sends what :meth:`next_call` returns, hands the answer to :meth:`goes_on`, and
    repeats that while it is true. The last answer is the call's.

    :param calls: completes calls with their cookies and credentials.
    :param call: the first request, without these.
    :param auth: what authenticates it; requests to other origins go without.
    :param cookies: a ``Cookie`` value of this call alone; also for its own origin only.
    :param jar: gives cookies.
    :param keep_cookies: whether it takes them, too.
    :param max_redirects: how many are followed; 0 makes a redirect an answer as any other.
    """

    def __init__(
        self,
        calls: CallBuilder,
        call: Call,
        *,
        auth: Auth | None,
        cookies: str,
        jar: CookieJar,
        keep_cookies: bool,
        max_redirects: int,
    ) -> None:
        self._calls = calls
        self._call = self._sent = call
        self._auth = auth
        self._cookies = cookies
        self._jar = jar
        self._keep_cookies = keep_cookies
        self._max_redirects = max_redirects
        self._redirects = self._tries = 0
        self._seen = {(call.method, str(call.url))}
        self._credentials: HeaderTypes | None = None
        self._asked_auth = False
        self.history: list[ResponseHead] = []
        """The answers that were not the last one."""

    @property
    def sent(self) -> Call:
        """The request that :meth:`next_call` returned last."""
        return self._sent

    @property
    def may_wait(self) -> bool:
        """Whether credentials may have to be waited for."""
        return self._auth is not None and not isinstance(self._auth, _NEVER_WAIT)

    @property
    def _may_try_again(self) -> bool:
        return self._auth is not None and not isinstance(self._auth, BasicAuth | BearerAuth)

    async def next_call(self) -> Call:
        """The request to send now. Waits for whatever ``auth`` waits for."""
        if self._auth is not None and not self._asked_auth:
            self._asked_auth = True
            self._credentials = await self._ask_auth(self._auth, None)
        cookies = self._jar.header_for(self._call.url)
        if self._cookies:
            cookies = f"{cookies}; {self._cookies}" if cookies else self._cookies
        self._sent = self._calls.complete(self._call, cookies, self._credentials)
        return self._sent

    async def goes_on(self, answer: ResponseHead) -> bool:
        """Whether there is another request to send after this answer.

        :raises LimitExceeded: one redirect too many.
        :raises RemoteProtocolError: a redirect that leads nowhere.
        :raises LocalProtocolError: the content would have to be sent again and cannot be.
        """
        if not self._may_try_again and not asks_for_more(answer.headers):
            return False
        if self._keep_cookies:
            await self._jar.receive_all(self._call.url, answer.headers)
        if self._may_try_again and self._tries < MAX_TRIES and self._call.replayable:
            assert self._auth is not None
            credentials = await self._ask_auth(self._auth, answer)
            if credentials is not None:
                self._tries += 1
                self._credentials = credentials
                self.history.append(answer)
                return True
        if self._max_redirects and is_redirect(answer.status, answer.headers):
            self._follow(answer)
            self.history.append(answer)
            return True
        return False

    def _follow(self, answer: ResponseHead) -> None:
        locations = set(answer.headers.get_all("location"))
        if len(locations) > 1:
            raise RemoteProtocolError("a redirect to several places at once")
        before = self._call
        after = redirected(before, answer.status, locations.pop())
        place = after.method, str(after.url)
        if self._redirects >= self._max_redirects:
            how = " in a loop" if place in self._seen else ""
            raise LimitExceeded(
                f"the server redirected more than {self._max_redirects} times{how}, at last to "
                f"{after.url}",
                limit_name="max_redirects",
                limit=self._max_redirects,
            )
        self._redirects += 1
        self._seen.add(place)
        self._call = after
        self._tries = 0
        self._asked_auth, self._credentials = False, None
        if not keeps_credentials(before.url.origin, after.url.origin):
            self._cookies = ""
            downgraded = before.url.origin.scheme == "https" != after.url.origin.scheme
            if downgraded or not isinstance(self._auth, NetrcAuth):
                self._auth = None

    async def _ask_auth(self, auth: Auth, answer: ResponseHead | None) -> HeaderTypes | None:
        if isinstance(auth, BasicAuth | BearerAuth):
            return auth.fields
        call = self._call if answer is None else self._sent
        content = call.content if isinstance(call.content, bytes) else None
        request = ClientRequest(call.method, str(call.url), call.headers.copy(), content)
        fields = auth(request, answer)
        if inspect.isawaitable(fields):
            fields = await fields
        return fields
