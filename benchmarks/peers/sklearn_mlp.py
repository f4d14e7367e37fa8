"""scikit-learn's MLPClassifier and MLPRegressor. They do not validate as they train; the table says so."""

import warnings

from protocol import Turn, job, load, serve
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor
from threadpoolctl import threadpool_limits

warnings.simplefilter("ignore", ConvergenceWarning)  # it ends each turn on purpose
threadpool_limits(job["settings"]["threads"])
x, y, _, _ = load()
classify = job["loss"] == "crossentropy"
half = 1 if classify else 2  # its regression loss is half the mean squared error
model = (MLPClassifier if classify else MLPRegressor)(
    hidden_layer_sizes=job["sizes"][1:-1],
    activation={"sigmoid": "logistic", "relu": "relu"}[job["activation"]],
    solver="sgd",
    alpha=0.0,
    batch_size=job["batch_size"],
    learning_rate_init=job["learning_rate"] * half,
    momentum=job["momentum"],
    nesterovs_momentum=False,
    tol=0.0,
    n_iter_no_change=1_000_000,
    warm_start=True,
    random_state=job["seed"],
)


def train(epochs: int, each: bool) -> Turn:
    model.set_params(max_iter=epochs).fit(x, y.ravel())
    return {"losses": [loss * half for loss in model.loss_curve_[-epochs:]], "val_losses": [], "each": None}


serve(train, "scikit-learn", "numpy")
