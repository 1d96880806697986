"""Words that mean something in an answer: units, functions, letters by name, and those that say nothing."""

from __future__ import annotations


def split_names(names: str) -> frozenset[str]:
    """Returns the names in a text, white space between them."""
    return frozenset(names.split())


MULTIPLIERS = {
    "hundred": 100,
    "thousand": 1_000,
    "million": 1_000_000,
    "billion": 1_000_000_000,
    "trillion": 1_000_000_000_000,
}

PERCENT_WORDS = frozenset({"percent", "percents", "percentage", "pct"})

BOUNDING = split_names(
    "least most than fewer less under above below beyond not no never neither nor without except "
    "excluding unless"
)
"""words that make another statement of the number beside them, so that nothing may be read without them"""

SEPARATORS = frozenset({"and", "or"})

# Longer than one letter, and no product of letters that mathematics would write. Any unknown word of four
# letters or more counts as a unit as well; this list is for the short ones.
UNITS = split_names(
    "cm mm km ft yd mi in inch kg mg gm lb lbs oz ml hr hrs min mins sec secs ms day days year yr "
    "yrs week hour usd eur gbp jpy inr cad aud chf cny deg rad sq cu mph kph pm am "
    "men cup cups car cars box boxes bag bags "
    "egg eggs cent cents way ways unit units foot feet mile miles ton tons gal gallon meter "
    "meters metre metres dollar dollars degree degrees minute minutes second seconds month months "
    "old per square cubic hz kw kwh mol atm pa kpa"
)

# One letter: read as a unit only behind a number and a space, at the end of the answer.
LETTER_UNITS = frozenset(["m", "s", "g", "h", "L", "l", "J", "N", "W", "V", "K", "A", "C"])

OPERATIONS = split_names(
    "star oplus otimes ominus odot diamond Diamond bullet bigstar square Box boxplus boxtimes boxdot lozenge "
    "blacksquare clubsuit spadesuit heartsuit diamondsuit nabla sharp dagger ddagger circledast"
)
"""signs that problems define as operations, by their commands"""

OTHER_NAMES = {
    "tg": "tan", "ctg": "cot", "cotg": "cot", "cosec": "csc", "arctg": "arctan", "arcctg": "arccot",
    "arsinh": "asinh", "arcosh": "acosh", "artanh": "atanh", "arcsinh": "asinh", "arccosh": "acosh",
    "arctanh": "atanh",
}  # fmt: skip
"""of functions, in other countries and fields"""
FUNCTIONS = split_names(
    "sqrt sin cos tan cot sec csc arcsin arccos arctan asin acos atan sinh cosh tanh log ln lg "
    "exp abs cis floor ceil min max gcd lcm asinh acosh atanh arccot"
) | frozenset(OTHER_NAMES)

NAMES = split_names(
    "pi alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi rho sigma tau "
    "phi chi psi omega infty infinity inf"
)

NO_ANSWER = split_names("nan none null n/a na unknown idk - ? {} []") | {"", "i don't know", "i do not know"}
