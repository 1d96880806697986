"""Runs a recipe: problem sets, stages, evaluation, report. Completed parts are not repeated."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numerate import __version__, methods, report, states
from numerate.config import Recipe, StageRecipe, check_judges, resolved_yaml, trusting
from numerate.config.eval_recipe import set_name
from numerate.config.write import plain_tree
from numerate.consent import NO_CONSENT, Consent
from numerate.evaluate import Measured, difference_rows, evaluate_model
from numerate.identities import Sets, base_identity, marked_identity, plan
from numerate.metric_rows import join_metrics
from numerate.models import locate
from numerate.models.judge_config import STEP_JUDGES, read_card
from numerate.problems import fingerprint
from numerate.progress import Progress
from numerate.prompts import style_of
from numerate.repeats import fingerprints, keep_measured, keep_rows, problem_sets, write_sets
from numerate.reranking import Judge, rerank_models
from numerate.reranking.labelled_steps import LABELLED, on_labelled
from numerate.rollouts import engines
from numerate.rollouts.distributed import barrier, is_main, run_on_main
from numerate.states import Planned
from numerate.store import (
    LOCK,
    Kept,
    RunFolder,
    append_text,
    hold_lock,
    identity_hash,
    keep_if_same,
    make_folder,
    read_json,
    remove_path,
    write_json,
    write_text,
)
from numerate.types import Engine, NotFinite, Problem

if TYPE_CHECKING:
    from numerate.models.policy import Policy
    from numerate.rollouts.job import Job
    from numerate.training import Stage as Run

NOT_DRAWN = ("models", "problems", "limit", "k", "rerank_with", "aggregate", "marked", "marked_limit")
"""keys of `evaluate` without effect on the samples"""


def run(
    recipe: Recipe,
    folder: Path,
    *,
    progress: Progress,
    consent: Consent = NO_CONSENT,
) -> dict[str, Any]:
    """Trains every stage, measures every model, writes metrics.json and the report. Returns the metrics.

    Killed at any moment and started again, it ends with the same metrics.json and the same weights. Raises
    ValueError where finished stages would be replaced or foreign code run without consent, and where another
    process writes in the folder."""
    trusting.check_trust(recipe, consent.trust)
    with one_writer(folder, progress):
        return work_through(recipe, folder, progress, consent)


def work_through(
    recipe: Recipe, folder: Path, progress: Progress, consent: Consent, recorded: Recipe | None = None
) -> dict[str, Any]:
    """Does the work of `run` for whoever holds the folder's lock.

    recorded: the recipe of all that the folder holds, where `recipe` measures a part of it: the other rows of
    metrics.json stay."""
    kept = Kept(folder)
    sets = problem_sets(recipe, progress, kept)
    prints = fingerprints(recipe, sets, kept)
    planned = plan(recipe, folder, sets, prints)
    states.check_links(folder, planned)
    states.check_consent(planned, folder, consent)
    barrier()  # all processes have seen what there is
    run_on_main(lambda: write_text(RunFolder(folder).recipe, resolved_yaml(recorded or recipe)))
    run_on_main(partial(write_sets, recipe, sets, prints, kept))
    stages = {each.stage: each for each in planned}
    for name, stage in recipe.stages.items():
        run_stage(recipe, folder, name, stage, stages[name], sets, progress, consent.trust)
    rows = measured_rows(recipe, kept, stages, sets, prints, progress)
    metrics = {"results": rows, "run": run_facts(recipe, sets, prints, stages)}
    written = with_earlier(folder, metrics) if recorded else metrics
    run_on_main(lambda: leave_run(kept, written, progress))
    return metrics


def with_earlier(folder: Path, metrics: Mapping[str, Any]) -> Mapping[str, Any]:
    file = RunFolder(folder).metrics
    return join_metrics(read_json(file), metrics) if file.is_file() else metrics


@contextmanager
def one_writer(folder: Path, progress: Progress) -> Generator[None]:
    """Holds the folder's lock within, in the process that writes, and removes what killed writers left."""
    with ExitStack() as lock:
        run_on_main(lambda: take_folder(lock, folder, progress))
        yield


def take_folder(lock: ExitStack, folder: Path, progress: Progress) -> None:
    make_folder(folder)
    lock.enter_context(hold_lock(folder / LOCK, progress.warn))
    states.clear_run(folder, progress)


def leave_run(kept: Kept, metrics: Mapping[str, Any], progress: Progress) -> None:
    write_json(RunFolder(kept.folder).metrics, metrics)
    page = report.refresh(kept)
    kept.write()
    log_event(kept.folder, "finished", progress)
    progress.say(f"report: {page}")


def run_stage(
    recipe: Recipe,
    folder: Path,
    name: str,
    stage: StageRecipe,
    planned: Planned,
    sets: Sets,
    progress: Progress,
    trust: Sequence[str] = (),
) -> None:
    """Runs, resumes or skips one stage. DONE.json is written last; then the replaced stage is removed."""
    path = RunFolder(folder).stage(name)
    if planned.state == "done":
        run_on_main(lambda: states.drop_replaced(RunFolder(folder), name))
        return log_event(folder, f"stage {name}: already completed", progress)
    if not states.begin_stage(RunFolder(folder), planned, partial(log_event, folder, progress=progress)):
        return None
    from numerate.training import Stage as Run  # loads torch, which a completed stage does not need
    from numerate.training import open_tracker

    log_event(folder, f"stage {name}: {'resumed' if planned.state == 'half done' else 'started'}", progress)
    tracker = open_tracker(recipe.report_to, folder, recipe.name, plain_tree(recipe)) if is_main() else None
    begun = Run(path, recipe.seed, progress, tracker=tracker)
    work = make_job(recipe, folder, stage, sets, trust)
    made = train_stage(begun, stage, work, partial(log_event, folder, progress=progress))
    if made is not None:  # some stages only leave rollouts behind
        begun.save(made, "model")
    if tracker:
        tracker.close()
    run_on_main(lambda: states.finish_stage(RunFolder(folder), planned))
    log_event(folder, f"stage {name}: completed", progress)


def train_stage(begun: Run, stage: StageRecipe, job: Job, event: Callable[[str], None]) -> Any:
    """Trains a stage, and returns the result of its method. Raises NotFinite, with stage and step, where a
    number is not finite."""
    from numerate.training import checkpoint

    try:
        return methods.get_method(stage.method).train(begun, stage.options, job)
    except NotFinite as error:
        event(f"{begun.position}: stopped: {error}")
        saved = checkpoint.checkpoint_steps((begun.working or begun).folder / "checkpoints")
        kept = f"The checkpoint of step {saved[-1]} is kept" if saved else "No checkpoint was saved before it"
        raise NotFinite(
            f"{begun.position}: {error}. {kept}: the same command without a change stops at the same step"
        ) from error


def make_job(recipe: Recipe, folder: Path, stage: StageRecipe, sets: Sets, trust: Sequence[str] = ()) -> Job:
    from numerate.models.policy import load as load_policy
    from numerate.rollouts.job import Job

    def open_model(path: str) -> Policy:
        policy = load_policy(path, device=recipe.device, dtype=recipe.dtype, trained=True)
        policy.name = policy_name(recipe, folder, path)
        return policy

    return Job(
        model=stage.model,
        problems=sets[stage.problems][: stage.limit],
        validation=sets.get("validation", []),
        style=recipe.prompt,
        load=lambda name: open_model(model_path(recipe, folder, name)),
        load_dir=lambda path: open_model(str(path)),
        engine=lambda policy: engines.make_engine(recipe.engine, policy),
        max_tokens=recipe.evaluate.max_tokens,
        stage_folder=RunFolder(folder).stage,
        device=recipe.device,
        dtype=recipe.dtype,
        trust=trust,
    )


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
    """The rows of metrics.json. Rollouts that are stored and still belong to the model are not drawn
    again, and a model that none are missing of is not loaded. prints: fingerprint of each problem set."""
    options, folder = recipe.evaluate, kept.folder
    measured: dict[tuple[str, str], Measured] = {}
    names = {model: recipe.name_of(model) for model in options.models}
    shown = {name: sets[name][: options.limit] for name in options.problems}
    whole = {name: len(shown[name]) == len(sets[name]) for name in shown}
    known = {name: prints[name] if whole[name] else fingerprint(shown[name]) for name in shown}
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
                recipe, kept, called, name, problems, [source, known[name]], engine, progress
            )
    rows = [row for measurement in measured.values() for row in measurement.rows]
    starts = {name: recipe.name_of(stage.model) for name, stage in recipe.stages.items()}
    rows += difference_rows(measured, starts, recipe.base_name)
    sampled = {name: problems[: options.samples_limit] for name, problems in shown.items()}
    for judge in rerank_judges(recipe, folder, stages):
        rows += reranked_rows(recipe, kept, judge, list(names.values()), sampled, known, progress)
    return rows


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
    """One model on one problem set. source: the identities of both."""
    options, folder = recipe.evaluate, kept.folder
    drawing = {k: v for k, v in plain_tree(options).items() if k not in NOT_DRAWN}
    drawn_from: list[Any] = [*source, drawing, recipe.seed, style_of(recipe.prompt, problems)]
    wanted = identity_hash([*drawn_from, *recipe.engine.mark()])
    keys = ("model", "problems", "evaluate", "seed", "prompt")
    made_from: dict[str, Any] = dict(zip(keys, drawn_from, strict=True))
    run_on_main(partial(renew_folder, folder, called, name, wanted, made_from, progress))
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
    made = keep_measured(kept, called, name, [wanted, options.k], measure)
    run_on_main(partial(remove_path, RunFolder(folder).replaced_samples(called, name)))
    log_event(folder, f"evaluated {called} on {name}", progress)
    return made


def reranked_rows(
    recipe: Recipe,
    kept: Kept,
    judge: Judge,
    models: Sequence[str],
    sampled: Mapping[str, Sequence[Problem]],
    known: Mapping[str, str],
    progress: Progress,
) -> list[dict[str, Any]]:
    """The rows of one scorer: on the samples of the models, and on sets of labelled steps. known:
    fingerprints of the problem sets."""
    options, path = recipe.evaluate, RunFolder(kept.folder).samples
    about = [judge.name, judge.identity, judge.how, judge.steps]
    folders = [path(model, name) for model in models for name in sampled]
    rows = keep_rows(
        kept,
        f"re-ranked with {judge.name}",
        [about, models, known, options.samples, options.samples_limit],
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


def renew_folder(
    folder: Path, model: str, name: str, wanted: str, made_from: Mapping[str, Any], progress: Progress
) -> None:
    """Sets rollouts aside that were drawn from something else, with a message, until new ones are there."""
    run = RunFolder(folder)
    replaced = run.replaced_samples(model, name)
    if changes := keep_if_same(run.samples(model, name), wanted, made_from, replaced):
        message = f"{model} is sampled again on {name}: {', '.join(changes)}"
        record(folder, message)
        progress.warn(message)


def short_names(sets: Sequence[str]) -> dict[str, str]:
    """Maps the names on disk of sets of labelled steps to the sets."""
    names: dict[str, str] = {}
    for each in sets:
        names[set_name(each, names)] = each
    return names


def rerank_judges(recipe: Recipe, folder: Path, stages: Mapping[str, Planned]) -> list[Judge]:
    """Those of `rerank_with`, by what their rows call them."""
    from numerate.judges import Oracle, load

    judges: list[Judge] = []
    aggregate = recipe.evaluate.aggregate
    for name, source in check_judges.judge_names(recipe.evaluate.rerank_with, recipe.stages).items():
        if source == check_judges.ORACLE and source not in stages:
            judges.append(Judge(name, identity_hash([source, __version__]), Oracle, aggregate or "min"))
            continue
        path = Path(model_path(recipe, folder, source) if source in stages else source).expanduser()
        made_from = stages[source].identity if source in stages else base_identity(str(path))
        card = read_card(path)
        opened = partial(load, path, device=recipe.device, dtype=recipe.dtype)
        how = aggregate or card.aggregation
        judges.append(
            Judge(name, identity_hash([made_from, recipe.dtype]), opened, how, card.kind in STEP_JUDGES)
        )
    return judges


def run_facts(
    recipe: Recipe, sets: Sets, prints: Mapping[str, str], stages: Mapping[str, Planned]
) -> dict[str, Any]:
    """Returns what the numbers belong to. No times here: a resumed run writes the same file."""
    return {
        "name": recipe.name,
        "seed": recipe.seed,
        "model": recipe.model,
        "base": base_identity(recipe.model),
        "numerate": __version__,
        "problems": {
            name: {
                "source": recipe.problems[name].source,
                "n": len(problems),
                "fingerprint": prints[name],
            }
            for name, problems in sets.items()
        },
        "stages": {name: planned.identity for name, planned in stages.items()},
    }


def log_event(folder: Path, text: str, progress: Progress) -> None:
    """A line in events.log, with the time, and on the terminal, without."""
    if is_main():
        record(folder, text)
        progress.say(text)


def record(folder: Path, text: str) -> None:
    """Appends a line to events.log, with the time."""
    append_text(RunFolder(folder).events, f"{datetime.now(UTC).isoformat(timespec='seconds')} {text}\n")
