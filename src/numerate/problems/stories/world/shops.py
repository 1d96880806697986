"""Scenarios of shopping: their items are bought at unit prices."""

from __future__ import annotations

from numerate.problems.stories.words import nouns
from numerate.problems.stories.world.scenario import Scenario

STATIONERY = Scenario(
    "stationery",
    nouns("notebook pencil pen ruler brush/brushes folder eraser"),
    nouns("stapler highlighter calendar marker"),
    ("buy", "bought"),
    ("{A} went shopping for school.", "{A} went to a shop.", "school began, and {A} needed some things."),
    (
        "the shop was {n} years old.",
        "the walk to the shop took {n} minutes.",
        "the shop had {n} shelves.",
    ),
    kind="cost",
)
MARKET = Scenario(
    "market",
    nouns(
        "melon pumpkin cabbage loaf_of_bread/loaves_of_bread bag_of_rice/bags_of_rice "
        "jar_of_honey/jars_of_honey cheese"
    ),
    nouns("pineapple bag_of_beans/bags_of_beans coconut bottle_of_juice/bottles_of_juice"),
    ("buy", "bought"),
    ("{A} went to the market.", "{A} bought food for the week.", "it was market day for {A}."),
    (
        "the market had {n} stands.",
        "the bus to the market took {n} minutes.",
        "the market opened {n} years ago.",
    ),
    kind="cost",
)
CLOTHES = Scenario(
    "clothes",
    nouns("shirt cap sock belt towel blanket pillow"),
    nouns("sweater glove vest apron"),
    ("buy", "bought"),
    ("{A} needed new things for the house.", "{A} went to a store in town.", "there was a sale in town."),
    (
        "{n} people worked in the store.",
        "{n} people stood in line.",
        "the store closed {n} minutes later.",
    ),
    kind="cost",
)
TOYS = Scenario(
    "toys",
    nouns("ball puzzle doll kite toy_train comic game"),
    nouns("yo-yo rattle puppet robot"),
    ("buy", "bought"),
    ("{A} bought presents.", "{A} went to a toy shop.", "the holidays were near for {A}."),
    ("the shop had {n} windows.", "the toy shop was {n} years old.", "{n} children were in the shop."),
    kind="cost",
)
