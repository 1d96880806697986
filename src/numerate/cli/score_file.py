"""Implementation of `numerate judge FILE`: opening the judge, resuming, counting."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import Any, TextIO, cast, get_args

from numerate.cli import terminal
from numerate.config.check_judges import ORACLE, check_judge
from numerate.credit import AGGREGATES
from numerate.models import device
from numerate.models.judge_config import Card, Neutral
from numerate.progress import Progress, count_of, short_number
from numerate.types import Problem, Scorer

ERRORS_SHOWN = 5
"""bad lines that are named on stderr"""
DTYPES = ("auto", "float32", "bfloat16", "float16")
WORTH_A_RATE = 1.0
"""seconds after which a rate means something"""


OTHER_WORDS = {"mean": "avg", "fp16": "float16", "bf16": "bfloat16", "fp32": "float32", "half": "float16"}
"""names of these values in other tools"""


@dataclass(frozen=True)
class JudgeOptions:
    """A judge as the command line names it. Raises ValueError for what it cannot be."""

    judge: str
    aggregate: str | None = None
    neutral: Any = None
    device: str = "auto"
    dtype: Any = "auto"

    def __post_init__(self) -> None:
        for name, value, allowed in (
            ("aggregate", self.aggregate, AGGREGATES),
            ("neutral", self.neutral, get_args(Neutral)),
            ("dtype", self.dtype, DTYPES),
        ):
            if value is not None and value not in allowed:
                near = OTHER_WORDS.get(str(value)) or next(
                    iter(get_close_matches(value, allowed, cutoff=0.7)), ""
                )
                hint = f"; did you mean {near!r}?" if near else ""
                raise ValueError(f"--{name} {value}: expected one of {', '.join(allowed)}{hint}")
        device.check_device(self.device)
        card = self.card
        if self.neutral and (card is None or card.classes != 3):
            raise ValueError(
                f"--neutral: {self.judge} has two classes, right and wrong: leave the option out, or train "
                "a process_reward_model with classes: 3"
            )

    @property
    def card(self) -> Card | None:
        """Returns the judge's card; None for the oracle."""
        return None if self.judge == ORACLE else check_judge(self.judge)

    @property
    def how(self) -> str:
        card = self.card
        return self.aggregate or (card.aggregation if card else "min")

    def open(self) -> Scorer:
        from numerate import judges
        from numerate.cli.extras import need_extras

        if self.judge == ORACLE:
            return judges.Oracle()
        need_extras("train")
        path = Path(self.judge).expanduser()
        return judges.load(path, device=self.device, dtype=self.dtype, neutral=self.neutral)

    def identity(self, problems: Mapping[str, Problem]) -> str:
        """Changes with anything that could change a score, but for the solutions."""
        from numerate import __version__
        from numerate.identities import base_identity
        from numerate.problems import fingerprint
        from numerate.store import identity_hash

        judge = __version__ if self.judge == ORACLE else base_identity(self.judge)
        return identity_hash(
            [judge, self.how, self.neutral, self.dtype, fingerprint(list(problems.values()))]
        )


def known_problems(source: JudgeOptions, name: str | None) -> dict[str, Problem]:
    """Returns the problems that lines may name, by id."""
    from numerate.judges import has_graph
    from numerate.problems import load

    if name is None:
        if source.judge == ORACLE:
            raise ValueError("the oracle needs the problems: name their set, --problems stories/test")
        return {}
    by_id = {problem.id: problem for problem in load(name)}
    if source.judge == ORACLE and not all(map(has_graph, by_id.values())):
        raise ValueError(
            f"the oracle scores stories only, and {name} has other problems: name a reward model"
        )
    return by_id


def count_lines(file: Path, limit: int | None) -> int | None:
    """Returns the number of lines of a file, for the bar; None where they come from a pipe."""
    if not file.is_file():
        return limit
    with file.open("rb") as lines:
        total = sum(1 for _ in lines)
    return total if limit is None else min(total, limit)


@contextmanager
def resume_output(out: Path, identity: str) -> Iterator[tuple[TextIO, set[int]]]:
    """Yields the file to add rows to, and the keys of those that it holds.

    Rows are appended in place: a command that was stopped resumes behind the rows that it wrote, and what a
    kill left of a last line is cut off. `OUT.judge.json` says who wrote it: scores of two judges never get
    into one file."""
    from numerate.store import hold_lock, is_stream, read_object, replace_file, room_for, write_json

    if str(out) == "-":
        yield cast(TextIO, terminal.Stdout()), set()
        return
    if is_stream(out):
        with replace_file(out) as stream, stream.open("w", encoding="utf-8", newline="\n") as target:
            yield target, set()
        return
    mark = out.with_name(out.name + ".judge.json")
    with hold_lock(out.with_name(f".{out.name}.lock")):
        if out.exists() and out.stat().st_size:
            if not mark.exists():
                raise ValueError(f"--out {out} exists and was not written by this command: name another file")
            remedy = f"delete it and {out}, or name another file"
            if read_object(mark, remedy).get("identity") != identity:
                raise ValueError(
                    f"--out {out} has scores of another scorer, aggregation, or problem set: name another "
                    f"file, or delete it and {mark.name}"
                )
        write_json(mark, {"identity": identity})
        done = repair_output(out) if out.exists() else set[int]()
        kept = "completed rows are kept: free disk space and run again"
        with room_for(out, remedy=kept), out.open("a", encoding="utf-8", newline="\n") as target:
            yield target, done


def repair_output(out: Path) -> set[int]:
    """Returns the keys of the rows of a file, whose broken last line, if there is one, is cut off."""
    from numerate.judges.score_jsonl import key_of

    done: set[int] = set()
    whole = 0
    with out.open("rb+") as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                break
            try:
                done.add(key_of(json.loads(line)))
            except (ValueError, KeyError, TypeError) as error:
                raise ValueError(
                    f"{out}, line {number}: not a row of scores: delete this line and run again"
                ) from error
            whole += len(line)
        file.truncate(whole)
    return done


def write_scores(
    name: str,
    lines: Iterable[str],
    total: int | None,
    target: TextIO,
    done: Collection[int],
    source: JudgeOptions,
    problems: Mapping[str, Problem],
    progress: Progress,
) -> dict[str, int]:
    """Scores and writes block by block, and prints how many and how fast. Returns the counts."""
    from numerate.judges.score_jsonl import key_of, score_lines

    counts: Counter[str] = Counter()
    judge = cache(source.open)
    if not done:
        judge()  # before the clock starts; where a file is resumed, there may be nothing to score
    started = perf_counter()
    with progress.task("scoring", total=total, unit="solutions") as task:
        for read, rows in score_lines(lines, judge, source.how, problems, done):
            for row in rows:
                tally_row(row, counts, name)
            new = [row for row in rows if key_of(row) not in done]
            target.write("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in new))
            target.flush()
            task.advance(read)
    seconds = perf_counter() - started
    rate = f", {short_number(counts['scored'] / seconds)} solutions/s" if seconds > WORTH_A_RATE else ""
    before = f", {len(done):,} already in the file" if done else ""
    terminal.echo(f"{count_of(counts['scored'], 'solution')} scored{before}{rate}", err=True)
    for note, text in (
        ("empty", "empty, without a score"),
        ("no_steps", "without a step"),
        ("overlong", "longer than the scorer's context: late steps have no score"),
    ):
        if counts[note]:
            dropped = f" ({counts['dropped']:,} of them)" if note == "overlong" else ""
            terminal.echo(f"  {counts[note]:,} {text}{dropped}", err=True)
    return {key: counts[key] for key in ("scored", "empty", "no_steps", "overlong", "dropped", "bad")}


def tally_row(row: Mapping[str, Any], counts: Counter[str], name: str) -> None:
    if "error" in row:
        counts["bad"] += 1
        if counts["bad"] <= ERRORS_SHOWN:
            terminal.echo(f"{name}:{row['line']}: {row['error']}", err=True)
        return
    counts["scored"] += 1
    counts[row.get("note", "whole")] += 1
    counts["dropped"] += row.get("dropped", 0)
