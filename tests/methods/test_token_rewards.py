from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from numerate import credit
from numerate.judges import Oracle
from numerate.methods.ppo.token_rewards import (
    Amounts,
    RewardedRollout,
    StepRewards,
    reward_stats,
    reward_tokens,
    rollout_rewards,
    with_eta,
)
from numerate.methods.shared import step_scorer
from numerate.methods.shared.step_positions import own_positions
from numerate.problems import load
from numerate.rewards.compose import CORRECT, Weighted
from numerate.steps import split
from numerate.types import Group, Problem, Reward, Rollout, Scored, StepScores, Turn

TEXT = "one\ntwo\nthree\nfour\n#### 5"
PROBLEM = Problem("p", "?", "5")


def decode(ids: list[int]) -> str:
    """A token is a character; 0 ends."""
    return "".join(chr(i) for i in ids if i)


def attempt(text: str = TEXT, value: float | None = 1.0, finish: Any = "stop") -> Scored:
    ids = [*map(ord, text), *([0] if finish == "stop" else [])]
    turns = (Turn("user", "?", (1, 2)), Turn("assistant", text, tuple(ids), trained=True))
    return Scored(Rollout("p", 0, turns, finish), Reward(value, {"correct": value}))


def told(scores: Sequence[float], text: str = TEXT) -> StepScores:
    return StepScores(tuple(scores), tuple(split(text)))


def amounts(rewards: Any = (CORRECT,), **options: Any) -> Amounts:
    """Of the whole reward: the options of `process`, and the others."""
    names = ("reference_steps", "limit", "withhold")
    others = {name: options.pop(name) for name in names if name in options}
    return Amounts(rewards, StepRewards(**options), **others)


def paid(p: Sequence[float] = (), scored: Scored | None = None, **options: Any) -> RewardedRollout:
    found = reward_tokens(PROBLEM, scored or attempt(), told(p) if p else None, amounts(**options), decode)
    assert found
    return found


def test_totals_of_clip_and_delta(vectors: dict[str, Any]) -> None:
    case = vectors["clip_delta"]
    kinds = {"SR+PR": "none", "SR+Clip": "clip", "SR+Delta": "delta", "SR+Clip-Delta": "clip_delta"}
    wanted = case["totals_if_correct"]
    for name, refine in kinds.items():
        got = paid(case["prm"], refine=refine, eta=case["eta"], weight=case["alpha"])
        assert got.total == pytest.approx(wanted[name]), name
    assert paid().total == wanted["SR"]


def test_functions_are_paid_on_the_last_token_beside_the_answer() -> None:
    both = replace(attempt(), reward=Reward(1.25, {"correct": 1.0, "mine.f": 0.25}))
    found = paid(scored=both, rewards=(CORRECT, "mine.f"))
    assert found.total == found.tokens[-1] == 1.25
    assert paid(scored=both, rewards=("mine.f",)).total == 0.25
    unmeasured = replace(attempt(), reward=Reward(None, {"correct": 1.0, "mine.f": None}))
    assert reward_tokens(PROBLEM, unmeasured, None, amounts(rewards=(CORRECT, "mine.f")), decode) is None


@pytest.mark.parametrize(
    ("refine", "key"),
    [("none", "PR"), ("clip", "Clip"), ("delta", "Delta"), ("clip_delta", "Clip_then_Delta")],
)
def test_rewards_lie_on_the_last_characters_of_their_steps(
    vectors: dict[str, Any], refine: Any, key: str
) -> None:
    """one\\n two\\n three\\n four\\n: the steps end at tokens 2, 6, 12, 17; the answer is paid on the EOS."""
    case = vectors["clip_delta"]
    expected = [0.0] * (len(TEXT) + 1)
    for end, reward in zip((2, 6, 12, 17), case[key], strict=True):
        expected[end] = case["alpha"] * reward
    expected[-1] = 1.0
    got = paid(case["prm"], refine=refine, eta=case["eta"], weight=case["alpha"])
    assert got.tokens == pytest.approx(expected)


def test_returns_to_go_under_delta_do_not_depend_on_what_follows(vectors: dict[str, Any]) -> None:
    """GAE with lam 1 and values 0 is the return to go: alpha p_k + the answer, from the ends of steps."""
    case = vectors["clip_delta"]
    got = paid(case["prm"], refine="delta", weight=case["alpha"])
    to_go = credit.gae(got.tokens, [0.0] * len(got.tokens), 1.0, 1.0)
    expected = [case["alpha"] * x + 1 for x in case["Delta_rtg"]]
    assert [to_go[t] for t in (2, 6, 12, 17)] == pytest.approx(expected)


def test_repeating_a_step_pays_only_without_refinement(vectors: dict[str, Any]) -> None:
    case = vectors["clip_delta"]["repetition_hack"]
    sums = {
        how: sum(credit.refine_step_scores(case["prm"], how, 0.7))
        for how in ("none", "clip", "delta", "clip_delta")
    }
    assert sums == pytest.approx(
        {
            "none": case["PR_sum"],
            "clip": case["Clip_sum_eta0.7"],
            "delta": case["Delta_sum"],
            "clip_delta": case["ClipDelta_sum"],
        }
    )


@pytest.mark.parametrize("how", ["avg", "prod", "max", "min"])
def test_one_reward_at_the_end_from_all_steps(vectors: dict[str, Any], how: Any) -> None:
    case = vectors["prm_orm_ppo"]["aggregation"]
    got = paid(case["step_probs"], scores="end", aggregate=how, weight=1.0, outcome=0.0)
    assert got.tokens[-1] == pytest.approx(case[how]) and not any(got.tokens[:-1])


def test_a_judge_of_outcomes_is_paid_at_the_end() -> None:
    """Its one score has no step of its own."""
    found = reward_tokens(PROBLEM, attempt(), StepScores((0.5,)), amounts(weight=1.0), decode)
    assert found and found.tokens[len(TEXT) - 1] == 0.5 and found.total == 1.5


def test_what_was_cut_earns_nothing_unless_asked() -> None:
    cut = attempt(finish="length")
    assert paid([1, 1, 1, 1], cut, weight=1.0).total == 0
    assert paid([1, 1, 1, 1], cut, weight=1.0, withhold=False).total == 5


@pytest.mark.parametrize("options", [
    {"refine": "none"}, {"refine": "clip", "eta": 0.95}, {"refine": "delta"}, {"refine": "gain"},
    {"refine": "clip_delta", "eta": 0.7}, {"rewards": (CORRECT, "mine.f")}, {"limit": 0.1, "refine": "clip"},
    {"scores": "end"}, {"scores": "end", "rewards": ("mine.f",)},
])  # fmt: skip
@pytest.mark.parametrize("value", [1.0, -0.4])
def test_running_on_never_pays(options: dict[str, Any], value: float) -> None:
    """Without its EOS an attempt loses what it would have gained, and keeps what it would have lost: at every
    token what is still to come is at most that of the same attempt with an end, right or wrong."""
    scored = [
        replace(attempt(finish=f), reward=Reward(value, {"correct": 0.0, "mine.f": value}))
        for f in ("length", "stop")
    ]
    cut, ended = (paid([0.9, 0.4, 0.7, 0.95], s, weight=1.0, **options).tokens for s in scored)
    assert len(ended) == len(cut) + 1  # the EOS
    assert all(sum(cut[t:]) <= sum(ended[t:]) + 1e-12 for t in range(len(cut)))
    assert max(cut) <= 0


def test_what_was_cut_keeps_its_losses_by_hand() -> None:
    """Clip: min(p - 0.7, 0) is -0.3 for the second step alone; a function's -0.5 stays on the last token."""
    cut = replace(attempt(finish="length"), reward=Reward(0.5, {"correct": 1.0, "mine.f": -0.5}))
    got = paid([0.9, 0.4, 0.7, 0.95], cut, refine="clip", eta=0.7, weight=1.0, rewards=(CORRECT, "mine.f"))
    assert {t: round(r, 9) for t, r in enumerate(got.tokens) if r} == {6: -0.3, len(TEXT) - 1: -0.5}


def test_what_was_cut_is_not_imitated() -> None:
    assert paid().imitable
    assert not paid(scored=attempt(finish="length")).imitable
    assert not paid(scored=attempt(value=0.0)).imitable
    assert not paid(scored=attempt(value=None), outcome=0.0).imitable


def test_calculations_of_the_reference_are_paid_where_their_steps_end() -> None:
    clips = Problem("p", "?", "72", "<<48/2=24>>\n<<48+24=72>>\n#### 72")
    text = "<<48/2=24>>\nhm\n#### 24"
    found = reward_tokens(clips, attempt(text, 0.0), None, amounts(reference_steps=0.5), decode)
    assert found and found.tokens[len("<<48/2=24>>") - 1] == 0.25 and found.total == 0.25


def test_what_could_not_be_measured_is_left_out_and_counted() -> None:
    class Judge:
        def score(self, problems: Sequence[Problem], solutions: Sequence[str]) -> list[StepScores]:
            return [StepScores((float("nan") if "bad" in text else 0.5,)) for text in solutions]

    group = Group(PROBLEM, (attempt(), attempt(value=None), attempt("bad"), attempt(value=0.0)))
    found, stats = rollout_rewards([group], step_scorer.score_groups(Judge(), [group]), amounts(), decode)
    assert [one.scored.reward.value for one in found[0]] == [1.0, 0.0]
    assert stats["rollouts/unmeasured"] == 0.5
    assert stats["reward/mean"] == pytest.approx((1.05 + 0.05) / 2)


def test_the_oracle_pays_for_right_steps_of_a_story() -> None:
    """The reference has right steps only; one wrong number, and the step that states it earns nothing."""
    problem = next(p for p in load("stories/train", limit=20) if len(split(p.solution)) >= 2)
    steps = split(problem.solution)
    scores = Oracle().score([problem], [problem.solution])[0]
    whole = reward_tokens(problem, attempt(problem.solution), scores, amounts(weight=1.0), decode)
    assert whole and whole.total == len(steps) + 1
    assert [t for t, r in enumerate(whole.tokens) if r][:-1] == [step.end - 1 for step in steps]


def test_repeated_steps_are_counted() -> None:
    """5 steps of 2 attempts, 2 of them told before; 15 and 6 characters and an EOS."""
    attempts = [attempt("a\nb\na\na\n#### 1"), attempt("c\n#### 1", 0.0, "length")]
    stats = reward_stats(attempts, [told([0.5, 1.0]), None])
    assert stats == {
        "rollouts/count": 2,
        "rollouts/accuracy": 0.5,
        "rollouts/truncated": 0.5,
        "rollouts/truncated_right": 0,
        "rollouts/unanswered": 1,
        "rollouts/no_room": 0,
        "rollouts/length": (15 + 8) / 2,
        "rollouts/steps": 2.5,
        "rollouts/repeated_steps": 0.4,
        "judge/score": 0.75,
    }


def test_the_dense_reward_of_a_judge_of_outcomes_is_how_much_surer_it_gets() -> None:
    """.5, then .2, .9, .6 after the four steps: .5 -.3 .7 -.3, together the .6 of the whole, doubled."""
    got = paid([0.5, 0.2, 0.9, 0.6], refine="gain", weight=2.0, outcome=0.0)
    assert [got.tokens[t] for t in (2, 6, 12, 17)] == pytest.approx([1.0, -0.6, 1.4, -0.6])
    assert got.total == pytest.approx(1.2)


def test_a_reward_counts_within_its_limit_on_either_side() -> None:
    got = paid([1.0, 0.0, 0.3, 1.0], refine="delta", weight=4.0, rewards=(Weighted(CORRECT, 9.0),), limit=1.1)
    assert [got.tokens[t] for t in (2, 6, 12, 17)] == pytest.approx([1.1, -1.1, 1.1, 0.0])
    assert got.tokens[-1] == 1.1
    assert paid([1.0] * 4, weight=4.0, rewards=(Weighted(CORRECT, 50.0),), limit=None).total == 66
    assert paid([1.0] * 4, weight=4.0, rewards=(Weighted(CORRECT, 50.0),)).total == 26  # 16 and 10


def test_eta_is_taken_from_the_first_collection_and_kept() -> None:
    """Scores 0 .1 .. 1: three tenths of the way is .3. What comes later does not move it."""
    facts: dict[str, Any] = {}
    cfg = StepRewards(refine="clip", eta_quantile=0.3)
    first = [told([i / 10 for i in range(6)]), None, told([i / 10 for i in range(6, 11)])]
    assert with_eta(cfg, first, facts).eta == pytest.approx(0.3)
    assert with_eta(cfg, [told([1.0])], facts).eta == pytest.approx(0.3)
    between = with_eta(StepRewards(refine="clip_delta", eta_quantile=0.25), [told([0.2, 0.4, 0.5])], {})
    assert between.eta == pytest.approx(0.3)
    assert with_eta(StepRewards(refine="delta", eta_quantile=0.3), [], {}).eta == 0.5  # nothing is clipped
    with pytest.raises(ValueError, match="no step has a score"):
        with_eta(cfg, [None], {})


def test_what_a_calculator_wrote_earns_nothing_and_keeps_its_place() -> None:
    """Tokens `1+1=<<1+1=` | `2>>` | `2 \n # 4`: the first step ends with the policy's 2, its place among the
    policy's own tokens is 1, the calculator's token not counted."""
    texts = {1: "1+1=<<1+1=", 2: "2>>", 3: "2", 4: "\n#### 2", 5: ""}
    turns = (
        Turn("user", "1+1?", (9,)),
        Turn("assistant", texts[1], (1,), (-1.0,), trained=True),
        Turn("assistant", texts[2], (2,)),
        Turn("assistant", texts[3] + texts[4], (3, 4, 5), (-1.0,) * 3, trained=True),
    )
    problem = Problem("p", "1+1?", "2", solution="1+1=<<1+1=2>>2\n#### 2")
    scored = Scored(Rollout("p", 0, turns), Reward(1.0, {"correct": 1.0}))
    assert scored.rollout.text == "1+1=<<1+1=2>>2\n#### 2"
    cfg = amounts(reference_steps=0.5)
    found = reward_tokens(problem, scored, None, cfg, lambda ids: "".join(texts[i] for i in ids))
    assert found and found.tokens == [0.0, 0.5, 0.0, 1.0]
    assert own_positions(scored.rollout.completion_turns, [0, 1, 2, 4]) == [0, 0, 1, 3]
