"""The page of a shootout: a table, curves of accuracy, and every pair of methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numerate.report.tables import Cell
from numerate.store import Kept, code_identity, file_hash, identity_hash, write_text

PAGE = Path("report") / "index.html"

LARGE = (5.2, 3.6)
"""inches of a figure with that many curves"""
AXES = {"rollouts": "rollouts", "minutes": "minutes"}
"""key of a curve's points -> its name on the page"""


def table_header(results: Mapping[str, Any]) -> list[str]:
    """Returns the headings of `table_rows`, with the number of problems behind the figures."""
    n = f"n={results['n']:,}"
    return ["method", f"accuracy, {n}", "seeds", f"against initial policy, {n}", "p", "rollouts", "minutes"]


def table_rows(results: Mapping[str, Any]) -> list[list[str]]:
    """Returns a row per method, the initial policy first; columns as in `table_header`."""
    gaps = {row["model"]: row for row in results["against_start"]}
    return [method_line(method, gaps.get(method["model"])) for method in results["methods"]]


def method_line(method: Mapping[str, Any], gap: Mapping[str, Any] | None) -> list[str]:
    ends = [curve[-1] for curve in method["curves"] if curve and gap]
    return [
        method["model"],
        interval_cell(method).text,
        " ".join(show_percent(seed) for seed in method["seeds"]),
        show_points(gap) if gap else "-",
        p_text(gap) if gap else "-",
        f"{mean_of([end['rollouts'] for end in ends]):,.0f}" if ends else "-",
        f"{mean_of([end['seconds'] for end in ends]) / 60:.1f}" if ends else "-",
    ]


def show_percent(share: float) -> str:
    return f"{100 * share:.1f}"


def show_points(gap: Mapping[str, Any]) -> str:
    return interval_cell(gap, signed=True).text


def interval_cell(row: Mapping[str, Any], signed: bool = False) -> Cell:
    return Cell(row["value"], row["low"], row["high"], signed=signed)


def p_text(row: Mapping[str, Any]) -> str:
    """Returns p with the resolution of the resampling."""
    return "< 0.001" if row["p_holm"] < 0.001 else f"{row['p_holm']:.3f}"


def mean_of(numbers: Sequence[float]) -> float:
    return sum(numbers) / len(numbers)


def pair_verdicts(results: Mapping[str, Any]) -> list[list[str]]:
    """Returns every pair of methods: both names, points, p, and the verdict."""
    return [
        [row["model"], row["versus"], show_points(row), p_text(row), pair_verdict(row)]
        for row in results["pairs"]
    ]


def pair_verdict(row: Mapping[str, Any]) -> str:
    if not row["clear"]:
        return "not significant"
    return "better" if row["value"] > 0 else "worse"


@dataclass(frozen=True, slots=True)
class PairCell:
    """A method less another, in points."""

    text: str
    kind: str
    """better, worse or unclear"""
    label: str
    """with interval and p"""


def pair_matrix(results: Mapping[str, Any]) -> dict[str, list[PairCell | None]]:
    """Returns method -> a cell against each; None against itself."""
    names = [method["model"] for method in results["methods"] if method["model"] != results["start"]]
    pairs = {(row["model"], row["versus"]): row for row in results["pairs"]}
    return {a: [pair_cell(pairs, a, b) for b in names] for a in names}


def pair_cell(pairs: Mapping[tuple[str, str], Mapping[str, Any]], a: str, b: str) -> PairCell | None:
    if a == b:
        return None
    row = pairs.get((a, b)) or swap_pair(pairs[b, a])
    kind = pair_verdict(row) if row["clear"] else "unclear"
    text = f"{100 * row['value']:+.1f}"
    return PairCell(
        "0.0" if text in ("+0.0", "-0.0") else text,
        kind,
        f"{a} - {b}: {show_points(row)}, p {p_text(row)}",
    )


def swap_pair(row: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the same pair in the other order."""
    low, high = (None if bound is None else -bound for bound in (row["high"], row["low"]))
    return {**row, "value": -row["value"], "low": low, "high": high}


def refresh_page(kept: Kept, results: Mapping[str, Any]) -> Path:
    """Builds the page of a shootout, unless it is the one of these results and this version of the code."""
    page = kept.folder / PAGE
    inputs = identity_hash([code_identity(), results])
    if not page.is_file() or kept.get("page", inputs) != file_hash(page):
        kept.put("page", inputs, file_hash(build_page(kept.folder, results)))
    return page


def build_page(folder: Path, results: Mapping[str, Any]) -> Path:
    """Writes `report/index.html` beside the folders of the seeds."""
    from markupsafe import Markup

    from numerate.report import plots
    from numerate.report.page import make_environment, read_asset

    names = [method["model"] for method in results["methods"] if mean_validations(method["curves"])]
    names = [name for name in names if name != results["start"]]
    text = (
        make_environment()
        .get_template("shootout.html")
        .render(
            results=results,
            style=Markup(read_asset("page.css")),
            header=table_header(results),
            rows=table_rows(results),
            pairs=pair_verdicts(results),
            matrix=pair_matrix(results),
            panel=accuracy_curves(results, names),
            tints={name: index % plots.COLOURS for index, name in enumerate(names)},
            glyphs={name: plots.GLYPHS[plots.marker_shape(index)] for index, name in enumerate(names)},
        )
    )
    target = folder / PAGE
    write_text(target, text)
    return target


def accuracy_curves(results: Mapping[str, Any], names: Sequence[str]) -> Any:
    """Returns the curves of validation accuracy, in the mean of the seeds, against rollouts and against
    time."""
    from numerate.report import plots
    from numerate.report.figures import Figure, Panel

    by_name = {method["model"]: method for method in results["methods"]}
    curves = {name: mean_validations(by_name[name]["curves"]) for name in names}
    lines = {
        key: [
            plots.PlotLine(index, [(point[key], point["accuracy"]) for point in curves[name]])
            for index, name in enumerate(names)
        ]
        for key in AXES
    }
    figures = tuple(
        Figure(
            f"by {name}",
            "",
            plots.plot_lines(f"shootout-{name}", name, lines[key], x=name, percent=True, size=LARGE),
        )
        for key, name in AXES.items()
        if lines[key]
    )
    title = "Accuracy on the validation problems"
    sizes = sorted(results.get("validation", ()))
    of = f", n={' to '.join(f'{n:,}' for n in (sizes[0], sizes[-1])[: len(sizes)])} problems" if sizes else ""
    return Panel(title, f"mean over seeds{of}", figures, models=tuple(names), abreast=2)


def mean_validations(runs: Sequence[Sequence[Mapping[str, Any]]]) -> list[dict[str, float]]:
    """Returns means over the seeds of their first validations, of their second ones, and so on, as far as all
    have them. Seeds that learn from rollouts of their own may come to an epoch's end at different steps."""
    taken = [[point for point in run if point["accuracy"] is not None] for run in runs]
    return [
        {
            "rollouts": mean_of([point["rollouts"] for point in points]),
            "minutes": mean_of([point["seconds"] for point in points]) / 60,
            "accuracy": mean_of([point["accuracy"] for point in points]),
        }
        for points in zip(*taken, strict=False)
    ]
