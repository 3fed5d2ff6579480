"""A row's words on offload -> which weights wait in host memory, over what its program does by itself."""

from typing import get_args

from vidcalc.base.facts import Facts
from vidcalc.catalog.frameworks import framework as profile
from vidcalc.describe.model import Model
from vidcalc.describe.plan import SETTINGS, Offload
from vidcalc.validate import text
from vidcalc.validate.table import Row
from vidcalc.validate.unmapped import Unmapped

ALL = 10_000  # more blocks than any denoiser has


def placement(row: Row, chosen: Model, framework: str) -> Facts:
    """Fields of a plan, none where the row says nothing or what its program does by itself. Raises Unmapped."""
    pattern = text.found("offload", row.offload)
    if pattern is None:
        return {}
    match, moves = pattern
    if text.OPEN in moves.values():
        raise Unmapped("unknown_offload")
    if moves.get("numbered") and not framework.endswith(f"-{match.group(moves['numbered'])}"):
        raise Unmapped("unknown_offload")
    if moves.get("offload", "none") not in get_args(Offload):
        raise Unmapped("unknown_offload")
    given: Facts = {"offload": moves["offload"]} if "offload" in moves else {}
    if "swapped_blocks" in moves:
        given["swapped_blocks"] = ALL if moves.get("all_blocks") else int(match.group(moves["swapped_blocks"]))
    if "resident_blocks" in moves:
        given["resident_blocks"] = int(match.group(moves["resident_blocks"]))
    own = profile(framework).settings(chosen).get("offload", "none")
    if str(given.get("offload", "")).startswith("encoders") and own not in ("none", "encoders"):
        del given["offload"]  # where encoders leave and the framework does more by itself, it still does
    return {name: value for name, value in given.items() if name in SETTINGS}
