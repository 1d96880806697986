"""Methods against each other: one recipe for several random seeds, and what follows from all of them.

Each seed is a run of its own in `seed-<n>`, so whatever was done is not done again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

from numerate import methods, metric_rows, metrics, run
from numerate.config import Recipe, resolved_yaml, trusting
from numerate.consent import NO_CONSENT, Consent
from numerate.identities import other_stages
from numerate.parallel import run_all
from numerate.processes import is_distributed
from numerate.progress import Progress
from numerate.rollouts.sharing import run_on_main
from numerate.store import (
    Kept,
    RunFolder,
    code_identity,
    contents_hash,
    identity_hash,
    make_folder,
    read_jsonl,
    read_rewards,
    with_current_names,
    write_json,
)

Right = list[dict[str, float]]
"""per seed: problem id -> was the greedy sample right"""
CLEAR = 0.05


def find_contestants(recipe: Recipe) -> tuple[str, list[str]]:
    """Returns the initial policy, and the stages that begin with it. Raises ValueError where nothing can be
    compared."""
    writers = {n: stage for n, stage in recipe.stages.items() if "policy" in methods.leaves(stage.method)}
    starts = Counter(stage.model for stage in writers.values())
    start, most = starts.most_common(1)[0] if starts else ("", 0)
    if most < 2:
        raise ValueError(
            f"recipe {recipe.name!r}: a shootout needs two stages that start from the same model: "
            "see `numerate recipes shootout`"
        )
    contestants = [name for name, stage in writers.items() if stage.model == start]
    unmeasured = [name for name in (start, *contestants) if name not in recipe.evaluate.models]
    if unmeasured or not recipe.evaluate.greedy:
        what = f"evaluate.models: {', '.join(unmeasured)}" if unmeasured else "evaluate.greedy: true"
        raise ValueError(f"recipe {recipe.name!r}: a shootout needs {what}")
    return start, contestants


def run_shootout(
    recipe: Recipe,
    folder: Path,
    seeds: Sequence[int],
    *,
    progress: Progress,
    jobs: int = 1,
    consent: Consent = NO_CONSENT,
) -> dict[str, Any]:
    """Runs the recipe for every seed, `jobs` of them at once, then compares them. Writes `shootout.json` and
    the page; returns the former. consent: as for `run`.

    Killed at any moment and started again, it ends with the same accuracies."""
    find_contestants(recipe)
    trusting.check_trust(recipe, consent.trust)
    if jobs > 1 and is_distributed():
        raise ValueError(f"--jobs {jobs} does not combine with a launcher of several processes: leave it out")
    make_folder(folder)
    with run.one_writer(folder, progress):
        return _held(recipe, folder, seeds, progress, jobs, consent)


def _held(
    recipe: Recipe,
    folder: Path,
    seeds: Sequence[int],
    progress: Progress,
    jobs: int,
    consent: Consent,
) -> dict[str, Any]:
    from numerate.report import shootout as page

    kept = Kept(folder)
    runs = [
        (replace(recipe, seed=seed, name=f"{recipe.name}-seed-{seed}"), folder / f"seed-{seed}")
        for seed in seeds
    ]
    if jobs > 1:
        run_all(runs, jobs, progress, consent)
    else:
        for seeded, path in runs:
            run.run(seeded, path, progress=progress, consent=consent)
    results = kept_comparison(recipe, kept, seeds)
    run_on_main(lambda: write_json(folder / "shootout.json", results))
    run_on_main(lambda: progress.say(f"report: {page.refresh_page(kept, results)}"))
    run_on_main(kept.write)
    return results


def kept_comparison(recipe: Recipe, kept: Kept, seeds: Sequence[int]) -> dict[str, Any]:
    """Returns what `compare_seeds` does, computed where a file of a seed, the recipe or the code changed."""
    files = [file for seed in seeds for file in compared_files(recipe, kept.folder / f"seed-{seed}")]
    made_from = [resolved_yaml(recipe), list(seeds), contents_hash(kept.folder, files)]
    identity = identity_hash([code_identity(), *made_from])
    results = kept.get("comparison", identity)
    if results is None:
        results = compare_seeds(recipe, kept.folder, seeds)
        kept.put("comparison", identity, results)
    return results


def compared_files(recipe: Recipe, seed: Path) -> list[Path]:
    """Returns the files of a seed that the comparison reads."""
    start, contestants = find_contestants(recipe)
    run_folder = RunFolder(seed)
    samples = (
        run_folder.samples(recipe.name_of(name), recipe.evaluate.problems[0])
        for name in (start, *contestants)
    )
    logs = (
        run_folder.stage(name) / log for name in recipe.stages for log in ("metrics.jsonl", "times.jsonl")
    )
    files = [run_folder.problems("validation"), *logs]
    return [file for file in files if file.is_file()] + [
        file for folder in samples for file in (folder / "greedy").rglob("*.parquet")
    ]


def compare_seeds(recipe: Recipe, folder: Path, seeds: Sequence[int]) -> dict[str, Any]:
    """Returns the content of `shootout.json`, from the folders of the seeds."""
    start, contestants = find_contestants(recipe)
    problems = recipe.evaluate.problems[0]
    places = [RunFolder(folder / f"seed-{seed}") for seed in seeds]
    right = {
        m: [greedy_outcomes(run_folder, recipe.name_of(m), problems) for run_folder in places]
        for m in (start, *contestants)
    }
    against_start = [difference_row(name, start, right) for name in contestants]
    pairs = [difference_row(a, b, right) for a, b in combinations(contestants, 2)]
    free = {start, *made_of(recipe, start)}
    costs = {name: made_of(recipe, name) - free for name in (start, *contestants)}
    return {
        "name": recipe.name,
        "start": start,
        "problems": problems,
        "n": len(right[start][0]),
        "seeds": list(seeds),
        "validation": validation_sizes(recipe, places[0], contestants),
        "methods": [
            accuracy_row(name, right[name])
            | {"curves": [validation_curve(run_folder, name, cost) for run_folder in places]}
            for name, cost in costs.items()
        ],
        "against_start": holm_corrected(against_start),
        "pairs": holm_corrected(pairs),
    }


def validation_sizes(recipe: Recipe, folder: RunFolder, contestants: Sequence[str]) -> list[int]:
    """Returns how many problems the contestants validate on, each number once."""
    file = folder.problems("validation")
    whole = sum(1 for _ in read_jsonl(file)) if file.is_file() else 0
    sizes: set[int] = set()
    for options in (recipe.stages[name].options for name in contestants):
        limit = getattr(getattr(options, "validate", None), "limit", None)
        sizes.add(min(whole, limit or whole))
    return sorted(sizes - {0})


def greedy_outcomes(folder: RunFolder, model: str, problems: str) -> dict[str, float]:
    rows = read_rewards(folder.samples(model, problems) / "greedy")
    return {problem_id: float(bool(reward)) for problem_id, reward in rows}


def accuracy_row(name: str, right: Right) -> dict[str, Any]:
    """Returns the mean over seeds; its interval is over problems, of their means over seeds."""
    row = metric_rows.accuracy_row("accuracy", [sum(hits) / len(hits) for hits in by_problem(right)])
    seeds = [sum(outcomes.values()) / len(outcomes) for outcomes in right]
    return {"model": name} | {key: row[key] for key in ("value", "low", "high")} | {"seeds": seeds}


def by_problem(right: Right) -> list[list[float]]:
    """Returns per problem one number per seed."""
    return [[hits[problem] for hits in right] for problem in right[0]]


def difference_row(a: str, b: str, right: dict[str, Right]) -> dict[str, Any]:
    """Returns a - b on the same problems and seeds: the interval and p are over problems; `seeds` has the
    difference within each seed."""
    ours, theirs = by_problem(right[a]), by_problem(right[b])
    n = len(ours)
    means = [[sum(hits) / len(hits) for hits in side] for side in (ours, theirs)]
    gap = metrics.paired_test(means[0], means[1])
    seeds = [sum(x[s] - y[s] for x, y in zip(ours, theirs, strict=True)) / n for s in range(len(ours[0]))]
    row = metric_rows.metric_row("accuracy_difference", gap.value, (gap.low, gap.high), n)
    statistics = {key: row[key] for key in ("value", "low", "high")} | {"p": gap.p, "seeds": seeds}
    return {"model": a, "versus": b} | statistics


def holm_corrected(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Adds `p_holm`, corrected for the number of comparisons, and `clear`: significant, with the same sign in
    all seeds."""
    ps = metrics.holm([row["p"] for row in rows])
    return [
        row | {"p_holm": p, "clear": p < CLEAR and len({seed > 0 for seed in row["seeds"]}) == 1}
        for row, p in zip(rows, ps, strict=True)
    ]


def made_of(recipe: Recipe, name: str) -> set[str]:
    """Returns the stages without which there would not be this one; none for the base model."""
    if name not in recipe.stages:
        return set()
    stage = recipe.stages[name]
    direct = {other for other in {stage.model, *other_stages(stage)} if other in recipe.stages}
    return direct.union(*(made_of(recipe, other) for other in direct))


def validation_curve(folder: RunFolder, name: str, before: Collection[str]) -> list[dict[str, float | None]]:
    """Returns per round of a stage the rollouts and seconds so far, those of the stages `before` included,
    and the validation accuracy where it was taken.

    Seconds are those of the rounds without validations, nor what was lost when a run was killed."""
    spent = [round_rows(folder.stage(other)) for other in sorted(before)]
    rollouts, seconds = (sum(row[key] for stage in spent for row in stage) for key in ("rollouts", "seconds"))
    curve: list[dict[str, float | None]] = []
    for row in round_rows(folder.stage(name)):
        rollouts, seconds = rollouts + row["rollouts"], seconds + row["seconds"]
        curve.append({"rollouts": rollouts, "seconds": seconds, "accuracy": row["accuracy"]})
    return curve


def round_rows(stage: Path) -> list[dict[str, Any]]:
    """Returns the rollouts, seconds and validation accuracy of each round."""
    if not (stage / "times.jsonl").exists():
        return []
    took = {row["round"]: row["seconds"] for row in read_jsonl(stage / "times.jsonl")}
    return [
        {
            "rollouts": row.get("rollouts/count", 0.0),
            "seconds": took.get(row["round"], 0.0),
            "accuracy": row.get("validation/accuracy"),
        }
        for row in map(with_current_names, read_jsonl(stage / "metrics.jsonl"))
    ]
