"""Areas and points of curves from fine steps, beside what sorting all outputs gives."""

import jax.numpy as jnp
import numpy as np
import pytest

from ravine import metrics

RNG = np.random.default_rng(0)
POSITIVE = RNG.uniform(size=600) < 0.3
NOISE = RNG.uniform(size=600)
OUTPUTS = {
    "even": (NOISE + 0.3 * POSITIVE) / 1.3,
    "near 0": 1e-5 * (NOISE + 0.4 * POSITIVE),
    "near 1": 1 - 1e-4 * (NOISE + 0.4 * ~POSITIVE),
    "few values": np.round(4 * (NOISE + 0.3 * POSITIVE) / 1.3) / 4,
    "0 and 1": (NOISE + 0.3 * POSITIVE > 0.6).astype(float),
}


def of_batches(metric, y, outputs, shape=(1,)):
    metric.check_settings()
    metric = metric.fitted(shape)
    state = metric.init()
    for start in range(0, len(y), 64):
        batch = y[start : start + 64], outputs[start : start + 64]
        state = metric.update(state, *(jnp.asarray(part, jnp.float32) for part in batch))
    return float(metric.result(state))


def area(positive, outputs):
    """The share of pairs in which the positive one is higher; equal ones count half."""
    outputs = np.float32(outputs)
    first, second = outputs[positive][:, None], outputs[~positive][None]
    return ((first > second) + 0.5 * (first == second)).mean()


@pytest.mark.differs("auc-steps")
@pytest.mark.parametrize("name", OUTPUTS)
def test_the_area_is_that_of_all_pairs(name):
    outputs = OUTPUTS[name]
    assert of_batches(metrics.AUC(), POSITIVE, outputs[:, None]) == pytest.approx(area(POSITIVE, outputs), abs=5e-4)


def test_logits_are_taken_as_they_are():
    logits = 12 + 0.1 * (NOISE + 0.3 * POSITIVE)  # whose sigmoids float32 hardly tells apart
    found = of_batches(metrics.AUC(from_logits=True), POSITIVE, logits[:, None])
    assert found == pytest.approx(area(POSITIVE, logits), abs=2e-2)


def test_labels_have_areas_of_their_own():
    outputs = np.stack([OUTPUTS["even"], OUTPUTS["near 0"]], axis=1)
    y = np.stack([POSITIVE, POSITIVE], axis=1)
    expected = np.mean([area(POSITIVE, outputs[:, i]) for i in range(2)])
    found = of_batches(metrics.AUC(multi_label=True), y, outputs, (2,))
    assert found == pytest.approx(expected, abs=5e-4)


@pytest.mark.differs("undefined-metrics")
@pytest.mark.parametrize(("curve", "y"), [("ROC", 0), ("ROC", 1), ("PR", 0), ("PRGAIN", 0)])
def test_an_area_of_one_class_is_undefined(curve, y):
    assert np.isnan(of_batches(metrics.AUC(curve=curve), np.full(600, y), OUTPUTS["even"][:, None]))


def test_so_few_thresholds_as_are_asked_for_are_taken():
    right = {t: ((OUTPUTS["even"] > t)[POSITIVE].mean(), (OUTPUTS["even"] > t)[~POSITIVE].mean()) for t in (0.5,)}
    recall, invented = right[0.5]
    expected = recall * invented / 2 + (1 - invented) * (1 + recall) / 2
    for metric in (metrics.AUC(thresholds=[0.5]), metrics.AUC(num_thresholds=3)):
        assert of_batches(metric, POSITIVE, OUTPUTS["even"][:, None]) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", ["even", "near 0", "few values"])
def test_points_of_curves_are_those_of_some_threshold(name):
    outputs = np.float32(OUTPUTS[name])
    above = outputs[None] >= np.unique(outputs)[:, None]
    recall, invented = above[:, POSITIVE].mean(axis=1), above[:, ~POSITIVE].mean(axis=1)
    expected = recall[1 - invented >= 0.6].max(initial=0)
    found = of_batches(metrics.SensitivityAtSpecificity(0.6), POSITIVE, outputs[:, None])
    assert found == pytest.approx(expected, abs=0.02)
