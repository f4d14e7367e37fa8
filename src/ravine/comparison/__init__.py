"""Comparing fairly: contenders tuned alike, run from paired seeds, compared with intervals."""

from ravine.comparison.comparing import compare
from ravine.comparison.findings import Contrast, Summary
from ravine.comparison.protocol import Protocol
from ravine.comparison.records import Run
from ravine.comparison.result import Comparison
from ravine.comparison.searching import SearchResult, search
from ravine.comparison.spaces import loguniform, uniform
from ravine.comparison.splits import hold_out

__all__ = [
    "Comparison",
    "Contrast",
    "Protocol",
    "Run",
    "SearchResult",
    "Summary",
    "compare",
    "hold_out",
    "loguniform",
    "search",
    "uniform",
]
