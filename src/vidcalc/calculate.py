"""The whole story on one page: unroll the job, price it, report it.

    report = calculate(model, workload, hardware, plan)

`unroll` turns model and workload into phases of ops, with guidance and precision applied; `cost` turns ops into
live bytes, seconds, money and energy; `parts` lays them out. What comes out is a `Report` of ids and numbers.
"""

from msgspec.structs import replace

from vidcalc.account import parts
from vidcalc.account.assumptions import assumptions, warnings
from vidcalc.account.summary import settings
from vidcalc.catalog.frameworks import executed
from vidcalc.cost import memory, money
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.model import Model
from vidcalc.describe.plan import Plan
from vidcalc.describe.workload import Workload
from vidcalc.ledger.unroll import unroll
from vidcalc.passes import parallel
from vidcalc.report.estimate import Latent, Memory, Report, Sequence, Time, TrainingMemory
from vidcalc.training import ranks
from vidcalc.training.bucket import micro, priced, sized


def calculate(model: Model, workload: Workload, hardware: Hardware, plan: Plan) -> Report:
    """Everything about one job on one kind of accelerator.

    Numbers of the workload may be ints (exact) or float64 arrays (a sweep; the report then holds arrays).
    Raises InputError for a choice the catalogue does not have.
    """
    # unroll
    model = executed(model, plan.framework)
    parallel.checked(model, plan)
    ranks.checked(model, plan.training)
    job = unroll(model, workload, plan)
    params = memory.parameters(model.denoiser, (job.forward,))
    step = micro(model, workload, plan)

    # price
    held = memory.networks(model, plan, job)
    components = parts.components(held)
    compute = parts.compute(model, workload, plan, job, params)
    inference = parts.inference_memory(job, held, plan, hardware)
    cell = priced(step, job, held, hardware, plan)
    trained = parts.training_memory(cell, hardware)
    generation = parts.inference_time(job, held, workload, hardware, plan)
    steps = parts.training_time(cell, workload, hardware)
    seconds = generation.total * hardware.total, steps.total * hardware.total

    def checkpointed() -> TrainingMemory:
        light = replace(plan, training=replace(plan.training, checkpointing="full"))
        return parts.training_memory(sized(micro(model, workload, light), job, held, light), hardware)

    # report
    channels, frames, height, width = job.latent
    return Report(
        model=parts.model_part(model, params, components),
        workload=settings(workload),
        plan=settings(plan),
        hardware=parts.hardware_part(hardware),
        latent=Latent(channels=channels, frames=frames, height=height, width=width),
        sequence=Sequence(video_tokens=job.video_tokens, text_tokens=workload.text_tokens, total=job.sequence),
        compute=compute,
        memory=Memory(inference=inference, training=trained),
        time=Time(inference=generation, training=steps),
        cost=money.cost(hardware.accelerator, *seconds, workload.batch),
        energy=money.energy(hardware, *seconds, workload.batch),
        throughput=money.throughput(workload, hardware, generation),
        assumptions=assumptions(model, workload, hardware, plan, job, generation.provenance),
        warnings=warnings(model, workload, hardware, plan, inference, trained, checkpointed),
    )
