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


def target(path: Path | None) -> Path | None:
    """Returns a path that a command is going to write to. Raises ValueError, before anything long begins,
    where no file can be written."""
    from numerate.store import is_stream

    if path is None or str(path) == "-":
        return path
    if path.is_dir():
        raise ValueError(f"{path} is a folder: name a file to write to")
    if is_stream(path):
        return path
    parent = next(folder for folder in path.absolute().parents if folder.exists())
    return writable(path, parent)


def folder_of_runs(path: Path) -> Path:
    """Returns the path of --out. Raises ValueError where no folder can be made or written to."""
    return writable(path, next(part for part in (path, *path.absolute().parents) if part.exists()))


def writable(path: Path, parent: Path) -> Path:
    if not parent.is_dir():
        raise ValueError(f"{path}: {parent} is a file and no folder: name another place to write to")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise ValueError(f"{path}: the folder {parent} cannot be written to: name another place")
    return path


def keep_inputs(files: Iterable[Path], **targets: Path | None) -> None:
    """Raises ValueError where an option names one of the files that are read, or two name one file."""
    seen = {file.resolve(): "the file that is read" for file in files if str(file) != "-"}
    for option, path in targets.items():
        if path is None or str(path) == "-":
            continue
        if path.resolve() in seen:
            raise ValueError(f"--{option} {path} is {seen[path.resolve()]}: name another one")
        seen[path.resolve()] = f"the file of --{option}"


Json = Annotated[
    Path | None,
    Option("--json", metavar="FILE", callback=target, help="Write what is shown as JSON too; - is stdout."),
]
Counts = Annotated[
    Path | None, Option("--json", metavar="FILE", callback=target, help="Write the counts as JSON.")
]
Quiet = Annotated[bool, Option("--quiet", "-q", help="Show no progress, only warnings and results.")]
Out = Annotated[
    Path,
    Option(
        "--out",
        metavar="FOLDER",
        callback=folder_of_runs,
        help="The folder that holds the folders of runs.",
    ),
]
Trust = Annotated[
    list[str] | None,
    Option(
        "--trust",
        metavar="MODULE",
        help="Let the recipe run functions of this module and those below it, or VARIABLE@http://SERVER: "
        "send this API key there; may be given several times. Also NUMERATE_TRUST=a,b.",
    ),
]
Limit = Annotated[int | None, Option(min=1, metavar="N", help="Only the first so many problems of a set.")]

Model = Annotated[
    str,
    Argument(
        metavar="MODEL",
        help="numerate/pico, a directory such as runs/quickstart/stages/ei/model, or a hub id.",
    ),
]
Prompt = Annotated[
    str, Option(metavar="STYLE", help="How a problem is put to the model: plain, qa, cot, boxed, chat.")
]
Temperature = Annotated[float, Option(min=0.01, metavar="X", help="Of the samples.")]
TopP = Annotated[
    float,
    Option(min=0.01, max=1.0, metavar="X", help="Keep the likeliest tokens with this much probability."),
]
TopK = Annotated[int, Option(min=0, metavar="N", help="Keep this many likeliest tokens; 0 keeps all.")]
MaxTokens = Annotated[int, Option(min=1, metavar="N", help="Longest solution, in tokens.")]
Engine = Annotated[
    str,
    Option(metavar="KIND", help=f"What samples: {', '.join(ENGINES)}; for a server its address, http://..."),
]
Served = Annotated[
    str | None, Option("--served-as", metavar="NAME", help="What a server of several models calls this one.")
]
Slots = Annotated[int | None, Option(min=1, metavar="N", help="Samples decoded at the same time.")]
Calculator = Annotated[
    bool, Option("--calculator", help="Give a sample that writes <<48/2= what it is: 24>>. Local only.")
]
Redo = Annotated[
    bool, Option("--redo", help="Replace finished stages that a changed recipe concerns, without a question.")
]
Seed = Annotated[int, Option(metavar="N", help="Every random choice follows from it.")]
Device = Annotated[str, Option(metavar="NAME", help="auto, cpu, cuda, cuda:0, mps.")]
Dtype = Annotated[str, Option(metavar="NAME", help="auto, float32, bfloat16, float16.")]


def ask(question: str) -> bool:
    """Asks on a terminal whether to go on; where there is none, the answer is no."""
    import typer

    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    return typer.confirm(f"{question}. Go on?", err=True)


def engine_settings(kind: str, **more: Any) -> dict[str, Any]:
    """Returns the engine of a recipe, from the command line, without the options that are None. Raises
    ValueError for an option that this kind of engine does not have."""
    chosen = {key: value for key, value in more.items() if value is not None}
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


OPTION_NAMES = {"model": "--served-as", "slots": "--slots", "calculator": "--calculator"}
"""key of an engine -> its option"""
