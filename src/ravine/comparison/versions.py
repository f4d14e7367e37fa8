"""What a result was made with."""

from __future__ import annotations

import functools
import importlib.metadata
import platform

import jax

PACKAGES = ("ravine", "jax", "jaxlib", "numpy", "scipy")


@functools.cache
def versions() -> dict[str, str]:
    """The versions of Python and of the packages that numbers come from, and the device that runs went on."""
    device = jax.local_devices()[0]
    return {
        **{name: importlib.metadata.version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "device": f"{len(jax.local_devices())} {device.device_kind}",
    }
