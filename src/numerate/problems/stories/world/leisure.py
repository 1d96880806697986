"""Scenarios around travel and spare time."""

from __future__ import annotations

from numerate.problems.stories.words import nouns
from numerate.problems.stories.world.scenario import (
    DAY,
    DAYS,
    FRIENDS,
    HOUR,
    KIDS,
    MONTHS,
    WEEK,
    WEEKS,
    YES,
    Scenario,
)

COLLECTION = Scenario(
    "collection",
    nouns("sticker marble stamp coin shell card"),
    nouns("pebble badge"),
    ("collect", "collected"),
    ("{A} loved to collect things.", "{A} had a new hobby.", "it was a rainy summer for {A}."),
    ("the album cost ${n}.", "the museum in town was {n} years old.", "the club had {n} members."),
    times=(MONTHS, WEEKS, DAYS),
    words={
        "daily": YES,
        "pace": YES,
        "bunch": nouns("bag jar"),
        "box": nouns("page bag jar tin"),
        "rate": WEEK + DAY,
        "taker": FRIENDS,
        "giver": FRIENDS,
        "bad": ("damaged", "cracked"),
        "sort": (("old", "new"), ("shiny", "plain"), ("small", "large")),
        "sharer": KIDS,
        "sell": YES,
        "goal": YES,
        "grows": YES,
    },
)
CYCLING = Scenario(
    "cycling",
    nouns("kilometer"),
    nouns("kilometer"),
    ("ride", "rode"),
    ("{A} went on a cycling trip.", "{A} got a new bicycle.", "{A} trained for a bicycle race."),
    ("the bicycle cost ${n}.", "the bicycle had {n} gears.", "lunch cost ${n}."),
    kind="km",
    times=(DAYS, WEEKS),
    words={"bicycle": HOUR},
)
DRIVING = Scenario(
    "driving",
    nouns("kilometer"),
    nouns("kilometer"),
    ("drive", "drove"),
    ("{A} went on a long trip.", "{A} drove to the sea.", "{A} had to visit many towns."),
    ("the car was {n} years old.", "a night in the hotel cost ${n}.", "lunch cost ${n}."),
    kind="km",
    times=(DAYS,),
    words={"car": HOUR},
)
PRACTICE = Scenario(
    "practice",
    nouns("minute"),
    nouns("minute"),
    ("practice", "practiced"),
    ("{A} learned to play the piano.", "{A} played the violin.", "{A} got ready for a concert."),
    ("the piano cost ${n}.", "{n} people came to the concert.", "the teacher was {n} years old."),
    kind="minute",
    times=(DAYS,),
    words={"practice": YES},
)
ZOO = Scenario(
    "zoo",
    nouns(
        "kilogram_of_hay/kilograms_of_hay kilogram_of_fruit/kilograms_of_fruit "
        "kilogram_of_grain/kilograms_of_grain"
    ),
    nouns("kilogram_of_leaves/kilograms_of_leaves kilogram_of_roots/kilograms_of_roots"),
    ("eat", "ate"),
    (
        "the animals in the zoo were hungry.",
        "it was feeding time in the zoo.",
        "the zoo had many animals.",
    ),
    (
        "the zoo was {n} years old.",
        "a ticket for the zoo cost ${n}.",
        "the oldest elephant was {n} years old.",
    ),
    times=(DAYS, WEEKS),
    places=(
        ("the elephants", "the zebras", "the giraffes", "the camels"),
        ("the goats", "the deer", "the horses", "the monkeys"),
    ),
    people=False,
    boss="the animals",
    words={"sack": nouns("sack bag"), "rate": DAY},
)
