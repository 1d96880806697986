"""Sentences beside the answer: what was before, what would be, what others have, and remarks behind it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from numerate.answers.extraction.clauses import english_words
from numerate.answers.text.vocabulary import split_names

_OPENS = re.compile(
    r"\W*+(?:"
    # comparisons and remarks
    r"(?:By|In|For) (?:way of )?(?:comparison|contrast|reference|context)\b|Compare(?:d)?\b"
    r"|(?:As an? |An? )?(?:side ?note|aside)\b|By the way\b|Incidentally\b|P\.? ?S\b|PS\b|FYI\b"
    r"|(?:Pro )?Tip\b(?!\W{1,3}\d)|Bonus\b|Fun fact\b|Trivia\b|Caveat\b|Caution\b|Warning\b|Recall\b|Source\b"
    r"|Keep in mind\b|(?:That|This)(?:'s| is) (?:quite )?a lot\b|Not bad\b|Wow\b"
    r"|See (?:also )?[A-Z]"
    r"|Hope (?:this|that|it)\b|Rate (?:me|this)\b|Good luck\b|Feel free\b"
    r"|(?<=\()See\b|(?<=\[)(?:Source|See|Ref)"
    r"|(?:An? )?(?:very )?(?:Common|Typical|Frequent|Easy) (?:mistake|error|pitfall|trap|slip)s?\b"
    r"|(?:Do not|Don't|Be careful not to|Never) (?:confuse|mix|mistake|forget)\b"
    # where a value is reached, and why
    r"|(?:Equality|The equality|This equality) (?:occurs|holds|is)\b"
    r"|(?:This|It|That|The (?:minimum|maximum|bound|value))(?:'s| is| can be) (?:then |indeed |also )?"
    r"(?:attained|achieved|reached|obtained|realized)\b"
    r"|(?:This|That|It|Which) (?:also )?(?:follows\b|(?:occurs|happens|arises) (?:when|if|at|for|only)\b)"
    r"|(?:It|This|They) (?:also )?(?:pass|go|li|cross|intersect|touch|open|meet)(?:es|s)?\b"
    # the text itself
    r"|(?:Confidence|Certainty|Difficulty|Word count|Words|Tokens|Page|Generated|Written"
    r"|Time (?:taken|spent|used)"
    r"|Reading time|Version|Footnote|Refs?|References?|Sources?|Last updated)\b"
    r"(?:(?: (?:level|score|rating|used|in|on|by))?\W{0,6}(?:\d|\w+ \())"
    r"|(?:Score|Rating|Grade)\W{1,4}\d+ ?/ ?\d"
    r"|(?<=\[)\d{1,2}\]"
    # other conditions
    r"|Had (?:he|she|it|they|we|you|I|the|his|her|[A-Z]\w+)\b|Without (?:the|his|her|a|an|any|this|that|it)\b"
    r"|Were (?:he|she|it|they|we|you|I|the)\b"
    r"|For (?:example|instance)\b|E\.g\.|Verify that\b|Either (?:\w+ )?is\b"
    r"|Otherwise\b|(?:Had|Si|Wenn|Falls) (?!.*=)[^.]*(?:rait|ría|würde|hätte)"
    # what is known of units
    r"|(?:A|An|One|1|Every) (?:minute|hour|day|week|month|year|decade|century|dozen|kilometer|kilometre"
    r"|meter|metre|mile|foot|yard|inch|pound|ounce|gallon|liter|litre|dollar|quarter|dime|nickel"
    r"|kilogram|ton)s?"
    r" (?:has|have|is|are|equals?|contains?|consists|weighs?|=)\b(?!.*,.*\d)"
    r"|There are (?:about )?\d+ \w+ in (?:an?|one|each|every) \w+[.!]?$"
    r")",
    re.IGNORECASE,
)
"""openings of a sentence that speaks of something else, whatever stands above it"""
_EARLIER = re.compile(
    r"\W*+(?:(?:Originally|Initially|At first|Beforehand|Earlier|Previously|Before (?:that|this)"
    r"|Last (?:year|month|week|time))\b"
    r"|(?:Au (?:départ|début)|Am Anfang|Anfangs|Zuvor|Vorher|Ursprünglich|Al principio|Inicialmente"
    r"|All'inizio"
    r"|No início|Antes|Avant|Сначала|Раньше|Изначально|Первоначально|最初|原来|原本|之前|起初|はじめ|처음)"
    r"|Here,? \$|(?:This|That) is (?:just |exactly |simply )?the (?:sum|product|number|value|area|volume"
    r"|probability) of\b"
    r"(?!.*(?:=|:|\b(?:is|are|so)\b)))",
    re.IGNORECASE,
)
_EARLIER_WITHIN = re.compile(
    r"(?:\bwould(?:n't)? have\b|\b(?:started|began|begins|starts) (?:out )?with\b|\bused to\b"
    r"|\bat (?:first|the (?:start|beginning|outset))\b"
    r"|\b(?:originally|initially|previously)\b"
    r"|\b(?:au départ|au début|am Anfang|anfangs|zu Beginn|vorher|al principio|inicialmente|al inicio"
    r"|all'inizio"
    r"|no início|сначала|раньше|изначально|вначале)\b"
    r"|原来|原本|最初|起初|本来)",
    re.IGNORECASE,
)
"""what was before, or would have been: beside the answer where the sentence above states that"""
_NEXT = re.compile(
    r"\W*+(?:At (?:that|this) (?:pace|rate|speed|price)\b"
    r"|(?:Each|All|Every one|Both|None|One|Some|Most|Half) of (?:them|these|those|the|which)\b"
    r"|(?:His|Her|Its|Their|The) other\b|The others?\b(?! \w+ (?:is|are) left)|Tip\b"
    r"|If [^.]*\bwould\b|Suppose\b|Assume\b)",
    re.IGNORECASE,
)
_NEXT_WITHIN = re.compile(
    r"\b(?:would(?:n't)? (?:be|only|still|instead|cost|pay|get|need|take|come|make|give|require|change)"
    r"|(?:he|she|they|it|we|you|i)(?:'d| would)(?: be| only| still| need| pay| get)?)\b",
    re.IGNORECASE,
)
"""what may go on from the sentence above, or speak of a part of it"""
_WORDS_WITHIN = split_names(
    "would wouldn d used started began begins starts first start beginning outset originally initially "
    "previously départ début anfang anfangs beginn vorher principio inicialmente inicio inizio"
)
"""words of which _EARLIER_WITHIN or _NEXT_WITHIN needs one in ASCII"""
Aside = Literal["remark", "earlier", "next"]
"""remark: never the answer where another sentence has a value; the others: only where that one concludes"""
_CHECKS = re.compile(
    r"\W*+(?:(?:And |One (?:easily |can )?|We can )(?:checks?|verif)"
    r"|(?:Plugging|Substituting|Putting|Inserting) [^.=]{0,30}\bback\b"
    r"(?![^.]*(?:\b(?:find|get|obtain|solve)\b|[a-zA-Z] ?=))"
    r"|(?:That|This|It|Which) (?:fits|checks|works(?! out)|agrees|makes sense|is (?:consistent|correct|right)"
    r"|matches)\b)",
    re.IGNORECASE,
)
_CONTAINS = re.compile(
    r"\bincidentally\b|\bas an aside\b|\bby the way\b|\b(?:not|n't) (?:part of|asked|needed|relevant|what)\b"
    r"|\bthe (?:problem|question) (?:doesn't|does not) ask\b"
    r"|\bhad (?:originally |initially |first )?(?:started|begun|had|been|bought|planned|expected|hoped"
    r"|wanted)\b"
    r"|\b(?:i|we) (?:first|initially|originally|previously|earlier|mistakenly) \w+\b",
    re.IGNORECASE,
)
_PAST_ABROAD = re.compile(
    r"\W*+(?:(?:Il|Elle|Ils|Elles|On) (?:en )?(?:avait|avaient|était|coûtait)|(?:Er|Sie|Es) (?:hatte"
    r"|hatten|war|waren)"
    r"|(?:Él |Ella )?(?:Tenía|Tenían|Había|Costaba)|Aveva(?:no)?|Tinha(?:m)?|(?:У \w+ )?(?:Было|Был|Была))\b",
    re.IGNORECASE,
)
_IN_BRACKETS = re.compile(r"[\s*_>-]*(?:\([^()]*(?:\([^()]*\)[^()]*)*\)|\[[^\[\]]*\])[\W_]*")
_CONCLUDES = re.compile(
    r"\W*+(?:So|Thus|Hence|Therefore|Consequently|As a result|In (?:total|all|conclusion|summary|the end"
    r"|short)|Altogether"
    r"|Overall|Finally|Accordingly|That (?:means|makes|leaves|gives)|This (?:means|makes|leaves|gives)"
    r"|All in all|To (?:sum up|conclude)|It follows|We conclude|Total\b"
    r"|Donc|Ainsi|Au total|En tout|Par conséquent|Finalement|Daher|Somit|Folglich|Insgesamt"
    r"|Deshalb|(?:Also|Damit)(?=[^.]*\b(?:der|die|das|er|es|ist|sind|hat|haben|und|noch|man|ein|eine|im)\b)"
    r"|Por (?:lo )?tanto|Así(?: que)?|Entonces|En total"
    r"|Luego(?=[^.]*\b(?:el|la|los|las|de|es|son|hay|quedan?|le|un|una)\b)"
    r"|Quindi|Dunque|Pertanto|In totale|Perciò"
    r"|Portanto|Assim|Logo(?=[^.]*\b(?:o|os|as|ele|ela|de|é|são|há|um|uma)\b)"
    r"|No total|Итак|Значит|Следовательно|Таким образом|Всего|Поэтому"
    r"|所以|因此|总共|一共|那么|故|よって|したがって|だから|合計|따라서|그러므로|그래서|총"
    r")(?!\w)",
    re.IGNORECASE,
)
_WITHIN = re.compile(
    r"[,;] ?(?:and )?(?:so|thus|hence|therefore)\b|\b(?:thus|hence|therefore|altogether|in total|in all)\b"
    r"|[.$\]]\s*(?:So|Thus|Hence|Therefore)\b|, (?:also|dann|leaving|making|giving|for a total of)\b"
    r"|\b(?:donc|alors|somit|folglich|insgesamt|por (?:lo )?tanto|así que|entonces|quindi|dunque"
    r"|portanto"
    r"|kwa hiyo|więc|dus|поэтому|значит|следовательно)\b"
    r"|所以|因此|ので|よって|したがって|그래서|따라서|তাই|కాబట్టి|ดังนั้น|इसलिए|لذلك",
    re.IGNORECASE,
)


@lru_cache(maxsize=8)
def aside_of(sentence: str) -> Aside | None:
    """Returns what kind of aside a sentence is, None where it concludes or calculates."""
    bracketed = is_bracketed(sentence)
    if concludes(sentence) and not (bracketed and "=" in sentence):
        return None
    calculates = "=" in sentence and not bracketed
    if _OPENS.match(sentence) or bracketed or (not calculates and _CONTAINS.search(sentence)):
        return "remark"
    if _EARLIER.match(sentence):
        return "earlier"
    return None if calculates else _aside_within(sentence)


def _aside_within(sentence: str) -> Aside | None:
    """Returns the kind of an aside that says what it is behind its first words."""
    if _PAST_ABROAD.match(sentence):
        return "earlier"
    if sentence.isascii() and _WORDS_WITHIN.isdisjoint(english_words(sentence)):
        return "next" if _NEXT.match(sentence) else None
    if _EARLIER_WITHIN.search(sentence):
        return "earlier"
    return "next" if _NEXT.match(sentence) or _NEXT_WITHIN.search(sentence) else None


def is_bracketed(sentence: str) -> bool:
    """Checks whether the sentence stands in brackets as a whole."""
    return _IN_BRACKETS.fullmatch(sentence) is not None


def is_check(sentence: str) -> bool:
    """Checks whether the sentence tests a value stated before: `That fits, since 5 × 8 = 40.`"""
    return _CHECKS.match(sentence) is not None


@lru_cache(maxsize=8)
def concludes(sentence: str) -> bool:
    """Checks whether the sentence is marked as a conclusion: `So ...`, `..., therefore ...`."""
    return _CONCLUDES.match(sentence) is not None or _WITHIN.search(sentence) is not None
