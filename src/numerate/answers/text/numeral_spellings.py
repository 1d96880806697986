"""Spellings of whole numbers up to 999,999 in other languages: `cent vingt`, `zweihundertfünf`.

Words are compared in lower case without accents; the `and` of a numeral is left out, but in German."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple
from unicodedata import combining, normalize

from numerate.answers.text.vocabulary import split_names


class Words(NamedTuple):
    """Numerals of one language; `/` joins the forms of one number, `_` stands for a space within it."""

    small: str
    """0 to 19"""
    tens: str
    """20 to 90"""
    hundreds: str
    """100 to 900"""
    thousands: frozenset[str]
    joiners: frozenset[str]
    compound: bool = False
    """written as one word"""
    scales: frozenset[str] = frozenset()
    """words of larger numbers, which are not read"""


LANGUAGES = {
    "fr": Words(
        "zero un/une deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize"
        " dix_sept dix_huit dix_neuf",
        "vingt trente quarante cinquante soixante septante quatre_vingt/huitante/octante nonante",
        "cent deux_cent trois_cent quatre_cent cinq_cent six_cent sept_cent huit_cent neuf_cent",
        split_names("mille mil"),
        split_names("et"),
        scales=split_names("million millions milliard milliards"),
    ),
    "de": Words(
        "null ein/eins/eine/einen zwei/zwo drei vier funf sechs sieben acht neun zehn elf zwolf dreizehn"
        " vierzehn funfzehn sechzehn siebzehn achtzehn neunzehn",
        "zwanzig dreissig vierzig funfzig sechzig siebzig achtzig neunzig",
        "hundert/einhundert zweihundert dreihundert vierhundert funfhundert sechshundert siebenhundert"
        " achthundert neunhundert",
        split_names("tausend"),
        split_names("und"),
        compound=True,
        scales=split_names("million millionen milliarde milliarden"),
    ),
    "es": Words(
        "cero uno/un/una dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince"
        " dieciseis/diez_seis diecisiete/diez_siete dieciocho/diez_ocho diecinueve/diez_nueve",
        "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa",
        "cien/ciento doscientos/doscientas trescientos/trescientas cuatrocientos/cuatrocientas"
        " quinientos/quinientas seiscientos/seiscientas setecientos/setecientas ochocientos/ochocientas"
        " novecientos/novecientas",
        split_names("mil"),
        split_names("y"),
        scales=split_names("millon millones"),
    ),
    "it": Words(
        "zero uno/un/una due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici"
        " quindici sedici diciassette diciotto diciannove",
        "venti trenta quaranta cinquanta sessanta settanta ottanta novanta",
        "cento duecento trecento quattrocento cinquecento seicento settecento ottocento novecento",
        split_names("mila mille"),
        split_names("e"),
        compound=True,
        scales=split_names("milione milioni miliardo miliardi"),
    ),
    "pt": Words(
        "zero um/uma dois/duas tres quatro cinco seis sete oito nove dez onze doze treze catorze/quatorze"
        " quinze dezesseis/dezasseis dezessete/dezassete dezoito dezenove/dezanove",
        "vinte trinta quarenta cinquenta sessenta setenta oitenta noventa",
        "cem/cento duzentos/duzentas trezentos/trezentas quatrocentos/quatrocentas quinhentos/quinhentas"
        " seiscentos/seiscentas setecentos/setecentas oitocentos/oitocentas novecentos/novecentas",
        split_names("mil"),
        split_names("e"),
        scales=split_names("milhao milhoes bilhao bilhoes"),
    ),
    "ru": Words(
        "ноль/нуль один/одна/одно/одну два/две три четыре пять шесть семь восемь девять десять одиннадцать"
        " двенадцать тринадцать четырнадцать пятнадцать шестнадцать семнадцать восемнадцать девятнадцать",
        "двадцать тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто",
        "сто двести триста четыреста пятьсот шестьсот семьсот восемьсот девятьсот",
        split_names("тысяча тысячи тысяч тысячу"),
        frozenset(),
        scales=split_names("миллион миллиона миллионов миллиард миллиарда миллиардов"),
    ),
}


def fold_word(word: str) -> str:
    """Returns a word in lower case without accents."""
    word = word.lower().replace("ß", "ss")
    if word.isascii() or word == "à":  # `il y en a vingt`
        return word
    return "".join(c for c in normalize("NFD", word) if not combining(c))


@cache
def spellings(language: str) -> dict[str, int]:
    """Returns the spellings of 0 to 999, and their values."""
    words = LANGUAGES[language]
    values: dict[str, int] = {}
    small, tens, hundreds = (
        [[form.replace("_", " ") for form in fold_word(forms).split("/")] for forms in part.split()]
        for part in (words.small, words.tens, words.hundreds)
    )
    for n, forms in enumerate(small):
        values |= dict.fromkeys(forms, n)
    for k, forms in enumerate(tens):
        for ten in forms:
            values |= _between_tens(language, ten, 20 + 10 * k, small)
    below = {word: n for word, n in values.items() if n}
    for k, forms in enumerate(hundreds):
        for hundred in forms:
            values[hundred] = 100 * (k + 1)
            for word, n in below.items():
                values |= dict.fromkeys(_joined(language, hundred, word), 100 * (k + 1) + n)
    return values


def _between_tens(language: str, ten: str, value: int, small: list[list[str]]) -> dict[str, int]:
    """Returns the spellings from a ten up to the next one, in French up to the teens behind it."""
    values = {ten: value}
    teens = language == "fr" and ten in ("soixante", "quatre vingt")
    for n, forms in enumerate(small[: 20 if teens else 10]):
        for unit in forms if n else ():
            if language == "de":
                values[f"{unit}und{ten}"] = value + n
            elif language == "es" and ten == "veinte":
                values |= {f"veinti{unit}": value + n, f"veinte {unit}": value + n}
            else:
                values |= dict.fromkeys(_joined(language, ten, unit), value + n)
    return values


def _joined(language: str, larger: str, smaller: str) -> list[str]:
    """Returns the ways to write a number behind a larger one."""
    if language == "de":
        return [larger + smaller, f"{larger}und{smaller}"]
    if language == "it":
        elided = [larger[:-1] + smaller] if smaller[0] in "uo" else []
        return [*elided, larger + smaller]
    return [f"{larger} {smaller}"]


def numeral_value(language: str, words: list[str]) -> int | None:
    """Returns the value of the words of a numeral, None where they make none."""
    grammar, values = LANGUAGES[language], spellings(language)
    key = ("" if grammar.compound else " ").join(words)
    if (value := values.get(key)) is not None:
        return value
    for thousand in grammar.thousands:
        head, sign, rest = key.partition(thousand) if grammar.compound else _parted(words, thousand)
        rest = rest.removeprefix("und") if language == "de" else rest
        above = values.get(head) if head else 1
        below = values.get(rest) if rest else 0
        if sign and above and below is not None:
            return 1_000 * above + below
    return None


def _parted(words: list[str], thousand: str) -> tuple[str, str, str]:
    """Returns what stands before and behind the word for a thousand."""
    if thousand not in words:
        return "", "", ""
    at = words.index(thousand)
    return " ".join(words[:at]), thousand, " ".join(words[at + 1 :])


@cache
def parts_of_numerals(language: str) -> frozenset[str]:
    """Returns the words that numerals consist of, those of larger numbers among them."""
    words = LANGUAGES[language]
    forms = " ".join((words.small, words.tens, words.hundreds)).replace("/", " ").replace("_", " ")
    return split_names(fold_word(forms)) | {fold_word(word) for word in words.thousands | words.scales}
