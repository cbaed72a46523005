"""Commands for sorted sets."""

from __future__ import annotations

from ..arguments import (
    check,
    chosen_option,
    exclusive,
    flag,
    integer,
    key,
    listed,
    many,
    number,
    one_or_more,
    option,
    plain,
    together,
    value,
)
from ..methods import Group, Method, Overload, Variant, by_flag
from ..returns import FLOAT, FLOAT_OR_NONE, INT, TEXTS, Returns
from ..shapes import Declared, Shape
from .keys import scan_options
from .lists import COUNT_LIMIT, blocking, numbered_keys

__all__ = ["SORTED_SETS", "SORTED_SET_POPS", "SORTED_SET_RANGES", "SORTED_SET_UNIONS"]

_SCORES = "list[tuple[T, float]]"
_SCORED = Returns(_SCORES, "scored")
_MAYBE_SCORED = Returns(f"list[T] | {_SCORES}")
_WITH_SCORES = (Variant("withscores", "WITHSCORES", "scored"),)
_BY_SCORES = by_flag("withscores", "list[T]", _SCORES)
_withscores = flag("withscores", doc="return pairs of member and score.")
_rank = plain("start", "int", "0 is the first; negative: from the end.")
_BOUND = 'a number, ``"(1.5"`` without it, ``"-inf"`` or ``"+inf"``.'
_LEX = '``"[a"``, ``"(a"`` without it, ``"-"`` or ``"+"``.'


def limit(start: str, number: str) -> tuple[Shape, ...]:
    """``LIMIT 10 5``."""
    condition = f"if {start} is not None and {number} is not None:"
    return (
        together(start, number),
        Shape(
            (Declared(start, "int | None", "None"), Declared(number, "int | None", "None")),
            append=(f'{condition}\n    request += (b"LIMIT", {start}, {number})',),
            docs=(
                (start, "leave out so many at the beginning."),
                (number, "return so many at most; negative: all."),
            ),
        ),
    )


def score_bounds(first: str = "min", second: str = "max") -> tuple[Shape, ...]:
    """From one score to another."""
    return (plain(first, "float | str", _BOUND), plain(second, "float | str", "likewise."))


def lex_bounds(first: str = "min", second: str = "max") -> tuple[Shape, ...]:
    """From one member to another, by their bytes."""
    return (plain(first, "Key", _LEX), plain(second, "Key", "likewise."))


_members = listed("members", "Value")

SORTED_SETS = Group(
    "sorted_sets",
    "Sorted sets",
    (
        Method(
            "ZADD",
            (
                key(),
                Shape(
                    (Declared("mapping", "Mapping[AnyValue, float]"),),
                    prepare=('pairs = scores_of("mapping", mapping)',),
                    docs=(("mapping", "members and their scores."),),
                    mistakes=("``mapping`` is empty",),
                ),
                check(
                    "nx and (xx or gt or lt)",
                    "nx excludes xx, gt and lt",
                    "there is ``nx`` with another condition",
                ),
                check(
                    "gt and lt", "gt and lt exclude each other", "there are both ``gt`` and ``lt``"
                ),
                check(
                    "incr and len(pairs) != 2",
                    "incr takes one member",
                    "there is ``incr`` with several members",
                ),
                flag("nx", doc="only new members."),
                flag("xx", doc="only those that are there."),
                flag("ch", doc="count also those whose score has changed."),
                flag("incr", doc="add to the score of the only member."),
                flag("gt", doc="only scores that grow; new members are added."),
                flag("lt", doc="only scores that shrink; new members are added."),
                Shape(append=("request += pairs",)),
            ),
            Returns(
                "int | float | None",
                "",
                "how many are new; with ``incr`` the new score, or ``None`` if the condition "
                "does not hold.",
            ),
            "Add members to a sorted set, or change their scores.",
            variants=(Variant("incr", "INCR", "number"),),
            overloads=by_flag("incr", "int", "float | None"),
        ),
        Method("ZCARD", (key(),), INT, "Count the members of a sorted set; 0 without one."),
        Method(
            "ZCOUNT", (key(), *score_bounds()), INT, "Count the members with scores in a range."
        ),
        Method(
            "ZINCRBY",
            (key(), number("amount"), value()),
            FLOAT("the new score."),
            "Add to the score of a member, which is 0 if it is not there.",
        ),
        Method(
            "ZLEXCOUNT",
            (key(), *lex_bounds()),
            INT,
            "Count the members in a range, where all scores are the same.",
        ),
        Method(
            "ZMSCORE",
            (key("key"), _members),
            Returns("list[float | None]", "numbers"),
            "Return the scores of several members; ``None`` stands for one that is not there.",
        ),
        Method(
            "ZRANDMEMBER",
            (
                key("key"),
                check(
                    "withscores and count is None",
                    "withscores needs a count",
                    "there is ``withscores`` without ``count``",
                ),
                option("count", "", "int", "how many; negative: the same may come twice."),
                _withscores,
            ),
            Returns(f"T | list[T] | {_SCORES} | None"),
            "Return any member of a sorted set, or several.",
            variants=_WITH_SCORES,
            overloads=(
                Overload(
                    {"count": "None = None", "withscores": "Literal[False] = False"}, "T | None"
                ),
                Overload({"count": "int", "withscores": "Literal[False] = False"}, "list[T]"),
                Overload({"count": "int", "withscores": "Literal[True]"}, _SCORES),
            ),
        ),
        *(
            Method(
                command,
                (key(), value(), flag("withscore", doc="return its score, too.")),
                Returns(
                    "int | tuple[int, float] | None",
                    "",
                    "0 is the first; ``None`` if it is not there.",
                ),
                f"Return where a member stands, the {which} score first.",
                variants=(Variant("withscore", "WITHSCORE", "rank_and_score"),),
                overloads=by_flag("withscore", "int | None", "tuple[int, float] | None"),
            )
            for command, which in (("ZRANK", "lowest"), ("ZREVRANK", "highest"))
        ),
        Method(
            "ZREM",
            (key(), many("values", "Value")),
            INT("how many there were."),
            "Remove members from a sorted set.",
        ),
        Method(
            "ZSCAN",
            (
                key(),
                integer("cursor", "0, or what the last call has returned.", default="0"),
                *scan_options(),
                flag("no_scores", "NOSCORES", "return the members only."),
            ),
            Returns(
                f"tuple[int, {_SCORES}] | tuple[int, list[T]]",
                "scan_scores",
                "the next cursor, which is 0 at the end; members with their scores.",
            ),
            "Return some of the members of a sorted set, and where to go on.",
            variants=(Variant("no_scores", "NOSCORES", "scan"),),
            overloads=by_flag("no_scores", f"tuple[int, {_SCORES}]", "tuple[int, list[T]]"),
        ),
        Method(
            "ZSCORE",
            (key(), value()),
            FLOAT_OR_NONE("``None`` if it is not there."),
            "Return the score of a member.",
        ),
    ),
)

_END = plain("end", "int", "it is part of it.")
_BY = (
    exclusive("byscore", "bylex", flags=("byscore", "bylex")),
    check(
        "offset is not None and not (byscore or bylex)",
        "offset and num need byscore or bylex",
        "there is ``offset`` without ``byscore`` or ``bylex``",
    ),
    flag("byscore", doc="``start`` and ``end`` are scores."),
    flag("bylex", doc="``start`` and ``end`` are members."),
)
_BOUNDS = (
    plain("start", "Key | float", "an index; negative: from the end. See ``byscore``, ``bylex``."),
    plain("end", "Key | float", "it is part of it."),
)

SORTED_SET_RANGES = Group(
    "sorted_set_ranges",
    "Ranges of sorted sets",
    (
        Method(
            "ZRANGE",
            (
                key(),
                *_BOUNDS,
                check(
                    "withscores and bylex",
                    "withscores and bylex exclude each other",
                    "there are both ``withscores`` and ``bylex``",
                ),
                _BY[0],
                _BY[1],
                Shape(
                    (Declared("desc", "bool", "False", "named"),),
                    docs=(
                        (
                            "desc",
                            "from the highest to the lowest; then ``start`` is the higher bound.",
                        ),
                    ),
                ),
                Shape(
                    (Declared("withscores", "bool", "False", "named"),),
                    docs=(("withscores", "return pairs of member and score."),),
                ),
                *_BY[2:],
                Shape(append=('if desc:\n    request.append(b"REV")',)),
                *limit("offset", "num"),
                Shape(append=('if withscores:\n    request.append(b"WITHSCORES")',)),
            ),
            _MAYBE_SCORED,
            "Return a range of a sorted set; it may be empty.",
            variants=_WITH_SCORES,
            overloads=_BY_SCORES,
        ),
        Method(
            "ZRANGEBYLEX",
            (key(), *lex_bounds(), *limit("start", "num")),
            TEXTS,
            "Return the members in a range, where all scores are the same.",
        ),
        Method(
            "ZRANGEBYSCORE",
            (key(), *score_bounds(), *limit("start", "num"), _withscores),
            _MAYBE_SCORED,
            "Return the members with scores in a range.",
            variants=_WITH_SCORES,
            overloads=_BY_SCORES,
        ),
        Method(
            "ZRANGESTORE",
            (
                key("dest"),
                key(),
                *_BOUNDS,
                *_BY,
                flag("desc", "REV", "from the highest to the lowest."),
                *limit("offset", "num"),
            ),
            INT("how many there are."),
            "Store a range of a sorted set as another one.",
        ),
        Method(
            "ZREMRANGEBYLEX",
            (key(), *lex_bounds()),
            INT("how many there were."),
            "Remove the members in a range, where all scores are the same.",
        ),
        Method(
            "ZREMRANGEBYRANK",
            (
                key(),
                integer("min", "0 is the first; negative: from the end."),
                integer("max", "it is part of it."),
            ),
            INT("how many there were."),
            "Remove the members between two ranks.",
        ),
        Method(
            "ZREMRANGEBYSCORE",
            (key(), *score_bounds()),
            INT("how many there were."),
            "Remove the members with scores in a range.",
        ),
        Method(
            "ZREVRANGE",
            (key(), _rank, _END, _withscores),
            _MAYBE_SCORED,
            "Return the members between two ranks, the highest score first.",
            variants=_WITH_SCORES,
            overloads=_BY_SCORES,
        ),
        Method(
            "ZREVRANGEBYLEX",
            (key(), *lex_bounds("max", "min"), *limit("start", "num")),
            TEXTS,
            "Return the members in a range, where all scores are the same, the last first.",
        ),
        Method(
            "ZREVRANGEBYSCORE",
            (key(), *score_bounds("max", "min"), *limit("start", "num"), _withscores),
            _MAYBE_SCORED,
            "Return the members with scores in a range, the highest first.",
            variants=_WITH_SCORES,
            overloads=_BY_SCORES,
        ),
    ),
)

_BLOCKS = "It is sent on a connection of its own. If it is cancelled the server waits no longer."
_MIN_MAX = (
    Shape(
        (Declared("min", "bool", "False", "named"), Declared("max", "bool", "False", "named")),
        prepare=('if min == max:\n    raise ValueError("give either min or max")',),
        parts=('b"MIN" if min else b"MAX"',),
        docs=(("min", "take the lowest scores."), ("max", "take the highest scores.")),
        mistakes=("there is neither ``min`` nor ``max``, or both",),
    ),
    Shape(
        (Declared("count", "int", "1"),),
        prepare=('at_least("count", count, 1)',),
        parts=('b"COUNT"', "count"),
        docs=(("count", "how many at most."),),
        mistakes=("``count`` is less than 1",),
    ),
)
_MPOPPED = Returns(
    f"tuple[T, {_SCORES}] | None",
    "popped_scores",
    "the key, and members with their scores; ``None`` if there are none.",
)
_POP = Returns(
    "tuple[T, T, float] | None",
    "popped_with_score",
    "key, member and score; ``None`` if nothing came in time.",
)

SORTED_SET_POPS = Group(
    "sorted_set_pops",
    "Taking from sorted sets",
    (
        Method(
            "BZMPOP",
            (blocking(), numbered_keys(), *_MIN_MAX),
            _MPOPPED,
            "Take members from the first of several sorted sets that has any, as soon as one has.",
            details=_BLOCKS,
        ),
        Method(
            "BZPOPMAX",
            (one_or_more(is_alone=True), blocking(default="0")),
            _POP,
            "Take the member with the highest score, of the first set that has any.",
            details=_BLOCKS,
        ),
        Method(
            "BZPOPMIN",
            (one_or_more(is_alone=True), blocking(default="0")),
            _POP,
            "Take the member with the lowest score, of the first set that has any.",
            details=_BLOCKS,
        ),
        Method(
            "ZMPOP",
            (numbered_keys("num_keys"), *_MIN_MAX),
            _MPOPPED,
            "Take members from the first of several sorted sets that has any.",
        ),
        Method(
            "ZPOPMAX",
            (key(), option("count", "", "int", "how many; 1 if not said.", least=0)),
            _SCORED,
            "Take the members with the highest scores.",
        ),
        Method(
            "ZPOPMIN",
            (key(), option("count", "", "int", "how many; 1 if not said.", least=0)),
            _SCORED,
            "Take the members with the lowest scores.",
        ),
    ),
)

_KEYS = listed("keys", "Key", is_counted=True)
_WEIGHTED = (
    Shape(
        (Declared("keys", "Iterable[Key] | Mapping[AnyKey, float]"),),
        prepare=("listed, weights = weighted(keys)",),
        parts=("len(listed)", "*listed"),
        docs=(("keys", "a list, or a mapping of keys to the factors of their scores."),),
        mistakes=("``keys`` is empty",),
    ),
    Shape(append=('if weights:\n    request += (b"WEIGHTS", *weights)',)),
    chosen_option(
        "aggregate",
        "SUM",
        "MIN",
        "MAX",
        before="AGGREGATE",
        doc="what becomes of a member's scores; their sum if not said.",
    ),
)

SORTED_SET_UNIONS = Group(
    "sorted_set_unions",
    "Several sorted sets",
    (
        Method(
            "ZDIFF",
            (_KEYS, _withscores),
            _MAYBE_SCORED,
            "Return the members of the first sorted set that are in none of the others.",
            variants=_WITH_SCORES,
            overloads=_BY_SCORES,
        ),
        Method(
            "ZDIFFSTORE",
            (key("dest"), _KEYS),
            INT("how many there are."),
            "Store the members of the first sorted set that are in none of the others.",
        ),
        Method(
            "ZINTER",
            (*_WEIGHTED, _withscores),
            _MAYBE_SCORED,
            "Return the members that all sorted sets have.",
            variants=_WITH_SCORES,
            overloads=_BY_SCORES,
        ),
        Method(
            "ZINTERCARD",
            (
                numbered_keys(),
                COUNT_LIMIT,
            ),
            INT,
            "Count the members that all sorted sets have.",
        ),
        Method(
            "ZINTERSTORE",
            (key("dest"), *_WEIGHTED),
            INT("how many there are."),
            "Store the members that all sorted sets have.",
        ),
        Method(
            "ZUNION",
            (*_WEIGHTED, _withscores),
            _MAYBE_SCORED,
            "Return the members that any of the sorted sets has.",
            variants=_WITH_SCORES,
            overloads=_BY_SCORES,
        ),
        Method(
            "ZUNIONSTORE",
            (key("dest"), *_WEIGHTED),
            INT("how many there are."),
            "Store the members that any of the sorted sets has.",
        ),
    ),
)
