"""Offloading: which weights are on the device while each stage runs. "none" keeps everything there throughout.

model       the network that runs, alone (diffusers enable_model_cpu_offload)
sequential  the module that runs, alone (diffusers enable_sequential_cpu_offload)
group       the running network's blocks come and go one ahead of use; what is outside its blocks stays while it runs
            (diffusers enable_group_offload, block level, with a stream: two blocks at a time)
group-leaf  as "group", module by module: two modules at a time (diffusers, leaf level, with a stream)
encoders    text and image encoders leave once they have run; the rest stays
encoders-streamed  as "encoders", and while an encoder runs its blocks come and go (FSDP with CPU offload)
block-swap  as "encoders", and `swapped` blocks of the denoiser wait in host memory, with two of them on their way
            (musubi-tuner, ComfyUI wrappers)
"""

from typing import Any

from vidcalc.base.number import minimum
from vidcalc.ledger.weights import Weights

WAITING = ("model", "sequential", "group", "group-leaf")  # every network waits in host memory until it runs
STREAMED = ("group", "group-leaf", "encoders-streamed", "block-swap")  # through pinned memory, while the network runs
ENCODING = ("text_encode", "image_encode")
IN_FLIGHT = 2  # blocks, or modules, on the device at once while they stream: the one that runs and the next


def resident(
    stage: str, running: str, networks: dict[str, Weights], roles: dict[str, str], offload: str, swapped: Any = 0
) -> dict[str, Any]:
    """Bytes of weights on the device during a stage, by component id; what is not there is absent [byte].

    stage     id of the stage; running  id of the network it runs
    networks  weights by component id; roles  role by component id
    """
    if offload == "none":
        return {name: found.total for name, found in networks.items()}
    if offload in WAITING:
        kept = {name: found.total for name, found in networks.items() if not found.movable and name != running}
        return {running: _running(networks[running], offload), **kept}
    staying = {name: found.total for name, found in networks.items() if _stays(roles[name], stage) or not found.movable}
    if offload == "encoders-streamed":
        there = {name: total for name, total in staying.items() if not encodes(roles[name])}
        return {**there, running: _running(networks[running], "group")} if encodes(roles[running]) else there
    if offload == "block-swap":
        name, denoiser = next((name, found) for name, found in networks.items() if roles[name] == "denoiser")
        away = minimum(swapped, denoiser.count) * denoiser.movable
        back = minimum(away, IN_FLIGHT)
        staying[name] = staying[name] - (away - back) * denoiser.block
    return staying


def loaded(networks: dict[str, Weights], roles: dict[str, str], offload: str, swapped: Any = 0) -> dict[str, Any]:
    """Bytes of weights on the device once they have arrived and before anything runs, by component id [byte]."""
    if offload in WAITING:
        return {name: found.total for name, found in networks.items() if not found.movable}
    denoiser = next(name for name in networks if roles[name] == "denoiser")
    return resident(ENCODING[0], denoiser, networks, roles, offload, swapped)


def _running(own: Weights, offload: str) -> Any:
    """Bytes of the network that runs, where the others wait in host memory [byte]."""
    if offload == "model" or not own.movable:
        return own.copy
    if offload == "sequential":
        return own.module
    if offload == "group-leaf":
        return minimum(IN_FLIGHT * own.module, own.copy)
    return own.copy - own.blocks + minimum(own.count, IN_FLIGHT) * own.block


def _stays(role: str, stage: str) -> bool:
    """Whether a component is on the device in a stage, where encoders leave once they have run."""
    return stage in ENCODING or not encodes(role)


def encodes(role: str) -> bool:
    """Whether a component encodes prompts or images."""
    return role in ("text_encoder", "image_encoder")


def host(networks: dict[str, Weights], roles: dict[str, str], offload: str, swapped: Any = 0) -> Any:
    """Bytes of weights that wait in host memory [byte]."""
    whole = sum(found.total for found in networks.values())
    if offload in WAITING:
        return whole
    if offload == "block-swap":
        denoiser = next(found for name, found in networks.items() if roles[name] == "denoiser")
        return minimum(swapped, denoiser.count) * denoiser.block
    if offload == "encoders-streamed":
        return sum(found.total for name, found in networks.items() if encodes(roles[name]))
    return 0
