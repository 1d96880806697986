"""Options of tools that make no sense are refused before a run, by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from numerate import config
from numerate.interpreter import InterpreterOptions, Limits
from numerate.rollouts.tool_options import ToolOptions
from tests import small_recipe


def limits(**values: Any) -> dict[str, Any]:
    return {"interpreter": {"limits": values}}


@pytest.mark.parametrize(
    ("tools", "says"),
    [
        ({"format": "bash"}, "engine.tools.format"),
        ({"fromat": "tora"}, "format"),
        ({"turns": 0}, "engine.tools.turns"),
        ({"output": 0}, "engine.tools.output"),
        ({"interpreter": {"kind": "docker"}}, "engine.tools.interpreter.kind"),
        ({"interpreter": {"url": "http://x"}}, "sandbox_fusion"),
        ({"interpreter": {"kind": "sandbox_fusion", "url": "localhost:8080"}}, "http://"),
        (limits(timeout=0), "engine.tools.interpreter.limits.timeout"),
        (limits(timeout=float("inf")), "engine.tools.interpreter.limits.timeout"),
        (limits(memory=10**13), "engine.tools.interpreter.limits.memory"),
        (limits(memory="much"), "engine.tools.interpreter.limits.memory"),
        (limits(threads=10**12), "engine.tools.interpreter.limits.threads"),
    ],
)
def test_options_out_of_reason_are_named(tmp_path: Path, tools: dict[str, Any], says: str) -> None:
    recipe = small_recipe.make(tmp_path) / "r.yaml"
    engine = json.dumps({"kind": "local", "tools": tools}).replace("Infinity", ".inf")
    recipe.write_text(f"{recipe.read_text()}engine: {engine}\n")
    with pytest.raises(ValueError) as error:
        config.load(str(recipe))
    assert says in str(error.value), error.value


def test_a_server_that_runs_no_programs_is_noticed_before_the_run() -> None:
    options = InterpreterOptions(
        kind="sandbox_fusion", url="http://127.0.0.1:9", retries=0, limits=Limits(timeout=1)
    )
    with pytest.raises(ValueError, match=r"no program runs on the server at http://127.0.0.1:9 .*start it"):
        ToolOptions(interpreter=options).check()


@pytest.mark.parametrize(
    ("engine", "says"),
    [
        ({"kind": "local"}, "set engine.tools"),
        ({"kind": "local", "tools": {"format": "chat"}}, "set engine.tools.format: mario or tora"),
    ],
)
def test_a_method_of_transcripts_needs_tools_that_make_some(
    tmp_path: Path, engine: dict[str, Any], says: str
) -> None:
    recipe = small_recipe.make(tmp_path) / "r.yaml"
    text = (
        recipe.read_text()
        .replace("method: sft", "method: tool_solutions")
        .replace("fit: {epochs: 2}", "steps: 1")
    )
    recipe.write_text(f"{text}engine: {json.dumps(engine)}\n")
    with pytest.raises(ValueError) as error:
        config.load(str(recipe))
    assert f"tool_solutions {'needs' if 'chat' not in str(engine) else 'trains'}" in str(error.value)
    assert says in str(error.value), error.value


def test_transcripts_in_another_format_than_the_engine_runs_are_refused(tmp_path: Path) -> None:
    change = "problems.code.source=stories(solution=program,tool_format=mario)/train"
    with pytest.raises(
        ValueError, match=r"problems\.code: .* format mario, .* set engine\.tools\.format: mario"
    ):
        config.load("tool-use", [change], out=tmp_path)
    assert config.load("tool-use", [change, "engine.tools.format=mario"], out=tmp_path)


def test_a_login_in_the_address_of_a_server_of_programs_is_refused_and_not_shown(tmp_path: Path) -> None:
    server = "{kind: sandbox_fusion, url: 'http://me:secret@there:8080'}"
    with pytest.raises(ValueError, match="NUMERATE_INTERPRETER_LOGIN") as error:
        config.load("mario", [f"engine.tools.interpreter={server}"], out=tmp_path)
    assert "secret" not in str(error.value)
