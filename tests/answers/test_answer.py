"""An answer is unboxed, normalized and read once in a comparison."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from numerate.answers import answer, cluster, decide
from numerate.answers.answer import Answer
from numerate.answers.budget import LIMIT, used_steps

CALLS = ("box_contents", "normalize_text", "plain_words")


@pytest.mark.parametrize(
    "pair", [("3x = 12, x = 4", "\\boxed{5}"), ("3/8 or 0.375", "1/3"), ("5 cm", "x + 1")]
)
def test_each_form_is_made_once(pair: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    texts = Counter[tuple[str, str]]()

    def counted(name: str) -> Callable[[str], Any]:
        work = getattr(answer, name)

        def call(text: str) -> Any:
            texts[name, text] += 1
            return work(text)

        return call

    for name in CALLS:
        monkeypatch.setattr(answer, name, counted(name))
    assert not decide(*pair).equal
    assert texts["box_contents", pair[0]] == 1
    assert set(texts.values()) == {1}


@pytest.mark.parametrize("text", ["1/2 + x", "1+" * 200 + "1"])
def test_a_tree_costs_the_same_steps_at_each_use(text: str) -> None:
    formula, steps = Answer(text), list[int]()
    for _ in range(2):
        with LIMIT:
            assert formula.tree is not None
        steps.append(used_steps())
    assert steps[0] == steps[1] > 0


def test_words_for_a_number_are_read_as_digits() -> None:
    assert Answer("twenty-one apples").in_digits().normal == "21 apples"
    assert cluster(["twenty-one", "21", "\\boxed{21}"]) == [0, 0, 0]
