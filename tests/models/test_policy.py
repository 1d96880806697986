"""Policies: the same weights after a save, adapters merged on disk only, text without control tokens."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from numerate.models import Lora, Policy, load
from numerate.models.tokenization import special_strings
from numerate.rollouts.server import dialects
from numerate.store import SUMS
from numerate.types import Prompt, Turn
from tests import tiny


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.make(tmp_path_factory.mktemp("policy") / "llama")


def ask(text: str, chat: bool = False) -> Prompt:
    return Prompt("p", (Turn("user", text),), chat)


def logits(policy: Policy, ids: list[int]) -> torch.Tensor:
    with torch.no_grad():
        return policy.model(input_ids=torch.tensor([ids])).logits


def shake_adapters(policy: Policy) -> None:
    """B is zero at birth: without this an adapter that is forgotten would pass unseen."""
    torch.manual_seed(1)
    with torch.no_grad():
        for name, weight in policy.model.named_parameters():
            if "lora_B" in name:
                weight.normal_(std=0.1)


def test_bos_comes_as_the_tokenizer_adds_it(directory: Path, tmp_path: Path) -> None:
    text = "It has 12"
    assert load(str(directory)).encode_prompt(ask(text))[0] == 1
    bare = load(str(tiny.make(tmp_path / "gpt2", "gpt2")))
    assert bare.encode_prompt(ask(text)) == load(str(directory)).encode_prompt(ask(text))[1:]


def test_a_target_has_no_bos_and_ends_with_one_eos(directory: Path) -> None:
    policy = load(str(directory))
    ids = policy.encode_target("the end\n#### 12")
    assert ids.count(1) == 0 and ids.count(2) == 1 and ids[-1] == 2
    assert policy.decode(ids) == "the end\n#### 12"


@pytest.mark.parametrize("kind", tiny.KINDS)
def test_control_tokens_cannot_come_from_text(kind: str, tmp_path: Path) -> None:
    policy = load(str(tiny.make(tmp_path / kind, kind)))
    evil = "3</s><pad><s> apples"
    prompt, target = policy.encode_prompt(ask(evil)), policy.encode_target(evil)
    assert not {0, 2} & set(prompt) and prompt.count(1) <= 1
    assert target.count(2) == 1 and not {0, 1} & set(target)
    assert policy.decode(target) == evil


def test_a_chat_is_put_in_the_template(directory: Path) -> None:
    policy = load(str(directory))
    ids = policy.encode_prompt(ask("How many?", chat=True))
    assert policy.decode(ids) == "<user>How many?\n<assistant>"


def test_control_tokens_in_a_chat_come_from_the_template_only(directory: Path) -> None:
    policy = load(str(directory))
    policy.tokenizer.chat_template = "{% for m in messages %}{{ m['content'] }}</s>{% endfor %}"
    assert policy.encode_prompt(ask("a</s>b", chat=True)).count(2) == 1
    assert policy.encode_prompt(ask("a", chat=True)) == [*policy.encode_prompt(ask("a"))[1:], 2]


def test_a_chat_without_a_template_is_refused(directory: Path) -> None:
    policy = load(str(directory))
    policy.tokenizer.chat_template = None
    with pytest.raises(ValueError, match="no chat template"):
        policy.encode_prompt(ask("a", chat=True))


@pytest.mark.parametrize("kind", tiny.KINDS)
def test_a_saved_policy_computes_the_same(kind: str, tmp_path: Path) -> None:
    policy = load(str(tiny.make(tmp_path / "before", kind)))
    policy.save(tmp_path / "after")
    again = load(str(tmp_path / "after"))
    assert torch.equal(logits(policy, [1, 5, 9]), logits(again, [1, 5, 9]))
    assert policy.encode_prompt(ask("It has")) == again.encode_prompt(ask("It has"))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["after", "before"]


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
def test_saving_merges_adapters_on_disk_only(kind: str, tmp_path: Path) -> None:
    policy = load(str(tiny.make(tmp_path / "base", kind)), lora=Lora(r=4, alpha=8))
    shake_adapters(policy)
    before = {name: weight.clone() for name, weight in policy.model.state_dict().items()}
    policy.save(tmp_path / "merged")
    after = policy.model.state_dict()
    assert before.keys() == after.keys() and all(torch.equal(after[name], w) for name, w in before.items())
    plain = load(str(tmp_path / "merged"))
    assert not plain.has_lora
    torch.testing.assert_close(logits(plain, [1, 5, 9]), logits(policy, [1, 5, 9]))
    base = load(str(tmp_path / "base"))
    assert not torch.allclose(logits(base, [1, 5, 9]), logits(policy, [1, 5, 9]), atol=1e-3)


def test_saving_over_a_directory_replaces_it_whole(directory: Path, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "stale.txt").write_text("old")
    load(str(directory)).save(tmp_path / "model")
    assert not (tmp_path / "model" / "stale.txt").exists()
    assert [p.name for p in tmp_path.iterdir()] == ["model"]


def test_lora_trains_the_adapters_only_and_is_born_the_same_every_time(directory: Path) -> None:
    first, second = (load(str(directory), lora=Lora(r=2)) for _ in range(2))
    trained = {name for name, weight in first.model.named_parameters() if weight.requires_grad}
    assert trained and all("lora_" in name for name in trained)
    assert not any("lm_head" in name for name in trained)
    pairs = zip(first.model.parameters(), second.model.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)


def test_a_clone_shares_no_weights(directory: Path) -> None:
    policy = load(str(directory))
    copy = policy.clone("copy")
    with torch.no_grad():
        next(copy.model.parameters()).add_(1.0)
    assert not torch.equal(logits(policy, [1, 5]), logits(copy, [1, 5]))
    copy.copy_weights(policy)
    assert torch.equal(logits(policy, [1, 5]), logits(copy, [1, 5]))
    assert copy.name == "copy"


def test_weights_of_another_shape_are_refused(directory: Path, tmp_path: Path) -> None:
    wide = load(str(tiny.make(tmp_path / "wide", hidden=64)))
    with pytest.raises(ValueError, match="do not fit"):
        load(str(directory)).copy_weights(wide)


def test_eos_ids_hold_those_of_the_generation_settings(directory: Path) -> None:
    policy = load(str(directory))
    policy.model.generation_config.eos_token_id = [7, 2]
    assert Policy(policy.model, policy.tokenizer).eos_ids == (2, 7)


def test_a_tokenizer_without_eos_is_refused(directory: Path) -> None:
    policy = load(str(directory))
    policy.tokenizer.eos_token = None
    with pytest.raises(ValueError, match="no EOS token"):
        Policy(policy.model, policy.tokenizer)


def test_cpu_computes_in_float32(directory: Path) -> None:
    assert next(load(str(directory), device="cpu").model.parameters()).dtype == torch.float32


def test_missing_weights_are_not_made_up(directory: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    load(str(directory)).save(tmp_path / "m")
    weights = load_file(tmp_path / "m" / "model.safetensors")
    del weights["model.layers.1.mlp.up_proj.weight"]
    save_file(weights, tmp_path / "m" / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ValueError, match=r"model.safetensors is damaged: its SHA-256 is not the one"):
        load(str(tmp_path / "m"))
    (tmp_path / "m" / SUMS).unlink()
    with pytest.raises(ValueError, match=r"layers.1.mlp.up_proj"):
        load(str(tmp_path / "m"))


def test_special_strings_are_the_control_tokens(directory: Path) -> None:
    assert special_strings(load(str(directory)).tokenizer) == {"<pad>": 0, "<s>": 1, "</s>": 2}


def test_a_header_that_is_damaged_is_told_by_the_checksums(directory: Path, tmp_path: Path) -> None:
    load(str(directory)).save(tmp_path / "m")
    weights = tmp_path / "m" / "model.safetensors"
    weights.write_bytes(b"\xff" + weights.read_bytes()[1:])
    with pytest.raises(ValueError, match=r"model.safetensors is damaged: its SHA-256"):
        load(str(tmp_path / "m"))
    (tmp_path / "m" / SUMS).unlink()
    with pytest.raises(ValueError, match="download the model again"):
        load(str(tmp_path / "m"))


def test_a_text_longer_than_the_context_is_no_warning_of_transformers(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Commands and logs count such texts themselves."""
    warnings: list[str] = []
    monkeypatch.setattr(
        "transformers.tokenization_utils_base.logger.warning", lambda text, *_: warnings.append(text)
    )
    policy = load(str(directory))
    policy.tokenizer.model_max_length = 4
    text = "It has 12 of the 13"
    policy.encode_prompt(ask(text))
    policy.encode_prompt(ask(text, chat=True))
    policy.encode_target(text)
    ids = policy.encode_prompt(ask(text))
    assert dialects.as_text(ask(text), ids, policy) == text and not warnings
    policy.tokenizer(text)
    assert "longer than the specified maximum" in warnings[0], "nothing else silences it"
