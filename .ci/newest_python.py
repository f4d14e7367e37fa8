"""Print the newest Python of this machine that is newer than the one that runs this, or nothing.

It looks on the PATH and among those that pyenv keeps, and believes only one that starts: pyenv leaves names on the
PATH that belong to no version in use. One for which a package has no wheel is of no use, so versions end at NEWEST.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NEWEST = 13


def works(path: str, minor: int) -> bool:
    """Whether a Python starts, and is of the version that its name says."""
    asked = [path, "-c", "import sys; print(sys.version_info[1])"]
    try:
        answer = subprocess.run(asked, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0 and answer.stdout.strip() == str(minor)


def found(minor: int) -> str | None:
    """A Python 3 of a minor version, if there is one that works."""
    name = f"python3.{minor}"
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [shutil.which(name), *(str(path) for path in sorted(kept.glob(f"3.{minor}.*/bin/{name}")))]
    return next((path for path in candidates if path and works(path, minor)), None)


print(next(filter(None, map(found, range(NEWEST, sys.version_info[1], -1))), ""))
