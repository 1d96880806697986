"""Checks that the model's chat template takes the first problems of a set. Needs transformers, no torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from numerate.config.read import Path_
from numerate.config.schema import Recipe
from numerate.models import locate, tokenization
from numerate.prompts import STYLES, render
from numerate.types import Problem

Complaint = tuple[Path_, str]
"""path in the recipe, message"""


def check_chat_template(recipe: Recipe, beginning: Callable[[str], list[Problem]]) -> Iterator[Complaint]:
    """Checks the chat template, where the style is a chat and the model is a directory. beginning: the first
    problems of a set."""
    if not STYLES[recipe.prompt].chat or not isinstance(path := locate.locate_model(recipe.model), Path):
        return
    try:
        from transformers import AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(str(path), trust_remote_code=False)
    except (ImportError, OSError, ValueError, KeyError):  # told where the model is loaded
        return
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
