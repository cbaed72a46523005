"""What locks and semaphores do on the server, each step as one: Lua.

``KEYS``: what is held, the counter of fencing tokens, those who wait (by the time at which they
came), and until when their places are kept. ``ARGV``: who asks, for how many milliseconds it is to
be held and a place kept, how many may hold it.
"""

from __future__ import annotations

from typing import Any, Final

import attrs

from ._command_runner import CommandRunner
from ._scripts import Script

__all__ = ["LOCK", "SEMAPHORE", "LeaseScripts", "LeaseSources"]

_TIME: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local function text(number)
  return string.format('%.0f', number)
end
"""
"""The server's clock in microseconds, which a double holds exactly; ``tostring`` rounds it."""

_LEAVE: Final = """
local function leave()
  redis.call('ZREM', KEYS[3], ARGV[1])
  redis.call('ZREM', KEYS[4], ARGV[1])
end
"""

_LOCK_STATE: Final = """
local holder = redis.call('GET', KEYS[1])
local is_mine = holder == ARGV[1]
local free = holder and 0 or 1
local function put()
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
end
local function ends_in()
  return redis.call('PTTL', KEYS[1])
end
"""

_PUT_PERMIT: Final = """
local function put()
  redis.call('ZADD', KEYS[1], text(now + ARGV[2] * 1000), ARGV[1])
  if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
  end
end
"""

_SEMAPHORE_STATE: Final = (
    _PUT_PERMIT
    + """
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', text(now))
local is_mine = redis.call('ZSCORE', KEYS[1], ARGV[1])
local free = ARGV[4] - redis.call('ZCARD', KEYS[1])
local function ends_in()
  local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
  return first[2] and math.ceil((first[2] - now) / 1000) or 0
end
"""
)

_ACQUIRE: Final = """
for _, gone in ipairs(redis.call('ZRANGEBYSCORE', KEYS[4], '-inf', text(now), 'LIMIT', 0, 100)) do
  redis.call('ZREM', KEYS[3], gone)
  redis.call('ZREM', KEYS[4], gone)
end
local rank = redis.call('ZRANK', KEYS[3], ARGV[1])
local ahead = rank or redis.call('ZCARD', KEYS[3])
if is_mine or ahead < free then
  put()
  leave()
  local token = math.max((redis.call('GET', KEYS[2]) or 0) + 1, now)
  redis.call('SET', KEYS[2], text(token), 'PX', '86400000')
  return {token, 0, 0}
end
if ARGV[3] ~= '0' then
  if not rank then
    local last = redis.call('ZREVRANGE', KEYS[3], 0, 0, 'WITHSCORES')[2] or 0
    redis.call('ZADD', KEYS[3], text(math.max(last + 1, now)), ARGV[1])
  end
  redis.call('ZADD', KEYS[4], text(now + ARGV[3] * 1000), ARGV[1])
  redis.call('PEXPIRE', KEYS[3], ARGV[3])
  redis.call('PEXPIRE', KEYS[4], ARGV[3])
end
return {0, ahead, ends_in()}
"""
"""Whoever holds it already holds it on: so it may be asked again when the answer was lost.

The token is one more than the last, and at least the server's clock in microseconds. Hence it also
grows where the counter was lost, as in a failover to a replica that had not heard of it, and the
counter may expire, a day after its last use.
"""


@attrs.frozen
class LeaseSources:
    """The three steps of a kind of lease."""

    acquire: str
    """Returns the token, or 0; how many wait before; and in how many milliseconds one may end."""
    extend: str
    """Returns whether it is still held, and now for longer."""
    release: str
    """Waits no more, gives it up, and returns whether it was still held."""


LOCK: Final = LeaseSources(
    acquire=_TIME + _LEAVE + _LOCK_STATE + _ACQUIRE,
    extend="""
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
""",
    release=_LEAVE
    + """
leave()
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
return redis.call('DEL', KEYS[1])
""",
)

SEMAPHORE: Final = LeaseSources(
    acquire=_TIME + _LEAVE + _SEMAPHORE_STATE + _ACQUIRE,
    extend=_TIME
    + _PUT_PERMIT
    + """
if tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or 0) <= now then
  return 0
end
put()
return 1
""",
    release=_TIME
    + _LEAVE
    + """
leave()
local ends = redis.call('ZSCORE', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[1], ARGV[1])
return tonumber(ends or 0) > now and 1 or 0
""",
)


class LeaseScripts:
    """The three steps, ready to be called."""

    def __init__(self, runner: CommandRunner[Any], sources: LeaseSources) -> None:
        self.acquire: Final = Script(runner, sources.acquire)
        self.extend: Final = Script(runner, sources.extend)
        self.release: Final = Script(runner, sources.release)
