"""The command line. Every command imports what it needs when it runs, so that `--help` answers at once."""

from numerate.cli import browse, doctor, grade, judge, measure, pages, select, shootout, terminal, train
from numerate.cli.app import app
from numerate.models import process

__all__ = ["browse", "doctor", "grade", "judge", "main", "measure", "pages", "select", "shootout", "train"]


def main() -> None:
    process.end_with_parent()
    process.tune()
    terminal.guard()
    app(prog_name="numerate")
