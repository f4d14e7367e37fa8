"""What a run reads where it is not simply arrays in memory: rows read when they are needed, and batches of a user's.

:func:`as_source` tells which it is. A :class:`Source` gives an epoch's batches one by one, on the host;
:func:`chunks` puts them together for the compiled run, and reads ahead meanwhile.
"""

from ravine.training.sources.base import Order, Source
from ravine.training.sources.chunking import chunks
from ravine.training.sources.indexed import Indexed
from ravine.training.sources.kinds import as_source, pair_as_source
from ravine.training.sources.rows import Rows
from ravine.training.sources.streams import Stream

__all__ = ["Indexed", "Order", "Rows", "Source", "Stream", "as_source", "chunks", "pair_as_source"]
