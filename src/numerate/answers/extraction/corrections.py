"""Words that take back an answer that stands before them, in the languages that models answer in."""

from __future__ import annotations

import re
from collections.abc import Iterator

from numerate.answers.extraction.clauses import english_words
from numerate.answers.text.vocabulary import split_names

CORRECTION = re.compile(
    r"\b(?:wait|actually|mistake|wrong|incorrect|correction|corrected|sorry|oops|instead|hmm"
    r"|can't be|cannot be right|not right|recheck|re-check|recalculate|let me re|apolog)",
    re.IGNORECASE,
)
"""words of doubt: behind them a second answer counts"""
_SLIP = (
    r"(?:forg[oe]t(?:ten)?|missed|overlooked|misread|miscalculated|miscounted|misunderstood|misapplied"
    r"|double[- ]counted|mixed up)"
)
_WITHDRAWN = re.compile(
    r"\b(?:that(?:'s| is| was| can't be| cannot be)|this is|it is|it's)"
    r" (?:wrong|incorrect|not (?:right|correct)|a mistake|right)"
    r"|\b(?:made|see|found|spot(?:ted)?|notice|there(?:'s| is| was)) (?:a|an|my|the|one) (?:\w+ )?"
    r"(?:mistake|error|slip)\b"
    r"|\b(?:scratch|strike|correct) that\b"
    r"|\b(?:it|that|this) should (?:actually )?(?:be|have been)(?= \W{0,3}\d)"
    r"|\b(?:on second thought|hold on|hang on|let me (?:redo|recompute|recalculate|recount|start over"
    r"|fix|correct|try again)"
    r"|(?:actually|no|wait|sorry|oops),? (?:wait|no|make (?:that|it)|it(?:'s| is| should)|that(?:'s"
    r"| is) not|I)"
    rf"|(?:i|we|i've|we've|i had|we had|i have|we have) {_SLIP}|i take (?:that|it) back"
    r"|(?:edit|correction|corrected|erratum):)"
    # another value in its place
    r"|\bi mea?nt?,?(?= \W{0,3}(?:\d|it\b|[A-J]\b))|\bor rather,?(?= \W{0,3}\d)"
    r"|\b(?:no|nope)[,.!] (?=(?:it's |that's |it is )?\W{0,3}\d)"
    r"|\bhmm+,(?=[^.\n]*\b(?:though|however|actually)\b)"
    # other languages
    r"|\b(?:no, espera|espera,|perdón,|me equivoqué|mejor dicho|corrección:|corrijo:|digo,)"
    r"|\b(?:non, attend\w*|attendez,|attends,|pardon,|je me suis trompé\w*|ou plutôt|correction :)"
    r"|\b(?:nein,|halt,|moment,|entschuldigung,|ich habe mich (?:verrechnet|geirrt|vertan)|besser gesagt"
    r"|korrektur:)"
    r"|\b(?:não, esper[ae]|espere,|desculpe,|me enganei|ou melhor|correção:)"
    r"|\b(?:no, aspetta|aspetta,|scusa\w*,|mi sono sbagliat\w|o meglio|correzione:)"
    r"|\b(?:нет, |подожди\w*,|стоп,|извини\w*,|я ошиб\w+|вернее,|точнее,|исправл\w+:)"
    r"|\b(?:nee, wacht|wacht,|correctie:)"
    r"|(?:不对|等等|等一下|算错了|搞错了|弄错了|更正)|(?:いや[、,]|待って|訂正|間違え)|(?:아니[,요]|잠깐|틀렸|정정)",
    re.IGNORECASE,
)
_CONFIRMS = re.compile(
    r"\b(?:yes|yep|confirm\w*|checks out|still (?:the same|holds|correct|right)|(?:is|was"
    r"|are) (?:indeed )?(?:right|correct|fine)"
    r"|same (?:answer|result|value)|indeed|matches|no mistake|never ?mind|all good)\b",
    re.IGNORECASE,
)
"""a doubt that comes to nothing"""
_HINTS = split_names(
    "wrong incorrect right correct corrected mistake error slip scratch strike should second hold hang "
    "let actually no nope wait sorry oops forgot forget forgotten missed overlooked misread miscalculated "
    "miscounted misunderstood misapplied double mixed take edit correction erratum mean meant men ment "
    "rather hmm hmmm hmmmm hmmmmm hmmmmmm espera mejor corrijo digo non attends attendez pardon nein halt "
    "moment entschuldigung verrechnet geirrt vertan besser korrektur espere desculpe enganei melhor "
    "aspetta scusa scusami scusate scusi sbagliato sbagliata sbagliati meglio correzione nee wacht "
    "correctie"
)
"""words of which a correction in ASCII has one"""
MOST_WITHDRAWALS = 8
"""of a text that are looked at"""


def withdrawals(text: str, start: int) -> Iterator[int]:
    """Yields where the text goes on behind words that take back what stands before them."""
    behind = text[start:]
    if behind.isascii() and _HINTS.isdisjoint(english_words(behind)):
        return
    for match, _ in zip(_WITHDRAWN.finditer(text, start), range(MOST_WITHDRAWALS), strict=False):
        words = match.group().lower()
        if not words.endswith(" right") or "t be" in words:  # not `that is right`
            yield match.end()


def is_confirmed(behind: str) -> bool:
    """Checks whether the text behind a doubt confirms what was before it."""
    return _CONFIRMS.search(behind) is not None
