"""What methods that learn from their own attempts share, and no paper prints: sampling and storing, the
columns of the rows, the optimizer, the log. The papers' files hold the credit, the loss and the order of the
loop."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from math import fsum
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from numerate import training
from numerate.credit import varied
from numerate.curricula import Curriculum
from numerate.curricula.prioritized_replay import surprise
from numerate.methods import watching
from numerate.methods.asking import Asking, beginnings
from numerate.rewards.compose import CORRECT, Given, Rewards, meta_columns
from numerate.rollouts.collect import collect, greedy_accuracy
from numerate.rollouts.job import Job
from numerate.typed import AtLeast0, AtLeast1, Betas, NotNegative, Positive, Share, config
from numerate.types import Example, Group, Rollout, Sampling, Stats

if TYPE_CHECKING:
    from torch import Tensor, nn

    from numerate.models.policy import Lora, Policy

Loss = Callable[["nn.Module", "training.Batch"], "tuple[Tensor, Stats]"]


@config
class Sample:
    problems: AtLeast1 = 32
    """questions per step at most; each pass over the problems is a new shuffle, spread evenly over its steps,
    unless a curriculum says otherwise"""
    attempts: AtLeast1 = 8
    """G, attempts per question"""
    temperature: Positive = 1.0
    """of the sampling; the objectives are about the policy at 1, elsewhere they are off-policy by as much"""
    top_p: Share = 1.0
    """of the sampling"""
    top_k: AtLeast0 = 0
    """of the sampling; 0 keeps all tokens"""
    max_tokens: AtLeast1 = 256
    """longest rollout; longer ones are truncated, and wrong unless grade_truncated"""
    grade_truncated: bool = False
    """a rollout truncated at max_tokens may be right by its text; otherwise it never is"""


@config
class Fit:
    updates: AtLeast1 = 1
    """mu, passes over the attempts of a step"""
    minibatches: AtLeast1 = 1
    """optimizer steps per pass; the attempts at a question stay together"""
    lr: Positive = 1e-6
    """peak learning rate; 10 to 100 times higher suits adapters and models under 10 M parameters"""
    final_lr: NotNegative | None = None
    """learning rate at the end of a cosine; null keeps it constant"""
    warmup: Share = 0.0
    """share of the steps with a rising learning rate"""
    betas: Betas = (0.9, 0.95)
    """AdamW's, per optimizer step: those of OpenRLHF (REINFORCE++) and of the paper of CISPO; the papers of
    the others name none, and torch takes 0.9 and 0.999"""
    weight_decay: NotNegative = 0.0
    """AdamW's, per optimizer step"""
    max_norm: Positive = 1.0
    """gradients are clipped to this norm"""
    micro_tokens: AtLeast1 = 2048
    """tokens held in memory at once; never changes the result"""
    head_mib: AtLeast1 = 256
    """MiB of logits that a micro-batch holds at once; never changes the result"""
    activation_checkpointing: Literal["auto", "on", "off"] = "auto"
    """compute every layer again in the backward pass; never changes the result"""
    lora_rank: AtLeast0 = 0
    """0 trains all weights; 8 to 128 trains low-rank adapters, merged when the model is saved"""
    lora_alpha: Positive | None = None
    """scale of the adapters, by default twice the rank"""
    truncated: Literal["learn", "mask"] = "learn"
    """attempts that were cut at max_tokens: learned from like all others, or compared with and then left out
    of the loss"""
    old_logprobs: Literal["auto", "sampler", "recompute"] = "auto"
    """log pi_old: as the engine recorded them unless they drift, in any case, or computed again"""
    correction: Literal["truncate", "mask", "none"] = "truncate"
    """where they were computed again, weigh tokens by pi_old / pi_sampler: at most `cap` (TIS), or left out
    beyond [floor, cap] (MIS)"""
    cap: Positive = 2.0
    """largest weight of a token"""
    floor: NotNegative = 0.5
    """smallest weight that `mask` keeps"""
    validate_every: AtLeast0 = 0
    """steps between validations; 0 never validates"""
    validation_limit: AtLeast1 | None = None
    """problems per validation; default all"""


def adapters(fit: Fit) -> Lora | None:
    from numerate.models.policy import Lora

    return Lora(r=fit.lora_rank, alpha=fit.lora_alpha or 2 * fit.lora_rank) if fit.lora_rank else None


def compared(sample: Sample) -> None:
    """Raises ValueError where an attempt has no other at its question to be compared with."""
    if sample.attempts < 2:
        raise ValueError("attempts: 1 leaves nothing to compare an attempt with; take at least 2")


def groups(rows: Sequence[Example]) -> Iterator[list[Example]]:
    """The rows of each question."""
    return (list(found) for _, found in groupby(rows, key=lambda row: row.row["group"]))


def numbers(group: int, attempt: int, rollout: Rollout) -> dict[str, float]:
    """Returns the numbers of a row that identify its rollout and say how that ended."""
    return {
        "group": float(group),
        "attempt": float(attempt),
        "cut": float(rollout.truncated),
        "length": float(rollout.length),
    }


def length(row: Example) -> int:
    """Returns the tokens that `max_tokens` counted, with those that a calculator wrote; of a row without that
    number, all from the first trained one on."""
    return int(row.row.get("length", len(row.ids) - list(row.mask).index(True)))


def rewards(group: Group) -> list[float | None]:
    return [attempt.reward.value for attempt in group.attempts]


def give(rows: Sequence[Example], advantages: Sequence[float | Sequence[float] | None]) -> list[Example]:
    """The rows with the column `advantage`: one number for all trained tokens of a row, or one per token.
    It is multiplied by the correction for another sampler: all objectives here are linear in it. Rows whose
    advantage is None are left out."""
    out: list[Example] = []
    for row, told in zip(rows, advantages, strict=True):
        if told is not None:
            per_token = told if isinstance(told, Sequence) else [told] * len(row.ids)
            weights = zip(per_token, row.token["correction"], strict=True)
            out.append(row.with_token(advantage=[a * w for a, w in weights]))
    return out


class OnPolicy:
    """A policy, its engine and its learner, through the steps of a stage."""

    def __init__(
        self,
        run: training.Stage,
        job: Job,
        sample: Sample,
        fit: Fit,
        rewards: Given = (CORRECT,),
        curriculum: Curriculum | None = None,
    ) -> None:
        if fit.validate_every and not job.validation:
            raise ValueError(
                "validate_every is set, but the recipe has no problem set named `validation`: add one"
            )
        self.run, self.job, self.options, self.fit = run, job, sample, fit
        self.reward = Rewards(
            rewards,
            job.style,
            sample.grade_truncated,
            job.trust,
            lambda: run.position,
            meta_columns(job.problems),
        )
        self.asking = Asking(run, job.problems, job.style, curriculum)
        self.policy = job.load(job.model)
        self.policy.adapt(adapters(fit))
        self.learner = self.learning(self.policy)
        self.engine = job.engine(self.policy)
        self.frozen: dict[str, training.Reference] = {}
        """column -> the model whose log-probabilities it holds"""
        self.drawn: list[Group] = []
        """of this step"""
        self.groups: list[Group] = []
        """those of them that the rows are of"""
        self.taught: Sequence[Example] = ()
        """the rows with their advantages"""
        self.paid: list[watching.Paid] | None = None
        """what the attempts of this step earned, where that is not their reward"""
        self.updates: list[Stats] = []
        self.stats: Stats = {}

    def learning(self, policy: Policy) -> training.Learner:
        fit = self.fit
        return training.Learner(
            policy,
            betas=fit.betas,
            weight_decay=fit.weight_decay,
            max_norm=fit.max_norm,
            micro_tokens=fit.micro_tokens,
            head_mib=fit.head_mib,
            activation_checkpointing=fit.activation_checkpointing,
        )

    def freeze(self, column: str, model: str) -> None:
        """From now on the rows also hold the log-probabilities of this model, which never learns. Where it is
        the one that this stage starts from and adapters learn, no second copy is loaded. Raises ValueError
        where it has another vocabulary."""
        if self.fit.lora_rank and model == self.job.model:
            self.frozen[column] = training.Reference(None)
            return
        other = self.job.load_dir(Path(model)) if "/" in model else self.job.load(model)
        if other.tokenizer.get_vocab() != self.policy.tokenizer.get_vocab():
            raise ValueError(
                f"model {model!r} and the one that is trained have different vocabularies, so it cannot say "
                "how likely the same tokens are: take one with the same tokenizer"
            )
        fit = self.fit
        self.frozen[column] = training.Reference(other, micro_tokens=fit.micro_tokens, head_mib=fit.head_mib)

    def attempts(self) -> list[Group]:
        """Graded attempts at the next questions. Every call draws, or reads again what this stage has drawn
        before it was stopped."""
        run, sample = self.run, self.options
        draw = int(run.facts.get("draws", 0))
        run.facts["draws"] = draw + 1
        asked = self.asking.next(sample.problems, draw)
        params = Sampling(
            sample.temperature, sample.top_p, sample.top_k, sample.max_tokens, seed=run.seed, round=draw
        )
        folder = run.folder / "rollouts" / f"round-{draw:05d}"
        self.engine.sync(self.policy)
        found = list(
            collect(
                folder,
                self.engine,
                [question.problem for question in asked],
                sample.attempts,
                params,
                self.job.style,
                run.progress,
                reward=self.reward,
                beginnings=beginnings(asked),
                grade_truncated=sample.grade_truncated,
            )
        )
        self.drawn += found
        return found

    def rows(self, found: Sequence[Group], judged: bool = True) -> list[Example]:
        """A row per measured attempt that has a token: columns `old_logp`, `correction` and those of the
        frozen models; `reward`; the numbers, among those found, of its question (`group`) and of itself
        (`attempt`); whether it was `cut`. Raises ValueError where there are attempts and none of them was
        measured. Not judged: every attempt, without its reward."""
        from numerate.training.policy_gradient import corrected

        self.groups = list(found)
        every = [(g, attempt) for g, group in enumerate(found) for attempt in group.attempts]
        kept = [
            (numbers(g, i, attempt.rollout), attempt.rollout, attempt.reward.value)
            for i, (g, attempt) in enumerate(every)
            if any(attempt.rollout.mask) and not (judged and attempt.reward.value is None)
        ]
        if not kept:
            if found:
                raise ValueError(f"{self.run.position}: {watching.without_rows(found)}")
            return []
        bare = [
            training.attempt(rollout).with_row(**known, **({"reward": value or 0.0} if judged else {}))
            for known, rollout, value in kept
        ]
        told = [training.recorded(rollout) for _, rollout, _ in kept]
        rows, drift = training.with_old(self.run, self.learner, bare, told, source=self.fit.old_logprobs)
        rows, weights = corrected(rows, told, self.fit.correction, self.fit.cap, self.fit.floor)
        self.stats |= drift | weights
        for column, other in self.frozen.items():
            logps = other.logprobs(self.learner, rows)
            rows = [row.with_token(**{column: logp}) for row, logp in zip(rows, logps, strict=True)]
        return rows

    def parts(self, rows: Sequence[Example]) -> Iterator[list[Example]]:
        """The rows of each optimizer step: mu passes, each over all questions in an order of its own."""
        if self.fit.truncated == "mask":
            rows = [row for row in rows if not row.row["cut"]]
        self.taught = rows
        asked = list(groups(rows))
        for update in range(self.fit.updates):
            order = list(asked)
            random.Random(f"{self.run.seed}/{self.run.round}/{update}").shuffle(order)
            count = min(self.fit.minibatches, len(order))
            for part in range(count):
                chosen = order[part * len(order) // count : (part + 1) * len(order) // count]
                yield [row for group in chosen for row in group]

    def step(self, rows: Sequence[Example], loss: Loss, progress: float) -> None:
        """One optimizer step on weighed rows. progress: steps so far / all steps, for the learning rate.

        Rows without advantage are left out, where no frozen model pulls at them: they count in the weights,
        and have no gradient. Where no row is left the weights stay as they are, momentum included."""
        fit = self.fit
        total = sum(sum(row.mask) for row in rows)
        live = rows if "ref_logp" in self.frozen else [row for row in rows if any(row.token["advantage"])]
        live = [row.with_token(share=[seen / total for seen in row.mask]) for row in live]
        lr = training.cosine(progress, fit.lr, fit.lr if fit.final_lr is None else fit.final_lr, fit.warmup)
        self.stats["train/lr"] = lr
        if live:
            self.updates.append(self.learner.step(live, loss, lr))

    def log(self) -> None:
        """One line: what was drawn, the means over the updates, a validation where one is due."""
        fit, run = self.fit, self.run
        sums: Stats = defaultdict(float)
        for update in self.updates:
            for name, value in update.items():
                sums[f"train/{name}"] += value / len(self.updates)
        sums["train/updates"] = float(len(self.updates))
        stats = watching.describe(self.drawn) | self.stats | sums
        stats |= self.asking.heard(self.drawn, self.surprises)
        if self.paid:
            stats["reward/mean"] = fsum(one.reward for one in self.paid) / len(self.paid)
        signs, notes = watching.watch(run, watching.paid(self.drawn) if self.paid is None else self.paid)
        stats |= signs
        if fit.validate_every and (run.round + 1) % fit.validate_every == 0:
            self.engine.sync(self.policy)
            asked = self.job.validation[: fit.validation_limit]
            with run.looking():
                stats["validation/accuracy"] = greedy_accuracy(
                    self.engine, asked, self.job.max_tokens, self.job.style, run.progress
                )
        run.log(stats, **notes)
        self.drawn, self.paid, self.updates, self.stats = [], None, [], {}

    def surprises(self) -> dict[str, float]:
        """Problem -> mean |A| of the step; 0 where all attempts are worth the same and none was kept."""
        found = {group.problem.id: 0.0 for group in self.drawn if not varied(rewards(group))}
        for rows in groups(self.taught):
            told = [
                a for row in rows for a, seen in zip(row.token["advantage"], row.mask, strict=True) if seen
            ]
            found[self.groups[int(rows[0].row["group"])].problem.id] = surprise(told)
        return found
