"""Numbers in words of other languages, where the sentence around them decides the language: `zwölf Äpfel`."""

from __future__ import annotations

import re
from functools import cache

from numerate.answers.text.vocabulary import split_names

LARGEST = 100
_WORDS: dict[str, tuple[str, str]] = {  # 0 to 19, then tens from 20
    "fr": (
        "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize "
        "dix-sept"
        " dix-huit dix-neuf",
        "vingt trente quarante cinquante soixante soixante-dix quatre-vingts quatre-vingt-dix cent",
    ),
    "de": (
        "null ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn "
        "sechzehn"
        " siebzehn achtzehn neunzehn",
        "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig hundert",
    ),
    "es": (
        "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis"
        " diecisiete dieciocho diecinueve",
        "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa cien",
    ),
    "it": (
        "zero uno due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici "
        "quindici sedici"
        " diciassette diciotto diciannove",
        "venti trenta quaranta cinquanta sessanta settanta ottanta novanta cento",
    ),
    "pt": (
        "zero um dois três quatro cinco seis sete oito nove dez onze doze treze catorze quinze "
        "dezesseis dezessete"
        " dezoito dezenove",
        "vinte trinta quarenta cinquenta sessenta setenta oitenta noventa cem",
    ),
    "ru": (
        "ноль один два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать тринадцать"
        " четырнадцать пятнадцать шестнадцать семнадцать восемнадцать девятнадцать",
        "двадцать тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто сто",
    ),
}  # fmt: skip
_SIGNS_OF = {
    "fr": split_names(
        "le la les des du il elle ils elles est sont reste restent coûte donc au aux prix réponse en "
        "tout font"
    ),
    "de": split_names(
        "der die das es sind ist hat haben bleiben also insgesamt er sie kostet antwort lautet noch den im"
    ),
    "es": split_names(
        "el la los las quedan queda hay son es de tiene tienen cuesta total respuesta en por tanto ella"
    ),
    "it": split_names(
        "il lo la i gli le restano rimangono ci sono è ha hanno costa risposta di in tutto quindi rimane"
    ),
    "pt": split_names(
        "o a os as restam sobram há são é tem têm custa resposta de no total portanto ele ela ficam"
    ),
    "ru": split_names(
        "осталось у в и это стоит ответ всего итак остаётся получается равен равна равно она он было"
    ),
}
_ENGLISH = split_names("the is are of has have so she he they and to that was were")
_TOKEN = re.compile(r"[^\W\d_]+")
_CHINESE = re.compile(r"[零一二两兩三四五六七八九十百千万]{2,12}|十")
_NO_NUMBER = re.compile(r"十分(?!钟|鐘|之)|万一|千万|一一|一共|十足|百分")
_DIGITS = {sign: n for n, sign in enumerate("零一二三四五六七八九")} | {"两": 2, "兩": 2}
_UNITS = {"十": 10, "百": 100, "千": 1_000}


def foreign_number(text: str) -> str | None:
    """Returns in digits the last number in words of a sentence in another language, None where there is
    none."""
    if not text.isascii() and (match := _last(_CHINESE, _NO_NUMBER.sub(" ", text))):
        return _chinese(match)
    words = [word.lower() for word in _TOKEN.findall(text)]
    if not _ENGLISH.isdisjoint(words):
        return None
    seen = {language: len(signs.intersection(words)) for language, signs in _SIGNS_OF.items()}
    for language in sorted(seen, key=lambda name: -seen[name]):
        if not seen[language]:
            return None
        pattern, values = _numerals(language)
        if match := _last(pattern, text.lower()):
            return str(values[match])
    return None


def _last(pattern: re.Pattern[str], text: str) -> str | None:
    *_, match = ("", *(numeral.group() for numeral in pattern.finditer(text)))
    return match or None


@cache
def _numerals(language: str) -> tuple[re.Pattern[str], dict[str, int]]:
    """Returns a pattern of the numbers from two to a hundred, and their values."""
    small, tens = (part.split() for part in _WORDS[language])
    values = dict(zip(small, range(20), strict=True))
    for ten, name in zip(range(20, LARGEST + 1, 10), tens, strict=True):
        values[name] = ten
        for unit in range(1, 20 if language == "fr" else 10):
            if ten < LARGEST:
                values |= dict.fromkeys(_ways_between(language, name, small[unit], unit), ten + unit)
    values = {word: n for word, n in values.items() if n > 1}
    longest = sorted(values, key=len, reverse=True)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, longest))})(?![\w-])"), values


def _ways_between(language: str, ten: str, unit: str, n: int) -> list[str]:
    """Returns the ways to write a number between two tens."""
    if language == "de":
        return [f"{unit}und{ten}"]
    if language == "fr":
        ten = ten.removesuffix("s") if ten.startswith("quatre") else ten
        return [f"{ten}-{unit}", f"{ten} et {unit}", f"{ten}-et-{unit}"]
    if language == "it":
        stem = ten[:-1] if unit[0] in "uo" else ten
        return [stem + unit, stem + unit.replace("tre", "tré")]
    if language == "es":
        accented = {"dos": "dós", "tres": "trés", "seis": "séis"}.get(unit, unit)
        return (
            ["veinti" + unit, "veinti" + accented, "veintiún"]
            if ten == "veinte" and n == 1
            else (["veinti" + unit, "veinti" + accented] if ten == "veinte" else [f"{ten} y {unit}"])
        )
    return [f"{ten} e {unit}"] if language == "pt" else [f"{ten} {unit}"]


def _chinese(numeral: str) -> str | None:
    """Returns a numeral in digits: `二十三` is 23; None for digits without a unit."""
    if not set(numeral) & set("十百千万"):
        return None
    total, group, digit = 0, 0, 0
    for sign in numeral:
        if sign in _DIGITS:
            digit = _DIGITS[sign]
        elif sign == "万":
            total, group, digit = (group + digit or 1) * 10_000, 0, 0
        else:
            group, digit = group + (digit or 1) * _UNITS[sign], 0
    return str(total + group + digit)
