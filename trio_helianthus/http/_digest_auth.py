"""Digest authentication (:rfc:`7616`): a password that is not sent."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

from ._challenges import Challenge, parse_challenges

if TYPE_CHECKING:
    from ._auth import ClientRequest
    from ._client_response import ResponseHead
    from ._headers import HeaderTypes

__all__ = ["DigestAuth"]

_HASHES: Final = {"md5": "md5", "sha-256": "sha256", "sha-512-256": "sha512_256"}
_MAX_HOSTS: Final = 100
"""Hosts whose challenge is remembered."""


class DigestAuth:
    """User name and password, of which the server only sees a hash.

    The first request is sent without; the server's challenge is then kept for those that follow.
    Of several challenges the first with a known algorithm is taken: MD5, SHA-256 or SHA-512-256,
    each also in its ``-sess`` form.

    :param user: the user name.
    :param password: the password.
    """

    def __init__(self, user: str, password: str) -> None:
        self._user = user
        self._password = password
        self._known: dict[str, _Space] = {}

    def __call__(self, request: ClientRequest, answer: ResponseHead | None) -> HeaderTypes | None:
        """Answer the last challenge of the host."""
        split = urlsplit(request.url)
        place = f"{split.scheme}://{split.netloc}"
        space = self._known.get(place)
        if answer is not None:
            if answer.status != 401:
                return None
            challenge = _choose(answer)
            if challenge is None or (
                space is not None
                and space.used
                and "authorization" in request.headers
                and challenge.parameters.get("stale", "").lower() != "true"
            ):
                return None  # the password is wrong, not the nonce
            if len(self._known) >= _MAX_HOSTS:
                self._known.pop(next(iter(self._known)))
            space = self._known[place] = _Space(challenge)
        if space is None:
            return None
        return {"Authorization": space.respond(request, self._user, self._password)}


class _Space:
    """What one challenge is good for: requests that are counted (:rfc:`7616` section 3.4)."""

    def __init__(self, challenge: Challenge) -> None:
        self._said = challenge.parameters
        algorithm = self._said.get("algorithm", "MD5")
        self._session = algorithm.lower().endswith("-sess")
        self._algorithm = algorithm
        self._hash = _hash(algorithm)
        self._count = 0
        self._cnonce = secrets.token_hex(16)
        self._secret = ""

    @property
    def used(self) -> bool:
        """Whether it was answered before."""
        return self._count > 0

    def respond(self, request: ClientRequest, user: str, password: str) -> str:
        """The value of ``Authorization`` for one request."""
        digest, realm, nonce = self._hash, self._said.get("realm", ""), self._said.get("nonce", "")
        if not self._secret:
            self._secret = digest(f"{user}:{realm}:{password}")
            if self._session:
                self._secret = digest(f"{self._secret}:{nonce}:{self._cnonce}")
        self._count += 1
        target = request.target
        request_hash = digest(f"{request.method}:{target}")
        fields = {"realm": _quoted(realm), "nonce": _quoted(nonce), "uri": _quoted(target)}
        if self._said.get("userhash", "").lower() == "true":
            fields |= {"username": _quoted(digest(f"{user}:{realm}")), "userhash": "true"}
        elif user.isascii():
            fields["username"] = _quoted(user)
        else:
            fields["username*"] = f"UTF-8''{quote(user, safe='')}"
        if "algorithm" in self._said:
            fields["algorithm"] = self._algorithm
        if "opaque" in self._said:
            fields["opaque"] = _quoted(self._said["opaque"])
        if "qop" in self._said:
            count = f"{self._count:08x}"
            proof = f"{self._secret}:{nonce}:{count}:{self._cnonce}:auth:{request_hash}"
            fields |= {"qop": "auth", "nc": count, "cnonce": _quoted(self._cnonce)}
        else:
            proof = f"{self._secret}:{nonce}:{request_hash}"
        fields["response"] = _quoted(digest(proof))
        return "Digest " + ", ".join(f"{name}={value}" for name, value in fields.items())


def _choose(answer: ResponseHead) -> Challenge | None:
    for challenge in parse_challenges(answer.headers.get_all("www-authenticate")):
        said = challenge.parameters
        algorithm = said.get("algorithm", "MD5").lower().removesuffix("-sess")
        offered = {one.strip().lower() for one in said.get("qop", "auth").split(",")}
        known = _HASHES.get(algorithm) in hashlib.algorithms_available
        if challenge.scheme == "digest" and known and "auth" in offered:
            return challenge
    return None


def _hash(algorithm: str) -> Callable[[str], str]:
    name = _HASHES[algorithm.lower().removesuffix("-sess")]

    def digest(text: str) -> str:
        return hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()

    return digest


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
