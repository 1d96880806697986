"""The benchmark of a card, on a CPU at toy size: every path gives numbers, and nothing ends the rest."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

import pytest
import torch
import typer
from rich.console import Console
from typer.testing import CliRunner

from benchmarks.gpu import card, sampling, sections, worker
from benchmarks.gpu.__main__ import main
from benchmarks.gpu.meter import guarded
from benchmarks.gpu.models import random_model
from benchmarks.gpu.report import parity_fails, print_report
from benchmarks.gpu.sections import Section, planned, run_sections
from benchmarks.gpu.settings import Settings
from benchmarks.gpu.shapes import SHAPES, shape_of
from benchmarks.random_model import matrix_parameters
from numerate.rollouts import vllm
from numerate.rollouts.local import LocalEngine
from numerate.training import packed_attention_gpu

TOY = Settings.toy()
app = typer.Typer()
app.command()(main)


@pytest.mark.parametrize("shape", ["toy-llama", "toy-qwen2", "toy-qwen3"])
def test_shapes_count_the_numbers_of_their_models(shape: str) -> None:
    net = random_model(shape_of(shape), torch.device("cpu"), torch.bfloat16)
    known = shape_of(shape)
    assert matrix_parameters(net) == known.body + known.head
    assert net.model.rotary_emb.inv_freq.dtype == torch.float32


def test_shapes_have_the_sizes_of_their_names() -> None:
    for name, shape in SHAPES.items():
        billions = float(name.split("-")[1].removesuffix("b"))
        assert (shape.body + shape.head) / 1e9 == pytest.approx(billions, rel=0.15)


@pytest.mark.parametrize(
    ("kind", "rows", "checked"),
    [
        ("environment", 4, 0),
        ("parity sampling", 18, 16),
        ("parity attention", 9, 8),
        ("parity optimizer", 2, 2),
        ("sampling", 8, 0),
        ("update", 4, 0),
    ],
)
def test_every_row_of_a_section_is_measured(kind: str, rows: int, checked: int) -> None:
    measured = list(worker.KINDS[kind]("toy-qwen2", TOY))
    assert len(measured) == rows and not [row for row in measured if "error" in row]
    assert [row["passes"] for row in measured if "passes" in row] == [True] * checked
    if kind in ("sampling", "update"):
        assert all(row["tokens_s"] > 0 and 0 < row["mfu"] < 1 for row in measured)
    json.dumps(worker.rounded(measured), allow_nan=False)


def test_vllm_is_measured_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Engine(LocalEngine):
        def __init__(self, policy: Any, max_seqs: int) -> None:
            super().__init__(policy, slots=max_seqs)

        def close(self) -> None: ...

    spec = ModuleSpec("vllm", None)
    monkeypatch.setattr(sampling.importlib.util, "find_spec", lambda name: spec)
    monkeypatch.setattr(vllm, "VllmEngine", Engine, raising=False)
    rows = list(sampling.vllm("toy-llama", TOY))
    assert [row["rows"] for row in rows] == [4, 8] and all(row["tokens_s"] > 0 for row in rows)


def test_a_kernel_that_is_wrong_does_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    right = packed_attention_gpu.flex_attention
    monkeypatch.setattr(packed_attention_gpu, "flex_attention", lambda *x, **more: 1.1 * right(*x, **more))
    rows = {
        (row["what"], row.get("dtype")): row for row in worker.KINDS["parity attention"]("toy-llama", TOY)
    }
    assert not rows["flex attention", "bfloat16"]["passes"] and rows["blocks attention", "bfloat16"]["passes"]
    assert parity_fails([{"rows": list(rows.values())}]) and not parity_fails([{"rows": [{"what": "x"}]}])


def test_errors_and_warnings_stay_in_their_row() -> None:
    def fails() -> dict[str, Any]:
        raise torch.OutOfMemoryError("CUDA out of memory")

    assert guarded({"what": "a"}, fails, "cpu") == {
        "what": "a",
        "error": "OutOfMemoryError: CUDA out of memory",
    }


SCRIPTS = {
    "environment": "print('fine'); row(1); row(2)",
    "sampling": "row(1); file.write('{\"half'); file.flush(); raise SystemExit('no memory on this card')",
    "update": "row(1); time.sleep(60)",
    "vllm": "row(1)",
}


def script(section: Section, settings: Settings, out: Path) -> Sequence[str]:
    begin = f"import json, time; file = open({str(out)!r}, 'w')\n"
    begin += "def row(n): file.write(json.dumps({'what': n}) + '\\n'); file.flush()\n"
    return [sys.executable, "-c", begin + SCRIPTS[section.kind]]


def test_a_section_that_fails_or_hangs_ends_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sections, "LIMITS", dict.fromkeys(SCRIPTS, 60.0) | {"update": 1.5})
    kept: list[int] = []
    entries = run_sections(
        [Section(kind) for kind in SCRIPTS], TOY, 600, lambda e: kept.append(len(e)), script
    )
    assert [entry["status"] for entry in entries] == ["ok", "failed", "timed out", "ok"]
    assert [[row["what"] for row in entry["rows"]] for entry in entries] == [[1, 2], [1], [1], [1]]
    assert entries[1]["error"] == "no memory on this card" and "1.5" not in str(entries[0])
    assert kept == [1, 2, 3, 4]


def test_sections_beyond_the_budget_are_entries_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sections, "START", 0.5)
    entries = run_sections([Section("update"), Section("vllm", "x")], TOY, 1.0, lambda e: None, script)
    assert [entry["status"] for entry in entries] == ["timed out", "skipped"]


def test_the_plan_has_a_shape_of_each_kind_before_the_other_shapes() -> None:
    names = [section.name for section in planned()]
    assert names[:2] == ["environment", "parity sampling qwen2-0.5b"] and len(set(names)) == len(names)
    kinds = [section.kind for section in planned()]
    assert kinds[1:4] == ["parity sampling", "parity attention", "parity optimizer"]
    assert set(kinds[:9]) == set(worker.KINDS) == set(sections.LIMITS)
    assert [section.shape for section in planned(["qwen3-1.7b"])[1:]] == ["qwen3-1.7b"] * 6


@pytest.mark.parametrize(
    ("name", "peak"),
    [
        ("NVIDIA H200", 989),
        ("NVIDIA H100 PCIe", 756),
        ("NVIDIA H100 80GB HBM3", 989),
        ("NVIDIA A100-SXM4-80GB", 312),
        ("NVIDIA L40S", 362),
        ("NVIDIA GeForce RTX 4090", 165.2),
    ],
)
def test_peaks_by_the_names_that_drivers_report(name: str, peak: float) -> None:
    known = card.known_peak(name)
    assert known and known[0] == peak


def test_a_peak_of_the_command_line_counts() -> None:
    assert card.peak_flops(Settings(device="cpu", peak=100.0)) == 100e12
    assert card.known_peak("NVIDIA of tomorrow") is None


def test_the_command_writes_its_file_and_a_table(tmp_path: Path) -> None:
    file = tmp_path / "gpu.json"
    done = CliRunner().invoke(app, ["--toy", "--only", "environment", "--json", str(file)])
    result = json.loads(file.read_text())
    (entry,) = result["sections"]
    assert result["schema"] == 1 and result["options"]["device"] == "cpu" and entry["status"] == "ok"
    assert [row["what"] for row in entry["rows"]] == ["device", "versions", "nvidia-smi", "reached"]
    assert (
        done.exit_code == 0
        and "measured_gbs" in done.stdout
        and [path.name for path in tmp_path.iterdir()] == ["gpu.json"]
    )


def test_the_table_shows_errors(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"what": "sampling", "engine": "numerate", "rows": 64, "error": "OutOfMemoryError: full"}]
    failed = {
        "name": "sampling llama-0.5b",
        "status": "failed",
        "seconds": 3,
        "error": "killed",
        "rows": rows,
    }
    print_report([failed], Console(width=150))
    shown = capsys.readouterr().out
    assert "failed, killed" in shown and "OutOfMemoryError: full" in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--device", "cpu"], "is no card"),
        (["--device", "cuda:99"], "device 'cuda:99'"),
        (["--toy", "--only", "speed"], "no section begins with 'speed'"),
        (["--toy", "--shapes", "gpt-2"], "no shape 'gpt-2'"),
    ],
)
def test_a_wrong_argument_ends_the_command(arguments: list[str], message: str, tmp_path: Path) -> None:
    file = tmp_path / "gpu.json"
    done = CliRunner().invoke(app, [*arguments, "--json", str(file)], env={"COLUMNS": "200"})
    assert done.exit_code == 2 and message in done.output and not file.exists()
