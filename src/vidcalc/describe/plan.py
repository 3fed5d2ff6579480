"""How the job is run: precisions, kernels, guidance; and how the model is trained."""

from typing import Annotated, Literal

from vidcalc.base.number import Number
from vidcalc.describe.adapters import Adapters, LoraMode
from vidcalc.describe.runtime import Runtime
from vidcalc.describe.setting import BOTH, Counted, Named, Published, Setting, Share, Text, Whole, declared
from vidcalc.describe.sharing import INNERMOST, Sharing, Switch, ways
from vidcalc.describe.training import TrainingPlan

OffloadFlag = Literal[
    "none", "model", "sequential", "group", "group-leaf", "group-wait", "encoders", "encoders-streamed", "block-swap",
    "partial", "dynamic-swap",
]  # fmt: skip
Offload = Literal[OffloadFlag, "by-card"]
OffloadTo = Literal["pinned", "pageable", "disk"]
Segments = Literal["fixed", "expandable"]
VaeTilingFlag = Literal["none", "default", "when-full"]
VaeTiling = Literal[VaeTilingFlag, "by-card"]
CompileFlag = Literal[Switch, "regional", "graphs"]
Compile = Literal[Switch, "norms", "graphs"]
Guided = Literal["batched", "sequential", "fitting"]
GuidanceMode = Literal[Guided, "distilled", "none"]
FusedProjections = Literal["none", "kept"]

NUMBERED = (("block-swap", "swapped_blocks"), ("group", "resident_blocks"), ("group-wait", "blocks_per_group"))
REGIONAL = (("regional", "on"),)  # work is joined within repeated blocks either way, which is nearly all of it
BY_ONE = (("group", "blocks_per_group"),)  # a number that is taken and counts as one
GROUPED = ("group", "group-leaf", "group-wait")
FORMATS = Named("precisions")
LEAST_SHARE = 0.01  # of the steps or of the score blocks: what is worth computing


class Plan(Sharing, frozen=True, kw_only=True, eq=False):
    """Choices that change cost but not the network. Every default is neutral or what the framework does.

    How ranks share one video is in `vidcalc.describe.sharing`; what they keep shards of is the stored weights.
    """

    jobs = BOTH

    framework: Annotated[str, Setting("framework", jobs=BOTH, takes=Named("frameworks"), assumption="framework")] = (
        "diffusers"
    )
    """Profile of data/frameworks/ whose ways the peak follows."""
    precision: Annotated[str, Setting("precision", takes=FORMATS, assumption="number_format")] = "bf16"
    """Of the denoiser: weights and arithmetic."""
    text_encoder_precision: Annotated[
        str, Setting("text-encoder-precision", jobs=BOTH, takes=FORMATS, assumption="number_format")
    ] = "bf16"
    """Of text and image encoders."""
    vae_precision: Annotated[str, Setting("vae-precision", jobs=BOTH, takes=FORMATS, assumption="number_format")] = (
        "bf16"
    )
    """Of the VAE."""
    attention: Annotated[str, Setting("attention", jobs=BOTH, takes=Text("kernel"), assumption="attention_kernel")] = (
        "sdpa"
    )
    """Kernel: "sdpa" is what torch picks on the chip; see `vidcalc.rates.utilisation`."""
    compile: Annotated[Compile, Setting("compile", words=CompileFlag, means=REGIONAL, assumption="fused")] = "off"
    """"off" (a kernel for each operation), "on": elementwise work is fused, "norms": norms and rotary embedding alone
    are, by a framework's library, or "graphs": nothing is, but kernels are started together (CUDA graphs)."""
    guidance_mode: Annotated[GuidanceMode, Setting("guidance-mode", words=Guided)] = "none"
    """"batched" (one call, twice the batch), "sequential" (two calls), "fitting" (one call where the framework's own
    estimate says that there is memory for it), "distilled", "none"."""
    forwards_per_step: Annotated[Number, Setting(by="model")] = 1
    """Denoiser forwards of one step, each at the workload's batch."""
    batched_forwards: Annotated[Number, Setting(by="--guidance-mode")] = 1
    """How many of them share one call, which holds that many times the activations."""
    offload: Annotated[
        Offload, Setting("offload", takes=Counted(NUMBERED, BY_ONE), words=OffloadFlag, assumption="offload")
    ] = "none"
    """Which weights wait in host memory: see `vidcalc.passes.ways`."""
    swapped_blocks: Annotated[Number, Setting("swapped-blocks", takes=Whole(0, 10_000), assumption="offload")] = 0
    """Blocks of the denoiser that wait there, with offload "block-swap"."""
    resident_blocks: Annotated[Number, Setting("resident-blocks", takes=Whole(0, 10_000), assumption="offload")] = 0
    """Blocks of a network that stay on the device while it runs, with offload "group"."""
    blocks_per_group: Annotated[Number, Setting("blocks-per-group", takes=Whole(1, 10_000), assumption="offload")] = 1
    """Blocks that come and go together, with offload "group-wait"; with "group" they are one, whatever is said."""
    offload_to: Annotated[OffloadTo, Setting("offload-to", assumption="offload")] = "pinned"
    """Where groups wait: "pinned" copies of all, "pageable" memory, pinned as they go, or files on "disk"."""
    segments: Annotated[Segments, Setting("segments", assumption="segments", stated=True)] = "fixed"
    """Of the caching allocator: "expandable" ones grow (PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True)."""
    vae_tiling: Annotated[VaeTiling, Setting("vae-tiling", words=VaeTilingFlag)] = "none"
    """"none", "default": the tiles of the framework or else of the VAE's own class, "when-full": these where the whole
    clip has no room, or "by-card": those that the framework takes on a card of that size, or none."""
    vae_slicing: Annotated[Switch, Setting("vae-slicing")] = "off"
    """"on": a batch is decoded one video at a time."""
    step_cache: Annotated[
        str, Setting("step-cache", takes=Published("step_cache", "computed_steps"), assumption="step_cache")
    ] = "none"
    """"none", "stated", or a method with its numbers (`vidcalc.catalog.caches`)."""
    computed_steps: Annotated[Number, Setting(by="--step-cache", assumption="step_cache")] = 1
    """Share of the steps that run the denoiser whole, where it is stated; see `vidcalc.passes.caching`."""
    cached_blocks: Annotated[Number, Setting(by="--step-cache", assumption="step_cache")] = 0
    """Blocks that a skipped step still runs."""
    guided_share: Annotated[Number, Setting("guidance-interval", takes=Share(0, 1), assumption="guided_share")] = 1
    """Share of the steps that run guidance's further predictions."""
    sparse_attention: Annotated[
        str,
        Setting(
            "attention-density",
            takes=Published("sparse_attention", "attention_density"),
            assumption="attention_density",
        ),
    ] = "none"
    """"none", "stated", or a method with its numbers (`vidcalc.catalog.sparse`)."""
    attention_density: Annotated[Number, Setting(by="--attention-density", assumption="attention_density")] = 1
    """Share of the score blocks of self-attention that are computed, where it is stated."""
    merged_tokens: Annotated[
        Number, Setting("token-merge", takes=Share(0, 0.9), assumption="merged_tokens", stated=True)
    ] = 0
    """Share of the tokens that are merged into others in self-attention."""
    fused_projections: Annotated[FusedProjections, Setting(by="rows")] = "none"
    """"kept": queries, keys and values fused into copies beside the originals."""
    lora_mode: Annotated[LoraMode, Setting("lora-mode", only="loras", assumption="loras")] = "live"
    """"merged" into the weights before anything runs, "live" beside them, or "patched" onto a copy at every use."""
    loras: tuple[Adapters, ...] = ()
    """LoRAs that the denoiser generates with: `vidcalc.describe.adapters`."""
    runtime: Runtime = Runtime()
    """What the framework settles beyond words: `vidcalc.describe.runtime`."""
    training: TrainingPlan = TrainingPlan()
    """How the model is trained: `vidcalc.describe.training`."""


# every setting of a plan by its field
SETTINGS = declared(Plan)

# Ways of sharing one video among accelerators, as people call them -> field of the plan: of the work, the innermost
# first, and of what is stored and the VAE's decode, among those same accelerators.
WORK = {way: field for place in INNERMOST for way, field in ways(Plan).items() if field == place}
BESIDE = {way: field for way, field in ways(Plan).items() if way not in WORK}
WAYS = {**WORK, **BESIDE}
