"""Tell three species of iris apart by the sizes of their leaves."""

import keras
import numpy as np
from data import load_iris
from keras import layers

measured, species = load_iris()
order = np.random.default_rng(3).permutation(len(measured))
measured, species = measured[order], species[order]
x_train, y_train = measured[:100], species[:100]
x_test, y_test = measured[100:], species[100:]
mean, std = x_train.mean(axis=0), x_train.std(axis=0)
x_train, x_test = (x_train - mean) / std, (x_test - mean) / std

model = keras.models.Sequential()
model.add(keras.layers.Input(shape=(4,)))
model.add(layers.Dense(16, activation="tanh", kernel_initializer="he_normal"))
model.add(layers.Dense(3))

model.compile(
    optimizer=keras.optimizers.SGD(learning_rate=0.05, momentum=0.9, nesterov=True),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=[keras.metrics.SparseCategoricalAccuracy()],
)
history = model.fit(x_train, y_train, epochs=20, batch_size=16, verbose=0)

test_loss, test_accuracy = model.evaluate(x_test, y_test, verbose=2)
print(f"Test accuracy: {test_accuracy:.3f}")

logits = model.predict(x_test, verbose=0)
probabilities = keras.activations.softmax(logits)
print("Certainty of the first flowers:", np.max(np.asarray(probabilities)[:3], axis=1))

quality = {
    "loss": test_loss,
    "accuracy": test_accuracy,
    "train accuracy": history.history["sparse_categorical_accuracy"][-1],
}
