"""Relations that compare a new quantity with an earlier one.

Slots: L "Tom" or "on Monday, Tom" (who it is about), N the same after "than"; R, Q likewise for the one that
it is compared with; C, C2 "Tom picked" for both; past, base the verb; an "5 apples" or "$5"; more, fewer
"5 more apples"; pn "5" or "$5"; asmany "as many apples as"; items, u the noun in text and solution.
"""

from __future__ import annotations

from numerate.problems.stories import numbers as num
from numerate.problems.stories.relation import same_kind

COMPARED = (
    same_kind(
        "more",
        num.more,
        ("p+n",),
        (
            "{L} {past} {more} than {Q}.",
            "{L} {past} {pn} more than {Q}.",
            "{L} {past} {asmany} {Q} and {pn} more.",
        ),
        ("{L} {past} {asmany} {Q}, plus {pn} extra.", "{L} {past} more {items} than {Q}: {pn} more."),
        weight=6,
    ),
    same_kind(
        "fewer",
        num.less,
        ("p-n",),
        (
            "{L} {past} {fewer} than {Q}.",
            "{L} {past} only {asmany} {Q} minus {pn}.",
            "{L} {past} {pn} {less} than {Q}.",
        ),
        (
            "{L} {past} not quite {asmany} {Q}: {pn} {less}.",
            "{L} {past} {less} {items} than {Q}: {pn} {less}.",
        ),
        weight=6,
    ),
    same_kind(
        "times",
        num.times,
        ("p*n",),
        (
            "{L} {past} {n} times {asmany} {Q}.",
            "{L} {past} {n} times what {C2}.",
            "{L} {past} {n} times the {number} that {C2}.",
        ),
        ("what {C} was {n} times what {C2}.",),
        weight=4,
    ),
    same_kind(
        "twice",
        num.nothing,
        ("p*2",),
        (
            "{L} {past} twice {asmany} {Q}.",
            "{L} {past} double the {number} that {C2}.",
            "{L} {past} twice what {C2}.",
        ),
        ("what {C} was double what {C2}.",),
        weight=4,
    ),
    same_kind(
        "half",
        num.halves,
        ("p/2",),
        (
            "{L} {past} half {asmany} {Q}.",
            "{L} {past} half of what {C2}.",
            "{L} {past} only half {asmany} {Q}.",
        ),
        ("what {C} was half of what {C2}.",),
        weight=4,
    ),
    same_kind(
        "fraction_as",
        num.part,
        ("p F",),
        (
            "{L} {past} {frac} {asmany} {Q}.",
            "{L} {past} {frac} of what {C2}.",
            "{L} {past} only {frac} {asmany} {Q}.",
        ),
        ("what {C} was {frac} of what {C2}.",),
        weight=5,
    ),
    same_kind(
        "percent_as",
        num.percent,
        ("p*n/100",),
        (
            "{L} {past} {n}% {asmany} {Q}.",
            "{L} {past} {n}% of what {C2}.",
            "{L} {past} only {n}% of the {number} that {C2}.",
        ),
        ("what {C} was {n}% of what {C2}.",),
        weight=2,
    ),
)
