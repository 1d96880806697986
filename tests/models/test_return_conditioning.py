"""What a return-conditioned policy reads is said in its own configuration, and goes where the model goes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from numerate.models import remote_policy, return_conditioning, return_tags
from numerate.models.policy import load
from numerate.models.return_tags import Conditioning
from numerate.prompts import render
from numerate.training import demonstration_row
from numerate.types import Problem, Prompt, Turn
from tests import tiny

PROBLEM = Problem("p", "How many?", "3", solution="It has 3.\n\n#### 3")


def test_it_is_saved_and_loaded_with_the_model_also_without_weights(tmp_path: Path) -> None:
    policy = load(str(tiny.make(tmp_path / "base")))
    assert policy.conditioning is None
    told = Conditioning(good="<+>\n", bad="<->\n", ask="bad")
    return_tags.write_conditioning(policy.model.config, told)
    policy.save(tmp_path / "tagged")
    again = load(str(tmp_path / "tagged"))
    assert again.conditioning == policy.clone().conditioning == told == told
    assert remote_policy.load_outline(str(tmp_path / "tagged")).conditioning == told
    assert (told.target_tag, told.tag(True)) == ("<->\n", "<+>\n")
    again.read_as(load(str(tmp_path / "base")))
    again.save(tmp_path / "plain")
    assert load(str(tmp_path / "plain")).conditioning is None


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"ask": "best"}, "return_conditioning.ask"),
        ({"tag": "[GOOD]"}, "return_conditioning.tag"),
        ("[GOOD]", "return_conditioning"),
    ],
)
def test_an_entry_that_is_not_ours_is_refused_by_name(tmp_path: Path, given: object, said: str) -> None:
    file = tiny.make(tmp_path / "base") / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"return_conditioning": given}))
    with pytest.raises(ValueError, match=f"config.json, {said}: .*train the model again"):
        _ = load(str(tmp_path / "base")).conditioning


@pytest.mark.parametrize("kind", ["llama", "qwen2", "gpt2"])
def test_a_solution_is_cut_behind_its_line_breaks(tmp_path: Path, kind: str) -> None:
    """An empty line is a line; the EOS after a last line break is one too."""
    policy = load(str(tiny.make(tmp_path / kind, kind)))

    def cut(text: str) -> list[str]:
        found = return_conditioning.token_lines(policy, policy.encode_target(text))
        assert [i for line in found for i in line] == policy.encode_target(text)
        return [str(policy.tokenizer.decode(line)) for line in found]

    assert cut("It has 3.\n\n#### 3") == ["It has 3.\n", "\n", "#### 3</s>"]
    assert cut("It has\n") == ["It has\n", "</s>"]
    assert return_conditioning.token_lines(policy, policy.encode_target("a\n")[:-1]) == [
        policy.encode_target("a\n")[:-1]
    ]
    assert cut("") == ["</s>"]


def test_a_worked_solution_is_good_line_by_line_for_whoever_reads_tags(tmp_path: Path) -> None:
    policy = load(str(tiny.make(tmp_path / "base")))
    plain = demonstration_row(policy, PROBLEM, "plain")
    return_tags.write_conditioning(policy.model.config, Conditioning(ask="bad"))
    row = demonstration_row(policy, PROBLEM, "plain")
    read = "".join(str(policy.tokenizer.decode([i])) for i in row.ids)
    assert read == "<s>How many?\n[GOOD]\nIt has 3.\n[GOOD]\n\n[GOOD]\n#### 3</s>"
    trained = [i for i, seen in zip(row.ids, row.mask, strict=True) if seen]
    assert trained == [i for i, seen in zip(plain.ids, plain.mask, strict=True) if seen]


def test_a_beginning_with_ids_is_not_tokenized_again(tmp_path: Path) -> None:
    """ "the" is one token; its letters are three."""
    policy = load(str(tiny.make(tmp_path / "base")))
    asked = render(PROBLEM)
    letters = tuple(policy.tokenizer.convert_tokens_to_ids(list("the")))
    begun = Prompt("p", (*asked.turns, Turn("assistant", "the", letters)))
    assert policy.encode_prompt(begun) == [*policy.encode_prompt(asked), *letters]
    bare = Prompt("p", (*asked.turns, Turn("assistant", "the")))
    assert len(policy.encode_prompt(bare)) < len(policy.encode_prompt(begun))


def test_tags_that_nothing_has_told_apart_begin_as_their_words() -> None:
    """The bundled model has a token for each tag, and has never read one of them."""
    policy = load("numerate/pico")
    weight = policy.model.get_input_embeddings().weight
    [good], [bad] = (return_conditioning.tag_ids(policy, tag) for tag in ("[GOOD]", "[BAD]"))
    before = weight.detach().clone()
    assert torch.cosine_similarity(before[good], before[bad], dim=0) > 0.999
    return_conditioning.prepare_policy(policy, Conditioning(), tokens=False)
    assert torch.cosine_similarity(weight[good], weight[bad], dim=0) < 0.5
    for tag, word in ((good, "good"), (bad, "bad")):
        torch.testing.assert_close(weight[tag], before[policy.encode_target(word)[:-1]].mean(0))
    others = [i for i in range(len(weight)) if i not in (good, bad)]
    assert torch.equal(weight[others], before[others])


def test_tags_that_a_model_tells_apart_are_left_alone(tmp_path: Path) -> None:
    """As text of several tokens, and as tokens that have learned something."""
    policy = load(str(tiny.make(tmp_path / "base")))
    before = [p.detach().clone() for p in policy.model.parameters()]
    return_conditioning.prepare_policy(policy, Conditioning(), tokens=False)
    assert all(torch.equal(a, b) for a, b in zip(before, policy.model.parameters(), strict=True))
    policy = load("numerate/pico")
    weight = policy.model.get_input_embeddings().weight
    [good] = return_conditioning.tag_ids(policy, "[GOOD]")
    with torch.no_grad():
        weight[good] = weight[100]
    return_conditioning.prepare_policy(policy, Conditioning(), tokens=False)
    assert torch.equal(weight[good], weight[100])
