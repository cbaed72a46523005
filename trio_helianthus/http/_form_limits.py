"""What a form may cost."""

from __future__ import annotations

from typing import Any

import attrs
from attrs import validators

__all__ = ["FormLimits"]


def _count(default: int) -> Any:
    return attrs.field(default=default, validator=[validators.instance_of(int), validators.ge(1)])


@attrs.frozen(kw_only=True)
class FormLimits:
    """What a form may cost; above a limit the answer is 413.

    All of it together is no longer than the server's ``max_body_bytes``.

    :raises ValueError: for a number below 1.
    """

    max_fields: int = _count(1000)
    """Fields that are no files."""
    max_files: int = _count(100)
    """Files."""
    max_field_bytes: int = _count(1024 * 1024)
    """The value of one field, and its name."""
    max_fields_bytes: int = _count(4 * 1024 * 1024)
    """All values of fields together, which are in memory."""
    max_file_bytes: int = _count(1024 * 1024 * 1024)
    """One file."""
    max_header_bytes: int = _count(8 * 1024)
    """The header fields of one part."""
    spool_bytes: int = _count(256 * 1024)
    """How much of each file stays in memory; longer ones go to a temporary file."""
