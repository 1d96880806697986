"""A target in a chat ends with the template's own end of turn, and sampling stops there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import transformers
from tokenizers import AddedToken

from numerate.methods import outcome_value_model as ovm
from numerate.models import remote_policy, reward_model, tokenization
from numerate.models.judge_config import Card
from numerate.models.policy import Policy, load
from numerate.rollouts.server.responses import ResponseChoice, response_turn
from numerate.rollouts.stops import Stops
from numerate.training import demonstration_row
from numerate.types import Problem, Sampling
from tests import tiny

OPEN = "{% for m in messages %}{{ '<|start|>' + m['role'] + '\\n' + m['content'] + "
SHUT = " }}{% endfor %}{% if add_generation_prompt %}{{ '<|start|>assistant\\n' }}{% endif %}"
STRICT = "{% if messages[-1]['role'] == 'assistant' %}{{ raise_exception('no') }}{% endif %}"
PROBLEM = Problem("p", "What is 1+1?", "2", solution="1+1=2\n#### 2")
END, EOS = 273, 2


def policy(end: str, special: bool = True, before: str = "") -> Policy:
    """With `<|start|>` (272) and `<|end|>` (273), and a template that puts `end` behind every turn."""
    made = tiny.tokenizer()
    made.add_tokens([AddedToken("<|start|>", special=True), AddedToken("<|end|>", special=special)])
    made.chat_template = before + OPEN + end + SHUT
    return Policy(tiny.model(vocab=280), made, "tiny")


@pytest.mark.parametrize(
    ("end", "special", "before", "token"),
    [
        ("'<|end|>\\n'", True, "", END),  # ChatML, Gemma, Phi
        ("'<|end|>'", True, "", END),  # Llama 3
        ("'<|end|>\\n'", False, "", END),  # added without being marked as special
        ("' </s>'", True, "", EOS),  # Llama 2
        ("'<|end|></s>'", True, "", END),
        ("'\\n'", True, "", EOS),  # nothing but text
        ("'\\n### <|end|>'", True, "", EOS),  # not behind the words
        ("'<|end|>'", True, STRICT, EOS),  # takes no such conversation
    ],
)
def test_a_row_in_a_chat_ends_as_the_template_does(end: str, special: bool, before: str, token: int) -> None:
    one = policy(end, special, before)
    assert demonstration_row(one, PROBLEM, "chat").ids[-1] == token
    assert demonstration_row(one, PROBLEM, "boxed").ids[-1] == EOS
    assert one.eos_ids == tuple(dict.fromkeys([EOS, token]))
    assert one.pad_id == 0


def test_a_row_is_what_the_template_makes_of_the_conversation() -> None:
    one = policy("'<|end|>\\n'")
    row = demonstration_row(one, PROBLEM, "chat")
    asked = "What is 1+1?\n\nReason step by step. Put the final answer into \\boxed{}."
    said = [{"role": "user", "content": asked}, {"role": "assistant", "content": "1+1=2\n\\boxed{2}"}]
    whole = one.tokenizer.apply_chat_template(said, tokenize=True, return_dict=False)
    assert [*row.ids, *one.tokenizer("\n", add_special_tokens=False).input_ids] == whole


def test_without_a_template_it_is_eos() -> None:
    made = tiny.tokenizer()
    made.chat_template = None
    assert tokenization.end_of_turn(made) == EOS and Policy(tiny.model(), made).eos_ids == (EOS,)


def test_sampling_stops_there_beside_the_listed_ones() -> None:
    one = policy("'<|end|>'")
    one.model.generation_config.eos_token_id = [7, 2]
    again = Policy(one.model, one.tokenizer)
    assert again.eos_ids == (EOS, 7, END)
    stops = Stops(again.tokenizer, again.eos_ids, [], 280)
    assert stops.is_eos.nonzero()[0].tolist() == [2, 7, END]


@pytest.mark.parametrize("listed", [2, [7, 2], None])
def test_a_saved_model_names_it_and_one_in_memory_stays_as_it_is(tmp_path: Path, listed: Any) -> None:
    one = policy("'<|end|>'")
    one.model.generation_config.eos_token_id = listed
    one = Policy(one.model, one.tokenizer)
    one.save(tmp_path / "m")
    saved = transformers.GenerationConfig.from_pretrained(tmp_path / "m").eos_token_id
    assert set(saved) == {EOS, END} | ({7} if listed == [7, 2] else set())
    assert one.model.generation_config.eos_token_id == listed
    assert (
        load(str(tmp_path / "m")).eos_ids
        == one.eos_ids
        == remote_policy.load_outline(str(tmp_path / "m")).eos_ids
    )


def test_what_a_server_wrote_in_a_chat_ends_with_it() -> None:
    one, said = policy("'<|end|>'"), ResponseChoice("1+1=2", "stop", None, (), True, "")
    ends = [response_turn(said, Sampling(), one, True, chat).ids[-1] for chat in (True, False)]
    assert ends == [END, EOS]


def test_a_value_model_writes_it_too(tmp_path: Path) -> None:
    one = policy("'<|end|>'")
    judge = reward_model.on_policy(one, Card("value", style="chat"))
    for style, end in (("chat", END), ("plain", EOS)):
        row = ovm.value_row(judge.encode_solution(PROBLEM, ["1+1=2"]), True, ovm.last_token(judge, style))
        assert row and row.ids[-1] == end and row.token["written"][-1] == 1
