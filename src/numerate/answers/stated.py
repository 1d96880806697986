"""The value that a statement makes: `approximately 42 (not 43)` is 42, `x = 1 or x = 2, since ...` is both.

A statement is what stands behind a cue, in a tag, or below a heading."""

from __future__ import annotations

import re

from numerate.answers.expressions import (
    FORMULA,
    Run,
    hide_formulas,
    last_row,
    math_runs,
    right_side,
    split_equation,
)
from numerate.answers.ladder import decide
from numerate.answers.markdown import without_emphasis
from numerate.answers.names import BOUNDING, FUNCTIONS, MULTIPLIERS, PERCENT_WORDS, SEPARATORS, UNITS
from numerate.answers.quantities import amount_of_money, is_unit, quantity_end
from numerate.answers.spelled import PARTS, VALUES
from numerate.types import Kind

# -- what opens and ends it ----------------------------------------------------------------------
_QUALIFIER = re.compile(
    r"(?:(?:therefore|thus|hence|so|indeed|exactly|approximately|approx\.?|about|around|roughly|simply|clearly|just"
    r"|precisely|equal to|given by|nearly|almost|found to be|actually|then|also|now|in fact|of course|again|still"
    r"|ca\.|circa|environ|ungefähr|etwa|daher|also|donc|por tanto|aproximadamente|примерно)(?![A-Za-z])|[约約大]{1,2}"
    r"|->|[\s,:=≈~→⇒➔>\"“”„«»'’]|\\(?:approx|quad|;|,|:)(?![a-zA-Z]))+",
    re.IGNORECASE,
)
_NEGATION = re.compile(
    r"(?:(?:not|never|no longer|neither|pas|nicht|no es|non|не|không phải(?: là)?|niet|nie)\b|不是|并非)[^;.]*?"
    r"(?:[,;，]?\s*(?:\b(?:but|rather|it'?s|it is|sondern|mais|sino|а|mà là|maar|ale|bensì)\b|而是)\s*(?P<but>.+))?$",
    re.DOTALL,
)
EXPLANATION = re.compile(
    r"(?:,\s*|\s+)(?:where|which(?! (?:is [^,;]*=|means|gives|implies|equals|yields|simplifies|is (?:equal to |simply |just )?-?[\d./]+\s*\.?$))|since|because|as (?:required|desired|claimed|expected|shown|we|the|it|this)"
    r"|for (?:all|any|every|some|each)|(?:when(?:ever)?|if|provided|given)\b(?![^.]*\b(?:and|or|otherwise)\b[^.]*\d)"
    r"|assuming|rather than|instead of|and not|not|but not|except for the|unlike|according to"
    r"|car|ya que|porque|weil|denn|потому)\b"
    r"|(?:,|(?<!\\);)\s*(?:(?:but|while|meaning|that is|or rather|es decir|or \d[\d,]* dollars|an? [a-z]+ (?:of|from))\b|i\.e\.)|\s[—–]\s|(?<!\\);\s(?![^({\[]*[)}\]])"
    r"|\s\((?:(?:or|i\.e\.,?|that is,?|=|≈|about) ?(?:[a-z]|[$\\\d])(?![^()]*\?)|\d[\d.,]* [A-Za-z]{2,}|(?!(?:sin|cos|tan|log|ln|sqrt|mod|and|or|to)\b)(?=[A-Za-z]{2,}[\s,.)]))",
    re.IGNORECASE,
)
_EXPLAINS = frozenset(
    [
        "where",
        "which",
        "since",
        "because",
        "as",
        "for",
        "when",
        "whenever",
        "if",
        "provided",
        "given",
        "assuming",
        "rather",
        "instead",
        "not",
        "but",
        "except",
        "unlike",
        "according",
        "so",
        "car",
        "ya",
        "porque",
        "weil",
        "denn",
        "потому",
        "while",
        "meaning",
        "i.e.",
    ]
)
_HINTS = re.compile(r"\s[—–]\s|;\s|\s\([A-Za-z\d=≈]|, an? |i\.e|\band not\b|that is|\bor rather\b")
"""a cheap look for what EXPLANATION may find"""
SENTENCE_END = re.compile(
    r"(?<!\\)(?<!\bapprox)(?<!\bAns)(?<!\bNo)(?<!\bi\.e)(?<!\be\.g)(?<!\bvs)(?<!\bRs)(?<!\bDr)(?<!\bMr)[.!?](?=[\s\"'”’)*_]|$)"
    r"|[。！？｡।]|\s(?=I hope it is correct)|<\||\n\s*\n"
)
_WORD = re.compile(r"(?<![\\\w{])[^\W\d_]{2,}(?![\w(])")
_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]{2}|[\u0600-\u06ff\u0900-\u0dff]{2,}")
_NEUTRAL = frozenset({"and", "or", "sqrt", "pi"}) | FUNCTIONS
_COPULA = re.compile(r"\b(?:is|are|equals|equal to|becomes)\b:?")
_EMPTY = re.compile(
    r"(?:correct|incorrect|right|wrong|consistent|verified|reasonable|valid|confirmed|as follows|below|above|the same|obvious"
    r"|clear|unclear|that|this|too|very|in the|of the form|always|already|supposed|expected|required|known|shown)\b",
    re.IGNORECASE,
)


def first_sentence(text: str) -> str:
    """The text up to the end of its first sentence that is outside of formulas."""
    end = SENTENCE_END.search(hide_formulas(text))
    return text[: end.start()] if end else text


def count_words(text: str) -> int:
    """The number of plain words outside of formulas and braces."""
    outside = re.sub(r"\{[^{}]*\}", "", FORMULA.sub(" ", text))
    unspaced = 0 if text.isascii() else len(_UNSPACED.findall(outside))
    return unspaced + sum(word.lower() not in _NEUTRAL for word in _WORD.findall(outside))


_PLAIN = re.compile(r"-?\d+(?:\.\d+)?%?")


_SIGN_APART = re.compile(r"^- (?=\d)")


def stated_value(statement: str, kind: Kind) -> str | None:
    """The value of a statement, None where it says none, or only what the answer is not."""
    if _PLAIN.fullmatch(statement):
        return statement
    text = _SIGN_APART.sub("-", without_emphasis(statement).strip())
    if opening := _QUALIFIER.match(text):
        text = text[opening.end() :]
    if negation := _NEGATION.match(text):
        return stated_value(negation["but"], kind) if negation["but"] else None
    return number_in(text) if kind == "number" else expression_in(text)


def with_factorial(text: str, end: int, statement: str) -> str:
    """The statement with the exclamation mark that ended it, where that makes a factorial: `Answer: 5!`."""
    small = re.fullmatch(r"\$?\(?(?:\d|1\d|[a-z])\)?", statement)
    return statement + "!" if small and text[end : end + 1] == "!" else statement


# -- numbers ----------------------------------------------------------------------
DIGIT = re.compile(r"\d|[½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞]")
_NUMBER_WORDS = re.compile(
    rf"(?<![\w-])(?:(?:{'|'.join(sorted(VALUES, key=len, reverse=True))}|hundred|thousand|million|billion)"
    r"(?:[ -](?:and )?|(?!\w)))+",
    re.IGNORECASE,
)
_NOT_BEFORE = re.compile(
    r"(?:\b(?:no son|non sono|nicht die|n'est|'est pas|ei|sio|si|không phải là|nem|nie|niet|niet de|not|rather than|instead of|out of|than|nor|neither|except|n'est pas|nicht|no es|non è|не)|n't|不是)\s*(?:for\s+)?$",
    re.IGNORECASE,
)
_OPTION = re.compile(r"\(?[A-J]\)\s+(?=\S)")
_BETWEEN = re.compile(r"\b(?:between|entre|zwischen)\s+$", re.IGNORECASE)
_ENDS_OF_RANGE = re.compile(
    r"[^\w+-]{0,3}(?:[个個개টি]{1,2})?\s*(?:or(?: maybe| possibly| perhaps)?|maybe|possibly|perhaps|to|oder|bis|ou|o|oppure|или|lub|albo"
    r"|veya|hoặc|atau|au|または|或者|或|还是|หรือ|অথবা|বা|లేదా|أو|या|또는|na dakika)\s*"
)


def number_in(text: str) -> str | None:
    """The number of a statement: behind the last equals sign, where it begins, or the last one."""
    text = main_clause(_OPTION.sub("", text, count=1), DIGIT)
    runs = [run for run in number_runs(text) if not denied_behind(text, run)]
    if not runs:
        return number_words(text)
    equations = [run for run in runs if "=" in run.text]
    first = runs[0].start <= 1 and not equations
    return whole_number(text, runs[0] if first else (equations or runs)[-1], runs)


_DENIED_BEHIND = re.compile(
    r"\W?\s*(?:ではな|じゃな|이 아니|가 아니|नहीं|नही|নয়|নয়|কাదు|కాదు|değil|(?:is|are|was) (?:not|wrong|incorrect)|fails|does(?:n't| not) work)"
)


def denied_behind(text: str, run: Run) -> bool:
    """True for a number that the words behind it deny."""
    return _DENIED_BEHIND.match(text, run.end) is not None


def number_words(text: str) -> str | None:
    """The last number that is written in words."""
    words = [match.group().strip(" -") for match in _NUMBER_WORDS.finditer(text)]
    return words[-1] if words else None


_SIGNS = re.compile(
    r"[^\w\s.,;:!?'$%\"]|\d[A-Za-z.:]|[A-Za-z_:'.,]\d|\d\s[\d½⅓⅔¼¾]|\d:\d|\b[AP]M\b|(?i:\b(?:thousand|[mb]illion|hundred|trillion)\b)|\$\d[^$]*\$|\d%\w"
)
_PLAIN_NUMBER = re.compile(r"\$?(?:\d{1,3}(?:,\d{3})+(?![\d])|\d+(?![\d,]*,\d))(?:\.\d+)?%?")
"""the numbers of a text without other mathematics, of which _SIGNS sees any"""


def number_runs(text: str) -> list[Run]:
    """The runs with a digit that the text doesn't deny."""
    if not _SIGNS.search(text):
        plain = [Run(m.start(), m.end(), m.group()) for m in _PLAIN_NUMBER.finditer(text)]
        return [run for run in plain if not _NOT_BEFORE.search(text[max(run.start - 16, 0) : run.start])]
    runs = [run for run in math_runs(text) if DIGIT.search(run.text)]
    return [run for run in runs if not _NOT_BEFORE.search(text, max(0, run.start - NEAR), run.start)]


def whole_number(text: str, run: Run, runs: list[Run]) -> str:
    """The number with the other end of its range, its unit, and what belongs to it behind a smaller unit."""
    index = runs.index(run)
    if amount := amount_of_money(text[runs[max(index - 1, 0)].start :]):
        return amount
    if index and _BETWEEN.search(text[: runs[index - 1].start]):
        return f"between {text[runs[index - 1].start : run.end]}"
    if index + 1 < len(runs) and _ENDS_OF_RANGE.fullmatch(text[run.end : runs[index + 1].start]):
        return text[run.start : runs[index + 1].end]
    first = index
    while first and (
        _ENDS_OF_RANGE.fullmatch(text[runs[first - 1].end : run.start])
        or quantity_end(text, runs[first - 1].end, joined=True) == runs[first].start
    ):
        first -= 1
    if first < index:
        return text[runs[first].start : quantity_end(text, run.end)]
    value = _range_in_words(right_side(run.text, approximate=True))
    value = _SIGN_APART.sub("-", value)
    if value[:1] == "(" and value[-1:] == ")" and "," not in value:
        value = value[1:-1]
    unit = "" if run.formula else text[run.end : quantity_end(text, run.end)]
    return _plain_money("₹" + value if text[: run.start].endswith("Rp") else value, unit).lstrip("₹")


_DOTTED = re.compile(r"(?P<sign>(?:[A-Z]{1,2})?[€£¥₹$])?\s?\d{1,3}(?:\.\d{3})+\s?(?P<behind>[€£])?")
_EUROPEAN = frozenset({"€", "£", "zł", "Euro", "euros", "euro", "đồng"})


def _plain_money(value: str, unit: str) -> str:
    """An amount of money whose points separate thousands (`70.000 €`: no currency has three decimals)."""
    dotted = _DOTTED.fullmatch(value)
    if dotted and (dotted["sign"] or dotted["behind"] or unit.strip() in _EUROPEAN):
        value = value.replace(".", "")
    return _DOLLARS_ABROAD.sub("$", value) + ("" if unit.strip() in ("zł", "đồng") else unit)


_DOLLARS_ABROAD = re.compile(r"^[A-Z]{1,2}\\?\$ ?")


_RANGE = re.compile(r"(\d+)[-–](\d+)")


def _range_in_words(value: str) -> str:
    """`5-7` days are no difference."""
    ends = _RANGE.fullmatch(value)
    return f"{ends[1]} to {ends[2]}" if ends and int(ends[1]) < int(ends[2]) else value


# -- expressions ----------------------------------------------------------------------
CONTENT = re.compile(r"\d|\\|\$")
_READABLE = BOUNDING | PERCENT_WORDS | SEPARATORS | set(MULTIPLIERS) | set(VALUES) | set(PARTS) | {
    "all", "real", "no", "negative", "minus", "plus", "between", "from", "the", "point", "points", "interval", "set",
    "either", "both", "neither", "any", "yes", "true", "false", "if", "when", "only", "even", "odd", "undefined",
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
}  # fmt: skip
_FIRST_WORDS = re.compile(r"(?:[A-Za-zÀ-ÿ]{2,}[ :]+){1,2}(?=[$\\\d(-])")


def expression_in(text: str) -> str | None:
    """The expression of a statement; a few words as they are, for answers in words."""
    whole = FORMULA.fullmatch(text.rstrip(" ."))
    if whole:
        inner = next(filter(None, whole.groups())).strip()
        return (
            inner
            if (row := last_row(inner)) == inner and text[:1] == "\\"
            else row
            if row != inner
            else text.rstrip(" .")
        )
    if _EMPTY.match(text) and not CONTENT.search(text[:30]):
        return None
    text = main_clause(text, CONTENT).strip()
    if not text or not re.search(r"\w|\\|[∅∞]", text):
        return None
    if _is_short(text):
        return text.rstrip(" .")
    *_, tail = _COPULA.split(text)
    if tail != text and tail.strip() and _is_short(tail):
        return tail.strip()
    return last_expression(text) or text


_FOREIGN = re.compile(
    r"[\u0400-\u04ff\u0590-\u074f\u0900-\u0fff\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
)


def _is_short(text: str) -> bool:
    """True for what the comparison reads as it stands: at most two words, and none before a value that says
    nothing."""
    words = count_words(text)
    if words >= 3 or (words and "=" in text.partition("=")[2]):
        return False
    if not text.isascii() and _FOREIGN.search(text) is not None and DIGIT.search(text) is not None:
        return False
    if "$" in text and any(not _is_known(word) for word in _WORD.findall(FORMULA.sub(" ", text))):
        return False
    opening = _FIRST_WORDS.match(text)
    return opening is None or any(
        word.lower() in _READABLE for word in re.findall(r"[^\W\d_]+", opening.group())
    )


def _is_known(word: str) -> bool:
    low = word.lower()
    return low in _READABLE or low in _NEUTRAL or low in UNITS or is_unit(word)


def main_clause(text: str, content: re.Pattern[str]) -> str:
    """The text up to a clause that explains it, where something stands before that."""
    if not _EXPLAINS.isdisjoint(text.lower().replace(",", " ").split()) or _HINTS.search(text):
        return _before_explanation(text, content)
    return text


def _before_explanation(text: str, content: re.Pattern[str]) -> str:
    for clause in EXPLANATION.finditer(hide_formulas(text)):
        if content.search(text[: clause.start()]) and not _CONCLUDES.search(text, clause.end()):
            return text[: clause.start()]
    return text


_CONCLUDES = re.compile(
    r"\b(?:so|thus|hence|therefore|giving|gives|means|implies|yields|must have|(?:we|you|to) (?:find|get|have|obtain))\b[^.]*[\d$\\]"
)


_LINK = re.compile(
    r"\s*(?:square |cubic )?(?:units?)?,?\s*(?:attained |reached |achieved )?(?:at|when|for|in|on|with|if|where|over|as)\s[\w\s]{0,24}",
    re.IGNORECASE,
)
_AFTER_COPULA = re.compile(r"\b(?:is|are|equals|equal to)\s*$")
_JOINT = re.compile(
    r"\s*(?:[,;&、]\s*(?:and|or)?|(?:,\s*)?(?:and|or|et|ou|y|e|und|oder|и|или|和|或|と|及)|or else)\s*(?:by )?"
)


_CONDITION = re.compile(
    r"\s*,?\s*(?:for|when|where|if|whenever|provided|at|此时|当|при|cuando|lorsque|quand|wenn|für)\s*(?:all\s|any\s|every\s|each\s)?"
)
_RELATION = re.compile(r"[<>≤≥≠∈=]|\\(?:[lg]eq?|neq?|in|[lg]t)(?![a-z])")


def _is_condition(text: str, before: Run, run: Run) -> bool:
    """True for what a link such as `for` or `at` makes a remark on the expression before it."""
    between = text[before.end : run.start]
    if _CONDITION.fullmatch(between) and _RELATION.search(run.text):
        return True
    return (
        _LINK.fullmatch(between) is not None
        and _AFTER_COPULA.search(text, max(0, before.start - NEAR), before.start) is not None
    )


_BEFORE_SUBJECT = re.compile(
    r"\b(?:thus|therefore|hence|so),?\s+(?:(?:exactly|only)\s+)?$|\bthere (?:are|is) (?:exactly |only )?$",
    re.IGNORECASE | re.DOTALL,
)
_BEHIND_SUBJECT = re.compile(r"\s+(?:is|are|have|has|[a-z]{4,})\b(?!\s*(?:equal)?\s*[$\\\d])")


def _subject(text: str, runs: list[Run]) -> Run | None:
    """The value of which a conclusion speaks: `Thus $510$ is the largest multiple`, `there are $3$ pairs`."""
    for run in reversed(runs):
        if _BEFORE_SUBJECT.search(text, max(0, run.start - NEAR), run.start) and _BEHIND_SUBJECT.match(
            text, run.end
        ):
            return run
    return None


def chain_value(expression: str) -> str:
    """The last member of a calculation such as `1 + 1 = 2`, when it agrees with the one before it; any other
    expression as it is."""
    *_, before, last = ("", *split_equation(expression))
    numbers = before and DIGIT.search(last) and not _UNKNOWNS.search(before) and not _UNKNOWNS.search(last)
    return last.strip() if numbers and decide(before, last).equal else expression


_UNKNOWNS = re.compile(r"(?<![A-Za-z\\])[a-df-hj-zA-Z](?![A-Za-z])")


NEAR = 80
"""characters before an expression in which the words stand that speak of it; to look at all of them is quadratic"""


def last_expression(text: str) -> str | None:
    """The last expression of a sentence, with those that `and` or `or` joins to it, and its unit."""
    runs = [
        run for run in math_runs(text) if not _NOT_BEFORE.search(text, max(0, run.start - NEAR), run.start)
    ]
    if not runs:
        return None
    if (subject := _subject(text, runs)) is not None:
        return chain_value(right_side(last_row(subject.text), approximate=False))
    contentful = [run for run in runs if len(run.text) > 1 or run.text.isdigit()]
    last = runs.index((contentful or runs)[-1])
    while last and _is_condition(text, runs[last - 1], runs[last]):
        last -= 1
    first = last
    while first and (
        _JOINT.fullmatch(text[runs[first - 1].end : runs[first].start])
        or quantity_end(text, runs[first - 1].end, joined=True) == runs[first].start
    ):
        first -= 1
    unit = text[runs[last].end : quantity_end(text, runs[last].end)]
    if first == last:
        value = chain_value(right_side(last_row(runs[last].text), approximate=False))
        return (right_side(value, approximate=True) if unit and "=" in value else value) + unit
    if quantity_end(text, runs[last - 1].end, joined=True) == runs[last].start:
        return text[runs[first].start : runs[last].end] + unit
    joint = " or " if _OR.search(text[runs[first].end : runs[last].start]) else ", "
    return joint.join(last_row(run.text) for run in runs[first : last + 1])


_OR = re.compile(r"\b(?:or|ou|o|oder|или)\b|或")
