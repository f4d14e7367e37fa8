"""A training that is killed at any moment goes on from its checkpoint, and ends with the same bits."""

import os
import subprocess
import sys
import textwrap

import pytest

# Each attempt is a process of its own, forked from one that has imported everything and begun nothing. It tells of each
# epoch that it begins; it is killed a little after it told of a chosen one, so at a moment that no machine's speed
# decides: in a save, in a training step, in a compilation.
DRIVER = """
    import hashlib, os, pathlib, random, signal, sys, time, warnings
    import jax
    import numpy as np
    from ravine import Input, Sequential, layers, optimizers
    from ravine.callbacks import Callback, EarlyStopping, LearningRateScheduler, ModelCheckpoint

    warnings.simplefilter("error")  # a checkpoint that a kill damaged would be warned of
    warnings.filterwarnings("ignore", message=".*fork.*")
    folder, kills = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    EPOCHS, KILLS_OF_A_RUN = 40, 5
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 6)).astype(np.float32)
    y = (x[:, 0] + x[:, 1] ** 2 > 0.5).astype(np.int32)

    class Tells(Callback):
        def __init__(self, pipe):
            self.pipe = pipe

        def on_epoch_begin(self, epoch, logs=None):
            os.write(self.pipe, bytes([epoch]))

    def kept_best(name):
        return [EarlyStopping("loss", patience=EPOCHS, restore_best_weights=True)]

    def scheduled(name):
        saving = ModelCheckpoint(folder / name / "best.weights.h5", "loss", save_best_only=True, save_weights_only=True)
        return [LearningRateScheduler(lambda epoch, rate: 0.97 * rate), saving]

    CASES = [
        (lambda: optimizers.SGD(0.1, momentum=0.9), kept_best, [layers.Dropout]),
        (lambda: optimizers.Adam(0.01, use_ema=True), scheduled, [layers.Dropout, layers.GaussianNoise]),
        (lambda: optimizers.ScheduleFreeAdamW(0.01), kept_best, []),
    ]

    def train(name, case, pipe):
        optimizer, callbacks, noises = CASES[case]
        noisy = [noise(0.2) for noise in noises]
        model = Sequential([Input((6,)), layers.Dense(64, "relu"), *noisy, layers.Dense(2, "softmax")])
        model.compile(optimizer(), "sparse_categorical_crossentropy", metrics=["accuracy"])
        history = model.fit(
            x, y, batch_size=16, epochs=EPOCHS, seed=case, verbose=0, checkpoint=folder / name / "run",
            callbacks=[*callbacks(name), Tells(pipe)],
        )
        digest = hashlib.sha256(repr(history).encode())
        for array in [*model.get_weights(), *jax.tree.leaves(model.train_state())]:
            digest.update(np.asarray(array).tobytes())
        (folder / f"{name}.result").write_text(digest.hexdigest())

    def start(name, case):
        told, pipe = os.pipe()
        child = os.fork()
        if not child:
            os.close(told)
            try:
                train(name, case, pipe)
            except BaseException:
                sys.excepthook(*sys.exc_info())
                os._exit(1)
            os._exit(0)
        os.close(pipe)
        return child, told

    def attempt(name, case, epoch=EPOCHS, delay=0.0):
        '''The epoch in which it was killed after it told of ``epoch`` or a later one, None where it ended by itself.'''
        child, told = start(name, case)
        last = None
        while last is None or last < epoch:
            heard = os.read(told, 1)
            if not heard:
                break
            last = heard[0]
        else:
            time.sleep(delay)
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        last = ([last] + list(os.read(told, EPOCHS)))[-1]
        os.close(told)
        assert os.WIFSIGNALED(status) or status == 0, status
        return last if os.WIFSIGNALED(status) else None

    def result(name):
        return (folder / f"{name}.result").read_text()

    def whole(case):
        attempt(f"whole-{case}", case)
        return result(f"whole-{case}")

    chance, cut, left, run, expected = random.Random(0), [], 0, 0, {}
    while len(cut) < kills:
        case, name = run % len(CASES), f"run-{run}"
        if case not in expected:
            expected[case] = whole(case)
        few = min(KILLS_OF_A_RUN, kills - len(cut))
        for i in range(few):
            epoch = int((i + chance.random()) / few * (EPOCHS - 4))
            killed = attempt(name, case, epoch, 10 ** chance.uniform(-4, -1.5))
            if killed is None:
                break
            cut.append(killed)
            left += any(path.suffix == ".tmp" for path in (folder / name / "run").glob(".*"))
        else:
            attempt(name, case)
        assert result(name) == expected[case], (name, cut)
        kept = sorted(path.name for path in (folder / name / "run").iterdir())
        assert kept == [f"checkpoint-{n:08}.safetensors" for n in (EPOCHS - 1, EPOCHS)], kept
        run += 1
    print("killed in epochs", cut, "in a write", left)
    print("different", len(set(cut)))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("kills", [4, pytest.param(50, marks=pytest.mark.slow)])
def test_killed_at_any_moment_it_ends_with_the_same_bits(tmp_path, kills):
    script = tmp_path / "driver.py"
    script.write_text(textwrap.dedent(DRIVER))
    environment = {**os.environ, "RAVINE_CACHE": str(tmp_path / "cache")}
    command = [sys.executable, str(script), str(tmp_path), str(kills)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]
    assert int(done.stdout.split("different")[1]) > 1, done.stdout  # the kills met it at different points
