"""Checks that the model's chat template takes the first problems of a set. Needs transformers, no torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from numerate.config.read import Path_
from numerate.config.schema import Recipe
from numerate.models import locate, tokenization
from numerate.prompts import STYLES, render
from numerate.types import Problem

Complaint = tuple[Path_, str]
"""path in the recipe, message"""


def check_chat_template(recipe: Recipe, beginning: Callable[[str], list[Problem]]) -> Iterator[Complaint]:
    """Checks the chat template, where the prompt style or the format of tools needs one and the model is a
    directory. beginning: the first problems of a set."""
    chat, tools = STYLES[recipe.prompt].chat, recipe.engine.tools
    calls = tools is not None and tools.tool_format.template
    path = locate.locate_model(recipe.model)
    if not (chat or calls) or not isinstance(path, Path):
        return
    try:
        from transformers import AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(str(path), trust_remote_code=False)
    except (ImportError, OSError, ValueError, KeyError):  # reported where the model is loaded
        return
    if calls and (message := tool_role_error(tokenizer)):
        yield ("engine", "tools", "format"), message
    if chat:
        yield from problem_errors(recipe, tokenizer, beginning)


def tool_role_error(tokenizer: Any) -> str | None:
    """Returns why outputs of tools cannot be put into the chat template, None where they can."""
    try:
        tokenization.encode_tool_reply(tokenizer, "")
    except ValueError as error:
        return str(error)
    return None


def problem_errors(
    recipe: Recipe, tokenizer: Any, beginning: Callable[[str], list[Problem]]
) -> Iterator[Complaint]:
    """Checks that the template takes the first problems of each set."""
    if not tokenizer.chat_template:
        message = f"the tokenizer of {recipe.model} has no chat template: set a prompt style other than chat"
        yield ("prompt",), message
        return
    for name, problems in recipe.problems.items():
        for problem in beginning(problems.source):
            try:
                tokenization.encode_prompt(tokenizer, render(problem, recipe.prompt))
            except ValueError as error:
                yield ("problems", name), f"problem {problem.id!r} of {problems.source}: {error}"
                break
