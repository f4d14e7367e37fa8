"""Two Ctrl-C end any call, however early they come: while data are checked, while a program is compiled, in a run."""

import os
import random
import signal
import subprocess
import sys
import textwrap
import time

import pytest

PROGRAM = """
    import sys
    import numpy as np
    from ravine import Sequential, layers

    model = Sequential([layers.Dense(16, activation="relu"), layers.Dense(1)])
    model.compile("adam", "mse")
    print("ready", flush=True)
    try:
        model.fit(np.ones((2000, 8)), np.ones(2000), epochs=10**6, verbose=0)
    except KeyboardInterrupt:
        sys.exit(3)
"""
PATIENCE = 30


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is no signal there")
@pytest.mark.parametrize("times", [2, pytest.param(30, marks=pytest.mark.slow)])
def test_two_interrupts_end_a_fit(times):
    chance = random.Random(times)
    for _ in range(times):
        command = [sys.executable, "-c", textwrap.dedent(PROGRAM)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
            try:
                assert process.stdout.readline() == "ready\n"
                for _ in range(2):
                    time.sleep(chance.uniform(0, 1))
                    process.send_signal(signal.SIGINT)
                process.wait(PATIENCE)
            finally:
                process.kill()
