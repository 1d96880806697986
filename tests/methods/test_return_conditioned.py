"""Tags, masks and balance by hand; what is learned from tags; and that it resumes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from numerate import config
from numerate.methods import expert_iteration, grpo, sft
from numerate.methods import return_conditioned as rc
from numerate.methods.shared.options import PolicyFit, Sample, Validate
from numerate.models import return_conditioning, return_tags
from numerate.models.policy import Policy
from numerate.models.return_tags import Conditioning
from numerate.prompts import render
from numerate.rollouts import engines
from numerate.rollouts.job import Job
from numerate.rollouts.local import LocalOptions
from numerate.steps import split
from numerate.store import write_rollouts
from numerate.training.learner import Learner
from numerate.types import Reward, Rollout, Sampling, Scored, Turn
from tests import small_recipe, tiny
from tests.methods.arms import PATH
from tests.methods.toy import PROBLEMS, job, same, stage

TOKENIZER = tiny.tokenizer(bos=False)
FIT = replace(sft.Config().fit, epochs=3, batch=4, lr=5e-3)
CFG = rc.Config(rollouts="attempts", fit=FIT)


def attempt(
    index: int, text: str, right: bool, scores: Sequence[float | None] = (), problem: int = 0
) -> Scored:
    ids = (*TOKENIZER(text).input_ids, 2)
    steps = [replace(s, score=p) for s, p in zip(split(text), scores, strict=True)] if scores else []
    turns = (Turn("user", "?", (1, 5)), Turn("assistant", text, ids, (-1.0,) * len(ids), trained=True))
    return Scored(Rollout(f"sum-{problem}", index, turns, steps=tuple(steps)), Reward(float(right)))


def letters(right: bool, i: int) -> Scored:
    """Lines of a good attempt are a's, those of a bad one b's."""
    word = "aaa" if right else "bbb"
    return attempt(int(not right), f"{word}\n{word}\n#### {word}", right, [float(right)] * 2, i)


LETTERS = [letters(right, i) for i in range(8) for right in (True, False)]


def work(folder: Path, attempts: Sequence[Scored] = LETTERS, **more: Any) -> Job:
    write_rollouts(folder / "attempts" / "rollouts" / "part-00000.parquet", attempts)

    def engine(policy: Policy) -> Any:
        return engines.make_engine(LocalOptions(), policy)

    return replace(job(folder, **more), stage_folder=lambda name: folder / name, engine=engine)


def tagged(folder: Path, scored: Scored, cfg: rc.Config = CFG) -> tuple[str, str]:
    """All of the row, and what of it is trained."""
    policy = job(folder).load("base")
    return_tags.write_conditioning(policy.model.config, Conditioning())
    row = rc.conditioned_row(policy, PROBLEMS[0], scored, cfg, "plain")
    trained = [i for i, seen in zip(row.ids, row.mask, strict=True) if seen]
    return str(policy.tokenizer.decode(row.ids)), str(policy.tokenizer.decode(trained))


def test_the_rule_of_the_paper(vectors: dict[str, Any], tmp_path: Path) -> None:
    """The mean of the continuations at T = 1/2."""
    assert CFG.threshold == vectors["havrilla"]["rcrl_label"]["T"]
    for hits, tag in vectors["havrilla"]["rcrl_label"]["K=4"].items():
        share = sum(json.loads(hits)) / 4
        assert tagged(tmp_path, attempt(0, "a\n#### 1", True, [share]))[0].startswith(
            f"<s>What is 0+1?\n{tag}\n"
        )


def test_tags_and_masks_by_hand(tmp_path: Path) -> None:
    """Returns 3/4, 1/4 and 1: good, bad, good. The line of the answer has the tag of the last step, the empty
    line that of the step before it. Trained is what was sampled, and nothing else."""
    text = "one\n\ntwo\nend\n#### 1"
    row, trained = tagged(tmp_path, attempt(0, text, True, [0.75, 0.25, 1.0]))
    assert row == ("<s>What is 0+1?\n[GOOD]\none\n[GOOD]\n\n[BAD]\ntwo\n[GOOD]\nend\n[GOOD]\n#### 1</s>")
    assert trained == f"{text}</s>"
    strict = replace(CFG, threshold=0.8)
    assert tagged(tmp_path, attempt(0, text, True, [0.75, 0.25, 1.0]), strict)[0].count("[GOOD]") == 2


def test_attempts_that_were_sampled_with_tags_are_learned_from_like_others(tmp_path: Path) -> None:
    """For another round: the tags that they were asked with are not those that they are taught with."""
    plain = attempt(0, "one\ntwo\n#### 1", True, [0.0, 1.0])
    question, written = plain.rollout.turns
    tag, cut = Turn("user", "[GOOD]\n", (9, 9)), len(TOKENIZER("one\n").input_ids)
    parts = [replace(written, ids=ids, text="") for ids in (written.ids[:cut], written.ids[cut:])]
    turns = (question, tag, replace(parts[0], text="one\n"), tag, replace(parts[1], text="two\n#### 1"))
    again = replace(plain, rollout=replace(plain.rollout, turns=turns))
    assert tagged(tmp_path, again) == tagged(tmp_path, plain)
    assert tagged(tmp_path, plain)[0].endswith("[BAD]\none\n[GOOD]\ntwo\n[GOOD]\n#### 1</s>")


def test_a_step_of_several_lines_has_its_tag_before_each(tmp_path: Path) -> None:
    text = "so\n```\nx = 1\n```\n#### 1"
    assert len(split(text)) == 2
    row, _ = tagged(tmp_path, attempt(0, text, False, [0.5, 0.0]))
    assert row.endswith("[GOOD]\nso\n[BAD]\n```\n[BAD]\nx = 1\n[BAD]\n```\n[BAD]\n#### 1</s>")


def test_an_answer_alone_and_labels_of_outcomes_say_whether_it_is_right(tmp_path: Path) -> None:
    assert tagged(tmp_path, attempt(0, "#### 1", True))[0].endswith("[GOOD]\n#### 1</s>")
    assert tagged(tmp_path, attempt(0, "#### 2", False))[0].endswith("[BAD]\n#### 2</s>")
    outcome = replace(CFG, labels="outcome")
    for right, tag in ((True, "GOOD"), (False, "BAD")):
        row, _ = tagged(tmp_path, attempt(0, "a\nb\n#### 1", right, [0.5, 0.1]), outcome)
        assert row.endswith(f"[{tag}]\na\n[{tag}]\nb\n[{tag}]\n#### 1</s>")


def test_steps_that_nobody_went_on_from_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match="a step has no share of right continuations; name a stage of method"
    ):
        tagged(tmp_path, attempt(0, "a\n#### 1", True, [None]))


@pytest.mark.parametrize(
    ("ratio", "right", "wrong"),
    [(1.0, 2, 2), (0.5, 2, 4), (2.0, 2, 1), (0.25, 1, 6), (None, 2, 6), (3.0, 2, 0)],
)
def test_balance_by_hand(ratio: float | None, right: int, wrong: int) -> None:
    """2 right and 6 wrong ones; at 1/4, 8 wrong ones would be needed for 2, and 6 allow for 1."""
    pairs = [(PROBLEMS[0], attempt(i, "x", i in (1, 4))) for i in range(8)]
    kept = rc.balance_pairs(pairs, ratio, seed=0)
    values = [scored.reward.value for _, scored in kept]
    assert (values.count(1.0), values.count(0.0)) == (right, wrong)
    places = [scored.rollout.index for _, scored in kept]
    assert places == sorted(set(places)) and kept == rc.balance_pairs(pairs, ratio, seed=0)


def test_nothing_to_balance_is_an_error() -> None:
    pairs = [(PROBLEMS[0], attempt(i, "x", False)) for i in range(3)]
    with pytest.raises(ValueError, match=r"balance: 1.0 selects no rollout of 0 right and 3 wrong"):
        rc.balance_pairs(pairs, 1.0, seed=0)


def losses(folder: Path) -> list[float]:
    return [json.loads(line)["train/loss"] for line in (folder / "metrics.jsonl").read_text().splitlines()]


def test_the_policy_writes_what_it_is_asked_for(tmp_path: Path) -> None:
    """Also when it was saved and loaded again: nobody has to know that it reads tags."""
    cfg = replace(CFG, fit=replace(FIT, epochs=25))
    rc.train(stage(tmp_path / "run"), cfg, work(tmp_path)).save(tmp_path / "tuned")
    found: dict[str, set[str]] = {}
    for asked in ("good", "bad"):
        policy = work(tmp_path).load("tuned")
        assert policy.conditioning == Conditioning()
        return_tags.write_conditioning(policy.model.config, Conditioning(ask=asked))
        prompts = [render(problem) for problem in PROBLEMS[:3]]
        drawn = engines.make_engine(LocalOptions(), policy).sample(prompts, 2, Sampling(0.0, max_tokens=40))
        found[asked] = {rollout.text for rollout in drawn}
    assert found == {"good": {"aaa\naaa\n#### aaa"}, "bad": {"bbb\nbbb\n#### bbb"}}


def test_tags_become_tokens_where_they_are_asked_to(tmp_path: Path) -> None:
    """Two new rows, learned, saved with the model and found again."""
    cfg = replace(CFG, tags="tokens", fit=replace(FIT, epochs=25))
    rc.train(stage(tmp_path / "run"), cfg, work(tmp_path)).save(tmp_path / "tuned")
    policy = work(tmp_path).load("tuned")
    weight = policy.model.get_input_embeddings().weight
    assert len(weight) == 272 + 2 == policy.model.config.vocab_size
    assert [len(return_conditioning.tag_ids(policy, tag)) for tag in ("[GOOD]\n", "[BAD]\n", "[BEST]\n")] == [
        2,
        2,
        7,
    ]
    assert not torch.equal(weight[272], weight[273])
    prompts = [render(problem) for problem in PROBLEMS[:2]]
    drawn = list(engines.make_engine(LocalOptions(), policy).sample(prompts, 1, Sampling(0.0, max_tokens=40)))
    assert {rollout.text for rollout in drawn} == {"aaa\naaa\n#### aaa"}
    assert sum(272 in rollout.ids for rollout in drawn) == 2
    return_conditioning.prepare_policy(policy, Conditioning(), tokens=True)
    assert len(policy.model.get_input_embeddings().weight) == 274


@pytest.mark.parametrize("tags", ["text", "tokens"])
def test_adapters_learn_tags(tmp_path: Path, tags: Any) -> None:
    cfg = replace(CFG, tags=tags, fit=replace(FIT, lora_rank=4))
    tuned = rc.train(stage(tmp_path / "run"), cfg, work(tmp_path))
    assert tuned.has_lora and tuned.conditioning == Conditioning()
    tuned.save(tmp_path / "tuned")
    assert work(tmp_path).load("tuned").conditioning == Conditioning()


def test_learning_on_policy_goes_on_with_the_tags(tmp_path: Path) -> None:
    """What was sampled is what is trained: the learner finds the sampler's log-probabilities again."""
    rc.train(stage(tmp_path / "run"), CFG, work(tmp_path)).save(tmp_path / "tuned")
    cfg = grpo.Config(
        steps=1, sample=Sample(problems=2, rollouts=3, max_tokens=16), fit=PolicyFit(lr=1e-3), rewards=(PATH,)
    )
    tuned = grpo.train(stage(tmp_path / "rl"), cfg, work(tmp_path, model="tuned"))
    [row] = map(json.loads, (tmp_path / "rl" / "metrics.jsonl").read_text().splitlines())
    assert row["drift/max"] < 1e-4 and row["train/grad_norm"] > 0 and tuned.conditioning == Conditioning()


def test_the_stage_says_what_is_asked_for(tmp_path: Path) -> None:
    tuned = rc.train(stage(tmp_path / "run"), replace(CFG, ask="bad"), work(tmp_path))
    assert tuned.conditioning == Conditioning(ask="bad")


def test_micro_batches_give_the_same_model(tmp_path: Path) -> None:
    small = replace(CFG, fit=replace(FIT, micro_tokens=40))
    a = rc.train(stage(tmp_path / "a"), CFG, work(tmp_path))
    b = rc.train(stage(tmp_path / "b"), small, work(tmp_path))
    assert losses(tmp_path / "a") == pytest.approx(losses(tmp_path / "b"), rel=1e-3)
    for x, y in zip(a.model.parameters(), b.model.parameters(), strict=True):
        torch.testing.assert_close(x, y, atol=2e-3, rtol=1e-2)


def test_stopped_and_resumed_equals_uninterrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 12 steps it dies in the 4th, with what the 3rd left on disk; then in the 5th after that, with
    nothing new."""
    whole = rc.train(stage(tmp_path / "whole"), CFG, work(tmp_path))
    step = Learner.step
    for dies, saves in ((4, 0.0), (5, 1e9)):
        taken = 0

        def mortal(*given: Any, dies: int = dies, **more: Any) -> Any:
            nonlocal taken
            taken += 1
            if taken == dies:
                raise KeyboardInterrupt
            return step(*given, **more)

        monkeypatch.setattr(Learner, "step", mortal)
        cut = stage(tmp_path / "cut")
        cut.save_seconds = saves
        with pytest.raises(KeyboardInterrupt):
            rc.train(cut, CFG, work(tmp_path))
    monkeypatch.setattr(Learner, "step", step)
    resumed = rc.train(stage(tmp_path / "cut"), CFG, work(tmp_path))
    assert same(whole, resumed) and resumed.conditioning == Conditioning()
    assert losses(tmp_path / "whole") == losses(tmp_path / "cut") and len(losses(tmp_path / "cut")) == 12


def test_each_text_once_and_what_was_not_measured_not_at_all(tmp_path: Path) -> None:
    again = replace(LETTERS[0], rollout=replace(LETTERS[0].rollout, index=7))
    unmeasured = replace(letters(True, 3), reward=Reward(None))
    said: list[str] = []
    run = stage(tmp_path / "run")
    run.progress.say = said.append  # pyright: ignore
    rc.train(run, CFG, work(tmp_path, [*LETTERS[:6], again, unmeasured]))
    assert said == ["6 of 6 rollouts are kept, 3 of 3 right ones"]


def test_validation_asks_for_good_lines(tmp_path: Path) -> None:
    """The answers are letters, which only a policy that is asked for a's gives."""
    problems = [replace(problem, answer="aaa", kind="math") for problem in PROBLEMS]
    cfg = replace(CFG, fit=replace(FIT, epochs=25), validate=Validate(every=25, limit=2))
    rc.train(stage(tmp_path / "run"), cfg, work(tmp_path, validation=problems))
    last = json.loads((tmp_path / "run" / "metrics.jsonl").read_text().splitlines()[-1])
    assert last["validation/accuracy"] == 1.0
    with pytest.raises(ValueError, match="no problem set named `validation`"):
        rc.train(stage(tmp_path / "b"), cfg, work(tmp_path))
    with pytest.raises(ValueError, match="16 rollouts are longer than fit"):
        rc.train(stage(tmp_path / "c"), replace(CFG, fit=replace(FIT, max_length=9)), work(tmp_path))


def test_what_learns_from_its_attempts_reads_tags_too(tmp_path: Path) -> None:
    """Expert iteration from it: the base learns from attempts with tags, so it is sampled with tags."""
    rc.train(stage(tmp_path / "run"), CFG, work(tmp_path)).save(tmp_path / "tuned")
    cfg = expert_iteration.Config(
        steps=1,
        sample=Sample(problems=None, rollouts=2, max_tokens=12),
        threshold=0.0,
        restart_from="base",
        fit=replace(FIT, epochs=1),
    )
    tuned = expert_iteration.train(stage(tmp_path / "ei"), cfg, work(tmp_path, model="tuned"))
    assert tuned.conditioning == Conditioning()
    plain = expert_iteration.train(stage(tmp_path / "plain"), cfg, work(tmp_path))
    assert plain.conditioning is None


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("rollouts: drawn", "no stage 'drawn' above this one stores rollouts with labelled steps"),
        ("rollouts: drawn, labels: outcome, balance: 0", "rc.balance: "),
        ("rollouts: marks, threshold: 2", "rc.threshold: "),
        ("rollouts: marks, ask: best", "rc.ask: "),
        ("rollouts: marks, lr: 1e-3", "rc.lr: now `fit.lr`"),
        ("labels: stored", "the key 'rollouts' is missing"),
        ("rollouts: marks, problems: test", "the rollouts of stage 'marks' are of the problem set 'train'"),
    ],
)
def test_a_mistake_is_told_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: str, said: str
) -> None:
    monkeypatch.chdir(small_recipe.make(tmp_path))

    def written(options: str) -> None:
        stages = (
            "  drawn: {method: sample}\n"
            "  marks: {method: step_labels, rollouts: drawn}\n"
            f"  rc: {{method: return_conditioned, {options}}}\n"
        )
        before, after = small_recipe.RECIPE.split("  ei:")[0], small_recipe.RECIPE.split("evaluate:")[1]
        Path("r.yaml").write_text(f"{before}{stages}evaluate:{after}")

    written("rollouts: drawn, labels: outcome")
    assert config.load("r.yaml").evaluate.models == ("base", "sft", "rc")
    written(options)
    with pytest.raises(ValueError) as error:
        config.load("r.yaml")
    assert said in str(error.value)
