"""The tree: who is whose child, what existing code catches, and what an error keeps."""

from __future__ import annotations

import builtins
import copy
import inspect
import pickle
import re
import socket
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Final, TypedDict

import pytest
import trio

from trio_helianthus import errors
from trio_helianthus.errors import ErrorCode, HelianthusError

OUTSIDE_NAMES: Final = {"": builtins, "socket": socket, "ssl": ssl, "trio": trio}

EXISTING_CODE_CATCHES: Final[dict[type[HelianthusError], tuple[type[Exception], ...]]] = {
    errors.OperationTimeout: (trio.TooSlowError, TimeoutError),
    errors.MissingExtraError: (ImportError,),
    errors.ResourceClosed: (trio.ClosedResourceError,),
    errors.ResourceBusy: (trio.BusyResourceError,),
    errors.ResourceFull: (trio.WouldBlock,),
    errors.ChannelEnded: (trio.EndOfChannel,),
    errors.SubscriberTooSlow: (trio.BrokenResourceError,),
    errors.PortalStopped: (trio.RunFinishedError, RuntimeError),
    errors.WebSocketEnded: (trio.EndOfChannel,),
    errors.WebSocketBroken: (trio.BrokenResourceError,),
    errors.NetworkError: (OSError,),
    errors.ConnectionRefused: (ConnectionRefusedError, ConnectionError, OSError),
    errors.ConnectionReset: (ConnectionResetError, ConnectionError, trio.BrokenResourceError),
    errors.ConnectionAborted: (ConnectionAbortedError, ConnectionError, trio.BrokenResourceError),
    errors.ConnectionBroken: (BrokenPipeError, ConnectionError, trio.BrokenResourceError),
    errors.ConnectionTimedOut: (TimeoutError, OSError, trio.BrokenResourceError),
    errors.IncompleteReceive: (EOFError, OSError),
    errors.AddressInUse: (OSError,),
    errors.AddressNotAvailable: (OSError,),
    errors.Unreachable: (OSError,),
    errors.NotConnected: (OSError, trio.BrokenResourceError),
    errors.TooManyOpenFiles: (OSError,),
    errors.AccessDenied: (PermissionError, OSError),
    errors.NameResolutionFailed: (socket.gaierror, OSError),
    errors.TLSError: (ssl.SSLError, OSError, trio.BrokenResourceError),
    errors.CertificateInvalid: (
        ssl.SSLCertVerificationError,
        errors.TLSError,
        trio.BrokenResourceError,
        ValueError,
    ),
    errors.LimitExceeded: (errors.RemoteProtocolError,),
}


def every_class() -> list[type[HelianthusError]]:
    public = [getattr(errors, name) for name in errors.__all__]
    return [kind for kind in public if inspect.isclass(kind) and issubclass(kind, HelianthusError)]


def simplest(error_type: type[HelianthusError]) -> HelianthusError:
    if error_type is errors.MissingExtraError:
        return errors.MissingExtraError("speed", "msgpack")
    if error_type is errors.LimitExceeded:
        return errors.LimitExceeded(limit_name="max_bytes", limit=4)
    if error_type is errors.ResourceFull:
        return errors.ResourceFull(limit_name="high_water", limit=4)
    if error_type is errors.SubscriberTooSlow:
        return errors.SubscriberTooSlow(limit_name="max_items", limit=4)
    if issubclass(error_type, errors.WebSocketClosed):
        return error_type(code=1006)
    if error_type is errors.RedisRedirection:
        return errors.RedisRedirection(slot=7, host="127.0.0.1", port=7000)
    return error_type()


class Where(TypedDict):
    operation: str
    address: tuple[str, int, int, int]


def full_of_detail() -> list[HelianthusError]:
    """One error of each constructor, with every argument given."""
    where: Where = {"operation": "connect", "address": ("::1", 80, 0, 0)}
    return [
        errors.OperationTimeout("too slow", seconds=1.5),
        errors.OperationCancelled("given up", reason=("any", "thing")),
        errors.MissingExtraError("speed", "msgpack"),
        errors.LimitExceeded("too much", limit_name="max_bytes", limit=4),
        errors.ResourceFull("no room", limit_name="high_water", limit=4),
        errors.SubscriberTooSlow("slow", limit_name="max_items", limit=4),
        errors.WebSocketBroken("lost", code=1011, reason="a bug"),
        errors.LockLost("gone", name="invoices", token=34),
        errors.NetworkError("odd", code=ErrorCode.WOULD_BLOCK, errno=11, symbol="EODD", **where),
        errors.ConnectionReset("gone", errno=104, **where),
        errors.NameResolutionFailed("no such name", errno=-2, **where),
        errors.IncompleteReceive("cut", partial=b"abc", expected=10, **where),
        errors.TLSError("bad record", errno=1, reason="BAD_RECORD", library="SSL", **where),
        errors.CertificateInvalid(
            "self-signed", errno=1, reason="X", verify_code=18, verify_message="why", **where
        ),
    ]


def attributes(error: HelianthusError) -> dict[str, object]:
    # OSError lists characters_written and then has none: hasattr asks.
    names = {name for name in dir(error) if not name.startswith("_") and hasattr(error, name)}
    values = {name: getattr(error, name) for name in names}
    return {name: value for name, value in values.items() if not callable(value)}


@pytest.fixture(params=every_class(), ids=lambda error_type: str(error_type.__name__))
def error_type(request: pytest.FixtureRequest) -> type[HelianthusError]:
    chosen: type[HelianthusError] = request.param
    return chosen


@pytest.fixture(params=[*map(simplest, every_class()), *full_of_detail()], ids=repr)
def error(request: pytest.FixtureRequest) -> HelianthusError:
    chosen: HelianthusError = request.param
    return copy.copy(chosen)


def test_every_public_exception_belongs_to_the_tree() -> None:
    public = [getattr(errors, name) for name in errors.__all__]
    exceptions = {kind for kind in public if inspect.isclass(kind) and issubclass(kind, Exception)}
    assert exceptions == set(every_class())


@pytest.mark.parametrize(
    ("error_type", "caught_as"),
    [(ours, theirs) for ours, builtins in EXISTING_CODE_CATCHES.items() for theirs in builtins],
)
def test_code_that_exists_already_catches_our_errors(
    error_type: type[HelianthusError], caught_as: type[Exception]
) -> None:
    with pytest.raises(caught_as):
        raise simplest(error_type)


def test_only_what_is_lost_for_good_is_a_broken_resource() -> None:
    broken = {kind.__name__ for kind in every_class() if issubclass(kind, trio.BrokenResourceError)}
    assert broken == {
        "CertificateInvalid",
        "ConnectionAborted",
        "ConnectionBroken",
        "ConnectionReset",
        "ConnectionTimedOut",
        "NotConnected",
        "SubscriberTooSlow",
        "TLSError",
        "WebSocketBroken",
    }


def test_the_drawn_tree_is_the_real_one() -> None:
    path: list[type] = []
    drawn = set()
    for branch, name, others in re.findall(
        r"^    ((?:│   |    )*(?:[├└]── )?)([A-Z]\w+) *(.*)$", errors.__doc__ or "", re.MULTILINE
    ):
        depth = len(branch) // 4
        kind = getattr(errors, name)
        assert depth == 0 or path[depth - 1] in kind.__bases__, f"{name} is drawn at a wrong place"
        assert {found(other) for other in others.split(", ") if other} <= set(kind.__bases__)
        path[depth:] = [kind]
        drawn.add(kind)
    assert drawn == set(every_class())


def test_the_reference_shows_every_public_name() -> None:
    page = Path(__file__).parents[2] / "docs" / "reference" / "errors.rst"
    directive = r"^\.\. auto(?:exception|class|function):: (\w+)$"
    shown = re.findall(directive, page.read_text("utf-8"), re.MULTILINE)
    assert sorted(shown) == sorted(errors.__all__)


def found(name: str) -> type:
    module, _, name = name.rpartition(".")
    kind: type = getattr(OUTSIDE_NAMES[module], name)
    return kind


def test_the_simplest_form_says_what_happened(error_type: type[HelianthusError]) -> None:
    error = simplest(error_type)
    assert str(error) == error.message
    assert len(str(error)) > len("error")


def test_repr_names_the_class_and_the_message(error: HelianthusError) -> None:
    assert repr(error).startswith(f"{type(error).__name__}({error.message!r}")


def test_repr_shows_what_the_constructor_was_given() -> None:
    error = errors.ConnectionRefused(errno=1, operation="connect", address=("::1", 9))
    assert repr(error) == (
        "ConnectionRefused('connection refused', code=ErrorCode.REFUSED, errno=1,"
        " operation='connect', address=('::1', 9))"
    )


def test_repr_of_a_large_partial_result_stays_short() -> None:
    error = errors.IncompleteReceive(partial=bytes(1_000_000))
    assert "(1000000 in all)" in repr(error)
    assert len(repr(error)) < 1000


@pytest.mark.parametrize("protocol", [0, pickle.HIGHEST_PROTOCOL])
def test_pickling_keeps_everything(error: HelianthusError, protocol: int) -> None:
    error.add_note("seen twice")
    assert_same(pickle.loads(pickle.dumps(error, protocol)), error)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_copying_keeps_everything(error: HelianthusError, copied: type) -> None:
    error.add_note("seen twice")
    assert_same(copied(error), error)


def assert_same(clone: HelianthusError, error: HelianthusError) -> None:
    assert clone is not error
    assert type(clone) is type(error)
    assert attributes(clone) == attributes(error)
    assert clone.__notes__ == error.__notes__
    assert (str(clone), repr(clone)) == (str(error), repr(error))


def test_errors_travel_to_another_process() -> None:
    all_errors = [*map(simplest, every_class()), *full_of_detail()]
    answer = subprocess.run(
        [sys.executable, "-c", "import pickle, sys; print(pickle.load(sys.stdin.buffer))"],
        input=pickle.dumps(all_errors),
        capture_output=True,
        check=True,
    )
    assert answer.stdout.decode().strip() == repr(all_errors)


class QuotaExceeded(errors.RemoteProtocolError):
    """What another area may define: a constructor that needs arguments of its own."""

    def __init__(self, user: str, used: int) -> None:
        super().__init__(f"{user} used {used}")
        self.user = user
        self.used = used


def test_a_subclass_with_its_own_constructor_can_be_copied() -> None:
    clone = copy.deepcopy(QuotaExceeded("eve", 7))
    assert (str(clone), clone.user, clone.used) == ("eve used 7", "eve", 7)


def test_a_timeout_says_how_long_it_was() -> None:
    assert str(errors.OperationTimeout(seconds=0.25)).endswith("within 0.25 seconds")
    assert errors.OperationTimeout(seconds=0.25).seconds == 0.25
    assert errors.OperationTimeout().seconds is None


def test_a_cancellation_reads_as_its_reason() -> None:
    error = errors.OperationCancelled(reason=KeyError("shutdown"))
    assert str(error) == "'shutdown'"
    assert isinstance(error.reason, KeyError)
    assert errors.OperationCancelled("my words", reason=3).reason == 3


def test_a_missing_extra_names_the_command_that_brings_it() -> None:
    error = errors.MissingExtraError("speed", "msgpack")
    assert 'pip install "trio_helianthus[speed]"' in str(error)
    assert (error.extra, error.package, error.name) == ("speed", "msgpack", "msgpack")


def test_an_exceeded_limit_names_itself() -> None:
    error = errors.LimitExceeded(limit_name="max_header_bytes", limit=65536)
    assert str(error) == "the peer sent more than max_header_bytes=65536 allows"
    assert (error.limit_name, error.limit) == ("max_header_bytes", 65536)


def test_the_two_sides_of_a_protocol_are_told_apart() -> None:
    with pytest.raises(errors.ProtocolError):
        raise errors.LocalProtocolError
    assert not issubclass(errors.LocalProtocolError, errors.RemoteProtocolError)
    assert not issubclass(errors.RemoteProtocolError, errors.LocalProtocolError)
