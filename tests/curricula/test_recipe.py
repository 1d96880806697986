"""A curriculum in a recipe: what is refused, and how it is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from numerate import config
from numerate.config.check import check_recipe


def refusal(*changes: str) -> str:
    tree = config.read_recipe("curriculum")
    config.apply_overrides(tree, list(changes))
    with pytest.raises(ValueError) as error:
        check_recipe(config.build_recipe(tree), tree, Path())
    return str(error.value)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("{kind: backtraking}", "stages.rl.curriculum.kind: expected one of 'backtracking'"),
        (
            "{prefix_share: 0.9}",
            "stages.rl.curriculum: expected a mapping with the key 'kind', not a mapping",
        ),
        (
            "{kind: backtracking, prefix_shair: 1}",
            "curriculum.prefix_shair: unknown key 'prefix_shair'; did you mean 'prefix_share'?",
        ),
        ("{kind: backtracking, given: 0.9}", "now `curriculum.prefix_share`"),
        ("{kind: backtracking, prefix_share: 1}", "curriculum.prefix_share: expected less than 1.0, not 1"),
        ("{kind: backtracking, solutions: own}", "stages.rl.curriculum: `solutions: own`"),
        ("{kind: pools, shares: {esay: 1}}", "shares.esay: unknown key 'esay'; did you mean 'easy'?"),
        ("{kind: prioritized_replay, rho: 2}", "curriculum.rho: expected at most 1.0, not 2"),
    ],
)
def test_a_mistake_names_its_place_and_the_remedy(given: str, said: str) -> None:
    assert said in refusal(f"rl.curriculum={given}")


def test_problems_without_solutions_cannot_be_begun(tmp_path: Path) -> None:
    bare = tmp_path / "bare.jsonl"
    bare.write_text('{"question": "1+1?", "answer": "2"}\n')
    said = refusal(f"problems.more={bare}")
    assert "have no solution, and the method grpo with its curriculum needs one" in said


def test_no_curriculum_is_a_choice_too() -> None:
    tree = config.read_recipe("curriculum")
    config.apply_overrides(tree, ["rl.curriculum=null"])
    assert config.build_recipe(tree).stages["rl"].options.curriculum is None
