"""Random pairs of answers and random solutions: mutations of real ones, and texts made to be costly.

Row `number` of seed `seed` is the same on every machine, whatever comes before it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.costly_answers import COSTLY
from benchmarks.repeated_atoms import AROUND, ATOMS

LONGEST = 20_000
"""characters of a text, most of the time"""


def parts(text: str) -> tuple[str, ...]:
    """What white space parts."""
    return tuple(text.split())


PIECES = parts(r"""
\frac \dfrac{ \frac12 \frac3 \sqrt \sqrt[3]{ \sqrt2 \binom \binom{n}{k} \pm \mp \cup \cap \setminus
\text{ \text{and} \text{cm} \mathrm{ \boxed{ \left( \right) \begin{pmatrix} \end{pmatrix} & \\
\begin{cases} \end{cases} \begin{vmatrix} \end{vmatrix} \sum_{k=1}^{n} \sum_{k=1}^{40} \prod_{i=1}^9
\log_2 \log \ln \sin \cos \arcsin \tan^{-1} \max \min \gcd( \lcm( \det \overline{AB} \overline \bar
\infty \pi \theta ^\circ ^{\circ} ^2 ^{-1} ^{ _ _2 _{10} _{n+1} \{ \} { } ( ) [ ] | || ! !! ' '' % \%
, ; : . .. ... = < > \le \ge \ne \in \mathbb{R} \mathbb{Z} \mid \pmod{7} \bmod \mod \equiv \approx
\over \choose + - * / ** ^ ~ $ $$ \$ \! \, \; \ldots \cdots \lfloor \rfloor \lceil \rceil \angle \vec
\to \implies \circ \prime f(x) f' f^{-1} g(2) P(A|B) C(5,2) 5C2 10P3 x y n k e i j I oo inf nan None
0 1 2 3 7 10 12 100 0.5 1/2 1,000 1e5 1e-7 2.5e+18 3.141592653589793 0.333333333333333 999999999999
million percent dollars miles cm km/h hours degrees twelve half dozen and or either not at least between
x= y= f(x)= is are ½ ² ³ √ π ∞ × ÷ − – ° € ≤ ≥ ∪ ∈ é 中 答案 ٣ \u200b \ud800 \x00 \x7f 😀 \t \n
""")
ESCAPES = {
    r"\u200b": "\u200b",
    r"\ud800": "\ud800",
    r"\x00": "\x00",
    r"\x7f": "\x7f",
    r"\t": "\t",
    r"\n": "\n",
}
GLUE = ("", "", "", " ", " ", ",", ", ", "+", "-", "\\cdot ", "=")
SAYINGS = (
    "The answer is {}.",
    "#### {}",
    "\\boxed{{{}}}",
    "So we get $\\boxed{{{}}}$.",
    "**{}**",
    "Answer: {}",
    "{}",
    "<think>hmm {}</think> {}",
    "Final Answer: {}\nI hope it is correct.",
    "x = {} and so {}",
    "$${}$$",
)
NOISES = (("utf-8", "replace"), ("utf-8", "surrogateescape"), ("latin-1", "strict"), ("utf-16-le", "replace"))


class Row(NamedTuple):
    reference: str
    candidate: str
    solution: str


class Fuzz:
    """Makes rows out of real answers and pieces."""

    def __init__(self, answers: Sequence[str], solutions: Sequence[str] = (), seed: int = 0):
        self.answers = list(answers) if len(answers) > 1 else ["1/2", "0.5"]
        self.solutions = list(solutions) or ["#### 5"]
        self.seed = seed

    def row(self, number: int) -> Row:
        r = random.Random(self.seed * 1_000_000_007 + number)
        reference = self.text(r)
        how = r.random()
        if how < 0.25:
            reference, candidate = self.pair(r)
        elif how < 0.5:
            candidate = self.mutated(r, reference)
        else:
            candidate = self.text(r)
        if how > 0.95:
            reference = r.choice(("5", "x+1", "\\frac{1}{2}", "(1,2)", "\\sqrt{2}"))
        return Row(reference, candidate, self.solution(r, candidate))

    def text(self, r: random.Random) -> str:
        return r.choices(_MAKERS, _WEIGHTS)[0](self, r)

    def solution(self, r: random.Random, answer: str) -> str:
        if r.random() < 0.03:
            return self.loop(r)
        body = r.choice(self.solutions) if r.random() < 0.7 else self.text(r)
        if r.random() < 0.5:
            body = self.mutated(r, body)
        if r.random() < 0.2:
            return body
        saying = r.choice(SAYINGS)
        return body + r.choice(("\n", " ", "")) + saying.format(*[answer] * saying.count("{}"))

    def pair(self, r: random.Random) -> tuple[str, str]:
        """The two answers of a real row, as they are or changed, alike or apart."""
        at = r.randrange(len(self.answers) // 2)
        answer, other = self.answers[2 * at : 2 * at + 2]
        how = r.random()
        if how < 0.1:
            return answer, other
        if how < 0.4:
            return self.mutated(r, answer), other
        if how < 0.8:
            opener, closer = r.choice(NESTS)
            return f"{opener}{answer}{closer}", f"{opener}{other}{closer}"
        added = piece(r)
        return answer + added, other + added

    # -- kinds of texts ----------------------------------------------------------------------
    def real(self, r: random.Random) -> str:
        return r.choice(self.answers)

    def mutant(self, r: random.Random) -> str:
        return self.mutated(r, self.real(r))

    def mutated(self, r: random.Random, text: str) -> str:
        for _ in range(r.choice((1, 1, 2, 3, 8))):
            text = r.choice(_MUTATIONS)(self, r, text)
        return text[: 2 * LONGEST]

    def salad(self, r: random.Random) -> str:
        glue = r.choice(GLUE)
        return glue.join(piece(r) for _ in range(r.choice((2, 4, 8, 16, 60))))

    def splice(self, r: random.Random) -> str:
        start, end = self.real(r), self.real(r)
        return start[: r.randint(0, len(start))] + end[r.randint(0, len(end)) :]

    def repeated(self, r: random.Random) -> str:
        """A fragment many times, with something in front and behind."""
        part = r.choice((piece, self.fragment, self.salad))(r) or "x"
        times = int(10 ** r.uniform(0.3, 4.3 if r.random() < 0.05 else 2))
        body = r.choice(GLUE).join([part] * min(times, LONGEST // len(part) + 1))
        return piece(r) * r.randint(0, 1) + body + piece(r) * r.randint(0, 2)

    def loop(self, r: random.Random) -> str:
        """A solution that repeats signs or words of prose until it is long."""
        part = "".join(r.choices(ATOMS, k=r.choice((1, 1, 2, 3))))
        opener, closer = r.choice(AROUND)
        length = int(10 ** r.uniform(2.5, 4.5))
        return opener + (part * (length // len(part) + 1))[:length] + closer

    def nested(self, r: random.Random) -> str:
        opener, closer = r.choice(NESTS)
        times = int(10 ** r.uniform(0, 3.3 if r.random() < 0.1 else 1.5))
        return opener * times + self.real(r)[:40] + closer * r.choice((times, times, times - 1, 0))

    def costly(self, r: random.Random) -> str:
        """What evaluates for long: many members, matrices, determinants, series, long numbers."""
        many = max(2, int(70 ** r.random()))
        return r.choice(COSTLY)(r, many)

    def noise(self, r: random.Random) -> str:
        data = r.randbytes(r.choice((3, 10, 40, 200)))
        encoding, errors = r.choice(NOISES)
        return data.decode(encoding, errors)

    def fragment(self, r: random.Random) -> str:
        text = self.real(r)
        start = r.randint(0, max(0, len(text) - 1))
        return text[start : start + r.randint(1, 12)]


def piece(r: random.Random) -> str:
    chosen = r.choice(PIECES)
    return ESCAPES.get(chosen, chosen)


# -- mutations ----------------------------------------------------------------------
def _drop(fuzz: Fuzz, r: random.Random, text: str) -> str:
    at = r.randint(0, len(text))
    return text[:at] + text[at + r.choice((1, 1, 2, 5, 20)) :]


def _double(fuzz: Fuzz, r: random.Random, text: str) -> str:
    start = r.randint(0, len(text))
    stop = min(len(text), start + r.choice((1, 2, 5, 20, 100)))
    return text[:stop] + text[start:stop] * r.choice((1, 1, 2, 10)) + text[stop:]


def _insert(fuzz: Fuzz, r: random.Random, text: str) -> str:
    at = r.randint(0, len(text))
    return text[:at] + r.choice((piece, fuzz.fragment, fuzz.real))(r) + text[at:]


def _swap(fuzz: Fuzz, r: random.Random, text: str) -> str:
    if len(text) < 2:
        return text
    a, b = sorted(r.sample(range(len(text)), 2))
    return text[:a] + text[b:] + text[a:b]


def _digit(fuzz: Fuzz, r: random.Random, text: str) -> str:
    places = [at for at, c in enumerate(text) if c.isdigit()]
    if not places:
        return text
    at = r.choice(places)
    return text[:at] + r.choice("0123456789,.") + text[at + 1 :]


def _wrap(fuzz: Fuzz, r: random.Random, text: str) -> str:
    opener, closer = r.choice(NESTS)
    return f"{opener}{text}{closer}"


_MUTATIONS: tuple[Callable[[Fuzz, random.Random, str], str], ...] = (
    _drop, _double, _insert, _insert, _swap, _digit, _wrap,
)  # fmt: skip
_NESTED = parts(r"""
(…) {…} […] \{…\} \frac{…}{2} 3\frac{…}{2} \sqrt{…} \sqrt… \frac3… \text{…} \boxed{…} |…| \left(…\right)
$…$ x^{…} 2^… sin~… f(…) -… \pm~… 1+(…) \sum_{k=1}^{3}(…) \log_… \binom… …! …' \lfloor~…\rfloor 1_… a_{…}
\begin{pmatrix}…\end{pmatrix} \{\{…\}\} ((…)=1) …/2 x=… \overline{…} **…** `…` …^\circ~
\{1\}\cup(…) 1/(…) \max(1,…) …~thousand 1\over~… …% …!! \det~… \Re~… …'(x) \cos^2… (…,2) [[…]]
""")
NESTS = [tuple(nest.replace("~", " ").split("…")) for nest in _NESTED]
_MAKERS: tuple[Callable[[Fuzz, random.Random], str], ...] = (
    Fuzz.real, Fuzz.mutant, Fuzz.salad, Fuzz.splice, Fuzz.repeated, Fuzz.nested, Fuzz.costly, Fuzz.noise,
)  # fmt: skip
_WEIGHTS = (8, 30, 20, 12, 8, 6, 12, 4)


# -- the corpus ----------------------------------------------------------------------
def corpus(data: Path) -> tuple[list[str], list[str]]:
    """(answers, solutions) of the labelled sets and of sampled solutions, as far as they are there; the two
    answers of a row stand beside each other."""
    answers: list[str] = []
    solutions: list[str] = []
    for name in ("pairs", "speed_mix", "extraction", "responses"):
        for row in _rows(data / "grader" / f"{name}.jsonl"):
            reference, candidate = row["reference"], row.get("candidate", row["reference"])
            if name == "responses":
                solutions.append(candidate)
            else:
                answers += [reference, candidate]
            if "solution" in row:
                solutions.append(row["solution"])
    for file in sorted((data / "samples").rglob("*.jsonl"))[:6]:
        for number, row in enumerate(_rows(file)):
            if number < 300 and isinstance(row.get("response"), str):
                solutions.append(row["response"][-1_500:])
    return answers, solutions


def _rows(file: Path) -> list[dict[str, str]]:
    if not file.is_file():
        return []
    with file.open(encoding="utf-8") as lines:
        return [json.loads(line) for _, line in zip(range(4_000), lines, strict=False)]
