"""One question, priced into the columns of a row; its numbers may be arrays, and then so are the columns.

The same formulas as `vidcalc.calculate.calculate`, without what no column holds: training, FLOPs by stage, advice.
"""

from msgspec.structs import replace

from vidcalc.account.memory import inference_memory
from vidcalc.account.money import energy_part, money_part
from vidcalc.account.time import staged
from vidcalc.base.number import Number
from vidcalc.base.units import HOUR
from vidcalc.cost import memory
from vidcalc.cost.reserve import counters
from vidcalc.cost.seconds import spread, total
from vidcalc.describe.hardware import Accelerator, Hardware
from vidcalc.describe.question import Question
from vidcalc.ledger.types import Ledger
from vidcalc.ledger.unroll import unroll
from vidcalc.passes import legal, rewritten
from vidcalc.search.sweeps.columns import COLUMNS, MEMORY_STAGES, TIME_STAGES

PRICE = "price"  # what a number is called that is no field of a workload
NOT_KNOWN = float("nan")
COUNTED = ("allocated", "reserved", "device")
Values = dict[str, Number | str]


def priced(question: Question, price: Number | None = None, *, replays: bool = False) -> Values:
    """Every column of `COLUMNS` for a question. Raises InputError for a combination that is not allowed.

    price    of an accelerator, where it is another than the question's [USD/s]
    replays  whether the allocator is replayed for each size
    """
    model, workload, hardware, plan = legal.settled(question)
    ledger = rewritten(unroll(model, workload), plan, hardware)
    return {
        **dict.fromkeys(COLUMNS, 0),
        **_of_memory(ledger, hardware, replays),
        **_of_time(ledger, hardware, workload.batch, price),
        "tokens": ledger.video_tokens,
    }


def _of_memory(ledger: Ledger, hardware: Hardware, replays: bool) -> Values:
    """Bytes: the peak under each counter, of all stages and of each."""
    chip, allocator = hardware.accelerator, ledger.further.allocator
    whole = inference_memory(ledger, hardware, replays=replays)
    values: Values = {name: getattr(whole, name) for name in ("verdict", "capacity", "host_ram", *COUNTED)}
    for row in memory.held(memory.stages(ledger), chip.capacity):
        if row.id in MEMORY_STAGES:
            shown = counters([row], chip, allocator, replays=replays)
            values |= {f"{row.id}_{name}": getattr(shown, name) for name in COUNTED}
    return values


def _of_time(ledger: Ledger, hardware: Hardware, batch: Number, price: Number | None) -> Values:
    """Seconds, money and energy of one generation."""
    stages, _kinds = staged(ledger, hardware)
    spent = spread(total(stages))
    seconds = spent.likely * hardware.total
    chip = hardware.accelerator if price is None else at_price(hardware.accelerator, price)
    money = money_part(chip, seconds, 0, batch)
    energy = energy_part(hardware, seconds, 0, batch)
    values: Values = {
        "seconds": spent.likely,
        "seconds_low": spent.low,
        "seconds_high": spent.high,
        "gpu_hours": seconds / HOUR,
        "cost": money.inference["likely"] if money else NOT_KNOWN,
        "cost_low": money.inference["low"] if money else NOT_KNOWN,
        "cost_high": money.inference["high"] if money else NOT_KNOWN,
        "energy": energy.per_video["likely"] if energy else NOT_KNOWN,
    }
    for stage, part in stages.items():
        if stage in TIME_STAGES:
            values |= {f"{stage}_seconds_low": part.low, f"{stage}_seconds_high": part.high}
            values[f"{stage}_seconds"] = part.likely
    return values


def at_price(chip: Accelerator, per_second: Number) -> Accelerator:
    """The accelerator at a price of the user's own [USD/s]."""
    return replace(chip, prices=tuple(replace(offer, low=per_second, high=per_second) for offer in chip.prices[:1]))
