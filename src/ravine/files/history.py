"""A run's record as a table."""

from __future__ import annotations

import csv
import io
import os

from ravine.files.atomic import replacing
from ravine.training.history import History


def save_csv(history: History, path: str | os.PathLike[str]) -> None:
    """Write ``history`` to ``path``: one row an epoch, counted from 1; the loss, the metrics, then their validation.

    An epoch without validation leaves those cells empty. Numbers are written so that they read back exactly.
    """
    names = sorted(history.names, key=lambda name: name != "loss")
    keys = names + [f"val_{name}" for name in names if f"val_{name}" in history.history]
    columns = {key: dict(zip(history.epochs_of(key), history.history[key], strict=True)) for key in keys}
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["epoch", *keys])
    for epoch in history.epoch:
        table.writerow([epoch + 1, *(columns[key].get(epoch, "") for key in keys)])
    with replacing(path) as file:
        file.write(text.getvalue().encode())
