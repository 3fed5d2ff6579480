"""What is taken as given about kernels and rates, speed-ups, links and what is trained: ids and values."""

from vidcalc.base.number import is_array
from vidcalc.catalog.fill import NOBODY
from vidcalc.catalog.trainers import trainer
from vidcalc.catalog.training import optimizer, recipe
from vidcalc.describe.adapters import Adapters, LoraMode
from vidcalc.describe.hardware import Accelerator, Hardware
from vidcalc.describe.runtime import Runtime
from vidcalc.describe.setting import Job, same
from vidcalc.describe.sharing import Sharing, of
from vidcalc.describe.training import ADAPTED, TrainingPlan
from vidcalc.passes.degrees import several
from vidcalc.rates.collectives import collective
from vidcalc.rates.relatives import OWN
from vidcalc.rates.unfused import spelled
from vidcalc.rates.utilisation import lender, resolve_attention
from vidcalc.rates.wires import wires
from vidcalc.report.estimate import Assumption


def machinery(chip: Accelerator, runtime: Runtime, kernel: str, dtype: str, provenance: str) -> list[Assumption]:
    """How FLOPs are counted, which framework and attention kernel run, and what the rates are of (`provenance`).

    dtype  of the denoiser's activations: where no fused kernel takes it, the scores are spelled out
    """
    runs = "math" if spelled(chip, kernel, dtype, runtime.stack) == "all" else kernel
    return [
        Assumption(id="flops_convention", value=2, source="torch.utils.flop_counter", provenance="exact"),
        Assumption(
            id="framework",
            value=f"{runtime.title} {runtime.version}",
            source="; ".join(runtime.sources),
            provenance="assumed",
        ),
        Assumption(
            id="attention_kernel",
            value=resolve_attention(chip, runs, runtime.stack),
            source=f"data/accelerators/{chip.id}.toml",
            provenance="assumed" if kernel == "sdpa" else "exact",
        ),
        _rates(chip, provenance),
    ]


def _rates(chip: Accelerator, provenance: str) -> Assumption:
    """Whose rates the times rest on: the chip's own, or those of a relative."""
    donor, kin = lender(chip)
    if kin == OWN:
        return Assumption(id="rates", value=chip.id, source="data/kernels", provenance=provenance)
    return Assumption(id=f"rates_{kin}", value=chip.id, source=donor, provenance="assumed")


def stated(plan: Sharing, *jobs: Job) -> list[Assumption]:
    """Settings of those jobs that are taken as given as they stand, wherever they are not neutral."""
    return [
        Assumption(
            id=each.setting.assumption,
            value=getattr(plan, each.field),
            source="--" + each.setting.flag,
            provenance="assumed",
        )
        for each in of(type(plan), *jobs)
        if each.setting.stated and not same(getattr(plan, each.field), each.default)
    ]


def beside(loras: tuple[Adapters, ...], mode: LoraMode, runtime: Runtime) -> list[Assumption]:
    """The LoRAs that a model generates with, and how its framework applies them."""
    if not loras:
        return []
    what = ", ".join(f"rank {lora.rank} ({lora.targets})" for lora in loras)
    source = "; ".join(runtime.sources)
    return [Assumption(id="loras", value=f"{what}: {mode}", source=source, provenance="assumed")]


def other(value: object, neutral: int) -> bool:
    """Whether a share is not at its neutral value, or is a sweep."""
    return is_array(value) or value != neutral


def links(hardware: Hardware, plan: Sharing) -> list[Assumption]:
    """The links that ranks exchange over, where they share a video."""
    if not several(plan) or hardware.link is None:
        return []
    among = wires(hardware)
    measured = collective(among.chip, "all_to_all", among.link)
    rows = [Assumption(id="link", value=hardware.link.name, source=measured.source, provenance=measured.provenance)]
    if hardware.network is not None and other(hardware.nodes, 1):
        net = hardware.network
        rows.append(Assumption(id="network", value=net.name, source=net.sources[0], provenance="assumed"))
    return rows


def by_trainer(training: TrainingPlan, network: str) -> list[Assumption]:
    """Which program trains, and the settings that stand as it has them where nothing else was said."""
    if training.trainer == NOBODY:
        return []
    profile = trainer(training.trainer)
    sources = "; ".join(profile.sources)
    stand = profile.settings(training.mode, network, training.offload, training.base)
    flags = {each.field: "--" + each.setting.flag for each in of(TrainingPlan) if each.setting.flag}
    told = [
        f"{flags[name]} {value}" for name, value in stand.items() if name in flags and getattr(training, name) == value
    ]
    return [
        Assumption(id="trainer", value=f"{profile.title} {profile.version}", source=sources, provenance="exact"),
        Assumption(id="trainer_settings", value=", ".join(told), source=sources, provenance="exact"),
    ]


def trained(training: TrainingPlan, network: str) -> list[Assumption]:
    """What is trained, in which number formats, by which optimizer, on what is made in the loop or before.

    network  path of the denoiser's
    """
    chosen, states = recipe(training.recipe), optimizer(training.optimizer)
    rows = [
        Assumption(id="training_recipe", value=training.recipe, source=chosen.source, provenance="exact"),
        Assumption(id="gradient_bytes", value=chosen.gradients, source=chosen.source, provenance="exact"),
        Assumption(id="optimizer_states", value=training.optimizer, source=states.source, provenance="exact"),
        Assumption(id="optimizer_update", value=training.update, source=states.source, provenance="assumed"),
        Assumption(id="latents", value=training.latents, source="--latents", provenance="assumed"),
        Assumption(id="texts", value=training.texts, source="--texts", provenance="assumed"),
    ]
    rows += by_trainer(training, network)
    if training.mode in ADAPTED:
        beside = f"{training.adapter}, rank {training.rank}, {training.targets}, base {training.base}"
        rows.append(Assumption(id="adapters", value=beside, source="--lora-rank, --lora-targets", provenance="assumed"))
    return rows
