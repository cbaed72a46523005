"""Whether a request applies to what there is now: its conditions, in their order (RFC 9110, 13)."""

from __future__ import annotations

import math
import re
from typing import Final

import attrs

from ._headers import Headers
from ._http_dates import parse_http_date

__all__ = ["Validators", "failed_condition", "range_applies"]

_ENTITY_TAG: Final = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')
_TAG_AND_COMMA: Final = re.compile(r'[ \t,]*((?:W/)?"[\x21\x23-\x7e\x80-\xff]*")[ \t]*(?=,|$)')
_STRONG_AFTER: Final = 1
"""Seconds after which a date tells two versions apart for sure (section 8.8.2.2)."""


@attrs.frozen
class Validators:
    """What tells one version of a representation from another.

    :param etag: with its quotes, ``W/`` in front where it is weak.
    :param modified: seconds since 1970.
    """

    etag: str | None = None
    modified: int | None = None


def failed_condition(method: str, headers: Headers, validators: Validators) -> int | None:
    """The status to answer with, 304 or 412, where a condition of a request is not met.

    :returns: ``None`` where the method is to be carried out.
    """
    reads = method in ("GET", "HEAD")
    if "if-match" in headers:
        if not _matches(headers["if-match"], validators.etag, strongly=True):
            return 412
    elif _compare(headers, "if-unmodified-since", validators) > 0:
        return 412
    if "if-none-match" in headers:
        if _matches(headers["if-none-match"], validators.etag, strongly=False):
            return 304 if reads else 412
    elif reads and _compare(headers, "if-modified-since", validators) <= 0:
        return 304
    return None


def range_applies(headers: Headers, validators: Validators, now: float) -> bool:
    """Whether ``If-Range``, if there is one, lets ``Range`` be looked at (section 13.1.5).

    :param now: seconds since 1970.
    """
    condition = headers.get("if-range")
    if condition is None:
        return True
    if _ENTITY_TAG.fullmatch(condition):
        return _same_tag(condition, validators.etag, strongly=True)
    if validators.modified is None or validators.modified > now - _STRONG_AFTER:
        return False
    return parse_http_date(condition) == validators.modified


def _compare(headers: Headers, name: str, validators: Validators) -> float:
    """How much later than a field's date it was modified; no number where either is unknown."""
    date = parse_http_date(headers.get(name, ""))
    return math.nan if date is None or validators.modified is None else validators.modified - date


def _matches(field: str, etag: str | None, *, strongly: bool) -> bool:
    """Whether a list of entity tags has ours; what is malformed in it has not."""
    if field.strip(" \t") == "*":
        return True
    at = 0
    while found := _TAG_AND_COMMA.match(field, at):
        if _same_tag(found[1], etag, strongly=strongly):
            return True
        at = found.end()
    return False


def _same_tag(one: str, other: str | None, *, strongly: bool) -> bool:
    """Compare entity tags (section 8.8.3.2)."""
    if other is None:
        return False
    if strongly:
        return one == other and not one.startswith("W/")
    return one.removeprefix("W/") == other.removeprefix("W/")
