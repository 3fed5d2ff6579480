"""What a training report took as given, and what its user should know: ids and values for the faces to put in words."""

from vidcalc.account.assumed import machinery, stated, trained
from vidcalc.account.assumptions import cautions, host_short, misfits, unsized
from vidcalc.catalog.precisions import precision
from vidcalc.catalog.training import networks, sharding
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.question import Run
from vidcalc.describe.training import TrainingPlan
from vidcalc.passes.states import buckets
from vidcalc.report.estimate import Assumption, Warning_
from vidcalc.report.training import RunMemory


def assumptions(question: Run, provenance: str) -> list[Assumption]:
    """What the numbers rest on; `provenance` is that of the rates."""
    plan, training = question.plan, question.plan.training
    shared, dtype = sharding(training.sharding), precision(plan.precision).compute
    rows = [
        *machinery(question.hardware.accelerator, plan.runtime, plan.attention, dtype, provenance),
        *trained(training, question.model.denoiser.network),
        Assumption(id="sharding", value=training.sharding, source=shared.source, provenance="assumed"),
        Assumption(id="samples", value=question.data.samples, source="--train-steps, --clips", provenance="assumed"),
    ]
    rows += stated(training)
    rows += [Assumption(id=b.id, value=b.value, source=b.source, provenance=b.provenance) for b in question.model.basis]
    if buckets(1, training):
        rows.append(
            Assumption(id="gradient_buckets", value=training.sharding, source=shared.source, provenance="assumed")
        )
    if training.networks != "alone":
        beside = networks(training.networks)
        rows.append(
            Assumption(id="networks_beside", value=training.networks, source=beside.source, provenance="assumed")
        )
    return rows


def warnings(question: Run, used: RunMemory) -> list[Warning_]:
    """What deserves the user's attention."""
    model, data, hardware, plan = question
    rows = []
    for size in data.buckets:
        misfit = misfits(model, size.width, size.height, size.frames)
        rows += [row for row in misfit if size.frames > 1 or row.id != "illegal_frames"]  # an image is one frame
    rows = list({(row.id, str(row.values)): row for row in rows}.values())
    rows += cautions(model, hardware)
    rows += _degrees(plan.training, hardware)
    rows += host_short(used.host_room)
    if used.margin < 0:
        rows.append(Warning_(id="training_too_big", values={"missing": -used.margin}))
    return rows + unsized(used.unsized)


def _degrees(training: TrainingPlan, hardware: Hardware) -> list[Warning_]:
    """Degrees that go together, but hardly well."""
    rows = []
    if training.pipeline_degree > training.grad_accum:
        values = {"stages": training.pipeline_degree, "micro_batches": training.grad_accum}
        rows.append(Warning_(id="pipeline_starved", values=values))
    if training.tensor_degree > hardware.count:
        values = {"ranks": training.tensor_degree, "node": hardware.count}
        rows.append(Warning_(id="tensor_across_nodes", values=values))
    return rows
