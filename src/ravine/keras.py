"""``ravine.keras`` is Ravine itself: programs that say ``keras.layers`` need no other change than their imports.

``from tensorflow import keras`` becomes ``from ravine import keras``, and ``from tensorflow.keras.layers import Dense``
becomes ``from ravine.keras.layers import Dense`` or ``from ravine.layers import Dense``.
"""

import importlib
import sys

import ravine

NAMES = (
    "activations",
    "backend",
    "callbacks",
    "constraints",
    "datasets",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "models",
    "ops",
    "optimizers",
    "regularizers",
    "saving",
    "utils",
)

for name in NAMES:
    importlib.import_module(f"ravine.{name}")
# Under their other names they are the same modules: a second copy of a class would be another class.
for name, module in list(sys.modules.items()):
    if name.startswith("ravine.") and name != __name__:
        sys.modules[f"{__name__}.{name.removeprefix('ravine.')}"] = module
sys.modules[__name__] = ravine
