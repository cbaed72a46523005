"""What the cache does on the server, each step as one: Lua.

``KEYS``: the entry, and the mark of whoever loads it. ``ARGV[1]``: who that is.
"""

from __future__ import annotations

from typing import Final

__all__ = ["CLAIM", "EXTEND", "REPLACE", "STORE"]

CLAIM: Final = """
local loader = redis.call('GET', KEYS[2])
if not loader or loader == ARGV[1] then
  redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
  loader = false
end
return {loader and 0 or 1, redis.call('GET', KEYS[1]) or '', redis.call('PTTL', KEYS[1])}
"""
"""Marks the entry as being loaded, for ``ARGV[2]`` ms, if nobody loads it; and returns whether it
is ours to load, and what there is: somebody may have stored it a moment ago."""

STORE: Final = """
if redis.call('GET', KEYS[2]) ~= ARGV[1] then
  return 0
end
redis.call('DEL', KEYS[2])
if ARGV[3] ~= '0' then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
end
return 1
"""
"""Stores what was loaded, unless the mark is gone: then it was deleted or replaced meanwhile, and
what was loaded may be older than that (Nishtala et al., "Scaling Memcache at Facebook", NSDI 2013,
section 3.2.1). For 0 ms: stores nothing, and others may load it."""

EXTEND: Final = """
if redis.call('GET', KEYS[2]) ~= ARGV[1] then
  return 0
end
return redis.call('PEXPIRE', KEYS[2], ARGV[2])
"""
"""Whoever loads still does so."""

REPLACE: Final = """
redis.call('DEL', KEYS[2])
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
"""Stores a value that is newer than whatever is being loaded."""
