"""Cookies that servers have set, and which of them belong to a request (:rfc:`6265` section 5)."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count
from typing import Any, Final, TypeAlias

import attrs

from ._cookie import Cookie, accept, domain_matches, domains_above, path_matches
from ._cookie_parse import parse_set_cookie
from ._headers import Headers
from ._public_suffixes import is_public_suffix, load_public_suffixes
from ._url import URL, parse_url

__all__ = ["CookieJar"]

_NAME: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE: Final = re.compile(r'"?[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*"?')
_Key: TypeAlias = tuple[str, bool, str]
"""Name, host only, path: what makes two cookies of one domain the same one."""


class CookieJar(Mapping[str, str]):
    """Keeps cookies and tells which of them go where; a client has one.

    As a mapping it has the value of each name; where hosts or paths have cookies of the same
    name, that of the one that came last. Iterating over :meth:`cookies` shows them all.
    It may be shared by several clients of one trio run.

    A cookie for a whole domain is refused where that domain is a public suffix such as
    ``co.uk``. This needs the extra ``http``; without it only single labels such as ``com`` are
    known to be public.

    :param max_cookies: cookies in all; above that, the one used longest ago is dropped.
    :param max_per_domain: likewise for the cookies of one domain.
    :param clock: Unix time in seconds.
    :raises ValueError: for a limit below 1.
    """

    def __init__(
        self,
        *,
        max_cookies: int = 3000,
        max_per_domain: int = 50,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if max_cookies < 1 or max_per_domain < 1:
            raise ValueError("max_cookies and max_per_domain must be at least 1")
        self._max_cookies = max_cookies
        self._max_per_domain = max_per_domain
        self._clock = clock
        self._domains: dict[str, dict[_Key, _Entry]] = {}
        self._size = 0
        self._ticks = count()

    @property
    def size(self) -> int:
        """How many cookies there are, expired ones too; of one name there may be several."""
        return self._size

    def receive(self, url: str, set_cookie: str) -> Cookie | None:
        """Keep a cookie that a server has set, if it may.

        :param url: what was asked for.
        :param set_cookie: the value of one ``Set-Cookie`` field.
        :returns: the cookie, or ``None`` where it was refused, or taken as an order to delete.
        :raises ValueError: for an invalid URL.
        """
        return self.receive_from(parse_url(url), set_cookie)

    def receive_from(self, url: URL, set_cookie: str) -> Cookie | None:
        """As :meth:`receive`, from a URL that was taken apart already."""
        now = self._clock()
        said = parse_set_cookie(set_cookie, now)
        cookie = None if said is None else accept(said, url)
        if cookie is None or (not cookie.secure and self._hides_secure_one(cookie, url)):
            return None
        if cookie.expires is not None and cookie.expires <= now:
            self._drop(cookie.domain, _key(cookie))
            return None
        self._store(cookie)
        return cookie

    async def receive_all(self, url: URL, headers: Headers) -> None:
        """Keep what all ``Set-Cookie`` fields of an answer set, as far as they may."""
        fields = headers.get_all("set-cookie")
        if any("domain" in field.lower() for field in fields):
            await load_public_suffixes()
        for field in fields:
            self.receive_from(url, field)

    def header(self, url: str) -> str:
        """The value of ``Cookie`` for a request, the cookies of longer paths first.

        :param url: what is asked for.
        :returns: ``""`` where no cookie belongs to it.
        :raises ValueError: for an invalid URL.
        """
        return self.header_for(parse_url(url))

    def header_for(self, url: URL) -> str:
        """As :meth:`header`, for a URL that was taken apart already."""
        if not self._size:
            return ""
        now, tick, found = self._clock(), next(self._ticks), list[_Entry]()
        host, path, secure = url.origin.host, url.path, url.origin.scheme == "https"
        for domain in domains_above(host):
            for entry in list(self._domains.get(domain, {}).values()):
                cookie = entry.cookie
                if cookie.expires is not None and cookie.expires <= now:
                    self._drop(domain, _key(cookie))
                elif (
                    (domain == host or not cookie.host_only)
                    and (secure or not cookie.secure)
                    and path_matches(path, cookie.path)
                ):
                    entry.used = tick
                    found.append(entry)
        found.sort(key=lambda entry: (-len(entry.cookie.path), entry.created))
        return "; ".join(f"{entry.cookie.name}={entry.cookie.value}" for entry in found)

    def set(
        self,
        name: str,
        value: str,
        *,
        domain: str,
        path: str = "/",
        secure: bool = False,
        subdomains: bool = False,
        expires: float | None = None,
    ) -> None:
        """Put a cookie of your own into the jar.

        :param domain: the host that gets it.
        :param path: where on that host.
        :param secure: only over ``https``.
        :param subdomains: also the hosts below it.
        :param expires: Unix time in seconds; ``None`` means at the end of the session.
        :raises ValueError: a name, value, domain or path that cannot be sent, or a public suffix
            as the domain of subdomains.
        """
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            raise ValueError(f"a cookie cannot have the name {name!r} with this value")
        if not path.startswith("/") or not path.isprintable() or ";" in path:
            raise ValueError(f"a cookie's path begins with a slash, unlike {path!r}")
        host = f"[{domain}]" if ":" in domain else domain
        domain = parse_url(f"http://{host}/").origin.host
        if subdomains and is_public_suffix(domain):
            raise ValueError(f"{domain} is a public suffix")
        self._store(
            Cookie(
                name=name,
                value=value,
                domain=domain,
                path=path,
                host_only=not subdomains,
                secure=secure,
                expires=expires,
            )
        )

    def cookies(self) -> list[Cookie]:
        """Every cookie that has not expired, oldest first."""
        now = self._clock()
        return [
            entry.cookie
            for entry in sorted(self._entries(), key=lambda entry: entry.created)
            if entry.cookie.expires is None or entry.cookie.expires > now
        ]

    def clear(
        self, name: str | None = None, *, domain: str | None = None, path: str | None = None
    ) -> None:
        """Forget the cookies of this name, domain and path; ``None`` stands for any."""
        for cookie in [entry.cookie for entry in self._entries()]:
            if (
                (name is None or cookie.name == name)
                and (domain is None or cookie.domain == domain)
                and (path is None or cookie.path == path)
            ):
                self._drop(cookie.domain, _key(cookie))

    def dump(self, *, session: bool = False) -> list[dict[str, Any]]:
        """The cookies as plain values, ready for JSON or a database.

        :param session: those too that end with the session.
        """
        return [
            attrs.asdict(cookie)
            for cookie in self.cookies()
            if session or cookie.expires is not None
        ]

    def load(self, cookies: Iterable[Mapping[str, Any]]) -> None:
        """Add what :meth:`dump` gave.

        :raises TypeError: for something else.
        """
        for cookie in [Cookie(**fields) for fields in cookies]:
            self._store(cookie)

    def __getitem__(self, name: str) -> str:
        for cookie in reversed(self.cookies()):
            if cookie.name == name:
                return cookie.value
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(cookie.name for cookie in self.cookies()))

    def __len__(self) -> int:
        return len({cookie.name for cookie in self.cookies()})

    def __repr__(self) -> str:
        return f"<CookieJar, {self._size} cookies>"

    def _entries(self) -> Iterator[_Entry]:
        for entries in self._domains.values():
            yield from entries.values()

    def _store(self, cookie: Cookie) -> None:
        entries = self._domains.setdefault(cookie.domain, {})
        tick, key = next(self._ticks), _key(cookie)
        if (old := entries.get(key)) is not None:
            entries[key] = _Entry(cookie, created=old.created, used=tick)
            return
        if len(entries) >= self._max_per_domain:
            self._drop_oldest(entries.values())
        elif self._size >= self._max_cookies:
            self._drop_oldest(self._entries())
        self._domains.setdefault(cookie.domain, entries)[key] = _Entry(cookie, tick, tick)
        self._size += 1

    def _drop_oldest(self, entries: Iterable[_Entry]) -> None:
        oldest = min(entries, key=lambda entry: entry.used).cookie
        self._drop(oldest.domain, _key(oldest))

    def _drop(self, domain: str, key: _Key) -> None:
        entries = self._domains.get(domain, {})
        if entries.pop(key, None) is not None:
            self._size -= 1
            if not entries:
                del self._domains[domain]

    def _hides_secure_one(self, new: Cookie, url: URL) -> bool:
        """Whether an insecure cookie would stand in front of a secure one (6265bis 5.7)."""
        if url.origin.scheme == "https":
            return False
        return any(
            entry.cookie.secure
            and entry.cookie.name == new.name
            and path_matches(new.path, entry.cookie.path)
            for domain, entries in self._domains.items()
            if domain_matches(domain, new.domain) or domain_matches(new.domain, domain)
            for entry in entries.values()
        )


@attrs.define(eq=False)
class _Entry:
    cookie: Cookie
    created: int
    used: int


def _key(cookie: Cookie) -> _Key:
    return cookie.name, cookie.host_only, cookie.path
