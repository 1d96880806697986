"""Whole runs whose files were damaged, changed, linked or locked: the same end, or one message and nothing
lost."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from numerate import config, run, store
from numerate.consent import Consent
from numerate.progress import QuietProgress
from numerate.training import Stage
from tests.faults import worlds
from tests.faults.kills import differences


class Lines(QuietProgress):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)


@pytest.fixture(scope="module", autouse=True)
def small() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("numerate.rewards.correct.answers", worlds.BY_LENGTH)
        patch.setattr("numerate.rollouts.collect.PART_ROLLOUTS", 24)
        patch.setattr(Stage, "SAVE_SECONDS", 0.0)
        yield


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, small: None) -> Path:
    """The folder of a finished run: SFT, stored attempts, expert iteration."""
    folder = tmp_path_factory.mktemp("whole")
    worlds.WORLDS["all"] = worlds.START | worlds.WORLDS["expert_iteration"]
    worlds.write(folder, "all")
    go(folder / "r", folder)
    return folder


def go(where: Path, whole: Path, *overrides: str, redo: bool = False) -> list[str]:
    shown = Lines()
    run.run(
        config.load(str(whole / "all.yaml"), overrides, out=where.parent),
        where,
        progress=shown,
        consent=Consent(redo),
    )
    return shown.lines


@pytest.fixture
def copied(whole: Path, tmp_path: Path) -> Path:
    shutil.copytree(whole / "r", tmp_path / "r")
    return tmp_path / "r"


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x40
    path.write_bytes(content)


def unfinished(stage: Path) -> Path:
    """As if the process had been killed before the stage was done. Returns its newest checkpoint."""
    (stage / "DONE.json").unlink()
    shutil.rmtree(stage / "model")
    return max((stage / "checkpoints").iterdir(), key=lambda path: int(path.name[5:]))


DAMAGE: dict[str, Callable[[Path], object]] = {
    "flipped weights": lambda path: flip(path / "state.safetensors"),
    "no weights": lambda path: (path / "state.safetensors").unlink(),
    "cut weights": lambda path: os.truncate(path / "state.safetensors", 100),
    "a list": lambda path: (path / "state.json").write_text("[]"),
    "another step": lambda path: (path / "state.json").write_text('{"step": 99999, "facts": {}}'),
    "a step too far": lambda path: path.rename(path.with_name("step-99999")),
    "no checksums": lambda path: (path / "SHA256SUMS").unlink(),
    "a torn log": lambda path: os.truncate(path.parents[1] / "metrics.jsonl", 20 + 90),
}


@pytest.mark.parametrize("kind", ["flipped weights", "a list", "a step too far"])
def test_a_damaged_checkpoint_falls_back_to_the_one_before(copied: Path, whole: Path, kind: str) -> None:
    newest = unfinished(copied / "stages" / "sft")
    DAMAGE[kind](newest)
    lines = [line for line in go(copied, whole) if "is unusable" in line]
    assert len(lines) == 1 and str(newest.parent) in lines[0] and "resuming from round 3" in lines[0]
    assert differences(whole / "r", copied) == []


@pytest.mark.parametrize("kind", ["no weights", "cut weights", "another step", "no checksums"])
def test_every_damage_of_a_checkpoint_is_seen(copied: Path, kind: str) -> None:
    from numerate.training import checkpoint

    folder = copied / "stages" / "sft" / "checkpoints"
    before = checkpoint.load_checkpoint(folder).loaded
    assert before
    DAMAGE[kind](folder / f"step-{before.step}")
    choice = checkpoint.load_checkpoint(folder)
    assert choice.loaded and choice.loaded.step == before.step - 1 and len(choice.rejected) == 1


def test_no_checkpoint_left_is_a_message_that_is_true(copied: Path, whole: Path) -> None:
    stage = copied / "stages" / "sft"
    unfinished(stage)
    for path in (stage / "checkpoints").iterdir():
        flip(path / "state.safetensors")
    with pytest.raises(ValueError, match=r"no checkpoint in .*/sft/checkpoints is usable .*delete ") as error:
        go(copied, whole)
    assert "\n" not in str(error.value)
    shutil.rmtree(stage / "checkpoints")
    go(copied, whole)
    assert differences(whole / "r", copied) == []


def test_a_torn_log_is_made_again(copied: Path, whole: Path) -> None:
    log = copied / "stages" / "sft" / "metrics.jsonl"
    os.truncate(log, log.stat().st_size - 7)
    lines = go(copied, whole)
    assert any(f"{log} is truncated" in line for line in lines)
    assert differences(whole / "r", copied) == []


@pytest.mark.parametrize(
    "part",
    [
        "some/rollouts/round-000/part-00001.parquet",
        "ei/rollouts/round-000/part-00000.parquet",
        "ei/model/model.safetensors",
        "sft/model/config.json",
        "ei/round-000/model/model.safetensors",
    ],
)
def test_what_is_deleted_is_made_again(copied: Path, whole: Path, part: str) -> None:
    (copied / "stages" / part).unlink()
    lines = go(copied, whole)
    assert any(f"{part} is missing" in line for line in lines)
    assert differences(whole / "r", copied) == []


def test_a_flipped_bit_in_a_model_is_refused(copied: Path, whole: Path) -> None:
    weights = copied / "stages" / "ei" / "model" / "model.safetensors"
    flip(weights)
    shutil.rmtree(copied / "evals" / "base")
    worlds_models = "evaluate.models=[base, ei]"
    with pytest.raises(ValueError, match=r"model.safetensors is damaged: .*delete the file and run again"):
        go(copied, whole, worlds_models)
    weights.unlink()
    go(copied, whole)
    assert differences(whole / "r", copied) == []


def test_half_a_part_is_no_part(copied: Path, whole: Path) -> None:
    part = copied / "evals" / "base" / "test" / "samples" / "part-00000.parquet"
    rows = list(store.read_rollouts(part))
    store.write_rollouts(part, rows[: len(rows) // 2])
    with pytest.raises(ValueError, match=rf"{part}: \d of 2 rollouts of .*delete it and run again"):
        go(copied, whole)
    part.unlink()
    go(copied, whole)
    assert differences(whole / "r", copied) == []


@pytest.mark.parametrize(
    ("file", "content"),
    [("DONE.json", "[]"), ("DONE.json", "{"), ("config.json", "[1]"), ("config.json", '{"id')],
)
def test_torn_json_is_a_message_with_file_and_remedy(
    copied: Path, whole: Path, file: str, content: str
) -> None:
    path = copied / "stages" / "sft" / file
    path.with_name("DONE.json").unlink()
    path.write_text(content)
    with pytest.raises(ValueError, match=rf"{path}: .*(delete|restore)"):
        go(copied, whole)


def test_finished_work_is_replaced_with_consent_only(copied: Path, whole: Path) -> None:
    before = store.file_hash(copied / "stages" / "sft" / "model" / "model.safetensors")
    with pytest.raises(ValueError, match=r"sft changed \(stage.fit.lr: 0.001 -> 1e-05\).*--redo") as error:
        go(copied, whole, "sft.fit.lr=1e-5")
    assert "sft, some, ei" in str(error.value) and "\n" not in str(error.value)
    assert differences(whole / "r", copied) == []
    lines = go(copied, whole, "sft.fit.lr=1e-5", redo=True)
    assert "stage sft: replaced; stage.fit.lr: 0.001 -> 1e-05" in lines
    assert store.file_hash(copied / "stages" / "sft" / "model" / "model.safetensors") != before
    assert not list((copied / "stages" / ".replaced").iterdir())


def test_a_stage_that_waits_for_its_successor_is_taken_back(copied: Path, whole: Path) -> None:
    stages = copied / "stages"
    store.set_aside(stages / "sft", stages / ".replaced" / "sft", "DONE.json")
    (stages / "sft").mkdir()
    (stages / "sft" / "config.json").write_text('{"identity": "begun with another option"}')
    lines = go(copied, whole)
    assert any(line.startswith("stage sft: restored") for line in lines)
    assert differences(whole / "r", copied) == []


def test_a_linked_stage_is_replaced_and_what_it_points_to_stays(
    copied: Path, whole: Path, tmp_path: Path
) -> None:
    (copied / "stages" / "ei").rename(tmp_path / "elsewhere")
    (copied / "stages" / "ei").symlink_to(tmp_path / "elsewhere")
    assert "stage ei: already completed" in go(copied, whole)
    before = store.file_sizes(tmp_path / "elsewhere")
    go(copied, whole, "ei.steps=1", redo=True)
    assert not (copied / "stages" / "ei").is_symlink() and store.file_sizes(tmp_path / "elsewhere") == before
    config_ = json.loads((copied / "stages" / "ei" / "config.json").read_text())
    assert config_["steps"] == 1 and not (copied / "stages" / "ei" / "round-001").exists()


@pytest.mark.parametrize("planted", ["problems", "report", "evals/base/test", "events.log"])
def test_a_planted_link_is_not_followed(copied: Path, whole: Path, tmp_path: Path, planted: str) -> None:
    (copied / planted).rename(tmp_path / "mine")
    (copied / planted).symlink_to(tmp_path / "mine")
    with pytest.raises(ValueError, match=rf"{planted} is a link, .*remove it"):
        go(copied, whole, "evaluate.max_tokens=9")


def test_a_second_start_is_refused(copied: Path, whole: Path) -> None:
    with (
        store.hold_lock(copied / store.LOCK),
        pytest.raises(ValueError, match=rf"^{copied} is in use: process"),
    ):
        go(copied, whole)


def test_another_number_of_processes_is_refused(
    copied: Path, whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unfinished(copied / "stages" / "ei")
    begun = copied / "stages" / "ei" / "config.json"
    begun.write_text(json.dumps(json.loads(begun.read_text()) | {"processes": 2}))
    with pytest.raises(ValueError, match=r"started with 2 processes, .* has 1, .*start it with 2"):
        go(copied, whole)


def test_rollouts_hold_no_paths(whole: Path) -> None:
    parts = list((whole / "r").rglob("*.parquet"))
    names = {scored.rollout.policy for part in parts for scored in store.read_rollouts(part)}
    assert names == {"MODEL", "sft", "ei/round-000"}
    assert not any(str(whole).encode() in part.read_bytes() for part in parts)
