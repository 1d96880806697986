"""The base install does what it promises, with nothing heavy on the machine. Read from stdin, away from the
source tree, so that the installed wheel is what is imported.

The recipes are checked against the datasets in $NUMERATE_DATA. Without that folder the recipes that need one
are skipped, and in CI (CI=true) that is a failure."""

import os
import re
import sys
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from typer.testing import CliRunner

from numerate import answers, methods, metrics, problems, selection
from numerate.cli import app

ABSENT = re.compile(r".+: .+ is not in NUMERATE_DATA \([^)]*\): set NUMERATE_DATA to a folder with .+")
"""the message on a known set whose files are absent"""


def has_data() -> bool:
    """Checks whether there are datasets. Fails in CI where there are none."""
    folder = os.environ.get("NUMERATE_DATA", "")
    there = bool(folder) and Path(folder).is_dir()
    assert there or os.environ.get("CI") != "true", f"NUMERATE_DATA ({folder or 'not set'}) is not a folder"
    if not there:
        os.environ.pop("NUMERATE_DATA", None)
    return there


def is_skip(output: str, data: bool) -> bool:
    """Checks whether a command failed for no other reason than that there are no datasets."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    faults = [line.removeprefix("error: ") for line in lines if not re.fullmatch(r"\d+ errors:", line)]
    return not data and bool(faults) and all(map(ABSENT.fullmatch, faults))


def check_install() -> None:
    for heavy in ("torch", "transformers", "datasets", "matplotlib"):
        assert find_spec(heavy) is None, f"the base install brought {heavy}"
    package = resources.files("numerate")
    for name in ("py.typed", "report/page.html", "report/page.css", "report/page.js"):
        assert package.joinpath(name).is_file(), f"the wheel lacks {name}"
    assert package.joinpath("assets/pico/model.safetensors").is_file(), "the wheel lacks the bundled model"


def check_library() -> int:
    """Returns the number of stories that were graded."""
    rows = problems.load("stories/test", limit=50)
    assert all(answers.grade(row.solution, row).correct for row in rows)
    votes = answers.cluster(["24", "24.0", "7", None])
    assert selection.select("majority", votes) == 0
    assert abs(metrics.pass_at_k(4, 1, 2) - 0.5) < 1e-12
    for name in methods.METHODS:
        assert methods.get_method(name).LEAVES
    return len(rows)


def check_recipes(data: bool) -> tuple[int, list[str]]:
    """Returns the number of recipes that were checked, and those that were skipped."""
    folder = resources.files("numerate").joinpath("recipes")
    paths = sorted((path for path in folder.iterdir() if path.is_file()), key=lambda path: path.name)
    shipped = [path.name.removesuffix(".yaml") for path in paths if path.name.endswith(".yaml")]
    assert "quickstart" in shipped, "the wheel lacks the recipes"
    skipped: list[str] = []
    with TemporaryDirectory() as out:
        for words in (["schema"], *(["run", name, "--dry-run", "--out", out] for name in shipped)):
            done = CliRunner().invoke(app, words)
            if done.exit_code == 2 and is_skip(done.output, data):
                skipped.append(words[1])
            else:
                assert done.exit_code == 0, f"numerate {' '.join(words)} without torch: {done.output}"
    return len(shipped) - len(skipped), skipped


def main() -> None:
    check_install()
    graded = check_library()
    checked, skipped = check_recipes(has_data())
    assert "torch" not in sys.modules
    if skipped:
        print(f"skipped, for there are no datasets (NUMERATE_DATA): {', '.join(skipped)}")
    print(f"{checked} recipes checked, {graded} stories graded, voted and counted without torch")


if __name__ == "__main__":
    main()
