"""Relations that compare the other way round, in two calculations, or with two quantities.

Slots as in compared.py.
"""

from __future__ import annotations

from numerate.problems.stories import numbers as num
from numerate.problems.stories.relation import SAY, Relation, same_kind

TIMES = ("{n} times that is {eq} {u}.", "{n} times what {C2} is {eq} {u}.")
DOUBLE = ("twice that is {eq} {u}.", "twice what {C2} is {eq} {u}.")
PART = ("{frac} of that is {eq} {u}.", "{frac} of what {C2} is {eq} {u}.")
INDIRECT = (
    same_kind(
        "more_inverse",
        num.less,
        ("p-n",),
        (
            "{R} {past} {more} than {N}.",
            "what {C2} was {pn} more than what {C}.",
            "{R} {past} {pn} more than {N}.",
        ),
        ("{R} {past} {asmany} {N}, plus {pn} extra.",),
        weight=2,
    ),
    same_kind(
        "fewer_inverse",
        num.more,
        ("p+n",),
        (
            "{R} {past} {fewer} than {N}.",
            "what {C2} was {pn} {less} than what {C}.",
            "{R} {past} {pn} {less} than {N}.",
        ),
        ("{R} {past} {less} {items} than {N}: {pn} {less}.",),
        weight=2,
    ),
    same_kind(
        "times_inverse",
        num.ratio,
        ("p/n",),
        (
            "{R} {past} {n} times {asmany} {N}.",
            "{C2} {n} times what {C}.",
            "{C2} {n} times the {number} that {C}.",
        ),
        ("what {C2} was {n} times what {C}.",),
        weight=3,
    ),
    same_kind(
        "twice_inverse",
        num.halves,
        ("p/2",),
        (
            "{R} {past} twice {asmany} {N}.",
            "{C2} twice what {C}.",
            "{C2} double the {number} that {C}.",
        ),
        ("what {C2} was double what {C}.",),
        weight=2,
    ),
    same_kind(
        "more_than_times",
        num.more_than_times,
        ("p*n", "x+m"),
        (
            "{L} {past} {pm} more than {n} times {asmany} {Q}.",
            "{L} {past} {n} times {asmany} {Q}, and then {pm} more.",
            "{L} {past} {pm} more than {n} times what {C2}.",
        ),
        ("{L} {past} {n} times {asmany} {Q}, plus {pm} extra.",),
        (TIMES, SAY),
        weight=2,
    ),
    same_kind(
        "fewer_than_twice",
        num.less,
        ("p*2", "x-n"),
        (
            "{L} {past} {pn} {less} than twice {asmany} {Q}.",
            "{L} {past} {pn} {less} than double the {number} that {C2}.",
            "{L} {past} {pn} {less} than twice what {C2}.",
        ),
        ("{L} {past} twice {asmany} {Q}, minus {pn}.",),
        (DOUBLE, SAY),
        weight=2,
    ),
    same_kind(
        "half_and_more",
        num.shift_half,
        ("p F", "x+n"),
        (
            "{L} {past} {pn} more than {frac} {asmany} {Q}.",
            "{L} {past} {pn} more than {frac} of what {C2}.",
            "{L} {past} {frac} {asmany} {Q}, and then {pn} more.",
        ),
        ("{L} {past} {frac} {asmany} {Q}, plus {pn} extra.",),
        (PART, SAY),
        weight=2,
    ),
    same_kind(
        "percent_more",
        num.more_percent,
        ("p*n/100", "p+x"),
        (
            "{L} {past} {n}% more {items} than {Q}.",
            "{L} {past} {n}% more than {Q}.",
            "{L} {past} {asmany} {Q} and {n}% more.",
        ),
        ("what {C} was {n}% more than what {C2}.",),
        (("{n}% of that is {eq} {u}.", "the extra is {eq} {u}."), SAY),
        weight=2,
    ),
    same_kind(
        "rest_of_total",
        num.part_of_total,
        ("n-p",),
        (
            "together, {T} {past} {an}.",
            "{T} {past} {an} together.",
            "{T} {past} {an} in all.",
        ),
        ("{T} {past} {an} between them.",),
        needs=("pair",),
        weight=2,
    ),
    Relation(
        "sum_of",
        "pair",
        "same",
        num.nothing,
        ("p+q",),
        (
            "{L} {past} {asmany} {Q} and {N2} together.",
            "{L} {past} {asmany} {Q} and {N2} put together.",
            "{L} {past} the same {number} as {Q} and {N2} together.",
        ),
        ("{L} {past} {asmany} {Q} and {N2} combined.",),
        (SAY,),
        weight=3,
    ),
)
