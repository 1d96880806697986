"""Relations of a shopping list: things at unit prices, prices and amounts compared.

Slots: items, item the things of this relation, items1, item1 those bought before; p the price and q the
number of the things bought before.
"""

from __future__ import annotations

from numerate.problems.stories import numbers as num
from numerate.problems.stories.relation import Relation

EACH = ("each {item} cost {eq} dollars.", "the price of each {item} was {eq} dollars.")
COST = ("the {items} cost {eq} dollars.", "for the {items}, {S} paid {eq} dollars.")
COUNT = ("{S} bought {eq} {items}.", "the number of {items} was {eq}.")
BUY = Relation(
    "buy",
    "",
    "cost",
    num.basket,
    ("n*m",),
    (
        "{S} {also}bought {n} {items} for {dm} each.",
        "{S} {also}bought {n} {items} at {dm} each.",
        "{S} {also}paid {dm} each for {n} {items}.",
    ),
    ("{n} {items} at {dm} apiece went into {P} bag{too}.",),
    (COST,),
    weight=5,
)
NEXT = (
    BUY,
    Relation(
        "dearer",
        "price",
        "cost",
        num.dearer,
        ("p+n", "m*x"),
        (
            "{S} also bought {m} {items}, and each {item} cost {dn} more than each {item1}.",
            "{S} also bought {m} {items}. each {item} was {dn} more expensive than each {item1}.",
            "{S} also bought {m} {items}, which cost {dn} more than the {items1} each.",
        ),
        ("{S} also bought {m} {items}, each of them {dn} dearer than each {item1}.",),
        (EACH, COST),
    ),
    Relation(
        "cheaper",
        "price",
        "cost",
        num.cheaper,
        ("p-n", "m*x"),
        (
            "{S} also bought {m} {items}, and each {item} cost {dn} less than each {item1}.",
            "{S} also bought {m} {items}. each {item} was {dn} cheaper than each {item1}.",
            "{S} also bought {m} {items}, which cost {dn} less than the {items1} each.",
        ),
        ("{S} also bought {m} {items}, each of them priced {dn} below each {item1}.",),
        (EACH, COST),
    ),
    Relation(
        "price_times",
        "price",
        "cost",
        num.price_times,
        ("p*n", "m*x"),
        (
            "{S} also bought {m} {items}, and each {item} cost {n} times as much as each {item1}.",
            "{S} also bought {m} {items}. the price of each {item} was {n} times that of each {item1}.",
            "{S} also bought {m} {items}, each {n} times as expensive as each {item1}.",
        ),
        ("{S} also bought {m} {items}, each at {n} times the price of each {item1}.",),
        (EACH, COST),
    ),
    Relation(
        "twice_the_number",
        "price",
        "cost",
        num.one_price,
        ("q*2", "x*n"),
        (
            "{S} also bought twice as many {items} as {items1}, at {dn} each.",
            "{S} also bought twice as many {items} as {items1} for {dn} each.",
            "{S} also bought {items} for {dn} each, twice as many as {items1}.",
        ),
        ("{S} also bought double the number of {items}, compared with {items1}, at {dn} apiece.",),
        (COUNT, COST),
    ),
    Relation(
        "more_in_number",
        "price",
        "cost",
        num.dearer,
        ("q+n", "x*m"),
        (
            "{S} also bought {n} more {items} than {items1}, at {dm} each.",
            "{S} also bought {items} for {dm} each, {n} more than {items1}.",
            "{S} also paid {dm} each for {items} and bought {n} more of them than {items1}.",
        ),
        ("{S} also bought {items} at {dm} apiece, outnumbering the {items1} by {n}.",),
        (COUNT, COST),
    ),
    Relation(
        "flat_price",
        "",
        "cost",
        num.surcharge,
        (),
        (
            "{S} also bought {thing} for {dn}.",
            "{S} also paid {dn} for {thing}.",
            "{S} also spent {dn} on {thing}.",
        ),
        ("{thing} for {dn} was also bought.",),
        (),
        weight=3,
    ),
)
SUM = Relation(
    "bill",
    "",
    "cost",
    num.nothing,
    ("+",),
    (),
    (),
    (("in all, {S} paid {eq} dollars.", "together, that cost {eq} dollars.", "the total was {eq} dollars."),),
    (
        "how much did {S} pay in all|how much {S} paid in all",
        "how much money did {S} spend in all|how much money {S} spent in all",
        "what was the total price in dollars|the total price in dollars",
    ),
)
