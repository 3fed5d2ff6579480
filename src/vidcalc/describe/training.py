"""How a model is trained: what is updated, in which number formats, by which optimizer, on how many ranks."""

from typing import Annotated, Literal

from vidcalc.base.number import Number
from vidcalc.describe.adapters import Dropout, Keeps, Kind, Targets
from vidcalc.describe.setting import RUN, TRAIN, Counted, Named, Setting, Share, Text, Whole, same, words
from vidcalc.describe.sharing import SequenceParallel, Sharing, Switch, ways

Mode = Literal["pretrain", "full", "lora", "qlora"]
Update = Literal["foreach", "fused", "loop"]
Ema = Literal["none", "fp32", "bf16", "host"]
TrainingOffload = Literal["none", "optimizer", "optimizer+weights", "base", "block-swap"]
Swapping = Literal["exchange", "exchange-halting", "stream", "move"]
Loading = Literal["direct", "device", "host"]
Encoding = Literal["apart", "in-turn", "together"]
Supply = Literal["online", "precomputed"]
Experts = Literal["one", "both"]
Mixing = Literal["steps", "ranks"]

ADAPTED = ("lora", "qlora")
FROZEN = ("base", "block-swap")  # ways of offloading that are of frozen weights
MANY = 10**9


class TrainingPlan(Sharing, frozen=True, kw_only=True, eq=False):
    """Choices of a training run that change cost but not the network.

    How ranks share a step is in `vidcalc.describe.sharing`; those of tensor parallelism share tokens as well.
    """

    jobs = (*TRAIN, *RUN)

    trainer: Annotated[str, Setting("trainer", jobs=TRAIN, takes=Named("trainers"), assumption="trainer")] = "none"
    """Profile of data/trainers/ that settles what is not stated; "none": the defaults here."""
    mode: Annotated[Mode, Setting("mode", jobs=TRAIN, assumption="adapters")] = "full"
    """"pretrain" and "full": every weight of the denoiser; "lora" and "qlora": adapters beside frozen weights."""
    recipe: Annotated[str, Setting("recipe", jobs=TRAIN, takes=Named("recipes"), assumption="training_recipe")] = (
        "bf16-mixed"
    )
    """Number formats of trained weights, gradients and states: data/training.toml."""
    optimizer: Annotated[
        str, Setting("optimizer", jobs=TRAIN, takes=Named("optimizers"), assumption="optimizer_states")
    ] = "adamw"
    """Its states: data/training.toml."""
    update: Annotated[Update, Setting("optimizer-update", jobs=TRAIN, assumption="optimizer_update")] = "foreach"
    """How the optimizer walks over the weights: "foreach" (holds a temporary copy), "fused", "loop"."""
    ema: Annotated[Ema, Setting("ema", jobs=TRAIN)] = "none"
    """Moving average of the weights: "none", "fp32", "bf16", "host" (fp32 in host memory)."""
    checkpointing: Annotated[str, Setting("checkpointing", jobs=TRAIN, takes=Text("checkpointing"))] = "none"
    """Activations that are computed again: see `vidcalc.describe.checkpointing`."""
    grad_accum: Annotated[Number, Setting("grad-accum", jobs=TRAIN, takes=Whole(1, 10**6))] = 1
    """Micro-batches whose gradients are summed up before an update."""
    rank: Annotated[
        Number, Setting("lora-rank", jobs=TRAIN, takes=Whole(1, 65_536), only="adapters", assumption="adapters")
    ] = 16
    """Of the adapters."""
    targets: Annotated[Targets, Setting("lora-targets", jobs=TRAIN, only="adapters", assumption="adapters")] = (
        "attention"
    )
    """Layers that adapters stand beside."""
    adapter: Annotated[Kind, Setting("adapter", jobs=TRAIN, only="adapters", assumption="adapters")] = "lora"
    """"lora" or "dora"."""
    base: Annotated[
        str,
        Setting("base-precision", jobs=TRAIN, takes=Named("precisions"), only="adapters", assumption="adapters"),
    ] = "bf16"
    """Number format of the frozen weights."""
    base_keeps: Annotated[Keeps, Setting(by="profile", jobs=TRAIN)] = "nothing"
    """What a frozen linear layer keeps for backward: see `vidcalc.describe.adapters`."""
    adapter_dropout: Annotated[Dropout, Setting(by="profile", jobs=TRAIN)] = "off"
    """Whether an adapter drops elements of what it reads."""
    latents: Annotated[Supply, Setting("latents", jobs=TRAIN, assumption="latents")] = "online"
    """"online": the VAE runs in the loop; "precomputed": read from disk."""
    texts: Annotated[Supply, Setting("texts", jobs=TRAIN, assumption="texts")] = "precomputed"
    """As latents, of the text encoders."""
    encoding: Annotated[Encoding, Setting(by="profile", jobs=TRAIN)] = "apart"
    """Where what is precomputed is made: "apart" (in a run of its own), or in the same run before its first step, by
    text encoders and VAE "in-turn" or with both on the device "together"."""
    encoded_at_once: Annotated[Number, Setting(by="profile", jobs=TRAIN)] = 0
    """Samples that the VAE encodes at once where that is done beforehand; 0: those of a micro-batch."""
    offload: Annotated[
        TrainingOffload,
        Setting(
            "training-offload",
            jobs=TRAIN,
            takes=Counted((("block-swap", "swapped_blocks"), ("base", "streamed_share"))),
        ),
    ] = "none"
    """What waits in host memory: "none", "optimizer" (states, updated by the CPU), "optimizer+weights", "base" (frozen
    weights, streamed in layer by layer for every pass), "block-swap" (whole blocks of them)."""
    swapped_blocks: Annotated[Number, Setting(by="--training-offload", jobs=TRAIN, takes=Whole(1, 10_000))] = 0
    """Frozen blocks that wait there, with offload "block-swap"; of each expert."""
    streamed_share: Annotated[Number, Setting(by="--training-offload", jobs=TRAIN, takes=Share(0, 1))] = 1
    """Share of the frozen layers that wait there, with offload "base"."""
    swapping: Annotated[Swapping, Setting(by="profile", jobs=TRAIN)] = "exchange"
    """How swapped blocks come and go: see `vidcalc.passes.swapping`."""
    loading: Annotated[Loading, Setting("loading", jobs=TRAIN)] = "direct"
    """How weights come to the device before the first step: "direct" (each rank reads what it keeps, in the format it
    keeps it in), "device" (each rank first holds the whole network there in the format it computes in, then quantises
    or shards it), "host" (the same in host memory)."""
    networks: Annotated[str, Setting("networks", jobs=RUN, takes=Named("networks"), assumption="networks_beside")] = (
        "alone"
    )
    """What is resident beside the trained network: data/training.toml ("alone", "distillation", "rl")."""
    rollout_steps: Annotated[Number, Setting("rollout-steps", jobs=RUN, takes=Whole(0, 10_000))] = 0
    """Denoising steps of one rollout, where the networks roll out."""
    experts: Annotated[Experts, Setting("experts", jobs=RUN)] = "one"
    """Of a denoiser in several copies: "one" is trained at a time, the others not loaded; "both"."""
    mixing: Annotated[Mixing, Setting("mixing", jobs=RUN, assumption="mixing", stated=True)] = "steps"
    """Sizes of samples in one step: "steps" (all ranks see the same), "ranks" (each draws its own and the step waits
    for the slowest)."""
    validation: Annotated[Switch, Setting("validation", jobs=RUN)] = "off"
    """"on": a sample is generated every `validation_every` steps."""
    validation_every: Annotated[Number, Setting("validation-every", jobs=RUN, takes=Whole(1, MANY))] = 500
    save_every: Annotated[Number, Setting("save-every", jobs=RUN, takes=Whole(1, MANY))] = 1000
    """Steps from one checkpoint on disk to the next."""
    live_weights: Annotated[Number, Setting(by="profile", jobs=RUN)] = 0
    """Sharded weights that DeepSpeed's ZeRO-3 keeps whole at once, those fetched ahead included; 0: PyTorch's FSDP, the
    block that runs and the next [elements]."""
    reduce_bucket: Annotated[Number, Setting(by="profile", jobs=RUN)] = 0
    """Gradients that its ZeRO-3 reduces at once; 0: those of one block [elements]."""
    sequence_parallel: SequenceParallel = "on"


# fields that say something only where weights are frozen
ONLY_ADAPTED = ("rank", "targets", "adapter", "base", "base_keeps", "adapter_dropout", "swapping")

# ways of sharing a training run, as people call them -> field of its plan
WAYS = ways(TrainingPlan)


def offloaded(plan: TrainingPlan) -> str:
    """What waits in host memory, as a flag has it: "block-swap:20"."""
    number = {"block-swap": f":{plan.swapped_blocks}"}.get(plan.offload, "")
    if plan.offload == "base" and not same(plan.streamed_share, 1):
        number = f":{plan.streamed_share:g}"
    return plan.offload + number


def offloads(mode: str) -> tuple[str, ...]:
    """What may wait in host memory in a mode: a frozen base, or blocks of it, only where there is one."""
    return tuple(way for way in words(TrainingOffload) if way not in FROZEN or mode in ADAPTED)
