"""numerate eval, again and again: names of models, and results that stay beside each other."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from numerate.models import locate
from numerate.store import LOCK, hold_lock, move_path
from tests import tiny
from tests.command_line import call

ASKED = ("one", "two")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.make(tmp_path_factory.mktemp("model") / "final", context=256)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: Path) -> Path:
    """a/final and b/final, two models of one folder name, and two problem sets; the current folder."""
    for name in ("a", "b"):
        shutil.copytree(model, tmp_path / name / "final")
    for name in ASKED:
        rows = [{"question": f"What is {i}+3?", "answer": str(i + 3)} for i in range(3)]
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def evaluate(*words: str) -> Any:
    done = call("eval", *words, "-n", "2", "--max-tokens", "6", "-q")
    assert done.exit_code == 0, done.output
    return done


def figures(folder: str) -> dict[tuple[str, str, str], int]:
    """(model, problems, judge) -> problems behind its greedy accuracy, or its samples behind a judge."""
    rows = json.loads(Path("runs", folder, "metrics.json").read_text())["results"]
    return {
        (row["model"], row["problems"], row.get("judge", "")): row["n"]
        for row in rows
        if "by" not in row and row["metric"] in ("accuracy", "rerank_all_at_k")
    }


def test_two_models_of_one_folder_name_have_names_and_folders_of_their_own(here: Path) -> None:
    shown = [evaluate(f"{name}/final", "-p", "one.jsonl").stdout for name in ("a", "b")]
    assert figures("eval-a-final") == {("a-final", "one", ""): 3}
    assert figures("eval-b-final") == {("b-final", "one", ""): 3}
    assert [name in text for text, name in zip(shown, ("a-final", "b-final"), strict=True)] == [True, True]
    assert sorted(p.name for p in Path("runs/eval-a-final/evals").iterdir()) == ["a-final"]
    text = call("compare", "eval-a-final", "eval-b-final", "--metric", "accuracy").stdout
    line = next(line for line in text.splitlines() if line.startswith("a-final / b-final"))
    assert line.count("n=3") == 2


def test_a_second_problem_set_stands_beside_the_first(here: Path) -> None:
    evaluate("a/final", "-p", "one.jsonl")
    parts = Path("runs/eval-a-final/evals/a-final/one/samples/part-00000.parquet")
    first, drawn = figures("eval-a-final"), parts.stat().st_mtime_ns
    second = evaluate("a/final", "-p", "two.jsonl", "--json", "two.json")
    assert figures("eval-a-final") == first | {("a-final", "two", ""): 3}
    assert {row["problems"] for row in json.loads(Path("two.json").read_text())["results"]} == {"two"}
    assert "one" not in second.stdout.split()
    assert parts.stat().st_mtime_ns == drawn
    recipe = Path("runs/eval-a-final/recipe.yaml").read_text()
    assert "one.jsonl" in recipe and "two.jsonl" in recipe
    page = Path("runs/eval-a-final/report/index.html").read_text()
    assert "<bdi>one</bdi>" in page and "<bdi>two</bdi>" in page


def test_another_limit_of_the_same_set_is_another_set(here: Path) -> None:
    evaluate("a/final", "-p", "one.jsonl")
    evaluate("a/final", "-p", "one.jsonl", "--limit", "2")
    evaluate("a/final", "-p", "one.jsonl", "--limit", "2")
    assert figures("eval-a-final") == {("a-final", "one", ""): 3, ("a-final", "one-2", ""): 2}


def test_other_settings_leave_the_first_results_as_they_were(here: Path) -> None:
    evaluate("a/final", "-p", "one.jsonl")
    before = Path("runs/eval-a-final/metrics.json").read_bytes()
    for _ in range(2):
        done = evaluate("a/final", "-p", "one.jsonl", "--temperature", "1")
        assert "temperature 0.7, now 1.0" in done.stderr
    done = evaluate("a/final", "-p", "one.jsonl", "--tools", "tora")
    assert "(engine local, now local with tools tora)" in done.stderr
    assert Path("runs/eval-a-final/metrics.json").read_bytes() == before
    others = {path.name for path in Path("runs").iterdir()} - {"eval-a-final"}
    assert len(others) == 2 and all(name.startswith("eval-a-final-") for name in others)
    assert all(figures(name) == {("a-final", "one", ""): 3} for name in others)


def test_a_judge_adds_rows_to_the_same_samples(here: Path) -> None:
    story = ("a/final", "-p", "stories/test[:3]")
    evaluate(*story, "--rerank-with", "oracle")
    rows = figures("eval-a-final")
    assert rows[("a-final", "stories-test-3", "oracle")] == 3
    evaluate(*story)
    evaluate("a/final", "-p", "one.jsonl")
    assert figures("eval-a-final") == rows | {("a-final", "one", ""): 3}


def test_results_of_other_weights_move_aside(here: Path, tmp_path: Path) -> None:
    evaluate("a/final", "-p", "one.jsonl")
    before = Path("runs/eval-a-final/metrics.json").read_bytes()
    config = Path("a/final/config.json")
    config.write_text(json.dumps(json.loads(config.read_text()) | {"note": "trained again"}))
    done = evaluate("a/final", "-p", "two.jsonl")
    assert "a/final has changed" in done.stderr
    [aside] = Path("runs").glob("eval-a-final-until-*")
    assert (aside / "metrics.json").read_bytes() == before
    assert figures("eval-a-final") == {("a-final", "two", ""): 3}


def test_a_path_that_gets_the_name_of_another_model_gets_digits(here: Path) -> None:
    """a/b-c and a-b/c both make a-b-c."""
    for path in ("a/b-c", "a-b/c"):
        shutil.copytree("b/final", path)
        evaluate(path, "-p", "one.jsonl")
    assert figures("eval-a-b-c") == {("a-b-c", "one", ""): 3}
    [other] = [path.name for path in Path("runs").iterdir() if path.name != "eval-a-b-c"]
    assert figures(other) == {(other.removeprefix("eval-"), "one", ""): 3}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("runs/quickstart/stages/ei/model", "quickstart-ei"),
        ("runs/quickstart/stages/ei/round-002/model", "quickstart-ei-round-002"),
        ("elsewhere/quickstart/stages/ei/model", "quickstart-ei"),
        ("a/final", "a-final"),
        ("final", "final"),
        ("deep/er/step 100", "er-step-100"),
    ],
)
def test_a_models_name_comes_from_its_path_however_that_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(path).mkdir(parents=True)
    assert [locate.name_of(each) for each in (path, f"./{path}/", str(tmp_path / path))] == [name] * 3
    assert locate.name_of("numerate/pico") == "pico"
    assert locate.name_of("Qwen/Qwen2.5-0.5B") == "Qwen2.5-0.5B"


def test_results_that_another_process_writes_are_not_moved_away(here: Path) -> None:
    evaluate("a/final", "-p", "one.jsonl")
    folder = Path("runs/eval-a-final")
    folder = folder if folder.exists() else Path("runs/eval-final")
    shutil.rmtree("a/final")
    tiny.make(Path("a/final"), context=128)
    with hold_lock(folder / LOCK):
        done = call("eval", "a/final", "-p", "one.jsonl", "-n", "2", "--max-tokens", "6", "-q")
    assert done.exit_code == 2 and "is in use" in done.output
    assert [p.name for p in Path("runs").iterdir()] == [folder.name]


def test_another_device_looks_at_the_same_results(here: Path) -> None:
    evaluate("a/final", "-p", "one.jsonl")
    evaluate("a/final", "-p", "one.jsonl", "--device", "cpu")
    assert [path.name for path in Path("runs").iterdir()] == ["eval-a-final"]


def test_what_another_process_finished_before_the_lock_was_held_stays(here: Path) -> None:
    """Two first evaluations begin in one moment: the second is held up before it takes the lock."""
    from numerate import config
    from numerate.eval_run import measure_beside
    from numerate.progress import QuietProgress

    calls: list[str] = []
    drawn = {"evaluate": {"samples": 2, "max_tokens": 6}}

    def choose() -> config.Evaluation:
        choice = config.evaluation_recipe("a/final", ["two.jsonl"], None, drawn, out=Path("runs"))
        if not calls:
            evaluate("a/final", "-p", "one.jsonl")
        calls.append(choice.folder.name)
        return choice

    measure_beside(choose, QuietProgress(), calls.append)
    assert figures("eval-a-final") == {("a-final", "one", ""): 3, ("a-final", "two", ""): 3}
    recipe = Path("runs/eval-a-final/recipe.yaml").read_text()
    assert "one.jsonl" in recipe and "two.jsonl" in recipe


def test_a_move_of_outdated_results_that_was_killed_is_completed(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluate("a/final", "-p", "one.jsonl")
    names = {path.name for path in Path("runs/eval-a-final").iterdir()}
    config = Path("a/final/config.json")
    config.write_text(json.dumps(json.loads(config.read_text()) | {"note": "trained again"}))
    move, left = move_path, [2]

    def stop(*paths: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        move(*paths)

    monkeypatch.setattr("numerate.eval_run.move_path", stop)
    call("eval", "a/final", "-p", "two.jsonl", "-n", "2", "--max-tokens", "6", "-q")
    monkeypatch.undo()
    monkeypatch.chdir(here)
    evaluate("a/final", "-p", "two.jsonl")
    [aside] = Path("runs").glob("eval-a-final-until-*")
    assert {path.name for path in aside.iterdir()} == names
    assert figures("eval-a-final") == {("a-final", "two", ""): 3}
