"""Train a classifier, save it, load it, and predict with what was loaded."""

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(31)
centres = rng.normal(scale=1.2, size=(4, 6))
y = rng.integers(0, 4, size=1000)
x = (centres[y] + rng.normal(size=(1000, 6))).astype("float32")
x_train, y_train, x_test, y_test = x[:700], y[:700], x[700:], y[700:]

model = keras.Sequential(
    [
        keras.Input(shape=(6,)),
        layers.Dense(20, activation="relu"),
        layers.LayerNormalization(),
        layers.Dense(4, activation="softmax"),
    ]
)
model.compile(optimizer="adam", loss=keras.losses.sparse_categorical_crossentropy, metrics=["acc"])
model.fit(x_train, y_train, epochs=8, verbose=0)

model.save("classifier.keras")
restored = keras.models.load_model("classifier.keras")
restored.summary()

predictions = restored.predict(x_test)
np.testing.assert_allclose(model.predict(x_test, verbose=0), predictions, rtol=1e-5, atol=1e-6)

classes = np.argmax(predictions, axis=-1)
for truth, row in list(zip(y_test, predictions))[:3]:  # noqa: B905
    print(f"Class {truth} was given the probability {row[truth]:.2f}")
accuracy = float(np.mean(classes == y_test))

# The loaded model goes on where the saved one stopped.
history = restored.fit(x_train, y_train, epochs=2, verbose=0)
loss, acc = restored.evaluate(x_test, y_test, verbose=0)
print(f"Accuracy: {accuracy:.3f}, and {acc:.3f} after two more epochs")

certainty = float(np.mean(np.max(predictions, axis=-1)))
quality = {"accuracy": accuracy, "certainty": certainty, "later loss": loss, "later accuracy": acc}
