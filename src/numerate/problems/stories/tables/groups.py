"""Relations that group a heap of things: packed, shared, made into something.

Slots: S, O, P the owner as subject, object and possessive; items, item what is counted; n, m, k numbers and
dn, dm, dk the same in dollars; the rest are words of the scenario (see world/).
"""

from __future__ import annotations

from numerate.problems.stories import numbers as num
from numerate.problems.stories.relation import Relation

GROUPS = (
    Relation(
        "pack",
        "item",
        "box",
        num.divisor,
        ("p/n",),
        (
            "{S} packed all the {items} into {boxes} of {n}.",
            "{S} put all the {items} into {boxes}, {n} to a {box}.",
            "all the {items} went into {boxes} that hold {n} {items} each.",
        ),
        ("every {box} was filled with {n} {items} until none were left over.",),
        (("{S} filled {eq} {boxes}.", "that makes {eq} {boxes}."),),
        (
            "how many {boxes} did {S} fill|how many {boxes} {S} filled",
            "how many {boxes} were needed|how many {boxes} were needed",
        ),
        ("box",),
        "box",
        weight=6,
    ),
    Relation(
        "spread",
        "item",
        "per",
        num.divisor,
        ("p/n",),
        (
            "{S} divided the {items} equally among {n} {boxes}.",
            "{S} put the {items} into {n} {boxes}, with the same number in each.",
            "the {items} were split evenly between {n} {boxes}.",
        ),
        ("{n} {boxes} each got the same number of the {items}.",),
        (("each {box} held {eq} {u}.", "that is {eq} {u} in each {box}."),),
        (
            "how many {items} were in each {box}|how many {items} were in each {box}",
            "how many {items} did each {box} hold|how many {items} each {box} held",
        ),
        ("box",),
    ),
    Relation(
        "take_boxes",
        "per",
        "final",
        num.some_of,
        ("p*n",),
        (
            "{taker} then took {n} of these {boxes}.",
            "{S} gave {n} of these {boxes} to {taker}.",
            "{n} of these {boxes} went to {taker}.",
        ),
        ("{taker} ended up with {n} of these {boxes}.",),
        (("{taker2} got {eq} {u}.", "{n} {boxes} held {eq} {u}."),),
        ("how many {items} did {taker2} get|how many {items} {taker2} got",),
        ("box", "taker"),
    ),
    Relation(
        "share",
        "item",
        "share",
        num.divisor,
        ("p/n",),
        (
            "{S} shared the {items} equally among {n} {sharers}.",
            "the {items} were shared equally by {n} {sharers}.",
            "{n} {sharers} shared all the {items} equally.",
        ),
        ("the {items} were handed out so that {n} {sharers} got equally many.",),
        (("each of the {sharers} got {eq} {u}.", "that is {eq} {u} for each {sharer}."),),
        (
            "how many {items} did each {sharer} get|how many {items} each {sharer} got",
            "how many {items} were there for each {sharer}|how many {items} there were for each {sharer}",
        ),
        ("sharer",),
        weight=5,
    ),
    Relation(
        "make",
        "item",
        "product",
        num.divisor,
        ("p/n",),
        (
            "{S} used all the {items} to make {products}, with {n} {items} for each {product}.",
            "{S} made {products} from all the {items}, using {n} for each.",
            "all the {items} were made into {products}, and each {product} took {n} {items}.",
        ),
        ("each {product} called for {n} {items}, and {S} used up all the {items} on {products}.",),
        (("{S} made {eq} {products}.", "that is enough for {eq} {products}."),),
        (
            "how many {products} did {S} make|how many {products} {S} made",
            "how many {products} could {S} make|how many {products} {S} could make",
        ),
        ("product",),
        "product",
        weight=6,
    ),
    Relation(
        "parts",
        "item",
        "part",
        num.times,
        ("p*n",),
        (
            "each {item} {pv} {n} {parts}.",
            "every {item} {pv} {n} {parts}.",
            "each of the {items} {pv} {n} {parts}.",
        ),
        ("any single {item} {pv} {n} {parts}.",),
        (("that makes {eq} {parts}.", "the {items} {pv} {eq} {parts} in all."),),
        (
            "how many {parts} were there in all|how many {parts} there were in all",
            "what was the total number of {parts}|the total number of {parts}",
        ),
        ("part",),
        "part",
        weight=5,
    ),
)
