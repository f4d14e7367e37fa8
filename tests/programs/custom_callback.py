"""Watch a training run, and steer it, by callbacks of one's own."""

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(2)
x = rng.normal(size=(1200, 8)).astype("float32")
y = (np.sum(x**2, axis=1) > 7.3).astype("int32")


class HalveOnPlateau(keras.callbacks.Callback):
    """Halve the learning rate when the validation loss stops falling, and end the run when that no longer helps."""

    def __init__(self, patience=1, smallest=0.002):
        super().__init__()
        self.patience = patience
        self.smallest = smallest

    def on_train_begin(self, logs=None):
        self.best = np.inf
        self.wait = 0
        self.rates = []

    def on_epoch_end(self, epoch, logs=None):
        rate = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        self.rates.append(rate)
        if logs["val_loss"] < self.best:
            self.best = logs["val_loss"]
            self.best_weights = self.model.get_weights()
            self.wait = 0
            return
        self.wait += 1
        if self.wait >= self.patience:
            self.wait = 0
            self.model.optimizer.learning_rate = rate / 2
            print(f"Epoch {epoch + 1}: the learning rate is now {rate / 2:.4f}")
            if rate / 2 < self.smallest:
                self.model.stop_training = True

    def on_train_end(self, logs=None):
        self.model.set_weights(self.best_weights)


class LossHistory(keras.callbacks.Callback):
    def on_train_begin(self, logs={}):  # noqa: B006
        self.keys = None
        self.losses = []

    def on_epoch_end(self, epoch, logs={}):  # noqa: B006
        self.keys = list(logs.keys())
        self.losses.append(logs.get("loss"))
        if epoch == 0:
            print(f"{self.params['epochs']} epochs of {self.params['steps']} steps; keys: {self.keys}")


model = keras.Sequential(
    [
        keras.Input(shape=(8,)),
        layers.Dense(32, activation="relu"),
        layers.Dense(1, activation="sigmoid"),
    ]
)
model.compile(optimizer=keras.optimizers.RMSprop(0.03), loss="binary_crossentropy", metrics=["accuracy"])

steering, recording = HalveOnPlateau(), LossHistory()
announcing = keras.callbacks.LambdaCallback(on_train_end=lambda logs: print("Done:", sorted(logs)))
history = model.fit(
    x[:800],
    y[:800],
    epochs=15,
    batch_size=40,
    validation_data=(x[800:], y[800:]),
    callbacks=[steering, recording, announcing],
    verbose=0,
)

loss, accuracy = model.evaluate(x[800:], y[800:], verbose=0)
print(f"Best weights: loss {loss:.3f}, accuracy {accuracy:.3f} after {len(recording.losses)} epochs")

quality = {"loss": loss, "accuracy": accuracy, "last rate": steering.rates[-1]}
