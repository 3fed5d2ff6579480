"""One memory-bound kernel of a running network as it is written down: its traffic and what paces it."""

from typing import NamedTuple

from vidcalc.ops.pointwise import LONG


class Moved(NamedTuple):
    """Bytes moved, elements of a row it works along, way, bytes per element, blocks: see `vidcalc.ops.Pointwise`."""

    moved: int
    row: int = LONG
    way: str = "vector"
    each: int = 0
    blocks: int = 0
