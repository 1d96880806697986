"""Statements about the letters of a choice in running text: asserts, rejects, names several, or mentions.

The answer is B, not A.      asserts B, rejects A        It can't be A or B.     rejects
Either A or E.               several                     Among A through E, ...  several, not asserted
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

from numerate.answers.extraction import choice_words as w

Says = Literal["asserted", "picked", "tentative", "rejected", "supposed", "mentioned"]
"""asserted: called the answer or correct; picked: chosen or pointed at; supposed: in a question or an if"""


class Mention(NamedTuple):
    """One letter, or several that are joined, as they stand in a text."""

    letters: frozenset[str]
    start: int
    end: int
    strong: bool
    """written as a choice: (B), "B.", option B; not a capital letter alone"""


class Statement(NamedTuple):
    mention: Mention
    says: Says
    sentence: int
    """its number, from 0"""
    also: bool = False
    """said beside an earlier one: `C is correct as well`"""


# -- letters in a text ----------------------------------------------------------------------
_WORD = r"A-Za-z0-9À-ɏͰ-ϿЀ-ӿ"
_NAMED = r"(?i:option|choice|letter|answer choice|вариант|opci[oó]n|opção|opzione)s?\s?[:#]?\s?"


@lru_cache(maxsize=256)
def _letters(labels: tuple[str, ...]) -> re.Pattern[str]:
    """Returns the ways to write a letter: in brackets, named as an option, marked by `.`, `)` or `:`, or
    alone."""
    upper = "".join(sorted({x for x in labels if len(x) == 1 and x.isalpha()} | set("ABCDEFGHJ")))
    digits = "|".join(sorted((re.escape(x) for x in labels if x.isdigit()), key=len, reverse=True))
    every = rf"[A-Z{upper}]|(?:{digits})" if digits else rf"[A-Z{upper}]"
    inner = rf"(?i:{every})"
    pronoun = r"|I(?=[.):]|\W*$)" if "I" in labels else ""
    upper = upper.replace("A", "").replace("I", "")
    alone = rf"[{upper}]|A(?! [a-z]|')|A(?={w.SPEAKS_ON}){pronoun}"
    number = rf"|(?P<digit>(?<![.,$/^*+=-])(?:{digits})(?![%/^]|[.,]\d|\s?[+*=<>×-]))" if digits else ""
    return re.compile(
        rf"(?<![{_WORD}])(?:[(\[]\s?(?P<bracketed>{inner})\s?[)\]]"
        rf"|{_NAMED}[(\[]?(?P<named>(?:(?!(?i:a) [a-z])|(?=(?i:a){w.SPEAKS_ON})){inner})[)\]]?(?![{_WORD}'])"
        rf"|(?:(?<![-+*/^_<>'∘=])|(?<=\b[A-J][-/]))(?P<alone>{alone})(?P<mark>(?=[).:](?:\s|$)))?"
        rf"(?![{_WORD}_'’]|-(?![A-J]\b)[{_WORD}]|\s?[=+*^<>∘]|\s?/(?![A-J]\b))"
        rf"{number})"
    )


def letter_mentions(text: str, labels: tuple[str, ...]) -> Iterator[Mention]:
    """Yields the letters in a text in order, joined ones as one mention."""
    group: list[Mention] = []
    for match in _letters(labels).finditer(text):
        name = next(n for n in ("bracketed", "named", "alone", "digit") if match.groupdict().get(n))
        strong = name in ("bracketed", "named") or (name == "alone" and _is_marked(text, match))
        own = Mention(frozenset({match[name].upper()}), match.start(), match.end(), strong)
        if group and not _are_joined(text, group[-1], own):
            yield from _group_mentions(text, group)
            group = []
        group.append(own)
    yield from _group_mentions(text, group)


def _is_marked(text: str, match: re.Match[str]) -> bool:
    """Checks whether the letter is marked: `B)`, `B:`, or the `B.` that opens a line. Elsewhere a period
    ends a sentence."""
    if match["mark"] is None:
        return False
    before = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
    return text[match.end()] != "." or not before.strip(" \t-•#>")


_IN_BRACKETS = re.compile(r"[\s)]*\([^()]{1,60}\)")
_ITS_TEXT = re.compile(r"[).:] [^,;.:()\n]{1,60}?(?=, | or | and )")


def _are_joined(text: str, before: Mention, after: Mention) -> bool:
    gap = text[before.end : after.start]
    if len(gap) > 100 or "\n" in gap:
        return False
    if gap.isspace():
        return text[before.end - 1] in ")]" and text[after.start] in "(["
    for aside in (_IN_BRACKETS, _ITS_TEXT):
        if match := aside.match(gap):
            gap = gap[match.end() :]
    return w.JOINED.fullmatch(gap) is not None


def _group_mentions(text: str, group: list[Mention]) -> Iterator[Mention]:
    """Yields a list as one mention; its last letter apart where the list is no list: `B, A is wrong`."""
    if not group:
        return
    first, last = group[0], group[-1]
    inner = text[first.end : last.start]
    if len(group) > 1 and w.SINGULAR.match(text, last.end) and not w.ALTERNATIVE.search(inner):
        yield from _group_mentions(text, group[:-1])
        yield last
        return
    letters = frozenset[str]().union(*(mention.letters for mention in group))
    if len(letters) == 1 and len(group) > 1:
        yield from group
        return
    yield Mention(letters, first.start, last.end, any(mention.strong for mention in group))


# -- what is said of them ----------------------------------------------------------------------
_SENTENCE = re.compile(
    rf"(?<=[.!?])(?<!\n[{w.S}]\.)(?<![-*•] [{w.S}]\.)\s+|\n+|[;。！？；]"
    r"|(?:[,.—–-]\s?|\s)(?=(?:no|wait|actually|sorry|oops)[,:.]\s)",
    re.IGNORECASE,
)
"""A sentence ends before `no, ...` as well, and not at a letter that opens a line: `A. too hot`"""
_SAYS_NOTHING = re.compile(rf"[^\w?{w.S}{w.M}]*")
_NEAR = 200
"""characters before and behind a letter that may decide what is said of it"""


def letter_statements(text: str, labels: tuple[str, ...]) -> list[Statement]:
    """Returns what a text says of the letters, in order."""
    text = text.replace(w.S, " ").replace(w.M, " ")
    named = list(letter_mentions(text, labels))
    shape = _shape(text, named)
    out: list[Statement] = []
    for number, sentence in enumerate(_SENTENCE.split(f"\n{shape}")):
        positions = [at for at, sign in enumerate(sentence) if sign in (w.S, w.M)]
        also = w.ALSO.search(sentence) is not None
        for at in positions:
            before, after = sentence[:at], sentence[at + 1 :]
            says = "asserted" if _is_alone(before, after) else _says(before[-_NEAR:], after[:_NEAR])
            out.append(Statement(named[len(out)], says, number, also))
    return out


def _shape(text: str, named: list[Mention]) -> str:
    """Returns the text with a sign in place of every mention."""
    parts: list[str] = []
    at = 0
    for mention in named:
        parts += [text[at : mention.start], w.S if len(mention.letters) == 1 else w.M]
        at = mention.end
    return "".join([*parts, text[at:]])


def _says(before: str, after: str) -> Says:
    before = re.split(f"[{w.S}{w.M}]", before)[-1]
    behind, sign, _ = _until_sign(after)
    start = max((match.end() for match in w.CLAUSE.finditer(before)), default=0)
    cue = w.CUES.search(before, start) or w.CUES.search(before)
    if _is_refuted(behind, sign) or _is_negated(before, cue):
        return "rejected"
    clause = w.CLAUSE.split(before[: cue.start()] if cue else before)[-1]
    if w.SUPPOSED.search(clause if clause.strip() or not cue else cue.group()) or _asks(after):
        return "supposed"
    if w.IN_ANOTHER_CASE.match(behind):
        return "supposed"
    answer = cue is not None and cue["answer"] is not None
    asserted = answer or w.PREDICATE.match(behind)
    if not asserted and not cue and not w.ONLY.search(before) and not _is_connected(before, behind, sign):
        return "mentioned"
    if w.TENTATIVE.search(cue.group() if cue else clause):
        return "tentative"
    return "asserted" if asserted else "picked"


def _asks(after: str) -> bool:
    return after.rstrip().endswith("?") or w.CONDITIONAL.match(after) is not None


def _until_sign(after: str) -> tuple[str, str, str]:
    match = re.search(f"[{w.S}{w.M}]", after)
    return (after[: match.start()], match.group(), "") if match else (after, "", "")


def _is_refuted(behind: str, sign: str) -> bool:
    """Checks whether the words behind the letter say that it is wrong; in `B, not A` they say so of A."""
    match = w.REFUTED.match(behind)
    return match is not None and not (sign and not behind[match.end() :].strip(" (["))


def _is_negated(before: str, cue: re.Match[str] | None) -> bool:
    if w.EXCLUDING.search(w.HARMLESS.sub(" ", before)):
        return True
    if cue is not None:
        return bool(
            w.NEGATION.search(w.HARMLESS.sub(" ", cue.group())) or w.DOUBTED.search(before[: cue.start()])
        )
    return w.NEGATION.search(w.HARMLESS.sub(" ", w.CLAUSE.split(before)[-1])) is not None


def _is_connected(before: str, behind: str, sign: str) -> bool:
    """Checks whether the letter is connected and ends its clause: `so B.`, `but B`."""
    return w.CONNECTED.search(before) is not None and _ends(behind, sign)


def _is_alone(before: str, after: str) -> bool:
    """Checks whether the line or sentence is a letter and nothing else."""
    return _SAYS_NOTHING.fullmatch(before) is not None and _SAYS_NOTHING.fullmatch(after) is not None


def _ends(behind: str, sign: str) -> bool:
    return re.match(r"\s*(?:[.,;:!()\]\d$—–-]|$)", behind) is not None and not (sign and not behind.strip())
