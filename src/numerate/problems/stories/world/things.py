"""Things that people and institutions buy or wish for, whatever the scenario."""

from __future__ import annotations

from numerate.problems.stories.words import nouns

PLACE_THINGS = ("a lamp", "a carpet", "a clock", "new curtains", "a printer")
HELD_PLACE_THINGS = ("a bench", "a mirror")
HELD_PLACE_WISHES = ("a statue", "a fountain")
PLACE_WISHES = ("a piano", "a new door", "a large screen", "a heater")
GOODS = nouns("notebook pencil toy ball book cap comic puzzle brush/brushes mug")
HELD_GOODS = nouns("whistle compass/compasses mask poster")
THINGS = ("a shirt", "a lamp", "a game", "new shoes", "a present", "a bag", "a jacket", "tickets")
HELD_THINGS = ("a tent", "a vase", "a helmet")
WISHES = ("a bicycle", "a camera", "a guitar", "a phone", "a tablet", "a telescope")
HELD_WISHES = ("a skateboard", "a violin", "a canoe")
