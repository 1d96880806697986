"""Options of engines in recipes and on the command line, and the engines that they make."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from numerate import config, methods, run
from numerate.cli.options import engine_settings as from_command_line
from numerate.config.check_tools import tool_conflicts
from numerate.interpreter import Executor, InterpreterOptions
from numerate.models.remote_policy import Outline
from numerate.progress import QuietProgress
from numerate.rollouts import engines, tool_options
from numerate.rollouts.local import LocalEngine, LocalOptions
from numerate.rollouts.server import ServerEngine, ServerOptions
from numerate.rollouts.vllm import VllmOptions
from numerate.store import read_json, read_rollouts
from numerate.types import Engine
from tests import tiny
from tests.fake_server import Fake, Reply
from tests.small_recipe import RECIPE, make


@pytest.fixture(autouse=True)
def small_operations() -> None:
    """Nothing here depends on how the local engine computes."""


def loaded(folder: Path, engine: str, stages: bool = True) -> config.Recipe:
    if not (folder / "MODEL").exists():
        make(folder)
    text = RECIPE if stages else RECIPE[: RECIPE.index("stages:")] + RECIPE[RECIPE.index("evaluate:") :]
    (folder / "r.yaml").write_text(f"{text}engine: {engine}\n")
    return config.load("r.yaml")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_engines_are_engines():
    """They have the interface that methods rely on."""
    for kind in (LocalEngine, ServerEngine):
        assert {name for name in dir(Engine) if not name.startswith("_")} <= set(dir(kind))


def test_every_kind_has_its_engine(tmp_path: Path):
    place = str(tiny.make(tmp_path / "tiny"))
    local, server = (
        LocalOptions(slots=3),
        ServerOptions(kind="server", url="http://there:1/v1", concurrency=7),
    )
    here, there = engines.load_policy(local, place, "cpu"), engines.load_policy(server, place, "cpu")
    assert isinstance(there.model, Outline) and not isinstance(here.model, Outline)
    assert (there.eos_ids, there.context) == (here.eos_ids, here.context) == ((2,), 256)
    made = engines.make_engine(local, here)
    assert isinstance(made, LocalEngine) and made.slots == 3
    made = engines.make_engine(server, there)
    assert isinstance(made, ServerEngine) and (made.url, made.concurrency) == ("http://there:1", 7)


@pytest.mark.skipif(find_spec("vllm") is not None, reason="vllm is installed")
def test_vllm_says_how_to_install_it():
    with pytest.raises(ValueError, match=r"needs vllm: pip install 'numerate\[vllm\]'"):
        engines.check_engine(VllmOptions(kind="vllm"))


@pytest.mark.parametrize(
    ("engine", "said"),
    [
        ("{kind: server}", "r.yaml:8, engine: the key 'url' is missing"),
        ("{kind: server, url: localhost}", "r.yaml:8, engine.url: expected text that matches"),
        ("{kind: server, url: 'http://x', slots: 3}", "engine.slots: unknown key 'slots'"),
        ("{kind: server, url: 'http://x', timout: 3}", "did you mean 'timeout'?"),
        ("{kind: server, url: 'http://x', concurrency: 0}", "engine.concurrency: expected at least 1"),
        ("{concurrency: 3}", "r.yaml:8, engine.concurrency: unknown key 'concurrency'"),
        ("{slot: 3}", "did you mean 'slots'?"),
        ("fast", "engine: "),
        ("{kind: server, url: 'http://127.0.0.1:9'}", "no server answers at http://127.0.0.1:9"),
        (
            "{kind: server, url: 'http://127.0.0.1:9', key_variable: NOT_SET}",
            "the environment has no NOT_SET",
        ),
    ],
)
def test_a_mistake_is_told_before_anything_starts(here: Path, engine: str, said: str):
    with pytest.raises(ValueError) as error:
        loaded(here, engine, stages=False)
    assert said in str(error.value)


def test_a_server_with_fixed_weights_measures_and_trains_nothing(here: Path):
    with Fake() as fake:
        fixed = f"{{kind: server, url: '{fake.url}'}}"
        assert loaded(here, fixed, stages=False).evaluate.models == ("base",)
        with pytest.raises(
            ValueError, match=r"stages.sft: this engine cannot train.*\n.*stages.ei: this engine"
        ):
            loaded(here, fixed)
        assert list(loaded(here, f"{{kind: server, url: '{fake.url}', weights: by_path}}").stages)


def test_a_recipe_written_out_keeps_its_engine(here: Path):
    with Fake() as fake:
        recipe = loaded(here, f"{{kind: server, url: '{fake.url}', patience: 5}}", stages=False)
        (here / "again.yaml").write_text(config.resolved_yaml(recipe))
        assert config.load("again.yaml") == recipe
        assert recipe.engine == ServerOptions(kind="server", url=fake.url, patience=5.0)


def test_the_command_line_takes_an_address_for_a_server():
    assert from_command_line("http://there", model=None, slots=None) == {
        "kind": "server",
        "url": "http://there",
    }
    assert from_command_line("local", model=None, slots=4) == {"kind": "local", "slots": 4}


def test_a_model_on_a_server_is_measured_and_its_attempts_are_not_taken_for_local_ones(here: Path):
    place = str(tiny.make(here / "MODEL", context=512))
    drawing = {"evaluate": {"samples": 2, "max_tokens": 24}}

    def measured(engine: dict[str, str]) -> set[str]:
        recipe = config.make_eval_recipe("m", place, ["stories/test"], 3, {**drawing, "engine": engine})
        run.run(recipe, here / "runs" / "m", progress=QuietProgress())
        files = (here / "runs" / "m").glob("evals/base/*/samples/*.parquet")
        return {scored.rollout.text for file in files for scored in read_rollouts(file)}

    with Fake(models=Reply({"data": [{"id": "MODEL", "owned_by": "vllm"}]})) as fake:
        there = measured({"kind": "server", "url": fake.url})
        asked = len(fake.bodies)
        assert measured({"kind": "server", "url": fake.url}) == there and len(fake.bodies) == asked == 3 + 3
    rows = read_json(here / "runs" / "m" / "metrics.json")["results"]
    assert {row["metric"] for row in rows} >= {"accuracy", "pass_at_k", "maj_at_k"}
    assert len(there) == 6 and all(" + 1 = " in text for text in there)
    assert not measured({"kind": "local"}) & there


def test_the_schema_knows_the_options_of_every_kind():
    defs = config.json_schema()["$defs"]
    assert defs["ServerOptions"]["properties"]["patience"]["default"] == 600.0
    assert "sent again" in defs["ServerOptions"]["properties"]["timeout"]["description"]
    assert set(defs["LocalOptions"]["properties"]) == {"kind", "slots", "memory", "calculator", "tools"}


def test_tools_are_an_option_and_their_programs_run_in_one_place(here: Path) -> None:
    recipe = loaded(here, "{kind: local, tools: {turns: 2, interpreter: {unconfined: true}}}")
    tools = recipe.engine.tools
    assert tools and tools.turns == 2 and tools.format == "tora"
    assert recipe.engine.full_title().startswith("local with tools ")
    assert tools.executor() is replace(tools, turns=3).executor()
    assert tools.about().startswith("programs are ")
    elsewhere = replace(tools, interpreter=InterpreterOptions(workers=3, cache=0))
    assert elsewhere.mark() == tools.mark() != replace(tools, output=9).mark()
    plain = loaded(here, "{kind: local}").engine
    assert plain.full_title() == "local" and plain.full_mark() == []


def test_programs_that_nothing_confines_are_refused_before_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(options: InterpreterOptions) -> Executor:
        raise ValueError("programs are NOT confined here: set interpreter.unconfined=true")

    monkeypatch.setattr(tool_options, "shared_executor", refuse)
    options = LocalOptions(tools=tool_options.ToolOptions())
    with pytest.raises(ValueError, match="unconfined"):
        engines.check_engine(options)


def test_a_server_of_programs_is_tried_before_a_run() -> None:
    interpreter = InterpreterOptions(kind="sandbox_fusion", url="http://127.0.0.1:9", retries=0)
    tools = tool_options.ToolOptions(interpreter=interpreter)
    with pytest.raises(ValueError, match=r"server at http://127.0.0.1:9 .*refused"):
        engines.check_engine(LocalOptions(tools=tools))


@pytest.mark.parametrize("method", ["mixed_policy", "return_conditioned"])
def test_methods_with_a_sampler_of_their_own_refuse_tools(method: str) -> None:
    options = LocalOptions(tools=tool_options.ToolOptions())
    assert tool_conflicts(options, methods.get_method(method)) == ["tools"]


def test_a_method_that_needs_programs_refuses_an_engine_without(here: Path) -> None:
    with pytest.raises(ValueError, match=r"stages\.tools\.method: tool_solutions needs .* set engine\.tools"):
        config.load("mario", ["engine.tools=null"], out=here / "runs")


def test_a_template_without_a_tool_role_is_reported_before_anything_starts(here: Path) -> None:
    changes = ["engine.tools.format=chat", "engine.tools.interpreter.unconfined=true"]
    with pytest.raises(ValueError, match=r"engine\.tools\.format: this model's tokenizer has no chat"):
        config.load("tool-use", changes, out=here / "runs")
