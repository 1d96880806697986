"""Methods against each other: what is compared, by hand; and a small shootout from beginning to end."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from numerate import config, metrics, problems, shootout
from numerate.cli.shootout import show_shootout as shown
from numerate.config.read import read_text
from numerate.progress import QuietProgress
from numerate.report import shootout as page
from numerate.store import RunFolder, append_row, write_problems, write_rollouts
from numerate.types import Problem, Reward, Rollout, RunStopped, Scored, Turn
from tests import tiny
from tests.test_run import Stopping

RECIPE = """\
name: small
model: MODEL
problems:
  train: {source: "stories/train[:12]"}
  validation: {source: "stories/validation[:4]"}
  test: {source: "stories/test[:6]"}
stages:
  sft: {method: sft, limit: 8, fit: {epochs: 1, batch: 4, lr: 1e-3}}
  grpo:
    method: grpo
    model: sft
    steps: 2
    rewards: [tests.methods.arms.early_letters]
    sample: {problems: 3, rollouts: 4, max_tokens: 12}
    fit: {lr: 1e-3}
    validate: {every: 1}
  ppo:
    method: ppo
    model: sft
    steps: 2
    sample: {problems: 3, rollouts: 4, max_tokens: 12}
    fit: {batch: 4}
    value: {layers: 1}
    validate: {every: 2}
evaluate: {samples: 0, max_tokens: 12}
"""


def recipe(folder: Path, *overrides: str) -> config.Recipe:
    if not (folder / "MODEL").exists():
        tiny.make(folder / "MODEL", context=512)
    path = folder / "small.yaml"
    path.write_text(RECIPE.replace("MODEL", str(folder / "MODEL")))
    return config.load(str(path), overrides, out=folder)


class Told(QuietProgress):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)


def leave(folder: Path, model: str, right: str) -> None:
    """Greedy samples of problems 0, 1, 2, ...: 1 where it was right."""
    rows = [
        Scored(Rollout(str(i), 0, (Turn("assistant", "x", trained=True),)), Reward(float(hit)))
        for i, hit in enumerate(right)
    ]
    write_rollouts(folder / "evals" / model / "test" / "greedy" / "part-00000.parquet", rows)


def test_rounds_of_an_earlier_version_have_their_rollouts(tmp_path: Path) -> None:
    append_row(tmp_path / "times.jsonl", {"round": 0, "seconds": 2.5})
    append_row(tmp_path / "metrics.jsonl", {"round": 0, "rollouts/attempts": 8.0})
    assert shootout.round_rows(tmp_path) == [{"rollouts": 8.0, "seconds": 2.5, "accuracy": None}]


def leave_curve(folder: Path, rollouts: list[float], seconds: list[float], last: float) -> None:
    for i, (count, took) in enumerate(zip(rollouts, seconds, strict=True)):
        marks = {"validation/accuracy": last} if i == len(rollouts) - 1 else {}
        append_row(folder / "metrics.jsonl", {"round": i, "rollouts/count": count} | marks)
        append_row(folder / "times.jsonl", {"round": i, "seconds": took})


@pytest.fixture
def two_seeds(tmp_path: Path) -> Path:
    """Four problems, two seeds. The start has 1 and 2 right, grpo 3 and 4, ppo 2 and 1."""
    for seed, start, grpo, ppo in ((0, "1000", "1110", "0110"), (1, "1100", "1111", "0100")):
        folder = tmp_path / f"seed-{seed}"
        for model, right in (("sft", start), ("grpo", grpo), ("ppo", ppo)):
            leave(folder, model, right)
        leave_curve(folder / "stages" / "grpo", [8, 8], [60.0 + seed, 60.0], 0.5 + seed / 10)
    return tmp_path


def test_what_is_compared_by_hand(two_seeds: Path) -> None:
    found = shootout.compare_seeds(recipe(two_seeds), two_seeds, (0, 1))
    assert (found["start"], found["n"], found["seeds"]) == ("sft", 4, [0, 1])
    values = {row["model"]: (row["value"], row["seeds"]) for row in found["methods"]}
    assert values["sft"] == (3 / 8, [1 / 4, 2 / 4])
    assert values["grpo"] == (7 / 8, [3 / 4, 1])
    assert values["ppo"] == (3 / 8, [2 / 4, 1 / 4])
    grpo, ppo = found["against_start"]
    assert (grpo["value"], grpo["seeds"]) == (1 / 2, [2 / 4, 2 / 4])
    assert (ppo["value"], ppo["seeds"], ppo["clear"]) == (0, [1 / 4, -1 / 4], False)
    [pair] = found["pairs"]
    assert (pair["model"], pair["versus"], pair["value"]) == ("grpo", "ppo", 1 / 2)
    curves = {row["model"]: row["curves"] for row in found["methods"]}
    assert curves["grpo"][1] == [
        {"rollouts": 8, "seconds": 61, "accuracy": None},
        {"rollouts": 16, "seconds": 121, "accuracy": 0.6},
    ]
    assert curves["ppo"] == [[], []]


def test_what_a_method_stands_on_is_its_cost_too(two_seeds: Path) -> None:
    """Attempts and time of the stages that only it needs; the start's own are free."""
    path = two_seeds / "small.yaml"
    text = RECIPE.replace("MODEL", str(two_seeds / "MODEL"))
    more = (
        "  tries: {method: sample, model: sft}\n"
        "  rc: {method: return_conditioned, model: sft, rollouts: tries, labels: outcome}\n"
    )
    tiny.make(two_seeds / "MODEL", context=512)
    path.write_text(text.replace("evaluate:", f"{more}evaluate:"))
    for seed in (0, 1):
        stages = two_seeds / f"seed-{seed}" / "stages"
        leave(two_seeds / f"seed-{seed}", "rc", "1111")
        leave_curve(stages / "sft", [0], [30.0], 0.5)
        leave_curve(stages / "tries", [6, 4], [2.0, 3.0], 0.5)
        leave_curve(stages / "rc", [0], [7.0], 0.5)
    found = shootout.compare_seeds(config.load(str(path), out=two_seeds), two_seeds, (0, 1))
    curves = {row["model"]: row["curves"][0] for row in found["methods"]}
    assert curves["rc"] == [{"rollouts": 10, "seconds": 12, "accuracy": 0.5}]
    assert curves["grpo"][-1]["rollouts"] == 16


def test_the_table_and_the_page_say_it(two_seeds: Path) -> None:
    found = shootout.compare_seeds(recipe(two_seeds), two_seeds, (0, 1))
    start, grpo, ppo = page.table_rows(found)
    assert start[0] == "sft" and start[3:] == ["-", "-", "-", "-"]
    assert grpo[2] == "75.0 100.0" and grpo[3].startswith("+50.0 [") and grpo[5:] == ["16", "2.0"]
    assert ppo[3].startswith("+0.0 [") and ppo[5:] == ["-", "-"]
    [curve] = [page.mean_validations(row["curves"]) for row in found["methods"] if row["model"] == "grpo"]
    assert curve == [{"rollouts": 16, "minutes": pytest.approx(120.5 / 60), "accuracy": pytest.approx(0.55)}]
    cells = page.pair_matrix(found)
    assert cells["grpo"][0] is None and cells["ppo"][1] is None
    there, back = cells["grpo"][1], cells["ppo"][0]
    assert there and back and (there.text, there.kind) == ("+50.0", "better")
    assert (back.text, back.kind) == ("-50.0", "worse")
    ends = [cell.label.split("[")[1].split("]")[0].split(", ") for cell in (there, back)]
    assert [float(x) for x in ends[0]] == [-float(x) for x in reversed(ends[1])]
    text = page.build_page(two_seeds, found).read_text()
    assert "grpo" in text and "by rollouts" in text and "<script" not in text


def test_curves_average_the_seeds_validations_whatever_their_steps_were() -> None:
    def run(*steps: tuple[float, float | None]) -> list[dict[str, float | None]]:
        return [{"rollouts": 10.0, "seconds": at, "accuracy": accuracy} for at, accuracy in steps]

    longer = run((60.0, None), (120.0, 0.5), (180.0, None), (240.0, 0.7), (300.0, 0.9))
    curve = page.mean_validations([run((60.0, 0.25), (120.0, None), (180.0, 0.5)), longer])
    assert [(point["minutes"], point["accuracy"]) for point in curve] == [(1.5, 0.375), (3.5, 0.6)]
    assert page.mean_validations([longer, run((60.0, None))]) == []


def test_many_comparisons_make_each_count_less() -> None:
    """Three: the smallest counts three times, the next twice, the last once and no less than that."""
    assert metrics.holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert metrics.holm([0.9, 0.8]) == [1.0, 1.0]


def test_a_single_seed_is_tested_exactly_and_its_accuracy_has_wilsons_interval() -> None:
    """Three of four pairs differ, all in one direction: p = 2 / 2^3."""
    right = {"a": [dict(zip("wxyz", (1.0, 1, 1, 0), strict=True))], "b": [dict.fromkeys("wxyz", 0.0)]}
    gap = shootout.difference_row("a", "b", right)
    assert (gap["value"], gap["p"]) == (0.75, 0.25)
    accuracy = shootout.accuracy_row("b", right["b"])
    assert (accuracy["low"], accuracy["high"]) == metrics.wilson(0, 4)
    same = shootout.difference_row("b", "b", right) | {"p_holm": 1.0, "clear": False}
    assert page.show_points(same) == "+0.0" and page.swap_pair(same)["low"] is None


def test_it_is_clear_only_where_all_seeds_agree() -> None:
    rows: list[dict[str, Any]] = [{"p": 0.001, "seeds": [0.1, 0.2]}, {"p": 0.001, "seeds": [0.3, -0.1]}]
    assert [row["clear"] for row in shootout.holm_corrected(rows)] == [True, False]


def test_stages_that_do_not_start_together_are_no_contest(tmp_path: Path) -> None:
    alone = recipe(tmp_path, "ppo.model=grpo")
    with pytest.raises(ValueError, match="needs two stages that start from the same model"):
        shootout.find_contestants(alone)
    with pytest.raises(ValueError, match=r"a shootout needs evaluate\.models: ppo"):
        shootout.find_contestants(recipe(tmp_path, "evaluate.models=[sft, grpo]"))


def test_the_shipped_recipe_is_a_contest_of_equal_budgets() -> None:
    shipped = config.build_recipe(config.read_recipe("shootout"))
    start, contestants = shootout.find_contestants(shipped)
    assert start == "sft" and len(contestants) == 12
    conditioned = {"return_conditioned", "rc_outcome"}  # labels cost what they cost
    fixed = [name for name in contestants if name not in conditioned]
    assert {budget(shipped.stages[name].options) for name in fixed} == {7680}
    drawn: Any = shipped.stages["rc_more_samples"].options
    assert drawn.sample.rollouts * len(problems.load(shipped.problems["more"].source)) == 7680


@pytest.mark.parametrize(
    ("name", "varied"),
    [
        ("value-branch", ["value"]),
        ("kl-penalty", ["kl"]),
        ("vapo", ["nll", "clip", "lam_alpha", "value"]),
    ],
)
def test_comparisons_of_settings_differ_in_nothing_else(name: str, varied: list[str]) -> None:
    shipped = config.build_recipe(config.read_recipe(name))
    start, contestants = shootout.find_contestants(shipped)
    options: list[Any] = [shipped.stages[one].options for one in contestants]
    settings = {tuple(getattr(one, key) for key in varied) for one in options}
    assert start == "sft" and len(settings) == len(options) >= 2
    first = {key: getattr(options[0], key) for key in varied}
    assert len({replace(one, **first) for one in options}) == 1


def test_comparison_with_vapo_begins_with_the_shootouts_ppo() -> None:
    of_shootout, compared = (
        config.build_recipe(config.read_recipe(name)).stages for name in ("shootout", "vapo")
    )
    assert compared["ppo"] == of_shootout["ppo"] and compared["sft"] == of_shootout["sft"]


def budget(options: Any) -> int:
    return options.steps * options.sample.problems * options.sample.rollouts


@pytest.mark.slow
def test_stopped_and_started_again_it_ends_with_the_same_accuracies(tmp_path: Path) -> None:
    same = recipe(tmp_path)
    whole = shootout.run_shootout(same, tmp_path / "whole", (0, 1), progress=QuietProgress())
    with pytest.raises(KeyboardInterrupt):
        shootout.run_shootout(same, tmp_path / "cut", (0, 1), progress=Stopping(8))
    again = shootout.run_shootout(same, tmp_path / "cut", (0, 1), progress=QuietProgress())
    assert json.loads((tmp_path / "cut" / "shootout.json").read_text()) == again
    assert untimed(whole) == untimed(again)
    assert (tmp_path / "cut" / "report" / "index.html").exists()
    grpo = next(row for row in whole["methods"] if row["model"] == "grpo")
    assert [point["rollouts"] for point in grpo["curves"][0]] == [12, 24]
    weights = [tmp_path / "whole" / f"seed-{seed}/stages/sft/model/model.safetensors" for seed in (0, 1)]
    assert weights[0].read_bytes() != weights[1].read_bytes()


@pytest.mark.slow
def test_seeds_at_the_same_time_end_as_one_after_the_other(tmp_path: Path) -> None:
    same, both = recipe(tmp_path), (0, 1)
    one = shootout.run_shootout(same, tmp_path / "one", both, progress=QuietProgress())
    told = Told()
    two = shootout.run_shootout(same, tmp_path / "two", both, progress=told, jobs=2)
    assert untimed(one) == untimed(two)
    assert {line[:6] for line in told.lines if " · stage " in line} == {"seed-0", "seed-1"}
    weights = [tmp_path / folder / "seed-1/stages/ppo/model/model.safetensors" for folder in ("one", "two")]
    assert weights[0].read_bytes() == weights[1].read_bytes()


def test_a_seed_that_fails_is_told_with_its_last_words(tmp_path: Path) -> None:
    broken = recipe(tmp_path)
    (tmp_path / "MODEL" / "config.json").write_text("{}")
    with pytest.raises(ValueError, match=r"seed-\d ended before completion:\n(.*\n)*.*error"):
        shootout.run_shootout(broken, tmp_path / "two", (0, 1), progress=QuietProgress(), jobs=2)


@pytest.mark.parametrize(("code", "kind"), [(1, RunStopped), (2, ValueError), (143, RunStopped)])
def test_a_seed_that_stops_is_no_mistake_of_the_caller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, kind: type[ValueError]
) -> None:
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\necho 'error: the loss is nan' >&2\nexit {code}\n")
    python.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(python))
    with pytest.raises(ValueError, match=r"seed-\d ended before completion:\nerror: the loss is") as raised:
        shootout.run_shootout(recipe(tmp_path), tmp_path / "two", (0, 1), progress=QuietProgress(), jobs=2)
    assert type(raised.value) is kind


@pytest.mark.parametrize("width", [60, 80, 100])
def test_the_table_is_whole_on_any_terminal(
    width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    seeds = [0.401, 0.412, 0.423, 0.434, 0.445]
    ends = [[{"rollouts": 7680, "seconds": 102.0, "accuracy": None}]]
    gap = {"value": 0.05, "low": 0.03, "high": 0.07, "p_holm": 0.002, "seeds": seeds, "clear": True}
    names = ["sft", "a-method-whose-name-is-longer-than-half-of-a-line", "rloo"]
    methods = [
        {"model": name, "value": 0.423, "low": 0.4 + i / 100, "high": 0.45, "seeds": seeds, "curves": ends}
        for i, name in enumerate(names)
    ]
    found: dict[str, Any] = {
        "problems": "test",
        "n": 2000,
        "seeds": [0, 1, 2, 3, 4],
        "start": "sft",
        "methods": methods,
    }
    found["against_start"] = [gap | {"model": name, "versus": "sft"} for name in names[1:]]
    found["pairs"] = [gap | {"model": names[1], "versus": "rloo"}]
    shown(found, to_stderr=False)
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= width
    assert all(f"42.3% [{40 + i}.0, 45.0]" in text for i in range(3))
    assert text.count("+5.0 [+3.0, +7.0]") == 3 and text.count("7,680") == 2
    assert text.count("44.5") == 3 and text.count("n=2,000") == 3


def test_the_number_of_validation_problems_is_in_the_file(tmp_path: Path) -> None:
    """Of 30 problems the contestants validate on 20, or on all where they have no limit."""
    place = RunFolder(tmp_path)
    write_problems(place.problems("validation"), [Problem(str(i), "?", "1") for i in range(30)])
    chosen = recipe(tmp_path, "grpo.validate.limit=20")
    assert shootout.validation_sizes(chosen, place, ["grpo"]) == [20]
    assert shootout.validation_sizes(chosen, place, ["grpo", "ppo"]) == [20, 30]
    assert shootout.validation_sizes(chosen, RunFolder(tmp_path / "none"), ["grpo"]) == []


def untimed(found: dict[str, Any]) -> Any:
    for method in found["methods"]:
        for curve in method["curves"]:
            for point in curve:
                point["seconds"] = 0.0
    return found


def test_the_base_model_is_made_of_no_stage_and_others_of_those_before_them() -> None:
    stages = "stages:\n  a: {method: sft}\n  b: {method: grpo, model: a}\n"
    text = "name: r\nproblems: {train: gsm8k/train}\n" + stages
    recipe = config.build_recipe(read_text(text, "r.yaml"))
    assert shootout.made_of(recipe, "base") == set() == shootout.made_of(recipe, "a")
    assert shootout.made_of(recipe, "b") == {"a"}
