"""One call of one network, cut out of the job that it belongs to: its own weights on the device and nothing beside it,
as networks are measured one by one.
"""

from typing import NamedTuple

from msgspec.structs import replace

from vidcalc.cost import memory
from vidcalc.cost.call import exposed_copies, single_rank
from vidcalc.cost.seconds import Seconds, spread, total
from vidcalc.describe.hardware import Hardware
from vidcalc.ledger.types import Ledger


class Alone(NamedTuple):
    """Bytes while the call runs, as a stage, and seconds with their band."""

    stages: list[memory.Stage]
    seconds: Seconds


def alone(ledger: Ledger, phase: str, machine: Hardware, component: str = "") -> Alone:
    """The first call of that phase, of that component where several have one. Raises StopIteration where none does."""
    found = next(each for each in ledger.phases if each.id == phase and component in ("", each.component.id))
    own = found.component.id
    cut = replace(found, calls=1, turns=1, resident={own: found.resident[own]})
    chip = machine.accelerator
    spent = spread(total(single_rank(cut, chip)) + exposed_copies(cut.once, chip))
    return Alone(memory.stages(replace(ledger, phases=(cut,), loaded={})), spent)
