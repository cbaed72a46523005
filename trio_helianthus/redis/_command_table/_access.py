# Made by scripts/generate_redis_commands.py; changes belong there.
"""Access control: what the client knows of each command."""

from __future__ import annotations

from typing import Final

from .._command import Command, CommandFlag
from .._replies import access_log, access_rules, dry_run, no_value, text, texts

ACL_CAT: Final = Command("ACL CAT", CommandFlag.REPEATABLE, decode=texts)
ACL_DELUSER: Final = Command(
    "ACL DELUSER", CommandFlag.ADMIN, request_policy="all_nodes", response_policy="all_succeeded"
)
ACL_DRYRUN: Final = Command(
    "ACL DRYRUN", CommandFlag.ADMIN | CommandFlag.REPEATABLE, decode=dry_run
)
ACL_GENPASS: Final = Command("ACL GENPASS", CommandFlag.REPEATABLE, decode=text)
ACL_GETUSER: Final = Command(
    "ACL GETUSER", CommandFlag.ADMIN | CommandFlag.REPEATABLE, decode=access_rules
)
ACL_HELP: Final = Command("ACL HELP", CommandFlag.REPEATABLE)
ACL_LIST: Final = Command("ACL LIST", CommandFlag.ADMIN | CommandFlag.REPEATABLE)
ACL_LOAD: Final = Command("ACL LOAD", CommandFlag.ADMIN, decode=no_value)
ACL_LOG: Final = Command("ACL LOG", CommandFlag.ADMIN, decode=access_log)
ACL_LOG_RESET: Final = Command("ACL LOG", CommandFlag.ADMIN, decode=no_value)
ACL_SAVE: Final = Command(
    "ACL SAVE",
    CommandFlag.ADMIN,
    decode=no_value,
    request_policy="all_nodes",
    response_policy="all_succeeded",
)
ACL_SETUSER: Final = Command(
    "ACL SETUSER",
    CommandFlag.ADMIN,
    decode=no_value,
    request_policy="all_nodes",
    response_policy="all_succeeded",
)
ACL_USERS: Final = Command("ACL USERS", CommandFlag.ADMIN | CommandFlag.REPEATABLE)
ACL_WHOAMI: Final = Command("ACL WHOAMI", CommandFlag.REPEATABLE)

COMMANDS: Final = (
    ACL_CAT,
    ACL_DELUSER,
    ACL_DRYRUN,
    ACL_GENPASS,
    ACL_GETUSER,
    ACL_HELP,
    ACL_LIST,
    ACL_LOAD,
    ACL_LOG,
    ACL_SAVE,
    ACL_SETUSER,
    ACL_USERS,
    ACL_WHOAMI,
)
"""One for each command."""
