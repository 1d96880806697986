"""Two curves of one stage, one above the other: the same rounds, each with a scale of its own."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from numerate.report.plots import MUTED, STYLE, PlotLine, draw_curve, format_ordinate, render_svg


def plot_stacked(
    salt: str,
    name: str,
    drawn: Sequence[tuple[str, PlotLine, bool]],
    *,
    x: str,
    shaded: Sequence[tuple[float, float]] = (),
) -> Markup:
    """Draws curves above each other. drawn: (name of the ordinate, curve, whether its values are shares),
    from top to bottom. shaded: stretches of the abscissa, on all of them."""
    with mpl.rc_context(STYLE):  # pyright: ignore[reportArgumentType]
        figure = Figure(figsize=(7.6, 1.9 * len(drawn)), dpi=100, layout="constrained")
        FigureCanvasSVG(figure)
        panels = figure.subplots(len(drawn), sharex=True, squeeze=False)[:, 0]
        for axes, (label, line, percent) in zip(panels, drawn, strict=True):
            for low, high in shaded:
                axes.axvspan(low, high, color=MUTED, alpha=0.16, linewidth=0)
            draw_curve(axes, line)
            format_ordinate(axes, percent)
            axes.set_ylabel(label)
        panels[-1].set_xlabel(x)
        panels[-1].xaxis.set_major_locator(MaxNLocator(8, integer=True))
        return render_svg(figure, salt, name)
