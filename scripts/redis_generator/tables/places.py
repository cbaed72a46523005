"""Commands for geospatial indexes and HyperLogLogs."""

from __future__ import annotations

from ..arguments import (
    check,
    chosen_option,
    exclusive,
    flag,
    key,
    many,
    number,
    option,
    value,
)
from ..methods import Group, Method, Overload, Variant
from ..returns import ANY, BOOL, FLOAT_OR_NONE, INT, NOTHING, Returns
from ..shapes import Declared, Shape

__all__ = ["GEO", "GEO_RADIUS", "HYPERLOGLOGS"]

_UNITS = ("m", "km", "ft", "mi")
_MEMBERS = "list[GeoMember[T]]"
_UNIT = 'Literal["m", "km", "ft", "mi"]'
_WITH = (
    flag("withdist", doc="return how far each is."),
    flag("withcoord", doc="return where each is."),
    flag("withhash", doc="return each one's score."),
)
_WITH_VARIANT = Variant("withcoord or withdist or withhash", "WITH", "geo_members")
_count = Shape(
    (Declared("count", "int | None", "None"),),
    prepare=('if any and count is None:\n    raise ValueError("any needs a count")',),
    append=(
        (
            'if count is not None:\n    at_least("count", count, 1)\n'
            '    request += (b"COUNT", count)\n'
            '    if any:\n        request.append(b"ANY")'
        ),
    ),
    docs=(("count", "so many at most."),),
    mistakes=("``count`` is less than 1", "there is ``any`` without ``count``"),
)
_any = Shape(
    (Declared("any", "bool", "False", "named"),),
    docs=(("any", "with ``count``: those that are found first, not the nearest."),),
)
_sort = chosen_option("sort", "ASC", "DESC", doc="the nearest first, or the farthest.")


def _unit() -> Shape:
    return Shape(
        (Declared("unit", _UNIT, '"m"'),),
        docs=(("unit", "of distances: metres, kilometres, feet or miles."),),
    )


_SENT_UNIT = 'word_of("unit", unit, ("M", "KM", "FT", "MI"))'
_LON_LAT = (number("longitude", "in degrees."), number("latitude", "in degrees."))


def _overloads() -> tuple[Overload, ...]:
    """Names only, unless something was asked for beside them."""
    names = ("withdist", "withcoord", "withhash")
    without = dict.fromkeys(names, "Literal[False] = False")
    return (
        Overload(without, "list[T]"),
        *(Overload({name: "Literal[True]"}, _MEMBERS) for name in names),
    )


def _radius(command: str, centre: tuple[Shape, ...], summary: str, *, stores: bool) -> Method:
    store = (
        exclusive("store", "store_dist"),
        check(
            "(store is not None or store_dist is not None) and (withdist or withcoord or withhash)",
            "what is stored is not returned",
            "there is ``store`` with what is to be returned",
        ),
    )
    shapes = (
        key(),
        *centre,
        number("radius", "in ``unit``."),
        _unit(),
        Shape(append=(f"request.append({_SENT_UNIT})",)),
        *(store if stores else ()),
        *_WITH,
        _count,
        _sort,
        *(
            (
                option("store", "STORE", "Key", "store the result as a geospatial index there."),
                option("store_dist", "STOREDIST", "Key", "store it as a sorted set by distance."),
            )
            if stores
            else ()
        ),
        _any,
    )
    kind = f"list[T] | {_MEMBERS}"
    if stores:
        kind += " | int"
    return Method(
        command,
        shapes,
        Returns(kind, "", "their names; or all that was asked for, or how many were stored."),
        summary,
        variants=(_WITH_VARIANT,),
    )


_SEARCH = (
    Shape(
        (
            Declared("member", "Value | None", "None"),
            Declared("longitude", "float | None", "None"),
            Declared("latitude", "float | None", "None"),
        ),
        prepare=(
            (
                "if (longitude is None) != (latitude is None):\n"
                '    raise ValueError("longitude and latitude go together")'
            ),
            (
                "if (member is None) == (longitude is None):\n"
                '    raise ValueError("give member, or longitude and latitude")'
            ),
        ),
        append=(
            'if member is not None:\n    request += (b"FROMMEMBER", member)',
            (
                "if longitude is not None and latitude is not None:\n"
                '    request += (b"FROMLONLAT", longitude, latitude)'
            ),
        ),
        docs=(
            ("member", "the centre is this one."),
            ("longitude", "of the centre, in degrees."),
            ("latitude", "of the centre, in degrees."),
        ),
        mistakes=("there is no centre, or there are two",),
    ),
    _unit(),
    Shape(
        (
            Declared("radius", "float | None", "None"),
            Declared("width", "float | None", "None"),
            Declared("height", "float | None", "None"),
        ),
        prepare=(
            (
                "if (width is None) != (height is None):\n"
                '    raise ValueError("width and height go together")'
            ),
            (
                "if (radius is None) == (width is None):\n"
                '    raise ValueError("give radius, or width and height")'
            ),
            f"chosen_unit = {_SENT_UNIT}",
        ),
        append=(
            'if radius is not None:\n    request += (b"BYRADIUS", radius, chosen_unit)',
            (
                "if width is not None and height is not None:\n"
                '    request += (b"BYBOX", width, height, chosen_unit)'
            ),
        ),
        docs=(
            ("radius", "search in a circle."),
            ("width", "search in a box."),
            ("height", "search in a box."),
        ),
        mistakes=("there is no area, or there are two", "``unit`` is none of these"),
    ),
    _sort,
    _count,
    _any,
)
_POLYGON = Shape(
    (Declared("vertices", "Iterable[tuple[float, float]]"),),
    prepare=(
        'corners = several("vertices", vertices)',
        'if len(corners) < 3:\n    raise ValueError("a polygon has three vertices at least")',
    ),
    parts=('b"BYPOLYGON"', "len(corners)", "*[each for corner in corners for each in corner]"),
    docs=(("vertices", "longitude and latitude of each corner, in degrees."),),
    mistakes=("there are less than three ``vertices``",),
)

GEO = Group(
    "geo",
    "Places",
    (
        Method(
            "GEOADD",
            (
                key(),
                exclusive("nx", "xx", flags=("nx", "xx")),
                Shape(
                    (Declared("values", "Sequence[Value]"),),
                    prepare=(
                        'listed = several("values", values)',
                        (
                            'if len(listed) % 3:\n    raise ValueError("values are longitude, '
                            'latitude and member by turns")'
                        ),
                    ),
                    docs=(("values", "longitude, latitude and member by turns, in degrees."),),
                    mistakes=("``values`` are not such threes", "``values`` is empty"),
                ),
                flag("nx", doc="only new members."),
                flag("xx", doc="only those that are there."),
                flag("ch", doc="count also those that have moved."),
                Shape(append=("request += listed",)),
            ),
            INT("how many are new."),
            "Add members to a geospatial index, or move them.",
        ),
        Method(
            "GEODIST",
            (
                key(),
                value("place1"),
                value("place2"),
                chosen_option("unit", *_UNITS, doc="metres if not said."),
            ),
            FLOAT_OR_NONE("``None`` if one of them is not there."),
            "Return how far two members are from each other.",
        ),
        Method(
            "GEOHASH",
            (key(), many("values", "Value")),
            Returns("list[T | None]"),
            "Return the geohashes of members; ``None`` for one that is not there.",
        ),
        Method(
            "GEOPOS",
            (key(), many("values", "Value")),
            Returns(
                "list[tuple[float, float] | None]",
                "positions",
                "longitude and latitude, in degrees; ``None`` for one that is not there.",
            ),
            "Return where members are.",
        ),
        Method(
            "GEOSEARCH",
            (
                key(),
                *_SEARCH,
                flag("withcoord", doc="return where each is."),
                flag("withdist", doc="return how far each is from the centre."),
                flag("withhash", doc="return each one's score."),
            ),
            Returns(f"list[T] | {_MEMBERS}", "", "their names; or all that was asked for."),
            "Find members in a circle or box.",
            variants=(_WITH_VARIANT,),
            overloads=_overloads(),
        ),
        Method(
            "GEOSEARCH",
            (
                key(),
                _POLYGON,
                _sort,
                _count,
                _any,
                flag("withcoord", doc="return where each is."),
                flag("withdist", doc="return how far each is from the polygon's centre."),
                flag("withhash", doc="return each one's score."),
            ),
            Returns(f"list[T] | {_MEMBERS}", "", "their names; or all that was asked for."),
            "Find members in a polygon.",
            name="geosearch_polygon",
            variants=(_WITH_VARIANT,),
            overloads=_overloads(),
        ),
        Method(
            "GEOSEARCHSTORE",
            (
                key("dest"),
                key(),
                *_SEARCH,
                flag("storedist", doc="store a sorted set by distance."),
            ),
            INT("how many there are."),
            "Find members in a circle or box, and store them as another index.",
        ),
        Method(
            "GEOSEARCHSTORE",
            (
                key("dest"),
                key(),
                _POLYGON,
                _sort,
                _count,
                _any,
                flag("storedist", doc="store a sorted set by distance."),
            ),
            INT("how many there are."),
            "Find members in a polygon, and store them as another index.",
            name="geosearchstore_polygon",
        ),
    ),
)

GEO_RADIUS = Group(
    "geo_radius",
    "Places, the older commands",
    (
        _radius("GEORADIUS", _LON_LAT, "Find members in a circle.", stores=True),
        _radius("GEORADIUS_RO", _LON_LAT, "Find members in a circle.", stores=False),
        _radius(
            "GEORADIUSBYMEMBER", (value("member"),), "Find members around another one.", stores=True
        ),
        _radius(
            "GEORADIUSBYMEMBER_RO",
            (value("member"),),
            "Find members around another one.",
            stores=False,
        ),
    ),
)

HYPERLOGLOGS = Group(
    "hyperloglogs",
    "HyperLogLogs",
    (
        Method(
            "PFADD",
            (key(), many("values", "Value", least=0)),
            BOOL("whether the number of elements seems to have changed."),
            "Count elements in a HyperLogLog; without one, make it.",
        ),
        Method(
            "PFCOUNT",
            (many("sources"),),
            INT,
            "Estimate how many different elements were counted, in all of them together.",
        ),
        Method(
            "PFDEBUG",
            (value("subcommand", '``"GETREG"``, ``"DECODE"``, ...'), key()),
            ANY,
            "Look into a HyperLogLog; it is for the server's own tests.",
        ),
        Method(
            "PFMERGE",
            (key("dest"), many("sources", least=0)),
            NOTHING,
            "Add what several HyperLogLogs have counted to another one.",
        ),
        Method("PFSELFTEST", (), NOTHING, "Test HyperLogLogs; it is for the server's own tests."),
    ),
)
