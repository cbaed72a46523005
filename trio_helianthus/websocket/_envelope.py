"""The messages of the rooms protocol: what clients say, and what they are told.

The protocol is written down in ``docs/reference/rooms-protocol.rst``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeAlias

import attrs

from ._room_error import RoomError, RoomProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ._bus import Position
    from ._room_limits import RoomLimits

Ref: TypeAlias = "str | int | None"
_LONGEST_REF: Final = 64
_LONGEST_LAST_SEEN: Final = 128
_LARGEST_REF: Final = 2**53  # what JavaScript counts exactly


_SEPARATORS: Final = (",", ":")
_encode: Final = json.JSONEncoder(
    separators=_SEPARATORS, ensure_ascii=False, allow_nan=False
).encode
_encode_escaped: Final = json.JSONEncoder(separators=_SEPARATORS, allow_nan=False).encode


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_decode: Final = json.JSONDecoder(parse_constant=_refuse_constant).decode


def dumps(value: object) -> str:
    """Return a value as JSON that can be said in UTF-8.

    :raises TypeError, ValueError, RecursionError: JSON cannot say it.
    """
    text = _encode(value)
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which has to stay escaped
        return _encode_escaped(value)
    return text


def dump_body(value: object, limits: RoomLimits, what: str = "body") -> str:
    """Return the body of a message, a request or a reply as JSON.

    :raises RoomError: it is too large, or nested too deeply.
    :raises TypeError, ValueError, RecursionError: JSON cannot say it.
    """
    return _dump_limited(value, limits.max_body_bytes, limits.max_depth, what)


def dump_info(value: object, limits: RoomLimits) -> str:
    """Return what a member tells of itself as JSON; otherwise as :func:`dump_body`."""
    return _dump_limited(value, limits.max_info_bytes, limits.max_depth, "info")


def _dump_limited(value: object, max_bytes: int, max_depth: int, what: str) -> str:
    text = dumps(value)
    if len(text) > max_bytes or len(text.encode()) > max_bytes:
        raise RoomError(
            f"{what} has more than {max_bytes} bytes of JSON", problem=RoomProblem.TOO_LARGE
        )
    if text.count("[") + text.count("{") > max_depth and _is_deeper(value, max_depth):
        raise RoomError(
            f"{what} has more than {max_depth} lists and objects within one another",
            problem=RoomProblem.TOO_LARGE,
        )
    return text


def _is_deeper(value: object, most: int) -> bool:
    """Whether more lists and objects than that are within one another."""
    level = [value]
    for _ in range(most):
        level = [inner for outer in level for inner in _inside(outer)]
    return any(isinstance(inner, (dict, list, tuple)) for inner in level)


def _inside(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, (list, tuple)) else ()


def check_name(name: object, limits: RoomLimits, what: str) -> str:
    """Return a name that may be one.

    :raises RoomError: it may not.
    """
    if not isinstance(name, str):
        raise RoomError(f"{what} has to be a string", problem=RoomProblem.BAD_MESSAGE)
    if not 0 < len(name) <= limits.max_name_length or not name.isprintable():
        raise RoomError(
            f"{what} has to have 1 to {limits.max_name_length} printable characters",
            problem=RoomProblem.BAD_NAME,
        )
    return name


# What a client says.


@attrs.frozen
class Join:
    """A client wants to come into a room."""

    ref: Ref
    room: str
    last_seen: str | None
    info: str


@attrs.frozen
class Leave:
    """A client wants to leave a room."""

    ref: Ref
    room: str


@attrs.frozen
class Send:
    """A client has something to say in a room."""

    ref: Ref
    room: str
    body: object
    text: str
    """The body as JSON."""
    tag: str | None


@attrs.frozen
class Ask:
    """A client has a request to the server."""

    ref: Ref
    body: object


@attrs.frozen
class Answer:
    """A client's reply to a request of the server's, or, with a ``problem``, its refusal."""

    ref: Ref
    body: object
    problem: str | None = None


ClientEnvelope: TypeAlias = Join | Leave | Send | Ask | Answer


class BadEnvelope(Exception):
    """A message of a client's that is refused; ``ref`` is that of the message, if it had one."""

    def __init__(self, error: RoomError, ref: Ref) -> None:
        super().__init__(error)
        self.error = error
        self.ref = ref


def parse_client_envelope_untrusted(message: str | bytes, limits: RoomLimits) -> ClientEnvelope:
    """Read what a client has sent.

    :raises BadEnvelope: it makes no sense.
    """
    ref: Ref = None
    try:
        fields = load_object_untrusted(message)
        ref = _ref(fields)
        return _read(fields, ref, limits)
    except RoomError as exc:
        raise BadEnvelope(exc, ref) from exc


def load_object_untrusted(message: str | bytes) -> dict[str, Any]:
    """Read a JSON object in a text message.

    :raises RoomError: it is something else.
    """
    if not isinstance(message, str):
        raise _bad("only text messages are understood")
    try:
        fields = _decode(message)
    except (ValueError, RecursionError) as exc:
        raise _bad("this is not JSON") from exc
    if not isinstance(fields, dict):
        raise _bad("this is not a JSON object")
    return fields


def _read(fields: dict[str, Any], ref: Ref, limits: RoomLimits) -> ClientEnvelope:
    match fields.get("type"):
        case "join":
            room = check_name(fields.get("room"), limits, "room")
            last_seen = _text(fields, "last_seen", _LONGEST_LAST_SEEN)
            return Join(ref, room, last_seen, _dumped(dump_info, fields.get("info"), limits))
        case "leave":
            return Leave(ref, check_name(fields.get("room"), limits, "room"))
        case "send":
            room = check_name(fields.get("room"), limits, "room")
            body, text = _body(fields, limits)
            return Send(ref, room, body, text, _text(fields, "tag", _LONGEST_REF))
        case "request":
            if ref is None:
                raise _bad("a request needs a ref")
            return Ask(ref, _body(fields, limits)[0])
        case "reply":
            return Answer(ref, _body(fields, limits)[0])
        case "error":
            return Answer(ref, None, _text(fields, "message", limits.max_body_bytes) or "")
        case str():
            raise RoomError(problem=RoomProblem.UNKNOWN_TYPE)
        case _:
            raise _bad("type has to be a string")


def _ref(fields: dict[str, Any]) -> Ref:
    ref = fields.get("ref")
    if isinstance(ref, int) and not isinstance(ref, bool) and abs(ref) <= _LARGEST_REF:
        return ref
    if ref is None or (isinstance(ref, str) and len(ref) <= _LONGEST_REF):
        return ref
    raise _bad(f"ref has to be a number, or a string of up to {_LONGEST_REF} characters")


def _text(fields: dict[str, Any], name: str, longest: int) -> str | None:
    value = fields.get(name)
    if value is None or (isinstance(value, str) and len(value) <= longest):
        return value
    raise _bad(f"{name} has to be a string of up to {longest} characters")


def _body(fields: dict[str, Any], limits: RoomLimits) -> tuple[object, str]:
    body = fields.get("body")
    return body, _dumped(dump_body, body, limits)


def _dumped(dump: Callable[[object, RoomLimits], str], value: object, limits: RoomLimits) -> str:
    try:
        return dump(value, limits)
    except (ValueError, RecursionError) as exc:
        raise _bad("this is nested too deeply, or has a number that is too large") from exc


def _bad(message: str) -> RoomError:
    return RoomError(message, problem=RoomProblem.BAD_MESSAGE)


# What a client is told.


def reply(ref: Ref, **fields: object) -> str:
    """Return the answer to something that a client has sent."""
    return dumps({"type": "reply", "ref": ref, **fields})


def reply_with_body(ref: Ref, body: str) -> str:
    """Return the reply to a request; the body is JSON."""
    return f'{{"type":"reply","ref":{dumps(ref)},"body":{body}}}'


def request(ref: Ref, body: str) -> str:
    """Return a request; the body is JSON."""
    return f'{{"type":"request","ref":{dumps(ref)},"body":{body}}}'


def error(ref: Ref, failure: RoomError) -> str:
    """Return why something was refused."""
    code = failure.problem.value
    return dumps({"type": "error", "ref": ref, "code": code, "message": failure.message})


def presence(kind: str, room: str, member: str, info: str) -> str:
    """Return that a member has come (``joined``) or gone (``left``); the info is JSON."""
    return f'{{"type":"{kind}","room":{dumps(room)},"member":{dumps(member)},"info":{info}}}'


def gap(room: str, position: Position) -> str:
    """Return that messages of a room are lost to its members."""
    return dumps({"type": "gap", "room": room, "id": str(position)})


def bus_data(by: str, sender: str | None, body: str, tag: str | None) -> str:
    """Return a message as the bus carries it: whose connection sent it, a space, and its fields.

    So it becomes an envelope without being parsed again, in each of the processes.
    """
    tagged = "" if tag is None else f',"tag":{dumps(tag)}'
    return f'{by} {{"from":{dumps(sender)}{tagged},"body":{body}}}'


def message(room: str, position: Position, data: str) -> tuple[str, str]:
    """Return whose connection sent what the bus carried, and the envelope for the others."""
    by, _, fields = data.partition(" {")
    return by, f'{{"type":"message","room":{dumps(room)},"id":"{position}",{fields}'


def welcome(
    ref: Ref,
    room: str,
    position: Position,
    *,
    members: Iterable[tuple[str, str]],
    count: int,
    messages: Iterable[str],
    resumed: bool,
    missed: bool,
    max_listed_bytes: int,
) -> str:
    """Return the answer to a join.

    :param members: names, with what they tell of themselves as JSON.
    :param messages: envelopes of messages.
    """
    listed, size = [], 0
    for name, info in members:
        entry = f'{{"member":{dumps(name)},"info":{info}}}'
        size += len(entry.encode()) + 1
        if size > max_listed_bytes:
            break
        listed.append(entry)
    flags = dumps({"count": count, "resumed": resumed, "missed": missed})[1:]
    return (
        f'{{"type":"welcome","ref":{dumps(ref)},"room":{dumps(room)},"id":"{position}",'
        f'"members":[{",".join(listed)}],"messages":[{",".join(messages)}],{flags}'
    )
