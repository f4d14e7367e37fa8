"""Find the few fraudulent transactions in a table by weighting their class."""

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(11)
targets = (rng.random(3000) < 0.08).astype("uint8")
features = rng.normal(size=(3000, 12)) + 0.8 * targets[:, None] * rng.normal(size=12)
features, targets = features.astype("float32"), targets[:, None]

train_features, val_features = features[:2000], features[2000:]
train_targets, val_targets = targets[:2000], targets[2000:]

counts = np.bincount(train_targets[:, 0])
print(f"{counts[1]} of {len(train_targets)} transactions are fraudulent ({100 * counts[1] / len(train_targets):.1f} %)")
class_weight = {0: 1.0 / counts[0], 1: 1.0 / counts[1]}

mean = np.mean(train_features, axis=0)
std = np.std(train_features, axis=0)
train_features = (train_features - mean) / std
val_features = (val_features - mean) / std

model = keras.Sequential(
    [
        keras.Input(shape=train_features.shape[1:]),
        layers.Dense(32),
        layers.BatchNormalization(momentum=0.9),
        layers.Activation("relu"),
        layers.Dropout(0.3),
        layers.Dense(1, activation="sigmoid"),
    ]
)
metrics = [
    keras.metrics.Precision(name="precision"),
    keras.metrics.Recall(name="recall"),
    keras.metrics.AUC(name="auc"),
]
model.compile(optimizer=keras.optimizers.Adam(1e-2), loss="binary_crossentropy", metrics=metrics)

callbacks = [
    keras.callbacks.EarlyStopping(monitor="val_auc", mode="max", patience=4, restore_best_weights=True),
]
history = model.fit(
    train_features,
    train_targets,
    batch_size=256,
    epochs=12,
    verbose=2,
    callbacks=callbacks,
    validation_data=(val_features, val_targets),
    class_weight=class_weight,
)

results = model.evaluate(val_features, val_targets, verbose=0, return_dict=True)
print(f"recall {results['recall']:.3f}, precision {results['precision']:.3f}, AUC {results['auc']:.3f}")

quality = {name: results[name] for name in ("loss", "recall", "precision", "auc")}
