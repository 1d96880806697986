"""Finding models: what cannot be loaded is refused at once, with the place and the remedy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from numerate.models import locate
from tests import tiny


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return tiny.make(tmp_path / "model")


def test_a_whole_directory_passes(model: Path) -> None:
    locate.check_loadable(str(model))
    assert locate.locate_model(str(model)) == model


def test_shards_pass_when_all_are_there(tmp_path: Path) -> None:
    path = tmp_path / "sharded"
    made = tiny.model()
    made.save_pretrained(path, max_shard_size="20KB")
    tiny.tokenizer().save_pretrained(path)
    shards = sorted(path.glob("model-*.safetensors"))
    assert len(shards) > 1
    locate.check_loadable(str(path))
    shards[0].unlink()
    with pytest.raises(ValueError, match=shards[0].name):
        locate.check_loadable(str(path))


@pytest.mark.parametrize("name", ["Qwen/Qwen2.5-0.5B", "gpt2", "facebook/opt-1.3b"])
def test_a_hub_id_passes_and_stays_as_it_is(name: str) -> None:
    locate.check_loadable(name)
    assert locate.locate_model(name) == name


@pytest.mark.parametrize("name", ["runs/a/stages/sft/model", "./here", "/no/such/place", "a b", ""])
def test_what_is_neither_directory_nor_hub_id_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"no such directory.*numerate/pico"):
        locate.check_loadable(name)


@pytest.mark.parametrize(
    ("remove", "message"),
    [
        ("config.json", "no config.json"),
        ("model.safetensors", "no weights"),
        ("tokenizer.json", "no tokenizer"),
    ],
)
def test_a_missing_file_is_named(remove: str, message: str, model: Path) -> None:
    (model / remove).unlink()
    with pytest.raises(ValueError, match=message) as error:
        locate.check_loadable(str(model))
    assert str(model) in str(error.value)


def test_pickled_weights_are_refused_with_the_way_to_convert_them(model: Path) -> None:
    (model / "model.safetensors").rename(model / "pytorch_model.bin")
    with pytest.raises(ValueError, match=r"pickle.*save_pretrained"):
        locate.check_loadable(str(model))


def test_a_truncated_download_is_noticed(model: Path) -> None:
    weights = model / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(ValueError, match="is truncated"):
        locate.check_loadable(str(model))


def test_a_git_lfs_pointer_is_noticed(model: Path) -> None:
    (model / "model.safetensors").write_text("version https://git-lfs.github.com/spec/v1\nsize 9\n")
    with pytest.raises(ValueError, match="git lfs pull"):
        locate.check_loadable(str(model))


@pytest.mark.parametrize("content", [b"", b"\x05\0\0\0\0\0\0\0{bad}", b"\xff" * 64])
def test_a_file_that_is_no_safetensors_is_noticed(content: bytes, model: Path) -> None:
    (model / "model.safetensors").write_bytes(content)
    with pytest.raises(ValueError, match="not a safetensors file"):
        locate.check_loadable(str(model))


@pytest.mark.parametrize(
    ("content", "message"), [("{", "is not JSON"), ("[]", "JSON object"), ("{}", "model_type")]
)
def test_a_broken_configuration_is_named(content: str, message: str, model: Path) -> None:
    (model / "config.json").write_text(content)
    with pytest.raises(ValueError, match=message):
        locate.check_loadable(str(model))


def test_a_bare_adapter_is_refused(model: Path) -> None:
    (model / "config.json").rename(model / "adapter_config.json")
    with pytest.raises(ValueError, match="adapter"):
        locate.check_loadable(str(model))


def test_the_bundled_model_is_a_directory_of_the_package() -> None:
    place = locate.locate_model("numerate/pico")
    assert isinstance(place, Path) and place.parts[-3:] == ("numerate", "assets", "pico")


def test_checking_needs_no_torch() -> None:
    code = (
        "import sys; from numerate.models import Lora, locate; Lora(); locate.check_loadable('gpt2');"
        "sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_stage_that_is_not_done_is_named_as_such(tmp_path: Path) -> None:
    stage = tmp_path / "r" / "stages" / "rl"
    stage.mkdir(parents=True)
    (tmp_path / "r" / "recipe.yaml").touch()
    (stage / "config.json").write_text("{}")
    message = r"stage rl of .*/r is not completed and has no model yet: numerate run .*/r completes it$"
    for place in (stage, stage / "model"):
        with pytest.raises(ValueError, match=message):
            locate.check_loadable(str(place))
    (stage / "DONE.json").touch()  # of a stage that leaves only rollouts behind
    with pytest.raises(ValueError, match="without a language model"):
        locate.check_loadable(str(stage))
    with pytest.raises(ValueError, match="no model in it"):
        locate.check_loadable(str(stage / "model"))


def test_a_slip_in_a_bundled_name_or_a_folder_is_not_taken_for_a_hub_id(model: Path) -> None:
    with pytest.raises(ValueError, match=r"the bundled model is numerate/pico$"):
        locate.check_loadable("numerate/pixo")
    with pytest.raises(ValueError, match=r"there is a folder .* but no gone in it"):
        locate.check_loadable(str(model.parent / "gone"))
