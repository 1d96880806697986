"""Compiled functions: built once, never missed where they cannot be, and right in every shape."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest
import torch

from numerate import kernels
from numerate.kernels import build
from numerate.models import Policy
from numerate.models.inference.choose import fast_forward
from numerate.models.inference.compiled import CompiledForward
from numerate.models.inference.torch import FastForward
from numerate.models.inference.weights import read_weights
from numerate.models.threads import in_parts
from numerate.rollouts.local import LocalEngine
from numerate.types import Prompt, Sampling, Turn
from tests import tiny

needs_compiler = pytest.mark.skipif(kernels.compiled_library() is None, reason="no C compiler here")


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An empty cache on disk and in memory."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    build.load_library.cache_clear()
    yield tmp_path
    monkeypatch.undo()
    build.load_library.cache_clear()


def compiler(folder: Path, script: str) -> None:
    folder.mkdir()
    (folder / "cc").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "cc").chmod(stat.S_IRWXU)


@needs_compiler
def test_it_is_compiled_once(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert build.load_library()[0] is not None
    (made,) = (fresh / "cache" / "numerate").iterdir()
    before = made.stat().st_mtime_ns
    build.load_library.cache_clear()
    assert build.load_library()[0] is not None
    assert [made.stat().st_mtime_ns] == [before] and len(list(made.parent.iterdir())) == 1


@needs_compiler
@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "writable by all", "a link"])
def test_a_library_that_is_damaged_or_foreign_is_compiled_again(fresh: Path, damage: str) -> None:
    """Loading one that is cut ends the process with SIGBUS."""
    assert build.load_library()[0] is not None
    (file,) = (fresh / "cache" / "numerate").iterdir()
    whole = file.read_bytes()
    if damage == "writable by all":
        file.chmod(0o666)
    elif damage == "a link":
        file.rename(fresh / "other.so")
        file.symlink_to(fresh / "other.so")
    else:
        at = len(whole) // 2
        kept = {
            "cut": whole[:at],
            "empty": b"",
            "flipped": whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :],
        }
        file.unlink()
        file.write_bytes(kept[damage])
    assert not build.is_own_file(file)
    build.load_library.cache_clear()
    assert build.load_library()[0] is not None
    (again,) = (fresh / "cache" / "numerate").iterdir()
    assert build.is_own_file(again) and again.stat().st_size == len(whole)


def test_nothing_is_missed_without_a_compiler(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(fresh))
    lib, told = build.load_library()
    assert lib is None and "no C compiler" in told


@pytest.mark.parametrize("script", ["echo 'cannot do -march' >&2; exit 1", "exit 0"])
def test_a_compiler_that_fails_is_told_about_and_leaves_nothing(
    script: str, fresh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiler(fresh / "bin", script)
    monkeypatch.setenv("PATH", f"{fresh / 'bin'}{os.pathsep}{os.environ['PATH']}")
    lib, told = build.load_library()
    assert lib is None and "did not compile" in told
    assert not list((fresh / "cache" / "numerate").iterdir())


def test_it_can_be_switched_off(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMERATE_COMPILE", "0")
    assert build.load_library() == (None, "switched off by NUMERATE_COMPILE=0")


@needs_compiler
@pytest.mark.parametrize("kind", ["llama", "qwen2", "qwen3"])
def test_the_same_tokens_with_and_without(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = Policy(tiny.model(kind, spread=8.0, hidden=64), tiny.tokenizer())
    prompts = [Prompt(f"p{i}", (Turn("user", "It has 12" * (1 + i)),)) for i in range(6)]

    def sampled() -> dict[tuple[str, int], Turn]:
        done = LocalEngine(policy, slots=20).sample(prompts, 16, Sampling(0.8, max_tokens=80))
        return {(r.problem_id, r.index): r.turns[-1] for r in done}

    compiled = sampled()
    monkeypatch.setattr(kernels, "compiled_library", lambda: None)
    plain = sampled()
    assert {key: turn.ids for key, turn in plain.items()} == {key: turn.ids for key, turn in compiled.items()}
    for key, turn in plain.items():
        assert compiled[key].logprobs == pytest.approx(turn.logprobs, abs=1e-4)


@needs_compiler
@pytest.mark.parametrize("head_dim", [2, 6, 16, 32, 64, 80])
@pytest.mark.parametrize("prompt", [1, 31, 33, 70])
def test_heads_of_any_width_and_prompts_of_any_length(head_dim: int, prompt: int) -> None:
    """Whole vectors, and what is left over."""
    model = tiny.model("llama", head_dim=head_dim)
    weights, make = read_weights(model), fast_forward(model)
    assert weights is not None and make is not None
    forwards = FastForward(weights), make(5, 40)
    assert isinstance(forwards[1], CompiledForward)
    logits = []
    for forward in forwards:
        ids = [5 + i % 200 for i in range(prompt)]
        for rows in (2, 3):
            forward.join(forward.prefill(ids)[0], rows)
            ids = ids[: len(ids) // 2 + 1]
        logits.append([forward.step(torch.arange(5) * 7 + step) for step in range(40)])
    for plain, compiled in zip(*logits, strict=True):
        torch.testing.assert_close(compiled, plain, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("rows", "threads"), [(1, 4), (64, 2), (100, 3), (33, 1)])
def test_every_row_is_done_once(rows: int, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    done: list[int] = []
    in_parts(rows, lambda first, last: done.extend(range(first, last)))
    assert sorted(done) == list(range(rows))


def test_an_error_in_a_part_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)

    def fails(first: int, last: int) -> None:
        if first:
            raise FloatingPointError("no number")

    with pytest.raises(FloatingPointError):
        in_parts(100, fails)
