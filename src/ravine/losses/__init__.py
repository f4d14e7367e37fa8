"""Losses, under Keras's names: pure objects that give one value per sample, and the functions that they are made of.

By default a batch's loss is the sum of weight times value over its samples, divided by the number of samples.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import jax

from ravine import checks, keras_names
from ravine.losses import fitting
from ravine.losses.base import (
    EPSILON,
    Crossentropy,
    Function,
    Linked,
    Loss,
    as_labels,
    check_class_indices,
    check_one_hot,
    check_same_shape,
    per_sample,
    same_rank,
)
from ravine.losses.binary import (
    BinaryCrossentropy,
    BinaryFocalCrossentropy,
    binary_crossentropy,
    binary_focal_crossentropy,
)
from ravine.losses.categorical import (
    CategoricalCrossentropy,
    CategoricalFocalCrossentropy,
    CategoricalGeneralizedCrossEntropy,
    SparseCategoricalCrossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    categorical_generalized_cross_entropy,
    sparse_categorical_crossentropy,
)
from ravine.losses.circle import Circle, circle
from ravine.losses.ctc import CTC, ctc
from ravine.losses.divergence import KLDivergence, Poisson, kl_divergence, poisson
from ravine.losses.margin import CategoricalHinge, Hinge, SquaredHinge, categorical_hinge, hinge, squared_hinge
from ravine.losses.overlap import Dice, Tversky, dice, tversky
from ravine.losses.regression import (
    CosineSimilarity,
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    cosine_similarity,
    huber,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
)

__all__ = [
    "CTC",
    "EPSILON",
    "BinaryCrossentropy",
    "BinaryFocalCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
    "CategoricalGeneralizedCrossEntropy",
    "CategoricalHinge",
    "Circle",
    "CosineSimilarity",
    "Crossentropy",
    "Dice",
    "Function",
    "Hinge",
    "Huber",
    "KLDivergence",
    "Linked",
    "LogCosh",
    "Loss",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Poisson",
    "SparseCategoricalCrossentropy",
    "SquaredHinge",
    "Tversky",
    "as_labels",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_generalized_cross_entropy",
    "categorical_hinge",
    "check_class_indices",
    "check_one_hot",
    "check_same_shape",
    "circle",
    "cosine_similarity",
    "ctc",
    "dice",
    "get",
    "hinge",
    "huber",
    "kl_divergence",
    "log_cosh",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "per_sample",
    "poisson",
    "same_rank",
    "sparse_categorical_crossentropy",
    "squared_hinge",
    "tversky",
]

FUNCTIONS: dict[Callable[..., jax.Array], type[Loss]] = {
    mean_squared_error: MeanSquaredError,
    mean_absolute_error: MeanAbsoluteError,
    mean_absolute_percentage_error: MeanAbsolutePercentageError,
    mean_squared_logarithmic_error: MeanSquaredLogarithmicError,
    huber: Huber,
    log_cosh: LogCosh,
    cosine_similarity: CosineSimilarity,
    binary_crossentropy: BinaryCrossentropy,
    binary_focal_crossentropy: BinaryFocalCrossentropy,
    categorical_crossentropy: CategoricalCrossentropy,
    categorical_focal_crossentropy: CategoricalFocalCrossentropy,
    sparse_categorical_crossentropy: SparseCategoricalCrossentropy,
    categorical_generalized_cross_entropy: CategoricalGeneralizedCrossEntropy,
    kl_divergence: KLDivergence,
    poisson: Poisson,
    hinge: Hinge,
    squared_hinge: SquaredHinge,
    categorical_hinge: CategoricalHinge,
    dice: Dice,
    tversky: Tversky,
    circle: Circle,
    ctc: CTC,
}
SHORT: dict[str, type[Loss]] = {
    "mse": MeanSquaredError,
    "mae": MeanAbsoluteError,
    "mape": MeanAbsolutePercentageError,
    "msle": MeanSquaredLogarithmicError,
    "bce": BinaryCrossentropy,
    "kld": KLDivergence,
}
TABLE: dict[str, type[Loss]] = {f.__name__: cls for f, cls in FUNCTIONS.items()} | SHORT
ALIASES: dict[str, type[Loss]] = {cls.__name__: cls for cls in FUNCTIONS.values()} | {
    name.upper(): cls for name, cls in SHORT.items()
}

mse = MSE = mean_squared_error
mae = MAE = mean_absolute_error
mape = MAPE = mean_absolute_percentage_error
msle = MSLE = mean_squared_logarithmic_error
bce = BCE = binary_crossentropy
kld = KLD = kl_divergence
logcosh = log_cosh

LossLike = str | Loss | type[Loss] | Callable[[jax.Array, jax.Array], Any]


def get(loss: LossLike) -> Loss:
    """The loss for a name, a class, an object or a function of targets and outputs.

    ``"crossentropy"`` or ``"ce"`` stands for the one that fits the targets. Unknown names raise, with the nearest valid
    one, and so do settings that cannot work.
    """
    if isinstance(loss, str) and loss.lower() in fitting.NAMES:
        return fitting.FittingCrossentropy()
    if isinstance(loss, str):
        return ALIASES[loss]() if loss in ALIASES else checks.look_up("loss", loss, TABLE)()
    if isinstance(loss, type) and issubclass(loss, Loss):
        loss = loss()
    if isinstance(loss, Loss):
        loss.check_settings()
        return loss
    if not callable(loss) or isinstance(loss, type) or type(loss).__module__.startswith("keras."):
        checks.reject_type(
            "loss", loss, "a name such as 'mse', an object such as losses.MeanSquaredError(), or a function"
        )
    return FUNCTIONS[loss]() if loss in FUNCTIONS else Function(loss)


if not TYPE_CHECKING:
    __getattr__ = keras_names.of_module(__name__, __all__)
