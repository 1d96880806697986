"""Values that are kept belong to the code that computed them, are taken by all processes or by none, and may
be damaged."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import numerate
from numerate import processes, repeats
from numerate.evaluate import Measured
from numerate.store import KEPT, Kept
from tests.processes import launch

EDITED = """
import sys
from pathlib import Path
from numerate.store import Kept, code_identity, kept as module

folder, edit, before = Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "before"
source = module.PACKAGE / "metrics" / "samples.py"

def change():
    if edit == "edited":
        source.write_text(source.read_text() + "X = 1\\n")
    elif edit == "removed":
        source.unlink()
    elif edit == "added":
        source.with_name("other.py").write_text("")

if before:
    change()
kept = Kept(folder)
kept.put("rows", code_identity(), [1])
if not before:
    change()
kept.write()
print(code_identity())
"""
IDENTITY = "from numerate.store import code_identity; print(code_identity())"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package that can be edited."""
    source, copy = Path(numerate.__file__).parent, tmp_path_factory.mktemp("src") / "numerate"
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__", "*.safetensors"))
    return copy


def python(package: Path, *words: str) -> str:
    environment = os.environ | {"PYTHONPATH": str(package.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", *words]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.strip()


@pytest.mark.parametrize("when", ["before", "after"], ids=["before the first hash", "after it"])
@pytest.mark.parametrize("edit", ["edited", "removed", "added", "none"])
def test_nothing_is_kept_of_code_that_was_edited_meanwhile(
    package: Path, tmp_path: Path, edit: str, when: str
) -> None:
    changed = {package / "metrics" / "samples.py", package / "metrics" / "other.py"}
    saved = {path: path.read_bytes() for path in changed if path.exists()}
    try:
        computed_by = python(package, EDITED, str(tmp_path), edit, when)
        assert (computed_by == python(package, IDENTITY)) == (edit == "none")
        assert (tmp_path / KEPT).exists() == (edit == "none")
    finally:
        for path in changed - set(saved):
            path.unlink(missing_ok=True)
        for path, content in saved.items():
            path.write_bytes(content)


NESTED = "[" * 100_000 + "]" * 100_000


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "null", "3", "[]", '{"rows": 1}', '{"rows": [1]}', '{"rows": {}}', '{"rows": null}'),
        *(
            NESTED,
            '{"rows": ' + NESTED + "}",
            '{"rows": {"identity": "i", "sum": "", "value": ' + NESTED + "}}",
        ),
        *(
            '{"rows": {"identity": "i", "sum": "", "value": NaN}}',
            '{"rows": {"identity": "i", "value": 0.5}}',
        ),
        '{"rows": {"identity": "i", "sum": "SUM OF NULL"}}',
        '{"rows": {"identity": "i", "sum": "SUM OF NULL", "value": null, "more": -Infinity}}',
        '{"other": {"identity": "\\ud800", "sum": "SUM OF NULL", "value": null}}',
        '{"\\ud800": {"identity": "i", "sum": "SUM OF NULL", "value": null}}',
        '{"rows": {"identity": "i", "sum": "", "value": ' + "9" * 5000 + "}}",
        "\x00\x00",
    ],
    ids=lambda text: ascii(text[:40]),
)
def test_a_damaged_file_holds_nothing_and_is_replaced(tmp_path: Path, text: str) -> None:
    null = Kept(tmp_path)
    null.put("rows", "i", None)
    null.write()
    sum_of_null = json.loads((tmp_path / KEPT).read_text())["rows"]["sum"]
    (tmp_path / KEPT).write_text(text.replace("SUM OF NULL", sum_of_null))
    kept = Kept(tmp_path)
    assert kept.get("rows", "i") is None
    kept.put("page", "j", 0.5)
    kept.write()
    assert Kept(tmp_path).get("page", "j") == 0.5


def test_a_damaged_entry_is_the_only_loss(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.put("rows", "i", [0.5])
    kept.put("page", "j", "text")
    kept.write()
    (tmp_path / KEPT).write_text((tmp_path / KEPT).read_text().replace("0.5", "NaN"))
    again = Kept(tmp_path)
    assert again.get("rows", "i") is None and again.get("page", "j") == "text"


@pytest.mark.parametrize("kind", ["folder", "no text"])
def test_something_else_of_that_name_holds_nothing(tmp_path: Path, kind: str) -> None:
    path = tmp_path / KEPT
    if kind == "folder":
        (path / "inner").mkdir(parents=True)
    else:
        path.write_bytes(b"\xff\xfe{")
    kept = Kept(tmp_path)
    kept.put("rows", "i", 1)
    kept.write()
    assert kept.get("rows", "i") == 1 and path.is_dir() == (kind == "folder")


def test_processes_that_see_different_values_measure_together(tmp_path: Path) -> None:
    """The identity of the code differs, as with another version of a library on another host."""
    kept = Kept(tmp_path)
    identity = repeats._identity_of_rows(kept, "model", "kept", 1)
    kept.put("model on kept", identity, {"rows": [{"value": 0.1}], "right": {"p": True}})
    kept.write()
    launch("tests.test_kept", tmp_path)
    first, second = (json.loads((tmp_path / f"{rank}.json").read_text()) for rank in range(2))
    assert first == second == {"kept": [{"value": 0.1}], "new": [{"metric": "new"}], "rows": [{"n": 1}]}


def measure_in_both(folder: Path) -> dict[str, Any]:
    """Returns the rows of values that the first process has, that the second has, and that a scorer makes."""
    kept, main = Kept(folder), processes.is_main()
    if not main:
        repeats.code_identity = lambda: "other code"
        identity = repeats._identity_of_rows(kept, "model", "new", 1)
        kept.put("model on new", identity, {"rows": [], "right": {}})

    def measure() -> Measured:
        return Measured([{"metric": "new"}], {})

    names = ("kept", "new")
    rows = {name: repeats.keep_measured(kept, "model", name, 1, measure).rows for name in names}
    return rows | {"rows": repeats.keep_rows(kept, "label", 1, [], lambda: [{"n": 1}])}


if __name__ == "__main__":
    out = Path(os.environ["OUT"])
    (out / f"{processes.rank()}.json").write_text(json.dumps(measure_in_both(out)))
