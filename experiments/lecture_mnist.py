"""The lecture's MNIST network over several seeds, beside the one run that the lecture published.

python experiments/lecture_mnist.py [--seeds 10] [--epochs 50] prints the tables of docs/lecture_mnist.md.
"""

import argparse
import statistics

import numpy as np

from ravine import Sequential, datasets, optimizers
from ravine.layers import Dense, Flatten

PUBLISHED = {"train accuracy": 0.99572, "train loss": 0.0197, "test accuracy": 0.98010, "test loss": 0.0845}
PUBLISHED_LOSS = [0.3136, 0.1478, 0.1022, 0.0766, 0.0589]
PUBLISHED_VAL_LOSS = [0.1987, 0.1440, 0.1193, 0.1061, 0.1001]


def run(seed: int, epochs: int) -> tuple[dict[str, float], dict[str, list[float]]]:
    """One run: the figures after the last epoch, and the history."""
    (train_images, train_labels), (test_images, test_labels) = datasets.mnist.load_data()
    train_images, test_images = train_images / np.float32(255), test_images / np.float32(255)
    model = Sequential(
        [Flatten(input_shape=(28, 28)), Dense(128, activation="sigmoid"), Dense(10, activation="softmax")]
    )
    model.compile(optimizers.SGD(0.1, momentum=0.9), "sparse_categorical_crossentropy", metrics=["accuracy"])
    record = model.fit(train_images, train_labels, epochs=epochs, validation_split=0.2, verbose=0, seed=seed)
    train_loss, train_accuracy = model.evaluate(train_images, train_labels, verbose=0)
    test_loss, test_accuracy = model.evaluate(test_images, test_labels, verbose=0)
    figures = dict(zip(PUBLISHED, (train_accuracy, train_loss, test_accuracy, test_loss), strict=True))
    return figures, record.history


def row(name: str, values: list[float], published: float) -> str:
    """A line of the table: mean, standard deviation, range, and the published value."""
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    return (
        f"| {name} | {statistics.mean(values):.5f} | {spread:.5f} | {min(values):.5f} – {max(values):.5f} "
        f"| {published:.5f} |"
    )


def main() -> None:
    """Run all seeds and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=50)
    options = parser.parse_args()
    results = []
    for seed in range(options.seeds):
        results.append(run(seed, options.epochs))
        print(f"seed {seed}:", ", ".join(f"{k} {v:.5f}" for k, v in results[-1][0].items()), flush=True)
    header = "| mean | standard deviation | range | published run |\n|---|---|---|---|---|"
    print(f"\n| after {options.epochs} epochs {header}")
    for name, published in PUBLISHED.items():
        print(row(name, [figures[name] for figures, _ in results], published))
    print(f"\n| epoch {header}")
    for key, published_list in ("loss", PUBLISHED_LOSS), ("val_loss", PUBLISHED_VAL_LOSS):
        for epoch, published in enumerate(published_list[: options.epochs]):
            print(row(f"{epoch + 1}, {key}", [history[key][epoch] for _, history in results], published))


if __name__ == "__main__":
    main()
