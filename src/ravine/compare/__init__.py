"""Comparing fairly: statistics over seeds."""

from ravine.compare.intervals import Interval, interval, paired_difference

__all__ = ["Interval", "interval", "paired_difference"]
