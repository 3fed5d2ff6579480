"""The whole story on one page: unroll the job, rewrite it as the plan says, price it, report it.

    report = calculate(model, workload, hardware, plan)

`unroll` turns model and workload into phases of calls; the passes turn these into what one rank of the plan does and
holds, in the order that `vidcalc.passes` states; `cost` puts bytes, seconds, money and energy on that; `account` lays
them out. What comes out is a `Report` of ids and numbers.
"""

from msgspec.structs import replace

from vidcalc.account.assumptions import assumptions, warnings
from vidcalc.account.compute import compute
from vidcalc.account.memory import inference_memory
from vidcalc.account.model import hardware_part, model_part
from vidcalc.account.summary import settings
from vidcalc.account.time import inference_time
from vidcalc.account.training import training_memory, training_time
from vidcalc.cost import money
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.model import Model
from vidcalc.describe.plan import Plan
from vidcalc.describe.workload import Workload
from vidcalc.ledger.taping import sequence
from vidcalc.passes import generation, legal
from vidcalc.report.estimate import Latent, Memory, Report, Sequence, Time, TrainingMemory
from vidcalc.training import ranks
from vidcalc.training.bucket import micro, priced, sized


def calculate(model: Model, workload: Workload, hardware: Hardware, plan: Plan) -> Report:
    """Everything about one job on one kind of accelerator.

    Numbers of the workload may be ints (exact) or float64 arrays (a sweep; the report then holds arrays).
    Raises InputError for a choice the catalogue does not have.
    """
    # unroll, rewrite
    legal.checked(model, plan)
    ranks.checked(model, plan.training)
    ledger, first = generation(model, workload, hardware, plan)
    step = micro(model, workload, plan, ledger)

    # price
    inference = inference_memory(ledger, hardware)
    cell = priced(step, ledger, hardware, plan)
    trained = training_memory(cell, hardware)
    generated = inference_time(ledger, first, hardware)
    steps = training_time(cell, workload, hardware)
    seconds = generated.total * hardware.total, steps.total * hardware.total

    def checkpointed() -> TrainingMemory:
        light = replace(plan, training=replace(plan.training, checkpointing="full"))
        return training_memory(sized(micro(model, workload, light, ledger), ledger, light), hardware)

    # report
    channels, frames, height, width = ledger.latent
    return Report(
        model=model_part(model, ledger),
        workload=settings(workload),
        plan=settings(plan),
        hardware=hardware_part(hardware),
        latent=Latent(channels=channels, frames=frames, height=height, width=width),
        sequence=Sequence(video_tokens=ledger.video_tokens, text_tokens=workload.text_tokens, total=sequence(ledger)),
        compute=compute(model, workload, plan, ledger),
        memory=Memory(inference=inference, training=trained),
        time=Time(inference=generated, training=steps),
        cost=money.cost(hardware.accelerator, *seconds, workload.batch),
        energy=money.energy(hardware, *seconds, workload.batch),
        throughput=money.throughput(workload, hardware, generated),
        assumptions=assumptions(model, workload, hardware, plan, ledger, generated.provenance),
        warnings=warnings(model, workload, hardware, plan, inference, trained, checkpointed),
    )
