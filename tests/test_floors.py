"""The floors: imports only go down, and what lies below torch works without it."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import pytest

import numerate

PACKAGE = Path(numerate.__file__).parent

# progress tells a person how far a job is and knows nothing else. assets holds the bundled model and the
# script that makes it, which uses everything.
FLOORS = (
    (
        "lazy",
        "types",
        "options",
        "processes",
        "consent",
        "terminal",
        "progress",
        "answers",
        "steps",
        "selection",
        "metrics",
        "credit",
    ),
    ("problems", "rewards", "store", "prompts", "curricula", "interpreter"),
    ("models", "training", "kernels"),
    ("rollouts", "judges"),
    ("methods",),
    (
        *("run", "states", "evaluate", "reranking", "metric_rows", "config", "recipes", "report", "shootout"),
        *("parallel", "identities", "eval_run", "events", "repeats", "measure_models"),
    ),
    ("cli", "assets", "__main__"),
)
PARTS = sorted(
    {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in PACKAGE.rglob("*.py")} - {"__init__"}
)
HEAVY = ("torch", "transformers", "datasets", "accelerate", "peft", "safetensors", "tokenizers")


def floor(part: str) -> int:
    for number, parts in enumerate(FLOORS):
        if part in parts:
            return number
    raise AssertionError(f"{part} is on no floor: add it to FLOORS in {__file__}")


def files(part: str) -> list[Path]:
    return sorted((PACKAGE / part).rglob("*.py")) or [PACKAGE / f"{part}.py"]


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """(line, part) of every import of a part of the package, also within functions and for types only."""
    folder = path.relative_to(PACKAGE.parent).parent.parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = list(folder[: len(folder) + 1 - node.level]) if node.level else []
            names = [".".join([*base, *filter(None, [node.module]), alias.name]) for alias in node.names]
        else:
            continue
        for name in names:
            top, _, rest = name.partition(".")
            part = rest.partition(".")[0]
            if top == "numerate" and part in PARTS:
                yield node.lineno, part


@pytest.mark.parametrize("part", PARTS)
def test_imports_only_go_down(part: str):
    here = floor(part)
    upward = [
        f"{path.relative_to(PACKAGE)}:{line} imports {other}, floor {floor(other)}, from floor {here}"
        for path in files(part)
        for line, other in imports(path)
        if floor(other) > here
    ]
    assert not upward, "\n".join(upward)


def test_the_reader_of_imports_sees_all_their_forms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A floor that is never left because nobody looks would pass every other test here."""
    source = """
import numerate.answers.equal
from numerate import steps, __version__
from . import row
from .. import store as files
from ..metrics.votes import chance
def lazy():
    from numerate.training import Learner
"""
    place = tmp_path / "numerate" / "problems" / "files.py"
    place.parent.mkdir(parents=True)
    place.write_text(source)
    monkeypatch.setattr(sys.modules[__name__], "PACKAGE", tmp_path / "numerate")
    assert [part for _, part in imports(place)] == [
        "answers",
        "steps",
        "problems",
        "store",
        "metrics",
        "training",
    ]


def test_the_parts_of_a_floor_do_not_import_each_other_in_a_circle():
    graph = {part: {other for path in files(part) for _, other in imports(path)} - {part} for part in PARTS}
    assert list(TopologicalSorter(graph).static_order())


def run(code: str) -> str:
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=600)
    assert child.returncode == 0, child.stderr
    return child.stdout


def test_the_floors_below_torch_import_without_it():
    parts = [part for part in PARTS if floor(part) <= 1]
    names = [
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
        for part in parts
        for path in files(part)
    ]
    assert len(names) > 20
    run(f"""
import importlib, sys
sys.modules.update(dict.fromkeys({HEAVY}))  # None: importing it raises ImportError
for name in {names}:
    importlib.import_module(name)
""")


def test_grader_votes_metrics_and_problems_work_without_torch(data_dir: Path):
    """What someone else's training loop needs, on a machine that has nothing heavy installed."""
    out = run(f"""
import sys
sys.modules.update(dict.fromkeys({HEAVY}))
from numerate import answers, metrics, problems, selection, steps
row = problems.load("gsm8k/test", limit=1)[0]
grade = answers.grade(row.solution, row)
chosen = selection.select("majority", answers.cluster(["5", "7", "5.0", None]))
print(grade.correct, chosen, metrics.pass_at_k(4, 1, 2), len(steps.split(row.solution)) > 0)
""")
    assert out.split() == ["True", "0", "0.5", "True"]


def test_the_light_parts_load_nothing_heavy():
    """mpmath and pyarrow take longer to load than all of these together: they are imported where used."""
    out = run("""
import sys
from numerate import answers, metrics, problems, selection, store
for package in (answers, metrics, problems, store):
    for name in package.__all__:
        getattr(package, name)
print(*sys.modules)
""")
    assert not set(out.split()) & {*HEAVY, "mpmath", "pyarrow", "rich", "matplotlib", "jinja2"}


def test_the_package_itself_loads_nothing_of_its_own():
    assert loaded_by("numerate") == ["numerate", "numerate.lazy"]


def test_a_method_file_loads_what_it_reads_and_little_else():
    """Neither the grader nor the problem sets, the files of a run or an engine: these are loaded when used.
    Whoever reads a method file reads at most so much more."""
    modules = loaded_by("numerate.methods.grpo")
    lines = sum(len(Path(find_spec(name).origin).read_text().splitlines()) for name in modules)  # pyright: ignore
    assert len(modules) <= 50 and lines <= 6000
    heavy = {"answers.grading", "problems.table", "store", "rollouts", "metrics.intervals", "models.policy"}
    assert not {f"numerate.{name}" for name in heavy} & {*modules}


@pytest.mark.parametrize("part", ["", ".answers", ".metrics", ".models", ".problems", ".training"])
def test_a_package_that_loads_on_first_use_has_all_that_it_names(part: str):
    """No name is that of one of its modules too: whichever is loaded last would hide the other."""
    package = import_module(f"numerate{part}")
    modules = {path.stem for path in Path(package.__path__[0]).iterdir()}
    assert {*package.__all__} <= {*dir(package)}
    for exported in package.__all__:
        value = getattr(package, exported)
        assert isinstance(value, ModuleType) or exported not in modules
    with pytest.raises(AttributeError, match=f"module 'numerate{part}' has no attribute 'nothing'"):
        _ = package.nothing


def loaded_by(module: str) -> list[str]:
    """The modules of the package that importing this one loads."""
    code = f"import sys, {module}; print(*sorted(m for m in sys.modules if m.split('.')[0] == 'numerate'))"
    return run(code).split()
