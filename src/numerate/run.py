"""Runs a recipe: problem sets, stages, evaluation, report. Completed parts are not repeated."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numerate import __version__, methods, report, states
from numerate.config import Recipe, StageRecipe, resolved_yaml, trusting
from numerate.config.write import plain_tree
from numerate.consent import NO_CONSENT, Consent
from numerate.events import log_event, log_warning
from numerate.identities import Sets, base_identity, plan
from numerate.measure_models import measured_rows, model_path, policy_name
from numerate.metric_rows import join_metrics
from numerate.processes import is_main
from numerate.progress import Progress
from numerate.repeats import fingerprints, problem_sets, write_sets
from numerate.rollouts import engines
from numerate.rollouts.sharing import barrier, run_on_main
from numerate.states import Planned
from numerate.store import (
    LOCK,
    Kept,
    RunFolder,
    hold_lock,
    make_folder,
    read_json,
    write_json,
    write_text,
)
from numerate.types import NotFinite

if TYPE_CHECKING:
    from numerate.models.policy import Policy
    from numerate.rollouts.job import Job
    from numerate.training import Stage as Run


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
    kept = Kept(folder)
    sets = problem_sets(recipe, progress, kept)
    prints = fingerprints(recipe, sets, kept)
    planned = plan(recipe, folder, sets, prints)
    states.check_links(folder, planned)
    states.check_consent(planned, folder, consent)
    barrier()  # all processes have seen what there is
    run_on_main(lambda: write_text(RunFolder(folder).recipe, resolved_yaml(recorded or recipe)))
    if recipe.engine.tools:
        progress.say(recipe.engine.tools.about())
    for note in recipe.notes:
        log_warning(folder, note, progress)
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
    stage_run = Run(path, recipe.seed, progress, tracker=tracker)
    work = make_job(recipe, folder, stage, sets, trust)
    made = train_stage(stage_run, stage, work, partial(log_event, folder, progress=progress))
    if made is not None:  # some stages only leave rollouts behind
        stage_run.save(made, "model")
    if tracker:
        tracker.close()
    run_on_main(lambda: states.finish_stage(RunFolder(folder), planned))
    log_event(folder, f"stage {name}: completed", progress)


def train_stage(stage_run: Run, stage: StageRecipe, job: Job, event: Callable[[str], None]) -> Any:
    """Trains a stage, and returns the result of its method. Raises NotFinite, with stage and step, where a
    number is not finite."""
    from numerate.training import checkpoint

    try:
        return methods.get_method(stage.method).train(stage_run, stage.options, job)
    except NotFinite as error:
        event(f"{stage_run.position}: stopped: {error}")
        saved = checkpoint.checkpoint_steps((stage_run.working or stage_run).folder / "checkpoints")
        kept = f"The checkpoint of step {saved[-1]} is kept" if saved else "No checkpoint was saved before it"
        raise NotFinite(
            f"{stage_run.position}: {error}. {kept}: the same command without a change stops at the same step"
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
        has_tools=recipe.engine.tools is not None,
        stage_folder=RunFolder(folder).stage,
        device=recipe.device,
        dtype=recipe.dtype,
        trust=trust,
    )


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
