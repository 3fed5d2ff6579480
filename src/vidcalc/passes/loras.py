"""LoRAs while a model generates: which run with its layers, the bytes of their A and B, and what waits on the host.

Merged ones cost nothing once the job runs: the weights as they were before are among those that wait in host memory
where a framework keeps them. Those that it patches on at every use may wait there themselves (ComfyUI-GGUF). Neutral
without LoRAs.
"""

from msgspec.structs import replace

from vidcalc.base.guest import named
from vidcalc.base.number import Number, maximum, nearest
from vidcalc.describe.adapters import Adapters, LoraMode, Loras
from vidcalc.describe.model import Component
from vidcalc.describe.runtime import Runtime
from vidcalc.ledger.types import Ledger
from vidcalc.ledger.weights import Network, Weights
from vidcalc.ops import Matmul
from vidcalc.tape.trace import Trace

TENSORS = 2  # of a LoRA on a layer: A and B


def running(loras: tuple[Adapters, ...], mode: LoraMode) -> Loras | None:
    """Those that run with the layers; None where there are none and where they are merged."""
    return Loras(each=loras, mode=mode) if loras and mode != "merged" else None


def laden(network: Network, traces: tuple[Trace, ...], runtime: Runtime) -> Network:
    """A network with A and B among its weights, where these are on the device: they move with its blocks.

    traces  of its calls, the first of which says which LoRAs run
    """
    beside = traces[0].loras if traces else None
    if beside is None or (beside.mode == "patched" and runtime.loras_on == "host"):
        return network
    with_loras = _with(network.weights, traces[0], beside.each, network.component)
    return replace(network, weights=with_loras, stored=with_loras)


def _with(own: Weights, trace: Trace, loras: tuple[Adapters, ...], component: Component) -> Weights:
    """The weights and those of the LoRAs beside them [byte]."""
    layers = _layers(trace)
    # A [rank, d_in] and B [d_out, rank] of each that is beside a layer x bytes of an element
    sizes = {
        path: sum(lora.weights(op.d_in, op.d_out) for lora in loras if lora.on(path)) * op.element_bytes
        for path, op in layers.items()
    }
    rounds = {path: trace.rounds[path + ".weight"] for path in layers}
    nbytes = {path: sizes[path] * rounds[path] for path in layers}
    homes = {path: trace.homes[path + ".weight"] for path in layers}
    one = named("loras", sum(nbytes.values()), "byte")
    inside = sum(each for path, each in nbytes.items() if homes[path])
    heads = dict.fromkeys(home for home in trace.homes.values() if home)
    of_home = [sum(each for path, each in nbytes.items() if homes[path] == home) for home in heads]
    tensors = {path: TENSORS * len([lora for lora in loras if lora.on(path)]) * rounds[path] for path in layers}
    # of each kind of block its share of the LoRAs
    stacks = own.stacks
    if len(stacks) == len(of_home):
        stacks = tuple((count, was + more) for (count, was), more in zip(stacks, of_home, strict=True))
    return replace(
        own,
        # [bytes beside one copy] x copies (experts, each with LoRAs of its own), less what is beside common layers
        total=nearest(own.total + component.every(one)),
        copy=nearest(own.copy + one),
        blocks=nearest(own.blocks + inside),
        # bytes beside all blocks / blocks
        block=nearest(own.block + inside / maximum(own.count, 1)),
        tensors=own.tensors + sum(tensors.values()),
        block_tensors=own.block_tensors + sum(tensors[path] for path in layers if homes[path]),
        modules=own.modules + sum(tensors.values()),
        stacks=stacks,
    )


def _layers(trace: Trace) -> dict[str, Matmul]:
    """Every linear layer of a network by its name, in the dtype of which peft has what is beside it.

    A LoRA's own products have no parameters of a trace.
    """
    products = (op for op in trace.ops if isinstance(op, Matmul))
    return {op.path: op for op in products if op.path + ".weight" in trace.parameters}


def waiting(ledger: Ledger, loras: tuple[Adapters, ...], mode: LoraMode, runtime: Runtime) -> Number:
    """Bytes of LoRAs that are patched on from host memory [byte]."""
    held: Number = 0
    if loras and mode == "patched" and runtime.loras_on == "host":
        own = ledger.weights[ledger.forward.component.id]
        with_them = _with(own.weights, ledger.forward.taped, loras, own.component)
        held = named("loras_waiting", with_them.total - own.weights.total, "byte")
    return held
