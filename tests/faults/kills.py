"""Ends a run again and again, resumes it, and compares its end with that of an undisturbed one, bit for bit.

    python -m tests.faults.kills --kills 200                  all methods, one after the other
    python -m tests.faults.kills --kills 20 --method ppo      one of them

Half of the kills come at a random time, half before or after a change of the file system, among these as many
as there are kinds: saving a checkpoint, replacing a finished stage, taking the lock, any other. A run that is
redone after a change of its recipe is killed too. Writes one line per method; exit code 1 where one differed.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

from tests.faults import worlds
from tests.faults.operations import Moment, Watch, write_down

SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
KINDS = ("checkpoints/", ".replaced", ".lock", "")
"""parts of the paths of operations that are chosen from in turn"""
PER_CYCLE = 3
"""kills until a run may end"""
FREE = ("events.log", "times.jsonl", "recipe.yaml", "index.html", ".kept.json")
"""files that hold times, paths or what earlier recipes were"""


@dataclass
class Score:
    kills: int = 0
    at_operations: int = 0
    kinds: Counter[str] = field(default_factory=Counter[str])
    differences: list[str] = field(default_factory=list[str])


@dataclass(frozen=True)
class Ended:
    status: int
    operations: list[str]
    seconds: float


class Harness:
    """One method's run in a folder of its own, in processes forked from this one."""

    def __init__(self, method: str, work: Path, seed: int, kinds: Sequence[str] = ()) -> None:
        """kinds: all kills are at operations of these kinds; by default half are at a random time."""
        worlds.use_them()
        self.kinds = kinds
        self.random = random.Random(f"{seed}/{method}")
        self.work, self.live = work, work / "live"
        self.recipe = worlds.write(work, method)
        changed = next(iter(worlds.WORLDS[method]))
        self.other = (
            (f"{changed}.sample.temperature=0.9",) if changed == "some" else (f"{changed}.fit.lr=2e-3",)
        )
        self.score = Score()
        self.whole = self.undisturbed(self.work / "whole", ())
        self.warm_up()
        shutil.rmtree(self.live)
        self.undisturbed(self.work / "other", self.other)
        self.redone = self.run(("--redo",))
        self.expect("redone")

    def warm_up(self) -> None:
        """Imports what the first run needed, so that later children find it."""
        for name in (self.work / "modules").read_text().split():
            if name not in sys.modules and not name.startswith("__"):
                with suppress(Exception):
                    import_module(name)

    def undisturbed(self, keep: Path, words: Sequence[str]) -> Ended:
        ended = self.run(words)
        if ended.status:
            raise RuntimeError(f"an undisturbed run failed:\n{(self.work / 'log').read_text()[-3000:]}")
        shutil.copytree(self.live, keep, symlinks=True)
        return ended

    def run(self, words: Sequence[str], moment: Moment | None = None, seconds: float | None = None) -> Ended:
        """The command in a child, until it ends or is ended."""
        began = time.monotonic()
        child = os.fork()
        if not child:
            self.become(words, moment)
        status = None if seconds is None else self.wait(child, seconds)
        if seconds is not None and status is None:
            os.kill(child, self.random.choice(SIGNALS))
        status = os.waitpid(child, 0)[1] if status is None else status
        seen = self.work / "operations"
        return Ended(status, seen.read_text().splitlines() if seen.exists() else [], time.monotonic() - began)

    def wait(self, child: int, seconds: float) -> int | None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                return status
            time.sleep(0.002)
        return None

    def become(self, words: Sequence[str], moment: Moment | None) -> None:
        """The child: `numerate run`, with its changes of the file system watched."""
        code = 70
        try:
            log = os.open(self.work / "log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(log, 1)
            os.dup2(log, 2)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            code = command(
                ["run", str(self.recipe), "--out", str(self.live), "-q", *words], moment, self.work
            )
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)

    def cycle(self, redo: bool) -> None:
        """Kills, then a run to the end, and the comparison."""
        shutil.rmtree(self.live, ignore_errors=True)
        if redo:
            shutil.copytree(self.work / "other", self.live, symlinks=True)
        words, like = (("--redo",), self.redone) if redo else ((), self.whole)
        points = [self.kill(words, like) for _ in range(PER_CYCLE)]
        ended = self.run(words)
        if ended.status:
            points.append(f"the last run failed: {(self.work / 'log').read_text()[-800:]}")
        self.expect(" ".join(points) if not ended.status else "\n".join(points))

    def kill(self, words: Sequence[str], like: Ended) -> str:
        if not self.kinds and self.random.random() < 0.5:
            at = self.random.uniform(0.05, 0.6) * like.seconds
            ended, what = self.run(words, seconds=at), f"time {at:.2f}"
        else:
            kind = self.random.choice(self.kinds or KINDS)
            numbers = [i for i, line in enumerate(like.operations, start=1) if kind in line]
            number = self.random.choice(numbers or range(1, len(like.operations) + 1))
            moment = Moment(number, self.random.random() < 0.5, self.random.choice(SIGNALS))
            ended, what = self.run(words, moment), f"{like.operations[number - 1]} {moment}"
            if killed(ended.status):
                self.score.at_operations += 1
                self.score.kinds[kind if numbers else ""] += 1
        self.score.kills += killed(ended.status)
        return what

    def expect(self, points: str) -> None:
        if found := differences(self.work / "whole" / "r", self.live / "r"):
            self.score.differences.append(f"{points}: {found}")


def command(words: Sequence[str], moment: Moment | None, work: Path) -> int:
    from numerate.cli import main
    from numerate.rollouts import collect
    from numerate.training import Stage

    Stage.SAVE_SECONDS = 0.0  # a checkpoint after every round
    collect.PART_ROLLOUTS = 8
    watch = Watch(moment)
    watch.install()
    sys.argv = ["numerate", *words]
    try:
        main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    else:
        code = 0
    watch.moment = None
    write_down(work / "operations", list(watch.seen))
    write_down(work / "modules", list(sys.modules))
    return code


def killed(status: int) -> bool:
    """Also Ctrl-C, which the command answers with 130."""
    return os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 130


def differences(whole: Path, other: Path) -> list[str]:
    """Files that differ, are missing or are left over; names that begin with a dot are leftovers."""
    one, two = hashes(whole), hashes(other)
    return sorted(name for name in {*one, *two} if one.get(name) != two.get(name))


def hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in FREE and "checkpoints" not in path.parts
    }


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    words.add_argument("--kills", type=int, default=200)
    words.add_argument("--method", choices=sorted(worlds.WORLDS), action="append")
    words.add_argument("--seed", type=int, default=0)
    words.add_argument("--seconds", type=float, default=1e9, help="no new cycle after so many")
    options = words.parse_args()
    names = options.method or sorted(worlds.WORLDS)
    each = -(-options.kills // len(names))
    began, bad, total, at_operations = time.monotonic(), 0, 0, 0
    for name in names:
        with tempfile.TemporaryDirectory(prefix="numerate-kills-") as work:
            harness = Harness(name, Path(work), options.seed)
            cycles = 0
            while harness.score.kills < each and time.monotonic() - began < options.seconds:
                harness.cycle(redo=cycles % 2 == 1)
                cycles += 1
        score = harness.score
        kinds = ", ".join(f"{kind or 'other'} {n}" for kind, n in sorted(score.kinds.items()))
        print(
            f"{name}: {score.kills} kills in {cycles} runs, {score.at_operations} at operations ({kinds}), "
            f"{len(score.differences)} differences, {time.monotonic() - began:.0f} s",
            *score.differences,
            sep="\n  ",
            flush=True,
        )
        bad += len(score.differences)
        total += score.kills
        at_operations += score.at_operations
    print(f"{total} kills, {at_operations} at operations, {bad} differences", flush=True)
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
