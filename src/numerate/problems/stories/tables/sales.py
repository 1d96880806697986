"""Relations that turn things into money, and take the costs off. Slots as in changes.py."""

from __future__ import annotations

from numerate.problems.stories import numbers as num
from numerate.problems.stories.relation import Relation

PROFIT = ("{P} profit was {eq} dollars.", "after costs, {S} had {eq} dollars.")
ASK_PROFIT = (
    "how much profit did {S} make|how much profit {S} made",
    "what was {P} profit in dollars|{P} profit in dollars",
)
SALES = (
    Relation(
        "sell",
        "item box product",
        "money",
        num.priced,
        ("p*n",),
        (
            "{S} sold all the {items} for {dn} each.",
            "{S} sold every {item} at a price of {dn}.",
            "each {item} was sold for {dn}.",
        ),
        ("buyers paid {dn} for every single {item}.",),
        (("{S} got {eq} dollars.", "the {items} brought in {eq} dollars."),),
        (
            "how much money did {S} get for the {items}|how much money {S} got for the {items}",
            "how many dollars did {S} earn|how many dollars {S} earned",
        ),
        ("sell",),
        weight=8,
    ),
    Relation(
        "sell_two_prices",
        "item box",
        "money",
        num.two_prices,
        ("n*m", "p-n", "y*k", "x+z"),
        (
            "{S} sold {n} of the {items} for {dm} each and the rest for {dk} each.",
            "{n} of the {items} were sold for {dm} each, and the others for {dk} each.",
            "{S} sold {n} {items} at {dm} each and all the others at {dk} each.",
        ),
        ("buyers took {n} of the {items} at {dm} apiece and the rest at {dk} apiece.",),
        (
            ("the first {n} {items} brought in {eq} dollars.", "{n} {items} sold for {eq} dollars."),
            ("the other {items} were {eq}.", "that left {eq} {items}."),
            ("those brought in {eq} dollars.", "those sold for {eq} dollars."),
            ("in all, {S} got {eq} dollars.", "together, that is {eq} dollars."),
        ),
        (
            "how much money did {S} get in all|how much money {S} got in all",
            "how many dollars did {S} earn in all|how many dollars {S} earned in all",
        ),
        ("sell",),
        weight=4,
    ),
    Relation(
        "cost",
        "money",
        "profit",
        num.less,
        ("p-n",),
        (
            "{S} had spent {dn} on {supplies}.",
            "the {supplies} had cost {O} {dn}.",
            "{S} had paid {dn} for {supplies}.",
        ),
        ("before that, {dn} had gone into {supplies}.",),
        (PROFIT,),
        ASK_PROFIT,
        ("supply",),
    ),
    Relation(
        "cost_units",
        "money",
        "profit",
        num.purchase,
        ("n*m", "p-x"),
        (
            "{S} had bought {n} {bags} of {supplies} for {dm} each.",
            "{S} had paid {dm} each for {n} {bags} of {supplies}.",
            "before that, {S} had bought {n} {bags} of {supplies} at {dm} each.",
        ),
        ("{n} {bags} of {supplies} at {dm} apiece had been needed.",),
        (
            ("the {supplies} cost {eq} dollars.", "{S} had spent {eq} dollars on {supplies}."),
            PROFIT,
        ),
        ASK_PROFIT,
        ("supply",),
        weight=5,
    ),
)
