"""The command line. Every command imports what it needs when it runs, so that `--help` answers at once."""

from numerate.cli import catalog, doctor, eval, grade, judge, report, run, select, shootout, terminal
from numerate.cli.app import app
from numerate.models import process_tuning

__all__ = ["catalog", "doctor", "eval", "grade", "judge", "main", "report", "run", "select", "shootout"]


def main() -> None:
    process_tuning.end_with_parent()
    process_tuning.tune_process()
    terminal.guard_output()
    app(prog_name="numerate")
