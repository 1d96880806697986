"""Sentences and clauses of running text: where they end, and which of them only explain another."""

from __future__ import annotations

import re
from functools import lru_cache

from numerate.answers.text.formulas import FORMULA, hide_formulas
from numerate.answers.text.vocabulary import FUNCTIONS, split_names

DIGIT = re.compile(r"\d|[¼-¾⅐-⅞]")
CONTENT = re.compile(r"\d|\\[a-zA-Z{]|\$(?=[^\s,.;:)$])(?![a-zA-Z]\$)")
NEAR = 80
"""characters before an expression with the words that speak of it; to look at all of them is quadratic"""
DENIAL = 32
"""characters before a number in which a word that denies it stands"""
DENIAL_BEFORE = re.compile(
    r"(?:\b(?:no son|non sono|nicht die|n'est|'est pas|ei|sio|si|không phải là|nem|nie|niet|niet de"
    r"|not|rather than|instead of|out of|than|nor|neither|except"
    r"|(?<=, )no|(?:y|et|e) no(?:n|n pas)?|e não|n'est pas|nicht|no es|non è"
    r"|не)|n't|不是|ไม่ใช่|não é)\s*(?:for\s+)?$",
    re.IGNORECASE,
)
SENTENCE_END = re.compile(
    r"(?<!\\)(?<!\bapprox)(?<!\bAns)(?<!\bNo)"
    r"(?<!\bi\.e)(?<!\be\.g)(?<!\bvs)(?<!\bRs)(?<!\bDr)(?<!\bMr)[.!?](?=[\s\"'”’)*_]|$)"
    r"|[。！？｡।]|\s(?=I hope it is correct)|<\||\n\s*\n"
)
WORD = re.compile(r"(?<![\\\w{])[^\W\d_]{2,}(?![\w(])")
_IN_BRACES = re.compile(r"\{[^{}]*\}")
_SMALL = re.compile(r"\$?\(?(?:\d|1\d|[a-z])\)?")
_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]{2}|[\u0600-\u06ff\u0900-\u0dff]{2,}")
NEUTRAL = frozenset({"and", "or", "sqrt", "pi"}) | FUNCTIONS


_ENGLISH_WORD = re.compile(r"[a-z]+")


@lru_cache(maxsize=8)
def english_words(sentence: str) -> frozenset[str]:
    """Returns the words of a sentence: a cheap look before patterns that try many of them everywhere."""
    return frozenset(_ENGLISH_WORD.findall(sentence.lower()))


def first_sentence(text: str) -> str:
    """Returns the text up to the end of its first sentence that is outside of formulas."""
    end = SENTENCE_END.search(hide_formulas(text))
    return text[: end.start()] if end else text


def count_words(text: str) -> int:
    """Counts the plain words outside of formulas and braces."""
    outside = FORMULA.sub(" ", text) if "$" in text or "\\" in text else text
    if "{" in outside:
        outside = _IN_BRACES.sub("", outside)
    unspaced = 0 if text.isascii() else len(_UNSPACED.findall(outside))
    return unspaced + sum(word.lower() not in NEUTRAL for word in WORD.findall(outside))


def with_factorial(text: str, end: int, statement: str) -> str:
    """Returns the statement with the exclamation mark that ended it, where that makes a factorial: `5!`."""
    factorial = text[end : end + 1] == "!" and _SMALL.fullmatch(statement)
    return statement + "!" if factorial else statement


EXPLANATION = re.compile(
    # a comma or blanks: all of them, or all but one, with which another explanation may have ended
    r"(?:,\s*+|(?:(?<!\s)|(?<=\S\s))\s++)(?:where(?! (?:it|its value) (?:is|equals)\b)|and indeed|namely"
    r"|whose|(?<=,\s)who"
    # a relative clause, unless it goes on to a value
    r"|which(?! (?:there are|(?:must|has to|have to|should|needs? to|can|may|we) (?:be )?round"
    r"|rounds|rounded"
    r"|for [^,;]*=[^,;]*\bis\b|is [^,;]*=|means|gives|leaves|implies|equals|makes|totals|yields|(?:is equal"
    r"|comes(?: out)?|adds up|amounts|works out) to|simplifies"
    r"|is (?:equal to |simply |just )?-?[\d./]+\s*\.?$))"
    # reasons
    r"|even though|though|although|whereas|while(?= (?:the|his|her|their|its|only|[A-Z]))"
    r"|compared (?:to|with)|versus|vs\.?|contre|gegenüber|half of which"
    r"|since|because|as (?:required|desired|claimed|expected|shown|we|the|it|this|each|every|there|only)"
    r"|(?<=, )as(?= (?:an? |[\d$\\0]))"
    # conditions
    r"|for (?:all|any|every|some|each|(?:the|an?) \w+ to)"
    r"|(?:(?<!exactly )(?<!only )when(?:ever)?|if|provided|given)\b"
    r"(?![^.ao]*+(?:(?!\b(?:and|or|otherwise)\b)[ao][^.ao]*+)*+(?:and|or|otherwise)\b[^.]*\d)|assuming"
    # what the value is not
    r"|rather than|instead of|(?:and |but )?not(?= (?:(?:the|an?|just|only|his|her) )?[-+]?\W{0,2}[\d\\$0])"
    r"|except for the|unlike|according to|upon|after (?:\w+ing|each|every|all|he|she|they|we)"
    r"|by \w+ing"
    # reasons in other languages
    r"|car|ya que|porque|weil|denn|потому)\b"
    # behind a comma, a semicolon or a dash
    r"|(?:,|(?<!\\);)\s*(?:(?:but|while|meaning|that is|or rather|es decir"
    r"|or \d[\d,]* dollars|an? [a-z]+ (?:of|from))\b|i\.e\.)"
    r"|,\s*is\s|\s[—–]\s|(?<!\\);\s(?!\$?\d[\d.,]*\W*$)"
    r"(?![^(){}\[\]]*+[)}\]])(?!(?:so|thus|hence|therefore|there are|we (?:need"
    r"|want))\b)"
    # behind a comma: a comparison, a price of each, another wording
    r"|,(?!\d{3})\s*(?:(?:\$?\d[\d.,]*|twice|half|three times) [^,.]{0,30}"
    r"\b(?:more|less|fewer|older|younger|taller|shorter|lower|higher|ahead|behind|as many"
    r"|as much|mehr|weniger|más|menos|plus|moins)\b"
    r"|(?:at|for|or|with) [^,.]{0,24}\$?\d[^,.]{0,20}\b(?:each|per|apiece)\b|at \$?\d|with each\b"
    r"|cioè|das sind|das heißt|soit|c'est-à-dire|то есть|т\.е\.|つまり|比|即|也就是)"
    r"|,\s*(?:with (?!(?:an? )?(?:total|overall|combined|final)\b)(?:an? |the |its )?[a-z]{3,}|working"
    r"|using|up from|down from|approximately|roughly|about)\b"
    r"|,\s*(?:the (?:only|smallest|largest|greatest|least)\b(?![^,]*\b(?:is|are|equals)\b)"
    r"|(?:as )?(?:our|the|my) answer|as (?:our|the))\b"
    r"|\s\((?:and|with|while) [a-z]{2,} "
    # in brackets: another form, a quantity, words
    r"|\s\((?=\$\d[^()]*[-+*/×])"
    r"|(?<=[\u3040-\u9fff])\((?=[^()]*[\u3040-\u9fff])"
    r"|\s\((?:(?:or|i\.e\.,?|that is,?|=|≈|about) ?(?:[a-z]|[$\\\d])(?![^()]*\?)"
    r"|\d[\d.,]* [A-Za-z]{2,}"
    r"|(?!(?:sin|cos|tan|log|ln|sqrt|mod|and|or|to)\b)"
    r"(?=[A-Za-z]{2,}[\s,.)]|an? [a-z]|\d{0,4}[\u0400-\uffff]))",
    re.IGNORECASE,
)
_EXPLAINS = split_names(
    "where who whose which since because as for when whenever if provided given assuming "
    "rather instead not but except though although whereas while compared versus vs vs. contre "
    "gegenüber half working using "
    "indeed namely the our my up down approximately roughly about with "
    "upon after by unlike according so car ya porque weil denn потому while meaning i.e. (and (with (while"
)
"""words of which EXPLANATION needs one, unless _HINTS finds another sign"""
_HINTS = re.compile(
    r"\s[—–]\s|;\s|\s\([\w=≈$]|, (?:is|an?|at|or|with|twice|half|three|\d|cioè|das|soit|c'est|т)"
    r"|[,，]\s?[比即也つ]|[\u3040-\u9fff]\(|i\.e|\band not\b|that is|\bor rather\b"
)
"""a cheap look for what EXPLANATION may find"""
_CONCLUDES = re.compile(
    r"\b(?:so|thus|hence|therefore|giving|gives|makes|means|implies|yields|must have"
    r"|(?:we|you|to) (?:find|get|have|obtain))\b[^.]*[\d$\\]"
)
_FIRST_ONLY = re.compile(
    r"^\W*(?:my )?(?:first|initial|original|earlier)\b[^.]*\b(?:guess|idea|thought|attempt|answer|estimate)"
    r"|\b(?:i|we) (?:first|initially|originally|earlier|previously)\b",
    re.IGNORECASE,
)
_SHARE = re.compile(r"\d% of [^,.]*$")
_IS_NUMBER = re.compile(r" (?:is|are|equals|makes|would be) \$?\d")
_REVERSES = re.compile(r",?\s*but (?:this|that|it) (?:is|was)(?: not|n't)")
_DENIES = re.compile(r"(?:n't|\bis not|\bare not) (?!only)[^,;]*$")


MOST_BRACKETS = 4
MOST_EXPLAINED = 3_000
"""characters of a statement in which a clause that explains it is looked for"""


def main_clause(text: str, content: re.Pattern[str]) -> str:
    """Returns the text up to a clause that explains it, where something stands before that."""
    if not _EXPLAINS.isdisjoint(text[:MOST_EXPLAINED].lower().replace(",", " ").split()) or _HINTS.search(
        text, 0, MOST_EXPLAINED
    ):
        return _before_explanation(text, content)
    return text


def _before_explanation(text: str, content: re.Pattern[str], brackets: int = MOST_BRACKETS) -> str:
    """Returns the text before its explanation. brackets: how many may be taken out of the middle of the
    text."""
    text, rest = text[:MOST_EXPLAINED], text[MOST_EXPLAINED:]
    for clause in EXPLANATION.finditer(hide_formulas(text)):
        before = text[: clause.start()]
        restricts = _RESTRICTS.fullmatch(clause.group()) is not None
        verb = (_VERB_OF_SUBJECT if restricts else _VERB_BEHIND).search(text, clause.end())
        if verb and not _STATES_VALUE.search(before):  # `The sum, if n = 2, is 3`
            return f"{_LINK.sub('', before)} {text[verb.start() :].lstrip(', ')}{rest}"
        end = _closing(text, clause.start() + 1) if clause.group().startswith(" (") else -1
        if brackets and end > 0 and content.search(text, end + 1) and content.search(before):
            return _before_explanation(before + text[end + 1 :] + rest, content, brackets - 1)
        if content.search(before) and not _goes_on(text, before, clause.end()):
            return before
    return text + rest


def _closing(text: str, at: int) -> int:
    """Returns the index of the bracket that closes the one at `at`, -1 where there is none."""
    depth = 0
    for match in _BRACKET.finditer(text, at):
        depth += 1 if match.group() == "(" else -1
        if depth == 0:
            return match.start()
    return -1


_BRACKET = re.compile(r"[()]")
_RESTRICTS = re.compile(r"\s+(?:which|who)", re.IGNORECASE)
"""a clause that says which things are counted: `the numbers which divide 12`"""
_LINK = re.compile(r"\s(?:for|of|in|at|to|from|with|by|on)$")
_VERB_OF_SUBJECT = re.compile(r"(?<=\w) (?:is|are|was|were|equals) \W{0,3}[\d\\$]")
_VERB_BEHIND = re.compile(r", ?(?:is|are|was|were|equals|will be|must be) (?:\w+ ){0,2}\W{0,3}[\d\\$]")
_STATES_VALUE = re.compile(
    r"^\W*\d|[=≈]|\b(?:is|are|equals|was|were|be|makes|gives|leaves|has|have)\b(?: \w+)? \W{0,3}[\d\\$]"
)


def _goes_on(text: str, before: str, end: int) -> bool:
    """Checks whether the value stands behind the clause: it concludes, or what is before it denies."""
    if before.rstrip().endswith((" and", " but")):  # `..., and since b is 3, x = 2`
        return True
    if _SHARE.search(before) and _IS_NUMBER.match(text, end):  # `40% of the 25 students, which is 10`
        return True
    if "=" in before and text[:end].endswith("namely"):
        return True
    if _FIRST_ONLY.search(before) and DIGIT.search(text, end):
        return True
    if _REVERSES.match(text, len(before)) or (_DENIES.search(before) and DIGIT.search(text, end)):
        return True
    return _CONCLUDES.search(text, end) is not None
