"""Figures of what happened in training. Importing this package imports matplotlib, but opens no window."""

from ravine.plots.history import history_figure, plot_metric

__all__ = ["history_figure", "plot_metric"]
