"""``ravine.compare`` from end to end: pairing, tuning, failures, files, and what it refuses."""

import json
import math
from typing import ClassVar

import numpy as np
import pytest

import ravine
from ravine import Input, Sequential, checks, loguniform, optimizers, uniform
from ravine.callbacks import Callback, EarlyStopping
from ravine.comparison import Comparison, hold_out
from ravine.layers import Activation, BatchNormalization, Dense, Dropout
from ravine.model import population
from ravine.training import placement

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 6)).astype(np.float32)
Y = (X[:, 0] + X[:, 1] ** 2 > 0.5).astype(np.int32)


def network(*more):
    return Sequential([Input((6,)), Dense(8, activation="relu"), *more, Dense(2, activation="softmax")])


SETTINGS = {
    "model": network,
    "optimizer": "adam",
    "loss": "sparse_categorical_crossentropy",
    "metrics": ["accuracy"],
    "batch_size": 16,
    "epochs": 4,
    "verbose": 0,
}
RULES = {"sgd": optimizers.SGD(0.1), "adam": optimizers.Adam(0.01)}


def compare(contenders=RULES, x=X, y=Y, **options):
    return ravine.compare(contenders, x, y, **{**SETTINGS, "seeds": 3, **options})


def without_time(runs):
    return [{**vars(run), "seconds": None} for run in runs]


@pytest.fixture(scope="module")
def plain():
    return compare(seeds=7)


def test_every_contender_runs_from_every_seed(plain):
    assert [(run.contender, run.seed) for run in plain.runs] == [(n, s) for n in ("sgd", "adam") for s in range(7)]
    assert plain.complete
    assert plain.protocol.baseline == "sgd"
    assert plain.protocol.metric == "val_accuracy"
    assert plain.protocol.direction == "max"
    assert {len(run.history["loss"]) for run in plain.runs} == {4}
    (contrast,) = plain.comparisons
    differences = [
        a.final["val_accuracy"] - b.final["val_accuracy"] for a, b in zip(plain.runs[7:], plain.runs[:7], strict=True)
    ]
    assert contrast.mean_difference == pytest.approx(np.mean(differences))
    assert contrast.seeds == 7


def test_a_run_is_the_fit_with_its_seed_on_its_rows(plain):
    for run in plain.runs[::4]:
        model = network()
        model.compile(RULES[run.contender], SETTINGS["loss"], metrics=["accuracy"])
        train, validation = hold_out(X, Y, 0.2, run.seed)
        history = model.fit(*train, batch_size=16, epochs=4, validation_data=validation, seed=run.seed, verbose=0)
        for key, values in history.history.items():
            np.testing.assert_allclose(run.history[key], values, rtol=1e-4, atol=1e-5, err_msg=key)


class Keeps(Callback):
    """Keeps what a run starts from and sees; every copy appends to the one list."""

    kept: ClassVar[list] = []

    def on_train_begin(self, logs=None):
        weights = {name: w for name, w in self.model.named_weights.items() if name.endswith("kernel")}
        type(self).kept.append((self.model, list(weights.values())))


def test_contenders_of_a_seed_start_alike_and_take_the_rows_in_one_order(monkeypatch):
    Keeps.kept.clear()
    sides = {
        "plain": {},
        "normalized": {"model": lambda: network(BatchNormalization(), Activation("tanh"), Dropout(0.1))},
        "rule": {"optimizer": "sgd"},
    }
    seen = {}
    course = ravine.comparison.execution.Trainer.course

    def spied(trainer, wanted):
        made = course(trainer, wanted)
        member = made.member()
        seen[wanted.run.contender, wanted.run.seed] = (
            np.asarray(made.request.data.x),
            np.asarray(made.request.validation.x),
            *(np.asarray(ravine.seeds.jax.random.key_data(key)) for key in member.keys),
        )
        return made

    monkeypatch.setattr(ravine.comparison.execution.Trainer, "course", spied)
    compare(sides, seeds=2, callbacks=[Keeps()], epochs=1, jobs=1)
    for seed in (0, 1):
        for name in ("normalized", "rule"):
            for ours, theirs in zip(seen[name, seed], seen["plain", seed], strict=True):
                np.testing.assert_array_equal(ours, theirs)
    assert (seen["plain", 0][0] != seen["plain", 1][0]).any()  # other rows are held out
    assert (seen["plain", 0][2] != seen["plain", 1][2]).any()  # another order
    starts = [weights for _, weights in Keeps.kept]
    assert len(starts) == 6
    for seed in (0, 1):
        first, *others = starts[3 * seed : 3 * seed + 3]
        for other in others:
            np.testing.assert_array_equal(first[0], other[0])
            np.testing.assert_array_equal(first[-1], other[-1])
    assert (starts[0][0] != starts[3][0]).any()


def test_early_stopping_ends_each_run_by_itself():
    stopping = EarlyStopping("val_loss", patience=1, restore_best_weights=True)
    result = compare({"adam": optimizers.Adam(0.05)}, seeds=6, epochs=40, callbacks=[stopping])
    assert len({run.epochs for run in result.runs}) > 2
    for run in result.runs:
        assert run.kept_epoch == int(np.argmin(run.history["val_loss"]))
        assert run.final["val_loss"] == min(run.history["val_loss"]) == run.best["val_loss"]
        assert run.stopped_epoch == run.epochs - 1 == run.kept_epoch + 1
        assert run.best["val_accuracy"] == max(run.history["val_accuracy"])
    assert stopping.best is None  # the one that was given is not used


def test_on_one_core_many_or_in_groups_the_same_comes_out(monkeypatch, plain):
    assert without_time(compare(seeds=7, jobs=1).runs) == without_time(plain.runs)
    monkeypatch.setattr(placement, "TINY_STEP", 0)
    for ours, theirs in zip(compare(seeds=7, jobs=3).runs, plain.runs, strict=True):
        for key in theirs.history:
            np.testing.assert_allclose(ours.history[key], theirs.history[key], rtol=1e-4, atol=1e-5)


def test_tuning_takes_the_trial_that_was_best_on_validation_data():
    test = X[:40], 1 - Y[:40]  # whoever chose by these would choose badly
    result = compare(tune={"learning_rate": loguniform(1e-4, 1)}, trials=5, seeds=2, test_data=test)
    assert result.protocol.metric == "test_accuracy"
    assert result.protocol.selection == "val_accuracy"
    assert len({run.seed for run in result.trials} | {0, 1}) == 3  # one seed for all trials, none of the runs'
    for name in RULES:
        trials = [run for run in result.trials if run.contender == name]
        best = max(trials, key=lambda run: run.final["val_accuracy"])
        assert len(trials) == 5
        assert all(run.hyperparameters == best.hyperparameters for run in result.runs_of(name))
        assert all(run.trial == best.trial for run in result.runs_of(name))
    assert [r.hyperparameters for r in result.trials[:5]] == [r.hyperparameters for r in result.trials[5:]]
    for run in result.runs:
        assert {"test_accuracy", "test_loss"} <= run.final.keys()


def test_each_contender_may_have_spaces_of_its_own():
    tune = {"adam": {"learning_rate": loguniform(1e-3, 1e-1), "beta_1": uniform(0.5, 0.99)}, "sgd": {}}
    result = compare(tune=tune, trials=3, seeds=1)
    assert [(run.contender, sorted(run.hyperparameters)) for run in result.trials] == [
        ("adam", ["beta_1", "learning_rate"])
    ] * 3
    assert [run.hyperparameters for run in result.runs_of("sgd")] == [{}]


def test_more_values_of_a_number_compile_nothing(compilations):
    sides = {"dropout": {"model": lambda: network(Dropout(0.3)), "dense.activity_regularizer.l2": 0.1}}
    sides["dropout"]["model"] = lambda: Sequential(
        [
            Input((6,)),
            Dense(8, activation="relu", activity_regularizer="l2"),
            Dropout(0.3),
            Dense(2, activation="softmax"),
        ]
    )
    tune = {
        "learning_rate": loguniform(1e-4, 1),
        "dropout.rate": uniform(0, 0.9),
        "dense.activity_regularizer.l2": [0.0, 0.1],
        "early_stopping.patience": [0, 1, 2, 3],
    }
    stopping = [EarlyStopping(patience=3)]
    compare(sides, seeds=2, callbacks=stopping)
    compilations.clear()
    compare(sides, seeds=9, callbacks=stopping, tune=tune, trials=20)
    assert compilations == []


class Raises(Callback):
    def on_epoch_end(self, epoch, logs=None):
        raise RuntimeError("out of paper")


def test_a_contender_that_fails_is_told_of_and_the_others_finish():
    sides = {**RULES, "broken": {"callbacks": [Raises()]}, "diverges": {"optimizer": optimizers.SGD(1e30)}}
    result = compare(sides, seeds=6, target={"val_accuracy": 0.5})
    found = {summary.contender: summary for summary in result.summaries}
    assert [found[name].failed for name in sides] == [0, 0, 6, 6]
    assert all(run.failure == "RuntimeError: out of paper" for run in result.runs_of("broken"))
    assert all("loss became" in run.failure for run in result.runs_of("diverges"))
    contrasts = {c.contender: c for c in result.comparisons}
    assert contrasts["broken"].seeds == 0
    assert math.isnan(contrasts["broken"].p_value)
    assert "broken: 6 of 6 runs failed" in result.verdict
    assert "broken: nothing to compare" in result.verdict
    assert found["broken"].reached == 0


def test_where_every_trial_fails_the_runs_tell():
    result = compare({"sgd": optimizers.SGD()}, tune={"learning_rate": uniform(1e30, 2e30)}, trials=2, seeds=2)
    assert [run.failure is not None for run in (*result.trials, *result.runs)] == [True] * 4
    assert str(result)


# Files


def test_a_file_that_is_whole_is_not_run_again(tmp_path, monkeypatch):
    first = compare(out=tmp_path / "runs.jsonl")

    def never(*_):
        raise AssertionError

    monkeypatch.setattr(population, "run_course", never)
    monkeypatch.setattr(population, "run_group", never)
    again = compare(out=tmp_path / "runs.jsonl")
    assert again == first


@pytest.mark.parametrize("kept", [0, 1, 3, 5])
@pytest.mark.parametrize("tiny_step", [0, placement.TINY_STEP])
def test_a_file_that_was_cut_off_is_gone_on_with_to_the_same_end(tmp_path, monkeypatch, kept, tiny_step):
    monkeypatch.setattr(placement, "TINY_STEP", tiny_step)
    path = tmp_path / "runs.jsonl"
    options = {"out": path, "tune": {"learning_rate": [0.01, 0.1]}, "trials": 2, "seeds": 2}
    whole = compare(**options)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[: kept + 1]) + lines[kept + 1][:-7])
    again = compare(**options)
    assert without_time(again.runs) == without_time(whole.runs)
    assert without_time(again.trials) == without_time(whole.trials)
    assert again.comparisons == whole.comparisons


def test_more_seeds_go_on_in_the_same_file(tmp_path):
    few = compare(out=tmp_path / "runs.jsonl", seeds=2)
    many = compare(out=tmp_path / "runs.jsonl", seeds=4)
    alone = compare(seeds=4)
    assert without_time(many.runs) == without_time(alone.runs)
    assert [run for run in many.runs if run.seed < 2] == list(few.runs)


def test_another_study_does_not_go_into_the_file(tmp_path):
    compare(out=tmp_path / "runs.jsonl", seeds=1)
    with pytest.raises(checks.RavineValueError, match=r"another study: its epochs is 4, not 5"):
        compare(out=tmp_path / "runs.jsonl", seeds=1, epochs=5)
    with pytest.raises(checks.RavineValueError, match=r"another study: its data.rows is"):
        compare(out=tmp_path / "runs.jsonl", seeds=1, x=X + 1)
    changed = {**RULES, "adam": optimizers.Adam(0.02)}
    with pytest.raises(checks.RavineValueError, match=r"contenders.adam.optimizer.learning_rate is 0.01, not 0.02"):
        compare(changed, out=tmp_path / "runs.jsonl", seeds=1)


def test_a_spent_budget_leaves_what_is_done():
    result = compare(seeds=50, budget=1e-9)
    assert len(result.runs) == 0
    assert not result.complete
    assert "Partial: 0 of 100 runs are done." in result.verdict
    assert json.loads(result.to_json())["runs"] == []
    assert Comparison.from_json(result.to_json()) == result


def test_the_result_reads_back_whole(plain, tmp_path):
    plain.to_json(tmp_path / "result.json")
    again = Comparison.from_json(tmp_path / "result.json")
    assert again == plain
    assert again.comparisons == plain.comparisons
    assert again.versions["ravine"] == ravine.__version__


def test_one_line_a_run(capsys):
    compare(seeds=2, verbose=2)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert lines[-1].startswith("4/4 ")
    assert "val_accuracy 0." in lines[-1]


# Bad input


def with_weights():
    model = network()
    model.arrays()
    return model


BAD = {
    "no contenders": ({"contenders": {}}, "contenders"),
    "baseline": ({"baseline": "adma"}, r"baseline='adma' is unknown. Did you mean 'adam'\?"),
    "metric": ({"metric": "val_acuracy"}, r"metric='val_acuracy' is unknown. Did you mean 'val_accuracy'\?"),
    "test metric without test data": ({"metric": "test_accuracy"}, "metric='test_accuracy' is unknown"),
    "target": ({"target": {"val_acc": 0.9}}, r"target='val_acc' is unknown. Did you mean 'val_accuracy'\?"),
    "target value": ({"target": {"val_accuracy": math.nan}}, r"target\['val_accuracy'\]=nan"),
    "two targets": ({"target": {"loss": 1, "val_loss": 1}}, "target="),
    "path": (
        {"tune": {"learning_rat": uniform(0, 1)}},
        r"'learning_rat' is no hyperparameter. Did you mean 'learning_rate'",
    ),
    "path of a contender": (
        {"tune": {"sgd": {}, "adam": {"beta1": uniform(0, 1)}}},
        r"tune\['adam'\], contender 'adam': 'beta1' is no hyper.*'beta_1'",
    ),
    "contender in tune": (
        {"tune": {"adaam": {"beta_1": uniform(0, 1)}}},
        r"tune='adaam' is unknown. Did you mean 'adam'\?",
    ),
    "no width": ({"tune": {"learning_rate": uniform(1, 1)}}, r"tune\['learning_rate'\]: high=1"),
    "not finite": ({"tune": {"learning_rate": loguniform(1e-4, math.inf)}}, r"tune\['learning_rate'\]: high=inf"),
    "no space": ({"tune": {"learning_rate": 0.1}}, r"tune\['learning_rate'\]=0.1"),
    "out of range": (
        {"tune": {"learning_rate": uniform(-1, 1)}},
        r"tune\['learning_rate'\], contender 'sgd': learning_rate=-1",
    ),
    "seeds": ({"seeds": 0}, "seeds=0"),
    "seeds twice": ({"seeds": [1, 1]}, "seeds="),
    "epochs": ({"epochs": 0}, "epochs=0"),
    "trials": ({"trials": 0}, "trials=0"),
    "jobs": ({"jobs": 0}, "jobs=0"),
    "more jobs than cores": ({"jobs": 10**6}, "jobs=1000000: expected an integer of at most 1024"),
    "more seeds than memory": ({"seeds": 10**9}, "seeds=1000000000: expected an integer of at most 1000000"),
    "more trials than memory": ({"trials": 10**9}, "trials=1000000000: expected an integer of at most"),
    "budget": ({"budget": 0}, "budget=0"),
    "split": ({"validation_split": 0}, "validation_split=0"),
    "data": ({"x": X[:, :5]}, r"contenders\['sgd'\]: x has samples of shape \(5,\)"),
    "labels": ({"y": Y + 7}, r"contenders\['sgd'\]:"),
    "weights": ({"model": with_weights}, "its model has weights already"),
    "folder": ({"out": "/nowhere/at/all.jsonl"}, "out='/nowhere/at/all.jsonl'"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_an_error_before_anything_trains(case, monkeypatch):
    options, message = BAD[case]
    monkeypatch.setattr(population, "run_population", None)
    with pytest.raises(checks.RavineError, match=message):
        compare(**{"contenders": RULES, **options})


@pytest.mark.parametrize(
    ("test", "message"),
    [
        ((X[:, :5], Y), r"contenders\['sgd'\]: test x has samples of shape \(5,\)"),
        ((X, Y + 7), r"contenders\['sgd'\]: test y\[0\]=7 is outside"),
        ((X, Y[:9]), "test x has 120 rows and test y has 9"),
        (X, "test_data="),
    ],
    ids=["shape", "labels", "rows", "no pair"],
)
def test_test_data_are_checked_before_anything_trains(test, message, monkeypatch):
    monkeypatch.setattr(population, "run_population", None)
    with pytest.raises(checks.RavineError, match=message):
        compare(test_data=test)


def test_numbers_of_numpy_are_numbers(tmp_path):
    tune = {"learning_rate": loguniform(np.float32(1e-3), np.float64(1)), "early_stopping.patience": [*np.arange(1, 3)]}
    stopping = EarlyStopping(patience=3, restore_best_weights=True)
    options = {"tune": tune, "trials": 3, "seeds": 1, "callbacks": [stopping]}
    result = compare({"adam": optimizers.Adam(0.05)}, out=tmp_path / "runs.jsonl", **options)
    assert Comparison.from_json(result.to_json()) == result


def test_values_that_come_twice_are_tried_once():
    tune = {"early_stopping.patience": uniform(0.6, 2.4)}  # whole numbers: 1 or 2
    stopping = EarlyStopping(patience=3, restore_best_weights=True)
    sides = {name: optimizers.Adam(rate) for name, rate in (("slow", 0.01), ("fast", 0.1))}
    result = compare(sides, tune=tune, trials=9, seeds=1, callbacks=[stopping])
    for name in sides:
        tried = [run.hyperparameters["early_stopping.patience"] for run in result.trials if run.contender == name]
        assert sorted(tried) == [1.0, 2.0]


def test_every_contender_is_tuned_or_said_not_to_be():
    tune = {"adam": {"learning_rate": loguniform(1e-3, 1)}}
    with pytest.raises(checks.RavineValueError, match="tune: there is nothing for 'sgd'"):
        compare(tune=tune)
    assert "Not tuned: sgd." in compare(tune={**tune, "sgd": {}}, trials=2, seeds=1).verdict


def test_what_a_run_kept_is_the_last_epoch_where_none_was_restored():
    stopping = EarlyStopping("val_loss", patience=1, restore_best_weights=True, start_from_epoch=10)
    for run in compare({"adam": optimizers.Adam(0.05)}, callbacks=[stopping], seeds=2).runs:
        assert run.kept_epoch == 3
        assert run.final["val_loss"] == run.history["val_loss"][-1]


class FailsFirst(Callback):
    failed: ClassVar[list] = []

    def on_epoch_end(self, epoch, logs=None):
        if not self.failed:
            self.failed.append(epoch)
            raise MemoryError("no memory")


def test_a_run_that_failed_is_made_again_and_the_report_stands_without_it(tmp_path):
    FailsFirst.failed.clear()
    options = {"callbacks": [FailsFirst()], "seeds": 2, "jobs": 1, "out": tmp_path / "runs.jsonl"}
    first = compare(**options)
    assert [run.failure is not None for run in first.runs] == [True, False, False, False]
    assert not any(contrast.claimed for contrast in first.comparisons)
    assert first.comparisons[0].failed == 1
    first.to_html(tmp_path / "report.html")
    again = compare(**options)
    assert not any(run.failure for run in again.runs)


def test_a_callback_that_cannot_be_copied_is_said_to_be_one():
    import threading

    class Locks(Callback):
        def __init__(self):
            self.lock = threading.Lock()

    with pytest.raises(checks.RavineValueError, match="callbacks: a Locks cannot be copied"):
        compare(callbacks=[Locks()])


def test_what_a_factory_raises_is_said_to_be_of_it():
    with pytest.raises(checks.RavineValueError, match=r"contenders\['bad'\]: its function raised ZeroDivisionError"):
        compare({"bad": lambda: 1 / 0})


def test_another_seed_gives_other_runs():
    first, second = (compare(seeds=3, seed=seed).protocol.seeds for seed in (0, 1))
    assert not set(first) & set(second)


def test_probes_are_part_of_the_record():
    from ravine.callbacks import Probe

    (run,) = compare({"sgd": "sgd"}, seeds=1, callbacks=[Probe("dense")]).runs
    assert len(run.probes["dense/weight_norm"]) == 4


def test_there_are_no_more_threads_than_runs(monkeypatch):
    lanes = []
    begin = population.run_population
    monkeypatch.setattr(population, "run_population", lambda bundles, n: lanes.append(n) or begin(bundles, n))
    compare({"sgd": "sgd", "adam": "adam"}, seeds=1, epochs=1, jobs=1000)
    assert max(lanes) <= 2


def apart(y, outputs):
    return abs(y - outputs)


def test_a_metric_of_ones_own_is_compared_once_its_direction_is_told():
    x = np.random.default_rng(0).normal(size=(60, 3))
    common = {"model": lambda: Sequential([Dense(1)]), "loss": "mse", "metrics": [apart]}
    common |= {"epochs": 1, "seeds": 2, "verbose": 0}
    message = r"metric='val_apart': nobody can tell whether less of it is better. Expected metric={'val_apart': 'min'}"
    for metric in (None, "val_apart"):
        with pytest.raises(checks.RavineValueError, match=message):
            ravine.compare({"a": "sgd", "b": "adam"}, x, x[:, 0], metric=metric, **common)
    result = ravine.compare({"a": "sgd", "b": "adam"}, x, x[:, 0], metric={"val_apart": "min"}, **common)
    assert (result.protocol.metric, result.protocol.direction) == ("val_apart", "min")
    assert len(result.comparisons) == 1
    with pytest.raises(checks.RavineValueError, match=r"metric\['val_apart'\]='less' is unknown"):
        ravine.compare({"a": "sgd", "b": "adam"}, x, x[:, 0], metric={"val_apart": "less"}, **common)
