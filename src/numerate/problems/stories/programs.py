"""Solutions of stories with a program: one assignment per calculation, in exact numbers, its output, and the
answer.

    Lucy=9*5                    Lucy planted 9*5=<<9*5=45>>45 bushes.
    Ryan=Lucy+41                Ryan planted 45+41=<<45+41=86>>86 bushes.
    Ella=Ryan-2                 So Ella planted 86-2=<<86-2=84>>84 bushes.
    print(Ella)                 #### 84

A program is made from the problem alone: from the graph in its `meta`, and from the lines of its solution,
whose words name the quantities.
"""

from __future__ import annotations

import ast
import builtins
import keyword
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from string import ascii_lowercase
from typing import Literal, NamedTuple

from numerate.problems.stories.words import HELD_PEOPLE, PEOPLE
from numerate.tool_formats import get_format, shown_output
from numerate.types import Problem

CALCULATION = re.compile(r"(?<!\S)\S+=<<[^<>]*>>[\d.]*\d")
NODE = re.compile(r"n\d+")
WORD = re.compile(r"[A-Za-z]+")
NAMES = frozenset(person.name for person in (*PEOPLE, *HELD_PEOPLE))
TOTAL = re.compile(r"\b(?:in all|altogether|together|in total|the total)\b", re.IGNORECASE)
MINOR = frozenset({
    "a", "an", "the", "of", "in", "on", "at", "to", "for", "with", "from", "by", "and", "or", "so",
    "then", "that", "this", "those", "these", "it", "is", "are", "was", "were", "had", "has", "have",
    "each", "every", "all", "more", "than", "what", "not", "there", "they", "he", "she", "his", "her",
    "their", "as", "s", "if", "also", "after", "before", "another", "same", "dollars", "way", "back",
    "go", "went", "later", "other", "still", "good",
})  # fmt: skip
"""words that name nothing"""
ACTIONS = frozenset({
    "cost", "costs", "paid", "pay", "got", "made", "took", "brought", "collected", "needed", "held",
    "rode", "sold", "used", "gathered", "scored", "caught", "earned", "read", "saved", "drove", "ate",
    "hung", "baked", "planted", "practiced", "picked", "gave", "bought", "makes", "make", "filled",
    "spent", "put", "runs", "run", "kilometers", "minutes",
})  # fmt: skip
"""words that name a quantity where no other does"""


Variables = Literal["words", "letters"]


class Operand(NamedTuple):
    text: str
    """in the program"""
    exact: Fraction
    whole: bool
    """whether the program holds it as an integer; else as a float of cents"""


def with_program(problem: Problem, tool_format: str, variables: Variables = "words") -> Problem:
    """Returns a story whose solution is a transcript: a call of a program, its output, and the answer.
    variables: named by the story's words, or a, b, c, ..., which a small model learns sooner.

    Raises:
        ValueError: the format does not exist or has no text for outputs, or the problem is no story.
    """
    format = get_format(tool_format)
    if format.template:
        raise ValueError(f"stories: tool_format={tool_format!r}: give mario or tora")
    if not problem.meta.get("graph") or not problem.solution:
        raise ValueError(f"problem {problem.id!r} is no story with a solution: it has no graph")
    output = format.insert(shown_output(problem.answer, "", 1000))
    solution = f"{format.call(program_of(problem, variables))}{output}#### {problem.answer}"
    return replace(problem, solution=solution, meta={**problem.meta, "tool_format": tool_format})


def program_of(problem: Problem, variables: Variables = "words") -> str:
    """Returns a program that prints the problem's answer."""
    rows = problem.meta["graph"]
    steps = [row for row in rows if row["expr"]]
    last_use = {key: number for number, row in enumerate(steps) for key in NODE.findall(row["expr"])}
    wordings = [CALCULATION.sub("#", line) for line in problem.solution.splitlines()[: len(steps)]]
    values = {row["id"]: _literal(row["value"]) for row in rows if not row["expr"]}
    lines: list[str] = []
    holders: dict[str, str] = {}
    for number, (row, options) in enumerate(zip(steps, _options(wordings), strict=True)):
        right, exact, whole = _rewrite(ast.parse(row["expr"], mode="eval").body, values)
        free = {name for name, key in holders.items() if last_use.get(key, -1) <= number}
        name = _choose(options, holders, free) if variables == "words" else _letter(number)
        holders[name] = row["id"]
        values[row["id"]] = Operand(name, exact, whole)
        lines.append(f"{name}={right}")
    return "\n".join([*lines, f"print({_printed(values[problem.meta['answer_node']])})"])


def _literal(text: str) -> Operand:
    exact = Fraction(text)
    return Operand(text, exact, exact.denominator == 1)


SIGNS: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
BINDS = {"+": 1, "-": 1, "*": 2, "/": 2, "//": 2}


def _rewrite(node: ast.expr, values: Mapping[str, Operand], tightness: int = 0) -> Operand:
    """Returns a formula of the graph in the names of the program. A division of integers without remainder
    stays among integers, which are exact whatever their size."""
    if isinstance(node, ast.Name):
        return values[node.id]
    if not isinstance(node, ast.BinOp):
        return _literal(ast.unparse(node))
    sign = SIGNS[type(node.op)]
    left = _rewrite(node.left, values, BINDS[sign])
    right = _rewrite(node.right, values, BINDS[sign] + 1)
    exact = _calculate(sign, left.exact, right.exact)
    whole = left.whole and right.whole and exact.denominator == 1
    text = f"{left.text}{'//' if sign == '/' and whole else sign}{right.text}"
    return Operand(f"({text})" if BINDS[sign] < tightness else text, exact, whole)


def _calculate(sign: str, left: Fraction, right: Fraction) -> Fraction:
    if sign == "/":
        return left / right
    if sign == "*":
        return left * right
    return left + right if sign == "+" else left - right


def _printed(answer: Operand) -> str:
    if answer.whole:
        return answer.text
    return f"round({answer.text})" if answer.exact.denominator == 1 else f"round({answer.text},2)"


def _letter(number: int) -> str:
    """Returns a, b, ..., z, a1, b1, ..."""
    return ascii_lowercase[number % 26] + (str(number // 26) if number >= 26 else "")


# -- names ----------------------------------------------------------------------
def _options(lines: Sequence[str]) -> list[list[str]]:
    """Returns per line the words that may name its result, the best first: words of no other line, nouns
    before actions."""
    words = [list(dict.fromkeys(_words(line))) for line in lines]
    made: list[list[str]] = []
    for number, own in enumerate(words):
        others = {word for index, each in enumerate(words) if index != number for word in each}
        made.append(sorted(own, key=lambda word: (word in ACTIONS, word in others)))
    return made


def _words(line: str) -> Iterator[str]:
    if TOTAL.search(line):
        yield "total"
    if "left" in line.split():
        yield "left"
    for number, word in enumerate(WORD.findall(line)):
        if number == 0 and word not in NAMES:
            word = word.lower()
        if word.lower() not in MINOR and not keyword.iskeyword(word) and not hasattr(builtins, word):
            yield word


def _choose(options: Sequence[str], taken: Mapping[str, str], free: set[str]) -> str:
    """Returns a name that is not taken; else one whose value no later line needs; else one with a number."""
    for name in options:
        if name not in taken:
            return name
    return next((name for name in options if name in free), f"{(options or ['x'])[0]}{len(taken)}")
