"""What ``WWW-Authenticate`` asks for (:rfc:`9110` section 11.6.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import attrs

__all__ = ["Challenge", "parse_challenges"]

_SCHEME: Final = re.compile(r"[ \t,]*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)(?:[ \t]+|[ \t]*(?=,|$))")
_PARAMETER: Final = re.compile(
    r"[ \t,]*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[ \t]*=[ \t]*"
    r'(?:"((?:[^"\\]|\\.)*)"|([!#$%&\'*+\-.^_`|~0-9A-Za-z]+))[ \t]*(?=,|$)'
)
_TOKEN68: Final = re.compile(r"[0-9A-Za-z\-._~+/]+=*[ \t]*(?=,|$)")
_ESCAPED: Final = re.compile(r"\\(.)")


@attrs.frozen
class Challenge:
    """One way to authenticate that a server offers."""

    scheme: str
    """In lower case: ``"basic"``."""
    parameters: dict[str, str]
    """By name in lower case; the first one of a name counts."""


def parse_challenges(fields: Iterable[str]) -> list[Challenge]:
    """The challenges of all ``WWW-Authenticate`` fields; what is malformed ends its field."""
    found = list[Challenge]()
    for field in fields:
        at = 0
        while scheme := _SCHEME.match(field, at):
            at = scheme.end()
            challenge = Challenge(scheme[1].lower(), {})
            found.append(challenge)
            if not _PARAMETER.match(field, at) and (token := _TOKEN68.match(field, at)):
                at = token.end()
            while parameter := _PARAMETER.match(field, at):
                at = parameter.end()
                quoted = parameter[2]
                value = parameter[3] if quoted is None else _ESCAPED.sub(r"\1", quoted)
                challenge.parameters.setdefault(parameter[1].lower(), value)
    return found
