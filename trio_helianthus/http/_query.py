"""The query of a target: names and values, several values for one name."""

from __future__ import annotations

from urllib.parse import parse_qsl

from ._multi_mapping import MultiMapping

__all__ = ["Query"]


class Query(MultiMapping[str]):
    """What stands behind the question mark, decoded as HTML forms write it.

    ``query["page"]`` is the first value of that name, :meth:`get_all` has them all. Percent
    signs and plus signs are decoded, text is UTF-8, and bytes that are none become U+FFFD.
    A name without a value has the empty string.

    :param text: the query without its question mark.
    """

    __slots__ = ()

    def __init__(self, text: str = "") -> None:
        super().__init__(parse_qsl(text, keep_blank_values=True))
