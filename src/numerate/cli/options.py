"""Options that several commands share, each with its help."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

from typer import Argument, Option

from numerate.rollouts.engines import ENGINES
from numerate.tool_formats import NAMES


def target(path: Path | None) -> Path | None:
    """Returns a path that a command is going to write to. Raises ValueError, before anything long begins,
    where no file can be written."""
    from numerate.store import follow_links, is_stream

    if path is None or str(path) == "-":
        return path
    if path.is_dir():
        raise ValueError(f"{path} is a folder: name a file to write to")
    if is_stream(path):
        return path
    return writable(path, nearest(follow_links(path).parent))


def folder_of_runs(path: Path) -> Path:
    """Returns the path of --out. Raises ValueError where no folder can be made or written to."""
    return writable(path, nearest(path))


def nearest(folder: Path) -> Path:
    """Returns what exists of a path: itself or the nearest above it, also behind links to what is absent."""
    from numerate.store import follow_links

    for part in (folder, *folder.absolute().parents):
        if part.exists():
            return part
        if part.is_symlink():
            return nearest(follow_links(part))
    return folder.absolute()


def writable(path: Path, parent: Path) -> Path:
    if not parent.is_dir():
        raise ValueError(f"{path}: {parent} is a file, not a folder: name another path")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise ValueError(f"{path}: the folder {parent} is not writable: name another path")
    return path


def keep_inputs(files: Iterable[Path], **targets: Path | None) -> None:
    """Raises ValueError where an option names one of the files that are read, or two name one file."""
    real = os.path.realpath  # of a loop of links too, for which Path.resolve raises RuntimeError
    seen = {real(file): "the input file" for file in files if str(file) != "-"}
    for option, path in targets.items():
        if path is None or str(path) == "-":
            continue
        if real(path) in seen:
            raise ValueError(f"--{option} {path} is {seen[real(path)]}: name another one")
        seen[real(path)] = f"the file of --{option}"


Json = Annotated[
    Path | None,
    Option("--json", metavar="FILE", callback=target, help="Also write the results as JSON; - is stdout."),
]
Counts = Annotated[
    Path | None, Option("--json", metavar="FILE", callback=target, help="Also write the counts as JSON.")
]
Quiet = Annotated[bool, Option("--quiet", "-q", help="Print warnings and results only, no progress.")]
Out = Annotated[
    Path,
    Option(
        "--out",
        metavar="FOLDER",
        callback=folder_of_runs,
        help="Parent folder of the run folders.",
    ),
]
Trust = Annotated[
    list[str] | None,
    Option(
        "--trust",
        metavar="MODULE",
        help="Allow functions of this module and its submodules, or with VARIABLE@http://SERVER, sending "
        "this API key to that server. Repeatable. Also NUMERATE_TRUST=a,b.",
    ),
]
Limit = Annotated[int | None, Option(min=1, metavar="N", help="Use only the first N problems of a set.")]

Model = Annotated[
    str,
    Argument(
        metavar="MODEL",
        help="numerate/pico, a model directory such as runs/quickstart/stages/ei/model, or a hub id.",
    ),
]
Prompt = Annotated[str, Option(metavar="STYLE", help="Prompt style: plain, qa, cot, boxed, chat, mario.")]
Temperature = Annotated[float, Option(min=0.01, metavar="X", help="Sampling temperature.")]
TopP = Annotated[
    float,
    Option(min=0.01, max=1.0, metavar="X", help="Nucleus sampling: cumulative probability to keep."),
]
TopK = Annotated[int, Option(min=0, metavar="N", help="Keep the N most likely tokens; 0 keeps all.")]
MaxTokens = Annotated[int, Option(min=1, metavar="N", help="Maximum length of a solution, in tokens.")]
Engine = Annotated[
    str,
    Option(metavar="KIND", help=f"Sampling engine: {', '.join(ENGINES)}, or a server's address, http://..."),
]
Served = Annotated[
    str | None, Option("--served-as", metavar="NAME", help="Name of the model on a server of several models.")
]
Slots = Annotated[int | None, Option(min=1, metavar="N", help="Samples decoded in parallel.")]
Calculator = Annotated[
    bool, Option("--calculator", help="Insert the results of calculations, 24>> after <<48/2=. Local only.")
]
Tools = Annotated[
    str | None,
    Option(metavar="FORMAT", help=f"Run the programs that the model calls in this format: {NAMES}."),
]
Redo = Annotated[
    bool, Option("--redo", help="Replace completed stages that the changed recipe affects, unprompted.")
]
Seed = Annotated[int, Option(metavar="N", help="Random seed.")]
Device = Annotated[str, Option(metavar="NAME", help="Device: auto, cpu, cuda, cuda:0, mps.")]
Dtype = Annotated[str, Option(metavar="NAME", help="Data type: auto, float32, bfloat16, float16.")]


def ask(question: str) -> bool:
    """Requests confirmation on a terminal; returns False without a terminal."""
    import typer

    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    return typer.confirm(f"{question}. Continue?", err=True)


def engine_settings(kind: str, *, tools: str | None = None, **more: Any) -> dict[str, Any]:
    """Returns the engine of a recipe, from the command line, without the options that are None. tools: the
    format of calls. Raises ValueError for an option that this kind of engine does not have."""
    chosen = {key: value for key, value in more.items() if value is not None}
    if tools is not None:
        chosen["tools"] = {"format": tools}
    if kind.startswith(("http://", "https://")):
        kind, chosen = "server", {"url": kind, **chosen}
    elif re.fullmatch(r"[\w.-]+:\d+(/.*)?", kind):
        raise ValueError(f"--engine {kind}: write the address of a server as http://{kind}")
    from dataclasses import fields

    from numerate.rollouts.engines import options_class

    keys = {name: {field.name for field in fields(options_class(name))} for name in ENGINES}  # pyright: ignore[reportArgumentType]
    for key, option in OPTION_NAMES.items():
        kinds = [name for name in ENGINES if key in keys[name]]
        if key in chosen and kind in ENGINES and kind not in kinds:
            raise ValueError(f"{option} is for --engine {' or '.join(kinds)}, not for {kind}: leave it out")
    return {"kind": kind, **chosen}


OPTION_NAMES = {"model": "--served-as", "slots": "--slots", "calculator": "--calculator", "tools": "--tools"}
"""key of an engine -> its option"""
