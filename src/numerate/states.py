"""The stages of a run on disk: which are done, what changed for those that are not, and how a finished one is
replaced: set aside until its successor is done."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from numerate import __version__
from numerate.consent import Consent
from numerate.processes import is_main, process_count
from numerate.progress import Progress, count_of
from numerate.rollouts.sharing import run_on_main
from numerate.store import (
    LOCK,
    RunFolder,
    clear_leftovers,
    describe_differences,
    file_sizes,
    identity_hash,
    make_folder,
    read_object,
    remove_path,
    set_aside,
    symbolic_links,
    take_back,
    write_json,
)

DONE = "DONE.json"
BEGUN = "config.json"
UNLISTED = ("times.jsonl",)
"""may differ without making a stage another one"""


@dataclass(frozen=True)
class Planned:
    stage: str
    identity: str
    """changes with anything that could change the stage's result"""
    state: str
    """done, half done, changed, set aside (this very stage was replaced before and can be taken back) or
    new"""
    made_from: Mapping[str, Any]
    """the parts of the identity, by name"""
    changes: tuple[str, ...] = ()
    """where it changed, `key: old -> new`; where it was done and is not any more, which file is gone"""
    finished: bool = False
    """what would be replaced is finished work"""


def stage_state(run: RunFolder, stage: str, made_from: Mapping[str, Any]) -> Planned:
    """Returns the state of a stage; writes nothing. Raises ValueError, with the remedy, for damaged files."""
    folder, identity = run.stage(stage), identity_hash(made_from)
    plan = partial(Planned, stage, identity, made_from=made_from)
    if (folder / DONE).exists():
        done = read_object(
            folder / DONE, f"delete it and run again: stage {stage} is then resumed at its end"
        )
        if done.get("identity") == identity:
            gone = lost_files(folder, done)
            return plan("half done" if gone else "done", changes=gone)
    if (run.replaced(stage) / DONE).exists():
        before = read_object(run.replaced(stage) / DONE, f"delete {run.replaced(stage)} and run again")
        if before.get("identity") == identity and not lost_files(run.replaced(stage), before):
            return plan("set aside")
    if not (folder / BEGUN).exists():
        there = os.path.lexists(folder) and (not folder.is_dir() or any(folder.iterdir()))
        return plan("changed", changes=(f"{BEGUN} is missing",)) if there else plan("new")
    started = read_object(folder / BEGUN, f"restore it, or delete {folder} to start stage {stage} again")
    if started.get("identity") == identity and not (folder / DONE).exists():
        return plan("half done")
    changes = describe_differences(started.get("made_from"), made_from) or ["an earlier version made it"]
    return plan("changed", changes=tuple(changes), finished=(folder / DONE).exists())


def lost_files(folder: Path, done: Mapping[str, Any]) -> tuple[str, ...]:
    """Returns the files of a completed stage that are missing or have another size than at its end."""
    listed = done.get("files")
    present = file_sizes(folder)
    if not isinstance(listed, dict):  # an earlier version listed none
        return ()
    return tuple(
        f"{folder / name} is {'truncated' if name in present else 'missing'}"
        for name, size in listed.items()
        if present.get(name) != size
    )


def check_consent(planned: Sequence[Planned], folder: Path, consent: Consent) -> None:
    """Raises ValueError where finished stages would be replaced without consent."""
    replaced = [plan for plan in planned if plan.state == "changed" and plan.finished]
    if not replaced or consent.to_replace(replacing_message(replaced)):
        return
    raise ValueError(
        f"{replacing_message(replaced)}; confirm with --redo (the old results stay in "
        f"{folder / 'stages' / '.replaced'} until the new ones are completed), or keep them under "
        "another name of this run, name=..."
    )


def replacing_message(planned: Sequence[Planned]) -> str:
    """Describes what changed, and which finished stages have to be done again for that; one line."""
    names = [plan.stage for plan in planned]
    why = [change_reason(plan, names) for plan in planned]
    what = f"stage {names[0]}" if len(names) == 1 else f"stages {', '.join(names)}"
    return f"this replaces completed work, {what}: {'; '.join(why)}"


def change_reason(planned: Planned, replaced: Sequence[str]) -> str:
    """Returns what changed in a stage itself, else the replaced stages that it takes something from."""
    inputs = {f"inputs.{name}:": name for name in replaced}
    own = [change for change in planned.changes if change.partition(" ")[0] not in inputs]
    if not own:
        takes = [inputs[change.partition(" ")[0]] for change in planned.changes]
        return f"{planned.stage} depends on {', '.join(takes)}"
    return f"{planned.stage} changed ({', '.join(own)})"


def check_links(folder: Path, planned: Sequence[Planned]) -> None:
    """Raises ValueError where a link in the run's folder would lead what is written out of it."""
    run = RunFolder(folder)
    kept = [run.stage(plan.stage) for plan in planned if plan.state in ("done", "changed", "set aside")]
    kept += [run.replaced(plan.stage) for plan in planned]
    for link in symbolic_links(folder, kept):
        if link.name != LOCK:
            raise ValueError(
                f"{link} is a link, and a run writes into its own folder only: replace it by the "
                "files themselves, or remove it"
            )


def clear_run(folder: Path, progress: Progress) -> None:
    """Removes what killed writers left; only the one writer of the run may do it."""
    if is_main() and (cleared := clear_leftovers(folder)):
        progress.say(f"{count_of(len(cleared), 'leftover')} of a stopped run removed")


def begin_stage(run: RunFolder, planned: Planned, say: Any) -> bool:
    """Makes the folder of a stage ready. Returns whether there is anything left to do."""
    folder, aside = run.stage(planned.stage), run.replaced(planned.stage)
    if planned.state == "set aside":
        run_on_main(lambda: take_back(folder, aside, DONE))
        say(f"stage {planned.stage}: restored from {aside}")
        return False
    if planned.changes:
        verb = "resumed" if planned.state == "half done" else "replaced"
        say(f"stage {planned.stage}: {verb}; {', '.join(planned.changes)}")
    run_on_main(lambda: _fresh(folder, aside, planned))
    return True


def _fresh(folder: Path, aside: Path, planned: Planned) -> None:
    """Creates a folder without content of another identity, and with the identity in a file."""
    if planned.state != "half done":
        set_aside(folder, aside, DONE)
        make_folder(folder)
    else:
        started = read_object(folder / BEGUN) if (folder / BEGUN).exists() else {}
        if (before := started.get("processes", process_count())) != process_count():
            raise ValueError(other_processes(folder, before, process_count()))
        remove_path(folder / DONE)
    facts = {"identity": planned.identity, "processes": process_count(), "made_from": planned.made_from}
    write_json(folder / BEGUN, facts | dict(planned.made_from["stage"]))


def other_processes(folder: Path, before: object, now: int) -> str:
    return (
        f"{folder} was started with {before} process{'' if before == 1 else 'es'}, and this run has "
        f"{now}, which would change the rounding: start it with {before}, or delete {folder} to start "
        "the stage again"
    )


def finish_stage(run: RunFolder, planned: Planned) -> None:
    """Writes DONE.json, and removes what the stage has replaced."""
    folder = run.stage(planned.stage)
    files = {name: size for name, size in file_sizes(folder).items() if not name.endswith(UNLISTED)}
    files = {name: size for name, size in files.items() if name not in (BEGUN, DONE)}
    done = {
        "identity": planned.identity,
        "numerate": __version__,
        "processes": process_count(),
        "files": files,
    }
    write_json(folder / DONE, done)
    drop_replaced(run, planned.stage)


def drop_replaced(run: RunFolder, stage: str) -> None:
    """Removes what a stage that is done has replaced."""
    if os.path.lexists(run.replaced(stage)):
        remove_path(run.replaced(stage))
