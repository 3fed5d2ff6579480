"""What a job is made of once it is unrolled: phases of calls and ops, the weights they use, and where these are.

Passes rewrite a ledger step by step into what one rank does and holds (`vidcalc.passes`); cost puts a price on what is
left (`vidcalc.cost`). Nothing in here knows a plan.
"""

from typing import Literal

import msgspec

from vidcalc.base.number import Number
from vidcalc.describe.adapters import Loras
from vidcalc.describe.model import Component
from vidcalc.describe.shape import Shape, Tiling
from vidcalc.describe.workload import Stage
from vidcalc.ledger.weights import Network
from vidcalc.ops import Copy, Op
from vidcalc.tape.trace import Trace

PhaseId = Literal[Stage, "forward", "backward", "recompute", "gradients", "optimizer"]
"""The stages of a generation, and what an optimizer step does."""


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """What the rates of ops depend on beside shape and chip. The defaults are eager PyTorch in the activations' format.

    attention   kernel of attention; "sdpa" is what torch picks on the chip
    arithmetic  format the products of linear layers run in, where it is not their activations' dtype
    compile     which elementwise kernels are fused: "off", "on" or "norms"; "graphs": none, started together
    stack       "early" or "late": torch before and from 2.11
    rounding    bytes per output element of a linear layer that its format's own kernels move [byte]
    product     kernel of linear layers, of data/products.toml;  stored  bytes of a weight as it is stored [byte]
    """

    attention: str = "sdpa"
    arithmetic: str = ""
    compile: str = "off"
    stack: str = "late"
    rounding: float = 0.0
    product: str = "plain"
    stored: float = 0.0


EAGER = Execution()


class Call(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One call of a network, before it is put on the tape.

    function  "forward" (a denoiser), "decode" or "encode";  shape  its sizes
    dtype     of activations and arithmetic;  tiling  "none", or "default": the tiles of the class itself, or
              `tiles` of its framework
    spelled  which attentions no fused kernel takes: "none", "pairs" (those with a mask of all pairs), "all", or "split"
             (all, a slice of the scores at a time, of at most `room` bytes)
    fused    whether a compiler joins the elementwise work of repeated blocks
    ranks     that the framework gives it by itself, of those that share the tokens
    loras     that run with its layers; None where there are none, or where they are merged into the weights
    """

    component: Component
    function: str
    shape: Shape
    dtype: str = "bf16"
    tiling: str = "none"
    tiles: Tiling | None = None
    spelled: str = "none"
    room: Number = 0
    fused: bool = False
    ranks: Number = 1
    loras: Loras | None = None


class Phase(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One stage of a job.

    id          a stage of a generation, or what an optimizer step does
    call        what runs
    calls       calls per generation (of the workload's batch), over all ranks;  turns  those of one rank
    at_once     ranks whose calls of a step are different predictions (CFG parallel)
    together    calls that walk the network's blocks together, block by block
    prompt_rows rows of a call that are of its prompts and images, not of the video
    own         whether it is the denoiser's own; False: a network beside it, of the same step
    guided      whether each prediction of a guided step runs it
    blocks_run  share of the calls that run the repeated blocks
    varies      the least and the most of its seconds over the likely ones, where a video decides what a cache skips
    waits       share of the whole video that is on the device beside what a call decodes
    trace       one call on the tape, over all ranks and with nothing left out
    executed    its ops without what the plan leaves out
    ops         one rank's ops of a call, its exchanges with other ranks and copies from host memory among them
    once        copies that the phase makes once, whatever its calls
    happens     1 where it happens, 0 where another of its stage does instead: sizes of a sweep may differ in it
    run         how its ops are executed
    live        one rank's live bytes by what they are of: "network", "kv_cache", "format", "cached", "stale", "hints",
                "videos" [byte]
    workspace   what kernels take beside their tensors at the peak [byte]
    yields      of these what gives way to the work: weights that a framework fills the card with [byte]
    fills       whether weights that have room fill the card, and only the others come at each call
    spare       live bytes that it can do without where memory ends: a decode that is then made in tiles [byte]
    resident    weights on the device while it runs, by component id; "gathered": blocks of sharded weights that are
                whole while they run; "beside": further models that stay on the device [byte]
    """

    id: PhaseId
    call: Call
    calls: Number = 1
    turns: Number = 1
    at_once: Number = 1
    together: Number = 1
    prompt_rows: Number = 0
    own: bool = True
    guided: bool = True
    blocks_run: Number = 1
    varies: tuple[Number, Number] = (1, 1)
    waits: Number = 0
    trace: Trace | None = None
    executed: tuple[Op, ...] = ()
    ops: tuple[Op, ...] = ()
    once: tuple[Copy, ...] = ()
    happens: Number = 1
    run: Execution = EAGER
    live: dict[str, Number] = {}
    workspace: Number = 0
    resident: dict[str, Number] = {}
    yields: Number = 0
    fills: bool = False
    spare: Number = 0

    @property
    def component(self) -> Component:
        """The network that works."""
        return self.call.component

    @property
    def taped(self) -> Trace:
        """The trace, once there is one."""
        assert self.trace is not None
        return self.trace

    @property
    def activations(self) -> Number:
        """One rank's live bytes [byte]."""
        return sum(self.live.values())


class Host(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Bytes of weights in host memory: waiting, pinned among those, and the largest network on its way [byte].

    mapped  whether what is not pinned lies in files that the system may drop from memory and read again
    """

    resident: Number = 0
    pinned: Number = 0
    loading_peak: Number = 0
    mapped: bool = False


class Further(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What runs beside the model's own networks: the process itself, and further models of the framework's pipeline.

    process  bytes before the first tensor: context, workspaces, communicators [byte]
    models   bytes of further models on the device throughout [byte];  seconds  they take per generation [second]
    frames_on  "device", "host" or "pieces": where the decoded video is brought to the range of pictures
    frames_dtype  of what is made there; "" that of the decode
    segments  of the allocator: "fixed", or "expandable"
    company  bytes of models that a trainer keeps beside the trained network [byte]
    scale    live activations of a training step relative to those taped here
    allocator  "caching" or "async": which one holds the memory (`vidcalc.cost.reserve`)
    """

    process: Number = 0
    models: Number = 0
    seconds: float = 0.0
    frames_on: str = "device"
    company: Number = 0
    scale: float = 1.0
    frames_dtype: str = ""
    allocator: str = "caching"
    segments: str = "fixed"


class Ledger(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A job, unrolled.

    model         name of the model;  shift  of its timesteps towards noise (flow matching; 1: none)
    latent        (channels, frames, height, width);  batch  videos made at once;  steps  denoising steps of a video
    windows       stretches that the denoiser makes a video in, each with all its steps
    pixels        values of one decoded video, three colours [elements];  video_tokens  tokens of the video
    phases        in the order they run
    forward       one denoiser forward at the workload's batch, no guidance: what FLOPs are reported of
    forwards      forwards of the average step
    encode        the VAE encoding the whole video once, as training does
    weights       every network of the pipeline by component id
    keeps         whether the denoiser's cache of keys and values is still there while the autoencoder decodes
    loaded        weights on the device once they have arrived and before anything runs, by component id [byte]
    """

    model: str
    latent: tuple[Number, Number, Number, Number]
    batch: Number
    steps: Number
    pixels: Number
    video_tokens: Number
    phases: tuple[Phase, ...]
    forward: Phase
    forwards: Number = 1
    windows: Number = 1
    encode: Phase | None = None
    weights: dict[str, Network] = {}
    keeps: bool = True
    loaded: dict[str, Number] = {}
    host: Host = Host()
    further: Further = Further()
    shift: float = 1.0

    def phase(self, name: PhaseId) -> Phase | None:
        """The first phase of that id, or None where the job has none."""
        return next((phase for phase in self.phases if phase.id == name), None)
