# Made by scripts/generate_redis_commands.py; changes belong there.
"""What the client knows of all commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from . import (
    _access,
    _bitmaps,
    _clusters,
    _command_infos,
    _connections,
    _diagnostics,
    _expiry,
    _functions,
    _geo,
    _geo_radius,
    _hash_expiry,
    _hashes,
    _hyperloglogs,
    _keys,
    _lists,
    _messages,
    _modules,
    _scripts,
    _sentinels,
    _servers,
    _sessions,
    _sets,
    _slots,
    _sorted_set_pops,
    _sorted_set_ranges,
    _sorted_set_unions,
    _sorted_sets,
    _stream_groups,
    _streams,
    _strings,
)

if TYPE_CHECKING:
    from .._command import Command

COMMANDS: Final[dict[str, Command]] = {
    command.name: command
    for group in (
        _access,
        _bitmaps,
        _clusters,
        _command_infos,
        _connections,
        _diagnostics,
        _expiry,
        _functions,
        _geo,
        _geo_radius,
        _hash_expiry,
        _hashes,
        _hyperloglogs,
        _keys,
        _lists,
        _messages,
        _modules,
        _scripts,
        _sentinels,
        _servers,
        _sessions,
        _sets,
        _slots,
        _sorted_set_pops,
        _sorted_set_ranges,
        _sorted_set_unions,
        _sorted_sets,
        _stream_groups,
        _streams,
        _strings,
    )
    for command in group.COMMANDS
}
"""What is known of each command, by its name in capitals."""
