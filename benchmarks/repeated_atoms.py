"""Cost of the grader on signs and words over and over, which a looping model writes: linear in their number.

python -m benchmarks.repeated_atoms [--seconds 0.3] [--growth 2]

Every atom is repeated to 2,000, 8,000, 19,900 and 30,000 characters, between every opener and closer, for
every kind and as every argument of the public functions: the text that is searched, an answer, a reference,
a member of a cluster. Exits with 1 where a text took more than --seconds, or where a longer one took more
than its length's share times --growth; what takes under a fiftieth of a second counts as nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Annotated, NamedTuple

import typer

from numerate.answers import cluster, equal, find, grade
from numerate.types import Kind, Problem

LENGTHS = (2_000, 8_000, 19_900, 30_000)
"""characters; an answer of up to normalize.LONGEST is read, a longer one compared as a string"""
KINDS: tuple[Kind, ...] = ("number", "math", "choice")
NOTHING = 0.02
"""seconds: what is shorter says nothing of growth"""
SIGNS = (
    " ", "\n", "\t", "\u00a0", "\n ", "\n\n", "?", "? ", "!", "$?!", "(", ")", "[", "{", "\\", "*", "**", "_",
    "#", "####", "`", "```", "|", "<", "<<", "^", "=", "- ", "— ", "; ", ", ", ": ", ". ", "... ", "？", "。",
    "、",
)  # fmt: skip
BLANKS = (
    "\u2009", "\u3000", "\u202f", "\v", "\f", "\r", "\x85", "\u2028", "\u200b", "\ufeff", "\u00a0$",
    "\u3000\n",
)  # fmt: skip
WORDS = (
    "a ", "A ", "A: ", "(A) ", "5 ", "5, ", "1,000 ", "5. ", "$5 ", "5$", "$a$ ", "5% ", "5 + ", "= 5 ",
    "#### 5\n", "####(and 3 pears) ", "because 5 A: ####", "\\boxed{5} ", "**5** ", "- 5\n", "| 5 |\n",
    "\n- 5",
    "1. a\n", "Step 1: ", "and ", "or ", "not ", "So 5. ", "which is 5 ", "because 5 ", ", but ", "; 5",
    "if ", "If a ", "the ", "answer: ", "The answer is ", "would be ", "to buy ", "of 5 ", "five ", "twenty-",
    "十", "é ", "i.e. ", "we need ", "Note ", "Originally ", "wait, ", "total: ", "the total is ", "had ",
)  # fmt: skip
ATOMS = SIGNS + BLANKS + WORDS
AROUND = (("", ""), ("So she has 5 apples. ", " 7"), ("What", "5"), ("", " So 5."), ("x", ".\n\nRated: 9"))


Call = Callable[[str, Kind], object]
CALLS: dict[str, Call] = {
    "find": find,
    "equal": lambda text, kind: equal(text, "5", kind),
    "strict": lambda text, kind: equal("5", text, kind, strict=True),
    "cluster": lambda text, kind: cluster([text, "5", f"{text} "], kind),
    "grade": lambda text, kind: grade(text, Problem("", "", "5", kind=kind)),
    "reference": lambda text, kind: grade("The answer is 5.", Problem("", "", text, kind=kind)),
}


class Cost(NamedTuple):
    seconds: float
    length: int
    call: str
    kind: Kind
    atom: str
    around: tuple[str, str]


def costs_of(atom: str, around: tuple[str, str], kind: Kind, call: str = "find") -> list[Cost]:
    """Returns the processor time of a call with each length of the atom."""
    out: list[Cost] = []
    for length in LENGTHS:
        text = around[0] + (atom * (length // len(atom) + 1))[:length] + around[1]
        began = time.process_time()
        CALLS[call](text, kind)
        out.append(Cost(time.process_time() - began, length, call, kind, atom, around))
    return out


def all_costs() -> Iterator[list[Cost]]:
    for atom in ATOMS:
        for around in AROUND:
            for kind in KINDS:
                for call in CALLS:
                    yield costs_of(atom, around, kind, call)


def is_superlinear(costs: list[Cost], growth: float) -> bool:
    """Returns True where a length took more than its share of what the one before it took."""
    pairs = pairwise(costs)
    return any(
        after.seconds > max(before.seconds, NOTHING) * growth * after.length / before.length
        for before, after in pairs
    )


def main(
    seconds: Annotated[float, typer.Option(min=0)] = 0.3, growth: Annotated[float, typer.Option(min=0)] = 2.0
) -> None:
    """Look for atoms on which the grader is slow, or grows faster than their number."""
    for call in CALLS.values():
        call("So she has 5 apples.", "number")  # what is made at the first use is no part of a text's time
    slow: list[Cost] = []
    worst = Cost(0, 0, "", "number", "", ("", ""))
    for costs in all_costs():
        worst = max(worst, *costs)
        if max(costs).seconds > seconds or is_superlinear(costs, growth):
            first = costs[0]
            again = costs_of(first.atom, first.around, first.kind, first.call)  # a busy machine is no finding
            if max(again).seconds > seconds or is_superlinear(again, growth):
                slow.append(max(again))
                print(*slow[-1], flush=True)
    print(f"slowest: {worst}")
    print(f"{len(slow)} findings")
    raise typer.Exit(bool(slow))


if __name__ == "__main__":
    typer.run(main)
