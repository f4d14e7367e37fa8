"""Callbacks, under Keras's names."""

from typing import TYPE_CHECKING

from ravine import keras_names
from ravine.callbacks.backup_and_restore import BackupAndRestore
from ravine.callbacks.base import Callback
from ravine.callbacks.csv_logger import CSVLogger
from ravine.callbacks.early_stopping import EarlyStopping
from ravine.callbacks.lambda_callback import LambdaCallback
from ravine.callbacks.learning_rate_scheduler import LearningRateScheduler
from ravine.callbacks.model_checkpoint import ModelCheckpoint
from ravine.callbacks.probe import Probe
from ravine.callbacks.reduce_lr_on_plateau import ReduceLROnPlateau
from ravine.callbacks.terminate_on_nan import TerminateOnNaN

__all__ = [
    "BackupAndRestore",
    "CSVLogger",
    "Callback",
    "EarlyStopping",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "Probe",
    "ReduceLROnPlateau",
    "TerminateOnNaN",
]

if not TYPE_CHECKING:
    __getattr__ = keras_names.of_module(__name__, __all__)
