"""Measures the models of a recipe: samples on its problem sets, re-ranking, the rows of metrics.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from numerate import __version__
from numerate.config import Recipe, check_judges
from numerate.config.eval_recipe import set_name
from numerate.config.write import plain_tree
from numerate.evaluate import Measured, difference_rows, evaluate_model
from numerate.events import log_event, log_warning
from numerate.identities import Sets, base_identity, marked_identity
from numerate.models import locate
from numerate.models.judge_config import STEP_JUDGES, read_card
from numerate.problems import fingerprint
from numerate.progress import Progress
from numerate.prompts import style_of
from numerate.repeats import keep_measured, keep_rows
from numerate.reranking import Judge, rerank_models
from numerate.reranking.guided import guided_results
from numerate.reranking.labelled_steps import LABELLED, on_labelled
from numerate.rollouts import engines
from numerate.rollouts.sharing import run_on_main
from numerate.states import Planned
from numerate.store import Kept, RunFolder, identity_hash, keep_if_same, read_json, remove_path
from numerate.types import Engine, Problem, Sampling

NOT_DRAWN = (
    "models",
    "problems",
    "limit",
    "k",
    "rerank_with",
    "aggregate",
    "marked",
    "marked_limit",
    "guided",
)
"""keys of `evaluate` without effect on the samples"""


def model_path(recipe: Recipe, folder: Path, name: str) -> str:
    return recipe.model if name == "base" else str(RunFolder(folder).stage(name) / "model")


def policy_name(recipe: Recipe, folder: Path, path: str) -> str:
    """Returns the name in rollouts of the policy that wrote them: a stage, a hub id, or the last part of a
    path, as paths of a machine are not stored. A server knows its model by the whole name."""
    inside = path.removeprefix(f"{folder}/stages/")
    if inside != path:
        return inside.removesuffix("/model")
    local = recipe.engine.loads_weights and Path(path).expanduser().is_dir()
    return locate.short_name(path) if local else path


def measured_rows(
    recipe: Recipe,
    kept: Kept,
    stages: Mapping[str, Planned],
    sets: Sets,
    prints: Mapping[str, str],
    progress: Progress,
) -> list[dict[str, Any]]:
    """Returns the rows of metrics.json. Stored rollouts that still belong to the model are not sampled
    again, and a model that misses none is not loaded. prints: fingerprint of each problem set."""
    options, folder = recipe.evaluate, kept.folder
    measured: dict[tuple[str, str], Measured] = {}
    names = {model: recipe.name_of(model) for model in options.models}
    guide = guiding_judge(recipe, folder, stages)
    guided_by: list[dict[str, Any]] = []
    shown = {name: sets[name][: options.limit] for name in options.problems}
    whole = {name: len(shown[name]) == len(sets[name]) for name in shown}
    fingerprints = {name: prints[name] if whole[name] else fingerprint(shown[name]) for name in shown}
    for model, called in names.items():
        path = model_path(recipe, folder, model)
        if recipe.engine.loads_weights:
            locate.check_sums(path)  # as loading it would, before a folder is made for its samples
        engine = engines.LateEngine(
            recipe.engine, path, recipe.device, recipe.dtype, policy_name(recipe, folder, path)
        )
        source = base_identity(recipe.model) if model == "base" else stages[model].identity
        for name, problems in shown.items():
            measured[called, name] = measure_set(
                recipe, kept, called, name, problems, [source, fingerprints[name]], engine, progress
            )
            if guide:
                guided_by += measure_guided(recipe, kept, guide, called, name, problems, engine, progress)
    rows = [row for measurement in measured.values() for row in measurement.rows]
    starts = {name: recipe.name_of(stage.model) for name, stage in recipe.stages.items()}
    rows += difference_rows(measured, starts, recipe.base_name)
    sampled = {name: problems[: options.samples_limit] for name, problems in shown.items()}
    for judge in rerank_judges(recipe, folder, stages):
        rows += reranked_rows(recipe, kept, judge, list(names.values()), sampled, fingerprints, progress)
    return rows + guided_by


def measure_set(
    recipe: Recipe,
    kept: Kept,
    called: str,
    name: str,
    problems: Sequence[Problem],
    source: Sequence[str],
    engine: Engine,
    progress: Progress,
) -> Measured:
    """Measures one model on one problem set. source: the identities of both."""
    options, folder = recipe.evaluate, kept.folder
    drawing = {k: v for k, v in plain_tree(options).items() if k not in NOT_DRAWN}
    drawn_from: list[Any] = [*source, drawing, recipe.seed, style_of(recipe.prompt, problems)]
    identity = identity_hash([*drawn_from, *recipe.engine.full_mark()])
    keys = ("model", "problems", "evaluate", "seed", "prompt")
    made_from: dict[str, Any] = dict(zip(keys, drawn_from, strict=True))
    run_on_main(partial(renew_folder, folder, called, name, identity, made_from, progress))
    measure = partial(
        evaluate_model,
        called,
        name,
        problems,
        engine,
        RunFolder(folder).samples(called, name),
        progress,
        style=recipe.prompt,
        seed=recipe.seed,
        samples=options.samples,
        samples_limit=options.samples_limit,
        temperature=options.temperature,
        top_p=options.top_p,
        top_k=options.top_k,
        max_tokens=options.max_tokens,
        greedy=options.greedy,
        ks=options.k,
    )
    made = keep_measured(kept, called, name, [identity, options.k], measure)
    run_on_main(partial(remove_path, RunFolder(folder).replaced_samples(called, name)))
    log_event(folder, f"evaluated {called} on {name}", progress)
    return made


def reranked_rows(
    recipe: Recipe,
    kept: Kept,
    judge: Judge,
    models: Sequence[str],
    sampled: Mapping[str, Sequence[Problem]],
    fingerprints: Mapping[str, str],
    progress: Progress,
) -> list[dict[str, Any]]:
    """Returns the rows of one scorer: on the samples of the models, and on sets of labelled steps.
    fingerprints: fingerprints of the problem sets."""
    options, path = recipe.evaluate, RunFolder(kept.folder).samples
    about = [judge.name, judge.identity, judge.how, judge.steps]
    folders = [path(model, name) for model in models for name in sampled]
    rows = keep_rows(
        kept,
        f"re-ranked with {judge.name}",
        [about, models, fingerprints, options.samples, options.samples_limit],
        [part for folder in folders for part in (folder, folder / "samples", folder / "scores" / judge.name)],
        lambda: rerank_models(judge, models, sampled, path, options.samples, progress),
    )
    log_event(kept.folder, f"re-ranked with {judge.name}", progress)
    for short, name in short_names(options.marked).items() if judge.steps else ():
        marked = identity_hash([marked_identity(name), options.marked_limit])
        scores = path(LABELLED, short) / "scores" / judge.name
        rows = rows + keep_rows(
            kept,
            f"{judge.name} on labelled {name}",
            [about, name, marked],
            [scores],
            partial(on_labelled, judge, name, options.marked_limit, marked, scores, progress),
        )
        log_event(kept.folder, f"evaluated {judge.name} on {name}", progress)
    return rows


def measure_guided(
    recipe: Recipe,
    kept: Kept,
    judge: Judge,
    called: str,
    name: str,
    problems: Sequence[Problem],
    engine: engines.LateEngine,
    progress: Progress,
) -> list[dict[str, Any]]:
    """Returns the rows of value-guided sampling from one model on one problem set."""
    options, folder = recipe.evaluate, RunFolder(kept.folder).samples(called, name)
    assert options.guided
    samples = read_json(folder / "identity.json")["identity"]
    identity = identity_hash([samples, judge.identity, judge.how, plain_tree(options.guided)])
    run_on_main(partial(keep_if_same, folder / "guided" / judge.name, identity))
    measure = partial(
        guided_results,
        judge,
        called,
        name,
        problems[: options.samples_limit],
        engine,
        folder,
        progress,
        options=options.guided,
        samples=options.samples,
        params=Sampling(
            options.temperature,
            options.top_p,
            options.top_k,
            options.max_tokens,
            seed=recipe.seed,
            round=-1,
        ),
        style=recipe.prompt,
    )
    parts = ("samples", f"guided/{judge.name}", f"scores/{judge.name}")
    label = f"{called} on {name}, guided by {judge.name}"
    rows = keep_rows(kept, label, [identity, options.samples_limit], [folder / p for p in parts], measure)
    log_event(kept.folder, label, progress)
    return rows


def renew_folder(
    folder: Path, model: str, name: str, identity: str, made_from: Mapping[str, Any], progress: Progress
) -> None:
    """Sets rollouts of another origin aside, with a message, until new ones are stored."""
    run = RunFolder(folder)
    replaced = run.replaced_samples(model, name)
    if changes := keep_if_same(run.samples(model, name), identity, made_from, replaced):
        log_warning(folder, f"{model} is sampled again on {name}: {', '.join(changes)}", progress)


def short_names(sets: Sequence[str]) -> dict[str, str]:
    """Maps the names on disk of sets of labelled steps to the sets."""
    names: dict[str, str] = {}
    for each in sets:
        names[set_name(each, names)] = each
    return names


def rerank_judges(recipe: Recipe, folder: Path, stages: Mapping[str, Planned]) -> list[Judge]:
    """Returns the judges of `rerank_with`, by their names in the rows."""
    names = check_judges.judge_names(recipe.evaluate.rerank_with, recipe.stages)
    return [make_judge(recipe, folder, stages, name, source) for name, source in names.items()]


def guiding_judge(recipe: Recipe, folder: Path, stages: Mapping[str, Planned]) -> Judge | None:
    """Returns the judge of `guided`, loaded once for all models, under the name that it has in `rerank_with`;
    None where there is none."""
    options = recipe.evaluate.guided
    if options is None:
        return None
    judges = dict.fromkeys([*recipe.evaluate.rerank_with, options.judge])
    names = check_judges.judge_names(list(judges), recipe.stages)
    name = next(name for name, source in names.items() if source == options.judge)
    judge = make_judge(recipe, folder, stages, name, options.judge)
    return replace(judge, load=cache(judge.load))


def make_judge(recipe: Recipe, folder: Path, stages: Mapping[str, Planned], name: str, source: str) -> Judge:
    """Returns a judge by its name in the recipe. name: in the rows."""
    from numerate.judges import Oracle, load

    aggregate = recipe.evaluate.aggregate
    if source == check_judges.ORACLE and source not in stages:
        return Judge(name, identity_hash([source, __version__]), Oracle, aggregate or "min")
    path = Path(model_path(recipe, folder, source) if source in stages else source).expanduser()
    made_from = stages[source].identity if source in stages else base_identity(str(path))
    card = read_card(path)
    opened = partial(load, path, device=recipe.device, dtype=recipe.dtype)
    how = aggregate or card.aggregation
    return Judge(name, identity_hash([made_from, recipe.dtype]), opened, how, card.kind in STEP_JUDGES)
