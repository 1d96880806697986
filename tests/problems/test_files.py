"""Local files, folders and names."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from numerate.problems import check, is_test_split, load

ROWS = [{"question": f"{n}+1?", "answer": str(n + 1)} for n in range(4)]


def write(path: Path, rows: list[dict[str, str]] = ROWS) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def test_jsonl_json_and_parquet_hold_the_same_problems(tmp_path: Path):
    expected = load(write(tmp_path / "mine.jsonl"))
    (tmp_path / "mine.json").write_text(json.dumps(ROWS), encoding="utf-8")
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "mine.parquet")
    assert [problem.answer for problem in expected] == ["1", "2", "3", "4"]
    assert load(str(tmp_path / "mine.json")) == expected
    assert load(str(tmp_path / "mine.parquet")) == expected


TABLE = "question,answer\n0+1?,1\n1+1?,2\n2+1?,3\n3+1?,4\n"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("mine.csv", TABLE),
        ("mine.csv", "\ufeff" + TABLE),
        ("mine.csv", TABLE.replace("\n", "\r\n")),
        ("mine.csv", TABLE.replace("0+1?", '"0+1?"').replace(",answer", ", answer ")),
        ("mine.tsv", TABLE.replace(",", "\t")),
        ("mine.jsonl", "\ufeff" + "".join(json.dumps(row) + "\n" for row in ROWS)),
        ("mine.json", "\ufeff" + json.dumps(ROWS)),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_tables_marks_and_packed_files_hold_the_same_problems(
    name: str, text: str, packed: bool, tmp_path: Path
):
    expected = load(write(tmp_path / "plain" / "mine.jsonl"))
    path = tmp_path / (f"{name}.gz" if packed else name)
    content = text.encode("utf-8")
    path.write_bytes(gzip.compress(content) if packed else content)
    check(str(path))
    assert load(str(path)) == expected


def test_a_cell_is_text_and_an_empty_one_is_missing(tmp_path: Path):
    path = tmp_path / "mine.csv"
    path.write_text('id,question,answer,level\n7,"Two, or\n""2""?",007,\n', encoding="utf-8")
    (problem,) = load(str(path))
    assert (problem.id, problem.question, problem.answer) == ("7", 'Two, or\n"2"?', "007")
    assert (problem.kind, problem.meta) == ("math", {})


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "mine.csv",
            b'question,answer\n"a\nb",1\n?,2,3\n',
            r"mine.csv line 4: 3 cells for 2 columns: quo",
        ),
        ("mine.csv", b"question,answer\n?,1\n?,\n", r"mine.csv line 3, field 'answer'"),
        ("mine.csv", b"question,answer,answer\n?,1,2\n", r"mine.csv line 1: duplicate column"),
        ("mine.csv", b"question,answer\n\xff,1\n", r"mine.csv line 2: not valid UTF-8"),
        ("mine.csv", b'question,answer\n"a,1\n', r"mine.csv line 2: not a valid table"),
        ("mine.jsonl.gz", b'{"question": "?"}', r"mine.jsonl.gz: gzip cannot decompress it"),
        (
            "mine.csv.gz",
            gzip.compress(b"question,answer\n" * 99, mtime=0)[:-9],
            r"mine.csv.gz: gzip cannot decompress it",
        ),
    ],
)
def test_a_table_that_cannot_be_read_is_named_by_file_and_line(
    name: str, content: bytes, message: str, tmp_path: Path
):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=message):
        load(str(tmp_path / name))


def test_packed_tables_of_a_folder_belong_to_the_split_of_their_name(tmp_path: Path):
    for name, rows in (
        ("train-00000-of-00002", "a,1\nb,2\n"),
        ("train-00001-of-00002", "c,3\n"),
        ("test", "d,4\n"),
    ):
        (tmp_path / f"{name}.csv.gz").write_bytes(gzip.compress(f"question,answer\n{rows}".encode()))
    assert [problem.answer for problem in load(f"{tmp_path}/train")] == ["1", "2", "3"]
    assert is_test_split(f"{tmp_path}/test.csv.gz") and not is_test_split(f"{tmp_path}/train")


def test_the_same_row_has_the_same_id_in_any_file_of_that_name_and_repeats_are_numbered(tmp_path: Path):
    first = load(write(tmp_path / "a" / "mine.jsonl", ROWS))
    second = load(write(tmp_path / "b" / "mine.jsonl", [ROWS[2], ROWS[2]]))
    assert second[0].id == first[2].id
    assert second[1].id == f"{first[2].id}-2"


def test_two_rows_with_one_id_are_refused(tmp_path: Path):
    path = write(tmp_path / "mine.jsonl", [{"id": "x", **row} for row in ROWS])
    with pytest.raises(ValueError, match=r"mine: two problems have the id 'x': make ids unique"):
        load(path)


def test_a_broken_line_is_named_by_file_and_number(tmp_path: Path):
    path = tmp_path / "mine.jsonl"
    path.write_text('{"question": "1+1?", "answer": "2"}\n\n{"question": \n', encoding="utf-8")
    with pytest.raises(ValueError, match=r"mine.jsonl line 3: expected one JSON object per line"):
        load(str(path))
    with pytest.raises(ValueError, match=r"mine.jsonl line 3: expected one JSON object per line"):
        check(str(path))


@pytest.mark.parametrize("line", [b"[1, 2]", b'"text"', b'{"question": "caf\xff"}', b"[" * 100_000])
def test_a_line_that_is_no_object_is_an_error_and_not_a_crash(line: bytes, tmp_path: Path):
    path = tmp_path / "mine.jsonl"
    path.write_bytes(line + b"\n")
    with pytest.raises(ValueError, match=r"mine.jsonl line 1: expected"):
        load(str(path))


def test_a_file_that_is_not_parquet_is_named(tmp_path: Path):
    path = tmp_path / "mine.parquet"
    path.write_bytes(b"not this")
    with pytest.raises(ValueError, match=r"mine.parquet: not a valid Parquet file"):
        load(str(path))


def test_an_empty_file_is_an_error_with_a_remedy(tmp_path: Path):
    path = write(tmp_path / "none.jsonl", [])
    with pytest.raises(ValueError, match=r"none.jsonl: no problems: name a file with one row per problem"):
        check(path)
    with pytest.raises(ValueError, match=r"none.jsonl' is empty"):
        load(path)


def test_an_empty_file_of_a_known_set_is_found_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    write(tmp_path / "gsm8k" / "test.jsonl", [])
    monkeypatch.setenv("NUMERATE_DATA", str(tmp_path))
    with pytest.raises(ValueError, match=r"gsm8k/test.jsonl has no problems"):
        check("gsm8k")


def test_a_folder_is_divided_into_splits_by_file_or_subfolder(tmp_path: Path):
    write(tmp_path / "train-00001-of-00002.jsonl", ROWS[2:])
    write(tmp_path / "train-00000-of-00002.jsonl", ROWS[:2])
    write(tmp_path / "test" / "part-0.jsonl", ROWS[:1])
    write(tmp_path / ".hidden.jsonl", ROWS)
    assert [problem.answer for problem in load(f"{tmp_path}/train")] == ["1", "2", "3", "4"]
    assert [problem.answer for problem in load(f"{tmp_path}/test")] == ["1"]
    assert [problem.answer for problem in load(str(tmp_path), split="test")] == ["1"]
    assert is_test_split(f"{tmp_path}/test") and not is_test_split(f"{tmp_path}/train")
    with pytest.raises(ValueError, match=r"has several splits, name one: .*/train, .*/test"):
        check(str(tmp_path))
    with pytest.raises(ValueError, match=r"has no split 'dev': .*/train"):
        check(f"{tmp_path}/dev")


def test_a_folder_with_one_split_needs_no_name(tmp_path: Path):
    write(tmp_path / "part-0.jsonl", ROWS[:2])
    write(tmp_path / "part-1.jsonl", ROWS[2:])
    assert len(load(str(tmp_path))) == 4


def test_a_file_beside_which_a_known_set_has_its_name_is_still_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    write(tmp_path / "gsm8k" / "mine.jsonl")
    monkeypatch.chdir(tmp_path)
    assert [problem.answer for problem in load("gsm8k/mine.jsonl")] == ["1", "2", "3", "4"]


def test_a_folder_without_data_says_what_it_should_hold(tmp_path: Path):
    with pytest.raises(ValueError, match=r"has no .jsonl, .ndjson, .json, .csv, .tsv, .parquet files"):
        check(str(tmp_path))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gsm9k", r"there is no problem set 'gsm9k': did you mean gsm8k"),
        ("gsm9k/train", r"there is no problem set 'gsm9k/train': did you mean gsm8k"),
        ("quiz", r"there is no problem set 'quiz': known are stories, gsm8k"),
        ("gsm8k/trian", r"problem set 'gsm8k': it has no split 'trian'; it has train, test, test-socratic"),
        ("prm800k", r"problem set 'prm800k': name one of its splits; it has train-phase1"),
        ("nowhere/mine.jsonl", r"there is no file or folder 'nowhere/mine.jsonl'"),
        ("./nowhere", r"there is no file or folder './nowhere'"),
    ],
)
def test_a_name_that_leads_nowhere_comes_with_a_suggestion(name: str, message: str):
    with pytest.raises(ValueError, match=message):
        check(name)
