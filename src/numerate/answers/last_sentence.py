"""The value of the last sentence that has one, for solutions that mark none: a guess, but of a whole
expression."""

from __future__ import annotations

import re

from numerate.answers.clauses import CONTENT, DIGIT, main_clause
from numerate.answers.main_number import TOTAL, main_number
from numerate.answers.markdown import bold_parts, without_annotations, without_bullet, without_emphasis
from numerate.answers.refusals import refuses
from numerate.answers.sentences_upwards import sentences_upwards
from numerate.answers.statement_expressions import last_expression
from numerate.answers.statement_numbers import (
    calculated_number,
    denied_behind,
    number_runs,
    number_words,
    ratio_in,
    whole_number,
)
from numerate.answers.unfinished import breaks_off
from numerate.answers.worded_values import conclusion, value_in_words
from numerate.types import Kind

_REMARK = re.compile(
    r"\W*(?:"
    # asides and offers, tasks
    r"(?:Find|Determine|Compute|Calculate|Evaluate|Solve|Simplify|Prove|Show that"
    r"|How (?:many|much)|What (?:is|are))\b"
    r"(?:[^=]*|.*\b(?:if|such that)\b.*)$|"
    r"Note\b|Do you|Would you|Want|Shall|Should you"
    # suppositions and checks
    r"|[^.;]*\bwould (?:be|have been)\b[^.;=]*\bif\b[^.;=]*\bhad\b"
    r"|If (?:\w+ ){1,2}had\b[^.]*(?:\bwould\b|'d\b)|If \w+'d\b"
    r"|[^.]*\bbut the (?:problem|question) (?:only asks|asks only)\b"
    r"|(?:How|Why|Reason(?:ing)?|Explanation|Here's how|Details?|Breakdown|Working) ?[:：]"
    r"|Suppose|Assume|If [^.]*\bwould(?: have| then)? be\b"
    r"|(?:Let's |Let us |Let me |We can |We |I |To |As a |Just to |Sanity )?(?:double-?|re-?)?(?:check|verif)"
    r"|Comprob|Verificaci|Vérif|Probe\b|Kontroll|Proof\b|Verifica|验算|驗算|検算|검산|Проверка"
    r"|Проверим|Controllo|Sprawdz"
    # notes in other languages
    r"|Remarque|Hinweis|Anmerkung|Nota\b|Observación|注意|注[:：]|补充|補足|Примечание|참고|Osservazione"
    r"|Indeed,? (?=[^.]*=)|Let me know|Please|Remember|If you|You can|This matches|I hope|Feel free|where\b"
    # questions, definitions, comparisons
    r"|.*[?？]\W*$|with \$[A-Za-z]\$ (?:a|the|any|some|being)"
    r"|(?:That|This)(?:'s| is) .*(?:more|less|fewer|times|older|younger|because))",
    re.IGNORECASE,
)
_ENUMERATOR = re.compile(
    r"\W{0,12}(?:(?:Step|Part|Case|Question|Problem|Exercise|Example|Section"
    r"|Schritt|Paso|Étape|Шаг|步骤|第) ?#?\d{1,3}(?:步)?(?=[:.)\s]|$)[:.)]?"
    r"|\(?\d{1,2}[.)](?=\s+[^\W\d_]))\s*",
    re.IGNORECASE,
)
RECENT = 400
"""characters at the end of a text in which it may say that there is no answer"""
_PLAN = re.compile(
    r"\b(?:(?:we|i|you) (?:(?:now |first |then )?(?:need|want|have|are going|will need) to "
    r"|will |can |must |should )"
    r"|let's |let us |(?:we|i)(?:'ll|'d| would) |need to )(?:now |first |then |now )?"
    r"(?:find|determine|calculate|solve|compute|identify|know|start|begin|break"
    r"|add|subtract|multiply|divide|use|apply|complete|convert|set up|look)"
    r"\b(?![^.]*(?:=|\bto get\b|\bgiv(?:es|ing)\b"
    r"|\bwhich (?:gives|leaves|makes|equals)\b))"
    # other languages
    r"|Нам нужно|нужно найти|Nous devons|Il faut|Tenemos que|Necesitamos|Debemos|Wir müssen|我们需要|接下来"
    r"|次に[^。]*(?<!な)(?:ります|きます|します|する)。?$",
    re.IGNORECASE,
)
"""what a solution is going to do; a text that ends so has no answer yet"""
_BROKEN_LIST = re.compile(r"(?:^|\n)\s*\d{1,2}[.)]\s+[^\W\d][^\n]*\n\s*\d{1,2}[.)]\s*\Z")
_ALTERNATIVES = re.compile(r"(?:\n\s*[-*•]\s*\$?\d[\d.,]*[ \t]*){2,}\s*\Z")
"""several numbers below each other, of which none is the answer"""
LOOPS = 4
"""times that a sentence may stand in a text before that is no solution but a loop"""
_REJECTED = re.compile(
    # what others may think
    r"(?<!as )\b(?:many people|some|one|you) (?:would|might|may|could) (?:say|think|answer|guess)\b"
    r"|\btempting\b|\bmay seem\b"
    # what the answer is not
    r"|\b(?:wrong|incorrect) answer\b|\bnot the (?:right|correct|final|answer)\b"
    r"|\b(?:answer|result|total) (?:is|was) (?:wrong|incorrect)\b"
    r"|\b(?:answer|result|total) (?:is not|isn't|was not|wasn't)\b(?!.*\b(?:but|it's|it is|rather|instead)\b)"
    r"|\b(?:answer|result|it|value) (?:cannot|can't|can not) be\b"
    r"|\b(?:that|this|which) is (?:wrong|incorrect|false)\b|\bis false\b"
    # cases that fail
    r"|\b(?:fails?|does(?:n't| not) (?:work|satisfy|hold|fit)"
    r"|is (?:impossible|extraneous|invalid|rejected|not (?:valid|possible|a solution))"
    r"|contradiction|too (?:big|small|large|low|high|many|few))\b[^\d$\\]*$",
    re.IGNORECASE,
)
_JOINS_PARTS = re.compile(r"\b(?:and|plus|y|et|und|e|и)\b|,|\+|และ")


def last_statement(text: str, kind: Kind) -> str | None:
    """Returns the value of the last sentence that has one; a part of it in bold type comes first. None
    where the text says that there is none, or breaks off."""
    text = without_annotations(text)
    if refuses(text, max(len(text) - RECENT, 0)):
        return None
    if kind == "number" and (_ALTERNATIVES.search(text) or _BROKEN_LIST.search(text)):
        return None
    last = True
    for sentence, follows in sentences_upwards(text.rstrip()):
        if last and (breaks_off(_without_enumerator(sentence), follows, kind) or _repeats(text, sentence)):
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


def _repeats(text: str, sentence: str) -> bool:
    return len(sentence) > 8 and text.count(sentence) > LOOPS


def _value_of(sentence: str, kind: Kind, last: bool) -> str | None:
    if sentence.startswith("|"):
        sentence = next((cell for cell in reversed(sentence.split("|")) if DIGIT.search(cell)), "")
    if bold_parts(sentence):
        sentence = main_clause(sentence, DIGIT)
    bold = [part for part in bold_parts(sentence) if not part.rstrip().endswith(":")]
    with_digits = [part for part in bold if DIGIT.search(part)]
    text = without_emphasis(with_digits[-1] if with_digits else _without_enumerator(sentence)).strip()
    text = _before_breakdown(text)
    return _expression_of(text, bold, last) if kind == "math" else _number_of(text, last)


def _before_breakdown(text: str) -> str:
    """Returns the whole without the parts behind a colon: `24 students: 10 boys and 14 girls`."""
    whole, _, parts = text.partition(":")
    if not DIGIT.search(whole) or not parts[:1].isspace() or ":" in parts or "=" in parts:
        return text
    digits = [digit.start() for digit in DIGIT.finditer(parts)]
    return whole if digits and _JOINS_PARTS.search(parts, digits[0], digits[-1]) else text


_BUT_ACTUALLY = re.compile(r"^.*\d.*\bbut (?:actually|really|in fact)\b(?=.*\d)")
_ASIDE = re.compile(r"(?<=[\w%]) \((?!\d[\d.,]*\))[^()=]*\d[^()=]*\)")
"""`5 apples (and 3 pears)`"""


def _without_asides(text: str) -> str:
    """Takes off what a sentence withdraws, and numbers in brackets behind the one that it is about."""
    text = _BUT_ACTUALLY.sub("", text)
    if "(" not in text or "=" in text:
        return text
    rest = _ASIDE.sub("", text)
    return rest if DIGIT.search(rest) else text


def _number_of(text: str, last: bool) -> str | None:
    text = _without_asides(text.rstrip(" .!?"))
    if stated := ratio_in(text) or calculated_number(text):
        return stated
    text = main_clause(text, DIGIT)
    runs = [run for run in number_runs(text) if not denied_behind(text, run)]
    if runs:
        return whole_number(text, main_number(text, runs), runs)
    return number_words(text) if last else None


def _without_enumerator(sentence: str) -> str:
    line = without_bullet(sentence)
    match = _ENUMERATOR.match(line)
    return line[match.end() :] if match else line


def _expression_of(text: str, bold: list[str], last: bool) -> str | None:
    if last and (value := value_in_words(conclusion(text))):
        return value
    if TOTAL.search(text) and (runs := number_runs(text)):
        return main_number(text, runs).text
    if last and bold and not CONTENT.search(bold[-1]):
        return bold[-1]
    if not (
        DIGIT.search(text)
        or CONTENT.search(text)
        or "=" in text
        or "$" in text
        or "\\[" in text
        or "\\(" in text
        or not text.isascii()
    ):
        return None
    return last_expression(main_clause(text, CONTENT).rstrip(" .!?"))
