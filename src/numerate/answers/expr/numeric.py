"""Values of expressions that no exact arithmetic here can give: roots, pi, functions, letters in exponents.

Evaluated in doubles at fixed random points first, which refuses nearly everything that differs, then with
50 digits. Nothing here is a proof; two different expressions would have to agree to 30 digits at every point.
"""

from __future__ import annotations

import cmath
import math
import threading
from collections.abc import Callable
from importlib import import_module
from typing import Any

from numerate.answers.budget import BudgetExceeded, spend_steps
from numerate.answers.expr.exact import exact_determinant, function_application, random_point
from numerate.answers.expr.tree import INFINITY, Node, Undecided, free_symbols

_SCALES = (1, 1, 1, 1, 1, 1, 8, 70, -1, -1)
_SIGNED = (8, 9)
"""points where letters are negative, all or some. Only what stays real on its way counts there: the root of
x^2 is not x, and the logarithm of x^2 is still twice that of x"""
_FAR = (6, 7)
"""points where letters are large"""
POINTS = len(_SCALES)
_LOCAL = threading.local()


class Doubles:
    """Arithmetic in complex doubles."""

    steps = 1
    """of a node"""
    pi: Any = math.pi
    e: Any = math.e
    i: Any = 1j
    functions: Any = cmath

    def number(self, top: int, bottom: int) -> Any:
        return complex(top / bottom)


class Digits:
    """Arithmetic with 50 decimal digits, in a context of this thread's own (mpmath's global one is
    shared)."""

    steps = 15

    def __init__(self) -> None:
        context: Any = import_module("mpmath").MPContext()
        context.dps = 50
        self.functions: Any = context
        self.pi: Any = context.mpc(context.pi)
        self.e: Any = context.mpc(context.e)
        self.i: Any = context.mpc(0, 1)

    def number(self, top: int, bottom: int) -> Any:
        top = self.functions.mpc(top)
        return top if bottom == 1 else top / bottom


def _digits() -> Digits:
    if not hasattr(_LOCAL, "digits"):
        _LOCAL.digits = Digits()
    return _LOCAL.digits


Arithmetic = Doubles | Digits
_DOUBLES = Doubles()


def agree_numerically(left: Node, right: Node) -> bool:
    """Checks whether both expressions agree wherever they can be compared. Raises Undecided when they
    can't be."""
    letters = bool(free_symbols(left) | free_symbols(right))
    samples = range(POINTS if letters else 1)
    pairs = {k: pair for k in samples if (pair := _at(left, right, k)) is not None}
    if len(pairs) < (2 if letters else 1):
        raise Undecided("too few points where both have a value")
    real = [k for k, (a, b) in pairs.items() if _is_real(a) and _is_real(b)]
    chosen = real if len(real) >= 2 else list(pairs)
    if not all(_close(*pairs[k], 1e-8, 1e-11) for k in chosen):
        return False
    precise = [_precisely(left, right, k) for k in chosen[:2]]
    return all(_close(a, b, 1e-30, _noise(a, b)) for a, b in precise)


def _noise(a: Any, b: Any) -> float:
    """Returns how much may be left of a difference that is 0. Far below the 50th digit nothing is left over:
    e^-1000 is no e^-2000."""
    return 1e-40 if max(abs(a), abs(b)) > 1e-70 or a == b else 0.0


def approximate_value(node: Node) -> float:
    """Returns the value of a constant real expression in double precision. Raises Undecided when there is
    none."""
    value = _value(node, _DOUBLES, 0)
    if value is None or not _is_real(value):
        raise Undecided("not a real number")
    return value.real


def extended_value(node: Node) -> float:
    """Returns the value of a constant real expression or of an infinity. Raises Undecided when there is
    none."""
    if node == INFINITY:
        return math.inf
    if node.kind == "neg" and node.args[0] == INFINITY:
        return -math.inf
    return approximate_value(node)


def same_sign(left: Node, right: Node) -> bool:
    """Checks whether two proportional expressions have the same sign, seen at one point."""
    pair = _at(left, right, 0)
    return pair is not None and pair[0].real * pair[1].real > 0


def _at(left: Node, right: Node, sample: int) -> tuple[complex, complex] | None:
    a, b = _value(left, _DOUBLES, sample), _value(right, _DOUBLES, sample)
    return None if a is None or b is None else (a, b)


def _value(node: Node, arithmetic: Arithmetic, sample: int) -> complex | None:
    try:
        value = evaluate_at(node, arithmetic, sample)
        return value if cmath.isfinite(value) else None
    except (Undecided, BudgetExceeded):
        raise
    except (ArithmeticError, ValueError):  # poles, overflow
        return None


def _precisely(left: Node, right: Node, sample: int) -> tuple[Any, Any]:
    digits = _digits()
    try:
        return evaluate_at(left, digits, sample), evaluate_at(right, digits, sample)
    except (Undecided, BudgetExceeded):
        raise
    except (ArithmeticError, ValueError) as error:
        raise Undecided(str(error)) from error


def _is_real(value: complex) -> bool:
    return abs(value.imag) <= 1e-12 * abs(value.real)


def _close(a: Any, b: Any, relative: float, absolute: float) -> bool:
    return bool(abs(a - b) <= relative * (abs(a) + abs(b)) + absolute)


def evaluate_at(node: Node, on: Arithmetic, sample: int) -> Any:
    """Returns the value at one of the fixed points, in the given arithmetic."""
    spend_steps(on.steps)
    rule = _RULES.get(node.kind)
    if rule is None:
        raise Undecided(node.kind)
    value = rule(node, on, sample)
    if sample in _SIGNED and value.imag != 0:
        raise ZeroDivisionError("not real here")
    return value


def _number(node: Node, on: Arithmetic, sample: int) -> Any:
    value = node.value if node.kind == "num" else node.value[0]
    return on.number(value.numerator, value.denominator)


def _letter(node: Node, on: Arithmetic, sample: int) -> Any:
    if node.value in ("pi", "e", "i"):
        return getattr(on, node.value)
    if node.value == "infinity":
        raise Undecided("infinite")
    quarters = (random_point(node.value, sample + 7) >> 12) + 2**48  # of 2^50: between 0.25 and 4.25
    sign = -1 if sample == _SIGNED[1] and random_point(node.value, 5) & 1 else 1
    return on.number(sign * _SCALES[sample] * quarters, 2**50)


def _sum(node: Node, on: Arithmetic, sample: int) -> Any:
    terms: list[Any] = [evaluate_at(arg, on, sample) for arg in node.args]
    total = sum(terms, start=on.number(0, 1))
    if sample in _FAR and (size := max(abs(term) for term in terms)) > 1e12 and abs(total) < 1e-6 * size:
        raise ZeroDivisionError("nothing left of the digits")  # cosh^2 x - sinh^2 x where both are huge
    return total


def _product(node: Node, on: Arithmetic, sample: int) -> Any:
    total = on.number(1, 1)
    for arg in node.args:
        total = total * evaluate_at(arg, on, sample)
    return total


def _power(node: Node, on: Arithmetic, sample: int) -> Any:
    base, exponent = (evaluate_at(arg, on, sample) for arg in node.args)
    return _raise(base, exponent, on)


def _raise(base: Any, exponent: Any, on: Arithmetic) -> Any:
    if base == 0:
        if exponent.real < 0 or exponent.imag:
            raise ZeroDivisionError
        return on.number(int(exponent == 0), 1)
    if exponent.imag == 0 and abs(exponent.real) < 2**16 and exponent.real == int(exponent.real):
        return base ** int(exponent.real)
    return on.functions.exp(exponent * on.functions.log(base))


def _function(node: Node, on: Arithmetic, sample: int) -> Any:
    rule = _FUNCTIONS.get(node.value)
    if rule is None:
        raise Undecided(node.value)
    return rule(on, *(evaluate_at(arg, on, sample) for arg in node.args))


def _root(on: Arithmetic, value: Any, degree: Any) -> Any:
    """Returns the real root of a negative number where the degree is odd, else the principal root."""
    if value.imag == 0 and value.real < 0 and degree.imag == 0 and degree.real % 2 == 1:
        return -_root(on, -value, degree)
    return on.functions.sqrt(value) if degree == 2 else _raise(value, 1 / degree, on)


def _log(on: Arithmetic, value: Any, base: Any = None) -> Any:
    f = on.functions
    return f.log(value) / f.log(on.number(10, 1) if base is None else base)


def _whole(name: str) -> Callable[..., Any]:
    """Returns floor or ceiling; in 50 digits by the context's own, since that of `math` goes through a
    double."""

    def rule(on: Arithmetic, value: Any) -> Any:
        if value.imag != 0 or abs(value.real) > 2**60:
            raise Undecided("not a real number")
        of = getattr(math if isinstance(on, Doubles) else on.functions, name)
        return on.number(int(of(value.real)), 1)

    return rule


def _factorial(on: Arithmetic, value: Any) -> Any:
    """Returns Gamma(n + 1), for letters that stand for whole numbers."""
    if value.imag != 0 or not 0 <= value.real < 150:
        raise ZeroDivisionError("no factorial")
    gamma = math.gamma if isinstance(on, Doubles) else on.functions.gamma
    return on.number(0, 1) + gamma(value.real + 1)


def _binomial(on: Arithmetic, n: Any, k: Any) -> Any:
    """Computes it by the gamma function, for letters that stand for whole numbers."""
    f = on.functions
    if n.imag != 0 or k.imag != 0 or abs(n.real) > 150 or abs(k.real) > 150:
        raise ZeroDivisionError("no binomial")
    gamma = math.gamma if isinstance(on, Doubles) else f.gamma
    if (n - k).imag == 0 and (n - k).real < 0 and (n - k).real == int((n - k).real):
        return on.number(0, 1)
    return on.number(1, 1) * gamma(n.real + 1) / gamma(k.real + 1) / gamma((n - k).real + 1)


def _cis(on: Arithmetic, angle: Any) -> Any:
    return on.functions.exp(on.i * angle)


def _determinant(on: Arithmetic, *entries: Any) -> Any:
    return exact_determinant(entries)


def _function_by_name(name: str) -> Callable[..., Any]:
    def rule(on: Arithmetic, value: Any) -> Any:
        return getattr(on.functions, name)(value)

    return rule


def _reciprocal(name: str) -> Callable[..., Any]:
    def rule(on: Arithmetic, value: Any) -> Any:
        return 1 / getattr(on.functions, name)(value)

    return rule


def _extreme(of: Callable[..., Any]) -> Callable[..., Any]:
    def rule(on: Arithmetic, *values: Any) -> Any:
        if any(value.imag != 0 for value in values):
            raise ZeroDivisionError("complex numbers have no order")
        return on.number(0, 1) + of(value.real for value in values)

    return rule


def _size(on: Arithmetic, value: Any) -> Any:
    return on.number(0, 1) + abs(value)


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: _function_by_name(name) for name in ("exp", "sin", "cos", "tan", "sinh", "cosh", "tanh")},
    **{f"a{name}": _function_by_name(f"a{name}") for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
    **{f"arc{name}": _function_by_name(f"a{name}") for name in ("sin", "cos", "tan")},
    "sec": _reciprocal("cos"),
    "csc": _reciprocal("sin"),
    "cot": _reciprocal("tan"),
    "max": _extreme(max),
    "min": _extreme(min),
    "ln": _function_by_name("log"),
    "log": _log,
    "lg": _log,
    "root": _root,
    "abs": _size,
    "factorial": _factorial,
    "binomial": _binomial,
    "cis": _cis,
    "det": _determinant,
    "floor": _whole("floor"),
    "ceil": _whole("ceil"),
}

_RULES: dict[str, Callable[[Node, Arithmetic, int], Any]] = {
    "num": _number,
    "float": _number,
    "sym": _letter,
    "constant": lambda node, on, sample: node.value,
    "call": lambda node, on, sample: evaluate_at(function_application(node), on, sample),
    "add": _sum,
    "mul": _product,
    "div": lambda node, on, sample: (
        evaluate_at(node.args[0], on, sample) / evaluate_at(node.args[1], on, sample)
    ),
    "neg": lambda node, on, sample: -evaluate_at(node.args[0], on, sample),
    "pow": _power,
    "percent": lambda node, on, sample: evaluate_at(node.args[0], on, sample) / 100,
    "fn": _function,
}
