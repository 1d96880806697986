"""Relations that put the quantities of the opening together. Slots as in compared.py; A is all of them."""

from __future__ import annotations

from numerate.problems.stories import numbers as num
from numerate.problems.stories.relation import Relation

JOINED = (
    Relation(
        "total",
        "all",
        "same",
        num.nothing,
        ("+",),
        (),
        (),
        (("{A} {past} {eq} {u} in all.", "altogether, {A} {past} {eq} {u}.", "that is {eq} {u} in total."),),
        (
            "{much} did {A} {base} {together}|{much} {A} {past} {together}",
            "{much} did {A} {base} in all|{much} {A} {past} in all",
            "what was the total {number} of {items} that {A} {past}|"
            "the total {number} of {items} that {A} {past}",
        ),
        weight=12,
    ),
    Relation(
        "difference",
        "pair",
        "final",
        num.distinct,
        ("p-q",),
        (),
        (),
        (("{R} {past} {eq} more {u} than {N}.", "the difference is {eq} {u}."),),
        (
            "{muchmore} did {W2} {base}{at2} than {N}|{muchmore} {W2} {past}{at2} than {N}",
            "{muchless} did {W} {base}{at} than {Q}|{muchless} {W} {past}{at} than {Q}",
        ),
        weight=5,
    ),
    Relation(
        "average",
        "pair",
        "final",
        num.even_sum,
        ("(p+q)/2",),
        (),
        (),
        (("the average was {eq} {u}.", "on average, this is {eq} {u}."),),
        (
            "what was the average {number} of {items} that {A} {past}{each}|"
            "the average {number} of {items} that {A} {past}{each}",
            "on average, {much} did {A} {base}{each}|{much} {A} {past}{each} on average",
        ),
        weight=2,
    ),
    Relation(
        "ratio",
        "pair",
        "final",
        num.multiple,
        ("p/q",),
        (),
        (),
        (("{R} {past} {eq} times {asmany} {N}.", "that is {eq} times {asmany} {N}."),),
        (
            "how many times {asmany} {N} did {W2} {base}{at2}|how many times {asmany} {N} {C2}",
            "how many times {asmany} {N} did {W2} {base}{at2}|how many times {asmany} {N} {W2} {past}{at2}",
        ),
        weight=2,
    ),
)
