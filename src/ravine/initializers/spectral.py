"""Weights that make a convolution a Fourier transform."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ravine import checks
from ravine.initializers.base import Rule, Shape

SIDES = ("real", "imag")
SCALINGS = ("density", "spectrum")


@dataclasses.dataclass(frozen=True)
class STFT(Rule):
    """w[t, 0, f] = window[t]·cos(2πtf/F), or -window[t]·sin(2πtf/F), F = 2·(bands - 1), for ``[steps, 1, bands]``.

    Args:
        side: ``"real"`` for the cosines, ``"imag"`` for the sines.
        window: a name that ``scipy.signal.get_window`` knows, its values ``[steps]``, or None for none.
        scaling: what the window is divided by: ``"density"`` its Euclidean norm, ``"spectrum"`` the sum of its absolute
            values; None for nothing.
        periodic: whether a window of a name is one period instead of symmetric.
    """

    side: str = "real"
    window: Any = "hann"
    scaling: str | None = "density"
    periodic: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.window, list | np.ndarray):  # so that the rule can be hashed
            object.__setattr__(self, "window", tuple(np.asarray(self.window).tolist()))

    def check(self) -> None:
        """``side``, ``scaling`` and the window's name are known."""
        checks.look_up("side", self.side, dict.fromkeys(SIDES))
        if self.scaling is not None:
            checks.look_up("scaling", self.scaling, dict.fromkeys(SCALINGS))
        checks.boolean("periodic", self.periodic)
        if self.window is not None:
            self._window(len(self.window) if isinstance(self.window, tuple) else 4)

    def _window(self, steps: int) -> np.ndarray:
        """The window's values, of float64."""
        from scipy import signal  # takes a while to import, which only those who need it should wait for

        if isinstance(self.window, str):
            try:
                return np.asarray(signal.get_window(self.window, steps, fftbins=self.periodic))
            except ValueError as error:
                checks.reject("window", self.window, f"a name that scipy.signal.get_window knows ({error})")
        if not isinstance(self.window, tuple) or not all(isinstance(n, int | float) for n in self.window):
            checks.reject_type("window", self.window, "a name, numbers or None")
        if len(self.window) != steps:
            raise checks.RavineValueError(f"window has {len(self.window)} values: expected {steps}, the array's steps.")
        return np.asarray(self.window, float)

    def __call__(self, key: jax.Array, shape: Shape, /) -> jax.Array:
        """The waves; nothing is drawn."""
        if len(shape) != 3 or shape[1] != 1 or shape[2] < 2:
            raise checks.RavineValueError(
                f"initializer: STFT makes arrays of shape (steps, 1, bands) with two bands or more, not {shape}."
            )
        steps, _, bands = shape
        angles = -2 * np.pi * np.outer(np.arange(steps), np.arange(bands) / (2 * (bands - 1)))
        waves = np.cos(angles) if self.side == "real" else np.sin(angles)
        if self.window is not None:
            window = self._window(steps)
            norm = {"density": np.linalg.norm(window), "spectrum": np.abs(window).sum()}.get(str(self.scaling), 1.0)
            waves = waves * (window / norm)[:, None]
        return jnp.asarray(waves[:, None, :], jnp.float32)
