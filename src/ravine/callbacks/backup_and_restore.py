"""Going on after an interruption, in Keras's form over the checkpoints of ``fit``."""

from __future__ import annotations

import os
from typing import ClassVar

from ravine import checks
from ravine.callbacks.base import Callback


class BackupAndRestore(Callback):
    """Keep checkpoints of the run, so that the same ``fit`` goes on where it was cut off.

    It is what ``fit(checkpoint=backup_dir)`` does, and says so to ``fit``, which does it.

    Args:
        backup_dir: the folder of the checkpoints, which is made.
        save_freq: ``"epoch"``, since a run goes on from the end of an epoch.
        double_checkpoint: accepted for Keras's sake; the checkpoint before the newest is always kept.
        delete_checkpoint: whether to remove the checkpoints once the run came to its end. Ctrl-C is no such end.
    """

    every_epoch = False
    writes: ClassVar[bool] = True

    def __init__(
        self,
        backup_dir: str | os.PathLike[str],
        save_freq: str = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:
        checks.path("backup_dir", backup_dir, "a folder's path")
        if save_freq != "epoch":
            checks.reject("save_freq", save_freq, "'epoch', since a run goes on exactly from the end of an epoch only")
        self.backup_dir, self.save_freq = backup_dir, save_freq
        self.double_checkpoint = checks.boolean("double_checkpoint", double_checkpoint)
        self.delete_checkpoint = checks.boolean("delete_checkpoint", delete_checkpoint)
