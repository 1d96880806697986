"""numerate grade."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from numerate.answers import answer
from tests.command_line import call

ROWS = [
    {"id": 1, "reference": "1/2", "candidate": "0.5"},
    {"id": 2, "reference": "24", "solution": "48/2=24 clips. #### 24"},
    {"id": 3, "reference": "24", "candidate": "25"},
]


def test_grade_writes_a_verdict_per_line_in_order(tmp_path: Path) -> None:
    file, out = tmp_path / "in.jsonl", tmp_path / "new" / "out.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    done = call("grade", str(file), "--out", str(out), "--json", str(tmp_path / "n.json"))
    assert done.exit_code == 0, done.output
    verdicts = [json.loads(line) for line in out.read_text().splitlines()]
    assert [(v["id"], v["correct"]) for v in verdicts] == [(1, True), (2, True), (3, False)]
    assert verdicts[1]["answer"] == "24" and all("how" in v for v in verdicts)
    assert "2 of 3 right (66.7%)" in done.stderr
    assert json.loads((tmp_path / "n.json").read_text()) == {
        "right": 2, "wrong": 1, "bad": 0, "errors": 0,
    }  # fmt: skip
    assert sorted(path.name for path in out.parent.iterdir()) == ["out.jsonl"]


def test_grade_says_which_lines_are_bad_grades_the_others_and_exits_with_1() -> None:
    text = json.dumps(ROWS[0]) + "\n{]\n\n" + json.dumps({"candidate": "1"}) + "\n"
    done = call("grade", "-", input=text)
    assert done.exit_code == 1
    first, *bad = [json.loads(line) for line in done.stdout.splitlines()]
    assert first["correct"] is True and [row["line"] for row in bad] == [2, 4]
    assert "-:2: not JSON" in done.stderr and "2 lines could not be read" in done.stderr


def test_grade_names_a_missing_file_a_folder_and_a_file_that_it_would_overwrite(tmp_path: Path) -> None:
    done = call("grade", str(tmp_path / "none.jsonl"))
    assert done.exit_code == 2 and "does not exist" in done.stderr
    done = call("grade", str(tmp_path))
    assert done.exit_code == 2 and "is a folder" in done.stderr
    file = tmp_path / "in.jsonl"
    file.write_text(json.dumps(ROWS[0]))
    done = call("grade", str(file), "--out", str(tmp_path / "." / "in.jsonl"))
    assert done.exit_code == 2 and "is the input file" in done.stderr
    assert json.loads(file.read_text()) == ROWS[0]


TWO_ROWS = [
    {"id": "a", "reference": "7", "candidate": "7.0"},
    {"id": "b", "reference": "1,000", "candidate": "7"},
]
TWO_LINES = "".join(json.dumps(row) + "\n" for row in TWO_ROWS)
TABLE = 'id,reference,candidate\na,7,7.0\n\nb,"1,000",7\n'


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("rows.jsonl", TWO_LINES),
        ("rows.jsonl", "\ufeff" + TWO_LINES),
        ("rows.csv", TABLE),
        ("rows.csv", "\ufeff" + TABLE.replace("\n", "\r\n")),
        ("rows.tsv", "id\treference\tcandidate\na\t7\t7.0\nb\t1,000\t7\n"),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_grade_reads_tables_marks_and_packed_files(
    name: str, text: str, packed: bool, tmp_path: Path
) -> None:
    file = tmp_path / (f"{name}.gz" if packed else name)
    file.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    done = call("grade", str(file))
    assert done.exit_code == 0, done.output
    verdicts = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(verdict["id"], verdict["correct"]) for verdict in verdicts] == [("a", True), ("b", False)]


def test_grade_names_the_line_of_a_table_that_does_not_fit(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text('id,reference,candidate\n1,"7\n",7\n2,7,7,7\n3,,7\n')
    done = call("grade", str(file))
    verdicts = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.exit_code == 1
    assert [verdict.get("line") for verdict in verdicts] == [None, 4, 5]
    assert verdicts[0]["correct"] and '"reference" is missing' in verdicts[2]["error"]


def test_a_cell_of_a_table_may_be_long(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("id,reference,solution\n1,5,#### 5\n2,5," + "x " * 100_000 + "#### 5\n3,5,#### 5\n")
    done = call("grade", str(file))
    assert done.exit_code == 0, done.output
    assert [json.loads(line)["correct"] for line in done.stdout.splitlines()] == [True] * 3


def test_an_error_inside_the_grader_is_a_row_with_its_input_and_exits_with_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(normal: str) -> str:
        raise TypeError("a bug")

    monkeypatch.setattr(answer, "rewrite_notations", fails)
    answer._short_tree.cache_clear()
    rows = [ROWS[2], {"id": "bad", "reference": "\\sqrt{5}", "candidate": "5^{1/2}"}, ROWS[1]]
    file, out, counts = tmp_path / "in.jsonl", tmp_path / "out.jsonl", tmp_path / "n.json"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    done = call("grade", str(file), "--workers", "1", "--out", str(out), "--json", str(counts))
    assert done.exit_code == 1
    wrong, error, right = [json.loads(line) for line in out.read_text().splitlines()]
    assert (wrong["correct"], right["correct"]) == (False, True)
    assert error == {
        "id": "bad", "correct": False, "answer": "5^{1/2}", "how": "error", "exception": "TypeError: a bug",
        "reference": "\\sqrt{5}", "candidate": "5^{1/2}",
    }  # fmt: skip
    assert "1 of 3 right" in done.stderr and "1 answer caused an error of the grader" in done.stderr
    assert "TypeError: a bug, at" in done.stderr and "5^{1/2}" in done.stderr
    assert json.loads(counts.read_text()) == {"right": 1, "wrong": 1, "bad": 0, "errors": 1}


@pytest.mark.parametrize("workers", ["1", "2"])
def test_what_used_to_end_a_file_is_graded(tmp_path: Path, workers: str) -> None:
    pairs = [
        ("3", "3" + "\\frac3" * 20),
        ("0.877582561890373", "cos(0,5)"),
        ("2432902008176640000", "2.43290200817664e+18"),
        ("5", "\ud800"),
        ("5", " " * 5_000 + "x"),
        ("1", "((" * 3_000),
    ]
    file, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    lines = [json.dumps({"reference": reference, "candidate": candidate}) for reference, candidate in pairs]
    file.write_bytes(("\n".join(lines) + "\n").encode() + b'{"reference": "5", "candidate": "\xff\xfe"}\n')
    done = call("grade", str(file), "--workers", workers, "--out", str(out))
    assert done.exit_code == 0, done.output
    verdicts = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [v["correct"] for v in verdicts] == [False, False, True, False, False, False, False]
    done = call("grade", str(file))
    assert done.exit_code == 0 and len(done.stdout.splitlines()) == 7


def test_grade_names_the_fields_of_a_row_that_lacks_one_and_a_file_that_holds_no_lines(
    tmp_path: Path,
) -> None:
    done = call("grade", "-", input=json.dumps({"id": 1, "reference": "5", "response": "5"}))
    assert '"candidate" is missing (the row has id, reference, response)' in done.stderr
    assert "1 line could not be read" in done.stderr
    file = tmp_path / "rows.parquet"
    file.write_bytes(b"PAR1")
    done = call("grade", str(file))
    assert done.exit_code == 2 and "convert it to JSONL, CSV or TSV" in done.stderr


def test_lines_that_are_no_utf8_are_read_as_latin_1_and_named(tmp_path: Path) -> None:
    text = (
        '{"id": 1, "reference": "5", "candidate": "5"}\n{"id": 2, "reference": "5 €", "candidate": "6 €"}\n'
    )
    file, table = tmp_path / "rows.jsonl", tmp_path / "rows.csv"
    file.write_bytes(text.encode("cp1252"))
    table.write_bytes("id,reference,candidate\n1,5,5\n2,5 €,6 €\n".encode("cp1252"))
    for path, number in ((file, 2), (table, 3)):
        done = call("grade", str(path))
        first, second = (json.loads(line) for line in done.stdout.splitlines())
        assert done.exit_code == 0 and first["correct"], done.output
        assert not second["correct"] and second["answer"] == "6 €"
        assert f"{path}:{number}: is no UTF-8" in done.stderr


def test_a_column_that_comes_twice_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("id,reference,solution,solution\n1,5,5,6\n")
    done = call("grade", str(file))
    assert done.exit_code == 2 and "duplicate column" in done.stderr


def test_more_cells_than_columns_name_the_row(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("id,reference,candidate\nx,5,5,6\n")
    done = call("grade", str(file))
    row = json.loads(done.stdout)
    assert (row["id"], row["line"]) == ("x", 2) and "4 cells under 3 columns" in row["error"]


@pytest.mark.parametrize("name", ["ROWS.CSV", "rows.Csv", "rows.CSV.GZ"])
def test_endings_in_capitals_are_endings(name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_bytes(gzip.compress(TABLE.encode()) if name.endswith("GZ") else TABLE.encode())
    done = call("grade", str(file))
    assert done.exit_code == 0 and len(done.stdout.splitlines()) == 2, done.output


def test_a_json_list_is_read_and_a_table_without_its_ending_is_named(tmp_path: Path) -> None:
    file, table = tmp_path / "rows.json", tmp_path / "rows.txt"
    file.write_text(json.dumps(TWO_ROWS, indent=1))
    done = call("grade", str(file))
    assert [json.loads(line)["correct"] for line in done.stdout.splitlines()] == [True, False]
    table.write_text(TABLE)
    done = call("grade", str(table))
    assert done.exit_code == 2 and ".csv" in done.stderr
    table.write_text("{]\n" + TWO_LINES)
    done = call("grade", str(table))
    assert done.exit_code == 1 and len(done.stdout.splitlines()) == 3


@pytest.mark.parametrize("cell", ['"[""4"", ""7""]"', "7"])
def test_a_cell_may_hold_a_list_of_references(cell: str, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text(f"id,reference,solution\n1,{cell},The answer is 7.\n")
    assert json.loads(call("grade", str(file)).stdout)["correct"]
