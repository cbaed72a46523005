"""Which character set a ``Content-Type`` names."""

from __future__ import annotations

import codecs
import encodings
import pkgutil
import re
from encodings.aliases import aliases
from functools import cache

__all__ = ["charset_of"]

_CHARSET = re.compile(r""";\s*charset\s*=\s*("?)([\w.:+-]{1,40})\1\s*(?:;|$)""", re.IGNORECASE)

_NO_CHARACTER_SETS = frozenset(
    ["idna", "mbcs", "oem", "punycode", "raw_unicode_escape", "undefined", "unicode_escape"]
)
"""Codecs of Python that turn bytes into text and yet are no character set; some take
quadratic time, so a peer must not choose them."""


def charset_of(content_type: str, default: str = "utf-8") -> str:
    """The Python codec for the ``charset`` parameter of a ``Content-Type``.

    :param content_type: the field's value; may be empty.
    :param default: the answer where the parameter is missing.
    :raises LookupError: the parameter names no character set that Python knows.
    """
    found = _CHARSET.search(content_type)
    if found is None:
        return default
    name = encodings.normalize_encoding(found[2]).lower()
    if name not in _known_names():
        raise LookupError(f"unknown character set: {name}")
    name = codecs.lookup(name).name
    if name in _NO_CHARACTER_SETS:
        raise LookupError(f"not a character set: {name}")
    b" ".decode(name, "ignore")
    return name


@cache
def _known_names() -> frozenset[str]:
    """What Python may be asked for: it remembers every name that it was ever asked for."""
    modules = pkgutil.iter_modules(encodings.__path__)
    return frozenset(aliases).union(module.name for module in modules)
