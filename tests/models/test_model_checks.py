"""What does not fit is refused in one line before anything starts: devices, tokenizers, quantised weights,
folders of runs, chat templates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from typer.testing import CliRunner

from numerate import config
from numerate.cli import app
from numerate.config import check_model
from numerate.models import device, locate, model_checks, policy, tokenization
from numerate.types import Prompt, Turn
from tests import tiny

GEMMA = (
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "{% for m in messages %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('roles must alternate') }}{% endif %}"
    "{{ '[' + m['role'] + '] ' + m['content'] | trim + '\n' }}{% endfor %}"
)
DEAF = "{% for m in messages %}{% if m['role'] != 'system' %}{{ m['content'] + '\n' }}{% endif %}{% endfor %}"


@pytest.mark.parametrize("name", ["banana", "gpu", "cuda:x", "cuda:", "CPU", "", "cuda:0 "])
def test_what_is_no_device_is_refused_without_looking(name: str) -> None:
    for asked in (device.check_device, policy.pick_device):
        with pytest.raises(ValueError, match=": choose auto, cpu, cuda, cuda:0 or mps"):
            asked(name)


def test_a_device_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    for name, message in (("cuda", "finds no GPU"), ("cuda:1", "finds no GPU"), ("mps", "no Apple GPU")):
        with pytest.raises(ValueError, match=message):
            device.check_device(name)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    device.check_device("cuda:1")
    with pytest.raises(ValueError, match="only has cuda:0 to cuda:1"):
        device.check_device("cuda:2")


def test_commands_and_recipes_check_the_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="'device=banana', device: there is no device 'banana'"):
        config.load("quickstart", ["device=banana"])
    for words in (
        ("eval", "numerate/pico", "-p", "stories/test", "--device", "banana"),
        ("solve", "numerate/pico", "1+1", "--device", "banana"),
        ("judge", "oracle", "none.jsonl", "--device", "banana"),
    ):
        done = CliRunner().invoke(app, [*words])
        assert done.exit_code == 2 and "there is no device 'banana'" in done.output
    assert not (tmp_path / "runs").exists()
    with pytest.raises(ValueError, match=r"dtype: expected one of 'auto'"):
        check_model("numerate/pico", "plain", {}, dtype="fp16")
    done = CliRunner().invoke(app, ["judge", "oracle", "none.jsonl", "--dtype", "fp16"])
    assert done.exit_code == 2 and "did you mean 'float16'?" in done.output


def test_a_tokenizer_larger_than_the_embedding_is_refused(tmp_path: Path) -> None:
    path = tiny.make(tmp_path / "model", vocab=250)
    with pytest.raises(ValueError, match="its tokenizer has 272 tokens and the embeddings have 250 rows"):
        locate.check_loadable(str(path))
    (path / "tokenizer.json").rename(path / "other.json")
    (path / "tokenizer.model").touch()
    locate.check_loadable(str(path))  # what files do not tell is told when the model is loaded
    (path / "other.json").rename(path / "tokenizer.json")
    locate.check_loadable(str(tiny.make(tmp_path / "padded", vocab=320)))


@pytest.mark.parametrize("kind", tiny.KINDS)
def test_the_embedding_is_found_in_every_kind_of_model(kind: str, tmp_path: Path) -> None:
    path = tiny.make(tmp_path / "model", kind, vocab=280)
    assert model_checks.embedding_rows(locate.tensor_headers("m", path / "model.safetensors").items()) == 280
    assert model_checks.tokens_in(path / "tokenizer.json") == 272


@pytest.mark.parametrize("kind", ["plain", "pad_token", "unused"])
def test_an_added_token_counts_where_it_can_be_written(kind: str, tmp_path: Path) -> None:
    path = tiny.make(tmp_path / "model")
    content = json.loads((path / "tokenizer.json").read_text())
    more = {**content["added_tokens"][0], "id": 272, "content": "<more>", "special": kind != "plain"}
    content["added_tokens"].append(more)
    (path / "tokenizer.json").write_text(json.dumps(content))
    options = json.loads((path / "tokenizer_config.json").read_text())
    if kind == "pad_token":
        (path / "tokenizer_config.json").write_text(json.dumps(options | {"pad_token": "<more>"}))
    if kind == "unused":
        assert policy.load(str(path), device="cpu")
        return
    with pytest.raises(ValueError, match=r"273 tokens .* 272 rows"):
        locate.check_loadable(str(path))
    with pytest.MonkeyPatch.context() as patch, pytest.raises(ValueError, match=r"273 tokens .* 272 rows"):
        patch.setattr(model_checks, "tokens_in", lambda file: 0)  # as of a model on the hub
        policy.load(str(path), device="cpu")


@pytest.mark.parametrize(
    ("options", "method"),
    [
        ({"quant_method": "bitsandbytes", "load_in_4bit": True}, "bitsandbytes"),
        ({"load_in_8bit": True}, "bitsandbytes"),
        ({"quant_method": "gptq", "bits": 4}, "gptq"),
        ({"quant_method": "compressed-tensors"}, "compressed-tensors"),
    ],
)
def test_quantised_weights_without_their_package_are_refused(
    options: dict[str, Any], method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tiny.make(tmp_path / "model")
    known = json.loads((path / "config.json").read_text())
    (path / "config.json").write_text(json.dumps(known | {"quantization_config": options}))
    monkeypatch.setattr(model_checks, "find_spec", lambda module: None)
    with pytest.raises(
        ValueError, match=rf"quantised \({method}\), and the package .* not installed: choose"
    ):
        check_model(str(path), "plain", {})
    locate.check_loadable(str(path))  # enough for a server
    monkeypatch.setattr(model_checks, "find_spec", lambda module: module)
    locate.check_weights(str(path))


def test_a_run_that_is_named_for_a_model_lists_its_models(tmp_path: Path) -> None:
    run = tmp_path / "runs" / "quick"
    for stage in ("sft", "orm"):
        tiny.make(run / "stages" / stage / "model")
        (run / "stages" / stage / "config.json").write_text('{"identity": "x"}')
    (run / "stages" / "orm" / "model" / "head.safetensors").touch()
    (run / "recipe.yaml").write_text("name: quick")
    for folder in (run, run / "stages" / "sft"):
        with pytest.raises(ValueError, match=r"a run: name one of its models, .*stages/sft/model$"):
            locate.check_loadable(str(folder))
    locate.check_loadable(str(run / "stages" / "sft" / "model"))
    (tmp_path / "eval-x").mkdir()
    (tmp_path / "eval-x" / "recipe.yaml").write_text("name: eval-x")
    with pytest.raises(ValueError, match="without a language model: name the `model` of its recipe"):
        locate.check_loadable(str(tmp_path / "eval-x"))


def test_what_transformers_cannot_load_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tiny.make(tmp_path / "model")
    known = json.loads((path / "config.json").read_text())
    own = {"auto_map": {"AutoConfig": "conf.C", "AutoModelForCausalLM": "m.X"}, "model_type": "unheard-of"}
    (path / "config.json").write_text(json.dumps(known | own))
    with pytest.raises(ValueError, match="needs code of its own") as failed:
        policy.load(str(path), device="cpu")
    assert "\n" not in str(failed.value)

    def lacking(*args: Any, **more: Any) -> None:
        raise ImportError("needs gguf:\n  `pip install gguf`")

    monkeypatch.setattr("transformers.AutoModelForCausalLM.from_pretrained", lacking)
    (path / "config.json").write_text(json.dumps(known))
    with pytest.raises(ValueError, match=r"could not be loaded from .*: needs gguf: `pip install gguf`"):
        policy.load(str(path), device="cpu")


def chat(*turns: tuple[str, str]) -> Prompt:
    return Prompt("p", tuple(Turn(role, text) for role, text in turns), chat=True)  # pyright: ignore


@pytest.mark.parametrize("text", ["Be brief.", "Never write </s>."])
@pytest.mark.parametrize(
    ("template", "filled"),
    [(GEMMA, "[user] {}\n\nWhat?\n"), (DEAF, "{}\n\nWhat?\n"), (tiny.CHAT, "<system>{}\n")],
)
def test_a_system_message_that_a_template_refuses_or_drops_goes_to_the_user(
    template: str, filled: str, text: str
) -> None:
    tokenizer = tiny.tokenizer()
    tokenizer.chat_template = template
    ids = tokenization.encode_prompt(tokenizer, chat(("system", text), ("user", "What?")))
    assert filled.format(text) in tokenizer.decode(ids)
    assert tokenizer.eos_token_id not in ids


def test_other_turns_that_a_template_refuses_are_a_mistake_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tiny.make(tmp_path / "model")
    tokenizer = tiny.tokenizer()
    tokenizer.chat_template = GEMMA
    tokenizer.save_pretrained(tmp_path / "model")
    turns = [{"role": "user", "content": "Hi"}, {"role": "user", "content": "2+3?"}]
    rows = [{"messages": [*turns, {"role": "assistant", "content": "#### 5"}]}]
    (tmp_path / "p.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "r.yaml").write_text(
        "{name: r, model: ./model, prompt: chat, problems: {test: p.jsonl}, evaluate: {models: [base]}}"
    )
    message = (
        r"problems.test: problem '.*' of p.jsonl: .* rejects a conversation of user, user .*must alternate"
    )
    with pytest.raises(ValueError, match=message):
        config.load("r.yaml")
    (tmp_path / "model" / "chat_template.jinja").unlink()
    with pytest.raises(ValueError, match=r"r.yaml:1, prompt: the tokenizer of ./model has no chat template"):
        config.load("r.yaml")
