"""Relations that open a story with a quantity of its own: told, or counted in groups, hours, dozens.

Slots: L "Tom" or "on Monday, Tom" (who it is about), N the same after "than"; R, Q likewise for the one that
it is compared with; C, C2 "Tom picked" for both; past, base the verb; an "5 apples" or "$5"; more, fewer
"5 more apples"; pn "5" or "$5"; asmany "as many apples as"; items, u the noun in text and solution.
"""

from __future__ import annotations

from numerate.problems.stories import numbers as num
from numerate.problems.stories.relation import SAY, same_kind

FRESH = (
    same_kind(
        "given",
        num.first,
        (),
        ("{L} {past} {an}.", "{L} {past} {an}.", "{L} {past} exactly {an}.", "{L} {past} a total of {an}."),
        ("{L} {past} {an} in all.", "{L} {past} {an} altogether."),
        (),
        weight=9,
    ),
    same_kind(
        "groups",
        num.product,
        ("n*m",),
        (
            "{L} {past} {n} {bunches} of {m} {items} each.",
            "{L} {past} {n} {bunches} with {m} {items} in each {bunch}.",
            "{L} {past} {n} {bunches}, each with {m} {items}.",
        ),
        ("{L} {past} {n} {bunches}, and every {bunch} had {m} {items} in it.",),
        needs=("bunch",),
        weight=4,
    ),
    *(
        same_kind(
            name,
            draw,
            ("n*m",),
            (
                "{L} {past} {am} {per} for {n} {span}.",
                "for {n} {span}, {W} {past} {am} {per}{at}.",
                "{L} {past} {am} every {span1}, and did so for {n} {span}.",
            ),
            ("{L} {past} for {n} {span} at a rate of {am} {per}.",),
            needs=(word,),
            weight=4,
        )
        for name, draw, word in (
            ("rate", num.product, "rate"),
            ("drive_time", num.drive, "car"),
            ("ride_time", num.cycle, "bicycle"),
        )
    ),
    same_kind(
        "dozens",
        num.few_units,
        ("n*12",),
        (
            "{L} {past} {n} dozen {items}.",
            "{L} {past} exactly {n} dozen {items}.",
            "{L} {past} a total of {n} dozen {items}.",
        ),
        ("{L} {past} {n} dozen {items} in all.",),
        needs=("dozen",),
        weight=1,
    ),
    same_kind(
        "hours_given",
        num.hours,
        ("n*60",),
        (
            "{L} {past} for {n} hours.",
            "{L} {past} for exactly {n} hours.",
            "{L} {past} for a total of {n} hours.",
        ),
        ("{L} {past} for {n} full hours.",),
        needs=("practice",),
        weight=8,
    ),
    same_kind(
        "daily_for_weeks",
        num.pace,
        ("n*7", "x*m"),
        (
            "{L} {past} {am} a day for {n} weeks.",
            "for {n} weeks, {W} {past} {am} every day{at}.",
            "{L} {past} {am} each day for {n} weeks.",
        ),
        ("{L} {past} {am} daily over {n} weeks.",),
        (("{n} weeks are {eq} days.", "that is {eq} days."), SAY),
        needs=("daily",),
        weight=3,
    ),
)
