"""The command line: help, mistakes and exit codes of all commands."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from numerate import run
from numerate.cli.app import ORDER, app, told_as
from tests.command_line import REPOSITORY, call
from tests.small_recipe import make


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the small recipe; the current folder."""
    monkeypatch.chdir(tmp_path)
    return make(tmp_path)


@pytest.mark.parametrize("command", ORDER)
def test_help_teaches_within_80_columns(command: str) -> None:
    told = call(command, "--help").stdout
    assert max(map(len, told.splitlines())) <= 80
    assert "Examples:" in told or command in ("schema", "doctor")


def test_the_list_of_commands_is_in_the_order_of_use_and_not_cut_off() -> None:
    told = call("--help").stdout
    places = [told.index(f"\n  {command} ") for command in ORDER]
    assert places == sorted(places)
    assert "..." not in told.partition("Commands:")[2]


def test_help_imports_nothing_that_takes_time() -> None:
    code = (
        "import sys\nfrom numerate.cli import main\ntry: main()\nexcept SystemExit: pass\n"
        "print([m for m in ('torch', 'numpy', 'pydantic', 'yaml', 'pyarrow', 'mpmath') if m in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "src")}
    done = subprocess.run(
        [sys.executable, "-c", code, "--help"], env=environment, capture_output=True, text=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_mistake_is_one_block_without_traceback_and_code_2(here: Path) -> None:
    done = call("run", "r.yaml", "sft.fit.epocs=2", "ei.steps=many")
    assert done.exit_code == 2
    assert done.stderr.splitlines() == [
        "2 errors:",
        "  'sft.fit.epocs=2', stages.sft.fit.epocs: unknown key 'epocs'; did you mean 'epochs'?",
        "  'ei.steps=many', stages.ei.steps: expected a whole number, not the text 'many'",
    ]
    assert done.stdout == "" and not (here / "runs").exists()


def test_a_single_mistake_begins_with_error() -> None:
    assert call("recipes", "none").stderr.startswith("error: no recipe is called 'none'")


def test_the_traceback_shows_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMERATE_DEBUG", "1")
    assert isinstance(call("recipes", "none").exception, ValueError)


def test_a_bug_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("numerate.recipes.names", lambda: 1 / 0)
    assert isinstance(call("recipes").exception, ZeroDivisionError)


def test_ctrl_c_says_how_to_go_on(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "run", interrupted)
    done = call("run", "r.yaml")
    assert done.exit_code == 130
    assert "the same command again goes on" in done.stderr and "Traceback" not in done.stderr


def test_a_missing_extra_is_named_with_its_command() -> None:
    error = ModuleNotFoundError("No module named 'transformers'", name="transformers.models")
    assert told_as(error) == "this needs transformers: pip install 'numerate[train]'"
    assert told_as(ModuleNotFoundError(name="numerate.nonsense")) == ""


def test_a_full_disk_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "numerate.recipes.names", lambda: (_ for _ in ()).throw(OSError(28, "No space left", "runs/x"))
    )
    done = call("recipes")
    assert (done.exit_code, done.stderr) == (2, "error: runs/x: No space left\n")


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (("epochs: 2", "epocs: 2"), "r.yaml:9, stages.sft.fit.epocs"),
        (("train: worked.jsonl", "train: none.jsonl"), "r.yaml:4, problems.train"),
        (("train: worked.jsonl", "train: void.jsonl"), "r.yaml:4, problems.train"),
        (("model: sft", "model: nobody"), "r.yaml:12, stages.ei.model"),
        (("model: MODEL", "model: hollow"), "r.yaml:2, model"),
    ],
)
def test_a_bad_recipe_is_refused_at_once_without_torch(
    here: Path,
    edit: tuple[str, str],
    said: str,
) -> None:
    (here / "void.jsonl").write_text("")
    (here / "hollow").mkdir()
    (here / "hollow" / "config.json").write_text('{"model_type": "llama"}')
    (here / "r.yaml").write_text(RECIPE.replace(*edit))
    before = sorted(here.rglob("*"))
    start = processor_time_of_children()
    done = in_a_process("run", "r.yaml", cwd=here)
    assert processor_time_of_children() - start < 6.0  # about one on an idle machine; a model takes longer
    assert done.returncode == 2, done.stderr
    assert said in done.stderr and "Traceback" not in done.stderr
    assert sorted(here.rglob("*")) == before


def test_without_torch_a_run_says_what_to_install(here: Path) -> None:
    done = in_a_process("run", "r.yaml", cwd=here)
    assert done.returncode == 2
    assert "pip install 'numerate[train,report]'" in done.stderr and "Traceback" not in done.stderr
    assert not (here / "runs").exists()


# --- run, eval, report, compare


def test_run_hands_over_the_recipe_and_shows_its_numbers(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    got: dict[str, Any] = {}

    def fake(recipe: config.Recipe, folder: Path, *, progress: Any, consent: Consent) -> dict[str, Any]:
        got.update(recipe=recipe, folder=folder, redo=consent.to_replace("this replaces finished work"))
        return METRICS

    monkeypatch.setattr(run, "run", fake)
    done = call("run", "r.yaml", "sft.limit=1", "--out", "elsewhere", "--json", "out/m.json", "--quiet")
    assert done.exit_code == 0, done.output
    assert got == {
        "recipe": config.load("r.yaml", ["sft.limit=1"]),
        "folder": Path("elsewhere/small"),
        "redo": False,
    }
    assert json.loads((here / "out" / "m.json").read_text()) == METRICS
    assert done.stdout.splitlines() == [
        "",
        "test",
        "model     accuracy, n=500      pass@32, n=500",
        "-----  ------------------  ------------------",
        "base    10.0% [8.0, 13.0]  60.0% [55.0, 65.0]",
        "sft    42.1% [37.8, 46.5]                   -",
        "",
        "test, paired on the same problems:",
        "model             accuracy, points, n=500             verdict",
        "----------------  -----------------------  ---------  -------",
        "sft against base     +32.1 [+27.0, +37.0]  p < 0.001  better",
    ]


def test_json_on_stdout_is_nothing_but_json(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "run", lambda *_, **__: METRICS)
    done = call("run", "r.yaml", "--json", "-")
    assert json.loads(done.stdout) == METRICS
    assert "42.1%" in done.stderr


def test_a_dry_run_prints_a_recipe_that_loads_as_itself_and_writes_nothing(here: Path) -> None:
    before = sorted(here.rglob("*"))
    done = call("run", "r.yaml", "seed=5", "--dry-run")
    assert done.exit_code == 0 and sorted(here.rglob("*")) == before
    (here / "resolved.yaml").write_text(done.stdout)
    assert config.load("resolved.yaml") == config.load("r.yaml", ["seed=5"])


def test_eval_runs_a_recipe_that_trains_nothing(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    got: list[Any] = []

    def fake(recipe: config.Recipe, folder: Path, *_: Any) -> dict[str, Any]:
        got.extend([recipe, folder])
        return METRICS

    monkeypatch.setattr(run, "work_through", fake)
    done = call("eval", "MODEL", "-p", "asked.jsonl", "-n", "4", "--limit", "9", "--no-greedy")
    assert done.exit_code == 0, done.output
    recipe, folder = got
    assert folder == Path("runs/eval-MODEL") and recipe.stages == {}
    assert (recipe.model, recipe.problems["asked"].limit) == ("MODEL", 9)
    assert (recipe.evaluate.samples, recipe.evaluate.greedy) == (4, False)
    assert recipe.engine == LocalOptions()


def test_eval_and_solve_lend_a_calculator(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    got: list[Any] = []
    monkeypatch.setattr(run, "work_through", lambda recipe, *_: got.append(recipe.engine) or METRICS)
    monkeypatch.setattr(measure, "attempts", lambda *given: got.append(given[5]) or [Rollout("q", 0, ())])
    assert call("eval", "MODEL", "-p", "asked.jsonl", "--calculator").exit_code == 0
    assert call("solve", "MODEL", "3 + 5?", "--calculator").exit_code == 0
    assert got == [LocalOptions(calculator=True)] * 2
    there = call("solve", "MODEL", "3 + 5?", "--calculator", "--engine", "http://localhost:9")
    assert "engine.calculator: unknown key 'calculator'" in there.stderr


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("runs/quickstart/stages/ei/model", "quickstart-ei"),
        ("./runs/a b/stages/sft/model/", "a-b-sft"),
        ("Qwen/Qwen2.5-0.5B", "Qwen2.5-0.5B"),
        ("numerate/pico", "pico"),
        ("/", "model"),
        ("../..", "model"),
    ],
)
def test_a_models_short_name_is_a_folder_name(model: str, name: str) -> None:
    assert locate.short(model) == name


@pytest.fixture
def two_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("one", "two"):
        (tmp_path / "runs" / name).mkdir(parents=True)
        (tmp_path / "runs" / name / "metrics.json").write_text(json.dumps(METRICS))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_compare_puts_runs_side_by_side(two_runs: Path) -> None:
    done = call("compare", "one", "runs/two", "--metric", "accuracy", "--json", "c.json")
    assert done.exit_code == 0, done.output
    _, about, head, _, base, sft = done.stdout.splitlines()
    assert about == "test: accuracy" and head.split() == ["model", "one", "two"]
    assert base.split()[0] == "base" and sft.count("42.1% [37.8, 46.5] n=500") == 2
    rows = json.loads((two_runs / "c.json").read_text())["rows"]
    assert [row["cells"][0]["value"] for row in rows] == [0.1, 0.421]


def test_compare_refuses_one_run_and_unknown_metrics(two_runs: Path) -> None:
    assert "takes two or more runs" in call("compare", "one").stderr
    assert (
        "the metrics of these runs are accuracy, pass@32"
        in call("compare", "one", "two", "--metric", "loss").stderr
    )
    assert "no metrics.json" in call("compare", "one", "three").stderr


# --- solve


def test_solve_votes(monkeypatch: pytest.MonkeyPatch, here: Path) -> None:
    def drawn(model: str, problem: Problem, n: int, params: Sampling, *_: Any) -> list[Rollout]:
        answers = ["8", "9", "8.0", None][:n]
        return [
            Rollout(problem.id, i, (Turn("assistant", f"attempt {i}", trained=True),), answer=answer)
            for i, answer in enumerate(answers)
        ]

    monkeypatch.setattr(measure, "attempts", drawn)
    done = call("solve", "MODEL", "3 + 5?", "-n", "4", "--json", "s.json")
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0] == "attempt 0"
    assert [line.split() for line in lines[4:6]] == [["8", "2", "50%"], ["9", "1", "25%"]]
    assert lines[6].startswith("(no answer)")
    assert [v["votes"] for v in json.loads((here / "s.json").read_text())["votes"]] == [2, 1, 1]


def test_solve_checks_before_it_loads(here: Path) -> None:
    assert "question is empty" in call("solve", "MODEL", " ").stderr
    assert "did you mean 'plain'" in call("solve", "MODEL", "1+1?", "--prompt", "plan").stderr
    assert "no such directory" in call("solve", "./nowhere", "1+1?").stderr


# --- grade


def test_problems_shows_and_checks_a_set(here: Path) -> None:
    twice = (here / "worked.jsonl").read_text()
    (here / "twice.jsonl").write_text(twice + twice.replace("What is", "what  is"))
    shown = call("problems", "worked.jsonl", "--show", "1")
    assert shown.exit_code == 0 and "What is 1+1?" in shown.stdout and "answer: 2" in shown.stdout
    clean = call("problems", "worked.jsonl", "--check", "--against", "asked.jsonl")
    assert clean.exit_code == 0, clean.output
    dirty = call("problems", "twice.jsonl", "--check", "--against", "worked.jsonl", "--json", "p.json")
    assert dirty.exit_code == 1
    assert json.loads((here / "p.json").read_text())["clean"] is False


def test_problems_names_the_lines_whose_answer_is_wrong(here: Path) -> None:
    rows = [
        {"question": "1+1?", "answer": "2"},
        {"question": "2+4?", "answer": "6", "solution": "So it is 5.\n#### 5"},
        {"question": "3+4?", "answer": "None"},
    ]
    (here / "wrong.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    checked = call("problems", "wrong.jsonl", "--check", "--against", "worked.jsonl", "--json", "p.json")
    assert checked.exit_code == 1
    assert "wrong.jsonl line 2: the solution ends in '5', the answer is '6'" in checked.stdout
    assert "wrong.jsonl line 3: the answer is 'None'" in checked.stdout
    facts = json.loads((here / "p.json").read_text())
    assert (facts["clean"], len(facts["contradictions"]), len(facts["unusable"])) == (False, 1, 1)


def test_problems_lists_what_is_known(tmp_path: Path) -> None:
    done = call("problems", "--json", str(tmp_path / "p.json"))
    names = [row["name"] for row in json.loads((tmp_path / "p.json").read_text())]
    assert {"stories", "gsm8k", "svamp"} <= set(names)
    assert all(name in done.stdout for name in names)


def test_recipes_lists_and_prints(tmp_path: Path) -> None:
    assert "quickstart" in call("recipes").stdout
    printed = call("recipes", "quickstart").stdout
    assert printed.startswith("# ") and "name: quickstart" in printed


def test_schema_is_json(tmp_path: Path) -> None:
    assert call("schema", "--out", str(tmp_path / "s.json")).stdout == ""
    assert json.loads((tmp_path / "s.json").read_text()) == json.loads(call("schema").stdout)


def test_doctor_looks_at_everything_also_without_torch(tmp_path: Path) -> None:
    done = in_a_process("doctor", "--json", "d.json", cwd=tmp_path, NUMERATE_DATA=str(tmp_path / "gone"))
    assert done.returncode == 0, done.stderr
    findings = {f["what"]: f for f in json.loads((tmp_path / "d.json").read_text())}
    assert findings["torch"]["state"] == "warn" and "numerate[train]" in findings["torch"]["remedy"]
    assert (
        findings["data"]["state"] == "warn" and "correct or unset NUMERATE_DATA" in findings["data"]["remedy"]
    )
    assert findings["python"]["state"] == "ok"
    assert "To do" in done.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("rum", "quickstart"), "there is no command 'rum'; did you mean 'run'?"),
        (("evalute", "x"), "there is no command 'evalute'; did you mean 'eval'?"),
        (("train",), "there is no command 'train'; did you mean 'run'?"),
        (("quickstart",), "there is no command 'quickstart'; to run that recipe: numerate run quickstart"),
        (
            ("mine.yaml", "--dry-run"),
            "there is no command 'mine.yaml'; to run that recipe: numerate run mine.yaml",
        ),
        (("xyz",), "there is no command 'xyz'; there are: compare, doctor, eval, grade, judge"),
        (("grade", "x.jsonl", "--fallback", "nun"), "--fallback nun: choose "),
    ],
)
def test_a_misspelt_command_is_one_line_with_a_suggestion(words: tuple[str, ...], message: str) -> None:
    done = CliRunner().invoke(app, [*words])
    assert done.exit_code == 2 and done.output.startswith(f"error: {message}")
    assert done.output.count("\n") == 1


@pytest.mark.parametrize(
    "error",
    [
        MemoryError("Cannot allocate memory (os error 12)"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
    ],
)
def test_too_little_memory_is_one_line(here: Path, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(run, "run", fail)
    done = call("run", "r.yaml", "--quiet")
    assert done.exit_code == 1
    assert "out of memory" in done.output and "the same command resumes" in done.output


def test_an_error_of_ours_keeps_its_traceback(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("a tensor of the wrong shape")

    monkeypatch.setattr(run, "run", fail)
    assert isinstance(call("run", "r.yaml", "--quiet").exception, RuntimeError)
