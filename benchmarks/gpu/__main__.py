"""Command line: python -m benchmarks.gpu; see the package for what it writes."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks.gpu.report import parity_fails, print_report
from benchmarks.gpu.sections import planned, run_sections
from benchmarks.gpu.settings import Row, Settings
from benchmarks.gpu.shapes import SHAPES, TOY
from benchmarks.inputs import check_parent

SCHEMA = 1


def main(
    json_file: Annotated[
        Path, typer.Option("--json", callback=check_parent, help="the results, written after every section")
    ] = Path("gpu.json"),
    budget: Annotated[float, typer.Option(min=1, help="seconds for everything")] = 600.0,
    only: Annotated[str, typer.Option(help="sections whose name begins so, separated by commas")] = "",
    shapes: Annotated[str, typer.Option(help=f"of {', '.join(SHAPES)}")] = "",
    device: Annotated[str, typer.Option(help="cuda, cuda:0")] = "cuda",
    peak: Annotated[float, typer.Option(min=0, help="TFLOP/s of a card that is not in the table")] = 0.0,
    rounds: Annotated[int, typer.Option(min=1, help="of a measurement, whose median counts")] = 3,
    toy: Annotated[bool, typer.Option(help="every path at toy size on a CPU")] = False,
) -> None:
    """Check parity and measure speed on one card."""
    names = [name for name in shapes.split(",") if name]
    if unknown := [name for name in names if name not in SHAPES | TOY]:
        raise typer.BadParameter(f"no shape {unknown[0]!r}: choose from {', '.join(SHAPES)}")
    settings = Settings.toy() if toy else Settings(device=device, peak=peak, rounds=rounds)
    if not toy:
        check_device(device)
    wanted = tuple(part for part in only.split(",") if part) or ("",)
    sections = [section for section in planned(names, toy) if section.name.startswith(wanted)]
    if not sections:
        raise typer.BadParameter(f"no section begins with {only!r}: try parity, sampling, update or vllm")
    options: dict[str, Any] = {
        "budget": budget,
        "only": only,
        "shapes": names,
        "toy": toy,
        **asdict(settings),
    }

    def keep(entries: list[Row]) -> None:
        part = json_file.with_name(f".{json_file.name}.part")
        text = json.dumps({"schema": SCHEMA, "options": options, "sections": entries}, indent=1)
        part.write_text(text + "\n", encoding="utf-8")
        part.replace(json_file)

    entries = run_sections(sections, settings, budget, keep)
    print_report(entries)
    print(f"\n{json_file}")
    if parity_fails(entries):
        raise typer.Exit(1)


def check_device(device: str) -> None:
    from numerate.models import device as device_check

    if not device.startswith("cuda"):
        raise typer.BadParameter(f"device {device!r} is no card: choose cuda or cuda:0, or --toy on a CPU")
    try:
        device_check.check_device(device)
    except ValueError as error:
        message = str(error).partition(";")[0]
        raise typer.BadParameter(f"{message}; on a CPU run --toy") from error


if __name__ == "__main__":
    typer.run(main)
