"""What ``Link`` fields say (:rfc:`8288` section 3)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

__all__ = ["parse_links"]

_TARGET: Final = re.compile(r"[ \t,]*<([^<>]*)>[ \t]*")
_PARAMETER: Final = re.compile(
    r";[ \t]*([!#$&+\-.^_`|~0-9A-Za-z]+)(\*?)[ \t]*"
    r'(?:=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^ \t;,"]*)))?[ \t]*'
)
_ESCAPED: Final = re.compile(r"\\(.)")


def parse_links(fields: Iterable[str]) -> dict[str, dict[str, str]]:
    """The links by their relation, or by their target where they have none.

    :param fields: the values of the ``Link`` fields; what is malformed ends its field.
    :returns: for each link its parameters and, as ``"url"``, where it leads.
    """
    links = dict[str, dict[str, str]]()
    for field in fields:
        at = 0
        while target := _TARGET.match(field, at):
            at = target.end()
            link = {"url": target[1]}
            while parameter := _PARAMETER.match(field, at):
                at = parameter.end()
                quoted = parameter[3]
                value = parameter[4] if quoted is None else _ESCAPED.sub(r"\1", quoted)
                link.setdefault(parameter[1].lower() + parameter[2], value or "")
            links.setdefault(link.get("rel", link["url"]), link)
    return links
