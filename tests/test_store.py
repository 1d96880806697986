"""The store: strict round trips, files that appear whole or not at all, errors that name the remedy."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numerate import store
from numerate.store.rollouts import rollout_schema
from numerate.types import Problem, Reward, Rollout, Scored, Step, Turn

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
floats = st.floats(allow_nan=False)
ids = st.lists(st.integers(0, 2**31 - 1), max_size=4).map(tuple)
turns = st.builds(
    Turn,
    st.sampled_from(["system", "user", "assistant", "tool"]),
    texts,
    ids,
    st.lists(floats, max_size=4).map(tuple),
    st.booleans(),
    st.lists(st.integers(-1, 4), max_size=3).map(tuple),
)
verdicts = st.sampled_from([None, "right", "wrong", "unverifiable"])
steps = st.builds(Step, st.integers(0, 9), st.integers(9, 99), texts, st.none() | floats, verdicts)
rollouts = st.builds(
    Rollout,
    texts,
    st.integers(0, 9999),
    st.lists(turns, max_size=3).map(tuple),
    st.sampled_from(["stop", "length", "max_turns", "tool_error"]),
    st.none() | texts,
    st.lists(steps, max_size=3).map(tuple),
    st.integers(-(2**63), 2**63 - 1),
    texts,
)
rewards = st.builds(Reward, st.none() | floats, st.dictionaries(texts, st.none() | floats, max_size=3))
scored = st.builds(Scored, rollouts, rewards)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | floats.filter(lambda x: abs(x) < 1e300) | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=4,
)
problems = st.builds(
    Problem,
    texts,
    texts,
    texts,
    texts,
    st.sampled_from(["number", "math", "choice"]),
    st.lists(st.tuples(texts, texts), max_size=3).map(tuple),
    texts,
    st.dictionaries(texts, json_values, max_size=3),
)


def attempt(index: int = 0) -> Scored:
    prompt, reply = (
        Turn("user", "2+3?\n", (5, 6)),
        Turn("assistant", "#### 5", (7, 8), (-0.5, -0.25), trained=True),
    )
    return Scored(Rollout("p", index, (prompt, reply), answer="5"), Reward(1.0, {"correct": 1.0}))


@settings(deadline=None, max_examples=60)
@given(st.lists(scored, max_size=5))
def test_rollouts_come_back_exactly_as_they_were(rows: list[Scored]):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "round-000" / "part-00000.parquet"
        store.write_rollouts(path, rows)
        assert list(store.read_rollouts(path)) == rows == list(store.read_rollouts(Path(folder)))


@settings(deadline=None, max_examples=60)
@given(st.lists(problems, max_size=4))
def test_problems_come_back_exactly_as_they_were(rows: list[Problem]):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stories.jsonl"
        store.write_problems(path, rows)
        assert store.read_problems(path) == rows


def test_many_rollouts_are_read_in_the_order_of_files_and_rows(tmp_path: Path):
    store.write_rollouts(tmp_path / "part-00001.parquet", [attempt(1300)])
    store.write_rollouts(tmp_path / "part-00000.parquet", (attempt(i) for i in range(1300)))
    assert [row.rollout.index for row in store.read_rollouts(tmp_path)] == list(range(1301))


def test_files_from_before_there_were_choices_are_still_read(tmp_path: Path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "part.parquet"
    store.write_rollouts(path, [attempt(), attempt(1)])
    rows = pq.read_table(path).to_pylist(maps_as_pydicts="strict")
    for row in rows:
        row["parts"] = list(row["parts"].items())
        for turn in row["turns"]:
            del turn["choices"]
    pq.write_table(pa.Table.from_pylist(rows, rollout_schema("scored rollouts 1")), path)
    assert list(store.read_rollouts(path)) == [attempt(), attempt(1)]


def test_logprobs_of_a_float32_model_cost_what_float32_costs(tmp_path: Path):
    """1,000 rollouts of 100 log-probs with 24 random bits: 4 bytes each and 20% for all else, not 8."""
    import numpy as np

    random = np.random.default_rng(0)
    rows: list[Scored] = []
    for i in range(1000):
        logprobs = tuple(map(float, -random.exponential(size=100).astype(np.float32)))
        turn = Turn("assistant", "", tuple(range(100)), logprobs, trained=True)
        rows.append(Scored(Rollout("p", i, (turn,)), Reward(None)))
    store.write_rollouts(tmp_path / "part.parquet", rows)
    assert (tmp_path / "part.parquet").stat().st_size < 1.2 * 4 * 100 * 1000


def test_an_error_while_writing_leaves_the_old_file_and_nothing_else(tmp_path: Path):
    def breaks():
        yield attempt()
        raise RuntimeError("the engine broke")

    path = tmp_path / "part.parquet"
    store.write_rollouts(path, [attempt()])
    before = path.read_bytes()
    with pytest.raises(RuntimeError):
        store.write_rollouts(path, breaks())
    with pytest.raises(ValueError, match="cannot be written as JSON"):
        store.write_jsonl(path, [{"a": 1}, {"a": float("nan")}])
    assert [p.name for p in tmp_path.iterdir()] == ["part.parquet"] and path.read_bytes() == before


def child(code: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_killed_writer_leaves_no_file_under_the_final_name(tmp_path: Path):
    code = """
import sys, pathlib, itertools
from numerate import store
def rows():
    for i in itertools.count():
        if i == 20000: print("writing", flush=True)
        yield {"round": i}
store.write_jsonl(pathlib.Path(sys.argv[1]), rows())
"""
    process = child(code, tmp_path / "log.jsonl")
    assert process.stdout and process.stdout.readline() == "writing\n"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not (tmp_path / "log.jsonl").exists()
    assert not list(tmp_path.glob("*.jsonl"))


@pytest.mark.skipif(os.name != "posix", reason="limits on file sizes are POSIX")
def test_a_full_disk_leaves_the_old_file_and_says_so(tmp_path: Path):
    """A limit of 64 kB on the size of files stands in for the full disk."""
    code = """
import sys, pathlib, resource, signal
from numerate import store
path = pathlib.Path(sys.argv[1])
store.write_text(path, "old")
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))
try:
    store.write_text(path, "x" * 10**6)
except OSError as error:
    print(error)
"""
    out, err = child(code, tmp_path / "a.txt").communicate()
    assert "unchanged: free disk space and run again" in out and "a.txt" in out, err
    assert (tmp_path / "a.txt").read_text() == "old" and len(list(tmp_path.iterdir())) == 1


def test_a_truncated_rollout_file_is_named_with_the_remedy(tmp_path: Path):
    path = tmp_path / "part-00007.parquet"
    store.write_rollouts(path, [attempt(i) for i in range(50)])
    whole = path.read_bytes()
    for length in (0, 3, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"part-00007.parquet: truncated or damaged.*run again"):
            list(store.read_rollouts(path))


def test_what_is_no_rollout_file_is_refused(tmp_path: Path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pytest.raises(ValueError, match="absent: no rollouts"):
        store.read_rollouts(tmp_path / "absent")
    with pytest.raises(ValueError, match="no rollouts; name"):
        store.read_rollouts(tmp_path)
    pq.write_table(pa.table({"question": ["2+3?"]}), tmp_path / "other.parquet")
    with pytest.raises(ValueError, match=r"other.parquet: a Parquet file, but not one of scored rollouts"):
        list(store.read_rollouts(tmp_path / "other.parquet"))
    with pytest.raises(ValueError, match=r"big.parquet: a rollout cannot be stored"):
        store.write_rollouts(tmp_path / "big.parquet", [Scored(Rollout("p", 2**31, ()), Reward(None))])


@pytest.mark.parametrize(
    "change, complaint",
    [
        ({"kind": "geometry"}, "line 2, field kind: 'geometry' is not one of number, math, choice"),
        ({"answer": 5}, "line 2, field answer: expected text, found 5"),
        ({"choices": [["A"]]}, "line 2, field choices"),
        ({"meta": []}, "line 2, field meta"),
        ({"anwser": "5"}, "line 2: missing or unknown fields: anwser"),
    ],
)
def test_a_malformed_problem_names_line_and_field(tmp_path: Path, change: dict[str, Any], complaint: str):
    path = tmp_path / "set.jsonl"
    store.write_problems(path, [Problem("a", "2+3?", "5")])
    good = json.loads(path.read_text())
    path.write_text(json.dumps(good) + "\n" + json.dumps(good | change) + "\n")
    with pytest.raises(ValueError, match=complaint):
        store.read_problems(path)


def test_json_errors_name_file_and_line(tmp_path: Path):
    with pytest.raises(ValueError, match="no such file"):
        store.read_json(tmp_path / "absent.json")
    (tmp_path / "a.json").write_text('{"results": [')
    with pytest.raises(ValueError, match=r"a.json: not JSON.*run again"):
        store.read_json(tmp_path / "a.json")
    (tmp_path / "b.jsonl").write_text('{"a": 1}\n\n[1]\n')
    rows = store.read_jsonl(tmp_path / "b.jsonl")
    assert next(rows) == {"a": 1}
    with pytest.raises(ValueError, match=r"b.jsonl, line 3: expected a JSON object"):
        next(rows)


def test_a_log_forgets_the_rounds_that_are_done_again_and_torn_lines(tmp_path: Path):
    log = tmp_path / "metrics.jsonl"
    store.forget_rounds(log, 0)
    assert not log.exists()
    for r in (0, 0, 1, 2):
        store.append_row(log, {"round": r, "train/loss": 0.5})
    with log.open("a") as f:
        f.write('{"round": 1, "train/lo')  # killed here
    store.append_row(log, {"round": 1, "train/loss": float("nan")})
    store.forget_rounds(log, 2)
    assert [(row["round"], row["train/loss"]) for row in store.read_jsonl(log)] == [
        (0, 0.5),
        (0, 0.5),
        (1, 0.5),
        (1, None),
    ]


def test_identity_is_of_the_value_and_not_of_how_it_was_written():
    assert store.identity_hash({"b": 1, "a": (1, 2)}) == store.identity_hash({"a": [1, 2], "b": 1})
    assert store.identity_hash(Problem("a", "q", "5")) == store.identity_hash(Problem("a", "q", "5", meta={}))
    assert store.identity_hash(Problem("a", "q", "5")) != store.identity_hash(Problem("a", "q", "6"))
    assert store.identity_hash([1, 2]) != store.identity_hash([2, 1])
    # sha256 of {"lr":0.1,"name":"é"}
    assert store.identity_hash({"name": "é", "lr": 0.1}).startswith("3437e1141de0e692")
    for value in ({1, 2}, Path("a"), float("nan")):
        with pytest.raises(ValueError, match="no identity for"):
            store.identity_hash(value)


def test_a_file_hash_is_its_sha256(tmp_path: Path):
    (tmp_path / "a").write_bytes(b"abc")
    assert store.file_hash(tmp_path / "a").startswith("ba7816bf8f01cfea")  # the example of FIPS 180-2


def test_a_run_folder_knows_its_places_and_lets_no_name_lead_out_of_it(tmp_path: Path):
    with pytest.raises(
        ValueError, match=r"is not a run folder: it has no recipe.yaml; `numerate run` makes one"
    ):
        store.RunFolder.existing(tmp_path)
    with pytest.raises(ValueError, match="there is no such folder"):
        store.RunFolder.existing(tmp_path / "absent")
    store.write_text(tmp_path / "recipe.yaml", "name: a\n")
    run = store.RunFolder.existing(tmp_path)
    assert run.samples("ei", "stories/test") == tmp_path / "evals/ei/stories/test"
    assert run.problems("test") == tmp_path / "problems/test.jsonl"
    for name in ("..", "../x", "/etc", "a/../b", "a//b", "", "a\\b", ".hidden", "a/", "a\n"):
        with pytest.raises(ValueError, match="cannot name a part of a run"):
            run.stage(name)
