"""Relations that change a heap of things: given away, spoilt, doubled, sorted.

Slots: S, O, P the owner as subject, object and possessive; items, item what is counted; n, m, k numbers and
dn, dm, dk the same in dollars; the rest are words of the scenario (see world/).
"""

from __future__ import annotations

from numerate.problems.stories import numbers as num
from numerate.problems.stories.relation import Relation

LEFT = ("{S} had {eq} {u} left.", "that left {eq} {u}.", "{eq} {u} were left.")
ASK_LEFT = (
    "how many {items} did {S} have left|how many {items} {S} had left",
    "how many {items} were left|how many {items} were left",
)
ASK_THEN = (
    "how many {items} did {S} have then|how many {items} {S} had then",
    "how many {items} did {S} have in the end|how many {items} {S} had in the end",
)
SORTED = ("{eq} of the {items} were {sort}.", "there were {eq} {sort} {items}.")
ASK_SORTED = (
    "how many {items} were {sort}|how many {items} were {sort}",
    "how many {sort} {items} were there|how many {sort} {items} there were",
)
GIFT_LINES = (("{taker2} got {eq} {u}.", "{S} gave away {eq} {u}."), LEFT)
CHANGES = (
    Relation(
        "give_away",
        "item box product",
        "same",
        num.less,
        ("p-n",),
        (
            "{S} gave {n} of the {items} to {taker}.",
            "{S} let {taker} have {n} of the {items}.",
            "{taker} got {n} of the {items}.",
        ),
        ("{n} of the {items} went to {taker} as a gift.",),
        (LEFT,),
        ASK_LEFT,
        ("taker",),
    ),
    Relation(
        "spoil",
        "item",
        "same",
        num.less,
        ("p-n",),
        (
            "{n} of the {items} were {bad} and had to be thrown away.",
            "{S} threw away {n} of the {items} because they were {bad}.",
            "{S} found that {n} of the {items} were {bad} and threw them out.",
        ),
        ("{n} of the {items} had to go because they were {bad}.",),
        (("{eq} good {items} were left.", "that left {eq} good {items}."),),
        (
            "how many good {items} were left|how many good {items} were left",
            "how many good {items} did {S} have left|how many good {items} {S} had left",
        ),
        ("bad",),
    ),
    Relation(
        "receive",
        "item",
        "same",
        num.more,
        ("p+n",),
        (
            "{giver} gave {O} {n} more {items}.",
            "{S} got {n} more {items} from {giver}.",
            "{giver} brought {O} another {n} {items}.",
        ),
        ("{n} extra {items} arrived from {giver}.",),
        (("then {S} had {eq} {u}.", "with those, {S} had {eq} {u}."),),
        ASK_THEN,
        ("giver",),
    ),
    Relation(
        "doubled",
        "item",
        "same",
        num.nothing,
        ("p*2",),
        (
            "by the next year, the number of {items} had doubled.",
            "a year later, there were twice as many {items}.",
            "over the next year, the number of {items} doubled.",
        ),
        ("a year later, the number of {items} was double what it had been.",),
        (("a year later, there were {eq} {u}.", "after the year, {S} had {eq} {u}."),),
        (
            "how many {items} were there a year later|how many {items} there were a year later",
            "how many {items} did {S} have a year later|how many {items} {S} had a year later",
        ),
        ("grows",),
        weight=2,
    ),
    Relation(
        "sort_part",
        "item",
        "item",
        num.fraction,
        ("p F",),
        (
            "{frac} of the {items} were {sort}.",
            "{frac} of all the {items} were {sort}.",
            "of all the {items}, {frac} were {sort}.",
        ),
        ("it turned out that {frac} of these {items} were {sort}.",),
        (SORTED,),
        ASK_SORTED,
        ("sort",),
        "sort",
    ),
    Relation(
        "sort_rest",
        "item",
        "item",
        num.fraction,
        ("p F", "p-x"),
        (
            "{frac} of the {items} were {sort} and the rest were {sort2}.",
            "{frac} of the {items} were {sort}, and the others were {sort2}.",
            "of all the {items}, {frac} were {sort} and the other ones were {sort2}.",
        ),
        ("it turned out that {frac} of these {items} were {sort}, all the rest being {sort2}.",),
        (
            SORTED,
            ("the other {eq} {items} were {sort2}.", "there were {eq} {sort2} {items}."),
        ),
        (
            "how many {items} were {sort2}|how many {items} were {sort2}",
            "how many {sort2} {items} were there|how many {sort2} {items} there were",
        ),
        ("sort",),
        "sort2",
    ),
    Relation(
        "sort_percent",
        "item",
        "item",
        num.percent,
        ("p*n/100",),
        (
            "{n}% of the {items} were {sort}.",
            "{n}% of all the {items} were {sort}.",
            "of all the {items}, {n}% were {sort}.",
        ),
        ("it turned out that {n}% of these {items} were {sort}.",),
        (SORTED,),
        ASK_SORTED,
        ("sort",),
        "sort",
        weight=3,
    ),
    Relation(
        "give_fraction",
        "item box",
        "same",
        num.fraction,
        ("p F", "p-x"),
        (
            "{S} gave {frac} of the {items} to {taker}.",
            "{taker} got {frac} of the {items}.",
            "{S} let {taker} have {frac} of the {items}.",
        ),
        ("{frac} of the {items} went to {taker} as a gift.",),
        GIFT_LINES,
        ASK_LEFT,
        ("taker",),
    ),
    Relation(
        "give_percent",
        "item box",
        "same",
        num.percent,
        ("p*n/100", "p-x"),
        (
            "{S} gave {n}% of the {items} to {taker}.",
            "{taker} got {n}% of the {items}.",
            "{S} let {taker} have {n}% of the {items}.",
        ),
        ("{n}% of the {items} went to {taker} as a gift.",),
        GIFT_LINES,
        ASK_LEFT,
        ("taker",),
        weight=3,
    ),
    Relation(
        "set_aside",
        "item",
        "final",
        num.boxes_kept,
        ("n*m", "p-x"),
        (
            "{S} filled {n} {boxes} with {m} {items} each and kept the rest.",
            "{S} put {m} {items} into each of {n} {boxes} and kept the others.",
            "{S} used some of the {items} to fill {n} {boxes} with {m} {items} each.",
        ),
        ("{n} {boxes} were filled with {m} of the {items} each, and the rest stayed loose.",),
        (("the {boxes} held {eq} {u}.", "{S} put {eq} {u} in {boxes}."), LEFT),
        (
            "how many {items} were not in {boxes}|how many {items} were not in {boxes}",
            "how many {items} were left over|how many {items} were left over",
        ),
        ("box",),
    ),
)
