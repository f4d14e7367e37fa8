"""What every peer shares: its job, its data, and the conversation with the driver.

The driver starts a peer with its job as one JSON argument. The peer sets itself up, trains one turn to warm up and
prints `{"ready": ...}`. Then each line on its standard input, `run N` or `each N` (which wants a time for every epoch),
trains N epochs further, and one line of JSON answers. Between its turns a peer should sleep: `idle` in its answer is
the share of a core that it took all the same.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

# Libraries print where they like; the driver's line must carry nothing else.
_answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

job: dict[str, Any] = json.loads(sys.argv[1])
"""The workload's fields, with `path` (its .npz file), `settings` (this peer's own), `warm_up` and `seed`."""

Turn = dict[str, Any]
"""`losses` and `val_losses` by epoch, and `each`, the seconds of each epoch, where watching them costs nothing."""


def load() -> tuple[Any, Any, Any, Any]:
    """x, y, x_val, y_val: float32 rows, pixels in [0, 1], integer labels; the last two may be empty."""
    import numpy as np

    with np.load(job["path"]) as file:
        x, y = file["x_train"], file["y_train"]
    x = x.reshape(len(x), -1)
    x = x.astype("float32") / 255 if x.dtype == np.uint8 else x.astype("float32")
    y = y.astype("int32") if job["loss"] == "crossentropy" else y.astype("float32").reshape(len(y), -1)
    n, m = job["rows"], job["rows"] + job["validation_rows"]
    return x[:n].copy(), y[:n].copy(), x[n:m].copy(), y[n:m].copy()


def serve(train: Callable[[int, bool], Turn], *packages: str) -> None:
    """Answer the driver until it hangs up. `train(epochs, each)` trains that many epochs further."""

    def turn(epochs: int, each: bool = False) -> Turn:
        start = time.perf_counter()
        answer = train(epochs, each)
        return {"seconds": time.perf_counter() - start, **answer}

    ready = turn(job["warm_up"])
    _say({"ready": ready, "versions": {name: version(name) for name in packages}})
    cpu, clock = time.process_time(), time.perf_counter()
    for line in sys.stdin:
        command, epochs = line.split()
        idle = (time.process_time() - cpu) / (time.perf_counter() - clock)
        _say({"idle": idle, **turn(int(epochs), command == "each")})
        cpu, clock = time.process_time(), time.perf_counter()


def _say(answer: Turn) -> None:
    print(json.dumps(answer), file=_answers, flush=True)
