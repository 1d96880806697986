"""Evaluation of a model: greedy and sampled solutions of a problem set, and the metrics computed from
them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from numerate import metrics
from numerate.judges.oracle import Oracle, has_graph
from numerate.metric_rows import Row, episode_rows, group_rows, metric_row, powers_of_two, share_row
from numerate.progress import Progress
from numerate.reranking import cluster_rows, vote_rows
from numerate.rollouts.collect import collect
from numerate.types import Engine, Group, Problem, Rollout, Sampling, Scored

BREAKDOWNS = ("steps", "level", "subject", "scenario", "type")
MARKED_SAMPLES = 4
"""samples per problem whose steps the oracle marks: enough to look at, cheap enough for every evaluation"""


@dataclass(frozen=True)
class Measured:
    """One model on one problem set."""

    rows: list[Row]
    greedy_right: dict[str, bool] = field(default_factory=dict)
    """problem id -> was the greedy sample right; pairs the models for the paired tests"""


def evaluate_model(
    model: str,
    name: str,
    problems: Sequence[Problem],
    engine: Engine,
    folder: Path,
    progress: Progress,
    *,
    style: str = "plain",
    seed: int = 0,
    samples: int = 32,
    samples_limit: int | None = None,
    temperature: float = 0.7,
    top_p: float = 1.0,
    top_k: int = 0,
    max_tokens: int = 256,
    greedy: bool = True,
    ks: Sequence[int] | None = None,
) -> Measured:
    """Evaluates a model. Its samples are stored in `folder`/greedy and `folder`/samples; stored ones are
    read.

    samples_limit: only the first so many problems are sampled. The other options are those of a recipe's
    `evaluate`.
    """
    rows: list[Row] = []
    right: dict[str, bool] = {}
    base = {"model": model, "problems": name}

    def gather(part: str, problems: Sequence[Problem], n: int, params: Sampling) -> list[Group]:
        label = f"{model} on {name}, {part}"
        return list(
            collect(
                folder / part,
                engine,
                problems,
                n,
                params,
                style,
                progress,
                annotate=step_marker(),
                label=label,
                grade_truncated=True,
            )
        )

    all_groups: list[Group] = []
    if greedy:
        groups = gather("greedy", problems, 1, Sampling(0.0, max_tokens=max_tokens, seed=seed))
        right = {g.problem.id: bool(g.rollouts[0].reward.value) for g in groups}
        rows += greedy_rows(groups)
        all_groups += groups
    if samples:
        params = Sampling(temperature, top_p, top_k, max_tokens, seed=seed, round=-1)
        sampled = problems[:samples_limit]
        if greedy:
            rows.append(share_row("accuracy_on_sampled", (right[problem.id] for problem in sampled)))
        groups = gather("samples", sampled, samples, params)
        rows += sampled_rows(groups, ks or powers_of_two(samples))
        all_groups += groups
    fits = {group.problem.id: not any(s.rollout.no_room for s in group.rollouts) for group in all_groups}
    if lost := [id_ for id_, room in fits.items() if not room]:
        rows.append(share_row("no_room", [not room for room in fits.values()]))
        progress.warn(no_room(lost, len(fits), engine, model, name))
    return Measured([base | row for row in rows], right)


def no_room(lost: Sequence[str], n: int, engine: Engine, model: str, name: str) -> str:
    """Returns the message about problems whose prompt is longer than the model's context."""
    context = getattr(getattr(engine, "policy", None), "context", None)
    return (
        f"{len(lost)} of {n} problems of {name} (first: {lost[0]!r}) are longer than the context of {model}"
        + (f", {context:,} tokens" if context else "")
        + ": they count as wrong (`no_room` in the results); leave them out, or choose a longer context"
    )


def step_marker() -> Callable[[Problem, Rollout], Rollout]:
    oracle = Oracle()

    def mark(problem: Problem, rollout: Rollout) -> Rollout:
        if rollout.index >= MARKED_SAMPLES or not has_graph(problem):
            return rollout
        return replace(rollout, steps=oracle.judge(problem, rollout.solution).steps)

    return mark


def greedy_rows(groups: Sequence[Group]) -> list[Row]:
    first = [(group.problem, group.rollouts[0]) for group in groups]
    rows = [*group_rows("greedy", groups), *episode_rows("greedy episodes", groups)]
    return rows + [row for by in BREAKDOWNS for row in breakdown_rows(by, first)]


def breakdown_rows(by: str, first: Sequence[tuple[Problem, Scored]]) -> list[Row]:
    """Returns the greedy accuracy for each value of a property of the problems. A level that equals the
    number of steps is left out."""
    with_fact = [(p.meta, s) for p, s in first if by in p.meta]
    if by == "level" and all(meta["level"] == meta.get("steps") for meta, _ in with_fact):
        return []
    hits = [(meta[by], bool(s.reward.value)) for meta, s in with_fact]
    parts = metrics.accuracy_by([hit for _, hit in hits], [key for key, _ in hits])
    return [
        metric_row("accuracy", part.value, (part.low, part.high), part.n, by=by, group=str(key))
        for key, part in parts.items()
    ]


def sampled_rows(groups: Sequence[Group], ks: Sequence[int]) -> list[Row]:
    n = len(groups[0].rollouts)
    own = [*group_rows("samples", groups, n), *episode_rows("sampled episodes", groups, n)]
    return [*vote_rows(groups, ks), *cluster_rows(groups), *own]


def difference_rows(
    measured: Mapping[tuple[str, str], Measured], starts: Mapping[str, str], base: str
) -> list[Row]:
    """Returns paired differences of greedy accuracy on the same problems: each model against its initial
    policy, and against the base model where that is another one.

    starts: stage -> the model that it starts from. Models that were not measured are passed over: the next
    one up the chain stands for them."""
    rows: list[Row] = []
    for (model, problems), now in measured.items():
        here = {
            name for (name, other), result in measured.items() if other == problems and result.greedy_right
        }
        for versus in reference_models(model, starts, base, here) if model in here else ():
            before = measured[versus, problems]
            ids = list(now.greedy_right)
            gap = metrics.paired_test(
                [float(now.greedy_right[i]) for i in ids], [float(before.greedy_right[i]) for i in ids]
            )
            rows.append(
                {"model": model, "problems": problems, "versus": versus, "p": gap.p}
                | metric_row("accuracy_difference", gap.value, (gap.low, gap.high), len(ids))
            )
    return rows


def reference_models(
    model: str, starts: Mapping[str, str], base: str, measured: Collection[str]
) -> list[str]:
    """Returns the models that a model is compared with: its nearest measured ancestor, and the base."""
    initial = starts.get(model)
    while initial is not None and initial not in measured:
        initial = starts.get(initial)
    wanted = [initial, base if base in measured and model != base else None]
    return list(dict.fromkeys(name for name in wanted if name is not None))
