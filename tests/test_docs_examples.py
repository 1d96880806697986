"""Examples in docs/: Python gives the values in its comments; recipes and commands are accepted."""

from __future__ import annotations

import ast
import re
import shlex
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from numerate import config, methods, problems, recipes
from numerate.answers import Extracted, Verdict
from numerate.cli import app
from numerate.config.read import read_text
from numerate.types import Grade

DOCS = Path(__file__).resolve().parent.parent / "docs"
RUN = {
    "grading.md": 7,
    "grading-adapters.md": 1,
    "grading-equality.md": 3,
    "judges.md": 1,
    "oracle.md": 3,
    "prompts.md": 0,
    "selection.md": 2,
    "selection-metrics.md": 0,
}
"""pages whose examples run without data -> how many of their values are stated"""
RECORDS: dict[str, Any] = {"Extracted": Extracted, "Grade": Grade, "Verdict": Verdict}


def blocks(page: Path, *languages: str) -> list[str]:
    """Returns the blocks of code in these languages; "" for blocks without one."""
    fences = re.findall(r"^```(\w*)\n(.*?)^```", page.read_text("utf-8"), flags=re.M | re.S)
    return [code for language, code in fences if language in languages]


def stated_value(comment: str) -> Any:
    """Returns the value that a comment begins with; Ellipsis for words."""
    try:
        return eval(comment.partition("; ")[0], dict(RECORDS))
    except (SyntaxError, NameError):
        return ...


@pytest.mark.parametrize("name", RUN)
def test_python_examples_give_what_their_comments_state(name: str) -> None:
    namespace: dict[str, Any] = {}
    checked = 0
    for block in blocks(DOCS / name, "python"):
        lines = block.splitlines()
        for node in ast.parse(block).body:
            code = ast.get_source_segment(block, node)
            comment = lines[(node.end_lineno or 1) - 1].partition("  # ")[2]
            value = stated_value(comment) if comment else ...
            if isinstance(node, ast.Expr) and value is not ...:
                assert eval(str(code), namespace) == value, code
                checked += 1
            else:
                exec(str(code), namespace)
    assert checked == RUN[name]


def as_recipe(block: str) -> str | None:
    """Returns a recipe with the keys of an example; None where it is none."""
    tree: dict[str, Any] = yaml.safe_load(block)
    if "name" in tree:
        return block
    if tree.keys() & {"stages", "engine", "evaluate", "problems"}:
        return f"name: example\n{block}"
    if all(isinstance(stage, dict) and "method" in stage for stage in tree.values()):
        return "name: example\nstages:\n" + re.sub("^", "  ", block, flags=re.M)
    return None


EXAMPLES = [
    (page.name, recipe)
    for page in sorted(DOCS.glob("*.md"))
    if page.name != "add-a-method.md"  # its method is not there: tests/methods/test_add_a_method.py
    for block in blocks(page, "yaml")
    if (recipe := as_recipe(block))
]


def test_there_are_examples_of_recipes() -> None:
    assert len(EXAMPLES) >= 12


@pytest.mark.parametrize(("name", "recipe"), EXAMPLES)
def test_examples_of_recipes_have_keys_and_values_that_exist(name: str, recipe: str, tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(recipe, encoding="utf-8")
    assert config.build_recipe(config.read_recipe(str(path))).name, name


GRADIENTS = ("cispo", "dapo", "dr_grpo", "grpo", "gspo", "ppo", "reinforce_pp", "rloo")


@pytest.mark.parametrize("method", [*GRADIENTS, "expert_iteration"])
def test_the_example_of_options_is_accepted_with_the_other_methods_that_the_page_names(method: str) -> None:
    (block,) = blocks(DOCS / "training-options.md", "yaml")
    text = f"name: example\n{block}"
    assert text.count("method: grpo") == 1
    recipe = config.build_recipe(read_text(text.replace("method: grpo", f"method: {method}"), "r.yaml"))
    assert recipe.stages["rl"].method == method


def test_the_table_of_options_names_the_methods_that_have_them() -> None:
    table = (DOCS / "training-options.md").read_text("utf-8").partition("## sample")[0]
    stated: dict[str, set[str]] = {}
    for options, cell in re.findall(r"^\| (.+?) \| .+ \| (.+) \|$", table, flags=re.M):
        listed, _, without = cell.partition("but ")
        named = set(methods.METHODS) if listed == "all " else set(re.findall(r"`(\w+)`", listed))
        named |= set(GRADIENTS) if "policy gradients" in listed else set()
        if "those of `steps`" in listed:
            named = (named - {"steps"}) | stated["steps"]
        named -= set(re.findall(r"`(\w+)`", without))
        stated |= dict.fromkeys(re.findall(r"`(\w+)`", options), named)
    of_method = {
        name: {field.name for field in fields(methods.get_method(name).Config)} for name in methods.METHODS
    }
    assert len(stated) == 10
    assert stated == {option: {name for name in of_method if option in of_method[name]} for option in stated}


COMMANDS: Any = typer.main.get_group(app).commands  # pyright: ignore[reportAttributeAccessIssue]


def command_lines(page: Path) -> list[list[str]]:
    """Returns the words after `numerate` of each command in the blocks of a page, without pipes."""
    text = "\n".join(blocks(page, "bash", ""))
    lines = re.findall(r"^(?:\$ |(?:\w+=\S+ ))?numerate (.+?)(?: [>|] .*|   .*)?$", text, flags=re.M)
    return [shlex.split(line, comments=True) for line in lines]


TYPED = [(page.name, words) for page in sorted(DOCS.glob("*.md")) for words in command_lines(page)]


def test_there_are_commands() -> None:
    assert len(TYPED) > 30


@pytest.mark.parametrize(("name", "words"), TYPED)
def test_commands_and_their_options_exist(name: str, words: list[str]) -> None:
    command, *rest = words
    options = {
        option for param in COMMANDS[command].params for option in (*param.opts, *param.secondary_opts)
    }
    assert {word for word in rest if re.match(r"--?[a-z]", word)} <= options, name


CHANGED = [
    (n, w) for n, w in TYPED if w[0] in ("run", "shootout") and set(w[1:2]) & set(recipes.recipe_names())
]


@pytest.mark.parametrize(("name", "words"), CHANGED)
def test_changes_of_shipped_recipes_are_accepted(name: str, words: list[str]) -> None:
    tree = config.read_recipe(words[1])
    config.apply_overrides(tree, [word for word in words if re.match(r"[\w.-]+=", word)])
    assert config.build_recipe(tree).name, name


def first_cells(name: str) -> set[str]:
    """Returns the names in the first cells of the first table of a page."""
    table = (DOCS / name).read_text("utf-8").partition("|---|")[2].partition("\n\n")[0]
    cells = re.findall(r"^\| ([^|]+) \|", table, flags=re.M)
    return {word.strip("`") for cell in cells for word in cell.split(", ")}


def test_the_tables_have_every_shipped_recipe_and_every_known_set() -> None:
    assert first_cells("shipped-recipes.md") == set(recipes.recipe_names())
    assert first_cells("problem-sets.md") == set(problems.TABLE)
