"""Numerals in words of other languages: read as a whole, or not at all."""

from __future__ import annotations

import pytest

from numerate.answers import equal, grade
from numerate.answers.text.chinese_numerals import chinese_integer
from numerate.answers.text.numeral_spellings import LANGUAGES, fold_word, numeral_value, spellings
from numerate.types import Kind, Problem

KINDS: tuple[Kind, ...] = ("number", "math")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("text", "fragments"),
    [
        ("Il coûte cent vingt euros.", "20"),
        ("Cuesta ciento veinte euros.", "20"),
        ("Cuesta mil veinte euros.", "20"),
        ("Custa cento e vinte reais.", "20"),
        ("Осталось сто двадцать яблок.", "20"),
        ("Il coûte deux cents euros.", "2"),
        ("Il reste deux cent trois pommes.", "3"),
        ("Restano due mila euro.", "2"),
        ("Es sind zwei Drittel.", "2"),
        ("Il reste les deux tiers.", "2"),
        ("Quedan dos tercios.", "2"),
        ("Осталось две трети.", "2"),
        ("Es bleiben zwei Komma fünf Liter.", "5 2"),
        ("Il reste deux virgule cinq litres.", "5 2"),
        ("Es ist halb drei.", "3"),
        ("Das sind die drei Freunde.", "3"),
        ("Er hat zwei Brüder und das reicht.", "2"),
        ("Cuesta treinta y cinco mil pesos.", "35 5"),
        ("Осталось пять тысяч.", "5"),
        ("Il coûte moins vingt.", "20"),
        ("Es sind minus zwanzig Grad.", "20"),
        ("Restam vinte e um mil.", "21"),
        ("还剩三分之二。", "2 3"),
        ("还剩十二点五个。", "12"),
        ("负二十三度。", "23"),
        ("还剩三十多个。", "30"),
        ("第二十三天。", "23"),
        ("每人二十个，一共五个人。", "20"),
        ("五十分之三", "50"),
        ("Il coûte au moins vingt euros.", "20 -20"),
        ("Il coûte plus de vingt euros.", "20"),
        ("Es kostet mehr als zwanzig Euro.", "20"),
        ("Cuesta más de veinte euros.", "20"),
        ("Cuesta al menos veinte euros.", "20 -20"),
        ("Es sind zwanzig bis dreißig.", "20 30"),
        ("Il reste vingt ou trente pommes.", "20 30"),
        ("Осталось не менее двадцати.", "20"),
        ("Es sind zwei Millionen.", "2"),
        ("Il y a deux millions d'habitants.", "2"),
        ("Il reste deux douzaines.", "2"),
        ("Quedan dos docenas.", "2"),
        ("Es sind zwei Dutzend.", "2"),
        ("Es sind fünf Viertel.", "5"),
        ("Quedan tres cuartos.", "3"),
        ("Restano tre quarti.", "3"),
        ("Restam dois terços.", "2"),
        ("Осталось три четверти.", "3"),
        ("Il reste deux pommes et demie.", "2"),
        ("Es bleiben zweieinhalb Liter.", "2"),
        ("Custa vinte vírgula cinco reais.", "20 5"),
        ("Restano venti virgola cinque euro.", "20 5"),
        ("La respuesta es veinte y algo.", "20"),
        ("Cuesta dos mil quinientos euros.", "2 500"),
        ("Costa duecentotrenta euro.", "200 30"),
        ("还剩二百多个。", "200"),
        ("还剩几十个。", "10"),
        ("至少二十个。", "20"),
        ("还剩二十个左右。", "20"),
        ("三点五", "3 5"),
        ("Il a deux fois plus de pommes.", "2"),
        ("Er hat zweimal so viele.", "2"),
        ("Anna hat drei Äpfel, Bernd hat fünf.", "3 5"),
        ("Il mange dix pommes sur vingt.", "10 20"),
        ("La réponse est cent vingt.", "20 100"),
        ("La respuesta es ciento veinte.", "20"),
        ("Die Antwort ist zweihundertzwanzig.", "20"),
        ("Ответ: сто двадцать.", "20"),
        ("A resposta é cento e vinte.", "20"),
        ("La risposta è due mila.", "2"),
        ("答案是十二点五。", "12"),
        ("答案是负二十三。", "23"),
        ("Die Antwort ist zwei Drittel.", "2"),
        ("La réponse est deux tiers.", "2"),
        ("La réponse est moins vingt.", "20"),
        ("La réponse est un nombre premier.", "1"),
        ("#### deux cents", "2"),
        ("\\boxed{deux cents}", "2"),
        ("\\boxed{zwei Drittel}", "2"),
        ("\\boxed{cent vingt}", "20 100"),
        ("#### dos o tres", "2 3"),
        ("The answer is due.", "2"),
        ("The answer is once.", "11"),
        ("Es ist die zweite Antwort.", "2"),
        ("Il est le deuxième.", "2"),
        ("Das ist ein Problem.", "1"),
        ("C'est une erreur.", "1"),
        ("Il reste un tiers.", "1"),
        ("Es bleibt ein Drittel.", "1"),
        ("Es bleibt ein halber Liter.", "1"),
        ("Il reste un demi-litre.", "1"),
        ("Quedan veintitantas.", "20"),
        ("Es sind hunderte.", "100"),
        ("Il y a vingt-deuxième.", "20 2"),
        ("还剩二十来个。", "20"),
    ],
)
def test_no_fragment_of_a_numeral_is_paid(text: str, fragments: str, kind: Kind) -> None:
    for fragment in fragments.split():
        assert not grade(text, Problem("x", "", fragment, kind=kind)).correct, fragment


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("Il reste vingt et un euros.", "21"),
        ("Il y en a vingt.", "20"),
        ("Es sind einundzwanzig.", "21"),
        ("Son veintiún euros.", "21"),
        ("Quedan treinta y una manzanas.", "31"),
        ("Осталось двадцать одно яблоко.", "21"),
        ("Осталось две груши.", "2"),
        ("Custa vinte e uma moedas.", "21"),
        ("Restam duas maçãs.", "2"),
        ("Rimane una mela.", "1"),
        ("Es bleibt ein Apfel.", "1"),
        ("Il reste une pomme.", "1"),
        ("Quedan dieciseis.", "16"),
        ("还剩两百个。", "200"),
        ("还剩一百零五个。", "105"),
        ("还剩一百二。", "120"),
        ("一共是三千五百元。", "3500"),
        ("一共是两万元。", "20000"),
        ("Il reste soixante-et-onze euros.", "71"),
        ("Il reste quatre vingt pommes.", "80"),
        ("Il reste quatre-vingts pommes.", "80"),
        ("Il reste vingt deux pommes.", "22"),
        ("Il reste septante-deux pommes.", "72"),
        ("Il coûte cent vingt euros.", "120"),
        ("Cuesta ciento veinte euros.", "120"),
        ("Cuesta mil veinte euros.", "1020"),
        ("Custa cento e vinte reais.", "120"),
        ("Осталось сто двадцать яблок.", "120"),
        ("Il coûte deux cents euros.", "200"),
        ("Restano due mila euro.", "2000"),
        ("Restano duemila euro.", "2000"),
        ("Es bleiben zwei Komma fünf Liter.", "2.5"),
        ("Il reste deux virgule zéro cinq litres.", "2.05"),
        ("Es sind minus zwanzig Grad.", "-20"),
        ("Cuesta treinta y cinco mil pesos.", "35000"),
        ("Осталось пять тысяч.", "5000"),
        ("还剩十二点五个。", "12.5"),
        ("负二十三度。", "-23"),
        ("五十分之三", "3/50"),
        ("还剩三分之二。", "2/3"),
        ("Es kostet zweihundertfünfundvierzig Euro.", "245"),
        ("Es bleiben dreissig Äpfel", "30"),
        ("Il reste vingt-trois pommes.", "23"),
        ("Rimangono ventitré mele.", "23"),
        ("Restam vinte e três maçãs.", "23"),
        ("Quedan veintitrés manzanas.", "23"),
        ("Insgesamt sitzen also zwölf Kinder im Bus", "12"),
        ("Il y a un total de vingt euros.", "20"),
        ("Es sind zwanzig Prozent.", "20%"),
        ("Cela fait vingt pour cent.", "20%"),
        ("所以，班里一共有二十四个学生。", "24"),
    ],
)
def test_the_numeral_of_a_last_sentence_is_read(text: str, reference: str) -> None:
    verdict = grade(text, Problem("x", "", reference, kind="number"))
    assert (verdict.correct, verdict.source) == (True, "last")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("La réponse est vingt-trois.", "23"),
        ("Die Antwort ist zwölf.", "12"),
        ("答案是二十三。", "23"),
        ("Ответ: двадцать три яблока.", "23"),
        ("La respuesta es veintitrés manzanas.", "23"),
        ("#### vingt-trois", "23"),
        ("\\boxed{zwölf}", "12"),
        ("\\boxed{vingt-trois}", "23"),
        ("#### zwölf", "12"),
        ("<answer>veintitrés</answer>", "23"),
        ("**Réponse :** cent vingt euros", "120"),
        ("#### moins vingt", "-20"),
        ("A resposta é duas maçãs.", "2"),
        ("Antwort: eintausendzweihundert", "1200"),
        ("答案是五。", "5"),
        ("Ответ: тысяча двести", "1200"),
        ("La risposta è milleduecento.", "1200"),
        ("La risposta è centotto.", "108"),
        ("Die Antwort ist fünf und zwanzig.", "25"),
    ],
)
def test_a_marked_numeral_is_no_guess(text: str, reference: str, kind: Kind) -> None:
    assert grade(text, Problem("x", "", reference, kind=kind), fallback="none").correct


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_spelling_has_one_value(language: str) -> None:
    values = spellings(language)
    assert set(values.values()) == set(range(1_000))
    compound = LANGUAGES[language].compound
    assert all(
        numeral_value(language, [word] if compound else word.split()) == n for word, n in values.items()
    )


@pytest.mark.parametrize(
    ("language", "words", "value"),
    [
        ("fr", "neuf cent quatre vingt dix neuf mille neuf cent quatre vingt dix neuf", 999_999),
        ("de", "neunhundertneunundneunzigtausendneunhundertneunundneunzig", 999_999),
        ("es", "novecientos noventa nueve mil novecientos noventa nueve", 999_999),
        ("it", "novecentonovantanovemilanovecentonovantanove", 999_999),
        ("pt", "novecentos noventa nove mil novecentos noventa nove", 999_999),
        ("ru", "девятьсот девяносто девять тысяч девятьсот девяносто девять", 999_999),
        ("fr", "mille un", 1_001),
        ("de", "tausendundeins", 1_001),
        ("it", "ventunomila", 21_000),
        ("fr", "vingt cent", None),
        ("de", "zweidrei", None),
        ("es", "veinte treinta", None),
        ("ru", "двадцать двенадцать", None),
    ],
)
def test_numerals_up_to_a_million(language: str, words: str, value: int | None) -> None:
    assert numeral_value(language, [fold_word(word) for word in words.split()]) == value


@pytest.mark.parametrize(
    ("numeral", "value"),
    [
        ("十", 10), ("二十三", 23), ("一百零五", 105), ("一百二", 120), ("一百二十", 120), ("三千五", 3_500),
        ("两万", 20_000), ("一万二", 12_000), ("十二万三千四百五十六", 123_456),
        ("二〇二五", 2025), ("一千零一", 1_001),
        ("三二", None), ("十十", None), ("百", None), ("二十百", None),
    ],
)  # fmt: skip
def test_chinese_numerals(numeral: str, value: int | None) -> None:
    assert chinese_integer(numeral) == value


def test_numerals_are_equal_to_their_digits_and_to_no_others() -> None:
    assert equal("vingt-trois", "23") and equal("\\text{zwölf}", "12") and equal("deux cents", "200")
    assert equal("一百二", "120") and not equal("一百二", "102")
    for numeral, fragment in (("deux cents", "2"), ("cent vingt", "20"), ("zwei Drittel", "2"), ("due", "2")):
        assert not equal(numeral, fragment), numeral
