"""Squeeze images of digits through sixteen numbers and clean noisy ones on the way."""

import keras
import numpy as np
from data import load_digits
from keras import layers

(x_train, _), (x_test, _) = load_digits()
x_train = x_train[:, ::2, ::2].reshape(len(x_train), 196).astype("float32") / 255.0
x_test = x_test[:, ::2, ::2].reshape(len(x_test), 196).astype("float32") / 255.0

rng = np.random.default_rng(0)
noisy_train = np.clip(x_train + 0.3 * rng.normal(size=x_train.shape), 0.0, 1.0)
noisy_test = np.clip(x_test + 0.3 * rng.normal(size=x_test.shape), 0.0, 1.0)

autoencoder = keras.Sequential(name="autoencoder")
autoencoder.add(keras.Input(shape=(196,)))
autoencoder.add(layers.Dense(64, activation="relu"))
autoencoder.add(layers.Dense(16, activation="relu", activity_regularizer=keras.regularizers.L1(1e-6), name="code"))
autoencoder.add(layers.Dense(64, activation="relu"))
autoencoder.add(layers.Dense(196, activation="sigmoid"))
autoencoder.compile(optimizer="adam", loss="binary_crossentropy")
autoencoder.summary()

history = autoencoder.fit(
    noisy_train, x_train, epochs=5, batch_size=64, shuffle=True, validation_data=(noisy_test, x_test)
)

cleaned = autoencoder.predict(noisy_test)
before = np.mean((noisy_test - x_test) ** 2)
after = np.mean((cleaned - x_test) ** 2)
print(f"Mean squared error: {before:.4f} with the noise, {after:.4f} cleaned")

quality = {"val_loss": history.history["val_loss"][-1], "squared error": float(after)}
