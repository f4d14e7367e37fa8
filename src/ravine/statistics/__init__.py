"""Statistics over seeds: means with intervals, paired differences, tests."""

from ravine.statistics.intervals import Interval, differences, interval, paired_difference
from ravine.statistics.significance import LEAST_SEEDS, LEVEL, holm, least_seeds, sign_flip_test

__all__ = [
    "LEAST_SEEDS",
    "LEVEL",
    "Interval",
    "differences",
    "holm",
    "interval",
    "least_seeds",
    "paired_difference",
    "sign_flip_test",
]
