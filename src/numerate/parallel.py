"""Several runs at the same time, each in a process of its own: what small models need for several cores."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from numerate.answers.parallel import count_cores
from numerate.config import Recipe, resolved_yaml
from numerate.consent import Consent
from numerate.models.process_tuning import FROM_PARENT
from numerate.progress import Progress, Warnings
from numerate.store import LOCK, RunFolder, check_free, make_folder, write_text
from numerate.types import RunStopped

LAST = 5
"""printed lines of a failed run"""


def run_all(
    runs: Sequence[tuple[Recipe, Path]],
    jobs: int,
    progress: Progress,
    consent: Consent,
) -> None:
    """Runs each recipe in its folder, at most `jobs` at once, with an equal share of the threads: their
    number changes the rounding of sums, so it is the same for all.

    Raises ValueError with the last lines of a run that failed, RunStopped where that was no mistake of the
    caller's; the others are stopped, and are resumed the next time. When this process ends, however
    it ends, they end too."""
    setting = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0]  # the outermost level
    threads = str(max(1, (int(setting) if setting.isdigit() else count_cores()) // jobs))
    alive = set[subprocess.Popen[str]]()
    with ThreadPoolExecutor(jobs) as pool:
        futures = [
            pool.submit(run_one, recipe, folder, threads, progress, alive, consent) for recipe, folder in runs
        ]
        try:
            for done in as_completed(futures):
                done.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in list(alive):
                process.terminate()
            raise


def run_one(
    recipe: Recipe,
    folder: Path,
    threads: str,
    progress: Progress,
    alive: set[subprocess.Popen[str]],
    consent: Consent,
) -> None:
    """Runs one recipe to its end, and prints its lines with its folder's name before each."""
    make_folder(folder)
    check_free(folder / LOCK)
    write_text(RunFolder(folder).recipe, resolved_yaml(recipe))
    quiet = isinstance(progress, Warnings)
    show = progress.warn if quiet else progress.say
    package = str(Path(__file__).resolve().parents[1])
    path = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH")]))
    own = {"OMP_NUM_THREADS": threads, FROM_PARENT: "1", "PYTHONPATH": path}
    process = subprocess.Popen(
        [
            *(sys.executable, "-P", "-m", "numerate", "run", str(folder)),
            *(["--redo"] if consent.redo is True else []),
            *(["--quiet"] if quiet else []),
            *(f"--trust={name}" for name in consent.trust),
        ],
        env=os.environ | own | dict(recipe.engine.environment()),
        stdin=subprocess.PIPE,  # nothing is written there: that it closes says that this process has ended
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    alive.add(process)
    last = deque[str](maxlen=LAST)
    assert process.stderr is not None
    for line in process.stderr:
        last.append(line.rstrip())
        show(f"{folder.name} · {last[-1]}")
    assert process.stdin is not None
    process.stdin.close()
    alive.discard(process)
    if code := process.wait():
        kind = ValueError if code == 2 else RunStopped
        raise kind(f"{folder.name} ended before completion:\n" + "\n".join(last))
