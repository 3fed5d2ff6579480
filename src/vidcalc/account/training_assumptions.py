"""What a training report took as given, and what its user should know: ids and values for the faces to put in words."""

from vidcalc.account.assumed import machinery, stated, trained
from vidcalc.account.assumptions import cautions, misfits
from vidcalc.catalog.training import networks, sharding
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.question import Run
from vidcalc.describe.training import TrainingPlan
from vidcalc.passes.states import buckets
from vidcalc.report.estimate import Assumption, Warning_
from vidcalc.report.training import RunMemory


def assumptions(asked: Run, provenance: str) -> list[Assumption]:
    """What the numbers rest on; `provenance` is that of the rates."""
    plan, training = asked.plan, asked.plan.training
    shared = sharding(training.sharding)
    found = [
        *machinery(asked.hardware.accelerator, plan.runtime, plan.attention, provenance),
        *trained(training),
        Assumption(id="sharding", value=training.sharding, source=shared.source, provenance="assumed"),
        Assumption(id="samples", value=asked.data.samples, source="--train-steps, --clips", provenance="assumed"),
    ]
    found += stated(training)
    if buckets(1, training):
        found.append(
            Assumption(id="gradient_buckets", value=training.sharding, source=shared.source, provenance="assumed")
        )
    if training.networks != "alone":
        beside = networks(training.networks)
        found.append(
            Assumption(id="networks_beside", value=training.networks, source=beside.source, provenance="assumed")
        )
    return found


def warnings(asked: Run, used: RunMemory) -> list[Warning_]:
    """What deserves the user's attention."""
    model, data, hardware, plan = asked
    found = []
    for size in data.buckets:
        misfit = misfits(model, size.width, size.height, size.frames)
        found += [row for row in misfit if size.frames > 1 or row.id != "illegal_frames"]  # an image is one frame
    found = list({(row.id, str(row.values)): row for row in found}.values())
    found += cautions(model, hardware)
    found += _degrees(plan.training, hardware)
    if used.verdict == "too_big":
        found.append(Warning_(id="training_too_big", values={"missing": -used.margin}))
    return found


def _degrees(training: TrainingPlan, hardware: Hardware) -> list[Warning_]:
    """Degrees that go together, but hardly well."""
    found = []
    if training.pipeline_degree > training.grad_accum:
        values = {"stages": training.pipeline_degree, "micro_batches": training.grad_accum}
        found.append(Warning_(id="pipeline_starved", values=values))
    if training.tensor_degree > hardware.count:
        values = {"ranks": training.tensor_degree, "node": hardware.count}
        found.append(Warning_(id="tensor_across_nodes", values=values))
    return found
