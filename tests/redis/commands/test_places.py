"""Places, and HyperLogLogs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.redis.commands._calls import TOGETHER, Call, Fits, Raises, Way, call, check_call
from trio_helianthus import redis
from trio_helianthus.redis._replies import GeoMember

PALERMO, CATANIA = (13.361389, 38.115556), (15.087269, 37.502669)
G = (f"GEOADD g {PALERMO[0]} {PALERMO[1]} Palermo {CATANIA[0]} {CATANIA[1]} Catania",)
NEAR: dict[str, Any] = {"longitude": 15, "latitude": 37, "radius": 100, "unit": "km"}
ISLAND = [(12, 36), (12, 39), (16, 39), (16, 36)]
FOUND = GeoMember(b"Catania", 56.4413, 3479447370796909, CATANIA)
BOTH = Fits(lambda found: sorted(str(each).strip("b'") for each in found) == ["Catania", "Palermo"])
WITH: dict[str, Any] = {"withdist": True, "withhash": True, "withcoord": True}
H = ("PFADD h a b c",)

CALLS = [
    call("geoadd", "g", (*PALERMO, "Palermo", *CATANIA, "x"), answer=1, before=G),
    call("geoadd", "g", (0, 0, "Palermo"), ch=True, xx=True, answer=1, before=G),
    call("geoadd", "g", (0, 0, "Palermo"), nx=True, answer=0, before=G),
    call("geoadd", "g", (200, 0, "x"), answer=Raises("ERR invalid longitude")),
    call("geodist", "g", "Palermo", "Catania", answer=166274.1516, before=G),
    call("geodist", "g", "Palermo", "Catania", "km", answer=166.2742, before=G),
    call("geodist", "g", "Palermo", "none", answer=None, before=G),
    call("geohash", "g", "Palermo", "none", answer=[b"sqc8b49rny0", None], before=G),
    call("geopos", "g", "Palermo", "none", answer=[PALERMO, None], before=G),
    call("georadius", "g", 15, 37, 100, "km", answer=[b"Catania"], before=G),
    call("georadius", "g", 15, 37, 100, "km", **WITH, answer=[FOUND], before=G),
    call("georadius", "g", 15, 37, 200_000, count=1, sort="ASC", answer=[b"Catania"], before=G),
    call("georadius", "g", 15, 37, 200, "km", store="d", answer=2, before=G, after=("ZCARD d", 2)),
    call(
        "georadius_ro",
        "g",
        15,
        37,
        100,
        "km",
        withdist=True,
        answer=[GeoMember(b"Catania", 56.4413)],
        before=G,
    ),
    call(
        "georadiusbymember",
        "g",
        "Catania",
        200,
        "km",
        count=1,
        any=True,
        answer=Fits(lambda found: len(found) == 1),
        before=G,
    ),
    call("georadiusbymember", "g", "Catania", 200, "km", store_dist="d", answer=2, before=G),
    call(
        "georadiusbymember_ro",
        "g",
        "Catania",
        200,
        "km",
        sort="DESC",
        answer=[b"Palermo", b"Catania"],
        before=G,
    ),
    call("geosearch", "g", **NEAR, answer=[b"Catania"], before=G),
    call("geosearch", "g", **NEAR, **WITH, answer=[FOUND], before=G),
    call(
        "geosearch",
        "g",
        **NEAR,
        withcoord=True,
        answer=[GeoMember(b"Catania", position=CATANIA)],
        before=G,
    ),
    call(
        "geosearch",
        "g",
        "Palermo",
        width=400,
        height=400,
        unit="km",
        sort="ASC",
        answer=[b"Palermo", b"Catania"],
        before=G,
    ),
    call(
        "geosearch",
        "g",
        "Palermo",
        radius=400,
        unit="km",
        count=1,
        any=True,
        withhash=True,
        answer=Fits(
            lambda found: len(found) == 1 and found[0].hash > 0 and found[0].distance is None
        ),
        before=G,
    ),
    call("geosearch", "none", "x", radius=1, answer=[]),
    call("geosearch_polygon", "g", ISLAND, answer=BOTH, before=G),
    call(
        "geosearch_polygon",
        "g",
        ISLAND,
        sort="ASC",
        count=1,
        withcoord=True,
        answer=Fits(lambda found: len(found) == 1 and len(found[0].position) == 2),
        before=G,
    ),
    call(
        "geosearchstore",
        "d",
        "g",
        **NEAR,
        answer=1,
        before=G,
        after=("ZRANGE d 0 -1", [b"Catania"]),
    ),
    call(
        "geosearchstore",
        "d",
        "g",
        **NEAR,
        storedist=True,
        answer=1,
        before=G,
        after=("ZSCORE d Catania", 56.4412578701582),
    ),
    call("geosearchstore_polygon", "d", "g", ISLAND, answer=2, before=G),
    # HyperLogLogs
    call("pfadd", "h", "a", "x", answer=True, before=H),
    call("pfadd", "h", "a", answer=False, before=H),
    call("pfadd", "n", answer=True, after=("PFCOUNT n", 0)),
    call("pfcount", "h", answer=3, before=H),
    call("pfcount", "h", "i", answer=4, before=(*H, "PFADD i d")),
    call("pfmerge", "d", "h", "i", answer=None, before=(*H, "PFADD i d"), after=("PFCOUNT d", 4)),
    call("pfdebug", "ENCODING", "h", answer=b"sparse", before=H),
    call("pfselftest", answer=None, ways=TOGETHER),
]


@pytest.mark.parametrize("each", CALLS, ids=str)
async def test_each_call_is_answered(each: Call, ways: dict[Way, redis.Redis[Any]]) -> None:
    await check_call(each, ways)
