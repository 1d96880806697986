"""Benchmarks of real models run on a tiny one, and count its tokens."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from benchmarks import real_model, real_steps
from benchmarks.sitting import Entry, table
from tests import tiny

ROWS = [
    {"question": f"Ann has {n} pens and buys {n}. How many?", "solution": f"{n}+{n}={2 * n}\n#### {2 * n}"}
    for n in range(1, 9)
]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose texts end at every twentieth token or so."""
    folder = tiny.make(tmp_path_factory.mktemp("models") / "llama", spread=4.0)
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": [2, *range(30, 42)]}))
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    (folder / "gsm8k").mkdir()
    (folder / "gsm8k" / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return folder


def sit_here(entries: Sequence[Entry], rounds: int, threads: int) -> dict[str, dict[str, float]]:
    """Runs each entry once, in this process: to import torch again takes longer than the work."""
    assert (rounds, threads) == (1, 1)
    results: dict[str, dict[str, float]] = {}
    for entry in entries:
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(entry.command[-1], {})
        results[entry.name] = json.loads(printed.getvalue().splitlines()[-1])
    return results


@pytest.mark.parametrize("side", ["numerate", "transformers"])
def test_live_rows_have_all_their_tokens(
    model: Path, data: Path, side: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("numerate.models.process_tuning.tune_process", lambda: None)
    monkeypatch.setattr(real_model, "product_rate", lambda *_: 1e9)
    tokens: list[int] = []
    for live in (True, False):
        getattr(real_model, side)(str(model), str(data / "gsm8k" / "train.jsonl"), 8, "float32", live)
        tokens.append(json.loads(capsys.readouterr().out)["tokens"])
    assert tokens[0] == 8 * 96 > 2 * tokens[1] > 0


def test_steps_of_both_sides_have_the_same_tokens(
    model: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMERATE_DATA", "")
    monkeypatch.setattr("numerate.models.process_tuning.tune_process", lambda: None)
    monkeypatch.setattr(real_steps, "sit", sit_here)
    file = tmp_path / "steps.json"
    sizes: dict[str, Any] = {"rows": 2, "questions": 2, "rollouts": 2, "tokens": 4}
    real_steps.main(model, data, rounds=1, threads="1", dtypes="float32", json_file=file, **sizes)
    results = json.loads(file.read_text())
    sft = results["sft, float32, 1 thread"]
    counts = {side: numbers["tokens"] for side, numbers in sft.items()}
    of_rows = 0
    for row in ROWS[2:4]:  # after the step that warms up
        tokenizer = tiny.tokenizer()
        of_rows += len(tokenizer(row["question"] + "\n").input_ids)
        of_rows += len(tokenizer(row["solution"], add_special_tokens=False).input_ids) + 1  # EOS
    assert counts == {"numerate": of_rows, "transformers": of_rows}
    grpo = results["grpo, float32, 1 thread"]["numerate"]
    assert 1 <= grpo["tokens"] <= 4 and grpo["tokens/s"] * grpo["s/step"] == pytest.approx(4 * grpo["tokens"])


def test_ratios_divide_the_first_entry_by_the_last() -> None:
    lines = table({"a": {"x": 3.0, "y": 1.0}, "b": {"x": 2.0, "y": 8.0}}, ratio_of=("x", "y")).splitlines()
    assert [line.split()[-1] for line in lines[-2:]] == ["1.5", "0.125"]


def test_memory_that_did_not_grow_has_no_ratio() -> None:
    lines = table({"a": {"x": 3.0}, "b": {"x": 0.0}}, ratio_of=("x",)).splitlines()
    assert lines[-1].split()[-1] == "-"


@pytest.mark.parametrize("tied", [True, False])
def test_an_embedding_counts_where_it_is_the_vocabulary_head_too(tied: bool) -> None:
    hidden, inner, vocab = 32, 64, 272
    net = tiny.model("llama", layers=1, tie_word_embeddings=tied)
    layer = hidden * (2 * hidden + 2 * hidden // 2) + 3 * hidden * inner  # q, out; k and v of half the heads
    assert real_model.multiplied(net) == layer + vocab * hidden


def test_too_few_demonstrations_are_refused(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMERATE_DATA", str(data))
    with pytest.raises(SystemExit, match="8 demonstrations, 12 needed"):
        real_steps.time_sft(lambda _: None, None, 4, 2)
