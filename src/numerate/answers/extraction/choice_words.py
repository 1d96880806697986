"""Words around the letter of a choice: what asserts it, what rejects it, what joins several.

In patterns, S stands for one letter and M for several that are joined (`A or C`, `A-E`): two private
characters that `statements` puts in their places."""

from __future__ import annotations

import re

S, M = "\ue000", "\ue001"
_GAP = f"[^{S}{M}\n]"

# -- assertions ----------------------------------------------------------------------
_FILLER = (
    r"(?:(?:clearly|obviously|definitely|surely|for sure|certainly|most likely|likely|probably|indeed|simply"
    r"|just|therefore|thus|hence|then|either|both|only|exactly|actually|really|now|still|in fact|of course"
    r"|the|is|be|as|that|it|option|choice|letter|answer|statement|best|correct|right|final|one of"
    r"|une?|la|le|el|die|der|das|a|letra|lettre|lettera|Buchstabe|вариант|буква)\b|选项|[\s:,>=\"'(\[-])"
)
_FILL = rf"{_FILLER}{{0,12}}?"
_ANSWER = (
    r"(?:\b(?:answers?|ans)\b|答案|答え|正解|[Оо]твет|[Rr]espuesta|[Rr][ée]ponse|[Aa]ntwort|[Rr]esposta"
    r"|[Rr]isposta|[Jj]ibu|[Jj]awaban|[Đđ]áp án|[Cc]evap|উত্তর|คำตอบ|సమాధానం|జవాబు|الإجابة|उत्तर|정답|답)"
)
_NOUN = (
    rf"(?:{_ANSWER}|\b(?:best|right|correct|only) one\b"
    r"|\b(?:choice|option|selection|pick|response|conclusion|truth)\b|选项)"
)
_COPULA = (
    r"(?:\b(?:is|are|be|was|es|est|ist|lautet|ni|adalah|là|это|o'|is:)\b|[èé]\b|[是为為:=>→⇒—–-]|は|[은는이]"
    r"|คือ)"
)
_CHOOSING = (
    r"\b(?:choos(?:e|ing)|chose|pick(?:ed|ing)?|select(?:ed|ing)?|opt(?:ed|ing)? for|go(?:ing)? with"
    r"|went with|settled? on|guess|say|mark(?:ed)?|prefer|gives?(?: us)?|conclude|leaves?(?: us)?(?: with)?"
    r"|left with|lean(?:s|ing)? towards?"
    r"|leaving(?: us)?(?: with)?|corresponds? to|corresponding (?:to|with)|matches|matching|points? to"
    r"|accept|elijo|escojo|выбираю)\b|(?<!不)[选選]择?|(?<!不)是|(?<!no )\bes\b"
)
_POINTING = (
    r"\b(?:it|this|that|which|these)(?:'s| is| must be| has to be| should be| would be| can only be"
    r"| could be| might be| may be| can be)"
)
CUES = re.compile(
    rf"(?:(?P<answer>{_NOUN}{_GAP}{{0,70}}?{_COPULA})|{_CHOOSING}|{_POINTING}){_FILL}$", re.IGNORECASE
)
"""what stands before an asserted letter, up to it; `answer` where it is called the answer"""

STATED = re.compile(
    r"(?:\banswer\b[^.\n:=]{0,40}?(?:\b(?:is|be|was)\b|[:=])|答案(?:是|为|：|:))\s*(?P<value>[^\n]+)",
    re.IGNORECASE,
)
"""an answer that is announced, whatever it is"""

CONNECTED = re.compile(
    rf"(?:^|[\s,;.:(—–-])(?:{_ANSWER}\.?|elimination|maybe|perhaps|possibly|probably|definitely"
    rf"|certainly|so|thus|hence|therefore|then|but|rather|only|just|finally|=>|->|→|⇒"
    rf"|∴|所以|因此|故|no[,:.]|wait[,:.]|actually[,:]?|而是|sino|sondern|mais|но|а)[\s,:]*(?:(?:option"
    rf"|choice)\s)?\(?$",
    re.IGNORECASE,
)
"""what stands before a letter that ends its clause"""

PREDICATE = re.compile(
    r"[\s)\]]*(?:(?:is|are|was|'s|seems|looks|appears|must|has|should|would|will|to|be|being|stands|as"
    r"|both|all"
    r"|clearly|definitely|certainly|obviously|the|an?|our|my|only|most|single|therefore|thus|indeed|by|far"
    r"|that|likely|probably|logical|possible|one|also|equally)\s+){0,8}"
    r"(?:correct|right(?! angle)|true|accurate|valid|appropriate|suitable|fitting|better"
    r"|best(?=[\s.,!]*$| (?:answer|choice|option|fit|match))|answers?|winner|left|remaining|closest|fits?"
    r"|works|remains?|matches|makes (?:the most )?sense|it(?=[\s.,!]*$)|the one|what (?:I|we)|holds|applies"
    r"|wins|correcta?|richtig"
    r"|верн\w+|правильн\w+)\b|[\s)\]]*(?:是|为)?(?:正确|对的|最佳|最合适|答案|符合)|\s?が正解|\s*[✓✔✅]",
    re.IGNORECASE,
)
"""what follows an asserted letter"""

SUPPOSED = re.compile(
    r"^\W*(?:(?:but|and|so|now|then)\s)?(?:if|suppose|assume|assuming|supposing|whether|let(?!')|unless|when"
    r"|compar\w+|consider\w*|look(?:ing)? at|examin\w+|evaluat\w+|check\w*|in which case|如果|假设|если)\b",
    re.IGNORECASE,
)
"""clauses that suppose something and state nothing"""

IN_ANOTHER_CASE = re.compile(
    r"[\s)\]]*(?:would|could|might) (?:\w+ )?be [^.;\n]{0,40}?\b(?:if|for|unless|in case|had|were)\b",
    re.IGNORECASE,
)
"""what follows a letter that is right elsewhere: `D would be right if there were 20`"""

ONLY = re.compile(r"\bonly\s+(?:(?:option|choice)\s+)?\(?$", re.IGNORECASE)

CONDITIONAL = re.compile(r"\W*(?:if|unless|only if|provided)\b", re.IGNORECASE)
"""what follows a letter that is stated for another case only"""

RETRACTED = re.compile(
    r"(?:(?:^|[.!?])\s*+|\n[^\S\n]*+)(?:but|no|wait|actually|hmm|oops|sorry)\b(?:(?!\b[A-J]\b)[^.\n]){0,40}"
    r"\b(?:no|wrong|incorrect|mistaken?|not right|not correct)\b",
    re.IGNORECASE,
)
"""a later sentence that takes an assertion back and names no letter"""

TENTATIVE = re.compile(
    r"\b(?:could|might|may|perhaps|maybe|possibly|seems?|appears?|can(?! only))\b", re.IGNORECASE
)
ALSO = re.compile(r"\b(?:also|as well|equally|likewise)\b|\btoo\b\W*$|也|同样", re.IGNORECASE)

# -- rejections ----------------------------------------------------------------------
_NOT = r"\b(?:not|never|cannot|hardly)\b|(?:(?<!\w)\w*)?n't\b|\b(?:ca|is|are|does|wo)nt\b"
EXCLUDING = re.compile(r"\b(?:anything|all|any|every\w*)\s(?:other than|but|except)\s*\(?$", re.IGNORECASE)
CONTRAST = re.compile(r"\b(?:but|however|yet|actually)\b|而是", re.IGNORECASE)
"""what drops the assertions before it in a sentence"""

NEGATION = re.compile(
    rf"(?:{_NOT}|\b(?:neither|nor|without|doubt|doubtful|unlikely|rather than|instead of|unlike|except)\b"
    r"|\b(?:versus|vs)\b|\b(?:exclud|eliminat|discard|reject|dismiss|disqualif|avoid)\w*"
    r"|\b(?:rul|cross|tak)(?:e|es|ed|ing)? out\b"
    r"|不是|不选|不能|不|没|非|排除|除了|ではな|じゃな|\bне\b|\bno\b(?![,:.]| doubt| question)"
    r"|n'est pas|\bpas\b|\bnicht\b|\bnão\b|\bnon\b|\bbukan\b|\bkhông\b|\bdeğil\b|নয়|ไม่ใช่|కాదు|ليس"
    r"|नहीं|아니)",
    re.IGNORECASE,
)
HARMLESS = re.compile(
    r"\bnot only\b|\bno(?:t a)? doubt\b|\bwithout (?:a |any )?doubt\b|\bnone other than\b"
    r"|\bno other\b[^,.]{0,30}\bthan\b|\bno choice but\b|\bnothing (?:else )?but\b|\bcannot but\b"
    r"|n't be anything (?:but|other than)\b|\bwhy not\b",
    re.IGNORECASE,
)
"""negations that assert what follows"""

DOUBTED = re.compile(
    r"(?:n't|\bnot|\bnever|\bhardly)\s(?:\w+\s){0,2}?(?:think|believe|say|sure|certain|mean|claim|agree"
    r"|convinced|true|the case)\b[^,;]*$"
    r"|\b(?:doubt|unlikely|wrong to|false|mistake\w*|incorrect\w*|tempting|tempted|fail\w* to)\b[^,;]*$",
    re.IGNORECASE,
)
"""what takes back a statement that it opens: `I don't think that ...`"""

REFUTED = re.compile(
    r"[\s)\]:.–—-]*(?:(?:is|are|was|were|would|be|can|could|must|also|clearly|both|definitely|all|obviously"
    r"|and|has|have|been|being|therefore|thus|does|do|seems?|looks?)\b\s*){0,7}"
    rf"(?:{_NOT}|(?:wrong|incorrect|false|invalid|impossible|irrelevant|eliminated|excluded|ruled out"
    r"|unlikely|untrue|inappropriate|implausible|unsuitable|out|falsch|faux|falso|incorrecta?)\b"
    r"|too (?=\w)|fails?\b|contradict\w*|неверн\w*|неправильн\w*|错|誤|否)"
    r"|[\s)\]]*(?:是|都)?(?:错|不对|不正确|不符合|不是|不能)"
    r"|\s?(?:(?:は|が)(?:違|間違)|ではな|じゃな|[이가] 아니|नहीं|নয়|కాదు)|\s*[✗✘❌]",
    re.IGNORECASE,
)
"""what follows a rejected letter"""

CLAUSE = re.compile(
    r"[,;，；]|—|--|\s[-–]\s|\b(?:but|so|thus|therefore|hence|because|since|while|whereas|although|though"
    r"|and)\b",
    re.IGNORECASE,
)
"""where one clause ends and the next begins"""

# -- several ----------------------------------------------------------------------
JOINED = re.compile(
    r"[\s(]*(?:[,/&+、~，–—-]|\.{2,3}|…|\b(?:and|or|nor|to|through|thru|und|oder|et|ou|y|o|e|и|или)\b"
    r"|[和与及至到か]|或者?)"
    r"(?:[\s,]|\b(?:and|or|nor|maybe|perhaps|possibly|also|even|both|either|else|probably|option|choice"
    r"|letter"
    r"|und|oder|could be|might be|by|и|или|I (?:think|guess|believe|suppose))\b)*[(\[\s]*",
    re.IGNORECASE,
)
"""what may stand between two letters that are named together"""
ALTERNATIVE = re.compile(r"\b(?:or|nor|oder|ou|или)\b|[或/]|か", re.IGNORECASE)
SINGULAR = re.compile(
    r"[\s)\]]*(?:(?:is|isn't|was|wasn't|has|hasn't|does|doesn't|can't|cannot|would|wouldn't|seems|fails"
    r"|looks)\b"
    r"|[不是错])"
)
"""what follows the last letter of `the answer is B, A is wrong`"""
SPEAKS_ON = (
    r" (?:is|was|are|isn't|wasn't|or|and|nor|because|since|as|for|seems?|must|should|would|cannot|can't|fits"
    r"|o|и|или|works|makes|remains|it|but|so|not|which|matches|does|doesn't|has|to|through|thru|looks"
    r"|appears|due|by"
    r"|from|with|instead|rather|over|wins|holds|applies|stands|if|while|und|oder|et|ou|y|ist|est"
    r"|es)(?![a-z'-])"
)
"""what may follow the letter A, where the article A cannot stand"""
