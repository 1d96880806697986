"""Answers that take long to compare: many members, matrices, determinants, series, long numbers."""

from __future__ import annotations

import random
from collections.abc import Callable


def _letters(r: random.Random) -> str:
    return r.choice("abcnxyz")


_IRRATIONAL = (
    r"\sqrt{@}",
    r"@\sqrt{#}",
    r"\frac{@+\sqrt{#}}{#}",
    r"@^{1/#}",
    r"\sin @",
    r"e^{@}",
    r"\ln #",
    r"\sqrt{@+\sqrt{#}}",
    r"@\pi",
    r"\arctan @",
    r"@^{\pi}",
)


def _irrational(r: random.Random) -> str:
    form = r.choice(_IRRATIONAL)
    return form.replace("@", str(r.randint(1, 99))).replace("#", str(r.randint(2, 99)))


def _members(r: random.Random, many: int) -> str:
    listed = ", ".join(_irrational(r) for _ in range(many))
    return r.choice(("{}", "({})", "\\{{{}\\}}", "[{}]")).format(listed)


def _sum(r: random.Random, many: int) -> str:
    return r.choice(("+", "-", "*", "\\cdot ")).join(_irrational(r) for _ in range(10 * many))


def _shuffled(r: random.Random, many: int) -> str:
    """The same members in any order, so that every one is compared with many."""
    members = [f"\\sqrt{{{k}}}+\\sqrt{{{k + 1}}}" for k in range(2, many + 2)]
    r.shuffle(members)
    return ", ".join(members)


def _matrix(r: random.Random, many: int) -> str:
    size = r.randint(2, 7)
    kind = r.choice(("pmatrix", "vmatrix", "bmatrix"))
    entry = r.choice((_letters, _irrational, _long, lambda r: str(r.randint(-9, 9))))
    rows = "\\\\".join("&".join(entry(r) for _ in range(size)) for _ in range(size))
    return f"\\begin{{{kind}}}{rows}\\end{{{kind}}}"


def _series(r: random.Random, many: int) -> str:
    term = r.choice(("k", "k^2", "\\frac{1}{k}", "\\sqrt{k}", "\\sin k", "\\binom{n}{k}", "k!", "x^k", "a_k"))
    inner = r.choice(
        ("", "", "\\sum_{i=1}^{k} i", "\\sum_{j=1}^{20}\\sum_{i=1}^{20} ij", "\\prod_{j=1}^{k}j")
    )
    last = r.choice(("n", "n^2", "10", "50", "200", "10^6", "n+m", "\\infty"))
    return f"\\sum_{{k={r.choice(('0', '1', 'm'))}}}^{{{last}}} {term}{inner}" + r.choice(
        ("", "+1", f"+{many}x")
    )


def _long(r: random.Random, many: int = 40) -> str:
    digits = "".join(r.choices("0123456789", k=r.choice((14, 16, 40, 30 * many))))
    number = str(r.randint(2, 2_500))
    return r.choice(
        (
            digits,
            f"0.{digits}",
            f"{digits[:1]}.{digits[1:17]}e{r.choice('+-')}{r.randint(0, 400)}",
            f"1/{digits}",
            f"{digits[:3]}^{{{number}}}",
            f"{number}!",
            f"\\binom{{{number}}}{{{many}}}",
            f"\\sqrt[{r.randint(2, 70)}]{{{digits}}}",
            f"\\lcm({','.join(f'{k + 2}^{{{k * 37}}}' for k in range(1, many))})",
            f"\\log_{{{digits[:6]}}} {digits}",
            f"{digits[:5]}e{number}",
        )
    )


def _tower(r: random.Random, many: int) -> str:
    base = r.choice(("x", "2", "e", "n", "10", "\\pi", "(x+y)", "9.5"))
    power = "".join(
        f"^{{{r.choice(('x', '2', 'n', '9', '-1', '1/2', '10^4'))}" for _ in range(r.randint(1, 6))
    )
    return base + power + "}" * power.count("{")


def _polynomial(r: random.Random, many: int) -> str:
    return "+".join(f"{r.randint(1, 99)}{_letters(r)}^{{{r.randint(0, 999)}}}" for _ in range(5 * many))


_FUNCTIONS = (
    "sin", "cos", "tan", "exp", "ln", "log", "sqrt", "gamma", "floor", "abs", "cosh", "arctan", "max",
    "min", "det",
)  # fmt: skip


def _functions(r: random.Random, many: int) -> str:
    inner = _letters(r)
    for _ in range(r.randint(1, 12)):
        inner = f"\\{r.choice(_FUNCTIONS)}({inner}{r.choice(('', '+1', '^2', ',2', '!', '*10^9', '/x'))})"
    return inner


def _equation(r: random.Random, many: int) -> str:
    sides = [_polynomial(r, r.randint(1, 9)) for _ in range(r.choice((2, 2, 3, 5)))]
    return r.choice(("=", "<", "\\le ", ">")).join(sides)


def _intervals(r: random.Random, many: int) -> str:
    ends = [(r.choice("(["), _irrational(r), _irrational(r), r.choice(")]")) for _ in range(many)]
    return r.choice(("\\cup ", "\\cap ", ", ")).join(f"{a}{b},{c}{d}" for a, b, c, d in ends)


def _pieces(r: random.Random, many: int) -> str:
    conditions = (f"{_letters(r)} {r.choice('<>=')} {_irrational(r)}" for _ in range(many % 14))
    rows = "\\\\".join(f"{_tower(r, 1)} & {condition}" for condition in conditions)
    return f"\\begin{{cases}}{rows}\\end{{cases}}"


def _signs(r: random.Random, many: int) -> str:
    return "".join(r.choice(("\\pm ", "\\mp ", "+", "-")) + _irrational(r) for _ in range(r.randint(1, 12)))


COSTLY: tuple[Callable[[random.Random, int], str], ...] = (
    _members, _sum, _shuffled, _matrix, _series, _long, _tower, _polynomial, _functions, _equation, 
    _intervals, _pieces, _signs,
)  # fmt: skip
