"""Training rows of transcripts: the tokens of an episode, with the outputs off."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import pytest
from transformers import AutoTokenizer

import numerate.assets
from numerate.models import return_tags
from numerate.models.policy import Policy
from numerate.models.return_tags import Conditioning
from numerate.prompts import STYLES, render
from numerate.tool_formats import FORMATS, shown_output
from numerate.training import demonstration_row
from numerate.types import Example, Problem
from tests import tiny

CALLS = {
    "mario": ("<code>\nx=2+4\nprint(x)\n</code>", "So\n<code>\nprint(x*2)\n</code>"),
    "tora": ("```python\nx=2+4\nprint(x)\n```\n```output", "So\n```python\nprint(x*2)\n```\n```output"),
}
OUTPUTS = ("6", "</s> has ==12")


def policy(pico: bool) -> Policy:
    folder = Path(numerate.assets.__file__).parent / "pico"
    return Policy(tiny.model("llama"), AutoTokenizer.from_pretrained(folder) if pico else tiny.tokenizer())


def episode(name: str) -> list[tuple[str, bool]]:
    """Returns the parts of an episode of two calls, and whether the policy writes them."""
    parts: list[tuple[str, bool]] = []
    for call, output in zip(CALLS[name], OUTPUTS, strict=True):
        parts += [(call, True), (FORMATS[name].insert(shown_output(output, "", 100)), False)]
    return parts


def problem(name: str, last: str = "") -> Problem:
    text = "".join(part for part, _ in episode(name)) + last
    return Problem("p", "Twice 2+4?", "12", text, "number", meta={"tool_format": name})


def trained_texts(tokens: Policy, row: Example) -> list[tuple[bool, str]]:
    """Returns the runs of equal mask, decoded."""
    runs = groupby(zip(row.mask, row.ids, strict=True), key=lambda pair: pair[0])
    return [(trained, tokens.decode([i for _, i in run])) for trained, run in runs]


@pytest.mark.parametrize("pico", [True, False])
@pytest.mark.parametrize("style", [style for style in STYLES if style != "chat"])
@pytest.mark.parametrize("name", CALLS)
def test_a_row_has_the_tokens_of_an_episode(name: str, style: str, pico: bool):
    tokens = policy(pico)
    row = demonstration_row(tokens, problem(name), style)
    ids, mask = list(tokens.encode_prompt(render(problem(name), style))), []
    mask += [False] * len(ids)
    endings = {"boxed": "\\boxed{12}", "mario": "Final Answer: 12"}
    parts = [*episode(name), (endings.get(style, "#### 12"), True)]
    lead = STYLES[style].lead
    for number, (part, trained) in enumerate(parts):
        encoded = tokens.encode_target(lead + part if number == 0 else part)
        encoded = encoded if number == len(parts) - 1 else encoded[:-1]
        ids += encoded
        mask += [trained] * len(encoded)
    assert list(row.ids) == ids
    assert list(row.mask) == mask
    assert row.ids[-1] == tokens.tokenizer.eos_token_id and row.mask[-1]


@pytest.mark.parametrize("name", CALLS)
def test_exactly_the_outputs_are_not_trained(name: str):
    tokens = policy(pico=True)
    runs = trained_texts(tokens, demonstration_row(tokens, problem(name, "#### 12"), "plain"))
    assert runs[1:] == [(trained, text) for text, trained in [*episode(name), ("#### 12", True)]]


def test_an_output_never_holds_a_control_token():
    tokens = policy(pico=True)
    row = demonstration_row(tokens, problem("tora"), "plain")
    assert list(row.ids).count(tokens.tokenizer.eos_token_id) == 1


def test_a_tag_comes_before_lines_of_the_policy_alone():
    tokens = policy(pico=True)
    return_tags.write_conditioning(tokens.model.config, Conditioning(good="[GOOD]", bad="[BAD]"))
    row = demonstration_row(tokens, problem("mario", "#### 12"), "plain")
    text = tokens.decode(list(row.ids))
    assert (
        "[GOOD]<code>\n[GOOD]x=2+4\n[GOOD]print(x)\n[GOOD]</code>\n<output>\n6\n</output>\n[GOOD]So\n" in text
    )
    outputs = "".join(FORMATS["mario"].insert(shown_output(output, "", 100)) for output in OUTPUTS)
    unmasked = "".join(words for trained, words in trained_texts(tokens, row)[1:] if not trained)
    assert unmasked.replace("[GOOD]", "") == outputs


def test_a_row_of_a_chat_with_calls_is_refused():
    text = '<tool_call>{"arguments": {"code": "print(6)"}}</tool_call>6'
    with pytest.raises(ValueError, match=r"problem 'p' .* write its solution in the format mario or tora"):
        demonstration_row(policy(False), Problem("p", "?", "6", text, meta={"tool_format": "chat"}), "chat")
