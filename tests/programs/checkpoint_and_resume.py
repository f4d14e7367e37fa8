"""Keep the best weights of a run, and go on training from them later."""

import os

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(4)
x = rng.normal(size=(900, 10)).astype("float32")
y = (x @ rng.normal(size=(10, 3)) + rng.normal(size=(900, 3))).argmax(axis=1)
x_train, y_train, x_val, y_val = x[:600], y[:600], x[600:], y[600:]


def get_compiled_model():
    model = keras.Sequential(
        [
            keras.Input(shape=(10,)),
            layers.Dense(24, activation="relu"),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


os.makedirs("checkpoints", exist_ok=True)
checkpoint_path = os.path.join("checkpoints", "best.weights.h5")
checkpoint = keras.callbacks.ModelCheckpoint(
    filepath=checkpoint_path,
    save_weights_only=True,
    save_best_only=True,
    monitor="val_accuracy",
    mode="max",
    verbose=1,
)
every_epoch = keras.callbacks.ModelCheckpoint(filepath="checkpoints/epoch-{epoch:02d}-{val_loss:.2f}.keras")
log = keras.callbacks.CSVLogger("checkpoints/log.csv", append=True)

first = get_compiled_model()
first.fit(
    x_train, y_train, epochs=6, validation_data=(x_val, y_val), callbacks=[checkpoint, every_epoch, log], verbose=0
)
print(sorted(os.listdir("checkpoints")))

# Later, with a model that knows nothing yet.
resumed = get_compiled_model()
untrained_loss, untrained_accuracy = resumed.evaluate(x_val, y_val, verbose=0)
resumed.load_weights(checkpoint_path)
restored_loss, restored_accuracy = resumed.evaluate(x_val, y_val, verbose=0)
print(f"Accuracy before loading: {untrained_accuracy:.3f}, after: {restored_accuracy:.3f}")

history = resumed.fit(
    x_train,
    y_train,
    initial_epoch=6,
    epochs=12,
    validation_data=(x_val, y_val),
    callbacks=[checkpoint, log],
    verbose=0,
)
with open("checkpoints/log.csv") as file:
    logged = [line.strip().split(",") for line in file]
print("Logged:", logged[0], "to epoch", logged[-1][0])

quality = {
    "restored accuracy": restored_accuracy,
    "restored loss": restored_loss,
    "resumed loss": history.history["val_loss"][-1],
    "logged epochs": float(len(logged)),
    "last epoch": float(history.epoch[-1]),
}
