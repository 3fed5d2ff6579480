"""One optimizer step, unrolled: the phases of a micro-batch, what is trained, and the bytes that live beside.

Phases are "forward", "backward" (the same ops, priced as their gradients), "recompute" (ops that run again), then what
feeds a micro-batch ("vae_encode", "text_encode") and "optimizer". Passes rewrite all of it into one rank's part.
"""

import msgspec

from vidcalc.base.guest import named, named_fields
from vidcalc.base.number import Number
from vidcalc.ledger.types import Ledger, Phase, PhaseId
from vidcalc.ledger.weights import NO_WEIGHTS, Weights
from vidcalc.ops import Attention, Op, frozen

MICRO_BATCH: tuple[PhaseId, ...] = ("forward", "backward", "recompute")


class StepFlops(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """FLOPs of one micro-batch [FLOP]: forward, backward by convention, recomputed, and in fused attention's backward
    beyond the convention.

    Model FLOPs are forward plus backward; hardware FLOPs add recomputation and the scores that a fused attention kernel
    computes again (arXiv 2204.02311, appendix B). Where weights are frozen only the input's gradient is wanted.
    """

    forward: Number
    backward: Number
    recompute: Number
    rescored: Number

    @property
    def model(self) -> Number:
        """Forward and backward: what MFU counts [FLOP]."""
        return named("model_flops", self.forward + self.backward, "FLOP")

    @property
    def hardware(self) -> Number:
        """Everything executed: what HFU counts [FLOP]."""
        return named("hardware_flops", self.model + self.recompute + self.rescored, "FLOP")


def flops(ops: tuple[Op, ...], again: tuple[Op, ...]) -> StepFlops:
    """FLOPs of one micro-batch with those forward ops, of which `again` run a second time."""
    backward: Number = 0
    rescored: Number = 0
    for op in ops:
        # frozen weights want the input's gradient alone: one product instead of two
        backward = backward + (op.flops if frozen(op) else op.backward_flops) * op.count
        if isinstance(op, Attention):
            # a fused backward's five products less the four of the convention
            rescored = rescored + (op.recomputed_backward_flops - op.backward_flops) * op.count
    sums = StepFlops(
        forward=sum(op.flops * op.count for op in ops),
        backward=backward,
        recompute=sum(op.flops * op.count for op in again),
        rescored=rescored,
    )
    return named_fields(sums, sums.forward, "FLOP")


class TrainedWeights(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What the trained network consists of.

    trained  trained weight elements;  repeated  those of them in the repeated layers
    held     its weights in the format they are kept in while it runs [byte]; of adapters: the frozen ones
    block    elements of its largest repeated layer [elements]
    plain    its weights in the format that is computed in, as they are before any is quantised [byte]
    copies   experts that are loaded
    """

    trained: Number
    repeated: Number
    held: Weights
    block: Number
    plain: Number = 0
    copies: int = 1


class Live(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Bytes of a micro-batch's forward and backward pass, on one accelerator alone (see `vidcalc.tape.step`).

    kept         right after the forward pass
    activations  the most of everything but weight gradients
    peak         the most of both together
    gradients    of all trained weights, in the dtype the tape has them
    host         kept activations that wait in host memory
    inside       share of the traffic that is inside the layers which tensor parallelism cuts
    """

    kept: Number
    activations: Number
    peak: Number
    gradients: Number
    host: Number
    inside: Number = 0


class Aside(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Bytes of the networks that are not trained.

    vae, encoders        weights resident in the loop (0 where latents and texts are precomputed)
    vae_work, text_work  live activations of one VAE encode and one text encode
    beforehand           weights and live activations of what encodes before the first step, in the same run
    company              weights of models that the trainer keeps there throughout
    validation           live activations of a validation sample's largest stage;  validated  weights it loads
    forward_work         live activations of one forward pass without gradients, on one accelerator alone
    decode_work          live activations of the VAE decoding a sample to be scored
    unsized              networks in the loop whose bytes nothing tells (`vidcalc.ledger.unsized`)
    """

    vae: Number = 0
    encoders: Number = 0
    vae_work: Number = 0
    text_work: Number = 0
    beforehand: Number = 0
    company: Number = 0
    validation: Number = 0
    validated: Number = 0
    forward_work: Number = 0
    decode_work: Number = 0
    unsized: tuple[str, ...] = ()


class States(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Bytes of one rank.

    weights    that the network runs on, frozen ones included;  ema  the moving average on the device
    optimizer  master copy and states on the device;  gradients  all of them (none where they leave for the host)
    gathered   sharded weights that are whole while they run, and the gradients of one block before they are scattered
    buckets    that gradients are reduced and updated weights gathered through
    cast       copies of the weights in the compute dtype (autocast), alive from forward to backward
    transient  what an update of all weights holds for a moment
    auxiliary  further networks of the denoiser's size: their weights and states
    host       what waits in host memory;  staged  what blocks pass through there on their way
    loaded     on the device while weights are loaded, where they are whole and wide there first
    read       in host memory while they are loaded, likewise
    """

    weights: Number = 0
    ema: Number = 0
    optimizer: Number = 0
    gradients: Number = 0
    gathered: Number = 0
    buckets: Number = 0
    cast: Number = 0
    transient: Number = 0
    auxiliary: Number = 0
    host: Number = 0
    staged: Number = 0
    loaded: Number = 0
    read: Number = 0


class Auxiliary(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """How often further networks of the denoiser's size run; alone all of it is nothing.

    forwards    forward passes of a teacher or a reference for each pass of the trained network
    updates     networks trained beside it (a critic), each with updates of its own
    samples     forward passes without gradients that make the samples of one micro-batch
    decodes     times the VAE decodes a sample to be scored
    passes      how often each sample is trained on: once, or at every step of its rollout
    """

    forwards: Number = 0
    updates: Number = 0
    samples: Number = 0
    decodes: Number = 0
    passes: Number = 1


class Step(Ledger, frozen=True, kw_only=True, eq=False):
    """An optimizer step.

    trained, live, aside, states, auxiliary  see there;  flops  of one micro-batch, on one accelerator alone
    micro_batches  whose gradients are summed up;  fed  micro-batches of samples that are encoded for it
    stages      of a pipeline that a rank's layers are one of;  idle  turns of a chain in which it waits
    tokens      pieces that live activations are in;  in_flight  micro-batches whose activations a rank keeps, of stages
    world       ranks of the run
    happens     stages of memory that there are, in order
    decode      the VAE decoding a sample, where further networks score it
    """

    flops: StepFlops
    trained: TrainedWeights = TrainedWeights(trained=0, repeated=0, held=NO_WEIGHTS, block=0)
    live: Live = Live(kept=0, activations=0, peak=0, gradients=0, host=0)
    aside: Aside = Aside()
    states: States = States()
    auxiliary: Auxiliary = Auxiliary()
    micro_batches: Number = 1
    fed: Number = 1
    stages: Number = 1
    idle: Number = 0
    tokens: Number = 1
    in_flight: Number = 1
    world: Number = 1
    decode: Phase | None = None
    happens: tuple[str, ...] = ("forward_backward", "optimizer_step")
