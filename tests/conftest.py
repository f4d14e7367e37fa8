"""Settings that must be in place before anything under test is imported."""

import os

os.environ["KERAS_BACKEND"] = "jax"  # Keras is the oracle of the differential tests
os.environ["MPLBACKEND"] = "Agg"
os.environ.setdefault("RAVINE_CACHE", "off")  # no test may depend on, or leave behind, compiled programs
