"""Encoders that judge steps are read as they were trained: prefix by prefix, or on the whole solution."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest
import torch

from numerate import judges
from numerate.judges.load_judge import ProcessJudge
from numerate.methods import outcome_reward_model as orm
from numerate.methods import process_reward_model as prm
from numerate.methods import stepwise_outcome_model as sorm
from numerate.models.judge_config import Card, read_card
from numerate.models.reward_model import solution_prefixes
from numerate.problems.labelled import labelled_steps as marked
from numerate.store import write_jsonl
from numerate.training import labelled_steps
from numerate.types import LabelledSolution, Problem
from tests.judges.models import encoder, scored_by
from tests.methods.test_judges import work as with_attempts
from tests.methods.toy import job, stage

Q = Problem("q", "What", "1")
FIT = replace(orm.FIT, epochs=1, batch=24, lr=5e-3, max_length=120)


def solution(r: random.Random, count: int) -> LabelledSolution:
    """Right steps begin with ok, wrong ones with no: each says what it is worth by itself."""
    labels = [r.choice((1, -1)) for _ in range(count)]
    steps = tuple(("ok " if label > 0 else "no ") + r.choice("abcd") * 2 for label in labels)
    return LabelledSolution(Q, steps, tuple(labels))


def last_only(one: LabelledSolution) -> LabelledSolution:
    """As PRM800K's alternatives have it."""
    return replace(one, labels=(*(None for _ in one.labels[1:]), one.labels[-1]))


def data(count: int, seed: int = 0) -> list[LabelledSolution]:
    r = random.Random(seed)
    return [solution(r, r.randrange(1, 5)) for _ in range(count)]


def accuracy(judge: Any, rows: list[LabelledSolution]) -> list[float]:
    """Of the steps at each place."""
    said = [one.scores for one in judge.marked(rows)]
    hits = [
        [(score > 0.5) == (label == 1) for score, label in zip(scores, one.labels, strict=True)]
        for scores, one in zip(said, rows, strict=True)
    ]
    return [sum(each) / len(each) for each in zip(*hits, strict=True)]


def trained(folder: Path, rows: list[LabelledSolution], **options: Any) -> Path:
    start = str(encoder(folder / "encoder", "deberta"))
    cfg = prm.Config(marked="x", encoder=start, fit=FIT, **options)
    return prm.fit_step_judge(stage(folder / "run"), cfg, job(folder), rows).save(folder / "judge")


TESTS = [solution(random.Random(i), 4) for i in range(60)]


def test_trained_on_last_steps_of_prefixes_it_knows_every_step(tmp_path: Path) -> None:
    """Read on the whole solution it would not: nobody asked it anywhere but at the end."""
    made = trained(tmp_path, [last_only(one) for one in data(2000)])
    assert read_card(made).reads == "prefixes"
    judge = judges.load(made)
    assert isinstance(judge, ProcessJudge) and min(accuracy(judge, TESTS)) >= 0.95
    scorer = judge.reader.scorer
    scorer.card = replace(scorer.card, reads="whole")
    assert min(accuracy(ProcessJudge(scorer), TESTS)) < 0.8  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("reads", ["prefixes", "whole", None])
def test_trained_on_all_labels_it_knows_every_step_either_way(
    tmp_path: Path, reads: Literal["prefixes", "whole"] | None
) -> None:
    """Where nothing else is asked for, an encoder reads whole solutions whose steps all have labels."""
    made = trained(tmp_path, data(900 if reads == "prefixes" else 3000), reads=reads)
    assert read_card(made).reads == (reads or "whole")
    assert min(accuracy(judges.load(made), TESTS)) >= 0.95


def test_rows_are_what_is_read() -> None:
    """Three steps, the first without a label, the third beyond the room: by prefix one row, of two steps."""
    encoded = orm_laid(["ab", "cd"])
    by_prefix, whole = Card("process", encoder=True), Card("process", encoder=True, reads="whole")
    [row] = labelled_steps(by_prefix, encoded, [None, 1.0, 0.0])
    assert row and list(row.ids) == encoded.ids and row.token["read"].index(1.0) == encoded.ends[1]
    first, second = labelled_steps(by_prefix, encoded, [0.0, 1.0, 0.0])
    assert first and list(first.ids) == encoded.ids[: encoded.ends[0] + 1] and first.token["read"][-1] == 1
    assert second and sum(second.token["read"]) == 1
    [row] = labelled_steps(whole, encoded, [0.0, 1.0, 0.0])
    assert row and sum(row.token["read"]) == 2
    assert labelled_steps(by_prefix, encoded, [None, None, 1.0]) == [None]
    causal = labelled_steps(Card("process"), encoded, [0.0, 1.0, 0.0])
    assert len(causal) == 1, "a causal network has read the prefix anyway"


def orm_laid(steps: list[str]) -> Any:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        return scored_by(Path(folder), "bert").encode_solution(Q, steps)


@pytest.mark.parametrize("kind", ["bert", "deberta"])
def test_a_prefix_is_scored_as_if_nothing_followed(tmp_path: Path, kind: str) -> None:
    model = scored_by(tmp_path, kind)
    judge = ProcessJudge(model)
    whole, alone = judge.score([Q] * 2, ["ab\ncd\nef", "ab\ncd"])
    assert whole.scores[:2] == pytest.approx(alone.scores, abs=1e-6)
    encoded = model.encode_solution(Q, ["ab", "cd", "ef"])
    for part, score in zip(solution_prefixes(encoded), whole.scores, strict=True):
        h = model.model.trunk(input_ids=torch.tensor([part.ids])).last_hidden_state[0, -1]
        by_hand = (h @ model.model.head.weight[0] + model.model.head.bias[0]).sigmoid().item()
        assert score == pytest.approx(by_hand, abs=1e-5)


def test_judges_of_outcomes_say_how_they_read(tmp_path: Path) -> None:
    """At the end only: after every step it is asked at the end of a line too. An end needs no prefix."""
    fit = replace(FIT, batch=8, max_length=200)
    for at, reads in (("last", "prefixes"), ("steps", "whole")):
        cfg = orm.Config(rollouts="attempts", at=at, encoder=str(encoder(tmp_path / "e")), fit=fit)  # pyright: ignore[reportArgumentType]
        made = orm.train(stage(tmp_path / at), cfg, with_attempts(tmp_path)).save(tmp_path / at / "judge")
        assert read_card(made).reads == reads
        every, end = judges.load(made, every=True), judges.load(made)
        texts = ["ab\ncd\nef", "ab\ncd"]
        (long, short), ends = every.score([Q] * 2, texts), end.score([Q] * 2, texts)
        assert [long.scores[-1], short.scores[-1]] == pytest.approx([one.scores[0] for one in ends], abs=1e-6)
        if at == "last":
            assert long.scores[:2] == pytest.approx(short.scores, abs=1e-6)


def test_stepwise_models_have_both_ways(tmp_path: Path) -> None:
    for reads in ("prefixes", "whole"):
        cfg = sorm.Config(
            rollouts="attempts",
            encoder=str(encoder(tmp_path / "e")),
            reads=reads,  # pyright: ignore[reportArgumentType]
            fit=replace(FIT, batch=8, max_length=200),
        )
        made = sorm.train(stage(tmp_path / reads), cfg, with_attempts(tmp_path)).save(tmp_path / reads / "j")
        assert read_card(made).reads == reads


def rated(*ratings: int) -> dict[str, Any]:
    steps = [{"completions": [{"text": f"s{i}", "rating": r}], "chosen": 0} for i, r in enumerate(ratings)]
    return {"question": "Q?", "answer": "1", "steps": steps}


def prm800k(folder: Path) -> str:
    path = folder / "rated.jsonl"
    write_jsonl(path, [rated(1, 1, -1), rated(1, -1)])
    return str(path)


def test_whole_solutions_of_prm800k_have_all_their_labels(tmp_path: Path) -> None:
    def labels(rows: Iterator[LabelledSolution]) -> list[tuple[int | None, ...]]:
        return [one.labels for one in rows]

    name = prm800k(tmp_path)
    assert labels(marked.load(name, paths=True)) == [(1, 1, -1), (1, -1)]
    assert labels(marked.load(name))[:3] == [(1,), (None, 1), (None, None, -1)]
    cfg = prm.Config(marked=name, reads="whole", encoder=str(encoder(tmp_path / "e")), fit=FIT)
    assert read_card(
        prm.train(stage(tmp_path / "run"), cfg, job(tmp_path)).save(tmp_path / "judge")
    ).reads == ("whole")


def test_whole_solutions_without_labels_inside_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="set reads: prefixes"):
        trained(tmp_path, [last_only(one) for one in data(20)], reads="whole")
