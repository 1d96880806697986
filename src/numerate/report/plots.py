"""Small figures as SVG that takes its colours and its type from the page.

Matplotlib draws with stand-in colours; `_adopt` turns them into the page's CSS variables, so that one drawing
serves light and dark. Text stays text. No date, no random ids, coordinates to a tenth of a pixel: same data,
same bytes."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FixedLocator, FuncFormatter, MaxNLocator, NullLocator

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
GLYPHS = ("●", "■", "▲", "◆", "▼", "✚", "✖", "★")  # the same shapes for the legend
COLOURS = len(GLYPHS)
FEW = 3
"""curves whose overlapping bands are distinguishable; bands of more curves are fainter"""
INK, MUTED, GRID, CARD = "#010203", "#020304", "#030405", "#040506"
VARIABLES = {INK: "--ink", MUTED: "--muted", GRID: "--grid", CARD: "--card"} | {
    f"#0a0b0{i}": f"--model-{i}" for i in range(COLOURS)
}
STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "numerate",
    "text.parse_math": False,
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "axes.edgecolor": GRID,
    "axes.labelcolor": MUTED,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "text.color": INK,
    "xtick.color": GRID,
    "ytick.color": GRID,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "ytick.major.size": 0,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
}


@dataclass(frozen=True, slots=True)
class PlotLine:
    """A curve in the colour and with the marker of a model."""

    colour: int
    points: Sequence[tuple[float, float]]
    band: Sequence[tuple[float, float, float]] = ()
    """(x, low, high)"""
    strength: float = 1.0
    """in (0, 1]; fainter lines lie behind"""


@dataclass(frozen=True, slots=True)
class Bars:
    """One bar per group in the colour of a model; None leaves a gap."""

    colour: int
    values: Sequence[tuple[float, float | None, float | None] | None]
    """(value, low, high) per group"""


def line_colour(index: int) -> str:
    return f"#0a0b0{index % COLOURS}"


def marker_shape(index: int) -> int:
    """Returns which shape a model has: where the colours begin again, they come with other shapes."""
    return (index + index // COLOURS) % len(GLYPHS)


def plot_lines(
    salt: str,
    name: str,
    lines: Sequence[PlotLine],
    *,
    x: str,
    percent: bool = False,
    doubling: bool = False,
    top: float | None = None,
    shares: bool = False,
    size: tuple[float, float] = (3.7, 2.35),
) -> Markup:
    """Draws curves with bands. percent: values are shares; doubling: the abscissa is logarithmic to base 2;
    top: the ordinate goes from 0 to there, so that neighbours can be compared; shares: both axes are shares
    from 0 to 1, with the diagonal to compare with."""
    with mpl.rc_context(STYLE):  # pyright: ignore[reportArgumentType]
        figure, axes = _panel(*size)
        tint = 0.16 if len(lines) <= FEW else 0.07
        for line in lines:
            draw_curve(axes, line, tint)
        axes.set_xlabel(x)
        if shares:
            _square(axes)
        elif doubling:
            _doubling(axes, sorted({x for line in lines for x, _ in line.points}))
        elif len(xs := {x for line in lines for x, _ in line.points}) == 1:
            axes.xaxis.set_major_locator(FixedLocator(list(xs)))
            axes.xaxis.set_major_formatter(FuncFormatter(_plain))
        else:
            axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        format_ordinate(axes, percent)
        if top is not None:
            axes.set_ylim(0, top)
        return render_svg(figure, salt, name)


def plot_stacked(
    salt: str,
    name: str,
    series: Sequence[tuple[str, PlotLine, bool]],
    *,
    x: str,
    shaded: Sequence[tuple[float, float]] = (),
) -> Markup:
    """Plots curves of one stage, one above the other: the same rounds, each with a scale of its own.

    series: (what the ordinate is called, the curve, whether its values are shares), from top to bottom.
    shaded: stretches of the abscissa, on all of them."""
    with mpl.rc_context(STYLE):  # pyright: ignore[reportArgumentType]
        figure = Figure(figsize=(7.6, 1.9 * len(series)), dpi=100, layout="constrained")
        FigureCanvasSVG(figure)
        panels = figure.subplots(len(series), sharex=True, squeeze=False)[:, 0]
        for axes, (label, line, percent) in zip(panels, series, strict=True):
            for low, high in shaded:
                axes.axvspan(low, high, color=MUTED, alpha=0.16, linewidth=0)
            draw_curve(axes, line)
            format_ordinate(axes, percent)
            axes.set_ylabel(label)
        panels[-1].set_xlabel(x)
        panels[-1].xaxis.set_major_locator(MaxNLocator(8, integer=True))
        return render_svg(figure, salt, name)


def draw_curve(axes: Axes, line: PlotLine, band: float = 0.16) -> None:
    tint = line_colour(line.colour)
    xs, ys = [x for x, _ in line.points], [y for _, y in line.points]
    sparse = len(xs) <= 40
    axes.plot(
        xs,
        ys,
        color=tint,
        alpha=line.strength if line.strength < 1 else None,
        linewidth=1.8 if sparse else 1.3,
        marker=MARKERS[marker_shape(line.colour)] if sparse else "",
        markersize=5.5,
        markeredgecolor=CARD,
        markeredgewidth=0.7,
        solid_capstyle="round",
        solid_joinstyle="round",
        zorder=3,
    )
    if line.band:
        lows, highs = [low for _, low, _ in line.band], [high for _, _, high in line.band]
        axes.fill_between([x for x, _, _ in line.band], lows, highs, color=tint, alpha=band, linewidth=0)


def plot_bars(
    salt: str,
    name: str,
    groups: Sequence[str],
    bars: Sequence[Bars],
    *,
    x: str = "",
    percent: bool = True,
    together: bool = False,
) -> Markup:
    """Draws grouped bars with intervals: upright where the names of the groups are short, else lying.

    percent: values are shares; together: every group has one bar, of whichever series has it."""
    upright = (
        max((len(line) for group in groups for line in group.split("\n")), default=0) <= 8
        and len(groups) <= 12
    )
    abreast = 1 if together else max(len(bars), 1)
    thick = 0.8 / max(abreast, 2)
    height = 2.35 if upright else max(1.5, 0.6 + len(groups) * max(0.34, 0.15 * abreast))
    with mpl.rc_context(STYLE):  # pyright: ignore[reportArgumentType]
        figure, axes = _panel(3.7, height)
        for index, series in enumerate(bars):
            offset = 0 if together else (index - (abreast - 1) / 2) * thick
            for group, value in enumerate(series.values):
                if value is not None:
                    _bar(axes, group + offset, thick, value, series, upright)
        near, far = (axes.xaxis, axes.yaxis) if upright else (axes.yaxis, axes.xaxis)
        near.set_major_locator(FixedLocator(list(range(len(groups)))))
        near.set_major_formatter(FixedFormatter(list(groups)))
        near.grid(False)
        far.set_major_formatter(FuncFormatter(_percent if percent else _plain))
        far.set_major_locator(MaxNLocator(5 if upright else 4))
        axes.tick_params(axis="both", length=0)
        if upright:
            axes.set_xlabel(x)
        else:
            axes.invert_yaxis()
        tops = [max(v for v in value if v is not None) for s in bars for value in s.values if value]
        (axes.set_ylim if upright else axes.set_xlim)(0, None if any(tops) else 1)
        return render_svg(figure, salt, name)


def _bar(
    axes: Axes,
    at: float,
    thick: float,
    value: tuple[float, float | None, float | None],
    series: Bars,
    upright: bool,
) -> None:
    middle, low, high = value
    draw = axes.bar if upright else axes.barh
    draw(at, middle, thick * 0.88, color=line_colour(series.colour), alpha=0.9, linewidth=0)
    if low is not None and high is not None:
        span = [[max(middle - low, 0.0)], [max(high - middle, 0.0)]]
        x, y = (at, middle) if upright else (middle, at)
        axes.errorbar(
            x,
            y,
            yerr=span if upright else None,
            xerr=None if upright else span,
            fmt="none",
            ecolor=INK,
            elinewidth=0.9,
            capsize=1.6,
            capthick=0.9,
            zorder=4,
        )


def _panel(width: float, height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height), dpi=100, layout="constrained")
    FigureCanvasSVG(figure)
    return figure, figure.add_subplot()


def format_ordinate(axes: Axes, percent: bool) -> None:
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.grid(False)
    if axes.dataLim.y0 == axes.dataLim.y1 == 0:  # matplotlib's own scale of zeros has ticks such as 0.045
        axes.set_ylim(0, 1)
    if percent:
        axes.yaxis.set_major_formatter(FuncFormatter(_percent))
        low, high = axes.get_ylim()
        axes.set_ylim(max(0.0, low), min(1.0, high) if high > 0.97 else high)
    else:
        axes.yaxis.set_major_formatter(FuncFormatter(_plain))


def _doubling(axes: Axes, ks: Sequence[float]) -> None:
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_locator(FixedLocator(list(ks)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _square(axes: Axes) -> None:
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=0.9, linestyle=(0, (3, 3)), zorder=2)
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(FuncFormatter(_percent))


def _percent(value: float, _position: Any = None) -> str:
    return f"{100 * value:g}%" if abs(100 * value - round(100 * value)) > 1e-6 else f"{round(100 * value)}%"


def _plain(value: float, _position: Any = None) -> str:
    return f"{value:.4g}"


def render_svg(figure: Figure, salt: str, name: str) -> Markup:
    out = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # letters that DejaVu lacks: the page's fonts will have them
        figure.savefig(
            out, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
        )
    return Markup(ElementTree.tostring(_adopt(out.getvalue(), salt, name), encoding="unicode"))


def _adopt(svg: bytes, salt: str, name: str) -> ElementTree.Element:
    """Makes the drawing part of a page: no namespaces, ids of its own, the page's colours and fonts."""
    root = ElementTree.fromstring(svg)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        for key, value in list(element.attrib.items()):
            del element.attrib[key]
            element.set(key.rpartition("}")[2], _attribute(key, value, salt))
    for child in [child for child in root if child.tag == "metadata"]:
        root.remove(child)
    for key in ("width", "height", "version"):
        root.attrib.pop(key, None)
    root.set("role", "img")
    root.set("aria-label", name)
    return root


def _attribute(key: str, value: str, salt: str) -> str:
    if key == "id":
        return f"{salt}-{value}"
    if key.endswith("href") and value.startswith("#"):
        return f"#{salt}-{value[1:]}"
    value = re.sub(r"url\(#", f"url(#{salt}-", value)
    if key in ("d", "transform", "x", "y", "width", "height", "points"):
        value = re.sub(r"-?\d+\.\d+", lambda match: f"{float(match[0]):.1f}", value)
    if key == "style":
        value = re.sub(r"font: ([\d.]+)px [^;]+", r"font-size: \1px", value)
        for stand_in, variable in VARIABLES.items():
            value = value.replace(stand_in, f"var({variable})")
    return value
