"""The flags of a plan, how a job is run: number formats, kernels, what waits in host memory, tiles.

Names of the catalogue are looked up when a flag is read, so that help needs none of it.
"""

from typing import Any

import click

from vidcalc.base.errors import InputError, nearest
from vidcalc.describe.plan import WAYS
from vidcalc.faces.flags.inputs import LONGEST, Listed, OneOf, Whole, refuse
from vidcalc.faces.flags.parallel import Parallel
from vidcalc.faces.words import N_

FORMATS = N_("FORMAT")
SWAP = "block-swap"


def formats() -> tuple[str, ...]:
    """Number formats of the catalogue."""
    from vidcalc.catalog.precisions import choices

    return choices()


def offloads() -> tuple[str, ...]:
    """Ways of offloading."""
    from vidcalc.passes.offload import WAYS as OFFLOADS

    return tuple(OFFLOADS)


def framework(name: str) -> str:
    """The id of a framework profile by any of its names. Raises UnknownName."""
    from vidcalc.catalog.frameworks import KIND
    from vidcalc.catalog.load import resolve

    return resolve(KIND, name)


class Framework(click.ParamType):  # type: ignore[type-arg]
    """A framework profile, by id or alias."""

    name = "framework"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Raises Refused with every profile there is."""
        from vidcalc.catalog.frameworks import names

        try:
            return framework(str(value)[:LONGEST])
        except InputError as unknown:
            known = names()
            raise refuse(param, value, ", ".join(known), unknown.nearest or "diffusers", *known) from None

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        """The profiles that begin so."""
        from click.shell_completion import CompletionItem

        from vidcalc.catalog.frameworks import names

        return [CompletionItem(name) for name in names() if name.startswith(incomplete)]


class Offload(Listed):
    """A way of offloading; "block-swap:20" also says how many blocks wait in host memory."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Raises Refused."""
        word, colon, blocks = str(value).strip().casefold().partition(":")
        if colon and word == SWAP:
            return f"{SWAP}:{BLOCKS.convert(blocks, param, ctx)}"
        choices = (*self.choices(), f"{SWAP}:N")
        if colon or word not in choices[:-1]:
            near = nearest(word[:LONGEST], choices) or choices[0]
            raise refuse(param, value, ", ".join(choices), near, *choices)
        return word


BLOCKS = Whole(0, 10_000)

# name: (names on the command line, what it takes, how that is called, its default in words, help)
PLAN: dict[str, tuple[tuple[str, ...], click.ParamType, str, str, str]] = {  # type: ignore[type-arg]
    "framework": (
        ("--framework",),
        Framework(),
        N_("NAME"),
        "diffusers",
        N_(
            "Framework that runs the model: its number formats, what it keeps on the GPU and its networks: diffusers, "
            "comfyui, wan-official, xdit …"
        ),
    ),
    "precision": (
        ("--precision",),
        Listed(formats),
        FORMATS,
        "bf16",
        N_(
            "Number format of the denoiser: fp32, fp16, bf16, fp8 (weights), fp8-scaled (weights and products), int8, "
            "int4, nf4, nvfp4, mxfp8, gguf-q8_0 … gguf-q2_k; a wrong one lists all."
        ),
    ),
    "text_encoder_precision": (
        ("--text-encoder-precision",),
        Listed(formats),
        FORMATS,
        "bf16",
        N_("Number format of text and image encoders."),
    ),
    "vae_precision": (("--vae-precision",), Listed(formats), FORMATS, "bf16", N_("Number format of the VAE.")),
    "attention": (
        ("--attention",),
        click.STRING,
        N_("KERNEL"),
        "sdpa",
        N_(
            "Attention kernel: sdpa (what PyTorch picks), flash (the newest FlashAttention), math, flash2, cudnn … as "
            "the GPU has them."
        ),
    ),
    "compile": (
        ("--compile",),
        OneOf("off", "on"),
        "off|on",
        N_("the framework's"),
        N_("Elementwise work fused as torch.compile does, or each operation a kernel of its own as in eager PyTorch."),
    ),
    "guidance_mode": (
        ("--guidance-mode",),
        OneOf("batched", "sequential"),
        "batched|sequential",
        N_("the model's"),
        N_("Where guidance runs: both predictions of a step in one call of twice the batch, or one after the other."),
    ),
    "offload": (
        ("--offload",),
        Offload(offloads),
        N_("WAY"),
        "none",
        N_(
            "Weights that wait in host memory: none; encoders (once they have run); model (all but the network that "
            "runs); group (block by block); group-leaf (module by module, one ahead); sequential (module by module); "
            "block-swap:N (N blocks of the denoiser)."
        ),
    ),
    "swapped_blocks": (
        ("--swapped-blocks",),
        BLOCKS,
        N_("N"),
        "0",
        N_("Blocks of the denoiser that wait in host memory, with --offload block-swap."),
    ),
    "parallel": (
        ("--parallel",),
        Parallel(WAYS, "ulysses=4,cfg=2"),
        N_("WAYS"),
        N_("each GPU a video of its own"),
        N_(
            "How GPUs share one video: ulysses, ring (tokens), tp (layers), pipefusion (layers and patches), cfg "
            "(guidance), fsdp (stored weights), vae (decode), such as ulysses=4,cfg=2,fsdp=8."
        ),
    ),
    "vae_tiling": (
        ("--vae-tiling",),
        OneOf("none", "default"),
        "none|default",
        "none",
        N_("VAE in tiles: default takes those of the VAE's own class."),
    ),
    "vae_slicing": (
        ("--vae-slicing",),
        OneOf("off", "on"),
        "off|on",
        "off",
        N_("Decode the videos of a batch one at a time."),
    ),
}
