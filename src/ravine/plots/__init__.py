"""Figures of what happened in training. Importing this package imports matplotlib, but opens no window."""

from ravine.plots.animation import animation
from ravine.plots.bands import plot_band
from ravine.plots.history import history_figure, plot_metric
from ravine.plots.landscape import plot_rates, plot_trajectories, plot_values, trajectory_figure

__all__ = [
    "animation",
    "history_figure",
    "plot_band",
    "plot_metric",
    "plot_rates",
    "plot_trajectories",
    "plot_values",
    "trajectory_figure",
]
