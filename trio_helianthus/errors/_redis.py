"""What a Redis server refuses, and what is not known of a command whose connection was lost."""

from __future__ import annotations

from typing import ClassVar, Final

from ._tree import HelianthusError

__all__ = [
    "LockLost",
    "OutcomeUnknown",
    "RedisAuthenticationError",
    "RedisError",
    "RedisExecutionAborted",
    "RedisGroupExists",
    "RedisNoScript",
    "RedisOutOfMemory",
    "RedisPermissionDenied",
    "RedisReadOnly",
    "RedisRedirection",
    "RedisUnavailable",
    "RedisWrongType",
    "TransactionConflict",
    "redis_error",
]

_LONGEST_CODE: Final = 32


class RedisError(HelianthusError):
    """The server has answered a command with an error.

    Some codes have a class of their own, below this one; :func:`redis_error` chooses it.

    :param message: what the server said, its code in front.
    :param code: the first word of it, if it is one in capitals, as ``"WRONGTYPE"`` or ``"ERR"``.
    """

    _default_message = "the server refused the command"
    _shown_in_repr: ClassVar[tuple[str, ...]] = ("code",)

    code: str
    """The first word of what the server said, such as ``"ERR"``; empty where it said none."""

    def __init__(self, message: str | None = None, *, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class RedisAuthenticationError(RedisError):
    """Name or password are missing or wrong (``NOAUTH``, ``WRONGPASS``)."""


class RedisPermissionDenied(RedisError):
    """The user may not run this command or touch this key or channel (``NOPERM``)."""


class RedisWrongType(RedisError):
    """The key holds another type of value than the command works on (``WRONGTYPE``)."""


class RedisNoScript(RedisError):
    """The server does not know the script of that hash (``NOSCRIPT``)."""


class RedisReadOnly(RedisError):
    """A write was sent to a replica (``READONLY``)."""


class RedisOutOfMemory(RedisError):
    """The server has reached its ``maxmemory`` and takes no more writes (``OOM``)."""


class RedisUnavailable(RedisError):
    """The server runs but does not serve now; the same may work a little later.

    ``LOADING``, ``BUSY``, ``TRYAGAIN``, ``CLUSTERDOWN``, ``MASTERDOWN``, ``NOREPLICAS``,
    ``NOGOODSLAVE`` and ``UNBLOCKED``.
    """


class RedisExecutionAborted(RedisError):
    """A transaction was not run, since one of its commands was refused before (``EXECABORT``)."""


class RedisGroupExists(RedisError):
    """The stream has a consumer group of that name already (``BUSYGROUP``)."""


class RedisRedirection(RedisError):
    """A node of a cluster sends the caller to another one (``MOVED``, ``ASK``).

    The client follows these by itself; one comes out where it has followed too many of them, or
    where a client of a single server talks to a cluster's node.

    :param slot: the hash slot that was asked for.
    :param host: the other node; empty for the host of the node that answered.
    :param port: its port.
    """

    _shown_in_repr: ClassVar[tuple[str, ...]] = ("code", "slot", "host", "port")

    slot: int
    """The hash slot that was asked for."""
    host: str
    """The other node; empty for the host of the node that answered."""
    port: int
    """The other node's port."""

    def __init__(
        self,
        message: str | None = None,
        *,
        code: str = "MOVED",
        slot: int,
        host: str,
        port: int,
    ) -> None:
        super().__init__(message, code=code)
        self.slot = slot
        self.host = host
        self.port = port


class OutcomeUnknown(HelianthusError):
    """The connection was lost after a command was sent and before its answer had come.

    Whether the server has run it is not known, and only the caller knows whether it may be run
    twice. Its ``__cause__`` says how the connection was lost.

    :param message: replaces the sentence made from ``command``.
    :param command: the command's name.
    """

    _default_message = "the connection was lost before the answer: it may have run, or not"
    _shown_in_repr: ClassVar[tuple[str, ...]] = ("command",)

    command: str
    """The command's name; empty where it is several."""

    def __init__(self, message: str | None = None, *, command: str = "") -> None:
        if message is None and command:
            message = f"the connection was lost before {command} was answered: it may have run"
        super().__init__(message)
        self.command = command


class LockLost(HelianthusError):
    """A lock, or a permit of a semaphore, was no longer ours before its body had ended.

    Somebody else may have had it meanwhile. What the body did is done: whatever must not be done
    by two has to refuse the older fencing token.

    :param message: replaces the sentence made from ``name``.
    :param name: of the lock or semaphore.
    :param token: the fencing token that it was held with.
    """

    _default_message = "the lock was lost: somebody else may have it"
    _shown_in_repr: ClassVar[tuple[str, ...]] = ("name", "token")

    name: str
    """The name of the lock or semaphore."""
    token: int | None
    """The fencing token that it was held with."""

    def __init__(
        self, message: str | None = None, *, name: str = "", token: int | None = None
    ) -> None:
        if message is None and name:
            message = f"{name} was lost: somebody else may have it"
        super().__init__(message)
        self.name = name
        self.token = token


class TransactionConflict(HelianthusError):
    """A transaction was not run, since a key that it watched was changed by somebody else.

    :param message: replaces the sentence made from ``attempts``.
    :param attempts: how often it was tried.
    """

    _default_message = "a watched key was changed, so the transaction was not run"
    _shown_in_repr: ClassVar[tuple[str, ...]] = ("attempts",)

    attempts: int
    """How often it was tried."""

    def __init__(self, message: str | None = None, *, attempts: int = 1) -> None:
        if message is None and attempts > 1:
            message = f"watched keys were changed each of {attempts} times: not run"
        super().__init__(message)
        self.attempts = attempts


_CLASSES: Final[dict[str, type[RedisError]]] = {
    "BUSY": RedisUnavailable,
    "BUSYGROUP": RedisGroupExists,
    "CLUSTERDOWN": RedisUnavailable,
    "EXECABORT": RedisExecutionAborted,
    "LOADING": RedisUnavailable,
    "MASTERDOWN": RedisUnavailable,
    "NOAUTH": RedisAuthenticationError,
    "NOGOODSLAVE": RedisUnavailable,
    "NOPERM": RedisPermissionDenied,
    "NOREPLICAS": RedisUnavailable,
    "NOSCRIPT": RedisNoScript,
    "OOM": RedisOutOfMemory,
    "READONLY": RedisReadOnly,
    "TRYAGAIN": RedisUnavailable,
    "UNBLOCKED": RedisUnavailable,
    "WRONGPASS": RedisAuthenticationError,
    "WRONGTYPE": RedisWrongType,
}


def redis_error(message: str) -> RedisError:
    """Make the error of what a server said, a line such as ``"WRONGTYPE Operation against ..."``.

    :param message: the line, without the ``-`` in front and the line's end. Any text will do.
    """
    word = message.partition(" ")[0]
    code = word if word.isupper() and word.isascii() and len(word) <= _LONGEST_CODE else ""
    if code in {"ASK", "MOVED"} and (moved := _redirection(message, code)) is not None:
        return moved
    return _CLASSES.get(code, RedisError)(message or None, code=code)


def _redirection(message: str, code: str) -> RedisRedirection | None:
    """Read ``MOVED slot host:port``; the host may be empty, and IPv6 has no brackets."""
    parts = message.split(" ")
    if len(parts) != 3:
        return None
    host, colon, port = parts[2].rpartition(":")
    if not colon or not _is_number(parts[1], 16_383) or not _is_number(port, 65_535):
        return None
    return RedisRedirection(message, code=code, slot=int(parts[1]), host=host, port=int(port))


def _is_number(text: str, most: int) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 5 and int(text) <= most
