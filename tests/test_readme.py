"""The commands and examples of the README and of docs/stories.md work as printed."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import typer

import numerate
from numerate import config, recipes
from numerate.cli import app

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
HEAVY = ("torch", "transformers", "datasets")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.M | re.S)


def typed() -> list[list[str]]:
    """The words of every numerate command in the README, its name first."""
    lines = [line for block in blocks("bash") for line in block.splitlines() if "numerate " in line]
    words = [shlex.split(line, comments=True) for line in lines]
    return [line[1:] for line in words if line[0].removeprefix(".venv/bin/") == "numerate"]


def test_the_two_commands_begin_with_nothing_but_python():
    run, tests = blocks("bash")[:2]
    assert "numerate run quickstart" in run and "pytest" in tests
    for block in (run, tests):
        assert block.startswith("python3 -m venv .venv &&\n.venv/bin/pip install ")
        assert "-c constraints.txt" in block


def test_exactly_one_block_runs_the_tests_because_ci_takes_it_from_here():
    assert sum("pytest" in block for block in re.findall(r"^```.*?^```", README, flags=re.M | re.S)) == 1


def test_every_command_in_the_readme_exists():
    known = set(typer.main.get_group(app).commands)  # pyright: ignore[reportAttributeAccessIssue]
    assert len(typed()) >= 6
    assert {words[0] for words in typed()} <= known


def test_every_recipe_in_the_readme_is_shipped_and_takes_the_changes_given_there():
    for _, name, *rest in (words for words in typed() if words[0] == "run"):
        tree = config.read_recipe(name)
        config.apply_overrides(tree, [word for word in rest if re.match(r"[\w.-]+=", word)])
        assert config.build_recipe(tree).name
        assert name in recipes.recipe_names()


def test_the_example_in_python_gives_what_it_says_without_torch():
    (code,) = blocks("python")
    program = [f"import sys; sys.modules.update(dict.fromkeys({HEAVY}))"]
    promised: list[str] = []
    for line in code.splitlines():
        said, _, comment = line.partition("  # ")
        program.append(said)
        if match := re.match(r"(True|\[.*?\]|\d+)(,|$)", comment.strip()):
            name, equals, _ = said.partition(" = ")
            program.append(f"print({name if equals else said.strip()})")
            promised.append(match[1])
    program.append("print(grade.correct)")
    child = subprocess.run([sys.executable, "-c", "\n".join(program)], capture_output=True, text=True)
    assert child.returncode == 0, child.stderr
    assert len(promised) == 3
    assert child.stdout.split("\n")[:-1] == [*promised, "True"]


def test_the_example_of_a_story_prints_what_the_page_says():
    page = (ROOT / "docs" / "stories.md").read_text(encoding="utf-8")
    code, printed = re.findall(r"^```(?:python)?\n(.*?)^```\n", page, flags=re.M | re.S)
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert child.stdout == printed, child.stderr


def test_the_tree_in_the_readme_is_the_tree():
    told = set(re.findall(r"^  ([a-z_]+(?:/|\.py)) ", README, flags=re.M))
    package = Path(numerate.__file__).parent
    found = {p.name + "/" for p in package.iterdir() if (p / "__init__.py").exists()}
    found |= {p.name for p in package.glob("*.py") if not p.name.startswith("__")}
    assert told == found


def test_the_constraints_pin_everything_that_the_readme_installs():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    asked = [*project["dependencies"], *extras["train"], *extras["report"], *extras["dev"], *extras["docs"]]
    names = {re.split(r"[\[><=]", line)[0] for line in asked} - {"numerate"}
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9.]+", line) for line in pinned)
    assert names <= {line.partition("==")[0] for line in pinned}
