"""What a calculation took as given, and what its user should know: ids and values, to be put into words by a face."""

from collections.abc import Callable

from vidcalc.account.assumed import beside, links, machinery, stated, trained
from vidcalc.account.leftout import chosen_windows, left_out
from vidcalc.base.number import Number, is_array, largest, product
from vidcalc.catalog.defaults import context_facts, defaults
from vidcalc.catalog.precisions import precision
from vidcalc.describe.geometry import legal
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.model import Model
from vidcalc.describe.plan import NUMBERED, SETTINGS, WAYS
from vidcalc.describe.question import Question
from vidcalc.describe.setting import same
from vidcalc.ledger.types import Ledger
from vidcalc.ledger.windows import made_at_once
from vidcalc.passes.offload import chosen as word_of
from vidcalc.passes.offload import way_of
from vidcalc.rates.host import host_rate
from vidcalc.rates.host_memory import windows_share
from vidcalc.report.estimate import Assumption, HostRoom, InferenceMemory, InferenceTime, TrainingMemory, Warning_
from vidcalc.tape import ELEMENT_BYTES
from vidcalc.tape.trace import tiles

# warnings of host memory that is too small, by what decides
HOST_SHORT = ("host_pinned", "host_resident", "host_loading", "host_shared", "host_files", "host_pins")
QUIET = ("resident_blocks", "blocks_per_group")  # numbers of ways of offloading that go without saying


def assumptions(question: Question, ledger: Ledger, provenance: str) -> list[Assumption]:
    """What the numbers rest on; `provenance` is that of the rates."""
    model, workload, hardware, plan = question
    overhead = context_facts(hardware.accelerator.compute_capability)
    rows = [
        *machinery(hardware.accelerator, plan.runtime, plan.attention, precision(plan.precision).compute, provenance),
        Assumption(
            id="process_overhead",
            value=overhead["likely"],
            source=overhead["source"],
            provenance=overhead["provenance"],
        ),
        *_run(question, ledger),
        *trained(plan.training, model.denoiser.network),
        *stated(plan.training, "train"),
        Assumption(id="gradients_resident", value=True, source="gradient accumulation", provenance="assumed"),
        Assumption(id="train_steps", value=workload.train_steps, source="--train-steps", provenance="assumed"),
    ]
    if model.provenance != "exact":
        rows.append(
            Assumption(
                id="generic_architecture",
                value=ledger.forward.taped.parameter_count,
                source="data/generic.toml",
                provenance="assumed",
            )
        )
    rows += [Assumption(id=b.id, value=b.value, source=b.source, provenance=b.provenance) for b in model.basis]
    if not model.text_encoders:
        rows.append(Assumption(id="no_text_encoder", value=workload.text_tokens, source="", provenance="assumed"))
    return rows


def _run(question: Question, ledger: Ledger) -> list[Assumption]:
    """How the job is run: the framework's profile, what waits in host memory, number formats, kernels' workspaces."""
    hardware, plan = question.hardware, question.plan
    chip = hardware.accelerator
    word = word_of(plan, ledger, chip)
    field = dict(NUMBERED).get(word)
    plain = not field or (field in QUIET and same(getattr(plan, field), SETTINGS[field].default))
    number = "" if plain else f":{getattr(plan, str(field))}"
    rows = [
        Assumption(id="offload", value=word + number, source="vidcalc.passes.offload", provenance="assumed"),
    ]
    if plan.compile == "on":
        rows.append(Assumption(id="fused", value="on", source="data/kernels/laws.toml", provenance="assumed"))
    if plan.compile == "graphs":
        rows.append(Assumption(id="graphs", value="graphs", source="data/kernels/laws.toml", provenance="assumed"))
    roles = {each.role for each in ledger.weights.values()}
    ways = way_of(plan, ledger, chip).coming.items() if chip.pcie else ()
    for kind in sorted({each.memory for role, each in ways if role in roles}):
        measured = [copy.source for copy in chip.host_copies if copy.kind == kind and copy.to_device]
        rows.append(
            Assumption(
                id="host_copy_rate",
                value=host_rate(chip, kind),
                source=measured[0] if measured else "; ".join(defaults()["host_copy"][kind]["sources"]),
                provenance="measured" if measured else "assumed",
            )
        )
    if plan.offload_to == "disk":
        rate, facts = host_rate(chip, "disk"), defaults()["host_copy"]["disk"]
        found = next((copy.source for copy in chip.host_copies if copy.kind == "disk"), "")
        source, basis = found or "; ".join(facts["sources"]), "measured" if found else "assumed"
        rows.append(Assumption(id="disk_rate", value=rate, source=source, provenance=basis))
    rows += left_out(question, ledger)
    rows += chosen_windows(question)
    rows += stated(plan, "generate")
    rows += beside(plan.loras, plan.lora_mode, plan.runtime)
    rows += links(hardware, plan)
    for name in dict.fromkeys((plan.precision, plan.text_encoder_precision, plan.vae_precision)):
        chosen = precision(name)
        if chosen.covers != "all" or chosen.stored != ELEMENT_BYTES[chosen.compute]:
            rows.append(Assumption(id="number_format", value=name, source=chosen.source, provenance="exact"))
    workspace = largest(phase.taped.workspace for phase in ledger.phases if phase.trace)
    rows.append(Assumption(id="convolution_workspace", value=workspace, source="vidcalc.tape", provenance="assumed"))
    return rows


def warnings(
    question: Question,
    inference: InferenceMemory,
    training: TrainingMemory,
    checkpointed: Callable[[], TrainingMemory],
    made: InferenceTime,
) -> list[Warning_]:
    """What deserves the user's attention. `checkpointed` gives the training memory with full checkpointing."""
    model, workload, hardware, plan = question
    rows = misfits(model, workload.width, workload.height, workload.frames)
    rows += beyond(question)
    rows += cautions(model, hardware)
    if plan.vae_tiling == "default" and model.vae.network and not tiles(model.vae):
        rows.append(Warning_(id="no_vae_tiling", values={"vae": model.vae.class_ or model.vae.id}))
    if plan.guidance_mode == "none" and model.defaults.scales:
        rows.append(Warning_(id="several_scales", values={"scales": ", ".join(sum(model.defaults.scales, ()))}))
    if _too_big(inference.verdict) and inference.margin < 0:
        rows.append(Warning_(id="inference_too_big", values={"missing": -inference.margin}))
    if not is_array(inference.streamed) and inference.streamed and inference.verdict != "too_big":
        waits = {"streamed": inference.streamed, "seconds": made.parts["denoise"]["transfer"]}
        rows.append(Warning_(id="streams", values=waits))
    rows += host_short(inference.host_room)
    if hardware.accelerator.unified_memory:
        rows.append(Warning_(id="unified_memory"))
    elif _spills(hardware) and isinstance(inference.verdict, str) and _may_spill(inference):
        rows.append(Warning_(id="windows_spill"))
        if hardware.host_ram is not None:
            lent = {"shared": windows_share() * hardware.host_ram, "capacity": hardware.host_ram}
            rows.append(Warning_(id="windows_shared", values=lent))
    if _too_big(training.verdict):
        rows.append(Warning_(id="training_too_big", values={"missing": -training.margin}))
        if plan.training.checkpointing == "none":
            rows.append(Warning_(id="checkpointing_helps", values={"total": checkpointed().total}))
    rows += elsewhere(question)
    if plan.offload == "group" and not same(plan.blocks_per_group, 1):
        rows.append(Warning_(id="groups_of_one", values={"blocks": plan.blocks_per_group}))
    apart = product(getattr(plan, field) for field in WAYS.values()) == 1
    if not is_array(hardware.total) and hardware.total > 1 and apart:
        rows.append(Warning_(id="communication_not_counted", values={"gpus": hardware.total}))
    if plan.precision in ("bf16",) and hardware.accelerator.supports.get("bf16") is False:
        rows.append(Warning_(id="precision_emulated", values={"precision": plan.precision}))
    rows += unsized(inference.unsized)
    encoders = [each.id for each in (*model.text_encoders, *model.image_encoders) if not each.network]
    if missing := [name for name in encoders if name not in inference.unsized]:
        rows.append(Warning_(id="components_not_computed", values={"components": ", ".join(missing)}))
    return rows


def elsewhere(question: Question) -> list[Warning_]:
    """Ways of offloading and sharing that the plan has and its framework has not: other programs do."""
    plan = question.plan
    used = [way for way, field in WAYS.items() if is_array(degree := getattr(plan, field)) or degree != 1]
    rows: list[Warning_] = []
    for kind, asked in (("offload", [plan.offload]), ("parallel", used)):
        has = plan.runtime.offers.get(kind, asked)
        beyond = [way for way in asked if way not in has and way != "by-card"]
        if beyond:
            values = {"framework": plan.runtime.title, "ways": ", ".join(beyond)}
            rows.append(Warning_(id="not_of_framework", values=values))
    return rows


def host_short(room: HostRoom | None) -> list[Warning_]:
    """Host memory that is too small, or that Windows would not pin, with the reason; nothing of a sweep."""
    if room is None or not isinstance(room.verdict, str) or room.verdict == "fits":
        return []
    values = {"needed": room.needed, "capacity": room.capacity}
    windows = room.verdict == "tight" and room.limit == "pinned"
    return [Warning_(id="host_pins" if windows else f"host_{room.limit}", values=values)]


def unsized(names: list[str]) -> list[Warning_]:
    """Networks that are in no figure, for nothing tells their size."""
    return [Warning_(id="components_unsized", values={"components": ", ".join(names)})] if names else []


def misfits(model: Model, width: Number, height: Number, frames: Number) -> list[Warning_]:
    """Sizes that the model does not accept, with the nearest that it does."""
    return [
        Warning_(id="illegal_" + issue.field, values={"value": issue.value, "lower": issue.lower, "upper": issue.upper})
        for issue in legal(model, width, height, frames)
    ]


def beyond(question: Question) -> list[Warning_]:
    """A clip in one pass that is longer than those the model was made for: no pipeline of its makers makes it so."""
    model, workload = question.model, question.workload
    native, asked = model.constraints.native_frames, made_at_once(model, workload)
    if not native or is_array(asked) or asked <= native:
        return []
    return [Warning_(id="beyond_native", values={"frames": asked, "native": native})]


def cautions(model: Model, hardware: Hardware) -> list[Warning_]:
    """What to know about the model and the accelerator whatever is done with them."""
    rows = [
        Warning_(id=caution.id, values=caution.values) for caution in (*model.cautions, *hardware.accelerator.cautions)
    ]
    if model.provenance == "estimate":
        rows.append(Warning_(id="estimate_only", values={"model": model.title}))
    return rows


def _spills(hardware: Hardware) -> bool:
    """Whether the card may run under the Windows driver that spills into shared memory."""
    return hardware.accelerator.vendor == "NVIDIA" and hardware.accelerator.kind in ("consumer", "workstation")


def _may_spill(memory: InferenceMemory) -> bool:
    """Whether what the driver may show is more than the card has."""
    return bool(memory.high > memory.capacity) or memory.verdict == "at_least"


def _too_big(verdict: object) -> bool:
    """Whether a single job does not fit; a sweep's verdicts stand in the report itself."""
    return isinstance(verdict, str) and verdict == "too_big"
