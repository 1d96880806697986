"""Judges that were trained: what they read, what they leave out, and that batches change nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pytest
import torch

from numerate import judges
from numerate.judges.load_judge import EvaluatorJudge, OutcomeJudge, ProcessJudge
from numerate.judges.step_split import split_solution
from numerate.models.evaluator import EvaluatorModel
from numerate.models.judge_config import Card, read_card
from numerate.models.policy import load
from numerate.types import Prompt, Turn
from tests import tiny
from tests.judges.models import ENCODERS, base_with_words, scored_by
from tests.methods.toy import PROBLEMS

SOLUTIONS = [
    "2+3=<<2+3=5>>5\nSo it is 5.\n#### 5",
    "Hm.",
    "a\nb\nc\nd\n#### 7",
    "The has the has the has",
    "1\n\n2\n\n3",
]


def asked(count: int) -> tuple[list, list[str]]:
    return list(islice(cycle(PROBLEMS), count)), list(islice(cycle(SOLUTIONS), count))


def test_the_line_of_the_answer_belongs_to_the_last_step() -> None:
    assert split_solution("a\n\nb\n#### 5").texts == ("a", "b\n#### 5")
    assert [step.text for step in split_solution("a\n\nb\n#### 5").steps] == ["a", "b"]
    assert split_solution("#### 5").texts == ("#### 5",) and split_solution("#### 5").steps == ()
    assert split_solution(" \n").texts == ()


@pytest.mark.parametrize(
    ("kind", "likelihood"),
    [("llama", False), ("llama", True), ("gpt2", True), ("opt", False), *((k, False) for k in ENCODERS)],
)
def test_scores_are_those_of_one_solution_at_a_time(tmp_path: Path, kind: str, likelihood: bool) -> None:
    """Whatever the window and the batch: sorted, packed or padded, every solution gets its own scores."""
    model = scored_by(tmp_path, kind, likelihood=likelihood)
    with torch.no_grad():
        model.model.head.weight[:, -2:] /= 100  # log-probabilities are large numbers
    problems, solutions = asked(23)
    alone = [ProcessJudge(model).score([p], [s])[0] for p, s in zip(problems, solutions, strict=True)]
    for tokens, window in ((60, 7), (8192, 1024)):
        found = ProcessJudge(model, tokens, window).score(problems, solutions)
        assert [one.steps and len(one.steps) for one in found] == [len(one.steps) for one in alone]
        for one, other in zip(found, alone, strict=True):
            assert one.scores == pytest.approx(other.scores, abs=1e-5)
    assert len({round(x, 4) for one in alone for x in one.scores}) > 5


def test_a_causal_judge_scores_a_step_by_what_stands_before_it_only(tmp_path: Path) -> None:
    judge = ProcessJudge(scored_by(tmp_path))
    first, second = judge.score([PROBLEMS[0]] * 2, ["a\nb\nc", "a\nb\nsomething else"])
    assert first.scores[:2] == pytest.approx(second.scores[:2], abs=1e-6)
    assert first.scores[2] != pytest.approx(second.scores[2], abs=1e-4)


@pytest.mark.parametrize("kind", ["llama", "bert"])
def test_the_head_reads_the_hidden_state_of_the_separator(tmp_path: Path, kind: str) -> None:
    """Against the network called by hand, one solution, no batch."""
    model = scored_by(tmp_path, kind, reads="whole")
    encoded = model.encode_solution(PROBLEMS[1], ["ab", "c"])
    separator = model.tokenizer.convert_ids_to_tokens([encoded.ids[end] for end in encoded.ends])
    assert separator == (["Ċ", "Ċ"] if kind == "llama" else ["</s>", "</s>"])
    h = model.model.trunk(input_ids=torch.tensor([encoded.ids])).last_hidden_state[0]
    by_hand = (h[list(encoded.ends)] @ model.model.head.weight[0] + model.model.head.bias).sigmoid()
    found = ProcessJudge(model).score([PROBLEMS[1]], ["ab\nc"])[0]
    assert found.scores == pytest.approx(by_hand.tolist(), abs=1e-5)


def test_empty_stepless_and_overlong_solutions_have_a_clear_score_and_are_counted(tmp_path: Path) -> None:
    model = scored_by(tmp_path)
    outcome, process = OutcomeJudge(model), ProcessJudge(model)
    solutions = ["", "#### 5", "a\n" * 200, "x" * 500, "a\nb"]
    problems = [PROBLEMS[0]] * len(solutions)
    ends = outcome.score(problems, solutions)
    assert [len(one.scores) for one in ends] == [1] * 5
    assert ends[0].scores == (0.0,) and ends[3].scores == (0.0,)
    steps = process.score(problems, solutions)
    seen = len(steps[2].scores)
    assert [len(one.scores) for one in steps] == [0, 0, seen, 0, 2] and 30 < seen < 200
    assert len(steps[2].steps) == seen and ends[2].scores[0] == pytest.approx(steps[2].scores[-1], abs=1e-6)
    assert process.reader.counts == outcome.reader.counts
    assert dict(process.reader.counts) == {
        "solutions": 5, "empty": 1, "stepless": 1, "overlong": 2, "dropped_steps": 200 - seen + 1,
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["outcome", "value"])
def test_a_judge_of_outcomes_asked_after_every_step_ends_with_what_it_says_of_the_whole(
    tmp_path: Path, kind: str
) -> None:
    """Each score is that of the solution cut off there; an answer alone has no step to be asked after."""
    model = scored_by(tmp_path, kind=kind)
    once, every = OutcomeJudge(model), OutcomeJudge(model, every=True)
    [found] = every.score(PROBLEMS[:1], ["a\nb\nc"])
    cut_off = [once.score(PROBLEMS[:1], [text])[0].scores[0] for text in ("a", "a\nb", "a\nb\nc")]
    assert found.scores == pytest.approx(cut_off, abs=1e-6) and len(set(cut_off)) == 3
    assert [(step.text, step.score) for step in found.steps] == list(zip("abc", found.scores, strict=True))
    assert [one.scores for one in every.score(PROBLEMS[:2], ["", "#### 5"])] == [(), ()]


def test_a_judge_streams(tmp_path: Path) -> None:
    """Of endless solutions, only a window is ever asked for."""
    judge = ProcessJudge(scored_by(tmp_path), window=4)
    endless = ((PROBLEMS[0], "a\nb") for _ in cycle([0]))
    assert len(list(islice(judge.stream(endless), 6))) == 6
    assert judge.reader.counts["solutions"] == 8


@pytest.mark.parametrize(
    ("kind", "card"),
    [
        ("llama", {"kind": "outcome"}),
        ("llama", {"kind": "process", "likelihood": True}),
        ("gpt2", {"kind": "stepwise-outcome"}),
        ("opt", {"kind": "value"}),
        ("llama", {"kind": "process", "classes": 3, "neutral": "drop", "aggregation": "min"}),
        ("bert", {"kind": "process"}),
        ("deberta", {"kind": "outcome"}),
    ],
)
def test_a_saved_judge_is_the_same_judge(tmp_path: Path, kind: str, card: dict[str, Any]) -> None:
    model = scored_by(tmp_path, kind, **card)
    model.save(tmp_path / "judge")
    again = judges.load(tmp_path / "judge")
    mine = OutcomeJudge if card["kind"] in ("outcome", "value") else ProcessJudge
    assert type(again) is mine
    assert read_card(tmp_path / "judge") == model.card
    problems, solutions = asked(5)
    assert again.score(problems, solutions) == mine(model).score(problems, solutions)
    assert not list((tmp_path / "judge").glob("*.bin"))


def test_three_classes_follow_the_rule_for_neutral(tmp_path: Path) -> None:
    model = scored_by(tmp_path, classes=3)
    scores = {}
    for neutral in ("positive", "negative", "drop"):
        model.card = replace(model.card, neutral=neutral)
        scores[neutral] = ProcessJudge(model).score([PROBLEMS[0]], ["a"])[0].scores[0]
    right, both = scores["negative"], scores["positive"]
    assert scores["drop"] == pytest.approx(right / (right + 1 - both), abs=1e-6) and right < both


def test_a_value_in_minus_one_to_one_becomes_a_score(tmp_path: Path) -> None:
    model = scored_by(tmp_path, kind="value")
    encoded = model.encode_solution(PROBLEMS[0], ["a"])
    h = model.model.trunk.base_model(input_ids=torch.tensor([encoded.ids])).last_hidden_state[0, -1]
    raw = (h @ model.model.head.weight[0] + model.model.head.bias).item()
    score = OutcomeJudge(model).score([PROBLEMS[0]], ["a"])[0].scores[0]
    assert score == pytest.approx((1 + torch.tensor(raw).tanh().item()) / 2, abs=1e-5)


def evaluator(folder: Path) -> EvaluatorModel:
    return EvaluatorModel(load(str(base_with_words(folder))), Card("evaluator", max_length=250))


def test_the_evaluators_score_is_the_models_own_probability(tmp_path: Path) -> None:
    """The template of the paper, read by the model called by hand."""
    model = evaluator(tmp_path)
    solution = SOLUTIONS[0]
    found = EvaluatorJudge(model).score([PROBLEMS[2]], [solution])[0].scores
    text = (
        f"Here is a math problem: {PROBLEMS[2].question}. Here is a candidate solution: {solution}. "
        "The above candidate solution is"
    )
    ids = model.policy.encode_prompt(Prompt("p", (Turn("user", text),)))
    p = model.model(input_ids=torch.tensor([ids])).logits[0, -1].softmax(-1)
    correct, incorrect = (p[i].item() for i in model.words)
    assert found == pytest.approx([correct / (correct + incorrect)], abs=1e-5)


def test_the_evaluator_leaves_out_late_steps_that_do_not_fit(tmp_path: Path) -> None:
    judge = EvaluatorJudge(evaluator(tmp_path))
    long, short, empty = judge.score([PROBLEMS[0]] * 3, ["a\n" * 300, "a", ""])
    assert 0 < long.scores[0] < 1 and 0 < short.scores[0] < 1 and empty.scores == (0.0,)
    assert judge.reader.counts["overlong"] == 1 and judge.reader.counts["dropped_steps"] > 100


def test_a_saved_evaluator_is_a_judge_and_a_language_model(tmp_path: Path) -> None:
    model = evaluator(tmp_path)
    model.save(tmp_path / "judge")
    again = judges.load(tmp_path / "judge")
    problems, solutions = asked(4)
    assert isinstance(again, EvaluatorJudge)
    assert again.score(problems, solutions) == EvaluatorJudge(model).score(problems, solutions)
    assert load(str(tmp_path / "judge")).encode_target(" correct")[0] == model.words[0]


def test_words_of_several_tokens_are_refused_with_their_pieces(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"splits ' correct' into ' ' \+ 'c' \+ 'o'.*outcome_reward_model"):
        EvaluatorModel(load(str(tiny.make(tmp_path / "m"))), Card("evaluator"))


def test_pico_has_both_words_whole() -> None:
    model = EvaluatorModel(load("numerate/pico"), Card("evaluator"))
    assert [model.policy.decode([word]) for word in model.words] == [" correct", " incorrect"]


def test_folders_that_hold_no_judge_are_refused(tmp_path: Path) -> None:
    tiny.make(tmp_path / "policy")
    with pytest.raises(ValueError, match=r"policy has no reward model: judge.json is missing"):
        judges.load(tmp_path / "policy")
    scored_by(tmp_path).save(tmp_path / "judge")
    (tmp_path / "judge" / "head.safetensors").unlink()
    with pytest.raises(ValueError, match=r"needs head.safetensors, which is missing"):
        judges.load(tmp_path / "judge")
    (tmp_path / "judge" / "judge.json").write_text(json.dumps({"kind": "oracle"}))
    with pytest.raises(ValueError, match=r"judge.json, kind: Input should be 'outcome'"):
        judges.load(tmp_path / "judge")


def test_an_encoder_without_cls_is_refused(tmp_path: Path) -> None:
    from numerate.models.reward_model import on_encoder

    tiny.make(tmp_path / "m")
    with pytest.raises(ValueError, match=r"no \[CLS\] and \[SEP\]"):
        on_encoder(str(tmp_path / "m"), Card("process", encoder=True))


@pytest.mark.parametrize("kind", ["llama", "bert"])
def test_in_16_bits_the_network_is_rounded_and_the_head_is_not(tmp_path: Path, kind: str) -> None:
    model = scored_by(tmp_path, kind)
    problems, solutions = asked(5)
    exact = ProcessJudge(model).score(problems, solutions)
    model.compute = torch.bfloat16
    rounded = ProcessJudge(model).score(problems, solutions)
    for one, other in zip(exact, rounded, strict=True):
        assert one.scores == pytest.approx(other.scores, abs=0.05)
    assert exact != rounded
    with model.autocast():
        assert model.model(torch.ones(1, 32, dtype=torch.bfloat16)).dtype == torch.float32
