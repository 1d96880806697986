"""Conclusion of an answer of several statements: `3/8 or 0.375` is one value, `3x = 12, x = 4` ends in 4.

Only where the statements agree: what `x = 5` would make of `3x = 12` is no answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

from numerate.answers.compare.relations import named_value
from numerate.answers.compare.value_names import unknown_letters
from numerate.answers.compare.values import same_value
from numerate.answers.expr import numeric
from numerate.answers.expr.tree import Node, Undecided, substitute_symbol

Reader = Callable[[str], Node | None]
Equal = Callable[[str, str], bool]
LONGEST = 400
MOST_STATEMENTS = 8


def concluded_value(normal: str, tree: Reader, equal: Equal) -> str | None:
    """Returns the value of an answer in normal form that states it twice, or with its derivation; "" where
    its statements contradict each other, None for any other answer."""
    if len(normal) > LONGEST:
        return None
    return _one_of_equals(normal, equal) or _last_statement(normal, tree)


# -- A or B ----------------------------------------------------------------------
_OR = re.compile(
    r",? ?\\text ?\{ ?(?:or|i\.e\.?|that is),? ?\}"
    r"|,? (?:or|i\.e\.?,?|that is,?|or equivalently,?|equivalently,?) "
)
_IN_BRACKETS = re.compile(r"(\S.{0,100}?) ?\((?:or|i\.e\.?,?|that is,?) ([^()]{1,60}|.{1,60}\)[^()]*)\)")


def _one_of_equals(normal: str, equal: Equal) -> str | None:
    bracketed = _IN_BRACKETS.fullmatch(normal)
    parts = [part.strip() for part in (bracketed.groups() if bracketed else _OR.split(normal))]
    if not 2 <= len(parts) <= MOST_STATEMENTS or not all(parts):
        return None
    if not all(equal(parts[0], part) for part in parts[1:]):
        return None
    plain = [part for part in parts if "%" not in part]
    percent = [part for part in parts if "%" in part]
    if plain and percent and not equal(plain[0], percent[0].replace("%", "")):
        return percent[0]  # 75% in `75% or 3/4`; `12 or 12%` is 12
    return (plain or percent)[0]


# -- 3x = 12, x = 4 ----------------------------------------------------------------------
_SO = re.compile(
    r"[,;.]? ?\\(?:implies|Rightarrow|Longrightarrow|rightarrow|therefore|to)(?![a-z]) ?"
    r"|[,;.]? ?=> ?(?=\(?[a-zA-Z]\w* ?=)"
    r"|[,;.]? (?:\\text ?\{ ?)?(?:and )?(?:so|thus|hence|therefore|then|which gives|giving),? ?(?:\})? ?",
)
_COMMA = re.compile(r"[(\[{]|[)\]}]|[,;]")


def _last_statement(normal: str, tree: Reader) -> str | None:
    if normal.count("=") < 2:
        return None
    statements = _split_statements(_SO.sub(", ", normal))
    if not 2 <= len(statements) <= MOST_STATEMENTS:
        return None
    nodes = [node for text in statements if (node := tree(text)) is not None and node.kind == "rel"]
    if len(nodes) != len(statements):
        return None
    *before, last = nodes
    if solved := _substitute_solution(before, last):
        return statements[-1] if all(map(_holds, solved)) else ""
    if evaluated := _evaluate_last(before, last):
        return statements[-1].rpartition("=")[2].strip() if _holds(evaluated) else ""
    return None


def _split_statements(text: str) -> list[str]:
    """Returns the pieces between commas that stand in no bracket."""
    depth, start, pieces = 0, 0, list[str]()
    for match in _COMMA.finditer(text):
        depth += {"(": 1, "[": 1, "{": 1, ",": 0, ";": 0}.get(match[0], -1)
        if match[0] in ",;" and depth == 0:
            pieces.append(text[start : match.start()].strip())
            start = match.end()
    return [piece for piece in (*pieces, text[start:].strip()) if piece]


def _substitute_solution(before: list[Node], last: Node) -> list[Node] | None:
    """Returns what the other statements come to when the last one gives the value of their one letter."""
    named = named_value(last)
    if named is None or named[0].kind != "sym" or unknown_letters(named[1]):
        return None
    letter = named[0].value
    if any(unknown_letters(statement) != {letter} for statement in before) or all(map(named_value, before)):
        return None
    return [substitute_symbol(statement, letter, named[1]) for statement in before]


def _evaluate_last(before: list[Node], last: Node) -> Node | None:
    """Returns what the last statement comes to when it is about an expression in the letters that the
    others give."""
    names = [pair for statement in before if (pair := named_value(statement))]
    by_letter = {
        name.value: number for name, number in names if name.kind == "sym" and not unknown_letters(number)
    }
    if (
        len(by_letter) != len(before)
        or set(last.value) != {"="}
        or not unknown_letters(last.args[0]) <= set(by_letter)
    ):
        return None
    if last.args[0].kind == "sym" or not unknown_letters(last.args[0]) or unknown_letters(last.args[-1]):
        return None
    for name, number in by_letter.items():
        last = substitute_symbol(last, name, number)
    return last


def _holds(statement: Node) -> bool:
    """Checks whether a statement without letters is true."""
    sides = pairwise(statement.args)
    return all(_compares(a, sign, b) for sign, (a, b) in zip(statement.value, sides, strict=True))


def _compares(left: Node, sign: str, right: Node) -> bool:
    if sign in ("=", "!="):
        return bool(same_value(left, right)) == (sign == "=")
    if sign not in ("<", "<=", ">", ">="):
        return False
    try:
        difference = numeric.approximate_value(left) - numeric.approximate_value(right)
    except Undecided:
        return False
    return difference * (1 if sign[0] == ">" else -1) > 0
