"""Scenarios around school, books and sport."""

from __future__ import annotations

from numerate.problems.stories.words import Noun, nouns
from numerate.problems.stories.world.scenario import DAY, DAYS, FRIENDS, GAMES, HOUR, WEEKS, YES, Scenario

RECYCLING = Scenario(
    "recycling",
    nouns("bottle can newspaper box/boxes"),
    nouns("flask battery/batteries"),
    ("collect", "collected"),
    (
        "{A} took part in a recycling drive.",
        "the school held a recycling week.",
        "{A} helped to keep the town clean.",
    ),
    (
        "the school had {n} classrooms.",
        "the recycling truck was {n} feet long.",
        "the drive was held for the first time {n} years ago.",
    ),
    times=(DAYS, WEEKS),
    places=(("Class A", "Class B", "Class C", "Class D"),),
    boss="the school",
    words={
        "daily": YES,
        "pace": YES,
        "bunch": nouns("bag sack"),
        "box": nouns("crate sack bin"),
        "rate": DAY,
        "bad": ("dirty", "wet"),
        "taker": ("an artist", "another class"),
        "giver": ("the mayor", "a teacher", "a neighbor"),
        "goal": YES,
        "sell": YES,
        "sort": (("green", "brown"), ("big", "small")),
        "work": ("clean",),
    },
)
LIBRARY = Scenario(
    "library",
    nouns("book novel magazine comic"),
    nouns("atlas/atlases dictionary/dictionaries"),
    ("hold", "held"),
    (
        "the library was put in order.",
        "a new library was opened.",
        "someone counted what was in the library.",
    ),
    (
        "the library was {n} years old.",
        "the library had {n} chairs.",
        "{n} people visited the library that day.",
    ),
    people=False,
    places=(
        ("the first shelf", "the second shelf", "the third shelf", "the fourth shelf"),
        ("the red shelf", "the blue shelf", "the green shelf", "the white shelf"),
    ),
    boss="the library",
    words={
        "bunch": nouns("row stack"),
        "box": nouns("box/boxes crate"),
        "taker": ("a school", "another library", "a hospital"),
        "giver": ("a reader", "a teacher", "the mayor"),
        "bad": ("torn", "damaged"),
        "sort": (("new", "old"), ("thick", "thin")),
        "sharer": nouns("class/classes room"),
        "part": (("had", Noun("picture", "pictures")), ("had", Noun("chapter", "chapters"))),
        "work": ("label", "scan"),
        "sell": YES,
    },
)
READING = Scenario(
    "reading",
    nouns("page"),
    nouns("verse"),
    ("read", "read"),
    ("{A} liked to read.", "{A} got a new book.", "it was reading week for {A}."),
    ("the book cost ${n}.", "the book weighed {n} ounces.", "the writer of the book was {n} years old."),
    times=(DAYS,),
    words={"daily": YES, "pace": YES, "rate": DAY, "work": ("read",), "goal": YES},
)
SPORTS = Scenario(
    "sports",
    nouns("point goal"),
    nouns("home_run"),
    ("score", "scored"),
    ("{A} played in the school team.", "there was a tournament for {A}.", "{A} loved to play ball."),
    ("{n} people watched.", "a ticket cost ${n}.", "the trainer was {n} years old."),
    times=(GAMES,),
    places=(
        ("the first team", "the second team", "the third team", "the fourth team"),
        ("the red team", "the blue team", "the green team", "the white team"),
    ),
    boss="the school",
    words={"goal": YES},
)
SCHOOL = Scenario(
    "school",
    nouns("desk chair window lamp shelf/shelves computer"),
    nouns("locker whiteboard"),
    ("have", "had"),
    (
        "the school got a new building.",
        "someone counted the things in the school.",
        "the school was large.",
    ),
    (
        "the school was {n} years old.",
        "{n} teachers worked at the school.",
        "the school yard was {n} meters long.",
    ),
    places=(
        ("the first floor", "the second floor", "the third floor", "the fourth floor"),
        ("the art room", "the music room", "the science room", "the computer room"),
    ),
    people=False,
    boss="the school",
    words={
        "bunch": nouns("row"),
        "taker": ("another school", "the town hall", "a kindergarten"),
        "giver": ("the mayor", "a shop", "the town"),
        "bad": ("broken", "damaged"),
        "sort": (("new", "old"), ("small", "large"), ("white", "brown")),
        "sell": YES,
        "goal": YES,
        "sharer": nouns("room class/classes"),
        "work": ("clean", "repair"),
    },
)
PARTY = Scenario(
    "party",
    nouns("balloon paper_star lantern/lanterns"),
    nouns("paper_crown banner"),
    ("hang", "hung"),
    ("there was a party at school.", "{A} got ready for a party.", "{A} decorated a hall."),
    ("{n} guests were invited.", "the cake cost ${n}.", "the hall had {n} chairs."),
    times=(DAYS,),
    words={
        "pace": YES,
        "bunch": nouns("row bundle"),
        "rate": HOUR,
        "taker": FRIENDS,
        "bad": ("torn", "broken"),
        "sort": (("red", "blue"), ("gold", "silver"), ("big", "small")),
        "goal": YES,
        "sharer": nouns("guest child/children"),
    },
)
