"""What a consumer does on the server in one step, so that nobody comes between: Lua."""

from __future__ import annotations

from typing import Final

__all__ = ["BURY", "GIVE_BACK", "KEEP", "LEAVE", "REQUEUE", "SWEEP", "TRIM"]

_IS_MINE: Final = """
local function is_mine(id)
  return #redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1, ARGV[2]) > 0
end
"""

KEEP: Final = (
    _IS_MINE
    + """
local lost = {}
for at = 3, #ARGV do
  if is_mine(ARGV[at]) then
    redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[at], 'JUSTID')
  else
    lost[#lost + 1] = ARGV[at]
  end
end
return lost
"""
)
"""Have entries count as handed out just now. ``ARGV``: group, consumer, IDs. Returns the IDs of
those that are not the consumer's any more."""

GIVE_BACK: Final = (
    _IS_MINE
    + """
for at = 3, #ARGV, 3 do
  if is_mine(ARGV[at]) then
    redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[at],
      'IDLE', ARGV[at + 1], 'RETRYCOUNT', ARGV[at + 2], 'JUSTID')
  end
end
"""
)
"""Let others claim entries. ``ARGV``: group, consumer, then ID, milliseconds for which it counts as
idle, and number of deliveries of each."""

BURY: Final = """
if #redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[2], ARGV[2], 1) == 0 then
  return false
end
local id = redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[3], '*', unpack(ARGV, 4))
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
return id
"""
"""Move an entry to the dead letters. ``KEYS``: its stream, theirs. ``ARGV``: group, ID, how many
dead letters to keep, fields. Adding comes first, as it may be refused."""

LEAVE: Final = """
if #redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 1, ARGV[2]) == 0 then
  redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2])
end
"""
"""Forget a consumer that has nothing pending. ``ARGV``: group, consumer."""

SWEEP: Final = """
local removed = 0
for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local info = {}
  for at = 1, #consumer, 2 do
    info[consumer[at]] = consumer[at + 1]
  end
  if info.pending == 0 and info.idle >= tonumber(ARGV[2]) and info.name ~= ARGV[3] then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], info.name)
    removed = removed + 1
  end
end
return removed
"""
"""Forget consumers that have nothing pending and were not heard of for long. ``ARGV``: group,
milliseconds, who asks."""

TRIM: Final = """
local function is_less(a, b)
  local function split(id)
    local ms, number = id:match('(%d+)-(%d+)')
    return ms, number
  end
  local function compare(x, y)
    if #x ~= #y then return #x < #y and -1 or 1 end
    return x < y and -1 or (x > y and 1 or 0)
  end
  local ams, anumber = split(a)
  local bms, bnumber = split(b)
  local order = compare(ams, bms)
  if order == 0 then order = compare(anumber, bnumber) end
  return order < 0
end
local first
for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local info = {}
  for at = 1, #group, 2 do
    info[group[at]] = group[at + 1]
  end
  local needed = info['last-delivered-id']
  local pending = redis.call('XPENDING', KEYS[1], info.name)
  if pending[1] > 0 and is_less(pending[2], needed) then
    needed = pending[2]
  end
  if first == nil or is_less(needed, first) then
    first = needed
  end
end
if first == nil then
  return 0
end
return redis.call('XTRIM', KEYS[1], 'MINID', first)
"""
"""Trim what all groups have acknowledged. IDs are compared as text, since they are longer than what
a double holds exactly."""

REQUEUE: Final = """
local moved = 0
for _, letter in ipairs(redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', ARGV[1])) do
  local id, fields = letter[1], letter[2]
  local last = #fields - tonumber(ARGV[2])
  if last < 2 or fields[last + 1] ~= 'dead-stream' then
    return redis.error_reply('ERR ' .. id .. ' is no dead letter of a consumer')
  end
  redis.call('XADD', KEYS[2], '*', unpack(fields, 1, last))
  redis.call('XDEL', KEYS[1], id)
  moved = moved + 1
end
return moved
"""
"""Move dead letters back. ``KEYS``: theirs, the stream. ``ARGV``: how many at most, and how many
words were put behind the fields of each."""
