"""Duplicates inside a set, and overlap of training and test sets.

Exact: equal after normalising letter case, spacing, sentence punctuation, unicode twins and the writing of
numbers. Near: with every number replaced by one sign, the two have 75 % of their 5-grams in common. A near
pair with the same numbers is most likely one problem reworded; with other numbers it is the same story, for a
person to judge."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from numerate.types import Problem

TOKEN = re.compile(r"\d+(?:,\d{3})+(?:\.\d+)?|\d*\.?\d+|[^\W\d_]+|[-+*/^=<>|()\[\]\\_&%]")
HYPHEN = re.compile(r"(?<=\w)-(?=[^\W\d_]{2})|(?<=[^\W\d_]{2})-(?=\w)")
"""not the minus of 5-x: a word of two letters or more stands beside it"""
WORDS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
SPELLED = {word: str(number) for number, word in enumerate(WORDS, start=2)}
GRAM = 5
LEAST_WORDS = 3
NEAR = 0.75


@dataclass(frozen=True, slots=True)
class Pair:
    train: str
    test: str
    """ids"""
    similarity: float
    """of the 5-grams of both, the share that both have: 2 |A and B| / (|A| + |B|); 1.0 for an exact pair"""
    same_numbers: bool
    """both speak of the same numbers: most likely the same problem, reworded; else the same story"""


@dataclass(frozen=True, slots=True)
class Overlap:
    exact: tuple[Pair, ...]
    near: tuple[Pair, ...]
    """not among the exact ones; for each problem of the training set the most similar one of the test set"""


def problem_tokens(problem: Problem) -> list[str]:
    """Returns the words, numbers and signs of a problem: question and choices, normalized."""
    text = "\n".join((problem.question, *(choice for _, choice in problem.choices)))
    plain = HYPHEN.sub(" ", unicodedata.normalize("NFKC", text).casefold())
    tokens: list[str] = TOKEN.findall(plain)
    return [_number(token) if token[-1].isdigit() else token for token in tokens]


def normalized_text(problem: Problem) -> str:
    """Returns a text that is the same for problems that differ only in case, spacing, punctuation or the
    notation of numbers."""
    return " ".join(problem_tokens(problem))


def duplicate_groups(problems: Sequence[Problem]) -> list[tuple[str, ...]]:
    """Returns groups of two or more ids whose problems have the same text, in order of first appearance."""
    groups: dict[str, list[str]] = {}
    for problem in problems:
        groups.setdefault(normalized_text(problem), []).append(problem.id)
    return [tuple(ids) for ids in groups.values() if len(ids) > 1]


def find_overlap(train: Sequence[Problem], test: Sequence[Problem]) -> Overlap:
    """Finds the problems of the training set that are in the test set, exactly or nearly."""
    return compare_prepared(prepare_problems(train), prepare_problems(test))


def without_held_out(problems: Sequence[Problem], held_out: Sequence[Problem]) -> list[Problem]:
    """Returns the problems that are none of those held out: neither exactly nor reworded (near, same
    numbers)."""
    overlap = find_overlap(problems, held_out)
    dropped = {pair.train for pair in (*overlap.exact, *overlap.near) if pair.same_numbers}
    return [problem for problem in problems if problem.id not in dropped]


@dataclass(frozen=True, slots=True)
class Prepared:
    """The parts of a problem that are compared; made once for a set that is compared with many."""

    id: str
    text: str
    grams: frozenset[tuple[str, ...]]
    """runs of five tokens, every number as one sign"""
    numbers: tuple[str, ...]


def prepare_problems(problems: Sequence[Problem]) -> list[Prepared]:
    return [_prepared(problem.id, problem_tokens(problem)) for problem in problems]


def compare_prepared(train: Sequence[Prepared], test: Sequence[Prepared]) -> Overlap:
    """Returns the overlap of prepared sets."""
    texts = {there.text: there.id for there in reversed(test)}
    places: dict[tuple[str, ...], list[int]] = {}
    for index, there in enumerate(test):
        for gram in there.grams:
            places.setdefault(gram, []).append(index)
    exact: list[Pair] = []
    near: list[Pair] = []
    for item in train:
        if item.text in texts:
            exact.append(Pair(item.id, texts[item.text], 1.0, True))
        elif pair := _nearest(item, test, places):
            near.append(pair)
    return Overlap(tuple(exact), tuple(near))


def _prepared(id: str, words: list[str]) -> Prepared:
    masked = ["#" if _is_number(word) else word for word in words]
    runs = (tuple(masked[start : start + GRAM]) for start in range(len(masked) - GRAM + 1))
    telling = frozenset(run for run in runs if sum(word.isalpha() for word in run) >= LEAST_WORDS)
    numbers = sorted(SPELLED.get(word, word) for word in words if _is_number(word))
    return Prepared(id, " ".join(words), telling, tuple(numbers))


def _nearest(
    item: Prepared, test: Sequence[Prepared], places: Mapping[tuple[str, ...], list[int]]
) -> Pair | None:
    """Returns the pair with the most similar problem, None where none is near. Of equals, same numbers
    first."""
    shared = Counter(index for gram in item.grams for index in places.get(gram, ()))
    pairs = [_pair(item, test[index], count) for index, count in shared.items()]
    best = max(pairs, key=lambda pair: (pair.similarity, pair.same_numbers, pair.test), default=None)
    return best if best and best.similarity >= NEAR else None


def _pair(item: Prepared, other: Prepared, shared: int) -> Pair:
    similarity = 2 * shared / (len(item.grams) + len(other.grams))
    return Pair(item.id, other.id, similarity, item.numbers == other.numbers)


def _is_number(word: str) -> bool:
    return word in SPELLED or word[-1].isdigit()


def _number(text: str) -> str:
    """Normalizes a number: 5.20 and 5.2 are the same, and so are 1,080 and 1080."""
    text = text.replace(",", "")
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text
