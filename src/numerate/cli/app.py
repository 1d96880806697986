"""The command-line application: error messages and exit codes of all commands.

Invalid input prints one block of text and exits with code 2; Ctrl-C exits with 130."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import typer
from typer.core import TyperGroup

from numerate.cli import terminal
from numerate.cli.extras import known_extras
from numerate.rollouts.address import redact_logins
from numerate.types import NotFinite, RunStopped

SMALLER = (
    "completed work is kept, and the same command resumes; set a smaller micro_tokens or head_mib in fit, "
    "fewer slots in engine, an adapter (lora_rank), or a smaller model"
)
LEFT = ("Connection closed by peer", "Connection reset by peer")
"""texts in the errors of a process that waits for a process that has ended"""
GO_ON = {
    "run": "Completed work is kept: the same command resumes.",
    "shootout": "Completed work is kept: the same command resumes.",
    "eval": "Stored samples are kept: the same command resumes.",
    "judge": "With --out, stored scores are kept: the same command resumes.",
}
ORDER = (
    "run",
    "shootout",
    "eval",
    "solve",
    "grade",
    "judge",
    "select",
    "report",
    "compare",
    "problems",
    "recipes",
    "schema",
    "doctor",
)
"""order of the commands in --help"""


ALSO_CALLED = {
    "benchmark": "eval",
    "data": "problems",
    "datasets": "problems",
    "evaluate": "eval",
    "generate": "solve",
    "help": "--help",
    "resume": "run",
    "sample": "solve",
    "score": "judge",
    "train": "run",
    "version": "--version",
}
"""name of a command in other tools -> the command"""


class Commands(TyperGroup):
    """Maps the exceptions of a command to a message and an exit code."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Resolves a command by name. Raises ValueError with a suggestion for an unknown command."""
        if not args or args[0].startswith("-") or args[0] in self.commands:
            return super().resolve_command(ctx, args)
        raise ValueError(f"there is no command {args[0]!r}{suggest_command(args[0], self.commands)}")

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted(super().list_commands(ctx), key=ORDER.index)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            hint = GO_ON.get(ctx.invoked_subcommand or "", "")
            terminal.echo(f"\nStopped. {hint}".rstrip(), err=True)
            raise typer.Exit(130) from None
        except (ValueError, OSError, ModuleNotFoundError, MemoryError, RuntimeError) as error:
            if os.environ.get("NUMERATE_DEBUG") or not (message := describe_error(error)):
                raise
            everywhere = isinstance(error, NotFinite) or getattr(error, "everywhere", False)
            if os.environ.get("RANK", "0") == "0" or not everywhere:
                print_complaint(message)
            stopped = isinstance(error, RunStopped | MemoryError | RuntimeError)
            raise typer.Exit(1 if stopped else 2) from None


def suggest_command(word: str, commands: Iterable[str]) -> str:
    """Returns `; did you mean 'run'?` in the words of the command line."""
    from numerate import recipes
    from numerate.config.messages import suggest_word

    if word in recipes.recipe_names() or word.endswith((".yaml", ".yml")):
        return f"; to run that recipe: numerate run {word}"
    if command := ALSO_CALLED.get(word.lower()):
        return f"; did you mean {command!r}?"
    return suggest_word(word, commands)


def describe_error(error: Exception) -> str:
    """Returns the message for the user, empty for errors that the user cannot correct."""
    if isinstance(error, ModuleNotFoundError):
        lacking = (error.name or "").partition(".")[0]
        extra = next((extra for extra, modules in known_extras().items() if lacking in modules), "")
        return f"this needs {lacking}: pip install 'numerate[{extra}]'" if extra else ""
    if lacks_memory(error):
        detail = next(iter(str(error).splitlines()), type(error).__name__)
        return f"out of memory ({detail}): {SMALLER}"
    if isinstance(error, RuntimeError) and any(text in str(error) for text in LEFT):
        return "another process of this run has ended, see its message; completed work is kept"
    if isinstance(error, BrokenPipeError | RuntimeError):
        return ""
    if isinstance(error, OSError):
        return f"{error.filename or 'the system'}: {error.strerror}" if error.strerror else str(error)
    return str(error)


def lacks_memory(error: Exception) -> bool:
    """Checks whether an error means lack of memory: Python's, and torch's on a GPU and on a CPU."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError) and "can't allocate memory" in str(error)


def print_complaint(message: str) -> None:
    """Prints a block on stderr, red on a terminal, without logins of servers."""
    lines = redact_logins(message).splitlines() or ["something went wrong"]
    head = "error: " if len(lines) == 1 else f"{len(lines)} errors:\n  "
    text = head + "\n  ".join(lines)
    terminal.echo(text, err=True, color="red")


app = typer.Typer(
    name="numerate",
    cls=Commands,
    help=(
        "Train language models to solve mathematics problems, and evaluate them.\n\n"
        "\b\nGet started:\n"
        "  numerate run quickstart              train a small model on word problems, in minutes\n"
        "  numerate recipes                     list the shipped recipes\n"
        '  numerate solve runs/quickstart/stages/ei/model "Tom has 3 apples and buys 5. How many?"\n'
    ),
    epilog="Invalid input exits with code 2 and one message; NUMERATE_DEBUG=1 prints the traceback.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def show_version(show: bool) -> None:
    if show:
        from numerate import __version__

        terminal.echo(f"numerate {__version__}")
        raise typer.Exit


@app.callback()
def root_options(
    version: bool = typer.Option(
        False, "--version", callback=show_version, is_eager=True, help="Show the version."
    ),
) -> None:
    pass
