"""Value-guided solutions of a model, stored beside its samples, and their rows: accuracy, cost, and paired
differences from the majority and from re-ranking."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

from numerate import metrics
from numerate.credit import aggregate
from numerate.metric_rows import Row, accuracy_row, mean_row, metric_row
from numerate.metrics import catalog
from numerate.metrics.rerank_accuracy import strategy_curves
from numerate.progress import Progress, Task
from numerate.prompts import render
from numerate.reranking.rerank import Judge, score_samples
from numerate.reranking.score_rollouts import Stored
from numerate.reranking.scores import judged_groups
from numerate.rewards.correct import score_rollout
from numerate.rollouts.collect import group_rows, split_parts
from numerate.rollouts.guided_options import GuidedOptions
from numerate.rollouts.sharing import write_part
from numerate.selection import Strategy
from numerate.store import read_rollouts
from numerate.types import Group, Problem, Reward, Sampling, Scored, Scorer

if TYPE_CHECKING:
    from numerate.rollouts.engines import LateEngine
    from numerate.rollouts.guided import Guided, SearchResult

VALUE, TOKENS = "value", "search_tokens"
"""parts of a stored reward: the value of the whole solution, and the tokens sampled for its problem"""
COMPARED: Mapping[Strategy, str] = {
    "majority": "maj_at_k",
    "rerank_all": "rerank_all_at_k",
    "weighted": "weighted_at_k",
}
"""strategies on whole samples -> their metrics"""


def guided_results(
    judge: Judge,
    model: str,
    name: str,
    problems: Sequence[Problem],
    engine: LateEngine,
    folder: Path,
    progress: Progress,
    *,
    options: GuidedOptions,
    samples: int,
    params: Sampling,
    style: str,
) -> list[Row]:
    """Returns the rows of value-guided sampling from one model on some problems.

    folder: the model's samples at the problems; what is missing in its `guided` is sampled. samples: whole
    samples per problem, 0 for no comparison with them."""
    value = value_of(judge.load, judge.how)
    groups = collect_guided(
        folder / "guided" / judge.name,
        cache(lambda: engine.guided(options, value)),
        problems,
        options.samples,
        params,
        style,
        progress,
        f"{model} on {name}, guided by {judge.name}",
    )
    stored, tokens = None, 0.0
    if samples:
        label = f"{judge.name} scores {model} on {name}"
        stored = score_samples(judge, judge.load, folder, problems, samples, progress, label)
        tokens = sampled_tokens(folder / "samples")
    rows = guided_rows(groups, options.samples, stored, tokens, judge.how)
    if message := too_few_samples(rows, samples):
        progress.warn(f"{model} on {name}, guided by {judge.name}: {message}")
    about = {"model": model, "problems": name, "judge": judge.name}
    return [about | row for row in rows]


def too_few_samples(rows: Sequence[Row], samples: int) -> str:
    """Returns the message where a comparison at equal tokens needs more samples, else nothing."""
    [cost] = [row["value"] for row in rows if row["metric"] == "guided_cost"] or [0.0]
    if int(cost) <= samples:
        return ""
    needed = f"no comparison at equal tokens, which {int(cost)} samples have"
    return f"{needed}: raise samples from {samples}"


def value_of(scorer: Callable[[], Scorer], how: str) -> Callable[[Problem, Sequence[str]], list[float]]:
    """Returns the function from partial solutions to their values. how: the aggregate of step scores."""

    def values(problem: Problem, texts: Sequence[str]) -> list[float]:
        scored = scorer().score([problem] * len(texts), texts)
        return [aggregate(each.scores, how) for each in scored]

    return values


def collect_guided(
    folder: Path,
    guided: Callable[[], Guided],
    problems: Sequence[Problem],
    candidates: int,
    params: Sampling,
    style: str,
    progress: Progress,
    label: str,
) -> list[Group]:
    """Samples value-guided solutions, grades and stores them in `folder`; returns a group per problem, best
    first.

    guided: makes the sampler; not called where nothing is missing. candidates: of a step, for the size of the
    parts. A part is always sampled as a whole."""
    parts = split_parts(folder, problems, candidates)
    missing = [(part, chunk) for part, chunk in parts if not part.exists()]
    with progress.task(label, total=len(problems), unit="problems") as task:
        task.advance(len(problems) - sum(len(chunk) for _, chunk in missing))
        for part, chunk in missing:
            write_part(part, chunk, lambda chunk: search_part(guided(), chunk, params, style, task))
    rows = [scored for part, _ in parts for scored in read_rollouts(part)]
    return list(group_rows(problems, rows))


def search_part(
    guided: Guided, problems: Sequence[Problem], params: Sampling, style: str, task: Task
) -> list[Scored]:
    """Returns the graded solutions of some problems, in the order of the problems and of their values."""
    results: dict[str, list[Scored]] = {}
    right = 0
    for result in guided.search([(problem, render(problem, style)) for problem in problems], params):
        solutions = results[result.problem.id] = list(grade_solutions(result))
        right += bool(best_solution(solutions).reward.value)
        task.advance(1, right=f"{right / len(results):.0%}")
    return [scored for problem in problems for scored in results[problem.id]]


def grade_solutions(result: SearchResult) -> list[Scored]:
    """Returns the graded solutions of a problem, with their values and the cost of the search."""
    solutions: list[Scored] = []
    for rollout, value in zip(result.rollouts, result.values, strict=True):
        scored = score_rollout(result.problem, rollout, grade_truncated=True)
        parts = {**scored.reward.parts, VALUE: value, TOKENS: float(result.tokens)}
        solutions.append(replace(scored, reward=Reward(scored.reward.value, parts)))
    return solutions


def best_solution(solutions: Sequence[Scored]) -> Scored:
    """Returns the solution with the highest value among those with an answer, as re-ranking chooses; the
    first where there is none. The solutions are in the order of their values."""
    return next((scored for scored in solutions if scored.rollout.answer is not None), solutions[0])


def guided_rows(
    groups: Sequence[Group], candidates: int, samples: Stored | None, tokens: float, how: str
) -> list[Row]:
    """Returns rows of value-guided sampling.

        guided_at_k             accuracy with k candidates a step
        guided_tokens           tokens sampled per problem, those of dropped candidates too
        guided_cost             these tokens in whole samples
        guided_gain             minus a strategy on k = `candidates` whole samples: `versus`, p
        guided_gain_tokens      minus a strategy on as many whole samples as have these tokens, where
                                there are so many

    candidates: of a step. samples: whole samples of the same problems with their scores, None for no
    comparison. tokens: mean length of a whole sample, 0 where no prompt left room for a token. how: the
    aggregate of step scores."""
    best = [best_solution(group.rollouts) for group in groups]
    right = [float(bool(scored.reward.value)) for scored in best]
    spent = [scored.reward.parts[TOKENS] or 0.0 for scored in best]
    rows = [
        accuracy_row("guided_at_k", right, candidates),
        mean_row("guided_tokens", spent, candidates),
    ]
    if samples is None:
        return rows
    problems = judged_groups(samples.groups, samples.scores, how).candidates
    compared = [("guided_gain", candidates)]
    if tokens:
        cost = fmean(spent) / tokens
        rows.append(metric_row("guided_cost", cost, (None, None), len(groups), candidates))
        compared.append(("guided_gain_tokens", max(1, int(cost))))
    most = len(problems[0].clusters)
    compared = [(metric, k) for metric, k in compared if k <= most]
    curves = strategy_curves(problems, sorted({k for _, k in compared}), [], strategies=list(COMPARED))
    for metric, k in compared:
        for strategy, name in COMPARED.items():
            gap = metrics.paired_test(right, curves[strategy, k, None])
            row = metric_row(metric, gap.value, (gap.low, gap.high), len(groups), k)
            rows.append(row | {"versus": catalog.title(name, k), "p": gap.p})
    return rows


def sampled_tokens(samples: Path) -> float:
    """Returns the mean number of tokens that the policy sampled for a stored rollout."""
    return fmean(sum(scored.rollout.mask) for scored in read_rollouts(samples))
