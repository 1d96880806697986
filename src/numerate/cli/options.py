"""Options that several commands share, each with its help."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

from typer import Argument, Option

Json = Annotated[
    Path | None, Option("--json", metavar="FILE", help="Write what is shown as JSON too; - is stdout.")
]
Quiet = Annotated[bool, Option("--quiet", "-q", help="Show no progress, only the table.")]
Out = Annotated[Path, Option("--out", metavar="FOLDER", help="The folder that holds the folders of runs.")]
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
Temperature = Annotated[float, Option(min=0.01, metavar="X", help="Of the attempts.")]
TopP = Annotated[
    float,
    Option(min=0.01, max=1.0, metavar="X", help="Keep the likeliest tokens with this much probability."),
]
TopK = Annotated[int, Option(min=0, metavar="N", help="Keep this many likeliest tokens; 0 keeps all.")]
MaxTokens = Annotated[int, Option(min=1, metavar="N", help="Longest solution, in tokens.")]
Engine = Annotated[
    str, Option(metavar="KIND", help="What samples: local, vllm, or the address of a server, http://...")
]
Served = Annotated[
    str | None, Option("--served-as", metavar="NAME", help="What a server of several models calls this one.")
]
Slots = Annotated[int | None, Option(min=1, metavar="N", help="Attempts decoded at the same time.")]
Calculator = Annotated[
    bool, Option("--calculator", help="Give an attempt that writes <<48/2= what it is: 24>>. Local only.")
]
Redo = Annotated[
    bool, Option("--redo", help="Replace finished stages that a changed recipe concerns, without a question.")
]
Seed = Annotated[int, Option(metavar="N", help="Every random choice follows from it.")]
Device = Annotated[str, Option(metavar="NAME", help="auto, cpu, cuda, cuda:0, mps.")]
Dtype = Annotated[str, Option(metavar="NAME", help="auto, float32, bfloat16, float16.")]


def consent(question: str) -> bool:
    """Asks on a terminal whether to go on; where there is none, the answer is no."""
    import typer

    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    return typer.confirm(f"{question}. Go on?", err=True)


def engine(kind: str, **more: Any) -> dict[str, Any]:
    """The engine of a recipe, from the command line; options that were not given are left out."""
    given = {key: value for key, value in more.items() if value is not None}
    if kind.startswith(("http://", "https://")):
        return {"kind": "server", "url": kind, **given}
    return {"kind": kind, **given}
