"""Predict the fuel that a car needs from features on very different scales."""

import keras
import numpy as np
from keras import layers

# Weight in kg, power in kW, engine displacement in cm3, year of construction.
rng = np.random.default_rng(5)
features = rng.normal([1400, 90, 1900, 2005], [250, 30, 500, 6], size=(800, 4)).astype("float32")
weight, power, displacement, year = features.T
litres = 1.5 + 0.003 * weight + 0.02 * power + 0.0006 * displacement - 0.08 * (year - 2005)
litres = (litres + rng.normal(0, 0.4, size=800)).astype("float32")

train_features, test_features = features[:600], features[600:]
train_labels, test_labels = litres[:600], litres[600:]

normalizer = layers.Normalization(axis=-1)
normalizer.adapt(train_features)

model = keras.Sequential(
    [
        keras.Input(shape=(4,)),
        normalizer,
        layers.Dense(32, activation="relu"),
        layers.Dense(32, activation="relu"),
        layers.Dense(1),
    ]
)
model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=0.005),
    loss="mean_absolute_error",
    metrics=[keras.metrics.RootMeanSquaredError(name="rmse"), keras.metrics.R2Score()],
)
history = model.fit(train_features, train_labels, epochs=15, validation_split=0.2, verbose=0)

results = model.evaluate(test_features, test_labels, verbose=0, return_dict=True)
for name, value in results.items():
    print(f"{name}: {value:.3f}")

errors = model.predict(test_features).flatten() - test_labels
print(f"mean error: {errors.mean():.3f} litres")

quality = {**results, "spread of errors": float(errors.std())}
