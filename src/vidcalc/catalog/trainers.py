"""Trainer profiles: what a training program does when its user says nothing, from `data/trainers/`.

A profile is data: in which number formats it trains, how its optimizer walks, whether latents and texts come from disk,
which layers its adapters stand beside, and how it runs a denoiser otherwise than diffusers does.
"""

from functools import cache

import msgspec

from vidcalc.base.facts import Facts
from vidcalc.catalog import load
from vidcalc.describe.training import ADAPTED, ONLY_ADAPTED

KIND = "trainers"


class Trainer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One profile; fields of `vidcalc.describe.training.TrainingPlan` by its words.

    framework    profile of data/frameworks/ that its networks run as
    networks     networks that run otherwise here, by the path they have there
    timesteps    what the timestep varies over where it differs from there, by model
    always, full, adapted  fields of the training plan: in every mode, where all weights are trained, beside adapters
    by_network   further fields where the model has a denoiser network of that path
    waiting      further fields where frozen weights wait in host memory, by the way they do
    bases        further fields where they are in that number format
    sharded      further fields where ranks keep a share of the weights (FSDP, ZeRO-3)
    several      further fields where the denoiser has several experts
    company      components that stay on the device beside the denoiser, by its network's path: "base" for those in
                 the frozen weights' format, "bf16" for the others
    activation_scale  live activations of a step relative to ours, by the network's path, where no code says why
    attention    kernel;  compile  which elementwise kernels are fused (a word of `Plan`)
    fitted       ids of the measured rows that a setting was inferred from (never used to claim accuracy)
    """

    title: str
    version: str
    sources: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    framework: str = "diffusers"
    networks: dict[str, str] = {}
    timesteps: dict[str, str] = {}
    activation_scale: dict[str, float] = {}
    attention: str = "sdpa"
    compile: str = "off"
    always: Facts = {}
    full: Facts = {}
    adapted: Facts = {}
    by_network: dict[str, Facts] = {}
    waiting: dict[str, Facts] = {}
    bases: dict[str, Facts] = {}
    sharded: Facts = {}
    several: Facts = {}
    company: dict[str, dict[str, tuple[str, ...]]] = {}
    fitted: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def settings(
        self,
        mode: str,
        network: str,
        offload: str = "none",
        base: str = "",
        sharding: str = "none",
        several: bool = False,
    ) -> Facts:
        """The training plan's fields that the profile decides, but those that say nothing in that mode."""
        adapted = mode in ADAPTED
        chosen = {**self.always, **(self.adapted if adapted else self.full), **self.by_network.get(network, {})}
        chosen |= self.bases.get(base or str(chosen.get("base", "")), {})
        chosen |= self.waiting.get(offload, {})
        chosen |= self.sharded if sharding == "zero3" else {}
        chosen |= self.several if several else {}
        return {field: value for field, value in chosen.items() if adapted or field not in ONLY_ADAPTED}


@cache
def trainer(name: str) -> Trainer:
    """Raises UnknownName."""
    return msgspec.convert(load.entry(KIND, load.resolve(KIND, name)), Trainer)


def names() -> list[str]:
    """All profiles."""
    return load.names(KIND)
