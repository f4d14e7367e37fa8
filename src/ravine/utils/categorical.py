"""Class labels as one-hot rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ravine import arrays, checks


def to_categorical(x: npt.ArrayLike, num_classes: int | None = None) -> npt.NDArray[np.float64]:
    """Rows with a 1 at each label's place and 0 elsewhere, as ``categorical_crossentropy`` asks for.

    Args:
        x: labels 0, 1, ..., whole numbers of any type and shape. A last axis of size 1 is dropped unless it is the only
            one.
        num_classes: how many classes there are, at least 1; ``None`` is one more than the largest label.

    Returns:
        float64, as in Keras, of the labels' shape and ``num_classes`` after it.

    Raises:
        RavineValueError: a label is negative, no whole number or not below ``num_classes``, or there is none to tell
            ``num_classes`` by.
        RavineTypeError: the labels are no numbers.
    """
    labels = _whole(arrays.real("x", x))
    if num_classes is None:
        if labels.size == 0:
            raise checks.RavineValueError("x has no labels to count the classes by: give num_classes.")
        num_classes = int(labels.max()) + 1
    else:
        num_classes = checks.integer("num_classes", num_classes, least=1)
        if labels.size and labels.max() >= num_classes:
            raise checks.RavineValueError(
                f"x holds the label {labels.max()}: expected labels from 0 to {num_classes - 1} for "
                f"num_classes={num_classes}."
            )
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    if labels.size * num_classes > checks.MOST:
        raise checks.RavineValueError(
            f"x: {labels.size:,} labels of {num_classes:,} classes are {labels.size * num_classes:,} numbers: expected "
            f"at most {checks.MOST:,}. Use a sparse loss, which takes labels as they are."
        )
    one_hot = np.zeros((*labels.shape, num_classes))
    np.put_along_axis(one_hot, labels[..., None].astype(np.int64), 1, axis=-1)
    return one_hot


def _whole(labels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The labels, if they are whole numbers of at least 0."""
    wrong = labels[~((labels >= 0) & (labels == np.floor(labels)) & (labels < np.inf))]
    if wrong.size:
        raise checks.RavineValueError(f"x holds the label {wrong[0]}: expected whole numbers from 0.")
    return labels.astype(np.int64) if labels.dtype.kind == "b" else labels
