"""Normal forms of text: what is only writing is taken off, in linear time, before anything is read."""

from __future__ import annotations

import re
from unicodedata import decimal

from numerate.answers.compare import parametric
from numerate.answers.text import digit_groups, money, scripts
from numerate.answers.text.phrases import strip_announcement, strip_quantifier
from numerate.answers.text.units import CODE

_ARRAY = re.compile(r"\\begin ?\{array\} ?(?:\{[lcr| ]{1,9}\})?([^&]*?)\\end ?\{array\}")
_NAMES = "aligned|align|gathered|gather|equation|split|center|displaymath|math"
_ROWS = re.compile(rf"[ $]*\\begin ?\{{({_NAMES})(\*?)\}}(.*)\\end ?\{{\1\2\}}[ $.]*", re.DOTALL)
_BREAK = re.compile(r"\\\\(?:\[\d{1,3}(?:pt|em|ex|mm|cm)\])?")


def flatten_layout(text: str) -> str:
    """Returns the answer on one line, where its environment is all of it."""
    if (array := _ARRAY.fullmatch(text.strip(" $."))) and "\\\\" not in array[1]:
        return array[1].strip()
    rows = _ROWS.fullmatch(text)
    if rows is None or "\\begin" in rows[3]:
        return text
    parts = [part for row in _BREAK.split(rows[3]) if (part := row.replace("&", " ").strip(" ,"))]
    whole = parts[0] if parts else ""
    for part in parts[1:]:
        whole += f" {part}" if part[0] in "=+-" else f", {part}"
    return whole


_HASHES = re.compile(r"\s*#{3,4}\s*(?=\S)")
_TAGGED = re.compile(r"\s*<(answer|final_answer|ans)>(.*)</\1>\s*", re.DOTALL | re.IGNORECASE)
_BOLD_LABEL = re.compile(r"\s*\*\*([^*\n]{1,60}?)\*\*(?=.*\S)", re.DOTALL)


def strip_answer_mark(text: str) -> str:
    """Returns the answer without such a mark; the text itself where it begins with none."""
    start = text[:12].lstrip()[:1]
    if start == "#":
        hashes = _HASHES.match(text)
        return text[hashes.end() :] if hashes else text
    if start == "<" and (tagged := _TAGGED.fullmatch(text)):
        return tagged[2].strip()
    if start == "*" and (label := _BOLD_LABEL.match(text)) and label[1].rstrip().endswith(":"):
        return label[1] + text[label.end() :]
    if start == "*" and (label := _BOLD_LABEL.match(text)) and text[label.end() :].lstrip().startswith(":"):
        return label[1] + text[label.end() :]
    return text


_BESIDE = r"\s.,;:!?)=$"
_STRONG = re.compile(
    rf"(?<![^\s=(:$])(?:\*\*(?=\S)([^*\n]{{1,200}})(?<=\S)\*\*"
    rf"|__(?=\S)([^_\n]{{1,200}})(?<=\S)__)(?![^{_BESIDE}])"
)
_ITALIC = re.compile(r"(?<![^\s=(:$])\*(?=[^\s*])([^*\n]{1,200})(?<=\S)\*$")


def strip_emphasis(text: str) -> str:
    """Removes Markdown's bold and italics. `**` is Python's power when something stands right before it."""
    text = _ITALIC.sub(r"\1", _STRONG.sub(r"\1\2", text.rstrip()))
    return text.replace("**", "") if text.lstrip(" $").startswith("**") else text


LONGEST = 20_000
"""characters; a longer answer is compared as a string and not read"""

_SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ", "0123456789+-n", strict=True))
_SUBSCRIPTS = dict(zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True))
_GREEK_NAMES = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau phi chi psi "
    "omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega"
)
_GREEK = dict(zip("αβγδεζηθικλμνξπρστφχψωΓΔΘΛΞΠΣΦΨΩ", _GREEK_NAMES.split(), strict=True))
_FRACTIONS = {
    "½": (1, 2), "⅓": (1, 3), "⅔": (2, 3), "¼": (1, 4), "¾": (3, 4), "⅕": (1, 5), "⅖": (2, 5), "⅗": (3, 5),
    "⅘": (4, 5), "⅙": (1, 6), "⅚": (5, 6), "⅛": (1, 8), "⅜": (3, 8), "⅝": (5, 8), "⅞": (7, 8),
}  # fmt: skip

_TWINS = str.maketrans(
    {
        **{c: f"\\{name} " for c, name in _GREEK.items()},
        **{c: f"\\frac{{{n}}}{{{d}}}" for c, (n, d) in _FRACTIONS.items()},
        **{c: f"_{{{digit}}}" for c, digit in _SUBSCRIPTS.items()},
        **{chr(0xFF01 + k): chr(0x21 + k) for k in range(94)},  # full-width forms
        **dict.fromkeys("−–—‐‑‒﹣", "-"),
        **dict.fromkeys("×⋅·∙∗•", "*"),
        **dict.fromkeys("\u00a0\u2002\u2003\u2005\u2007\u2008\u2009\u200a\u202f\u3000", " "),
        **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad", ""),
        **dict.fromkeys("‘’′", "'"),
        "µ": "\\mu ", "⊕": "\\oplus ", "⊗": "\\otimes ", "★": "\\star ", "☆": "\\star ", "⋆": "\\star ",
        "◇": "\\diamond ", "⋄": "\\diamond ", "◊": "\\lozenge ", "⊙": "\\odot ", "⊖": "\\ominus ",
        "⇒": "\\Rightarrow ", "⟹": "\\implies ",
        **dict.fromkeys("“”", '"'),
        "⟨": "(", "⟩": ")",
        "÷": "/", "∕": "/", "⁄": "/", "√": "\\sqrt ", "∛": "\\sqrt[3]", "∞": "\\infty ", "≤": "<=", "≥": ">=",
        "⩽": "<=", "⩾": ">=", "≠": "!=", "≈": "\\approx ", "∪": "\\cup ", "∩": "\\cap ", "∈": "\\in ",
        "∅": "\\emptyset ", "¢": " cents ","°": "^\\circ ", "±": "\\pm ", "∓": "\\mp ", "∠": "\\angle ",
        **dict.fromkeys(money.SIGNS, ""), "￠": " cents ", "٫": ".", "٬": ",",
        "…": "...", "ℤ": "\\mathbb{Z}", "ℕ": "\\mathbb{N}", 
        "≡": "\\equiv ", "ℝ": "\\mathbb{R}", "⌊": "\\lfloor ", "⌋": "\\rfloor ", "⌈": "\\lceil ",
        "⌉": "\\rceil ", "∴": "", "∨": "\\lor ", "∧": "\\land ", "∖": "\\setminus ", "º": "^\\circ ",
        "∫": "\\int ", "∑": "\\sum ", "∏": "\\prod ", "∂": "\\partial ", "→": "\\to ",
        "˚": "^\\circ ", "Ω": "\\Omega ", "，": ",", "。": ".", "、": ",", "；": ";", "：": ":",
    }
)  # fmt: skip

_RAISED = re.compile("[" + "".join(_SUPERSCRIPTS) + "]{1,20}")
_DELIMITERS = re.compile(r"(?<!\\)\\[()\[\]]|\$")
_SIZES = re.compile(
    r"\\(?:left|right|[bB]igg?[lrm]?|displaystyle|textstyle|limits|nolimits|noindent)(?![a-zA-Z])\.?"
)
_SPACES = re.compile(r"(?<!\\)\\[,;:> ]|\\q?quad(?![a-zA-Z])|\\hspace\{[^{}]{0,20}\}|~|\s")
_DOUBLED = re.compile(r"\\\\(?=[a-zA-Z]{2})")
_GROUPING = re.compile(r"(?<=\d)(?:\\,|,\\! ?|\\!)(?=\d{3}(?!\d))")
_NOON = re.compile(r"(?<![A-Za-z])([AaPp])\. ?([Mm])(?![A-Za-z])\.?")
_BEFORE_A_CODE = " $\\{text"
_MARKS = " \n\t#<*"
_CURRENCY = re.compile(r"\\(?:pounds|euro)(?![a-zA-Z])")
_OHMS = re.compile(r"(?<=[\d}])(?:[ ,]|\\[, ;]|~)*(?:\\(?:mathrm|text) ?\{ ?)?([kM]?) ?\\Omega ?\}?[ $.]*$")
_MICRO = re.compile(
    r"(?<=[\d}])(?:[ ,]|\\[, ;]|~)*\\mu(?![a-z]) ?(?:\\(?:mathrm|text) ?\{ ?)?([mgsLlAVWJNF])(?: ?\})?[ $.]*$"
)
_BRACED_SIGN = re.compile(r" ?\{ ?([,:]) ?\}")
_ORDINAL = re.compile(
    r"(?<=\d)(?: ?\^ ?\{? ?\\(?:mathrm|text|textrm|textnormal|mbox) ?\{ ?(?:th|st|nd|rd) ?\}(?: ?\})?"
    r"|(?:\^\{?)?(?:th|st|nd|rd)(?![A-Za-z])\}?)"
)
_PHANTOM = re.compile(r"\\[hv]?phantom ?\{[^{}]*\}")
_RUNS = re.compile(r" {2,}")
_GOES_ON = re.compile(r"(\d*\.\d*?)(\d{1,6}?)\2+ ?(?:\.{3}|\\[lc]?dots(?![a-z]))")
_REAL_WITH = re.compile(r"\\\{ ?([a-z]) ?\\in ?\(-\\infty,\\infty\) ?(?::|\\mid|\\vert|\|)")
_PARTS_TO = re.compile(r"(\d{1,9}) ?(?:\\text\{ ?to ?\}| to ) ?(\d{1,9})")
_MAY_BE_GROUPED = re.compile(r"\d[ '.]\d{3}")
_DOTS_BEHIND_A_COMMA = re.compile(r"(?<=,) ?\.\.\.")


def _raise(match: re.Match[str]) -> str:
    return "^{" + "".join(_SUPERSCRIPTS[c] for c in match.group()) + "}"


def normalize_text(text: str) -> str:
    """Returns the answer without dollar signs, sizes, spacing commands, look-alike letters, bold marks and a
    final period.

    Fractions, roots and everything else that means something stay as they are."""
    if not text.isascii():
        text = _RAISED.sub(_raise, text).translate(_TWINS)
        text = "".join(str(decimal(c, c)) if c > "\x7f" else c for c in text)
        if not text.isascii():
            text = scripts.in_latin_script(text)
    text = _BRACED_SIGN.sub(r"\1", text)
    if text[:1] in _MARKS:
        text = strip_answer_mark(text)
    text = strip_announcement(text)
    if text[:24].lstrip(_BEFORE_A_CODE)[:1].isupper():
        text = CODE.sub("", text, 1)
    if "\\" in text:
        text = _plain_latex(text)
    elif "$" in text:
        text = text.replace("$", " ")
    text = _one_line(text)
    if "for " in text or text[:4].lower() == "all ":
        text = strip_quantifier(text)
    return (
        parametric.mark_parameter(text) if "\\in" in text or "nteger" in text or " number" in text else text
    )


def _one_line(text: str) -> str:
    """Removes emphasis, ordinals, quotes, doubled spaces and separators between digits."""
    if "*" in text or "__" in text:
        text = strip_emphasis(text)
    text = _RUNS.sub(" ", _SPACES.sub(" ", text)).strip()
    if "..." in text:
        text = _DOTS_BEHIND_A_COMMA.sub(" \\\\ldots ", text)
    if "." in text:
        text = _NOON.sub(r"\1\2", _GOES_ON.sub(r"\1\\overline{\2}", text) if len(text) < 100 else text)
    text = _strip_quotes(_trim(_ORDINAL.sub("", text)))
    if _MAY_BE_GROUPED.search(text):
        text = digit_groups.join_digit_groups(text)
    return _PARTS_TO.sub(r"\1:\2", text) if _PARTS_TO.fullmatch(text) else text


def _strip_quotes(text: str) -> str:
    """Removes quotes or back ticks around the whole text."""
    if len(text) > 2 and text[0] == text[-1] and text[0] in '"`_' and text[0] not in text[1:-1]:
        return text[1:-1].strip()
    return text


def _plain_latex(text: str) -> str:
    text = text.replace("\\\\\\\\", "\\\\")
    text = flatten_layout(text) if "\\begin" in text else _DOUBLED.sub(r"\\", text)
    if "\\mu" in text:
        text = _MICRO.sub(r" \\text{micro\1}", text)
    text = _PHANTOM.sub("", text) if "phantom" in text else text
    text = text.replace("\\$", " ").replace("\\%", "%").replace("\\surd", "\\sqrt ")
    if "\\pounds" in text or "\\euro" in text:
        text = _CURRENCY.sub(" ", text)
    if "\\Omega" in text:
        text = _OHMS.sub(r" \\text{\1ohm}", text)
    text = text.replace("\\langle", "(").replace("\\rangle", ")")
    text = _GROUPING.sub(",", text).replace("\\!", "").replace("\\mathbb{R}", "(-\\infty,\\infty)")
    text = _REAL_WITH.sub(r"\\{\1 |", text.replace("m\\angle", "\\angle"))
    return _SIZES.sub("", _DELIMITERS.sub(" ", text))


def _trim(text: str) -> str:
    """Removes the punctuation at the end of a sentence or a line, and a leading equals sign."""
    while text.endswith((".", ",", ";", ":", " ", "\\")):
        text = text[: -2 if text.endswith("\\\\") else -1]
    return text.lstrip(" :=")


_PLAIN = re.compile(
    r"[ $]*+([-+]?)[ $]*+(?=\.?\d)(?:((?!0+,)\d{1,3}(?:,\d{3})+)|(\d++))?(?:\.(\d*+))?[ $]*+\.?[ $]*+",
    re.ASCII,
)


def plain_number(text: str) -> str | None:
    """Returns one canonical string for a number in plain digits ("$1,000.50" -> "1000.5", "-0" -> "0"), else
    None."""
    match = _PLAIN.fullmatch(text)
    if match is None:
        return None
    sign, grouped, whole, part = match.groups()
    digits = grouped.replace(",", "") if grouped else whole or ""
    if not digits and not part:
        return None
    number = digits.lstrip("0") or "0"
    part = part.rstrip("0") if part else ""
    if part:
        number = f"{number}.{part}"
    return f"-{number}" if sign == "-" and number != "0" else number


_TEXT_COMMANDS = re.compile(r"\\(?:text[a-z]*|mathrm|mathbf|mathit|mbox|operatorname)(?![a-zA-Z])")
_WORDS = re.compile(r"[a-z]+|\d+")
_PROSE = re.compile(r"[A-Za-z0-9 .,;:'\"!?()-]+")
_FRAMED = frozenset({"they", "it", "this", "these", "those", "that"})
_FILLERS = frozenset({"a", "an", "the", "and"})
_PRONOUN = re.compile(r"(?:they|it|this|these|those|that) (?:is|are) ")
_WINNER = re.compile(r"(.+ player|alice|bob) (?:will )?wins?")


def plain_words(normal: str) -> str | None:
    """Returns words in lower case without articles and plural s, for an answer that is prose; None for
    anything else."""
    text = _TEXT_COMMANDS.sub("", normal).replace("{", " ").replace("}", " ")
    if not _PROSE.fullmatch(text) or not re.search(r"[A-Za-z]{2}", text):
        return None
    words = [w for w in _WORDS.findall(text.lower()) if w not in _FILLERS]
    if words[-1:] == ["only"]:
        words.pop()
    phrase = " ".join(w[:-1] if len(w) > 3 and w.endswith("s") else w for w in words)
    return (
        _without_frame(phrase)
        if (words and words[0] in _FRAMED) or phrase.endswith("win")
        else phrase or None
    )


def _without_frame(text: str) -> str:
    """Returns a sentence without its subject where the question names that: `they are parallel`, `first
    player wins`."""
    text = _PRONOUN.sub("", text, count=1) if _PRONOUN.match(text) else text
    winner = _WINNER.fullmatch(text)
    return winner[1] if winner else text
