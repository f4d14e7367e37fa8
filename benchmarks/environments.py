"""A virtual environment for each peer, made once and kept in the user's cache folder."""

import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TORCH = "torch==2.13.0"

REQUIREMENTS = {
    # One JAX for both, so that the difference is not JAX's.
    "ravine": ("jax==0.10.2", "optax==0.2.8"),
    "keras-jax": ("keras==3.15.1", "jax==0.10.2", "matplotlib==3.11.1"),
    "keras-tf": ("keras==3.15.1", "tensorflow-cpu==2.21.0"),
    "scikit-learn": ("scikit-learn==1.9.1",),
    "numpy": ("numpy==2.4.6",),
}

# Settings left in someone's shell would be measured along with the peers.
FOREIGN = ("BLIS_", "GOTO_", "JAX_", "KERAS_", "KMP_", "MKL_", "OMP_", "OPENBLAS_", "PYTHON", "RAVINE_", "TF_", "XLA_")


def user_cache() -> Path:
    """Where this system keeps what can be made again."""
    if folder := os.environ.get("XDG_CACHE_HOME"):
        base = Path(folder)
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path.home() / ".cache"
    return base / "ravine-benchmarks"


def clean_environ(**settings: str) -> dict[str, str]:
    """The shell's variables without those that steer a peer, then the settings; no peer sees a GPU."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    return {**kept, "CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu", "TF_CPP_MIN_LOG_LEVEL": "2", **settings}


@dataclass(frozen=True)
class Environments:
    """Finds or makes the environment of a name. `given` are environments that someone else made."""

    cache: Path
    given: Mapping[str, Path] = field(default_factory=dict[str, Path])
    torch: str = TORCH

    def python(self, name: str) -> Path:
        """The interpreter."""
        return self.folder(name) / "bin" / "python"

    def folder(self, name: str) -> Path:
        """The environment, installed first if it is missing or its requirements have changed."""
        if name in self.given:
            return self.given[name]
        folder, arguments = self.cache / "environments" / name, self.arguments(name)
        stamp = folder / "installed.json"
        if not stamp.exists() or json.loads(stamp.read_text()) != self._wanted(name):
            print(f"installing {' '.join(arguments)}", file=sys.stderr)
            shutil.rmtree(folder, ignore_errors=True)
            subprocess.run([sys.executable, "-m", "venv", folder], check=True)
            pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
            subprocess.run([*pip, *arguments], check=True, stdout=sys.stderr, env=clean_environ())
            stamp.write_text(json.dumps(self._wanted(name)))  # last: a half-made environment is made again
        return folder

    def arguments(self, name: str) -> list[str]:
        """What pip installs."""
        if name == "torch":
            return [*shlex.split(self.torch), "numpy==2.4.6"]
        own = ["--editable", str(ROOT)] if name == "ravine" else []
        return [*own, *REQUIREMENTS[name]]

    def _wanted(self, name: str) -> list[str]:
        # The editable installation follows the sources by itself, but not their requirements.
        project = (ROOT / "pyproject.toml").read_bytes() if name == "ravine" else b""
        return [*self.arguments(name), sys.version, hashlib.sha256(project).hexdigest()]
