"""What a training report took as given, and what its user should know: ids and values for the faces to put in words."""

from vidcalc.assumed import trained
from vidcalc.assumptions import cautions
from vidcalc.catalog.frameworks import framework
from vidcalc.catalog.training import networks, sharding
from vidcalc.cost.utilisation import resolve_attention
from vidcalc.describe.data import Data
from vidcalc.describe.geometry import legal
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.model import Model
from vidcalc.describe.plan import Plan
from vidcalc.describe.training import TrainingPlan
from vidcalc.report import Assumption, Warning_
from vidcalc.report_training import RunMemory
from vidcalc.training.ranks import NODE
from vidcalc.training.states import buckets


def assumptions(model: Model, data: Data, hardware: Hardware, plan: Plan, provenance: str) -> list[Assumption]:
    """What the numbers rest on; `provenance` is that of the rates."""
    training, chip, profile = plan.training, hardware.accelerator, framework(plan.framework)
    shared = sharding(training.sharding)
    found = [
        Assumption(id="flops_convention", value=2, source="torch.utils.flop_counter", provenance="exact"),
        Assumption(
            id="framework",
            value=f"{profile.title} {profile.version}",
            source="; ".join(profile.sources),
            provenance="assumed",
        ),
        Assumption(
            id="attention_kernel",
            value=resolve_attention(chip.id, plan.attention),
            source=f"data/accelerators/{chip.id}.toml",
            provenance="assumed" if plan.attention == "sdpa" else "exact",
        ),
        Assumption(id="rates", value=chip.id, source="data/kernels", provenance=provenance),
        *trained(training),
        Assumption(id="sharding", value=training.sharding, source=shared.source, provenance="assumed"),
        Assumption(id="samples", value=data.samples, source="--train-steps, --clips", provenance="assumed"),
    ]
    if training.mixing == "ranks":
        found.append(Assumption(id="mixing", value=training.mixing, source="--mixing", provenance="assumed"))
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


def warnings(model: Model, data: Data, hardware: Hardware, plan: Plan, used: RunMemory) -> list[Warning_]:
    """What deserves the user's attention."""
    found = []
    for size in data.buckets:
        found += [
            Warning_(
                id="illegal_" + issue.field, values={"value": issue.value, "lower": issue.lower, "upper": issue.upper}
            )
            for issue in legal(model, size.width, size.height, size.frames)
            if size.frames > 1 or issue.field != "frames"  # an image is a video of one frame to train on
        ]
    found = list({(row.id, str(row.values)): row for row in found}.values())
    found += cautions(model, hardware)
    found += _degrees(plan.training)
    if used.verdict == "too_big":
        found.append(Warning_(id="training_too_big", values={"missing": -used.margin}))
    return found


def _degrees(training: TrainingPlan) -> list[Warning_]:
    """Degrees that go together, but hardly well."""
    found = []
    if training.pipeline_degree > training.grad_accum:
        values = {"stages": training.pipeline_degree, "micro_batches": training.grad_accum}
        found.append(Warning_(id="pipeline_starved", values=values))
    if training.tensor_degree > NODE:
        found.append(Warning_(id="tensor_across_nodes", values={"ranks": training.tensor_degree, "node": NODE}))
    return found
