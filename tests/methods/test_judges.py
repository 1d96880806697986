"""What is peculiar to each method that trains a judge."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch

from numerate import judges, training
from numerate.judges.load_judge import OutcomeJudge
from numerate.judges.oracle import Oracle
from numerate.methods import evaluator_training as evaluator
from numerate.methods import outcome_reward_model as orm
from numerate.methods import outcome_value_model as ovm
from numerate.methods import process_reward_model as prm
from numerate.methods import sft
from numerate.models import tokenization
from numerate.models.evaluator import EvaluatorModel
from numerate.models.reward_model import EncodedSolution
from numerate.rollouts.job import Job
from numerate.training.batch import pack_rows, pad_rows
from numerate.training.loss_weights import set_loss_weights, set_read_weights
from numerate.types import Example, Group, LabelledSolution, Problem, Reward, Rollout, Scored, Turn
from tests.judges.models import base_with_words, encoder, leave_attempts, written
from tests.judges.toy import CLIPS
from tests.methods.toy import PROBLEMS, job, stage

FIT = replace(orm.FIT, epochs=6, batch=8, lr=3e-3, max_length=200)
ORM = orm.Config(rollouts="attempts", fit=FIT)
PRM = prm.Config(rollouts="attempts", labels="stored", fit=FIT)
MARGIN = evaluator.Config(rollouts="attempts", pairs=3, fit=FIT)
JOINT = evaluator.Config(rollouts="attempts", objective="xent", joint=0.5, fit=FIT)
ASKED = evaluator.Sorted(PROBLEMS[1], (), (), number=1)


def work(folder: Path) -> Job:
    if not (folder / "attempts").exists():
        base_with_words(folder)
        leave_attempts(folder / "attempts", PROBLEMS)
    return replace(job(folder), stage_folder=lambda name: folder / name)


def log(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("kind", ["bert", "deberta"])
def test_an_encoder_learns_too(tmp_path: Path, kind: str) -> None:
    """BERT by adapters, DeBERTa as a whole."""
    fit = replace(FIT, epochs=10, lr=2e-2, lora_rank=8) if kind == "bert" else replace(FIT, epochs=10)
    cfg = replace(PRM, encoder=str(encoder(tmp_path / kind, kind)), fit=fit)
    made = prm.train(stage(tmp_path / "run"), cfg, work(tmp_path))
    rows = log(tmp_path / "run")
    assert rows[-1]["train/loss"] < 0.6 * rows[0]["train/loss"]
    made.save(tmp_path / "judge")
    assert judges.load(tmp_path / "judge").score([PROBLEMS[0]], ["Hmm\nNo"])[0].scores[1] < 0.5


def test_adapters_alone_are_trained_beside_the_head(tmp_path: Path) -> None:
    cfg = replace(ORM, fit=replace(FIT, lora_rank=4, epochs=10))
    made = orm.train(stage(tmp_path / "run"), cfg, work(tmp_path))
    trained = {name for name, p in made.model.named_parameters() if p.requires_grad}
    assert {name for name in trained if "lora_" not in name} == {"head.weight", "head.bias"}
    made.save(tmp_path / "judge")
    made.model.eval()
    again = judges.load(tmp_path / "judge")
    before = OutcomeJudge(made).score(PROBLEMS[:2], ["a", "#### 5"])
    after = again.score(PROBLEMS[:2], ["a", "#### 5"])
    assert [x.scores[0] for x in after] == pytest.approx([x.scores[0] for x in before], abs=1e-4)


def test_the_outcome_is_the_label_of_every_prefix(vectors: dict[str, Any]) -> None:
    case = vectors["havrilla"]["orm_labels"]
    text = "a\n" * case["solution_steps"]
    (found,) = orm.label_outcomes([group((text, float(case["final_correct"])))])
    assert list(found.labels) == case["per_prefix_labels"]


def test_repeats_count_once_and_what_could_not_be_graded_not_at_all() -> None:
    data = orm.label_outcomes([group(("a", 1.0), ("a ", 1.0), ("b", None), ("", 0.0), ("c", 0.0))])
    assert [(one.steps, one.labels) for one in data] == [(("a",), (1,)), (("c",), (-1,))]


def group(*attempts: tuple[str, float | None], problem: Problem = PROBLEMS[0]) -> Group:
    scored = [
        Scored(Rollout(problem.id, i, (Turn("assistant", text, trained=True),)), Reward(value))
        for i, (text, value) in enumerate(attempts)
    ]
    return Group(problem, tuple(scored))


@pytest.mark.parametrize(
    ("at", "places"), [("steps", [5, 8]), ("last", [8]), ("tokens", [2, 3, 4, 5, 6, 7, 8])]
)
def test_where_the_outcome_is_asked(at: Any, places: list[int]) -> None:
    encoded = EncodedSolution(list(range(10, 19)), prompt=2, ends=(5, 8), dropped=0)
    row = orm.outcome_row(encoded, (1, 1), at)
    assert row is not None
    assert [i for i, read in enumerate(row.token["read"]) if read] == places
    assert [row.token["target"][i] for i in places] == [1.0] * len(places)
    assert sum(row.token["target"]) == len(places)


def test_a_solution_that_was_cut_short_has_no_end_to_be_asked_at() -> None:
    assert orm.outcome_row(EncodedSolution([1, 2, 3], 1, (2,), dropped=1), (1, 1), "last") is None


@pytest.mark.parametrize(
    ("classes", "neutral", "expected"),
    [
        (2, "positive", [1.0, 1.0, 0.0, None]),
        (2, "negative", [1.0, 0.0, 0.0, None]),
        (2, "drop", [1.0, None, 0.0, None]),
        (3, "drop", [1.0, 0.0, -1.0, None]),
    ],
)
def test_targets_of_ratings(classes: int, neutral: Any, expected: list[float | None]) -> None:
    assert prm.head_targets((1, 0, -1, None), classes, neutral) == expected


def test_the_oracle_labels_the_steps_of_a_story() -> None:
    text = "48/2=<<48/2=24>>24\nHmm.\n48-24=<<48-24=25>>25\n#### 216"
    (found,) = prm.label_steps([group((text, 0.0), problem=CLIPS)], "oracle")
    assert found.labels == (1, 0, -1)
    assert found.steps[-1] == "48-24=<<48-24=25>>25\n#### 216"


def test_the_oracle_is_not_asked_about_what_is_no_story() -> None:
    with pytest.raises(ValueError, match=r"is not a story.*set labels: stored"):
        list(prm.label_steps([group(("a", 1.0))], "oracle"))


def test_every_labelled_alternative_is_asked_behind_its_own_history(
    tmp_path: Path, vectors: dict[str, Any]
) -> None:
    """The prefixes of PRM800K with a label on their last step: that many places are asked, one per row."""
    prefixes = vectors["prm_orm_ppo"]["prm800k_flatten"]["training_prefixes"]
    data = [
        LabelledSolution(PROBLEMS[0], tuple(p), (None,) * (len(p) - 1) + (1 if i % 2 else -1,))
        for i, p in enumerate(prefixes)
    ]
    seen: list[tuple[str, int]] = []

    def weigh(rows: Any) -> Any:
        asked = [(row, [i for i, r in enumerate(row.token["read"]) if r]) for row in rows]
        seen.extend((judge.tokenizer.decode(row.ids), len(at)) for row, at in asked)
        return set_read_weights(rows)

    judge = orm.make_judge(work(tmp_path), prm.Card("process"), None)
    rows = [
        orm.training.labelled_row(
            judge.encode_solution(d.problem, d.steps), prm.head_targets(d.labels, 2, "drop")
        )
        for d in data
    ]
    cfg = replace(FIT, epochs=1)
    orm.fit_judge(stage(tmp_path / "run"), cfg, judge, [row for row in rows if row], orm.loss, weigh)
    question = PROBLEMS[0].question
    ends = sorted(text.split(question)[1].split() for text, _ in seen)
    assert ends == sorted(prefixes) and {count for _, count in seen} == {1}


def test_solutions_of_a_problem_go_into_the_same_step() -> None:
    """Three problems with 3, 1 and 2 solutions, in steps of 4; an epoch has all of them, in a new order."""
    rows = [Example([p, 9, i], [False, True, True]) for i, p in enumerate([1, 2, 3, 1, 1, 3])]
    bundles = orm.by_problem(rows)
    assert bundles == [[0, 3, 4], [1], [2, 5]]
    assert orm.by_problem([(row, row) for row in rows]) == bundles
    epochs = [[orm.step_rows(bundles, 2, 2 * e + s, 0) for s in (0, 1)] for e in range(8)]
    for first, second in epochs:
        assert (len(first), len(second)) == (3, 3)
        assert sorted(first + second) == list(range(6))
        assert "034" in "".join(map(str, first + second))
    assert len({tuple(first) for first, _ in epochs}) > 1


def test_alone_solutions_are_shuffled_as_fine_tuning_shuffles_them() -> None:
    for step in range(6):
        assert orm.step_rows([[i] for i in range(10)], 3, step, 7) == training.batch_rows(10, 4, step, 7)


def test_a_judge_learns_from_the_difference_or_says_so(tmp_path: Path) -> None:
    there = work(tmp_path)
    only = [group(*((text, 1.0) for text, reward, _ in written(p) if reward), problem=p) for p in PROBLEMS]
    judge = orm.make_judge(there, prm.Card("outcome"), None)
    rows = [
        orm.outcome_row(judge.encode_solution(d.problem, d.steps), d.labels, "steps")
        for d in orm.label_outcomes(only)
    ]
    with pytest.raises(ValueError, match=r"all 16 solutions carry the same label \(1\).*provide right and"):
        orm.usable_rows(stage(tmp_path / "run"), rows, "right and wrong attempts")
    with pytest.raises(ValueError, match="none of the solutions has a labelled step"):
        orm.usable_rows(stage(tmp_path / "run"), [], "right and wrong attempts")
    with pytest.raises(ValueError, match="all 16 solutions have no label"):
        orm.usable_rows(stage(tmp_path / "run"), [None] * 16, "right and wrong attempts")


def test_rollouts_of_other_problems_are_refused(tmp_path: Path) -> None:
    other = replace(work(tmp_path), problems=[replace(PROBLEMS[0], id="unknown")])
    with pytest.raises(ValueError, match="no rollout of this stage's problems"):
        orm.train(stage(tmp_path / "run"), ORM, other)


def test_the_values_words_are_those_of_right_solutions_only(tmp_path: Path, vectors: dict[str, Any]) -> None:
    """Their weights sum to 1 over right solutions and EOS, to 0 over wrong ones; the value's are
    1 / (n + 1e-3)."""
    judge = orm.make_judge(work(tmp_path), prm.Card("value"), None)
    encoded = judge.encode_solution(PROBLEMS[0], ["a", "b\n#### 1"])
    right, wrong = (ovm.value_row(encoded, good, eos=2) for good in (True, False))
    assert right is not None and wrong is not None
    a, b = ovm.set_value_weights([right, wrong])
    assert a.ids[-1] == 2 and sum(a.token["lm_weight"]) == pytest.approx(1) and not sum(b.token["lm_weight"])
    assert a.token["lm_weight"][-1] > 0 and not any(a.token["lm_weight"][: encoded.prompt])
    silent = vectors["mario"]["sft_mask"]["solution_with_negative_outcome_has_no_lm_loss"]
    assert (not any(b.token["written"])) == silent
    assert [w for w in a.token["weight"] if w] == pytest.approx([1 / (4 + 1e-3)] * 2)
    assert [b.token["target"][end] for end in encoded.ends] == [-1.0, -1.0]


def test_a_value_model_does_not_learn_to_write_outputs_of_tools(tmp_path: Path) -> None:
    call, output, answer = "```python\nprint(6)\n```\n```output", "\n6\n```\n", "So\n#### 6"
    turns = (
        Turn("user", "?"),
        Turn("assistant", call, (1,), trained=True),
        Turn("tool", output, (2,), status="ok"),
        Turn("assistant", answer, (3,), trained=True),
    )
    scored = Scored(Rollout("p0", 0, turns), Reward(1.0))
    [solution] = orm.label_outcomes([Group(PROBLEMS[0], (scored,))])
    assert [solution.steps[i][at:] for i, at in solution.meta[orm.OUTPUTS]] == ["6\n```"]
    judge = orm.make_judge(work(tmp_path), prm.Card("value"), None)
    encoded = judge.encode_solution(PROBLEMS[0], solution.steps)
    decode = partial(tokenization.decode_ids, judge.tokenizer)
    row = ovm.value_row(encoded, True, eos=2, outputs=solution.meta[orm.OUTPUTS], decode=decode)
    assert row is not None
    trained = decode([i for i, w in zip(row.ids, row.token["written"], strict=True) if w])
    assert trained == "```python\nprint(6)\n```\n```output\nSo\n#### 6\n"


def test_pairs_are_distinct_bounded_and_the_same_every_time() -> None:
    found = evaluator.draw_pairs(3, 4, 10, "0/p")
    assert len(set(found)) == 10 and all(r < 3 and w < 4 for r, w in found)
    assert found == evaluator.draw_pairs(3, 4, 10, "0/p") != evaluator.draw_pairs(3, 4, 10, "0/q")
    assert sorted(evaluator.draw_pairs(2, 1, 10, "x")) == [(0, 0), (1, 0)]
    assert evaluator.draw_pairs(0, 5, 10, "x") == []


def test_a_right_answer_by_a_wrong_step_is_right_for_the_grader_only() -> None:
    text = "48*3=<<48*3=145>>145\n#### 216"
    attempts = group((text, 1.0), problem=CLIPS)
    assert evaluator.sort_solutions(attempts, None).right == (text,)
    assert evaluator.sort_solutions(attempts, Oracle()).wrong == (text,)


def test_the_margin_in_two_passes_has_the_value_and_the_gradient_of_equation_8(tmp_path: Path) -> None:
    """Against autograd through the hinge of every pair, with both solutions of all pairs in one batch."""
    there = work(tmp_path)
    judge = EvaluatorModel(there.load("base"), prm.Card("evaluator", max_length=250))
    texts = written(PROBLEMS[1])
    rows = [evaluator.question_row(judge, ASKED, text, reward > 0) for text, reward, _ in texts]
    assert all(rows)
    with torch.no_grad():  # pull the two words apart, so that some margins are met and some are not
        judge.model.get_input_embeddings().weight[judge.words[0]] *= 3
    numbers = ((1, 3), (1, 4), (2, 3))
    pairs = [(rows[r], rows[w]) for r, w in numbers]
    batch = pad_rows(rows, judge.pad_id)  # pyright: ignore[reportArgumentType]
    share_N, _ = evaluator.log_share(judge.model, batch, judge.words)
    hinges = torch.stack(
        [torch.relu(share_N[w] - share_N[r] + math.log(2)) for r, w in ((1, 3), (1, 4), (2, 3))]
    )
    hinges.mean().backward()
    parameter = judge.model.model.layers[0].mlp.up_proj.weight
    expected = parameter.grad.clone()
    judge.model.zero_grad()
    weighed = evaluator.weigh_pairs(pairs, judge, 100)  # pyright: ignore[reportArgumentType]
    assert len(weighed) == 4
    value, _ = evaluator.margin_loss(judge.model, pad_rows(weighed, judge.pad_id), judge.words)
    value.backward()
    assert value.item() == pytest.approx(hinges.mean().item(), rel=1e-5)
    torch.testing.assert_close(parameter.grad, expected, atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize("objective", ["margin", "xent"])
def test_judging_and_writing_together_are_the_sum_of_equations_12_and_13(
    tmp_path: Path, objective: str
) -> None:
    """Against the two losses from batches of their own: value and gradient, packed and padded."""
    there = work(tmp_path)
    judge = EvaluatorModel(there.load("base"), prm.Card("evaluator", max_length=250))
    rows = [
        evaluator.question_row(judge, ASKED, text, reward > 0) for text, reward, _ in written(PROBLEMS[1])
    ]
    kept = [row for row in rows if row]
    if objective == "xent":
        weighed, loss = set_read_weights(kept), partial(evaluator.xent_loss, words=judge.words, space="vocab")
    else:
        pairs = [(right, wrong) for right in kept[:3] for wrong in kept[3:]]
        weighed = evaluator.weigh_pairs(pairs, judge, 500)
        loss = partial(evaluator.margin_loss, words=judge.words)
    own = orm.training.demonstration_row(judge.policy, PROBLEMS[1], "plain").with_columns(problem=1.0)
    other = orm.training.demonstration_row(judge.policy, PROBLEMS[2], "plain").with_columns(problem=2.0)
    both = evaluator.add_demonstrations(weighed, {1: own, 2: other})
    assert len(both) == len(weighed) + 1, "only the worked solution of the problem that is asked about"
    parameter = judge.model.model.layers[0].mlp.up_proj.weight

    def measured(value: torch.Tensor) -> tuple[float, torch.Tensor]:
        judge.model.zero_grad()
        value.backward()
        return value.item(), parameter.grad.clone()

    judging, to_judge = measured(loss(judge.model, pad_rows(weighed, judge.pad_id))[0])
    told = pad_rows(set_loss_weights([own]), judge.pad_id)
    writing, to_write = measured(sft.loss(judge.model, told)[0])
    for lay in (pad_rows, pack_rows):
        total, grad = measured(evaluator.joint_loss(judge.model, lay(both, judge.pad_id), loss, alpha=0.3)[0])
        assert total == pytest.approx(judging + 0.3 * writing, rel=1e-5)
        torch.testing.assert_close(grad, to_judge + 0.3 * to_write, atol=1e-6, rtol=1e-3)


def test_writing_needs_worked_solutions(tmp_path: Path) -> None:
    bare = [replace(problem, solution="") for problem in PROBLEMS]
    with pytest.raises(ValueError, match=r"joint: 0\.5 needs demonstrations, and none of 8 problems"):
        evaluator.train(stage(tmp_path / "run"), JOINT, replace(work(tmp_path), problems=bare))


def test_problems_without_a_pair_are_told_of(tmp_path: Path) -> None:
    there = work(tmp_path)
    cfg = MARGIN
    judge = EvaluatorModel(there.load("base"), prm.Card("evaluator"))
    never = [evaluator.sort_solutions(group(("a", 0.0)), None)]
    with pytest.raises(ValueError, match="none of 1 problems has both a right and a wrong solution"):
        evaluator.pair_rows(stage(tmp_path / "run"), cfg, judge, never)


def test_vocabulary_and_two_word_cross_entropy_by_hand(tmp_path: Path) -> None:
    """- log p(word) among all tokens, and among the two, from the model's own logits."""
    judge = EvaluatorModel(work(tmp_path).load("base"), prm.Card("evaluator"))
    row = evaluator.question_row(judge, ASKED, "1+2=4", False)
    assert row is not None
    logits = judge.model(input_ids=torch.tensor([list(row.ids)])).logits[0, -1]
    correct, incorrect = judge.words
    batch = pad_rows(set_read_weights([row]), judge.pad_id)
    vocab, _ = evaluator.xent_loss(judge.model, batch, judge.words, "vocab")
    two_way, _ = evaluator.xent_loss(judge.model, batch, judge.words, "two_way")
    assert vocab.item() == pytest.approx(-logits.log_softmax(-1)[incorrect].item(), rel=1e-5)
    pair = logits[[correct, incorrect]].log_softmax(-1)
    assert two_way.item() == pytest.approx(-pair[1].item(), rel=1e-4)


def test_the_learning_rate_warms_up_and_ends_at_the_final_one(tmp_path: Path) -> None:
    cfg = replace(ORM, fit=replace(FIT, epochs=3, warmup=0.5, final_lr=1e-4))
    orm.train(stage(tmp_path / "run"), cfg, work(tmp_path))
    rates = [row["train/lr"] for row in log(tmp_path / "run")]
    top = rates.index(max(rates))
    assert all(a < b for a, b in pairwise(rates[: top + 1]))
    assert all(a > b for a, b in pairwise(rates[top:]))
    assert rates[-1] == pytest.approx(1e-4)
