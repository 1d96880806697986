"""The page of a run: one HTML file with its style, script, drawings and rollouts inside, that fetches
nothing.

Everything that comes from models, datasets or recipes is text: jinja2 escapes it, the rollouts travel as
JSON, the script writes text nodes only, and the page's own policy forbids every other script and every
request."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from numerate.metrics import reward_hacking
from numerate.progress import count_of
from numerate.report import choices, figures, hacking, plots, selection
from numerate.report import health as checks
from numerate.report.read import RunRecord, read_run
from numerate.report.results import unique_names
from numerate.report.rollouts import Embedded, data_block, embed_rollouts
from numerate.report.rounds import training_rounds
from numerate.report.tables import Column, Table, TableRow, Versus, differences, shared_size, summary
from numerate.store import write_text
from numerate.types import Problem

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class ShownSet:
    """One problem set of the summary: its rows, and how models differ on it."""

    name: str
    columns: tuple[Column, ...]
    """those with a figure on this set"""
    rows: tuple[TableRow, ...]
    """with a cell per column of this set"""
    differences: tuple[Versus, ...]
    sizes: tuple[str, ...] = ()
    """per column "n=100", the number of problems behind all its figures; empty where they differ in it"""

    @property
    def has_track(self) -> bool:
        """Checks whether the first column is the accuracy, which is also drawn."""
        return bool(self.columns) and self.columns[0].metric == "accuracy"


@dataclass(frozen=True, slots=True)
class Fact:
    name: str
    value: str


def write_page(run_dir: Path) -> Path:
    """Renders the page of a run folder into `report/index.html`, whole or not at all."""
    run = read_run(run_dir)
    target = run_dir / "report" / "index.html"
    if target.parent.is_symlink():
        raise ValueError(f"{target.parent} is a link, and a run writes into its own folder only: remove it")
    write_text(target, render_page(run))
    return target


def render_page(run: RunRecord) -> str:
    """Returns the page as text."""
    style, script = read_asset("page.css"), read_asset("page.js")
    embedded = embed_rollouts(run)
    table = summary(run.metrics)
    context: dict[str, Any] = {
        "run": run,
        "policy": _policy(script),
        "style": Markup(style),
        "script": Markup(script),
        "facts": _facts(run),
        "facts_text": json.dumps(run.facts, indent=2, ensure_ascii=False, default=str),
        "table": table,
        "sets": _sets(run, table),
        "tints": {name: position % plots.COLOURS for position, name in enumerate(run.models)},
        "glyphs": {
            name: plots.GLYPHS[plots.marker_shape(position)] for position, name in enumerate(run.models)
        },
        "learning": figures.learning_panels(run),
        "health": checks.stage_health(run),
        "watched": hacking.watched_stages(run),
        "alarm_window": reward_hacking.WINDOW,
        "alarm_level": f"{100 * reward_hacking.LEVEL:g}%",
        "samples": figures.sample_panels(run),
        "choices": choices.selection_tables(run),
        "selection": selection.selection_panels(run),
        "colours": plots.COLOURS,
        "shape": lambda index: plots.GLYPHS[plots.marker_shape(index)],
        "difficulty": figures.difficulty_panels(run),
        "diversity": figures.diversity_panels(run, training_rounds(run)),
        "rollouts": embedded,
        "data": data_block(_data(run, embedded)),
        "open_stages": [stage for stage in run.stages if stage.state != "done"],
    }
    return make_environment().get_template("page.html").render(context)


def make_environment() -> jinja2.Environment:
    """Returns the environment of the templates: every text from outside is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(read_asset),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_clean,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals["count_of"] = count_of
    return environment


def _clean(value: Any) -> Any:
    """Returns text without control characters and lone surrogates, which a page can't hold."""
    return CONTROL.sub("\ufffd", value) if isinstance(value, str) and not isinstance(value, Markup) else value


def read_asset(name: str) -> str:
    return (files("numerate.report") / name).read_text(encoding="utf-8")


def _policy(script: str) -> str:
    """Returns the Content-Security-Policy, which names the inline script by its hash."""
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _facts(run: RunRecord) -> list[Fact]:
    """Returns the base model, the seed and the problem sets."""
    sources = run.recipe.get("problems")
    sources = sources if isinstance(sources, Mapping) else {}
    names = dict.fromkeys([*map(str, sources), *run.problems])
    return [
        Fact("Base model", str(run.recipe.get("model") or "not recorded")),
        Fact("Seed", str(run.recipe.get("seed", "not recorded"))),
        *(Fact(f"Problems: {name}", _source(sources.get(name), run.problems.get(name))) for name in names),
    ]


def _source(value: Any, members: Mapping[str, Problem] | None) -> str:
    """Returns "stories/test (500 problems)" from the recipe and the folder."""
    source = value.get("source") if isinstance(value, Mapping) else value
    size = count_of(len(members), "problem") if members else ""
    if source is None:
        return size or "not recorded"
    return f"{source} ({size})" if size else str(source)


def _sets(run: RunRecord, table: Table) -> list[ShownSet]:
    versus = differences(run.metrics)
    shown: list[ShownSet] = []
    for name in unique_names([row.problems for row in table.rows]):
        rows = tuple(row for row in table.rows if row.problems == name)
        changes = tuple(difference for difference in versus if difference.problems == name)
        used = [i for i in range(len(table.columns)) if any(row.cells[i] for row in rows)]
        rows = tuple(replace(row, cells=tuple(row.cells[i] for i in used)) for row in rows)
        sizes = tuple(shared_size(row.cells[j] for row in rows) for j in range(len(used)))
        shown.append(ShownSet(name, tuple(table.columns[i] for i in used), rows, changes, sizes))
    return shown


def _data(run: RunRecord, embedded: Embedded) -> dict[str, Any]:
    return {
        "problems": embedded.problems,
        "rollouts": embedded.rows,
        "models": [
            [name, index % plots.COLOURS, plots.GLYPHS[plots.marker_shape(index)]]
            for index, name in enumerate(run.models)
        ],
    }
