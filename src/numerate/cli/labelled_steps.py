"""Implementation of `numerate judge --marked`: a step scorer against labels of the same steps."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from numerate.cli import table, terminal
from numerate.cli.score_file import JudgeOptions
from numerate.cli.selection_tables import NO_F1
from numerate.metric_rows import Row
from numerate.models.judge_config import STEP_JUDGES
from numerate.progress import Progress, count_of
from numerate.types import LabelledSolution

BLOCK = 256


def measure_judge(
    source: JudgeOptions,
    name: str,
    limit: int | None,
    threshold: float,
    json_file: Path | None,
    progress: Progress,
) -> None:
    """Prints first-error F1, AUC and calibration, with the number of solutions or steps behind each."""
    from numerate.problems.labelled import labelled_steps
    from numerate.reranking.labelled_steps import marked_results

    card = source.card
    if card is None or card.kind not in STEP_JUDGES:
        what = "the oracle" if card is None else f"{source.judge} (kind: {card.kind})"
        raise ValueError(
            f"{what} does not score labelled steps: name a process_reward_model or a stepwise_outcome_model"
        )
    labelled_steps.check_set(name)
    rows = labelled_steps.load(name, limit=limit)
    judge = source.open()
    read: list[LabelledSolution] = []
    scores: list[tuple[float, ...]] = []
    with progress.task(f"scoring {name}", total=limit, unit="solutions") as task:
        while block := list(islice(rows, BLOCK)):
            read += block
            scores += [scored.scores for scored in judge.marked(block)]  # pyright: ignore[reportAttributeAccessIssue]
            task.advance(len(block))
    results = marked_results(read, scores, judge=source.judge, threshold=threshold)
    to_stderr = str(json_file) == "-"
    whole = sum(len(solution.steps) == len(scored) for solution, scored in zip(read, scores, strict=True))
    left = (
        f"; {len(read) - whole:,} longer than the scorer's context are left out" if whole < len(read) else ""
    )
    terminal.echo(f"{name}: {count_of(whole, 'solution')}, threshold {threshold:g}{left}", err=to_stderr)
    table.print_table(measure_lines(results), ["measure", "value", "95 %", "of"], to_stderr=to_stderr)
    if not any(row["metric"] == "first_error_f1" for row in results):
        terminal.echo(NO_F1, err=True)
    table.save_json(json_file, {"results": results})


def measure_lines(rows: Sequence[Row]) -> list[list[str]]:
    """Returns the scalar metrics, in the order of the rows."""
    from numerate.metrics import catalog

    shown: list[list[str]] = []
    for row in rows:
        metric = catalog.find(row["metric"])
        if metric.unit == "score":
            low, high = row["low"], row["high"]
            interval = "" if low is None else f"[{low:.3f}, {high:.3f}]"
            shown.append([metric.title, f"{row['value']:.3f}", interval, f"{row['n']:,}"])
    return shown
