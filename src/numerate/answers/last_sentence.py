"""The value of the last sentence that has one, for solutions that mark none: a guess, but of a whole expression."""

from __future__ import annotations

import re
from collections.abc import Iterator

from numerate.answers.expressions import Run, hide_formulas
from numerate.answers.markdown import bold_parts, without_bullet, without_emphasis
from numerate.answers.stated import (
    CONTENT,
    DIGIT,
    denied_behind,
    last_expression,
    main_clause,
    number_runs,
    number_words,
    whole_number,
)
from numerate.types import Kind

MOST_LINES = 40
_REMARK = re.compile(
    r"\W*(?:Note\b|Do you|Would you|Want|Shall|Should you|Suppose|Assume|If [^.]*\b(?:were|would|had)\b|Check|Verif|To (?:check|verify)|Let me know|Please|Remember|If you|You can|This matches|I hope|Feel free|where\b"
    r"|.*\?\W*$|with \$|(?:That|This)(?:'s| is) .*(?:more|less|fewer|times|older|younger|because))",
    re.IGNORECASE,
)
REFUSAL = re.compile(
    r"\b(?:cannot|can't|can not|could not|couldn't|unable to|not possible to|impossible to|not able to) (?:be )?"
    r"(?:determine|find|solve|compute|calculate|tell|say|answer|know|help|assist)"
    r"|\b(?:do not|don't|does not|doesn't) (?:know|(?:have|give|provide|contain)\w* enough)|(?:\bnot|n't) enough information|\b(?:does not|doesn't) say (?:which|what|how)|\bnot specified|\binsufficient (?:information|data)|\bnot sure\b"
    r"|无法|沒辦法|没办法|不能确定|impossible de|no es posible|nicht möglich|non è possibile|невозможно|わかりません|求められません",
    re.IGNORECASE,
)
_END_OF_SENTENCE = re.compile(
    r"(?<=[.!?])(?<!\bvs\.)(?<!\bapprox\.)(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\b[A-Z][a-z]\.)\s+(?!\d+\s*$)|(?<=[。！？।])"
)
LONGEST = 1_000
"""characters of a sentence; of a longer one only the end is read"""
_IN_WORDS = re.compile(
    r"\b(no (?:real |integer |such )?(?:solutions?|numbers?|roots?)|does not exist|do not exist|undefined|infinitely many(?: solutions)?"
    r"|all real numbers|(?:positive |negative )?infinity|(?:the )?empty(?: set)?|diverges|converges|true|false|yes|no|even|odd|independent|dependent)\b",
    re.IGNORECASE,
)
_ENUMERATOR = re.compile(
    r"\W{0,12}(?:(?:Step|Part|Case|Question|Problem|Exercise|Example|Section|Schritt|Paso|Étape|Шаг|步骤|第) ?#?\d{1,3}(?:步)?(?=[:.)\s]|$)[:.)]?"
    r"|\(?\d{1,2}[.)](?=\s+[^\W\d_]))\s*",
    re.IGNORECASE,
)
_UNFINISHED_WORDS = frozenset(
    [
        "the",
        "a",
        "an",
        "and",
        "or",
        "of",
        "to",
        "in",
        "for",
        "with",
        "she",
        "he",
        "they",
        "it",
        "we",
        "i",
        "is",
        "are",
        "was",
        "has",
        "have",
        "had",
        "will",
        "would",
        "that",
        "this",
        "which",
        "so",
        "because",
        "then",
        "if",
        "but",
        "gives",
        "gets",
        "by",
        "per",
        "y",
        "de",
        "la",
        "el",
        "et",
        "le",
        "les",
        "un",
        "une",
        "und",
        "der",
        "die",
        "das",
        "il",
        "i",
        "e",
        "o",
        "que",
    ]
)
RECENT = 400
"""characters at the end of a text in which it may say that there is no answer"""
_PLAN = re.compile(
    r"\b(?:need to|want to|let's|let us|going to|we'll|we will|i'll|i will) (?:\w+ )?(?:find|determine|calculate|solve|compute|identify|know|start"
    r"|begin|break)\b(?:[^\d$\\]*$|[^.]*\bsteps?\b)",
    re.IGNORECASE,
)
"""what a solution is going to do; a text that ends so has no answer yet"""
LOOPS = 4
"""times that a sentence may stand in a text before that is no solution but a loop"""


def last_statement(text: str, kind: Kind) -> str | None:
    """The value of the last sentence that has one; a part of it in bold type comes first. None where the text
    says that there is none, or breaks off."""
    if REFUSAL.search(text, max(len(text) - RECENT, 0)):
        return None
    last = True
    for sentence, follows in _sentences_upwards(text.rstrip()):
        if last and (
            _breaks_off(sentence, follows, kind) or (len(sentence) > 8 and text.count(sentence) > LOOPS)
        ):
            return None
        if _REMARK.match(sentence):
            last = False
            continue
        if _REJECTED.search(sentence) or _PLAN.search(sentence):
            return None
        if value := _value_of(sentence, kind, last):
            return value
        last = False
    return None


_OPEN_SIGNS = frozenset("+-*/×·÷=(,")
_ENDED = re.compile(r"[.!?:…。！？।\])}*`\"'’”»$|%°]$")


def _breaks_off(sentence: str, follows: bool, kind: Kind) -> bool:
    """True for a sentence that ends in the middle: on a word that can't end one, on words without a value, or
    without the full stop that the sentence before it on its line has."""
    plain = without_emphasis(sentence).strip()
    words = plain.split()
    if plain[-1:] in _OPEN_SIGNS:
        return True
    if not words or _ENDED.search(plain) or DIGIT.search(words[-1]) or not any(map(str.isalpha, words[-1])):
        return False
    if (words[-1].rstrip(",").lower() in _UNFINISHED_WORDS and len(words) > 1) or (
        follows and "**" not in sentence
    ):
        return True
    says = (
        DIGIT.search(plain)
        or "**" in sentence
        or (kind == "math" and (CONTENT.search(plain) or _IN_WORDS.search(plain)))
    )
    return words[-1].rstrip(",").isalpha() and len(words) >= 3 and not says and number_words(plain) is None


_REJECTED = re.compile(
    r"\b(?:fails?|does(?:n't| not) (?:work|satisfy|hold|fit)|is (?:impossible|extraneous|invalid|rejected|not (?:valid|possible|a solution))"
    r"|contradiction|too (?:big|small|large|low|high|many|few))\b[^\d$\\]*$",
    re.IGNORECASE,
)
_TOTAL = re.compile(r"[^.;]{0,24}?\b(?:altogether|in total|in all)\b", re.IGNORECASE)
_BREAKDOWN = re.compile(r"^(?P<whole>[^:]*\d[^:]*):(?=\s)(?=[^:=]*\d[^:=]*(?:\band\b|,)[^:=]*\d[^:=]*$)")
_KNOWN = re.compile(
    r"\b(?:the|these|those|les|los|las|die|den|all|our|his|her|their|its|of|per|every|each|after \w+ing|when \w+ing|by \w+ing)(?: \w+)?\s*\$?$",
    re.IGNORECASE,
)


_ORDINAL = re.compile(r"(?:st|nd|rd|th)\b")


def _value_of(sentence: str, kind: Kind, last: bool) -> str | None:
    if sentence.startswith("|"):
        sentence = next((cell for cell in reversed(sentence.split("|")) if DIGIT.search(cell)), "")
    if "*" in sentence or "_" in sentence or "<" in sentence:
        sentence = main_clause(sentence, DIGIT)
    bold = [part for part in bold_parts(sentence) if not part.rstrip().endswith(":")]
    with_digits = [part for part in bold if DIGIT.search(part)]
    text = without_emphasis(with_digits[-1] if with_digits else _without_enumerator(sentence)).strip()
    if breakdown := _BREAKDOWN.match(text):
        text = breakdown["whole"]
    if kind == "math":
        return _expression_of(text, bold, last)
    text = main_clause(text.rstrip(" .!?"), DIGIT)
    runs = [run for run in number_runs(text) if not denied_behind(text, run)]
    if runs:
        return whole_number(text, _main_number(text, runs), runs)
    return number_words(text) if last else None


def _without_enumerator(sentence: str) -> str:
    line = without_bullet(sentence)
    match = _ENUMERATOR.match(line)
    return line[match.end() :] if match else line


def _main_number(text: str, runs: list[Run]) -> Run:
    """The total where one is named, else the last number that is not known from the problem."""
    for run in runs:
        if (total := _TOTAL.match(text, run.end)) and not DIGIT.search(total.group()):
            return run
    unknown = [
        run
        for run in runs
        if _ORDINAL.match(text, run.end) or not _KNOWN.search(text, max(0, run.start - 80), run.start)
    ]
    return (unknown or runs)[-1]


def _expression_of(text: str, bold: list[str], last: bool) -> str | None:
    if last and (value := _value_in_words(_conclusion(text))):
        return value
    if _TOTAL.search(text) and (runs := number_runs(text)):
        return _main_number(text, runs).text
    if last and bold and not CONTENT.search(bold[-1]):
        return bold[-1]
    if not (DIGIT.search(text) or CONTENT.search(text) or "=" in text or not text.isascii()):
        return None
    return last_expression(main_clause(text, CONTENT).rstrip(" .!?"))


def _value_in_words(conclusion: str) -> str | None:
    words = _IN_WORDS.search(conclusion)
    if words is None or _DENIES.search(conclusion, 0, words.start()):
        return None
    low = words[1].lower()
    return (
        "\\emptyset"
        if "empty" in low
        else low.replace("infinity", "\\infty")
        if "infinity" in low
        else words[1]
    )


_DENIES = re.compile(r"(?:\bnot|n't|\bnever|\bneither) (?:an? )?$")


def _conclusion(sentence: str) -> str:
    """What follows `so` or `hence` in a sentence; nothing where a value stands there."""
    tail = re.split(r"\b(?:so|hence|thus|therefore|then)\b", sentence, flags=re.IGNORECASE)[-1]
    return "" if CONTENT.search(tail) else tail


def _sentences_upwards(text: str) -> Iterator[tuple[str, bool]]:
    """(sentence, whether another one stands before it on its line)."""
    for line in _lines_upwards(text):
        hidden = hide_formulas(line)
        ends = [match.end() for match in _END_OF_SENTENCE.finditer(hidden)]
        for start, end in zip(reversed([0, *ends]), reversed([*ends, len(line)]), strict=True):
            if line[start:end].strip():
                yield line[max(start, end - LONGEST) : end].strip(), start > 0


def _lines_upwards(text: str) -> Iterator[str]:
    """Lines from the last to the first; a displayed formula is one line with what stands around it."""
    end = len(text)
    for _ in range(MOST_LINES):
        start = text.rfind("\n", 0, end) + 1
        line = text[start:end]
        for opener, closer in (("\\[", "\\]"), ("$$", "$$"), ("\\begin{", "\\end{")):
            if closer in line and (opener not in line or (opener == "$$" and line.count("$$") % 2)):
                above = text.rfind(opener, 0, start)
                start = text.rfind("\n", 0, above) + 1 if above >= 0 else start
                line = text[start:end]
        if line.strip():
            yield line
        if start == 0:
            return
        end = start - 1
