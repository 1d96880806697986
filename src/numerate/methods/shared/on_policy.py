"""Loop of the on-policy methods: sampling and storing, the columns of the rows, the optimizer, the log. The
papers' files hold the credit, the loss and the order of the loop."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

from numerate import training
from numerate.credit import gather_trained, has_signal, scatter_trained
from numerate.curricula.prioritized_replay import mean_abs_advantage
from numerate.methods.shared import rollout_metrics
from numerate.methods.shared.network import Network, open_policy
from numerate.methods.shared.options import OnPolicyOptions, PolicyFit
from numerate.methods.shared.problem_sampler import ProblemSampler
from numerate.methods.shared.sampling import open_ahead, reward_function, round_folder, sample_groups
from numerate.methods.shared.validation import has_best, validate
from numerate.rewards.compose import CORRECT
from numerate.types import Example, Group, Rollout, Stats

if TYPE_CHECKING:
    from torch import Tensor, nn

    from numerate.models.policy import Policy
    from numerate.rollouts.job import Job
    from numerate.training.loss_weights import Denominator

Loss = Callable[["nn.Module", "training.Batch"], "tuple[Tensor, Stats]"]
OpenNetwork = Callable[["Job", PolicyFit], Network]
Schedule = Callable[[float, float, float, float], float]
"""progress, peak, last rate, warm-up -> learning rate"""


def reward_of(row: Example) -> float:
    return row.columns["reward"]


def rows_by_group(rows: Sequence[Example]) -> Iterator[list[Example]]:
    """Yields the rows of each group."""
    return (list(group) for _, group in groupby(rows, key=lambda row: row.columns["group"]))


def compare_groups(
    rows: Sequence[Example],
    rule: Callable[[list[float]], Sequence[float | None]],
    reward: Callable[[Example], float] = reward_of,
) -> list[float | None]:
    """Returns the advantages of the rows by a rule that compares the rewards within a group."""
    return [a for group in rows_by_group(rows) for a in rule([reward(row) for row in group])]


def log_ratios(row: Example) -> list[float]:
    """Returns log(pi_old / pi_ref) of every token, 0 off the trained ones."""
    return [a - b for a, b in zip(row.token["old_logp"], row.token["ref_logp"], strict=True)]


def row_identity(group: int, index: int, rollout: Rollout) -> dict[str, float]:
    """Returns the numbers of a row that identify its rollout and say how that ended."""
    return {
        "group": float(group),
        "index": float(index),
        "truncated": float(rollout.truncated),
        "length": float(rollout.length),
    }


def rollout_length(row: Example) -> int:
    """Returns the tokens that `max_tokens` counted, with those that a calculator wrote; of a row without that
    number, all from the first trained one on."""
    return int(row.columns.get("length", len(row.ids) - list(row.mask).index(True)))


def group_rewards(group: Group) -> list[float | None]:
    return [scored.reward.value for scored in group.rollouts]


def with_advantages(
    rows: Sequence[Example], advantages: Sequence[float | Sequence[float] | None]
) -> list[Example]:
    """Returns the rows with the column `advantage`: one number for all trained tokens of a row, or one per
    token. It is multiplied by the correction for another sampler: all objectives here are linear in it. Rows
    whose advantage is None are left out."""
    out: list[Example] = []
    for row, advantage in zip(rows, advantages, strict=True):
        if advantage is not None:
            each = isinstance(advantage, Sequence)
            per_token = advantage if each else scatter_trained(row.mask, advantage)
            weights = zip(per_token, row.token["correction"], strict=True)
            out.append(row.with_token(advantage=[a * w for a, w in weights]))
    return out


class OnPolicyLoop:
    """Loop of a stage: samples, makes rows, takes optimizer steps, validates, logs."""

    def __init__(
        self, run: training.Stage, job: Job, cfg: OnPolicyOptions, open_network: OpenNetwork = open_policy
    ) -> None:
        cfg.validate.require(job.validation)
        self.run, self.job, self.cfg, self.fit = run, job, cfg, cfg.fit
        self.reward = reward_function(run, job, cfg.sample, getattr(cfg, "rewards", (CORRECT,)))
        self.problem_sampler = ProblemSampler(run, job.problems, job.style, cfg.curriculum)
        self.network = open_network(job, cfg.fit)
        self.policy, self.learner = self.network.policy, self.network.learner
        self.engine = self.network.engine or job.engine(self.policy)
        self.ahead = open_ahead(run, job, cfg, self.engine) if cfg.sample.ahead else None
        self.references: dict[str, training.Reference] = {}
        """column -> the model whose log-probabilities it holds"""
        self.sampled: list[Group] = []
        """of this step"""
        self.groups: list[Group] = []
        """those of them that the rows are of"""
        self.trained_rows: Sequence[Example] = ()
        """the rows with their advantages"""
        self.total_rewards: list[rollout_metrics.TotalReward] | None = None
        """total reward per rollout, where it differs from its graded reward"""
        self.updates: list[Stats] = []
        self.stats: Stats = {}
        if reference := cfg.reference_model(job.model):
            self.add_reference("ref_logp", reference)

    def add_reference(self, column: str, model: str) -> None:
        """Adds a frozen model: training_rows computes its log-probabilities into `column`. Where it is the
        model that this stage starts from and adapters are trained, no second copy is loaded.

        Raises:
            ValueError: the model has another vocabulary.
        """
        if self.fit.lora_rank and model == self.job.model:
            self.references[column] = training.Reference(None)
            return
        other = self.job.load_dir(Path(model)) if "/" in model else self.job.load(model)
        if other.tokenizer.get_vocab() != self.policy.tokenizer.get_vocab():
            raise ValueError(
                f"model {model!r} and the trained model have different vocabularies, so their "
                "log-probabilities do not compare: choose one with the same tokenizer"
            )
        fit = self.fit
        self.references[column] = training.Reference(
            other, micro_tokens=fit.micro_tokens, head_mib=fit.head_mib
        )

    def sample_groups(self) -> list[Group]:
        """Returns graded rollouts at the next problems. Every call samples, or reads again the rollouts that
        this stage had sampled before it was stopped."""
        run, sample = self.run, self.cfg.sample
        draw = int(run.state.get("draws", 0))
        run.state["draws"] = draw + 1
        count = sample.problems or len(self.job.problems)
        problems = self.problem_sampler.next(count, draw)
        self.engine.sync(self.policy)
        engine = self.engine
        if self.ahead:
            these, following = (
                [chosen.problem for chosen in part]
                for part in (problems, self.problem_sampler.next(count, draw + 1))
            )
            engine = self.ahead.step_engine(draw, these, following)
        folder = round_folder(draw)
        groups = list(sample_groups(run, self.job, engine, problems, sample, draw, folder, self.reward))
        self.sampled += groups
        return groups

    def sample_groups_with_signal(self, max_draws: int) -> list[Group]:
        """Samples until a step has enough groups whose rollouts differ in reward, at most `max_draws` times.
        Where there are none the stage ends, or raises ValueError in its first step."""
        run, wanted, kept = self.run, self.cfg.sample.problems or len(self.job.problems), list[Group]()
        for _ in range(max_draws):
            kept += [group for group in self.sample_groups() if has_signal(group_rewards(group))]
            if len(kept) >= wanted:
                return kept[:wanted]
        message = (
            f"step {run.round}: {len(kept)} of {wanted} problems have rollouts with different rewards "
            f"after {max_draws} rounds of sampling {wanted}"
        )
        remedy = "choose easier or harder problems, raise sample.rollouts, or raise max_draws"
        if not kept and run.round == 0:
            raise ValueError(f"{message}, so no group has a gradient: {remedy}")
        if not kept:
            run.finish()
        if not kept or max_draws > 1:  # 1 is the choice not to draw again
            run.progress.warn(
                f"{message}: {'the stage ends here' if not kept else 'a smaller step'}; {remedy}"
            )
        return kept

    def training_rows(self, groups: Sequence[Group], judged: bool = True) -> list[Example]:
        """Returns a row per measured rollout that has a token: columns `old_logp`, `correction` and those of
        the frozen models; `reward`; the index of its group among `groups` (`group`), its own `index` among
        all rollouts; whether it was `truncated`. Not judged: every rollout, without its reward.

        Raises:
            ValueError: there are rollouts, and none of them was measured.
        """
        from numerate.training.importance import add_is_correction

        self.groups = list(groups)
        every = [(g, scored) for g, group in enumerate(groups) for scored in group.rollouts]
        kept = [
            (row_identity(g, i, scored.rollout), scored.rollout, scored.reward.value)
            for i, (g, scored) in enumerate(every)
            if any(scored.rollout.mask) and not (judged and scored.reward.value is None)
        ]
        if not kept:
            if groups:
                raise ValueError(f"{self.run.position}: {rollout_metrics.without_rows(groups)}")
            return []
        bare = [
            training.rollout_row(rollout).with_columns(**ids, **({"reward": value or 0.0} if judged else {}))
            for ids, rollout, value in kept
        ]
        sampler_logps = [training.sampler_logprobs(rollout) for _, rollout, _ in kept]
        older = [bool(self.ahead and self.ahead.older_tokens(rollout)) for _, rollout, _ in kept]
        rows, drift = training.add_old_logprobs(
            self.run, self.learner, bare, sampler_logps, source=self.fit.old_logprobs, older=older
        )
        rows, weights = add_is_correction(
            rows, sampler_logps, self.fit.correction, self.fit.cap, self.fit.floor
        )
        self.stats |= drift | weights
        for column, other in self.references.items():
            logps = other.logprobs(self.learner, rows)
            rows = [row.with_token(**{column: logp}) for row, logp in zip(rows, logps, strict=True)]
        return rows

    def learn(self, rows: Sequence[Example], loss: Loss, per: Denominator, constant: int = 1) -> None:
        """Takes the gradient steps of `fit.epochs` passes over the rows. per, constant: the mean of the loss,
        see `training.set_loss_weights`."""
        progress = (self.run.round + 1) / self.cfg.steps
        for part in self.minibatches(rows):
            self.step(training.set_loss_weights(part, per, constant), loss, progress)

    def minibatches(self, rows: Sequence[Example]) -> Iterator[list[Example]]:
        """Yields the rows of each optimizer step: `fit.epochs` passes, each over all problems in an order of
        its own; the rows of a problem stay together."""
        rows = self.trained_rows = self.drop_truncated(rows)
        whole = list(rows_by_group(rows))
        for epoch in range(self.fit.epochs):
            order = list(whole)
            random.Random(f"{self.run.seed}/{self.run.round}/{epoch}").shuffle(order)
            count = min(self.fit.steps_per_pass(len(rows)), len(order))
            for part in range(count):
                chosen = order[part * len(order) // count : (part + 1) * len(order) // count]
                yield [row for group in chosen for row in group]

    def independent_minibatches(self, rows: Sequence[Example]) -> Iterator[tuple[list[Example], float]]:
        """Yields the rows of each optimizer step, and the share of this step's optimizer steps that are done
        after it, in (0, 1]. Rows of a problem may be in different minibatches, as no advantage compares
        them."""
        rows = self.trained_rows = self.drop_truncated(rows)
        count = self.fit.steps_per_pass(len(rows))
        total = count * self.fit.epochs
        seed = self.run.seed * 1_000_003 + self.run.round
        with self.run.progress.task("learning", total=total, unit="steps") as task:
            for step in range(total):
                yield [rows[i] for i in training.minibatch(len(rows), count, step, seed)], (step + 1) / total
                task.advance(1)

    def drop_truncated(self, rows: Sequence[Example]) -> Sequence[Example]:
        """Returns the rows to train on: without truncated ones, unless `fit.truncated` is `learn`."""
        return (
            rows if self.fit.truncated == "learn" else [row for row in rows if not row.columns["truncated"]]
        )

    def step(self, rows: Sequence[Example], loss: Loss, progress: float) -> None:
        """Takes an optimizer step on weighted rows. progress: steps so far / all steps, for the rate.

        Rows without advantage are left out, unless there is a reference policy: they count in the weights,
        and have no gradient. Where no row is left the parameters and the optimizer state do not change."""
        total = sum(sum(row.mask) for row in rows)
        live = rows if "ref_logp" in self.references else [row for row in rows if any(row.token["advantage"])]
        live = [row.with_token(share=scatter_trained(row.mask, 1 / total)) for row in live]
        lr = self.rate(progress)
        if live:
            self.updates.append(self.learner.step(live, loss, lr))

    def rate(self, progress: float, schedule: Schedule | None = None) -> float:
        """Returns the learning rate, and logs it. schedule: None is a cosine."""
        fit = self.fit
        is_only_step = progress >= 1 and self.run.round == 0 and "train/lr" not in self.stats
        if is_only_step and (note := fit.single_step_note()):
            self.run.progress.warn(note)
        lr = (schedule or training.cosine)(progress, fit.lr, fit.rate_at_end(), fit.warmup)
        self.stats["train/lr"] = lr
        return lr

    def log(
        self,
        updates: Stats | None = None,
        mean_abs_advantages: Callable[[], Mapping[str, float]] | None = None,
    ) -> None:
        """Logs statistics of the rollouts, means over the optimizer steps, and a validation where it is due.

        updates: these means, where a method has its own; mean_abs_advantages: mean |A| by problem,
        likewise."""
        run = self.run
        stats = rollout_metrics.rollout_stats(self.sampled, self.job.has_tools) | self.stats
        stats |= self.problem_sampler.learn_from(
            self.sampled, mean_abs_advantages or self.mean_abs_advantages
        )
        if self.ahead:
            stats |= self.ahead.stats(scored for group in self.sampled for scored in group.rollouts)
        stats |= {"train/updates": float(len(self.updates))} | (updates or self.means())
        if self.total_rewards:
            stats["reward/mean"] = fmean(entry.reward for entry in self.total_rewards)
        signs, notes = rollout_metrics.check_reward_hacking(
            run,
            rollout_metrics.measured_total_rewards(self.sampled)
            if self.total_rewards is None
            else self.total_rewards,
        )
        run.log(stats | signs | self.validation(), **notes)
        self.sampled, self.total_rewards, self.updates, self.stats = [], None, [], {}

    def means(self) -> Stats:
        """Returns the means of the statistics over the step's optimizer steps."""
        sums: Stats = defaultdict(float)
        for update in self.updates:
            for name, value in update.items():
                sums[f"train/{name}"] += value / len(self.updates)
        return sums

    def validation(self) -> Stats:
        """Returns the validation accuracy, where the step ends with a validation."""
        network, cfg = self.network, self.cfg.validate
        if not cfg.due(self.run.round + 1):
            return {}
        if network.engine:  # made for the rollouts of the training alone
            return validate(self.run, self.job, self.policy, cfg, saved=network.saved)
        self.engine.sync(self.policy)
        return validate(self.run, self.job, self.policy, cfg, self.engine, network.saved)

    def result(self) -> Policy:
        """Returns the policy that the stage leaves: the last one, or the best."""
        best = has_best(self.run, self.cfg.validate)
        return self.job.load_dir(self.run.folder / "best") if best else self.policy

    def mean_abs_advantages(self) -> dict[str, float]:
        """Returns problem -> mean |A| of the step; 0 for zero-variance groups, which have no rows."""
        by_problem = {group.problem.id: 0.0 for group in self.sampled if not has_signal(group_rewards(group))}
        for rows in rows_by_group(self.trained_rows):
            advantages = [a for row in rows for a in gather_trained(row.mask, row.token["advantage"])]
            by_problem[self.groups[int(rows[0].columns["group"])].problem.id] = mean_abs_advantage(advantages)
        return by_problem
