"""What `ravine mnist` does, written with Keras: `python keras_mnist.py MNIST.npz`.

Train with early stopping, evaluate, write the figure, the history and the weights, print what came out.
"""

import csv
import json
import sys

import keras
import matplotlib.pyplot as plt
import numpy as np

with np.load(sys.argv[1]) as file:
    x_train, y_train, x_test, y_test = (file[name] for name in ("x_train", "y_train", "x_test", "y_test"))
x_train, x_test = x_train.astype("float32") / 255, x_test.astype("float32") / 255

model = keras.Sequential(
    [
        keras.Input((28, 28)),
        keras.layers.Flatten(),
        keras.layers.Dense(128, activation="sigmoid"),
        keras.layers.Dense(10, activation="softmax"),
    ]
)
model.summary()
model.compile(
    optimizer=keras.optimizers.SGD(0.1, momentum=0.9), loss="sparse_categorical_crossentropy", metrics=["accuracy"]
)
stopping = keras.callbacks.EarlyStopping(monitor="val_loss", patience=10, restore_best_weights=True)
history = model.fit(
    x_train, y_train, batch_size=32, epochs=1, validation_split=0.2, callbacks=[stopping], verbose=2
).history
_, train_accuracy = model.evaluate(x_train, y_train, verbose=0)
_, test_accuracy = model.evaluate(x_test, y_test, verbose=0)

figure, axes = plt.subplots(1, 2, figsize=(10, 4))
for axis, metric in zip(axes, ("accuracy", "loss"), strict=True):
    axis.plot(history[metric], label="training")
    axis.plot(history["val_" + metric], label="validation")
    axis.set_xlabel("epoch")
    axis.set_ylabel(metric)
    axis.legend()
figure.savefig("history.png")
with open("history.csv", "w", newline="") as file:
    csv.writer(file).writerows([history, *zip(*history.values(), strict=True)])
model.save_weights("model.weights.h5")
print(json.dumps({"train_accuracy": float(train_accuracy), "test_accuracy": float(test_accuracy)}))
