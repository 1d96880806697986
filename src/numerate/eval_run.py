"""One evaluation in its folder: earlier results stay, those of other weights move away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from numerate import run
from numerate.config import Evaluation
from numerate.consent import NO_CONSENT
from numerate.identities import base_identity
from numerate.progress import Progress
from numerate.rollouts.sharing import run_on_main
from numerate.store import LOCK, RunFolder, move_path, read_json


def measure_beside(
    choose: Callable[[], Evaluation], progress: Progress, notify: Callable[[str], object]
) -> dict[str, Any]:
    """Runs the evaluation that `choose` returns, and keeps what its folder holds. Returns the metrics.

    choose: reads which folders exist and what they hold. It is called again once the folder's lock is held,
    since another process may have finished an evaluation there in the meantime. notify: gets a line about
    other folders of that model. Results of weights that have changed since move to a folder of their own.
    Raises ValueError where another process writes there, or has just taken the folder."""
    folder = choose().folder
    with run.one_writer(folder, progress):
        run_on_main(lambda: move_outdated(folder, choose().recipe.model, notify))
        chosen = choose()
        if chosen.folder != folder:
            raise ValueError(f"another evaluation has just taken {folder}: run this command again")
        if chosen.note:
            notify(chosen.note)
        return run.work_through(chosen.recipe, folder, progress, NO_CONSENT, chosen.recorded)


def move_outdated(folder: Path, model: str, notify: Callable[[str], object]) -> None:
    """Moves the results in an evaluation's folder, all but the lock, to `NAME-until-HASH` where the model at
    that path has changed since they were made.

    metrics.json goes last, so that a move that was killed is completed by the next start."""
    metrics = RunFolder(folder).metrics
    base = str(read_json(metrics).get("run", {}).get("base", "")) if metrics.is_file() else ""
    if not base or base == base_identity(model):
        return
    aside = folder.with_name(f"{folder.name}-until-{base[:6]}")
    if (aside / metrics.name).exists():
        raise ValueError(f"{aside} exists already: move it or {folder} away, and run again")
    results = [path for path in sorted(folder.iterdir()) if path.name not in (LOCK, metrics.name)]
    for path in (*results, metrics):
        move_path(path, aside / path.name)
    notify(f"{model} has changed: its earlier results are now in {aside}")
