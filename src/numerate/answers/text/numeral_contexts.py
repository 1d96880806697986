"""Words around a numeral of another language that tell whether it is a value of its own."""

from __future__ import annotations

from typing import NamedTuple

from numerate.answers.text.vocabulary import split_names


class Context(NamedTuple):
    """Words around a numeral in one language."""

    signs: frozenset[str]
    """of the language itself"""
    minus: str
    decimal: frozenset[str]
    before: frozenset[str]
    """in front of a numeral that is no answer: articles, prepositions, bounds"""
    behind: frozenset[str]
    """behind one that is only a part of a value, or somewhere behind it where a sentence goes on"""
    remains: frozenset[str]
    """in front of an article that is a numeral: `il reste une pomme`"""


OF = frozenset({"de", "di", "of", "von"})
TOTALS = split_names(
    "total totale totaux somme suma somma soma prix precio prezzo preco cout costo custo resultado resultat"
    " risultato es son e sono est sont sao"
)
"""words before `de` that make what stands behind it the value: `un total de vingt`"""
CONTEXTS = {
    "fr": Context(
        split_names(
            "le la les des du il elle ils elles est sont reste restent coute donc au aux prix reponse en"
            " tout font fait"
        ),
        "moins",
        split_names("virgule"),
        split_names(
            "les l des ces ses mes tes nos vos leurs aux chaque par sur dans contre parmi entre numero plus"
            " demi fois de d apres avant pendant depuis que quelque jusque à ou moins"
        ),
        split_names(
            "tiers quart quarts demi demie fois douzaine douzaines dizaine dizaines centaine centaines"
            " millier milliers ou et mais que qui quand plus moins virgule à par sur"
        ),
        split_names("reste restent coute qu"),
    ),
    "de": Context(
        split_names(
            "der die das es sind ist hat haben bleiben bleibt also insgesamt er sie kostet antwort lautet"
            " noch den im"
        ),
        "minus",
        split_names("komma"),
        split_names(
            "die der das den dem des diese diesen dieser alle allen beide seine ihre meine deine unsere je"
            " pro von aus nach in mit fur um bis ab seit vor uber unter als mindestens hochstens wenigstens"
            " maximal halb viertel anderthalb nummer an auf gegen zu plus mal minus jede jeder oder"
        ),
        split_names(
            "halb halbe halben halber halbes mal dutzend oder bis komma mehr weniger und aber weil dass wenn"
            " wobei prozentpunkte von als plus minus pro je"
        ),
        split_names("bleibt kostet noch nur"),
    ),
    "es": Context(
        split_names(
            "el la los las queda quedan hay son es de tiene tienen cuesta total respuesta en por tanto ella"
        ),
        "menos",
        split_names("coma punto"),
        split_names(
            "los las el la sus mis tus estos estas cada por de del en con para a al entre sobre tras hasta"
            " desde que menos mas numero medio media o"
        ),
        split_names(
            "tercio tercios cuarto cuartos quinto quintos sexto sextos septimo octavo octavos decimo decimos"
            " medio media medios medias avos veces docena docenas decena decenas o y pero que cuando a punto"
            " coma mas menos por cada"
        ),
        split_names("queda cuesta solo"),
    ),
    "it": Context(
        split_names(
            "il lo la i gli le restano resta rimangono ci sono e ha hanno costa risposta di in tutto quindi"
            " rimane"
        ),
        "meno",
        split_names("virgola"),
        split_names(
            "i gli le il lo la questi queste suoi sue ogni per di da in con su tra fra a al piu meno che"
            " numero mezzo mezza o"
        ),
        split_names(
            "terzo terzi quarto quarti quinto quinti sesto sesti ottavo ottavi decimo decimi mezzo mezza"
            " volte dozzina dozzine decina decine centinaia migliaia o e ma che quando a virgola piu meno"
            " per ogni"
        ),
        split_names("rimane resta costa solo"),
    ),
    "pt": Context(
        split_names(
            "o a os as resta restam sobra sobram ha sao e tem custa resposta de no total portanto ele ela"
            " ficam fica"
        ),
        "menos",
        split_names("virgula ponto"),
        split_names(
            "os as o a seus suas estes estas cada por de do da em com para ate entre sobre que menos mais"
            " numero meio meia ou"
        ),
        split_names(
            "terco tercos quarto quartos quinto quintos sexto sextos oitavo oitavos decimo decimos meio meia"
            " vezes duzia duzias dezena dezenas ou e mas que quando a virgula ponto mais menos por cada avos"
        ),
        split_names("resta sobra custa so fica"),
    ),
    "ru": Context(
        split_names(
            "осталось осталась остался осталось у в и это стоит ответ всего итак остается получается равен"
            " равна равно она он было"
        ),
        "минус",
        frozenset(),
        split_names(
            "эти все по в на за из с от до через после свыше более менее больше меньше не каждые номер чем"
            " при без минимум максимум плюс минус или около"
        ),
        split_names(
            "треть трети четверть четверти половина половиной пятых десятых десятая десятые сотых целых"
            " целая раз раза дюжина дюжины дюжин десятка десятков сотни сотен или и но что когда до больше"
            " меньше плюс минус"
        ),
        split_names("осталось осталась остался стоит только"),
    ),
}  # fmt: skip
