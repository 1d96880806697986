"""Scenarios, and the words that many of them share.

Keys of `words` (each a tuple to choose from): bunch (what a source comes in), box, rate, car, bicycle (per,
span), taker, giver, bad, sort (two kinds of the items), use (past, participle), part (verb, noun), product,
sack, sharer, supply (stuff, bag), work (verb); sell, goal, pace, daily, dozen, grows, practice: there or not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from numerate.problems.stories.words import Noun, nouns

DAYS = ("on Monday", "on Tuesday", "on Wednesday", "on Thursday", "on Friday", "on Saturday", "on Sunday")
MONTHS = ("in March", "in April", "in May", "in June", "in July", "in August")
WEEKS = ("in the first week", "in the second week", "in the third week", "in the fourth week")
GAMES = ("in the first game", "in the second game", "in the third game", "in the fourth game")
HOUR = (("an hour", "hours", "hour"), ("per hour", "hours", "hour"))
DAY = (("a day", "days", "day"), ("per day", "days", "day"))
WEEK = (("a week", "weeks", "week"), ("per week", "weeks", "week"))
YES = ("yes",)
FRIENDS = ("a neighbor", "a friend", "a cousin", "an uncle", "an aunt")
KIDS = nouns("friend child/children cousin neighbor")


@dataclass(frozen=True)
class Scenario:
    name: str
    items: tuple[Noun, ...]
    held: tuple[Noun, ...]
    verb: tuple[str, str]
    """base form and past"""
    intros: tuple[str, ...]
    """sentences with {A}, the people"""
    extras: tuple[str, ...]
    """sentences with a number {n} that does not matter"""
    kind: str = "item"
    times: tuple[tuple[str, ...], ...] = ()
    """when one actor's amounts are compared: "on Monday", "on Tuesday", ..."""
    places: tuple[tuple[str, ...], ...] = ()
    """things that are compared in place of people"""
    people: bool = True
    boss: str = ""
    """who acts where there are no people"""
    words: Mapping[str, tuple[Any, ...]] = field(default_factory=dict[str, tuple[Any, ...]])
