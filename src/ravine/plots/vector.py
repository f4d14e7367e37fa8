"""Figures as SVG."""

from __future__ import annotations

import io

import matplotlib
from matplotlib.figure import Figure


def svg(figure: Figure) -> bytes:
    """``figure`` as SVG, with letters as outlines; the same figure gives the same bytes."""
    buffer = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "ravine"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()
