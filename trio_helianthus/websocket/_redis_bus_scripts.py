"""What a bus on Redis runs on the server: each of these happens as a whole, and tells of itself."""

from __future__ import annotations

from typing import Final

__all__ = ["ENTER", "LEAVE", "PUBLISH", "RENEW", "SNAPSHOT", "TAKE_OUT"]

_ROOM: Final = """
local meta, history, present, left = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local channel, new_epoch, keep = ARGV[1], ARGV[2], ARGV[3]

local function tell(kind, rest)
    local epoch = redis.call('HGET', meta, 'epoch')
    if not epoch then
        epoch = new_epoch
        redis.call('HSET', meta, 'epoch', epoch)
    end
    local seq = redis.call('HINCRBY', meta, 'seq', 1)
    redis.call('PUBLISH', channel, kind .. ' ' .. epoch .. ' ' .. seq .. '\\n' .. rest)
    return epoch
end

local function note_use()
    local somebody = redis.call('HLEN', present) > 0
    for _, key in ipairs({meta, history, present}) do
        if somebody then redis.call('PERSIST', key) else redis.call('PEXPIRE', key, keep) end
    end
end
"""
"""Keys and arguments that all scripts of one room begin with."""

PUBLISH: Final = (
    _ROOM
    + """
local data, most, most_bytes = ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6])
local offset = redis.call('HINCRBY', meta, 'offset', 1)
local epoch = tell('P', offset .. ' ' .. data)
redis.call('RPUSH', history, data)
local size = redis.call('HINCRBY', meta, 'size', #data)
local count = redis.call('LLEN', history)
while count > 0 and (count > most or size > most_bytes) do
    size = redis.call('HINCRBY', meta, 'size', -#redis.call('LPOP', history))
    count = count - 1
end
note_use()
return {epoch, offset}
"""
)

ENTER: Final = (
    _ROOM
    + """
local ref, entry, shown, number = ARGV[4], ARGV[5], ARGV[6], tonumber(ARGV[7])
local ended = redis.call('HGET', left, ref)
if (not ended or tonumber(ended) < number) and redis.call('HSETNX', present, ref, entry) == 1 then
    tell('E', shown)
end
note_use()
return 1
"""
)

LEAVE: Final = (
    _ROOM
    + """
local ref, number, forget = ARGV[4], ARGV[5], ARGV[6]
redis.call('HSET', left, ref, number)
redis.call('PEXPIRE', left, forget)
if redis.call('HDEL', present, ref) == 1 then tell('G', ref) end
note_use()
return 1
"""
)

TAKE_OUT: Final = (
    _ROOM
    + """
local node, generation = ARGV[4], tonumber(ARGV[5])
local entries = redis.call('HGETALL', present)
for at = 1, #entries, 2 do
    local theirs, length, rest = string.match(entries[at + 1], '^(%d+) (%d+) (.*)$')
    if string.sub(rest, 1, tonumber(length)) == node and tonumber(theirs) <= generation then
        redis.call('HDEL', present, entries[at])
        tell('G', entries[at])
    end
end
note_use()
return 1
"""
)

SNAPSHOT: Final = (
    _ROOM
    + """
if redis.call('HSETNX', meta, 'epoch', new_epoch) == 1 then note_use() end
local about = redis.call('HMGET', meta, 'epoch', 'offset', 'seq')
return {about[1], about[2] or '0', about[3] or '0',
        redis.call('LRANGE', history, 0, -1), redis.call('HVALS', present)}
"""
)

RENEW: Final = """
local leases, generations = KEYS[1], KEYS[2]
local node, lease = ARGV[1], tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local until_then = redis.call('ZSCORE', leases, node)
local was_running = until_then and tonumber(until_then) > now
local generation
if was_running then
    generation = redis.call('HGET', generations, node)
else
    generation = redis.call('HINCRBY', generations, node, 1)
end
redis.call('ZADD', leases, now + lease, node)
local over = {}
for _, other in ipairs(redis.call('ZRANGEBYSCORE', leases, '-inf', now, 'LIMIT', 0, 100)) do
    over[#over + 1] = other
    over[#over + 1] = redis.call('HGET', generations, other)
end
return {was_running and 1 or 0, tonumber(generation), over}
"""
