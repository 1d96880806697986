"""python -m numerate.interpreter: a program, run as a model's would be.

Its output and errors appear as they are; a last line on standard error says what the limits or the
confinement did. Exit code: 0 ok, 1 error, 2 a mistake of the caller's, 3 any other end."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from numerate.interpreter.layers import Isolation
from numerate.interpreter.local import isolation
from numerate.interpreter.options import InterpreterOptions, Limits
from numerate.interpreter.results import Execution, Executor

CODES = {"ok": 0, "error": 1}


def read_words(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m numerate.interpreter", description="Run a confined program.")
    parser.add_argument(
        "file", nargs="*", help="a program, - for standard input; with --session one per cell"
    )
    parser.add_argument("--timeout", type=float, default=5.0, help="seconds of wall time (default: 5)")
    parser.add_argument("--memory", type=int, default=1024, help="MiB of memory (default: 1024)")
    parser.add_argument(
        "--session", action="store_true", help="run files, or parts split by # %%%%, as cells"
    )
    parser.add_argument("--url", help="address of a SandboxFusion server, which runs it instead")
    parser.add_argument("--unconfined", action="store_true", help="run it even where nothing confines it")
    parser.add_argument("--layers", action="store_true", help="print the layers of this machine, and stop")
    return parser.parse_args(words)


def main(words: Sequence[str]) -> int:
    args = read_words(words)
    if args.layers:
        return print_layers(isolation())
    if not args.file:
        return fail("a file is needed, or - for standard input")
    if not (args.timeout > 0 and args.memory > 0):
        return fail("--timeout and --memory: expected more than 0")
    try:
        sources = [sys.stdin.read() if name == "-" else Path(name).read_text("utf-8") for name in args.file]
        options = InterpreterOptions(
            kind="sandbox_fusion" if args.url else "local",
            url=args.url,
            workers=1,
            limits=Limits(timeout=args.timeout, cpu=2 * args.timeout, memory=args.memory),
            unconfined=args.unconfined,
            cache=0,
        )
        python = options.make()
    except ValidationError as error:
        flaws = (": ".join(map(str, (*each["loc"][-1:], each["msg"]))) for each in error.errors())
        return fail("; ".join(flaws).replace("Value error, ", ""))
    except OSError as error:
        return fail(f"{error.filename} cannot be read: {error.strerror}" if error.filename else str(error))
    except ValueError as error:
        return fail(str(error))
    try:
        return run_session(python, sources) if args.session else run_programs(python, sources)
    finally:
        python.close()


def run_programs(python: Executor, sources: list[str]) -> int:
    return max(show(python.submit(source).result()) for source in sources)


def run_session(python: Executor, sources: list[str]) -> int:
    session = python.session()
    cells = [cell for source in sources for cell in split_cells(source)]
    code = max((show(session.submit(cell).result()) for cell in cells), default=0)
    session.close()
    return code


def split_cells(source: str) -> list[str]:
    """Returns the parts between lines that begin with # %%."""
    cells: list[list[str]] = [[]]
    for line in source.splitlines(keepends=True):
        if line.startswith("# %%"):
            cells.append([])
        else:
            cells[-1].append(line)
    return [cell for cell in map("".join, cells) if cell.strip()]


def show(result: Execution) -> int:
    """Prints an execution, and returns its exit code."""
    sys.stdout.write(result.stdout.encode("utf-8", "replace").decode())
    sys.stdout.flush()
    sys.stderr.write(result.stderr.encode("utf-8", "replace").decode())
    if result.status not in CODES:
        lost = ", the session's variables are lost" if result.session_lost else ""
        print(f"[{result.status} after {result.wall:.1f} s{lost}]", file=sys.stderr)
    return CODES.get(result.status, 3)


def print_layers(on_machine: Isolation) -> int:
    for layer in on_machine.layers:
        print(f"{layer.name:10} {'holds' if layer.holds else 'absent'}  {layer.detail}")
    print(on_machine.line())
    return 0 if on_machine.confined else 1


def fail(message: str) -> int:
    print(f"error: {message}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
