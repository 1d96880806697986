"""Sentences that state no answer: remarks behind it, plans, and values that they reject."""

from __future__ import annotations

import re

from numerate.answers.extraction.clauses import CONTENT, english_words
from numerate.answers.text.vocabulary import split_names

_REMARK = re.compile(
    r"\W*+(?:"
    # asides and offers, tasks
    r"(?:Find|Determine|Compute|Calculate|Evaluate|Solve|Simplify|Prove|Show that"
    r"|How (?:many|much)|What (?:is|are))\b"
    r"(?:[^=]*|.*\b(?:if|such that)\b.*)$|"
    r"Note\b|(?:Sorry|Apologies|My apologies)\b[^.]*\b(?:typo|said|message|earlier|confus\w+|previous"
    r"|first)\b(?![^.]*\bshould)"
    r"|As an? (?:quick |sanity |final |simple )*(?:check|test|verification)\b"
    r"|[^.]*=[^=]*,? (?:which|that) (?:matches|agrees|confirms|checks out|is consistent)\b"
    r"|Let (?:\$?\\?\w{1,6}\$? |\$[^$]*\$ )(?:be|denote|represent)\b|Do you|Would you|Want|Shall"
    r"|Should you"
    # suppositions and checks
    r"|[^.;]*\bwould (?:be|have been)\b[^.;=]*\bif\b[^.;=]*\bhad\b"
    r"|If (?:\w+ ){1,2}had\b[^.]*(?:\bwould\b|'d\b)|If \w+'d\b"
    r"|[^.]*\bbut the (?:problem|question) (?:only asks|asks only)\b"
    r"|(?:How|Why|Reason(?:ing)?|Explanation|Here's how|Details?|Breakdown|Working) ?[:：]"
    r"|(?:Let's |Let us |Let me |We can |We |I |To |As a |Just to |Sanity )?(?:double-?|re-?)?"
    r"(?:check(?!\w* account)|verif)"
    r"|Comprob|Verificaci|Vérif|Probe\b|Kontroll|Proof\b|Verifica|验算|驗算|検算|검산|Проверка"
    r"|Проверим|Controllo|Sprawdz"
    # notes in other languages
    r"|Remarque|Hinweis|Anmerkung|Nota\b|Observación|注意|注[:：]|补充|補足|Примечание|참고|Osservazione"
    r"|Indeed,? (?=[^.]*=)|Let me know|Please|Remember"
    r"|If you (?!\w+ (?:up|them|all|both|it|the)\b|.*=)|You can|This matches|I hope|Feel free|where\b"
    # definitions, comparisons
    r"|with \$[A-Za-z]\$ (?:a|the|any|some|being)"
    r"|(?:That|This)(?:'s| is) (?!.*=).*(?:more|less|fewer|times|older|younger|because))",
    re.IGNORECASE,
)
_PLAN = re.compile(
    r"\b(?:(?:we|i|you)(?:'d| would)? (?:(?:now |first |then |still )?(?:need|want|have|are going"
    r"|will need) to "
    r"|will |can |must |should )"
    r"|let's |let us |let me |(?:we|i)(?:'ll|'d| would) |need to |(?:it )?remains to |^\W*(?:now|next"
    r"|then),? )"
    r"(?:now |first |then |now )?"
    r"(?:find|determine|calculate|solve|compute|identify|know|start|begin|break"
    r"|figure|work out|count|prove|be (?:found|calculated|computed|determined)"
    r"|add|subtract|multiply|divide|use|apply|complete|convert|set up|look)"
    r"\b(?!(?s:.*)=)(?![^.]*(?:\b(?:to get|gives|giving)\b(?=[^.]*\d)"
    r"|\bwe (?:have|get|obtain|find)\b|\bwhich (?:gives|leaves|makes|equals)\b))"
    r"|\bremains to (?:show|prove|find|check|verify|compute|calculate|determine|see)\b"
    r"|^\W*(?:Now|Next|Then),? (?:we )?(?:apply|use) (?:the|this) [^=]*\bwith\b[^=]*=[^=]*$"
    # steps without their result
    r"|^\W*(?:(?:First|Next|Then|Now),? |To \w+[^,]*, )(?:we |i |you |just |simply )?(?:first |then "
    r"|now |next )?(?:start|begin|divide|multiply|add|subtract|use|apply"
    r"|take|need|calculate|compute|find|determine)\b(?!(?s:.*)=)(?![^.]*(?:\b(?:to get|gives"
    r"|giving)\b(?=[^.]*\d)"
    r"|\b(?:is|are|gets?|have|has|makes)\b))"
    r"|\b(?:we|i) (?:are|were|'re) asked (?:for|to)\b(?![^.]*(?:=|\bso\b|: |\bwhich is\b|\bthat is\b|\bis\b))"
    # other languages
    r"|我们首先要|首先要知道|最后再|Нам нужно|нужно найти|我们需要|接下来"
    r"|(?:Nous devons|Il faut|On doit)(?: d'abord)? (?:trouver|calculer|déterminer|chercher|savoir|soustraire"
    r"|additionner|multiplier|diviser|connaître|convertir)"
    r"|(?:Tenemos que|Necesitamos|Debemos|Hay que)(?: primero)? (?:encontrar|calcular|determinar|hallar|saber"
    r"|restar|sumar|multiplicar|dividir|resolver|averiguar)"
    r"|Wir müssen [^.]*(?:berechnen|finden|bestimmen|wissen|addieren|subtrahieren|multiplizieren"
    r"|dividieren)\b"
    r"|次に[^。]*(?<!な)(?:ります|きます|します|する)。?$",
    re.IGNORECASE,
)
"""what a solution is going to do; a text that ends so has no answer yet"""
_REJECTED = re.compile(
    # what others may think
    r"(?<!as )\b(?:many people|some|one|you) (?:would|might|may|could) (?:say|think|answer|guess|expect"
    r"|be tempted)\b"
    r"|\btempting\b|\bmay seem\b"
    # what the answer is not
    r"|\b(?:wrong|incorrect) answer\b|\bnot the (?:right|correct|final|answer)\b"
    r"|\b(?:answer|result|total) (?:is|was) (?:wrong|incorrect)\b"
    r"|\b(?:answer|result|total) (?:is not|isn't|was not|wasn't)\b(?!.*\b(?:but|it's|it is|rather|instead)\b)"
    r"|\b(?:answer|result|it|value) (?:cannot|can't|can not) be\b"
    r"|\b(?:that|this|which) is (?:wrong|incorrect|false)\b|\bis false\b"
    # what is left out
    r"|\b(?:we|i) (?:can |must |may |should |therefore |then )?(?:discard|reject|exclude|rule out|dismiss"
    r"|disregard)\b(?!.*\b(?:keep|take|accept|leav\w+|left|so)\b)"
    r"|\b(?:is|was|must be|can be|gets) (?:excluded|discarded|rejected|inadmissible|ruled out)\b"
    # cases that fail
    r"|(?:(?:[\d$)}]|\b(?:it|this|that|which|one|value|root|case|solution|option|number))\W{0,3}"
    r"(?:\b(?:also|clearly) )?fails?"
    r"|\b(?:does(?:n't| not) (?:work|satisfy|hold|fit)"
    r"|makes (?:the|this|its|a) \w+ (?:zero|vanish|undefined|negative)"
    r"|(?:is|are) (?:impossible|extraneous|invalid)"
    r"|(?:(?:is|are) not|isn't|aren't) (?:valid|possible|allowed|admissible|acceptable|permitted|a solution"
    r"|in the (?:domain|range|interval))"
    r"|which (?:isn't|is not)\b[^,;]*"
    r"|contradiction"
    r"|(?:is|are|be|was|were|seems?) (?:far |much |way )?too (?:big|small|large|low|high|many|few)))"
    r"\b[^\d$\\]*$",
    re.IGNORECASE,
)


_REJECTS = split_names(
    "say think answer guess expect tempted tempting seem wrong incorrect right correct final cannot can "
    "false fail "
    "fails work satisfy hold fit impossible extraneous invalid rejected valid possible contradiction "
    "too result total discard reject exclude rule dismiss disregard excluded discarded inadmissible ruled "
    "makes which domain range interval allowed admissible acceptable permitted"
)
"""words of which _REJECTED needs one"""
_PLANS = split_names(
    "find determine calculate solve compute identify know start begin break figure work count prove found "
    "calculated computed determined add subtract multiply divide use apply complete convert set look "
    "take need asked "
    "remains primero doit devons faut tenemos debemos necesitamos hay wir"
)
"""words of which _PLAN needs one in ASCII"""


def is_remark(sentence: str) -> bool:
    """Checks whether the sentence is a remark behind an answer or before one: a note, an offer, a
    question, a check."""
    return _is_question(sentence) or _REMARK.match(sentence) is not None


def is_note(sentence: str) -> bool:
    """Checks whether `sentence` is a remark that may state the answer of a text which holds nothing else."""
    return _NOTE.match(sentence) is not None and not rejects_value(sentence)


_NOTE = re.compile(r"\W*+(?:Note|Remember) that\b", re.IGNORECASE)


def _is_question(sentence: str) -> bool:
    """Checks whether a question mark stands behind the last word. It searches from the end, as a pattern
    would try every start."""
    for sign in reversed(sentence):
        if sign in "?？":
            return True
        if sign.isalnum() or sign == "_":
            return False
    return False


def is_plan(sentence: str) -> bool:
    """Checks whether the sentence only plans a step: a text that ends in it has no answer yet."""
    may_plan = not sentence.isascii() or not _PLANS.isdisjoint(english_words(sentence))
    return may_plan and _PLAN.search(sentence) is not None


def rejects_value(sentence: str) -> bool:
    """Checks whether the sentence says of its value that it is not the answer."""
    if _REJECTS.isdisjoint(english_words(sentence)) or not _REJECTED.search(sentence):
        return False
    return _REJECTED.search(_REASON.split(sentence, maxsplit=1)[0]) is not None


_REASON = re.compile(r",? (?:since|because)\b|, (?:for|as)\b")


def without_values_in(value: str, rejected: str) -> str | None:
    """Returns a value without those of its alternatives that a sentence rejects; None where none stays."""
    kept = [part for part in _ALTERNATIVES.split(value) if not _is_named(part, rejected)]
    return " or ".join(kept) or None


_ALTERNATIVES = re.compile(r"(?:(?<!\s)\s+)?(?:,? or |,? and |, (?=[a-z]\s*=|-?\d+\b))\s*")
_SIGN_OR_SPACE = re.compile(r"[\s$]")


def _is_named(value: str, sentence: str) -> bool:
    """Checks whether the value stands in the sentence, apart from what is left of its equals sign."""
    right = _SIGN_OR_SPACE.sub("", value).rpartition("=")[2]
    shown = re.escape(right)
    named = rf"(?<![\d.\w\\^-]){shown}(?![\d\w^]|\.\d)"
    return bool(right) and re.search(named, re.sub(r"\$|(?<=[=-])\s|\s(?==)", "", sentence)) is not None


_CLAUSE_BEHIND = re.compile(r"; | \((?=.*\)\W*$)")


def without_rejected(sentence: str) -> str:
    """Removes a last clause that rejects a value: `x = 3; the other root, -5, is rejected`."""
    behind = next(reversed(list(_CLAUSE_BEHIND.finditer(sentence))), None)
    if behind is None or not CONTENT.search(sentence, 0, behind.start()):
        return sentence
    return sentence[: behind.start()] if _REJECTED.search(sentence, behind.end()) else sentence
