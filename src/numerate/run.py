"""Runs a recipe: problem sets, stages, evaluation, report. Completed parts are not repeated."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numerate import __version__, methods, report, states
from numerate.config import Recipe, StageRecipe, check_judges, resolved_yaml, trusting
from numerate.config.eval_recipe import set_name
from numerate.config.write import plain_tree
from numerate.consent import NO_CONSENT, Consent
from numerate.evaluate import Measured, difference_rows, evaluate_model
from numerate.events import log_event, log_warning
from numerate.identities import Sets, base_identity, marked_identity, plan
from numerate.metric_rows import join_metrics
from numerate.models import locate
from numerate.models.judge_config import STEP_JUDGES, read_card
from numerate.problems import fingerprint, load
from numerate.processes import is_main
from numerate.progress import Progress
from numerate.prompts import style_of
from numerate.reranking import Judge, rerank_models
from numerate.reranking.labelled_steps import LABELLED, on_labelled
from numerate.rollouts import engines
from numerate.rollouts.sharing import barrier, run_on_main
from numerate.states import Planned
from numerate.store import (
    LOCK,
    RunFolder,
    hold_lock,
    identity_hash,
    keep_if_same,
    make_folder,
    read_json,
    remove_path,
    write_json,
    write_problems,
    write_text,
)
from numerate.types import NotFinite, Problem

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
    """Runs the recipe of `run` for the holder of the folder's lock.

    recorded: the recipe of all that the folder holds, where `recipe` measures a part of it: the other rows of
    metrics.json stay."""
    sets = problem_sets(recipe, progress)
    planned = plan(recipe, folder, sets)
    states.check_links(folder, planned)
    states.check_consent(planned, folder, consent)
    barrier()  # all processes have seen what there is
    run_on_main(lambda: write_text(RunFolder(folder).recipe, resolved_yaml(recorded or recipe)))
    for note in recipe.notes:
        log_warning(folder, note, progress)
    for name, problems in sets.items():
        run_on_main(partial(write_problems, RunFolder(folder).problems(name), problems))
    stages = {each.stage: each for each in planned}
    for name, stage in recipe.stages.items():
        run_stage(recipe, folder, name, stage, stages[name], sets, progress, consent.trust)
    rows = measured_rows(recipe, folder, stages, sets, progress)
    metrics = {"results": rows, "run": run_facts(recipe, sets, stages)}
    run_on_main(lambda: leave_run(folder, with_earlier(folder, metrics) if recorded else metrics, progress))
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


def leave_run(folder: Path, metrics: Mapping[str, Any], progress: Progress) -> None:
    write_json(RunFolder(folder).metrics, metrics)
    page = report.build(folder)
    log_event(folder, "finished", progress)
    progress.say(f"report: {page}")


def problem_sets(recipe: Recipe, progress: Progress) -> Sets:
    """Returns the problems that the stages and the evaluation name."""
    sets: dict[str, list[Problem]] = {}
    with progress.task("reading problems", total=len(recipe.problem_sets), unit="sets") as task:
        for name in sorted(recipe.problem_sets):
            spec = recipe.problems[name]
            sets[name] = load(spec.source, limit=spec.limit, seed=spec.seed)
            task.advance(1)
    return sets


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
    from numerate.training import Stage as Run
    from numerate.training import open_tracker

    path = RunFolder(folder).stage(name)
    if planned.state == "done":
        run_on_main(lambda: states.drop_replaced(RunFolder(folder), name))
        return log_event(folder, f"stage {name}: already completed", progress)
    if not states.begin_stage(RunFolder(folder), planned, partial(log_event, folder, progress=progress)):
        return None
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
    recipe: Recipe, folder: Path, stages: Mapping[str, Planned], sets: Sets, progress: Progress
) -> list[dict[str, Any]]:
    """Returns the rows of metrics.json. Stored rollouts that still belong to the model are not sampled
    again."""
    options = recipe.evaluate
    drawing = {k: v for k, v in plain_tree(options).items() if k not in NOT_DRAWN}
    measured: dict[tuple[str, str], Measured] = {}
    names = {model: recipe.name_of(model) for model in options.models}
    for model, called in names.items():
        path = model_path(recipe, folder, model)
        policy = engines.load_policy(recipe.engine, path, recipe.device, recipe.dtype)
        policy.name = policy_name(recipe, folder, path)
        source = base_identity(recipe.model) if model == "base" else stages[model].identity
        for name in options.problems:
            problems = sets[name][: options.limit]
            stored = RunFolder(folder).samples(called, name)
            style = style_of(recipe.prompt, problems)
            drawn_from: list[Any] = [source, fingerprint(problems), drawing, recipe.seed, style]
            wanted = identity_hash([*drawn_from, *recipe.engine.mark()])
            keys = ("model", "problems", "evaluate", "seed", "prompt")
            made_from: dict[str, Any] = dict(zip(keys, drawn_from, strict=True))
            run_on_main(partial(renew_folder, folder, called, name, wanted, made_from, progress))
            measured[called, name] = evaluate_model(
                called,
                name,
                problems,
                engines.make_engine(recipe.engine, policy),
                stored,
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
            run_on_main(partial(remove_path, RunFolder(folder).replaced_samples(called, name)))
            log_event(folder, f"evaluated {called} on {name}", progress)
    rows = [row for measurement in measured.values() for row in measurement.rows]
    starts = {name: recipe.name_of(stage.model) for name, stage in recipe.stages.items()}
    rows += difference_rows(measured, starts, recipe.base_name)
    sampled = {name: sets[name][: options.limit][: options.samples_limit] for name in options.problems}
    path = RunFolder(folder).samples
    for judge in rerank_judges(recipe, folder, stages):
        rows += rerank_models(judge, list(names.values()), sampled, path, options.samples, progress)
        log_event(folder, f"re-ranked with {judge.name}", progress)
        for short, name in short_names(options.marked).items() if judge.steps else ():
            known = identity_hash([marked_identity(name), options.marked_limit])
            scores = path(LABELLED, short) / "scores" / judge.name
            rows += on_labelled(judge, name, options.marked_limit, known, scores, progress)
            log_event(folder, f"evaluated {judge.name} on {name}", progress)
    return rows


def renew_folder(
    folder: Path, model: str, name: str, wanted: str, made_from: Mapping[str, Any], progress: Progress
) -> None:
    """Sets rollouts of another origin aside, with a message, until new ones are stored."""
    run = RunFolder(folder)
    replaced = run.replaced_samples(model, name)
    if changes := keep_if_same(run.samples(model, name), wanted, made_from, replaced):
        log_warning(folder, f"{model} is sampled again on {name}: {', '.join(changes)}", progress)


def short_names(sets: Sequence[str]) -> dict[str, str]:
    """Maps the names on disk of sets of labelled steps to the sets."""
    names: dict[str, str] = {}
    for each in sets:
        names[set_name(each, names)] = each
    return names


def rerank_judges(recipe: Recipe, folder: Path, stages: Mapping[str, Planned]) -> list[Judge]:
    """Returns the judges of `rerank_with`, by their names in the rows."""
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


def run_facts(recipe: Recipe, sets: Sets, stages: Mapping[str, Planned]) -> dict[str, Any]:
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
                "fingerprint": fingerprint(problems),
            }
            for name, problems in sets.items()
        },
        "stages": {name: planned.identity for name, planned in stages.items()},
    }
