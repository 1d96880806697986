"""docs/extend.md does what it says: its metric, engine and dataset, put into a copy of the package, work in
one run. The tables of the docs name all that the tables of the package have."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import numerate
from numerate import problems
from numerate.metrics import catalog
from numerate.rollouts.engines import ENGINES
from tests import tiny

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGE = (DOCS / "extend.md").read_text(encoding="utf-8")
BLOCKS = re.findall(
    r"`(?:(\w+)`, `)?(src/[\w/]+\.py)`(?:, with `(.*?)`)?[^\n]*\n\n```python\n(.*?)^```",
    PAGE,
    flags=re.M | re.S,
)
"""(table, or empty for a whole file; file; an import; code)"""
RECIPE = """\
name: toy
model: MODEL
engine: {kind: fixed, text: "2 + 2 = 4\\n4 + 2 = 6\\n#### 6"}
problems: {train: doubles/train, test: doubles}
stages:
  drawn: {method: sample, sample: {rollouts: 2}}
evaluate: {models: [base], samples: 2}
"""


def add_to_copy(root: Path) -> None:
    """Follows the page in a copy of the package at `root`/src."""
    package = Path(numerate.__file__).parent
    shutil.copytree(
        package,
        root / "src" / "numerate",
        copy_function=os.link,
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    for table, name, imports, code in BLOCKS:
        file = root / name
        if table:
            text = file.read_text(encoding="utf-8")
            (whole,) = re.findall(rf"^{table}\b.*?^[)}}]", text, flags=re.M | re.S)
            text = text.replace(whole, whole[:-1] + code + whole[-1])
            code = text.replace("\nfrom numerate", f"\n{imports}\nfrom numerate", 1)
            file.unlink()  # a link to the package's own
        file.parent.mkdir(exist_ok=True)
        file.write_text(code, encoding="utf-8")


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of RECIPE by the extended package. Its output is in `output`."""
    root = tmp_path_factory.mktemp("copy")
    add_to_copy(root)
    data = root / "data" / "doubles"
    data.mkdir(parents=True)
    for split, numbers in {"train": (3, 4), "test": (3, 5, 6, 7)}.items():
        rows = [{"number": n, "double": 2 * n} for n in numbers]
        (data / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    tiny.make(root / "MODEL")
    (root / "r.yaml").write_text(RECIPE)
    env = os.environ | {"PYTHONPATH": str(root / "src"), "NUMERATE_DATA": str(data.parent)}
    command = [sys.executable, "-m", "numerate", "run", "r.yaml", "--quiet"]
    done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    (root / "output").write_text(done.stdout)
    return root


def results(root: Path) -> dict[str, dict[str, Any]]:
    rows = json.loads((root / "runs" / "toy" / "metrics.json").read_text())["results"]
    return {row["metric"]: row for row in rows if "by" not in row}


def test_a_metric_is_a_file_and_a_record(ran: Path) -> None:
    """The constant solution has two steps; every table has the metric."""
    row = results(ran)["steps_mean"]
    assert (row["value"], row["k"], row["n"]) == (2, 2, 4)
    assert re.search(r"steps, n=4", (ran / "output").read_text())
    page = (ran / "runs" / "toy" / "report" / "index.html").read_text()
    assert 'title="mean number of steps of a sample">Steps' in page
    assert "<dt>Steps</dt><dd>mean number of steps of a sample</dd>" in page


def test_an_engine_is_a_package_and_a_line(ran: Path) -> None:
    """6 is right for the first of the problems in both splits."""
    log = (ran / "runs" / "toy" / "stages" / "drawn" / "metrics.jsonl").read_text().splitlines()
    assert json.loads(log[-1])["rollouts/accuracy"] == 1 / 2
    assert results(ran)["accuracy"]["value"] == 1 / 4


def test_a_dataset_is_a_file_and_a_line(ran: Path) -> None:
    rows = (ran / "runs" / "toy" / "problems" / "test.jsonl").read_text().splitlines()
    assert [json.loads(row)["answer"] for row in rows] == ["6", "10", "12", "14"]


def test_the_page_is_short() -> None:
    assert len(PAGE.split()) < 800 and len(BLOCKS) == 6
    assert len((DOCS / "add-a-method.md").read_text(encoding="utf-8").split()) < 800


def test_the_docs_name_every_engine_and_every_set() -> None:
    first = (DOCS / "engines.md").read_text(encoding="utf-8").partition("\n\n```")[0]
    assert set(re.findall(r"^\| \[?`(\w+)`", first, flags=re.M)) == set(ENGINES)
    pages = " ".join(page.read_text(encoding="utf-8") for page in DOCS.glob("problem*.md"))
    assert set(problems.TABLE) <= set(re.findall(r"[\w-]+", pages))


def test_the_docs_name_metrics_of_the_catalog() -> None:
    """The rows of metrics.json that a page on selection lists."""
    pages = "\n\n".join(page.read_text(encoding="utf-8") for page in DOCS.glob("selection*.md"))
    table = pages.partition("| metric | k |")[2].partition("\n\n")[0]
    listed = re.findall(r"^\| (`[^|]*) \|", table, flags=re.M)
    names = {name for cell in listed for name in re.findall(r"`(\w+)`", cell)}
    known = {metric.name for metric in catalog.METRICS}
    assert len(names) > 20 and names <= known


def test_only_the_catalog_has_titles() -> None:
    """A title that stands elsewhere as well would be a second list."""
    titles = {metric.title for metric in catalog.METRICS if len(metric.title.split()) > 1}
    package = Path(numerate.__file__).parent
    files = [*(package / "report").glob("*.py"), *(package / "cli").glob("*.py")]
    texts = {
        node.value: file.name
        for file in files
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert not {text: file for text, file in texts.items() if text in titles}
