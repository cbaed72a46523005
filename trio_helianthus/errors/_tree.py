"""The root of the error tree, and every error that is not the network's."""

from __future__ import annotations

import enum
from typing import ClassVar, Final, TypeVar

import trio

_E = TypeVar("_E", bound="HelianthusError")
_LONGEST_SHOWN: Final = 120


class HelianthusError(Exception):
    """The root: every error that this library raises on purpose is one of these.

    Every error of the tree can be copied and pickled without losing an attribute or a note; as
    with any exception, ``__cause__``, ``__context__`` and the traceback stay behind.

    :param message: One sentence about what happened; each class has one of its own.
    """

    _default_message: ClassVar[str] = "something in trio_helianthus failed"
    _shown_in_repr: ClassVar[tuple[str, ...]] = ()
    # What the interpreter's own exception types keep outside of ``__dict__``.
    _outside_dict: ClassVar[tuple[str, ...]] = ("args",)

    message: str
    """What happened, without the details that ``str()`` adds."""

    def __init__(self, message: str | None = None) -> None:
        self.message = self._default_message if message is None else message
        super().__init__(self.message)

    def __repr__(self) -> str:
        fields = [_shorten(self.message)]
        for name in self._shown_in_repr:
            value = getattr(self, name)
            if value is not None:
                fields.append(f"{name}={_shorten(value)}")
        return f"{type(self).__name__}({', '.join(fields)})"

    def __reduce__(self) -> tuple[object, ...]:
        state = {name: getattr(self, name) for name in self._outside_dict}
        return _blank, (type(self),), state | vars(self)


def _blank(error_type: type[_E]) -> _E:
    """Make an error without calling its constructor; its state is set afterwards."""
    return error_type.__new__(error_type)


def _shorten(value: object) -> str:
    if isinstance(value, enum.Enum):
        return str(value)
    if isinstance(value, (str, bytes)) and len(value) > _LONGEST_SHOWN:
        return f"{value[:_LONGEST_SHOWN]!r}... ({len(value)} in all)"
    return repr(value)


class OperationTimeout(HelianthusError, trio.TooSlowError, TimeoutError):
    """An operation did not finish within its ``timeout``.

    :param message: Replaces the sentence made from ``seconds``.
    :param seconds: The limit that expired, in seconds, if it is known.
    """

    _shown_in_repr: ClassVar[tuple[str, ...]] = ("seconds",)

    seconds: float | None
    """The limit that expired, in seconds."""

    def __init__(self, message: str | None = None, *, seconds: float | None = None) -> None:
        if message is None:
            limit = "its limit" if seconds is None else f"{seconds:g} seconds"
            message = f"the operation did not finish within {limit}"
        super().__init__(message)
        self.seconds = seconds


class OperationCancelled(HelianthusError):
    """A :class:`CancelToken` cancelled the operation.

    An ordinary exception, and never raised for an outer cancel scope: there it is
    ``trio.Cancelled`` that passes.

    :param message: Replaces the sentence made from ``reason``.
    :param reason: What the token was cancelled with.
    """

    _default_message = "the operation was cancelled"
    _shown_in_repr: ClassVar[tuple[str, ...]] = ("reason",)

    reason: object
    """What the token was cancelled with."""

    def __init__(self, message: str | None = None, *, reason: object = None) -> None:
        if message is None and reason is not None:
            message = str(reason)
        super().__init__(message)
        self.reason = reason


class MissingExtraError(HelianthusError, ImportError):
    """A part of the library needs a package that is installed by one of its extras.

    :param extra: The extra's name, as in ``pip install "trio_helianthus[extra]"``.
    :param package: The package that could not be imported; also ``ImportError.name``.
    """

    _shown_in_repr: ClassVar[tuple[str, ...]] = ("extra", "package")
    _outside_dict: ClassVar[tuple[str, ...]] = ("args", "msg", "name", "path")

    extra: str
    """The extra that brings the package."""
    package: str
    """The package that is missing."""
    name: str | None

    def __init__(self, extra: str, package: str) -> None:
        super().__init__(
            f'{package} is not installed; `pip install "trio_helianthus[{extra}]"` brings it'
        )
        self.extra = extra
        self.package = package
        self.name = package


class ResourceClosed(HelianthusError, trio.ClosedResourceError):
    """Our side has closed the stream, channel, client or server already."""

    _default_message = "this side has closed it already"


class ResourceBusy(HelianthusError, trio.BusyResourceError):
    """Another task is in the middle of the same operation on the same object."""

    _default_message = "another task is using it already"


class ResourceFull(HelianthusError, trio.WouldBlock):
    """There is no room now, and the caller would not wait.

    :param message: Replaces the sentence made from the limit.
    :param limit_name: The limit's name, which is the name of the argument that sets it.
    :param limit: The limit's value, in the unit that the argument has.
    """

    _shown_in_repr: ClassVar[tuple[str, ...]] = ("limit_name", "limit")

    limit_name: str
    """The name of the limit, which is the name of the argument that sets it."""
    limit: int
    """The value of the limit."""

    def __init__(self, message: str | None = None, *, limit_name: str, limit: int) -> None:
        if message is None:
            message = f"it is full: {limit_name}={limit} is reached"
        super().__init__(message)
        self.limit_name = limit_name
        self.limit = limit


class ChannelEnded(HelianthusError, trio.EndOfChannel):
    """The peer has ended its side of a channel, between two messages: no more will come."""

    _default_message = "the peer has ended its side of the channel"


class SubscriberTooSlow(HelianthusError, trio.BrokenResourceError):
    """A subscription has ended, since its subscriber was too slow and its queue was full.

    :param message: Replaces the sentence made from the limit.
    :param limit_name: The limit's name, which is the name of the argument that sets it.
    :param limit: The limit's value, in the unit that the argument has.
    """

    _shown_in_repr: ClassVar[tuple[str, ...]] = ("limit_name", "limit")

    limit_name: str
    """The name of the limit, which is the name of the argument that sets it."""
    limit: int
    """The value of the limit."""

    def __init__(self, message: str | None = None, *, limit_name: str, limit: int) -> None:
        if message is None:
            message = f"the subscriber was too slow: {limit_name}={limit} was reached"
        super().__init__(message)
        self.limit_name = limit_name
        self.limit = limit


class PortalStopped(HelianthusError, trio.RunFinishedError):
    """The portal was stopped, or its run has ended, so nobody would run the call."""

    _default_message = "the portal has stopped"


class ServiceDraining(HelianthusError):
    """The service finishes what it has begun and takes no new work."""

    _default_message = "the service is draining and takes no new work"


class CircuitOpen(HelianthusError):
    """The call was not made, since too many calls of its kind have failed just before.

    :param message: Replaces the sentence made from the name and the time.
    :param name: What would have been called.
    :param retry_after: In how many seconds it will be tried again, if that is known; 0 while
        others are trying.
    """

    _shown_in_repr: ClassVar[tuple[str, ...]] = ("name", "retry_after")

    name: str
    """What would have been called; it may be empty."""
    retry_after: float | None
    """In how many seconds it will be tried again, if that is known; 0 while others are trying."""

    def __init__(
        self, message: str | None = None, *, name: str = "", retry_after: float | None = None
    ) -> None:
        if message is None:
            message = f"not called: too many calls{f' to {name}' if name else ''} have failed"
            if retry_after:
                message += f"; to be tried in {retry_after:.3g} seconds"
        super().__init__(message)
        self.name = name
        self.retry_after = retry_after


class WebSocketClosed(HelianthusError):
    """A WebSocket has ended; the two subclasses say how.

    :param message: Replaces the sentence made from ``code`` and ``reason``.
    :param code: The close code (:rfc:`6455` section 7.4): the peer's, 1005 where it has sent none,
        1006 where the connection was lost, or ours where we have refused what the peer sent.
    :param reason: What was said beside the code, for a person to read; it may be empty.
    """

    _shown_in_repr: ClassVar[tuple[str, ...]] = ("code", "reason")

    code: int
    """The close code."""
    reason: str
    """What was said beside it."""

    def __init__(self, message: str | None = None, *, code: int, reason: str = "") -> None:
        if message is None:
            message = f"the WebSocket was closed with {code}{f': {reason}' if reason else ''}"
        super().__init__(message)
        self.code = code
        self.reason = reason


class WebSocketEnded(WebSocketClosed, trio.EndOfChannel):
    """A WebSocket was closed in good order, so no more messages will come."""


class WebSocketBroken(WebSocketClosed, trio.BrokenResourceError):
    """A WebSocket was lost, or closed because of an error, or nothing can be sent any more."""


class ProtocolError(HelianthusError):
    """The rules of a protocol were broken; the two subclasses say by whom."""

    _default_message = "the protocol's rules were broken"


class LocalProtocolError(ProtocolError):
    """Our side asked for something that the protocol does not allow: a bug in the caller."""

    _default_message = "the protocol does not allow this here"


class RemoteProtocolError(ProtocolError):
    """The peer sent something that the protocol does not allow."""

    _default_message = "the peer broke the protocol's rules"


class LimitExceeded(RemoteProtocolError):
    """The peer sent more than a limit allows.

    :param message: Replaces the sentence made from the limit.
    :param limit_name: The limit's name, which is the name of the argument that sets it.
    :param limit: The limit's value, in the unit that the argument has.
    """

    _shown_in_repr: ClassVar[tuple[str, ...]] = ("limit_name", "limit")

    limit_name: str
    """The name of the limit, which is the name of the argument that sets it."""
    limit: int
    """The value of the limit."""

    def __init__(self, message: str | None = None, *, limit_name: str, limit: int) -> None:
        if message is None:
            message = f"the peer sent more than {limit_name}={limit} allows"
        super().__init__(message)
        self.limit_name = limit_name
        self.limit = limit
