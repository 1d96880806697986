"""Defaults that the docs state in tables, and those of `numerate eval`, are the defaults of the records."""

from __future__ import annotations

import ast
import inspect
import re
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from pydantic.fields import FieldInfo

from numerate import methods
from numerate.cli import eval
from numerate.config.schema import Evaluate, Recipe, StageRecipe
from numerate.interpreter import InterpreterOptions, Limits
from numerate.methods.ppo import token_rewards, value_network
from numerate.methods.shared import options
from numerate.problems.stories import Knobs
from numerate.rollouts.guided_options import GuidedOptions
from numerate.rollouts.local import LocalOptions
from numerate.rollouts.server import ServerOptions
from numerate.rollouts.tool_options import ToolOptions
from numerate.rollouts.vllm import VllmOptions

DOCS = Path(__file__).resolve().parent.parent / "docs"
RECORDS: dict[tuple[str, str], Any] = {
    ("recipes.md", "seed"): Recipe,
    ("recipes.md", "method"): StageRecipe,
    ("engines.md", "calculator"): LocalOptions,
    ("engine-server.md", "url"): ServerOptions,
    ("engine-vllm.md", "gpu_share"): VllmOptions,
    ("tools.md", "format"): ToolOptions,
    ("selection.md", "beams"): GuidedOptions,
    ("mixed-policy.md", "scope"): methods.get_method("mixed_policy").Config,
    ("stories.md", "magnitude"): Knobs,
    ("fine-tuning.md", "cumulative"): methods.get_method("expert_iteration").Config,
    ("judge-options.md", "at"): methods.get_method("outcome_reward_model").Config,
    ("judge-options.md", "marked"): methods.get_method("process_reward_model").Config,
    ("judge-options.md", "alpha"): methods.get_method("outcome_value_model").Config,
    ("judge-options.md", "objective"): methods.get_method("evaluator_training").Config,
    ("judge-options.md", "monotone"): methods.get_method("step_labels").Config,
    ("ppo.md", "max_ratio"): methods.get_method("ppo").Config,
    ("ppo.md", "detach"): value_network.Value,
    ("step-rewards.md", "scores"): token_rewards.StepRewards,
    ("step-rewards.md", "refine"): options.Process,
    ("security.md", "flood"): Limits,
    ("security.md", "retries"): InterpreterOptions,
    ("training-options.md", "grade_truncated"): options.Sample,
    ("training-options.md", "betas"): options.Fit,
    ("training-options.md", "old_logprobs"): options.PolicyFit,
    ("training-options.md", "max_length"): options.RowFit,
    ("training-options.md", "low"): options.Clip,
    ("training-options.md", "coef"): options.Kl,
    ("training-options.md", "every"): options.Validate,
}
"""a page, and a key of one of its tables -> the record that the table describes"""
IN_WORDS = {"": MISSING, "null": None, "all": None, "local": LocalOptions()}
"""what stands for a default in words; `` for none, or one that is described elsewhere"""


def defaults(record: Any) -> dict[str, Any]:
    """The default of every field; MISSING where it has to be written."""
    found = {field.name: field.default for field in fields(record)}
    return {
        name: default.get_default(call_default_factory=True) if isinstance(default, FieldInfo) else default
        for name, default in found.items()
    }


def tables(page: str) -> list[list[tuple[str, str]]]:
    """(keys, defaults) of the rows of every table with a column `default`."""
    found: list[list[tuple[str, str]]] = []
    inside = False
    for line in (DOCS / page).read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        if len(cells) > 1 and cells[1] == "default":
            inside = True
            found.append([])
        elif not cells:
            inside = False
        elif inside and set(line) - set("|-: "):
            found[-1].append((cells[0], cells[1]))
    return found


def value(text: str) -> Any:
    plain = text.strip("`")
    if plain in IN_WORDS:
        return IN_WORDS[plain]
    try:
        return ast.literal_eval(plain.capitalize() if plain in ("true", "false") else plain)
    except (SyntaxError, ValueError):
        return plain


def split(text: str) -> list[str]:
    return re.split(r", (?![^(]*\))", text)


STATED = [
    (page.name, keys, texts)
    for page in sorted(DOCS.glob("*.md"))
    for table in tables(page.name)
    for keys, texts in table
]


def test_every_table_of_defaults_is_known() -> None:
    known = {(page, key) for page, keys, _ in STATED for key in re.findall(r"`(\w+)`", keys)}
    assert set(RECORDS) <= known
    assert sum(len(tables(page.name)) for page in DOCS.glob("*.md")) == len(RECORDS)


@pytest.mark.parametrize(("page", "keys", "texts"), STATED)
def test_a_stated_default_is_the_default(page: str, keys: str, texts: str) -> None:
    names, stated = re.findall(r"`(\w+)`", keys), split(texts)
    table = next(t for t in tables(page) if (keys, texts) in t)
    record = next(RECORDS[key] for key in RECORDS if key[0] == page and f"`{key[1]}`" in str(table))
    real = defaults(record)
    for name, text in zip(names, stated if len(stated) == len(names) else stated * len(names), strict=True):
        assert name in real, f"{page}: there is no option {name}"
        if isinstance(value(text), str) and not isinstance(real[name], str):  # in words: what null stands for
            assert real[name] is None or name == "problems"
        elif value(text) is not MISSING:
            assert real[name] == value(text), f"{page}: {name}"


OF_METHODS = [
    (method, path, text)
    for method, cell in re.findall(
        r"^\| `(\w+)` \| (.*) \|$",
        (DOCS / "method-defaults.md").read_text("utf-8").partition("| other defaults |")[2],
        flags=re.MULTILINE,
    )
    for path, text in re.findall(r"`([\w.]+): ([^`]+)`", cell)
]


@pytest.mark.parametrize(("method", "path", "text"), OF_METHODS)
def test_a_stated_default_of_a_method_is_its_own(method: str, path: str, text: str) -> None:
    first, *inner = path.split(".")
    real = defaults(methods.get_method(method).Config)[first]
    for name in inner:
        real = getattr(real, name)
    assert real == value(text)


def test_eval_measures_as_a_recipe_does() -> None:
    real = defaults(Evaluate)
    parameters = inspect.signature(eval.measure_model).parameters
    same = ("greedy", "samples", "temperature", "top_p", "top_k", "max_tokens", "limit", "aggregate")
    assert {name: parameters[name].default for name in same} == {name: real[name] for name in same}
    for name in ("beams", "candidates"):  # None in the signature: the record's own default
        [option] = get_type_hints(eval.measure_model, include_extras=True)[name].__metadata__
        assert parameters[name].default is None
        assert option.help.endswith(f"[default: {defaults(GuidedOptions)[name]}]")
    whole = defaults(Recipe)
    for name in ("seed", "prompt", "device", "dtype"):
        assert parameters[name].default == whole[name]
