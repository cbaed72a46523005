"""The generic cell rate algorithm on the server: Lua.

``KEYS[1]`` has the theoretical arrival time: when all that was taken so far is over, if it is taken
at the steady rate. ``ARGV``: how many microseconds one unit takes, how many fit into a burst, how
many are taken, and how many microseconds one may wait for them.
"""

from __future__ import annotations

from typing import Final

__all__ = ["GIVE_BACK", "TAKE"]

TAKE: Final = """
local time = redis.call('TIME')
local now = (time[1] - 1577836800) * 1000000 + time[2]
local interval, burst = tonumber(ARGV[1]), ARGV[1] * ARGV[2]
local arrival = tonumber(redis.call('GET', KEYS[1]) or now)
arrival = math.min(math.max(arrival, now), now + burst + ARGV[5])
local taken = arrival + ARGV[3] * interval
local wait = taken - burst - now
local is_allowed, written = wait <= ARGV[4] + 0.5, ''
if is_allowed then
  arrival = taken
  if tonumber(ARGV[3]) > 0 then
    written = string.format('%.17g', arrival)
    local ms = string.format('%.0f', (arrival - now) / 1000 + 1)
    redis.call('SET', KEYS[1], written, 'PX', ms)
  end
end
local remaining = math.max(math.floor((now + burst - arrival) / interval + 1e-6), 0)
return {
  is_allowed and 1 or 0,
  string.format('%.0f', remaining),
  string.format('%.0f', math.max(math.ceil(wait - 0.5), 0)),
  string.format('%.0f', math.max(math.ceil(arrival - now), 0)),
  written,
}
"""
"""Time is counted from 2020, so that a double has room for 1/16 of a microsecond until 2037. Half
a microsecond is forgiven, as that is what rounding may have made of a whole burst.

A clock that was set back leaves an arrival time that is too far away, and so does a smaller burst:
it is cut to what it can be at most (``ARGV[5]``: the microseconds for which anybody may wait).
"""

GIVE_BACK: Final = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
local ms = redis.call('PTTL', KEYS[1]) - ARGV[2] / 1000
if ms >= 1 then
  local arrival = string.format('%.17g', ARGV[1] - ARGV[2])
  redis.call('SET', KEYS[1], arrival, 'PX', string.format('%.0f', ms))
else
  redis.call('DEL', KEYS[1])
end
return 1
"""
"""Only the last one can give back: those behind it have their times already."""
