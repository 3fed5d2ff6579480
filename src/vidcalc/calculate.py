"""The whole story on one page: unroll the job, rewrite it as the plan says, price it, report it.

    report = calculate(model, workload, hardware, plan)      what one job needs
    report = train(model, data, hardware, plan)              what a training run needs
    report = chain(questions)                                what jobs need that make one video in a row

`unroll` turns model and workload into phases of calls; the passes turn these into what one rank of the plan does and
holds, in the order that `vidcalc.passes` states; `cost` puts bytes, seconds, money and energy on that; `account` lays
them out. What comes out is a report of ids and numbers.
"""

from collections.abc import Collection
from typing import TYPE_CHECKING

from msgspec.structs import replace

from vidcalc.account.assumptions import assumptions, warnings
from vidcalc.account.bucket import BucketCost, Loaded, Sample, priced, sized
from vidcalc.account.compute import compute
from vidcalc.account.leftout import cautions_of
from vidcalc.account.memory import inference_memory
from vidcalc.account.model import hardware_part, model_part
from vidcalc.account.money import energy_part, money_part, throughput_part
from vidcalc.account.summary import settings
from vidcalc.account.time import inference_time
from vidcalc.account.training import training_memory, training_time
from vidcalc.base.guest import named
from vidcalc.base.number import largest
from vidcalc.catalog import fill
from vidcalc.describe.data import Bucket, Data
from vidcalc.describe.handoff import handed
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.model import Model
from vidcalc.describe.plan import Plan
from vidcalc.describe.question import Question, Run
from vidcalc.describe.training import TrainingPlan
from vidcalc.describe.workload import Stage, Workload
from vidcalc.ledger import windows
from vidcalc.ledger.taping import sequence
from vidcalc.ledger.types import Ledger
from vidcalc.ledger.unroll import unroll
from vidcalc.passes import backward, degrees, first_step, formats, generation, legal, offload, rewritten
from vidcalc.report.estimate import Latent, Memory, Report, Sequence, Time, TrainingMemory

if TYPE_CHECKING:
    from vidcalc.account.work import OpRow
    from vidcalc.report.chain import ChainReport
    from vidcalc.report.training import TrainingReport


def calculate(
    model: Model, workload: Workload, hardware: Hardware, plan: Plan, left_out: Collection[Stage] = ()
) -> Report:
    """Everything about one job on one kind of accelerator; `left_out` are stages that another job makes.

    Numbers of the workload may be ints (exact) or float64 arrays (a sweep; the report then holds arrays).
    Raises InputError for a choice the catalogue does not have.
    """
    return _worked(Question(model, workload, hardware, plan), left_out)[0]


def _worked(asked: Question, left_out: Collection[Stage]) -> tuple[Report, str]:
    """The report of one job, and the word of the way in which it really offloads, which may be the framework's."""
    question = legal.settled(asked)
    model, workload, hardware, plan = question

    # unroll, rewrite
    ledger, first = generation(model, workload, hardware, plan, left_out)
    learning, each = learned(model, workload, hardware, plan, ledger), degrees.cut(plan.training)
    taped_step = backward.step(learning, plan.training, each=each)
    step = Loaded(workload=workload, ledger=learning, step=taped_step)

    # price
    inference = inference_memory(ledger, hardware)
    cost = priced(step, hardware, plan.training)
    trained = training_memory(cost, hardware)
    made = inference_time(ledger, first, hardware)
    steps = training_time(cost, workload, hardware)
    seconds = (
        named("gpu_seconds", made.total * hardware.total, "s"),
        named("gpu_seconds", steps.total * hardware.total, "s"),
    )

    def checkpointed() -> TrainingMemory:
        light = replace(plan.training, checkpointing="full")
        lighter = replace(step, step=backward.step(learning, light, each=each))
        return training_memory(sized(lighter, hardware, light), hardware)

    # report
    channels, frames, height, width = ledger.latent
    report = Report(
        model=model_part(model, ledger),
        workload=settings(workload),
        plan=settings(plan),
        hardware=hardware_part(hardware),
        latent=Latent(channels=channels, frames=frames, height=height, width=width),
        sequence=Sequence(video_tokens=ledger.video_tokens, text_tokens=workload.text_tokens, total=sequence(ledger)),
        compute=compute(model, workload, ledger),
        memory=Memory(inference=inference, training=trained),
        time=Time(inference=made, training=steps),
        cost=money_part(hardware.accelerator, *seconds, workload.batch),
        energy=energy_part(hardware, *seconds, workload.batch),
        throughput=throughput_part(workload, hardware, made),
        assumptions=assumptions(question, ledger, made.provenance),
        warnings=[*warnings(question, inference, trained, checkpointed, made), *cautions_of(question, ledger)],
    )
    return report, offload.chosen(plan, ledger, hardware.accelerator)


def listed(model: Model, workload: Workload, hardware: Hardware, plan: Plan) -> "list[OpRow]":
    """Every op of one job with its FLOPs, bytes and seconds. Raises InputError as `calculate` does."""
    from vidcalc.account.work import rows  # late: an estimate needs none of it

    question = legal.settled(Question(model, workload, hardware, plan))
    return list(rows(generation(*question)[0], hardware))


def learned(model: Model, workload: Workload, hardware: Hardware, plan: Plan, ledger: Ledger) -> Ledger:
    """The ledger whose forward is trained: the generation's own, but for windows that its user chose."""
    alike = windows.trained(model)
    return ledger if alike is model else generation(alike, workload, hardware, plan)[0]


def chain(jobs: tuple[Question, ...]) -> "ChainReport":
    """Everything about jobs that make one video in a row, on the hardware of the first. Raises InputError."""
    from vidcalc.account.chain import chain_report  # late: an estimate needs none of it

    parts = handed(jobs)
    reports, ways = zip(*(_worked(part.job, part.left_out) for part in parts), strict=True)
    return chain_report(parts, reports, ways)


def train(model: Model, data: Data, hardware: Hardware, plan: Plan) -> "TrainingReport":
    """Everything about one training run.

    A bucket is a size of sample. The bucket that needs most decides memory, the mix of buckets decides time. Ranks
    share the work as `plan.training` says; money and energy are sums over accelerator-seconds.
    Raises InputError for a choice the catalogue does not have and for degrees that do not go together.
    """
    plan = formats.settled(plan, model, hardware.accelerator)
    legal.checked_training(model, plan.training)
    from vidcalc.account.training_run import training_report  # late: an estimate needs none of it

    costs = [bucket(model, each, hardware, plan) for each in data.buckets]
    return training_report(Run(model, data, hardware, plan), costs)


def loaded(model: Model, size: Bucket, hardware: Hardware, plan: Plan) -> Loaded:
    """One bucket unrolled and taped: what does not depend on how ranks share it."""
    return taped(*generated(model, size, hardware, plan), plan.training)


def generated(model: Model, size: Bucket, hardware: Hardware, plan: Plan) -> tuple[Workload, Ledger, Sample]:
    """The generation of a bucket's size: the networks that feed a step, and a validation sample where one is made."""
    workload, plan = workload_of(model, size), formats.settled(plan, model, hardware.accelerator)
    whole = unroll(model, workload)
    ledger = rewritten(whole, plan, hardware)
    if plan.training.validation == "off":
        return workload, ledger, Sample()
    return workload, ledger, validation(ledger, first_step(whole, hardware, plan), hardware)


def taped(workload: Workload, ledger: Ledger, sample: Sample, training: TrainingPlan) -> Loaded:
    """A bucket of that size with its step on the tape."""
    step = backward.step(ledger, training, sample.activations)
    return Loaded(workload=workload, ledger=ledger, step=step, validation=sample)


def validation(ledger: Ledger, first: Ledger, hardware: Hardware) -> Sample:
    """One sample generated with the trained weights, on every rank by itself."""
    working = [phase for phase in ledger.phases if phase.id != "text_encode" and phase.trace]
    live = largest(phase.taped.peak + phase.taped.workspace for phase in working)
    return Sample(activations=live, seconds=inference_time(ledger, first, hardware).total)


def bucket(model: Model, size: Bucket, hardware: Hardware, plan: Plan) -> BucketCost:
    """One bucket unrolled and priced on the plan's ranks. Raises InputError for more of them than it has tokens."""
    one = loaded(model, size, hardware, plan)
    legal.spread(one.ledger.video_tokens, plan.training)
    return priced(one, hardware, plan.training)


def workload_of(model: Model, size: Bucket) -> Workload:
    """The workload of a micro-batch of that size; what the model's VAE or denoiser rounds is as in generation.

    Raises InputError for a size below one token's.
    """
    asked = fill.workload(model, width=size.width, height=size.height, frames=size.frames, batch=size.batch)
    return fill.with_a_token(model, asked)
