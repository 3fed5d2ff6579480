"""How a framework runs a pipeline otherwise than diffusers does, settled into a plan once: facts, no look-ups."""

from typing import Literal

import msgspec

from vidcalc.describe.shape import Tiling


class Tiles(Tiling, frozen=True, kw_only=True, eq=False):
    """Tiles of a framework on a card from so many bytes [byte]; none where they have no size."""

    card: int = 0
    height: int = 0
    width: int = 0
    stride_height: int = 0
    stride_width: int = 0


class Runtime(msgspec.Struct, frozen=True, kw_only=True):
    """What a framework profile says beyond the words of a plan; the defaults change nothing.

    title, version, sources  of the framework
    offers             ways of sharing ("parallel") and of offloading ("offload") that it has; without what is not known
    stack              "early" where it is pinned to, or was published with, a torch older than 2.11
    casting            "layerwise" where formats are stored by diffusers' layerwise casting, else as files have them
    products           kernel that multiplies by weights of a number format here, of data/products.toml, by format
    without_bf16       number format in the place of bf16 on a chip that has none, by a network's path; "denoiser": of
                       denoisers that are not named
    networks           networks that run otherwise here, by the path they have in diffusers
    configs            numbers of a network that differ here, by its path in diffusers: layers that are left out
    left_out           ids of components that it does not load
    timesteps          what the timestep varies over where it differs here, by model
    activation_scale   live activations of a network relative to diffusers' forward, by its path
    decode_bytes       live bytes of the decode of a VAE without a network here, by class [byte per pixel of a clip]
    decode_flops       work of such a decode, by class [FLOP per pixel of the video]
    staying            roles of networks that stay on the device whichever weights wait in host memory
    remaining          roles of networks whose part on the device stays while others run (buffers of blocks)
    whole              roles of networks that come as a whole where others stream
    frames_on          "device", or "host": where the decoded video is brought to the range of pictures; "pieces": there
                       as well, and pieces of it go there as they are decoded
    passing            roles of networks of which nothing stays while they run, where others fill the card
    frames_dtype       dtype of what is made of it there ("int8": bytes); "" that of the decode
    tiles              tiles of a VAE that are not its class's, by model or by its path, by the bytes of the card from
                       which they are taken, the largest first
    section            latent frames that a section adds, by model that rolls on; the model's own where absent
    rolling            latent frames whose tensors a decode holds at once where it rolls on, by the VAE's path
    headroom           bytes that stay free beside the work where weights fill the card [byte]
    set_aside          bytes set aside for the work there, used or not [byte]
    budget             what the work counts as there: "work" as it is, or the framework's own "estimate"
    all_from           times the bytes of all weights that a card has where everything stays with offload "by-card"
    by_card            ways of offloading with offload "by-card", by model or denoiser's path, each with the bytes of
                       the card that are free from which it is taken, the largest first
    several            way of offloading with offload "by-card" where ranks share a video; "": as on one card
    kernels            attention kernels with attention "by-card", each with the compute capability from which it is
                       taken, the largest first
    spreads            GPUs up to which two groups of them take the predictions of a step where nothing is said of
                       sharing, by the denoiser's path ("": of every other); the ranks of a group share the tokens
    estimate           the framework's own estimate of a network's activations, by path [byte per place of the latent]
    estimate_by_width  the same of networks where it grows with the hidden size [byte per place and channel]
    beside             bytes of further models that are on the device throughout [byte]
    seconds            what further models take per generation [second]
    kept_scale         live activations of a training step relative to the code written here
    company            bytes of models of the pipeline that a trainer keeps beside the trained network [byte]
    vocabulary         "cut" with the layers of an encoder that ranks share, or "whole" on each of them
    decoders           "one": a rank decodes alone unless the plan says more; "sequence": all that share the tokens; or
                       "all": those of the other predictions as well
    allocator          "caching" (torch's own), or "async": on NVIDIA chips the driver's pool (cudaMallocAsync)
    unfused            attention where torch has no fused kernel for it: "scores" (all are held), "split" (slices, on
                       chips that are not NVIDIA's), or "fused" (the framework has a kernel of its own)
    unmerged           how LoRAs are applied to weights of a format that cannot be merged into: a word of `Loras`
    unmergeable        formats that this framework does not merge into, beside those that nothing can
    loras_on           "device", or "host": where the weights of LoRAs that are patched on wait
    pins               "tensors": each pinned by itself, which torch rounds up to a power of two; "whole": as they are;
                       "room": as much as the machine allows, the rest is read from files mapped into memory
    kept               whether copies of offloaded weights stay in host memory, so that nothing goes back
    unpinned           roles of networks whose copies there are not pinned
    swapping           how swapped blocks come: "stream", pinned and ahead of use, or "move", there and back one by one
    spared             number formats of the denoiser of which one block less is swapped than is asked for
    caches             step caches that it has, each with the families of models that it has it for (none: any); None
                       where that is not known
    hooks              the release of diffusers whose classes and caches run ("0.42"); "" of another program
    joint              whether the predictions of a step walk the blocks together: computed one after the other in each,
                       so that a block comes once for all of them
    """

    title: str = ""
    version: str = ""
    sources: tuple[str, ...] = ()
    offers: dict[str, tuple[str, ...]] = {}
    stack: str = "late"
    casting: str = "files"
    products: dict[str, str] = {}
    without_bf16: dict[str, str] = {}
    networks: dict[str, str] = {}
    configs: dict[str, dict[str, int]] = {}
    left_out: tuple[str, ...] = ()
    timesteps: dict[str, str] = {}
    activation_scale: dict[str, float] = {}
    decode_bytes: dict[str, float] = {}
    decode_flops: dict[str, float] = {}
    staying: tuple[str, ...] = ()
    remaining: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()
    frames_on: Literal["device", "host", "pieces"] = "device"
    passing: tuple[str, ...] = ()
    frames_dtype: Literal["", "fp32", "int8"] = ""
    tiles: dict[str, tuple[Tiles, ...]] = {}
    section: dict[str, int] = {}
    rolling: dict[str, int] = {}
    headroom: int = 0
    set_aside: int = 0
    budget: str = "work"
    all_from: float = 0
    by_card: dict[str, tuple[tuple[float, str], ...]] = {}
    several: str = ""
    kernels: tuple[tuple[float, str], ...] = ()
    spreads: dict[str, int] = {}
    estimate: dict[str, float] = {}
    estimate_by_width: dict[str, float] = {}
    beside: int = 0
    seconds: float = 0.0
    kept_scale: float = 1.0
    company: int = 0
    vocabulary: Literal["cut", "whole"] = "cut"
    decoders: str = "one"
    allocator: Literal["caching", "async"] = "caching"
    unfused: Literal["scores", "split", "fused"] = "scores"
    unmerged: Literal["live", "patched"] = "live"
    unmergeable: tuple[str, ...] = ()
    loras_on: Literal["device", "host"] = "device"
    pins: Literal["whole", "tensors", "room"] = "whole"
    kept: bool = False
    unpinned: tuple[str, ...] = ()
    joint: bool = False
    swapping: Literal["stream", "move"] = "stream"
    spared: tuple[str, ...] = ()
    caches: dict[str, tuple[str, ...]] | None = None
    hooks: str = ""
