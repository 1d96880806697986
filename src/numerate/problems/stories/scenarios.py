"""The scenarios: what is counted where, and the words that the relations' templates need.

Keys of `words` (each a tuple to choose from): bunch (what a source comes in), box, rate (per, span), taker, giver,
bad, sort (two kinds of the items), use (past, participle), part (verb, nouns), product, sharer, supply (stuff, bag),
work (verb), grows, sell, goal, dozen, car: present or not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from numerate.problems.stories.words import MONEY, Noun, nouns

DAYS = ("on Monday", "on Tuesday", "on Wednesday", "on Thursday", "on Friday", "on Saturday", "on Sunday")
MONTHS = ("in March", "in April", "in May", "in June", "in July", "in August")
WEEKS = ("in the first week", "in the second week", "in the third week", "in the fourth week")
GAMES = ("in the first game", "in the second game", "in the third game", "in the fourth game")
HOUR = (("an hour", "hours", "hour"), ("per hour", "hours", "hour"))
DAY = (("a day", "days", "day"), ("per day", "days", "day"))
WEEK = (("a week", "weeks", "week"), ("per week", "weeks", "week"))
MINUTE = (("a minute", "minutes", "minute"), ("per minute", "minutes", "minute"))
YES = ("yes",)


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


PLACE_THINGS = ("a lamp", "a carpet", "a clock", "new curtains", "a printer")
HELD_PLACE_THINGS = ("a bench", "a mirror")
HELD_PLACE_WISHES = ("a statue", "a fountain")
PLACE_WISHES = ("a piano", "a new door", "a large screen", "a heater")
FRIENDS = ("a neighbor", "a friend", "a cousin", "an uncle", "an aunt")
KIDS = nouns("friend child/children cousin neighbor")

SCENARIOS = (
    Scenario(
        "orchard",
        nouns("apple pear plum peach/peaches orange lemon"),
        nouns("apricot mango/mangoes"),
        ("pick", "picked"),
        ("{A} worked in an orchard.", "{A} helped at the fruit harvest.", "it was harvest time for {A}."),
        (
            "the orchard had {n} rows of trees.",
            "the oldest tree was {n} years old.",
            "the ladder was {n} feet tall.",
        ),
        times=(DAYS, WEEKS),
        words={
            "pace": YES,
            "bunch": nouns("basket bag bucket crate"),
            "box": nouns("box/boxes bag basket crate"),
            "rate": HOUR,
            "taker": FRIENDS,
            "giver": FRIENDS,
            "bad": ("rotten", "bruised"),
            "sort": (("ripe", "unripe"), ("big", "small")),
            "use": (("ate", "eaten"), ("used", "used")),
            "product": nouns("pie cake fruit_salad"),
            "sharer": KIDS,
            "sell": YES,
            "goal": YES,
            "supply": (("fertilizer", "bags"),),
            "part": (("held", Noun("seed", "seeds")),),
        },
    ),
    Scenario(
        "bakery",
        nouns("muffin roll cookie bagel cupcake pie"),
        nouns("scone pretzel"),
        ("bake", "baked"),
        ("{A} worked in a bakery.", "{A} baked for the weekend market.", "there was a lot to bake for {A}."),
        (
            "the oven was {n} years old.",
            "the bakery opened {n} years ago.",
            "{n} people stood in line at the door.",
        ),
        times=(DAYS,),
        boss="the bakery",
        words={
            "pace": YES,
            "bunch": nouns("tray batch/batches"),
            "box": nouns("box/boxes bag tin"),
            "rate": HOUR,
            "dozen": YES,
            "taker": ("a neighbor", "the school", "a friend", "the hospital"),
            "bad": ("burnt", "broken"),
            "sort": (("sweet", "salty"), ("small", "large")),
            "use": (("ate", "eaten"), ("sold", "sold")),
            "sharer": nouns("child/children guest friend"),
            "sell": YES,
            "goal": YES,
            "supply": (("flour", "bags"), ("sugar", "bags")),
            "part": (("needed", Noun("gram of sugar", "grams of sugar")), ("had", Noun("raisin", "raisins"))),
            "work": ("decorate", "wrap"),
        },
    ),
    Scenario(
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
    ),
    Scenario(
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
    ),
    Scenario(
        "reading",
        nouns("page"),
        nouns("verse"),
        ("read", "read"),
        ("{A} liked to read.", "{A} got a new book.", "it was reading week for {A}."),
        ("the book cost ${n}.", "the book weighed {n} ounces.", "the writer of the book was {n} years old."),
        times=(DAYS,),
        words={"daily": YES, "pace": YES, "rate": DAY, "work": ("read",), "goal": YES},
    ),
    Scenario(
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
    ),
    Scenario(
        "garden",
        nouns("tulip rose bean_plant tomato_plant sunflower bush/bushes"),
        nouns("daisy/daisies lily/lilies"),
        ("plant", "planted"),
        ("{A} worked in the garden.", "spring came, and {A} began to plant.", "{A} had a large garden."),
        ("the garden was {n} meters wide.", "a bag of soil cost ${n}.", "the fence had {n} posts."),
        times=(DAYS, WEEKS, MONTHS),
        words={
            "pace": YES,
            "bunch": nouns("row"),
            "rate": HOUR,
            "taker": FRIENDS,
            "giver": FRIENDS,
            "bad": ("dry", "eaten by snails"),
            "sort": (("tall", "short"), ("young", "old")),
            "box": nouns("pot bed"),
            "grows": YES,
            "sell": YES,
            "goal": YES,
            "part": (("had", Noun("leaf", "leaves")), ("had", Noun("bud", "buds"))),
            "supply": (("soil", "bags"), ("seeds", "packs")),
            "work": ("water",),
        },
    ),
    Scenario(
        "factory",
        nouns("toy_car chair lamp clock kite drum"),
        nouns("scooter robot"),
        ("make", "made"),
        ("a large order came in.", "the factory was busy.", "there was a lot to do in the factory."),
        (
            "the factory was {n} years old.",
            "the factory had {n} windows.",
            "{n} people worked in the office.",
        ),
        times=(DAYS, WEEKS, MONTHS),
        people=False,
        places=(
            ("the first machine", "the second machine", "the third machine", "the fourth machine"),
            ("the morning shift", "the evening shift", "the night shift", "the weekend shift"),
        ),
        boss="the factory",
        words={
            "pace": YES,
            "bunch": nouns("crate"),
            "box": nouns("crate box/boxes truck"),
            "rate": HOUR,
            "taker": ("a school", "a museum", "a kindergarten"),
            "bad": ("broken", "scratched"),
            "sort": (("red", "blue"), ("large", "small"), ("green", "yellow")),
            "sharer": nouns("shop store"),
            "part": (("needed", Noun("screw", "screws")), ("needed", Noun("bolt", "bolts"))),
            "sell": YES,
            "goal": YES,
            "supply": (("wood", "loads"), ("paint", "cans")),
            "work": ("test", "pack"),
        },
    ),
    Scenario(
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
    ),
    Scenario(
        "savings",
        (MONEY,),
        (MONEY,),
        ("save", "saved"),
        ("{A} wanted to save money.", "{A} kept a money box at home.", "{A} opened a bank account."),
        (
            "the bank was {n} years old.",
            "the way to the bank took {n} minutes.",
            "the money box weighed {n} ounces.",
        ),
        kind="money",
        times=(MONTHS, WEEKS),
        words={"daily": YES, "rate": WEEK},
    ),
    Scenario(
        "jobs",
        (MONEY,),
        (MONEY,),
        ("earn", "earned"),
        (
            "{A} had a job in the holidays.",
            "{A} mowed lawns in the summer.",
            "{A} washed cars to earn money.",
        ),
        ("the walk to work took {n} minutes.", "the boss was {n} years old.", "the street had {n} houses."),
        kind="money",
        times=(DAYS, WEEKS),
        words={"daily": YES, "rate": HOUR, "supply": (("soap", "bottles"), ("gas", "cans"))},
    ),
    Scenario(
        "cycling",
        nouns("kilometer"),
        nouns("kilometer"),
        ("ride", "rode"),
        ("{A} went on a cycling trip.", "{A} got a new bicycle.", "{A} trained for a bicycle race."),
        ("the bicycle cost ${n}.", "the bicycle had {n} gears.", "lunch cost ${n}."),
        kind="km",
        times=(DAYS, WEEKS),
        words={"bicycle": HOUR},
    ),
    Scenario(
        "driving",
        nouns("kilometer"),
        nouns("kilometer"),
        ("drive", "drove"),
        ("{A} went on a long trip.", "{A} drove to the sea.", "{A} had to visit many towns."),
        ("the car was {n} years old.", "a night in the hotel cost ${n}.", "lunch cost ${n}."),
        kind="km",
        times=(DAYS,),
        words={"car": HOUR},
    ),
    Scenario(
        "practice",
        nouns("minute"),
        nouns("minute"),
        ("practice", "practiced"),
        ("{A} learned to play the piano.", "{A} played the violin.", "{A} got ready for a concert."),
        ("the piano cost ${n}.", "{n} people came to the concert.", "the teacher was {n} years old."),
        kind="minute",
        times=(DAYS,),
        words={"practice": YES},
    ),
    Scenario(
        "cooking",
        nouns("potato/potatoes carrot egg onion tomato/tomatoes"),
        nouns("mushroom turnip"),
        ("use", "used"),
        ("{A} cooked for a large party.", "{A} worked in a kitchen.", "the school kitchen was busy."),
        ("the pot held {n} liters.", "the stove was {n} years old.", "the soup cooked for {n} minutes."),
        times=(DAYS,),
        places=(("the soup", "the stew", "the salad", "the pie"),),
        boss="the kitchen",
        words={"bunch": nouns("bag bowl"), "work": ("wash", "cut")},
    ),
    Scenario(
        "fishing",
        nouns("fish/fish crab trout/trout"),
        nouns("lobster salmon/salmon"),
        ("catch", "caught"),
        ("{A} went fishing.", "{A} spent a week by the sea.", "{A} had a small boat."),
        ("the boat was {n} feet long.", "the water was {n} meters deep.", "a fishing rod cost ${n}."),
        times=(DAYS, WEEKS),
        words={
            "pace": YES,
            "bunch": nouns("bucket net"),
            "box": nouns("bucket box/boxes"),
            "rate": HOUR,
            "taker": FRIENDS,
            "bad": ("too small",),
            "sort": (("big", "small"),),
            "use": (("ate", "eaten"),),
            "sharer": nouns("family/families friend"),
            "sell": YES,
            "goal": YES,
            "work": ("clean",),
            "supply": (("bait", "boxes"),),
        },
    ),
    Scenario(
        "theater",
        nouns("ticket"),
        nouns("program"),
        ("sell", "sold"),
        ("a new play was shown.", "the theater was popular.", "there was a show in town."),
        ("the play was {n} minutes long.", "the theater was {n} years old.", "{n} actors were in the play."),
        times=(DAYS, WEEKS),
        people=False,
        boss="the theater",
        words={
            "rate": HOUR,
            "sell": YES,
            "bunch": nouns("block pack"),
            "supply": (("paint", "cans"), ("cloth", "rolls")),
        },
    ),
    Scenario(
        "crafts",
        nouns("bracelet candle scarf/scarves mug basket necklace"),
        nouns("quilt puppet"),
        ("make", "made"),
        (
            "{A} made things for a fair.",
            "{A} worked on gifts for the market.",
            "{A} liked to make things by hand.",
        ),
        ("the fair had {n} stands.", "the market was {n} kilometers away.", "{n} people came to the fair."),
        times=(DAYS, WEEKS),
        words={
            "daily": YES,
            "pace": YES,
            "bunch": nouns("set box/boxes"),
            "box": nouns("box/boxes bag"),
            "rate": DAY,
            "taker": FRIENDS,
            "bad": ("broken", "damaged"),
            "sort": (("red", "blue"), ("green", "white"), ("large", "small")),
            "sell": YES,
            "goal": YES,
            "work": ("wrap", "paint"),
            "supply": (("paint", "cans"), ("glue", "tubes")),
            "sharer": nouns("class/classes shop"),
        },
    ),
    Scenario(
        "farm",
        nouns("egg"),
        nouns("duck_egg"),
        ("gather", "gathered"),
        ("{A} lived on a farm.", "{A} kept hens.", "{A} helped on a farm."),
        ("the farm had {n} cows.", "the barn was {n} years old.", "the field was {n} meters long."),
        times=(DAYS, WEEKS),
        places=(("the first farm", "the second farm", "the third farm", "the fourth farm"),),
        boss="the village",
        words={
            "daily": YES,
            "pace": YES,
            "bunch": nouns("basket tray"),
            "box": nouns("carton box/boxes"),
            "dozen": YES,
            "taker": FRIENDS,
            "bad": ("broken", "cracked"),
            "sort": (("brown", "white"), ("large", "small")),
            "use": (("ate", "eaten"), ("used", "used")),
            "product": nouns("cake omelet"),
            "rate": DAY,
            "sharer": nouns("family/families neighbor"),
            "sell": YES,
            "goal": YES,
            "supply": (("corn", "sacks"), ("feed", "bags")),
        },
    ),
    Scenario(
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
    ),
    Scenario(
        "zoo",
        nouns(
            "kilogram_of_hay/kilograms_of_hay kilogram_of_fruit/kilograms_of_fruit kilogram_of_grain/kilograms_of_grain"
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
    ),
    Scenario(
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
    ),
)

BASKETS = (
    Scenario(
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
    ),
    Scenario(
        "market",
        nouns(
            "melon pumpkin cabbage loaf_of_bread/loaves_of_bread bag_of_rice/bags_of_rice jar_of_honey/jars_of_honey cheese"
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
    ),
    Scenario(
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
    ),
    Scenario(
        "toys",
        nouns("ball puzzle doll kite toy_train comic game"),
        nouns("yo-yo rattle puppet robot"),
        ("buy", "bought"),
        ("{A} bought presents.", "{A} went to a toy shop.", "the holidays were near for {A}."),
        ("the shop had {n} windows.", "the toy shop was {n} years old.", "{n} children were in the shop."),
        kind="cost",
    ),
)

GOODS = nouns("notebook pencil toy ball book cap comic puzzle brush/brushes mug")
HELD_GOODS = nouns("whistle compass/compasses mask poster")
THINGS = ("a shirt", "a lamp", "a game", "new shoes", "a present", "a bag", "a jacket", "tickets")
HELD_THINGS = ("a tent", "a vase", "a helmet")
WISHES = ("a bicycle", "a camera", "a guitar", "a phone", "a tablet", "a telescope")
HELD_WISHES = ("a skateboard", "a violin", "a canoe")
