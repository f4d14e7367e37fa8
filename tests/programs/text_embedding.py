"""Tell praise from complaint by the mean of the embeddings of a review's words."""

import re

import keras
import numpy as np
from keras import layers

praise = ["wonderful", "charming", "brilliant", "moving", "funny", "warm", "clever", "gripping", "fresh", "graceful"]
complaint = ["dull", "clumsy", "tedious", "shallow", "noisy", "bland", "lazy", "stale", "confusing", "cold"]
plain = ["the", "film", "a", "story", "its", "actors", "scene", "music", "with", "and", "of", "was", "plot"]

rng = np.random.default_rng(17)


def write_review(liked):
    words = list(rng.choice(plain, rng.integers(6, 14)))
    likely, unlikely = (praise, complaint) if liked else (complaint, praise)
    for _ in range(3):
        pool = likely if rng.random() < 0.7 else unlikely
        words.insert(rng.integers(len(words) + 1), rng.choice(pool))
    return " ".join(words).capitalize() + "."


labels = rng.integers(0, 2, size=1200)
reviews = [write_review(liked) for liked in labels]
print(reviews[0])

tokens = [re.findall(r"[a-z]+", review.lower()) for review in reviews]
vocabulary = sorted({word for words in tokens for word in words})
index = {word: i + 1 for i, word in enumerate(vocabulary)}  # 0 fills short reviews up

max_length = 12
data = np.zeros((len(reviews), max_length), dtype="int32")
for row, words in zip(data, tokens):  # noqa: B905
    ids = [index[word] for word in words[:max_length]]
    row[: len(ids)] = ids

model = keras.Sequential(
    [
        keras.Input(shape=(max_length,), dtype="int32"),
        layers.Embedding(input_dim=len(vocabulary) + 1, output_dim=8),
        layers.Lambda(lambda vectors: keras.ops.mean(vectors, axis=1)),
        layers.Dense(8, activation="relu"),
        layers.Dense(1, activation="sigmoid"),
    ]
)
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy", metrics=["accuracy"])
history = model.fit(data[:900], labels[:900], epochs=6, verbose=0)

loss, accuracy = model.evaluate(data[900:], labels[900:], verbose=0)
print(f"Test accuracy: {accuracy:.3f}")

vectors = model.layers[0].get_weights()[0]
print("Embeddings:", vectors.shape)

quality = {"loss": loss, "accuracy": accuracy, "embedding size": float(vectors.size)}
