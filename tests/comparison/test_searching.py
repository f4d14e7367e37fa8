"""``ravine.search`` from end to end."""

import numpy as np
import pytest

import ravine
from ravine import Input, Sequential, checks, loguniform, optimizers, uniform
from ravine.callbacks import EarlyStopping
from ravine.comparison import SearchResult, hold_out
from ravine.layers import Dense, Dropout
from ravine.model import population

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 6)).astype(np.float32)
Y = (X[:, 0] + X[:, 1] ** 2 > 0.5).astype(np.int32)
SPACE = {"learning_rate": loguniform(1e-3, 1), "dropout.rate": uniform(0, 0.5)}
LISTS = {"learning_rate": [0.001, 0.01, 0.1], "dropout.rate": [0.0, 0.3]}


def network():
    return Sequential([Input((6,)), Dense(8, activation="relu"), Dropout(0.1), Dense(2, activation="softmax")])


def search(space=SPACE, **options):
    settings = {
        "optimizer": "adam",
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
        "batch_size": 16,
    }
    return ravine.search(network, X, Y, space, **{**settings, "epochs": 9, "trials": 6, "verbose": 0, **options})


@pytest.fixture(scope="module")
def random():
    return search(metric="val_loss", callbacks=[EarlyStopping(patience=2, restore_best_weights=True)])


def test_the_best_is_the_best_on_validation_data(random):
    assert len(random.runs) == 6
    assert random.best_run.final["val_loss"] == min(run.final["val_loss"] for run in random.runs)
    assert random.best == random.best_run.hyperparameters
    assert random.best.keys() == SPACE.keys()
    assert {run.seed for run in random.runs} == {0}


def test_the_best_can_be_made_again(random):
    model = network()
    model.compile(
        optimizers.Adam(random.best["learning_rate"]), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    model.get_layer("dropout").rate = random.best["dropout.rate"]
    train, validation = hold_out(X, Y, 0.2, 0)
    stopping = EarlyStopping(patience=2, restore_best_weights=True)
    history = model.fit(
        *train, batch_size=16, epochs=9, validation_data=validation, callbacks=[stopping], seed=0, verbose=0
    )
    np.testing.assert_allclose(history.history["val_loss"], random.best_run.history["val_loss"], rtol=1e-4)


def test_a_grid_tries_every_combination():
    found = search(LISTS, method="grid")
    tried = [(r.hyperparameters["learning_rate"], r.hyperparameters["dropout.rate"]) for r in found.runs]
    assert tried == [(a, b) for a in LISTS["learning_rate"] for b in LISTS["dropout.rate"]]


def test_halving_gives_the_better_ones_more_epochs():
    found = search(method="halving", trials=9)
    by_limit = {limit: [run for run in found.runs if run.limit == limit] for limit in (1, 3, 9)}
    assert [len(runs) for runs in by_limit.values()] == [9, 3, 1]
    first = sorted(by_limit[1], key=lambda run: -run.final["val_accuracy"])
    assert {run.trial for run in by_limit[3]} == {run.trial for run in first[:3]}
    assert found.best_run.limit == 9
    alone = search(trials=9).runs[found.best_run.trial]
    assert alone.history == found.best_run.history  # what it gave it all epochs is the run that it would have been


def test_a_sampler_of_optuna_chooses_what_is_tried(tmp_path):
    optuna = pytest.importorskip("optuna", reason="Optuna, whose sampler this plugs in, is not installed")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    options = {"space": {**SPACE, "dropout.rate": [0.0, 0.3]}, "jobs": 1, "trials": 5}
    found = search(method=optuna.samplers.RandomSampler(seed=0), **options)
    assert found.method == "optuna RandomSampler"
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0), direction="maximize")
    for run in found.runs:
        trial = study.ask()
        assert run.hyperparameters["learning_rate"] == trial.suggest_float("learning_rate", 1e-3, 1, log=True)
        assert run.hyperparameters["dropout.rate"] == trial.suggest_categorical("dropout.rate", [0.0, 0.3])
        study.tell(trial, run.final["val_accuracy"])


@pytest.mark.parametrize("method", ["random", "halving"])
def test_a_search_that_was_cut_off_goes_on_to_the_same_end(tmp_path, method):
    path = tmp_path / "runs.jsonl"
    whole = search(method=method, trials=9, out=path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:6]) + lines[6][:-9])
    again = search(method=method, trials=9, out=path)
    for ours, theirs in zip(again.runs, whole.runs, strict=True):
        assert {**vars(ours), "seconds": 0} == {**vars(theirs), "seconds": 0}
    with pytest.raises(checks.RavineValueError, match="another study"):
        search(method=method, trials=9, out=path, epochs=10)


def test_it_reads_back_whole(random, tmp_path):
    random.to_json(tmp_path / "found.json")
    assert SearchResult.from_json(tmp_path / "found.json") == random
    with pytest.raises(checks.RavineValueError, match="source="):
        SearchResult.from_json("{}")


def test_its_table_is_sorted(random):
    rows = [line.split("|")[2].strip() for line in random.table("markdown").splitlines()[4:]]
    assert rows == sorted(rows)
    assert len(rows) == 6
    assert str(random) == random.table()
    assert list(random.to_frame()["learning_rate"]) == [run.hyperparameters["learning_rate"] for run in random.runs]


def test_where_every_run_failed_there_is_no_best():
    found = search({"learning_rate": [1e30, 1e31]}, trials=2, optimizer="sgd")
    with pytest.raises(checks.RavineValueError, match="best: none of the 2 runs has a result"):
        found.best  # noqa: B018


BAD = {
    "method": ({"method": "hallving"}, r"method='hallving' is unknown. Did you mean 'halving'\?"),
    "no sampler": ({"method": 3}, "method=3"),
    "grid without lists": ({"method": "grid"}, r"space\['learning_rate'\]"),
    "nothing": ({"space": {}}, "space={}"),
    "path": (
        {"space": {"dropout.rat": uniform(0, 1)}},
        r"'dropout.rat' is no hyperparameter. Did you mean 'dropout.rate'\?",
    ),
    "range": ({"space": {"dropout.rate": uniform(0, 2)}}, r"space\['dropout.rate'\].*rate="),
    "one value": ({"space": {"learning_rate": [0.1]}}, r"space\['learning_rate'\]"),
    "trials": ({"trials": 0}, "trials=0"),
    "metric": ({"metric": "val_acc"}, "metric='val_acc' is unknown"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_an_error_before_anything_trains(case, monkeypatch):
    options, message = BAD[case]
    monkeypatch.setattr(population, "run_population", None)
    with pytest.raises(checks.RavineError, match=message):
        search(**options)


def test_a_search_that_was_cut_short_has_the_best_of_the_longest_runs_so_far():
    found = search(method="halving", trials=9)
    cut = SearchResult(found.runs[:12], found.metric, found.direction, found.epochs, found.space, found.method)
    assert cut.best_run.limit == 3
    assert found.table("markdown").splitlines()[4].split("|")[3].strip() == "9"
