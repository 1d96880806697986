"""Relations about kilometers: what is left, how fast, how much fuel. Slots as in changes.py."""

from __future__ import annotations

from numerate.problems.stories import numbers as num
from numerate.problems.stories.relation import Relation

ROAD = (
    Relation(
        "road_left",
        "km",
        "kmleft",
        num.goal,
        ("n-p",),
        (
            "the whole trip was {n} kilometers long.",
            "{S} planned to cover {n} kilometers in all.",
            "the goal was {n} kilometers away from the start.",
        ),
        ("from beginning to end, the route measured {n} kilometers.",),
        (("{eq} kilometers were left.", "{S} still had {eq} kilometers to go."),),
        (
            "how many kilometers were left|how many kilometers were left",
            "how many more kilometers did {S} have to go|how many more kilometers {S} had to go",
        ),
        needs=("solo",),
        weight=6,
    ),
    Relation(
        "road_speed",
        "kmleft",
        "final",
        num.speed,
        ("p/n",),
        (
            "{S} covered the rest at {n} kilometers an hour.",
            "on the rest of the way, {S} made {n} kilometers an hour.",
            "{S} did the rest at a speed of {n} kilometers an hour.",
        ),
        ("for what was left, the speed was {n} kilometers an hour.",),
        (("the rest took {eq} hours.", "{S} needed {eq} more hours."),),
        ("how many hours did the rest take|how many hours the rest took",),
        weight=9,
    ),
    Relation(
        "fuel",
        "km",
        "liter",
        num.mileage,
        ("p/n",),
        (
            "the car used one liter of fuel for every {n} kilometers.",
            "one liter of fuel was enough for {n} kilometers.",
            "the car could go {n} kilometers on one liter of fuel.",
        ),
        ("with each liter of fuel, the car went {n} kilometers.",),
        (("the car used {eq} liters.", "that took {eq} liters of fuel."),),
        ("how many liters of fuel were used|how many liters of fuel were used",),
        needs=("car", "solo"),
        weight=6,
    ),
    Relation(
        "fuel_price",
        "liter",
        "money_spent",
        num.priced,
        ("p*n",),
        ("a liter of fuel cost {dn}.", "the fuel cost {dn} per liter.", "each liter of fuel cost {dn}."),
        ("the price of one liter of fuel was {dn}.",),
        (("the fuel cost {eq} dollars.", "that is {eq} dollars for fuel."),),
        (
            "how much did the fuel cost|how much the fuel cost",
            "how many dollars were spent on fuel|how many dollars were spent on fuel",
        ),
        weight=9,
    ),
    Relation(
        "return",
        "km",
        "same",
        num.nothing,
        ("p*2",),
        (
            "{S} went back the same way.",
            "then {S} took the same way back.",
            "{S} returned by the same road.",
        ),
        ("the way back was exactly as long.",),
        (("there and back, it was {eq} kilometers.", "with the way back, that is {eq} kilometers."),),
        ("how many kilometers did {S} cover there and back|how many kilometers {S} covered there and back",),
        needs=("untimed", "solo"),
        weight=2,
    ),
)
