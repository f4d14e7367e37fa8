"""A comparison that is killed at any moment goes on where it was, and ends with the same numbers."""

import os
import subprocess
import sys
import textwrap

import pytest

# Each attempt is a process of its own, forked from one that has imported everything and begun nothing.
DRIVER = """
    import json, os, pathlib, random, signal, sys, time, warnings
    import numpy as np
    import ravine
    from ravine import Input, Sequential, loguniform, optimizers
    from ravine.callbacks import EarlyStopping
    from ravine.layers import Dense
    from ravine.model import population

    warnings.filterwarnings("ignore", message=".*fork.*")
    folder, kills = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2000, 6)).astype(np.float32)
    y = (x[:, 0] + x[:, 1] ** 2 > 0.5).astype(np.int32)

    def model():
        return Sequential([Input((6,)), Dense(100, activation="relu"), Dense(2, activation="softmax")])

    def study(name):
        result = ravine.compare(
            {"sgd": optimizers.SGD(momentum=0.9), "adam": "adam"}, x, y,
            model=model, loss="sparse_categorical_crossentropy", metrics=["accuracy"], epochs=40, seeds=8, verbose=0,
            batch_size=800, callbacks=[EarlyStopping("val_loss", patience=5, restore_best_weights=True)],
            tune={"learning_rate": loguniform(1e-3, 1)}, trials=4, out=folder / f"{name}.jsonl",
        )
        result.to_json(folder / f"{name}.json")

    def start(name):
        child = os.fork()
        if not child:
            study(name)
            os._exit(0)
        return child

    def whole(name):
        _, status = os.waitpid(start(name), 0)
        assert status == 0, status
        found = json.loads((folder / f"{name}.json").read_text())
        del found["crc32"]  # of how long it took, too
        for run in (*found["runs"], *found["trials"]):
            run["seconds"] = None
        for summary in found["summaries"]:
            summary["seconds"] = summary["seconds_to_target"] = None
        return found

    whole("first")  # fills the cache of programs
    begun = time.perf_counter()
    expected = whole("undisturbed")
    seconds = time.perf_counter() - begun
    assert len(expected["runs"]) == 16 and not any(run["error"] for run in expected["runs"])
    def lines(name):
        path = folder / f"{name}.jsonl"
        return path.read_bytes().count(b"\\n") if path.exists() else 0

    def killed_after(name, count, delay):
        '''How many lines there were when it was killed, soon after there were ``count``; None where it had ended.'''
        child, status = start(name), None
        while status is None and lines(name) < count:
            time.sleep(0.001)
            ended, code = os.waitpid(child, os.WNOHANG)
            status = code if ended else None
        if status is None:
            time.sleep(delay)
            os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status) or status == 0, status
        return lines(name) if os.WIFSIGNALED(status) else None

    # By what is done, not by the clock: so that it is met at different points however fast the machine is.
    chance, name, cut, total = random.Random(0), 0, [], lines("undisturbed")
    while len(cut) < kills:
        few = min(5, kills - len(cut))
        for i in range(few):
            count = int((i + chance.random()) / few * total)
            # Once begun, it has its turn for at least one more line.
            count = max(count, lines(name) + 1) if lines(name) else count
            killed = killed_after(name, count, chance.uniform(0, 2) * seconds / total)
            if killed is None:
                break
            cut.append(killed)
        assert whole(name) == expected, name
        name += 1
    print("killed after lines", cut, "of", total)
    print("different", len(set(cut)))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("kills", [4, pytest.param(20, marks=pytest.mark.slow)])
def test_killed_at_any_moment_it_ends_with_the_same_numbers(tmp_path, kills):
    script = tmp_path / "driver.py"
    script.write_text(textwrap.dedent(DRIVER))
    environment = {**os.environ, "RAVINE_CACHE": str(tmp_path / "cache")}
    command = [sys.executable, str(script), str(tmp_path), str(kills)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    assert int(done.stdout.split("different")[1]) > 1, done.stdout  # the kills met it at different points
