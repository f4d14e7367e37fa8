"""A NumPy loop over paths: each is walked by itself. Of the 10,000 it walks 100, and its time is scaled up."""

import time

import numpy as np
from paths import COMPARED, PATHS, STEPS, mean_value, starts
from protocol import Turn, job, serve

start = starts()


def walk(x: np.ndarray) -> np.ndarray:
    rate, points = job["learning_rate"], np.empty((STEPS + 1, 2), "float32")
    m, v, points[0] = np.zeros(2, "float32"), np.zeros(2, "float32"), x
    for t in range(1, STEPS + 1):
        g = np.array([2 * x[0] - x[1], 8 * x[1] - x[0]], "float32")
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g * g
        x = x - rate * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-7)
        points[t] = x
    return points


def train(count: int, each: bool) -> Turn:
    began = time.perf_counter()
    for _ in range(count):
        ends = [walk(x)[-1] for x in start[:COMPARED]]
    seconds = (time.perf_counter() - began) * PATHS / COMPARED
    return {"losses": [mean_value(ends)] * count, "val_losses": [], "each": None, "seconds": seconds}


serve(train, "numpy")
