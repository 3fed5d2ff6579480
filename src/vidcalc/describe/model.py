"""What is generated with: a video model as its components, each a network family and its numbers.

A model file (`data/models/NAME.toml`) holds exactly these fields; unknown ones are refused. A key of a published
configuration that is null there is left out here.

How a parameter count was checked is said in words (`verified`): "diffusers" (the diffusers or transformers class
built from the configuration), "official code" (the makers' own class), "published count" or "published size" (a
number or a file size the makers give), "paper" (printed only), "assumed" (the configuration itself is inferred),
"undisclosed".
"""

from typing import Any, Literal

import msgspec

from vidcalc.base.number import Number, nearest


class Component(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """One network of a pipeline.

    id        short name, unique in the model ("umt5-xxl")
    network   family: module path below `vidcalc.networks` ("transformers.wan"); empty: counted, not computed
    class_    the class it mirrors in diffusers, transformers or the makers' code
    config    the family's numbers, under the class's own names
    params    weight elements, as published or counted from the class [elements]
    copies    how many networks of this shape the pipeline holds (two experts: 2)
    shared    weight elements that all of them have in common, and that are there once (a tower of sound)
    runs      calls of it per video (an encoder that reads two images: 2)
    tokens    length its input is padded to (text encoders), tokens it gives (image encoders)
    timestep  what the timestep varies over: "sample", "token" or "frame" (denoisers)
    stored    format of the published weights, where known
    held      bytes of one copy exactly as its weight files hold it; None: as the plan's precision makes it [byte]
    run       dtype the published pipeline runs it in, where it says so
    stage     stage it runs in, for components beside the usual roles ("text_encode", "audio_decode")
    per_second  frames at its input per second of video (audio networks)
    optional  not part of the plain pipeline (a second-stage upsampler)
    verified  how `params` was checked, in the words above
    extra     sizes only this family knows
    source    of the figures, where it is not among the model's sources
    """

    id: str = ""
    network: str = ""
    class_: str = msgspec.field(name="class", default="")
    config: dict[str, Any] = {}
    params: int | None = None
    copies: int = 1
    shared: int = 0
    runs: int = 1
    tokens: int = 0
    timestep: str = "sample"
    stored: str = ""
    held: int | None = None
    run: str = ""
    stage: str = ""
    per_second: float = 0
    optional: bool = False
    verified: str = ""
    extra: dict[str, Any] = {}
    source: str = ""
    note: str = ""

    def every(self, one: Number, copies: int | None = None) -> Number:
        """What so many copies hold together (as many as there are, unless given) of which one holds `one`."""
        several = self.copies if copies is None else copies
        if not self.shared:
            return one * several
        return nearest(one * several - (several - 1) * one * self.shared / (self.params or 1))


class Denoiser(Component, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The network that runs at every step.

    patch     latent frames, height and width under one token; a U-Net takes latents as they are: (1, 1, 1)
    heads     attention heads; 0 where there is no single number (U-Nets) or none is published
    kv_heads  heads of keys and values, where they are fewer
    grows     height and width of what comes out per height and width of the latent that it reads (an upsampler: 2)
    resizes   what of another job it brings to a size of its own: "latent" (a refiner), "video" (super-resolution) or ""
    lengthens  frames after the first, and frames a second, per one of the latent that it brings to its size
    """

    patch: tuple[int, int, int] = (1, 1, 1)
    heads: int = 0
    kv_heads: int = 0
    grows: int = 1
    resizes: str = ""
    lengthens: int = 1


class Vae(Component, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The autoencoder between pixels and latents.

    temporal_compression, spatial_compression  frames and pixels per latent place
    latent_channels                            channels of the latent
    causal                                     the first frame stands alone: (frames − 1) / t + 1 latent frames
    rounding                                   a size that does not divide: "down" (strided convolutions) or "up"
    clips                                      "whole" video at once; clips of `clip_frames` coded "apart" from each
                                               other; or "overlapping" by one frame
    """

    temporal_compression: int = 4
    spatial_compression: int = 8
    latent_channels: int = 16
    causal: bool = True
    rounding: str = "down"
    clips: str = "whole"
    clip_frames: int = 0


class Defaults(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The pipeline's own settings where the user gives none.

    guidance_mode      how a guided step runs: "batched" (one call), "sequential" (one call after the other),
                       "distilled" (guidance is an input), "none"
    forwards_per_step  denoiser forwards of one step, each at the batch asked for
    batched_forwards   how many of them run together in one call, which holds that many times the activations
    scales             guidance scales of the pipeline by further prediction, which is made where one of its scales is
                       on; `off_at` what of these is off at another value than 1
    text_tokens        text tokens in the denoiser's context; image_tokens  the same for a conditioning image
    assumed            the fields here that nobody publishes
    """

    width: int
    height: int
    frames: int
    fps: float
    steps: int
    guidance: float = 1.0
    guidance_mode: str = "none"
    forwards_per_step: int = 1
    batched_forwards: int = 1
    scales: tuple[tuple[str, ...], ...] = ()
    off_at: dict[str, float] = {}
    flow_shift: float | None = None
    text_tokens: int = 0
    image_tokens: int = 0
    assumed: tuple[str, ...] = ()
    source: str = ""


class Preset(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another published setting ("official", "distilled" …); what it leaves out is as in the defaults.

    source  where it is published, where that is not what the model's own sources say
    """

    width: int | None = None
    height: int | None = None
    frames: int | None = None
    fps: float | None = None
    steps: int | None = None
    guidance: float | None = None
    forwards_per_step: int | None = None
    flow_shift: float | None = None
    source: str = ""


class Constraints(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the model accepts: frames = frames_step · k + frames_offset; sizes are multiples of size_multiple.

    native_sizes  widths and heights it was made for
    pads          axes ("frames", "height", "width") whose latent size is filled up to the patch
    native_frames  longest clip it was made for in one pass (0: not published)
    chunk_frames  frames made at a time, where the pipeline makes a long video in windows (0: all at once)
    overlap_frames  of these, frames that a window has in common with the one before
    codec         what the autoencoder sees: the "whole" video, or a window at a time, whose pictures wait on the device
                  ("chunks") or go to the host as they are made ("streamed")
    cache_forwards  denoiser forwards per window that only fill its cache of keys and values
    cache_frames  latent frames that such a forward sees, with nothing before them (0: the window and its cache)
    cache_after_last  whether there is one after the last window too
    cache_stays   whether the cache is still there while the autoencoder decodes
    tile_width, tile_height  pixels made at a time, where it works in tiles from encoding to decoding (0: all at once)
    tile_overlap  least share of a tile that neighbours have in common
    own           those of the model's pipeline, where windows that a user chose stand in their place
    """

    frames_step: int = 1
    frames_offset: int = 0
    min_frames: int = 1
    max_frames: int | None = None
    size_multiple: int = 8
    native_sizes: tuple[tuple[int, int], ...] = ()
    pads: tuple[str, ...] = ()
    native_frames: int = 0
    chunk_frames: int = 0
    overlap_frames: int = 0
    codec: str = "whole"
    cache_forwards: int = 0
    cache_frames: int = 0
    cache_after_last: bool = True
    cache_stays: bool = True
    tile_width: int = 0
    tile_height: int = 0
    tile_overlap: float = 0.0
    own: "Constraints | None" = None
    source: str = ""


class Control(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A network that runs beside the denoiser at every step and steers it: see `vidcalc.describe.control`.

    encodes  what the VAE encodes for it: "none", "image" or "clip";  guided  whether each prediction of a step runs it
    """

    network: Component
    encodes: str = "none"
    guided: bool = True


class References(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Pictures and videos of what is to be seen (a subject, a keyframe, a motion), which a model reads beside its
    prompt.

    most_images, most_videos  how many of each it takes; "any" where no bound is published
    images, videos  how many it has, as its pipeline has them by default, then as they are asked for
    place     how the denoiser has them: latent "frames" beside the video's, "rows" of its sequence beside them, or
              "within" frames of what the video starts from, which makes nothing longer
    prefix    of a video as frames: latent frames of its start that stand beside, the others lie in the place of the
              video's own (0: all stand beside)
    filled    of images as frames: filled up with empty ones to so many (0: not)
    edge      pixels of an image's sides, where it is not brought to the video's size (a square one is taken)
    image_tokens, text_tokens  that each image adds to the context
    encoded   whether image encoders read each of them
    timestep  what the timestep varies over with references; "" as without
    """

    most_images: int | Literal["any"] = 0
    most_videos: int | Literal["any"] = 0
    images: int = 0
    videos: int = 0
    place: str = "frames"
    prefix: int = 0
    filled: int = 0
    edge: int = 0
    image_tokens: int = 0
    text_tokens: int = 0
    encoded: bool = False
    timestep: str = ""
    source: str = ""


class Basis(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something taken as given while a model was put together from files: see the assumptions of a report."""

    id: str
    value: Any
    source: str = ""
    provenance: str = "assumed"


class Caution(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something its user should know about a model that was put together from files: see the warnings of a report."""

    id: str
    values: dict[str, Any] = {}


class Model(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A video model.

    name        id of the catalogue; title  as its makers write it; aliases  other names, never ambiguous
    kind        "dit" or "unet";  network_of  the model whose denoiser it has, with weights of its own
    task        "t2v", "i2v", "v2v" or "t2i"
    pipelines   pipelines of diffusers that run it;  repository  of the hub that they load it from
    encodes     what the VAE encodes before denoising: "none", "image" (one frame), "clip" (as many as are made)
    provenance  "exact" (every number follows from published configurations) or "estimate"
    others      loaded beside: connectors, audio codec, parts of an encoder that are not run
    references  pictures and videos that it reads beside the prompt; None: it reads none
    controls    networks that steer the denoiser, where some are asked for
    basis       what was taken as given where the model comes from files;  cautions  what to know about it
    """

    name: str
    title: str
    family: str
    kind: str
    denoiser: Denoiser
    vae: Vae
    defaults: Defaults
    constraints: Constraints = Constraints()
    presets: dict[str, Preset] = {}
    text_encoders: tuple[Component, ...] = ()
    image_encoders: tuple[Component, ...] = ()
    others: tuple[Component, ...] = ()
    references: References | None = None
    controls: tuple[Control, ...] = ()
    task: str = "t2v"
    pipelines: tuple[str, ...] = ()
    repository: str = ""
    network_of: str = ""
    encodes: str = "none"
    aliases: tuple[str, ...] = ()
    provenance: str = "exact"
    released: str = ""
    license: str = ""
    sources: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    basis: tuple[Basis, ...] = ()
    cautions: tuple[Caution, ...] = ()
