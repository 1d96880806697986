"""Cost of every regular expression of the answers on signs and words over and over: linear in their number.

python -m benchmarks.searched_patterns [--seconds 0.5] [--growth 8]

Each pattern of numerate.answers that is searched runs over texts of 1,000 and of 4,000 characters, each that
is only matched at a place is matched once. The texts repeat the signs and words of benchmarks.repeated_atoms,
more of both, and the pattern's own words. Exits with 1 where a text took more than --seconds, or four times
the text more than --growth times as long; what takes under 5 ms counts as nothing.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

import numerate.answers
from benchmarks.repeated_atoms import ATOMS

SHORT, LONG = 1_000, 4_000
NOTHING = 0.005
"""seconds: what is shorter says nothing of growth"""
AT_BOUND = 0.05
"""seconds that a pattern may take on a text as long as those that it sees at most"""
SEARCHES = frozenset({"search", "sub", "subn", "finditer", "findall", "split"})
MATCHES = frozenset({"match", "fullmatch"})
MORE_ATOMS = (
    "$ ", " $", "   ,", "{ ", "} ", "\\text{", "\\frac", "\\ ", "~", "-", " -", ".", "0", "1", "12,", "a",
    "ab ", "Aa", "the the ", "is ", "'", '"', "(5", "5)", "\\\\", "&", "中", "is not ", "x=", "≤", "\r\n",
    "/", "5/", "%", "1 000 ", "1.", "1,", "\\$", "^{", "\\,", "but ", "because a ", "<br>", "$$", ">",
)  # fmt: skip
MOST_WORDS = 60
"""words of one pattern that are repeated"""
AROUND = (("", "x"), ("answer 5", "5."))
SENTENCE = 1_200
"""characters of a sentence or a statement: sentences_upwards.LONGEST, sources.LONGEST_STATEMENT"""
BOUNDED = {
    "compare.parametric._CONDITION": 80,  # _LONGEST
    "extraction.choice_words.CUES": 2_000,  # letters.LONGEST
    "extraction.clauses.EXPLANATION": 3_000,  # MOST_EXPLAINED
    "extraction.clauses._CONCLUDES": 3_000,  # MOST_EXPLAINED
    "extraction.expressions._TRAILING": 200,  # MOST_TRAILING
    "extraction.last_sentence._ALTERNATIVES": 400,  # RECENT
    "extraction.passed_over._REMARK": SENTENCE,
    "extraction.passed_over._CLAUSE_BEHIND": SENTENCE,
    "extraction.sentence_values._CHECKED": SENTENCE,
    "extraction.sentence_values._SO_WITHIN": SENTENCE,
    "extraction.statement_expressions._GOES_ON": SENTENCE,
    "extraction.statement_numbers._PLAIN_NUMBER": SENTENCE,
    "extraction.statement_numbers._ROUNDS": SENTENCE,
    "extraction.statement_values._TAIL": SENTENCE,
    "extraction.statements._IN_BRACKETS": 100,  # _are_joined
    "text.normalize._GOES_ON": 100,  # _one_line
    "text.scripts._PART": 140,  # what _SCALED matches
}
"""characters that a pattern sees at most, by module and name: on longer texts it may be slow"""


class Use(NamedTuple):
    name: str
    pattern: re.Pattern[str]
    methods: frozenset[str]
    """of `sub`, which stands for every search, `match` and `fullmatch`"""


class Cost(NamedTuple):
    seconds: float
    name: str
    method: str
    atom: str
    around: tuple[str, str]


class TooSlow(Exception):
    pass


def all_uses() -> list[Use]:
    """Returns every pattern of the modules of answers, and what is called on it."""
    names: dict[re.Pattern[str], str] = {}
    methods: dict[re.Pattern[str], set[str]] = {}
    for module, tree in _modules():
        for name, value in vars(module).items():
            for pattern in _patterns_in(value):
                names.setdefault(pattern, f"{module.__name__.removeprefix('numerate.answers.')}.{name}")
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr in SEARCHES | MATCHES:
                for pattern in _patterns_in(_value_of(node.value, module)):
                    methods.setdefault(pattern, set()).add(node.attr)
    return [Use(name, pattern, _tried(methods.get(pattern))) for pattern, name in names.items()]


def _tried(methods: set[str] | None) -> frozenset[str]:
    """Returns the methods to try; all searches where none is seen, as of the patterns in a table."""
    if methods is None:
        return frozenset({"sub"})
    return frozenset("sub" if method in SEARCHES else method for method in methods)


def _modules() -> Iterator[tuple[Any, ast.Module]]:
    root = Path(numerate.answers.__file__).parent
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        name = ".".join(("numerate.answers", *parts)).removesuffix(".__init__")
        yield importlib.import_module(name), ast.parse(path.read_text(encoding="utf-8"))


def _patterns_in(value: Any) -> Iterator[re.Pattern[str]]:
    """Yields the patterns of a module's value: itself, or the members of a table."""
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict):
        yield from _patterns_in(tuple(value.values()))
    elif isinstance(value, (tuple, list)):
        for member in value:
            yield from _patterns_in(member)


def _value_of(node: ast.expr, module: Any) -> Any:
    """Returns the value of a name such as PATTERN or words.PATTERN; None for anything else."""
    if isinstance(node, ast.Name):
        return vars(module).get(node.id)
    if isinstance(node, ast.Attribute):
        return getattr(_value_of(node.value, module), node.attr, None)
    return None


def finding_of(use: Use, seconds: float, growth: float) -> Cost | None:
    """Returns the first text on which the pattern is slow, or grows faster than it does; None without one."""
    longest = BOUNDED.get(use.name, LONG)
    for atom in dict.fromkeys((*ATOMS, *MORE_ATOMS, *_own_atoms(use.pattern))):
        for around in AROUND:
            short, long = (around[0] + (atom * length)[:length] + around[1] for length in (SHORT, longest))
            for method in use.methods:
                taken = seconds_of(use, method, long, seconds)
                if taken >= NOTHING and _is_slow(use, method, short, long, seconds, growth):
                    return Cost(taken, use.name, method, atom, around)
    return None


def _own_atoms(pattern: re.Pattern[str]) -> Iterator[str]:
    """Yields the words that the pattern looks for, with what may stand around them."""
    words = re.findall(r"(?<!\\)[A-Za-z]{2,}", re.sub(r"\\[a-zA-Z]", " ", pattern.pattern))
    for word in list(dict.fromkeys(words))[:MOST_WORDS]:
        yield from (f"{word} ", f", {word} ", f"{word} 5 ", f"- {word}: ")


def _is_slow(use: Use, method: str, short: str, long: str, seconds: float, growth: float) -> bool:
    """Returns True where the pattern is slow once more, since a busy machine is no finding."""
    taken = min(seconds_of(use, method, long, seconds) for _ in range(2))
    if use.name in BOUNDED:
        return taken > AT_BOUND
    before = min(seconds_of(use, method, short, seconds) for _ in range(2))
    return taken >= NOTHING and (taken >= seconds or taken > before * growth)


def seconds_of(use: Use, method: str, text: str, limit: float) -> float:
    """Returns the processor time of the call, which stops at the limit."""
    call = getattr(use.pattern, method)
    signal.setitimer(signal.ITIMER_VIRTUAL, limit)
    began = time.process_time()
    with contextlib.suppress(TooSlow):
        call("", text) if method == "sub" else call(text)
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return time.process_time() - began


def stop(*_: object) -> None:
    raise TooSlow


def main(
    seconds: Annotated[float, typer.Option(min=0)] = 0.5, growth: Annotated[float, typer.Option(min=0)] = 8.0
) -> None:
    """Look for patterns whose search is slow, or grows faster than the text."""
    signal.signal(signal.SIGVTALRM, stop)
    uses = all_uses()
    findings = 0
    for use in uses:
        slow = finding_of(use, seconds, growth)
        if slow is not None:
            findings += 1
            text = f"{slow.method} on {slow.atom!r} between {slow.around}"
            print(f"{slow.seconds:.3f} s: {slow.name}, {text}", flush=True)
    print(f"{len(uses)} patterns, {findings} findings")
    raise typer.Exit(bool(findings))


if __name__ == "__main__":
    typer.run(main)
