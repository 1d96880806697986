"""Choosing the numbers of a relation so that its results are whole, positive and of the wanted size."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from numerate.problems.stories.stream import Stream

WORDS = {
    (1, 2): "half",
    (1, 3): "a third",
    (1, 4): "a quarter",
    (1, 5): "a fifth",
    (1, 6): "a sixth",
    (1, 8): "an eighth",
    (1, 10): "a tenth",
    (2, 3): "two thirds",
    (3, 4): "three quarters",
    (2, 5): "two fifths",
    (3, 5): "three fifths",
}
PERCENTS = (10, 20, 25, 30, 40, 50, 60, 70, 75, 80, 90, 5, 15, 35)


@dataclass(frozen=True, slots=True)
class Size:
    """The size of the numbers of a story; `magnitude` is 1, 2 or 3."""

    magnitude: int

    @property
    def base(self) -> int:
        """Returns the largest initial number."""
        return (20, 50, 240)[self.magnitude - 1]

    @property
    def limit(self) -> int:
        """Returns the largest result."""
        return (150, 999, 9999)[self.magnitude - 1]

    @property
    def factor(self) -> int:
        """Returns the largest multiplier."""
        return (5, 9, 15)[self.magnitude - 1]


@dataclass(frozen=True, slots=True)
class Drawn:
    """Values of the letters n, m, k; the fraction F, if any, as (a, b)."""

    values: dict[str, Fraction] = field(default_factory=dict[str, Fraction])
    fraction: tuple[int, int] | None = None


def _n(*numbers: int | Fraction) -> Drawn:
    return Drawn({letter: Fraction(number) for letter, number in zip("nmk", numbers, strict=False)})


def start(s: Stream, size: Size) -> int:
    """Samples the initial number: small and round ones more often."""
    shape = s.below(10)
    if shape < 4:
        return s.between(3, size.base // 2)
    if shape < 7:
        return s.between(3, size.base)
    step = s.pick((4, 5, 6, 10, 12))
    return step * s.between(1, max(2, size.base // step))


def price(s: Stream, size: Size, high: int = 9) -> Fraction:
    """Samples a price in dollars, sometimes with 50 or 25 cents."""
    whole = Fraction(s.between(2, high + (6 if size.magnitude == 3 else 0)))
    if size.magnitude > 1 and s.chance(0.12):
        return whole - s.pick((Fraction(1, 2), Fraction(1, 2), Fraction(1, 4)))
    return whole


def nothing(s: Stream, size: Size, p: Fraction, q: Fraction) -> Drawn | None:
    return Drawn()


def first(s: Stream, size: Size, p: Fraction, q: Fraction) -> Drawn | None:
    return _n(start(s, size))


def less(s: Stream, size: Size, p: Fraction, q: Fraction) -> Drawn | None:
    """Samples n clearly below p."""
    top = int(p) - 2
    if top < 2:
        return None
    return _n(s.between(2, max(2, top * 2 // 3) if s.chance(0.8) else top))


def more(s: Stream, size: Size, p: Fraction, q: Fraction) -> Drawn | None:
    high = min(size.base, max(6, int(p)))
    return _n(s.between(2, high))


def times(s: Stream, size: Size, p: Fraction, q: Fraction) -> Drawn | None:
    """Samples n with p*n within the limit, and not both of two digits unless numbers are large."""
    room = int(size.limit // p)
    high = min(size.factor, room)
    if high < 2 or (p >= 100 and size.magnitude < 3 and high > 5):
        high = min(high, 5)
    return _n(s.between(2, high)) if high >= 2 else None


def priced(s: Stream, size: Size, p: Fraction, q: Fraction) -> Drawn | None:
    n = price(s, size)
    return _n(n) if p * n <= size.limit else None


def divisor(s: Stream, size: Size, p: Fraction, q: Fraction) -> Drawn | None:
    if p.denominator != 1:
        return None
    whole = p.numerator
    divisors = [d for d in range(2, 13) if whole % d == 0 and whole // d >= 2]
    return _n(s.pick(divisors)) if divisors else None


def small_divisor(s: Stream, size: Size, p: Fraction, q: Fraction) -> Drawn | None:
    """Samples a divisor for amounts of money, so that cents are whole."""
    divisors = [d for d in range(2, 9) if (p / d * 100).denominator == 1 and (p / d).denominator <= 2]
    divisors = [d for d in divisors if p / d >= 2]
    return _n(s.pick(divisors)) if divisors else None


def ratio(s: Stream, size: Size, p: Fraction, q: Fraction) -> Drawn | None:
    """Samples n such that p is a multiple of n."""
    divisors = [d for d in range(2, 8) if p % d == 0 and p / d >= 2]
    return _n(s.pick(divisors)) if divisors else None


def fraction(s: Stream, size: Size, p: Fraction, q: Fraction) -> Drawn | None:
    fractions = [f for f in WORDS if p % f[1] == 0 and 2 <= p * f[0] / f[1] <= p - 2]
    return Drawn(fraction=s.pick(fractions)) if fractions else None


def halves(s: Stream, size: Size, p: Fraction, q: Fraction) -> Drawn | None:
    return Drawn() if p % 2 == 0 and p >= 4 else None


def part(s: Stream, size: Size, p: Fraction, q: Fraction) -> Drawn | None:
    """Samples a fraction other than a half."""
    got = fraction(s, size, p, q)
    return None if got is None or got.fraction == (1, 2) else got


def percent(s: Stream, size: Size, p: Fraction, q: Fraction) -> Drawn | None:
    percents = [n for n in PERCENTS if p * n % 100 == 0 and 2 <= p * n / 100 <= p - 2]
    return _n(s.pick(percents)) if percents else None


def more_percent(s: Stream, size: Size, p: Fraction, q: Fraction) -> Drawn | None:
    percents = [n for n in (10, 20, 25, 50, 75) if p * n % 100 == 0 and p * n / 100 >= 2]
    return _n(s.pick(percents)) if percents else None


def goal(s: Stream, size: Size, p: Fraction, q: Fraction) -> Drawn | None:
    """Samples n above p, round or not."""
    if s.chance(0.5):
        n = (int(p) // 10 + s.between(1, 4)) * 10
    else:
        n = int(p) + s.between(2, max(4, min(size.base, int(p))))
    return _n(n) if p + 2 <= n <= size.limit + 20 else None


def bill(s: Stream, size: Size, p: Fraction, q: Fraction) -> Drawn | None:
    """Returns a sum that one pays with: a round one above p."""
    sums = [n for n in (10, 20, 50, 60, 80, 100, 150, 200, 500, 1000) if p + 1 <= n <= 3 * p + 10]
    return _n(s.pick(sums[:3])) if sums else None


def product(s: Stream, size: Size, p: Fraction, q: Fraction) -> Drawn | None:
    """Samples n groups of m."""
    high = 12 if size.magnitude == 1 else 25 if size.magnitude == 2 else 60
    n, m = s.between(2, size.factor), s.between(2, high if s.chance(0.4) else 12)
    return _n(n, m) if n != m else None


def more_than_times(s: Stream, size: Size, p: Fraction, q: Fraction) -> Drawn | None:
    """Samples f and m: f is n times p; m more or fewer than that."""
    got = times(s, size, p, q)
    if got is None or got.values["n"] > 5:
        return None
    n = got.values["n"]
    return _n(n, s.between(2, max(2, min(15, int(p) - 2)))) if p * n + 15 <= size.limit else None


def shift_half(s: Stream, size: Size, p: Fraction, q: Fraction) -> Drawn | None:
    """Samples f and n: f is a unit fraction of p; n more than that."""
    fractions = [f for f in ((1, 2), (1, 2), (1, 3), (1, 4)) if p % f[1] == 0 and p / f[1] >= 4]
    if not fractions:
        return None
    f = s.pick(fractions)
    return Drawn({"n": Fraction(s.between(2, min(12, int(p / f[1]) - 2)))}, f)


def purchase(s: Stream, size: Size, p: Fraction, q: Fraction) -> Drawn | None:
    """Samples n things at m dollars that together stay below p."""
    n, m = Fraction(s.between(2, 6)), price(s, size, 12)
    return _n(n, m) if n * m + 2 <= p else None


def surcharge(s: Stream, size: Size, p: Fraction, q: Fraction) -> Drawn | None:
    return _n(s.between(2, 12 if size.magnitude < 3 else 30))


def boxes_kept(s: Stream, size: Size, p: Fraction, q: Fraction) -> Drawn | None:
    """Samples n boxes of m that fit into p and leave at least 2."""
    n, m = s.between(2, 8), s.between(2, 12)
    return _n(n, m) if n != m and n * m + 2 <= p else None


def two_prices(s: Stream, size: Size, p: Fraction, q: Fraction) -> Drawn | None:
    """Samples n of p at m dollars, the rest at k."""
    if p < 6:
        return None
    n = Fraction(s.between(2, int(p) - 2))
    m, k = price(s, size), price(s, size)
    return _n(n, m, k) if m != k and p * max(m, k) <= size.limit else None


def sixty(s: Stream, size: Size, p: Fraction, q: Fraction) -> Drawn | None:
    """Checks that p minutes are whole or half hours."""
    return Drawn() if p % 30 == 0 and p >= 90 else None


def sevens(s: Stream, size: Size, p: Fraction, q: Fraction) -> Drawn | None:
    return Drawn() if p % 7 == 0 and p >= 14 else None


def twelves(s: Stream, size: Size, p: Fraction, q: Fraction) -> Drawn | None:
    return Drawn() if p % 12 == 0 and p >= 24 else None


def few(s: Stream, size: Size, p: Fraction, q: Fraction) -> Drawn | None:
    """Checks that p is small enough for a conversion such as dollars to cents."""
    return Drawn() if 2 <= p <= (20 if size.magnitude < 3 else 90) else None


def part_of_total(s: Stream, size: Size, p: Fraction, q: Fraction) -> Drawn | None:
    """Samples n = p + something, as a total that p is a part of."""
    return _n(int(p) + start(s, size))


def few_units(s: Stream, size: Size, p: Fraction, q: Fraction) -> Drawn | None:
    return _n(s.between(2, size.factor))


def some_of(s: Stream, size: Size, p: Fraction, q: Fraction) -> Drawn | None:
    """Samples n of q boxes."""
    return _n(s.between(2, int(q) - 1)) if q >= 4 else None


def distinct(s: Stream, size: Size, p: Fraction, q: Fraction) -> Drawn | None:
    return Drawn() if p >= q + 2 else None


def even_sum(s: Stream, size: Size, p: Fraction, q: Fraction) -> Drawn | None:
    return Drawn() if (p + q) % 2 == 0 and p != q else None


def multiple(s: Stream, size: Size, p: Fraction, q: Fraction) -> Drawn | None:
    return Drawn() if q >= 2 and p % q == 0 and p > q else None


def basket(s: Stream, size: Size, p: Fraction, q: Fraction) -> Drawn | None:
    """Samples n things at m dollars each."""
    n, m = Fraction(s.between(2, size.factor + 1)), price(s, size, 9 if size.magnitude == 1 else 12)
    return _n(n, m) if n != m else None


def dearer(s: Stream, size: Size, p: Fraction, q: Fraction) -> Drawn | None:
    n, m = s.between(2, 6), s.between(2, size.factor)
    return _n(n, m) if n != m else None


def cheaper(s: Stream, size: Size, p: Fraction, q: Fraction) -> Drawn | None:
    n, m = s.between(2, 6), s.between(2, size.factor)
    return _n(n, m) if n != m and p - n >= 2 else None


def price_times(s: Stream, size: Size, p: Fraction, q: Fraction) -> Drawn | None:
    n, m = s.between(2, 4), s.between(2, 6)
    return _n(n, m) if n != m else None


def one_price(s: Stream, size: Size, p: Fraction, q: Fraction) -> Drawn | None:
    return _n(price(s, size))


def few_days(s: Stream, size: Size, p: Fraction, q: Fraction) -> Drawn | None:
    high = min(7, int(size.limit // p))
    return _n(s.between(2, high)) if high >= 2 else None


def hours(s: Stream, size: Size, p: Fraction, q: Fraction) -> Drawn | None:
    return _n(s.between(2, 4))


def pace(s: Stream, size: Size, p: Fraction, q: Fraction) -> Drawn | None:
    """Samples m a day for n weeks."""
    n, m = s.between(2, 4), s.between(2, 10)
    return _n(n, m) if n != m else None


def tax(s: Stream, size: Size, p: Fraction, q: Fraction) -> Drawn | None:
    percents = [n for n in (5, 10, 20, 25) if (p * n / 100 * 2).denominator == 1 and p * n / 100 >= 2]
    return _n(s.pick(percents)) if percents else None


def speed(s: Stream, size: Size, p: Fraction, q: Fraction) -> Drawn | None:
    """Samples kilometers an hour that divide p."""
    divisors = [d for d in range(8, 61) if p % d == 0 and p / d >= 2]
    return _n(s.pick(divisors)) if divisors else None


def drive(s: Stream, size: Size, p: Fraction, q: Fraction) -> Drawn | None:
    """Samples n hours at m kilometers an hour, by car."""
    return _n(s.between(2, 5), s.pick((20, 30, 40, 50, 60, 70, 80)))


def cycle(s: Stream, size: Size, p: Fraction, q: Fraction) -> Drawn | None:
    """Samples n hours at m kilometers an hour, by bicycle."""
    return _n(s.between(2, 6), s.between(8, 20))


def mileage(s: Stream, size: Size, p: Fraction, q: Fraction) -> Drawn | None:
    """Samples kilometers per liter that divide p."""
    divisors = [d for d in range(5, 21) if p % d == 0 and p / d >= 2]
    return _n(s.pick(divisors)) if divisors else None
