"""A model nobody named: the whole architecture from a parameter count, by a rule fitted to the published models.

The rule is data (`data/generic.toml`, fitted by scripts/fit_generic.py) and its result stands in every report. The
denoiser is a Wan-shaped transformer (full attention, cross-attention to text) whose width follows the rule, whose
depth makes up the count at the usual FFN ratio, and whose FFN is then sized so that the count comes out right;
the VAE is a Wan-shaped causal video VAE whose base width is the one nearest the asked count.
"""

from functools import cache

from msgspec.structs import replace

from vidcalc.base.errors import InputError
from vidcalc.base.facts import Facts
from vidcalc.catalog.load import table
from vidcalc.describe.model import Constraints, Defaults, Denoiser, Model, Vae

VAE_PARAMS = 83_000_000
SOURCE = "data/generic.toml"
CLOSE = 9e-5  # of the count: how near the derived network's own count must come


@cache
def rule() -> Facts:
    """The fitted rule: scale, exponent, head_dim, ffn_ratio, text_tokens, text_dim."""
    return table("generic")["dit"]  # type: ignore[no-any-return]


def block_params(width: int, ffn: int) -> int:
    """Weight elements of one block: two attentions with biases and query/key norms, FFN, norm, modulation table."""
    # query, key, value, output: [width, width] and a bias each; a norm of the queries and one of the keys
    attention = 4 * width * width + 4 * width + 2 * width
    # [width, ffn] and [ffn, width] with biases; scale and shift of one norm; six modulation vectors
    return 2 * attention + 2 * width * ffn + ffn + width + 2 * width + 6 * width


def outside_params(width: int, channels: int, patch_size: int, text_dim: int) -> int:
    """Weight elements outside the blocks: patch, timestep and text embeddings, output."""
    patch = patch_size * patch_size * channels
    embed = patch * width + width
    # 256 sinusoids -> width -> width -> six modulation vectors
    time = 256 * width + width + width * width + width + 6 * width * width + 6 * width
    text = text_dim * width + width + width * width + width
    # [width, patch] back to the latent, and the two modulation vectors before it
    return embed + time + text + patch * width + patch + 2 * width


def dit_config(params: int, latent_channels: int = 16, patch_size: int = 2) -> Facts:
    """A transformer of `params` weight elements, as a Wan configuration.

    Raises InputError("params", …) where even one block of one head does not fit in the count.
    """
    law = rule()
    head = law["head_dim"]
    heads = max(1, round(law["scale"] * params ** law["exponent"] / head))
    while True:
        width = heads * head
        rest = params - outside_params(width, latent_channels, patch_size, law["text_dim"])
        layers, ffn = depth(rest, width, law["ffn_ratio"])
        if ffn >= 1:
            break
        if heads == 1:
            raise InputError("params", params, (f"{_smallest(latent_channels, patch_size)}",))
        heads -= 1
    return {
        "patch_size": (1, patch_size, patch_size),
        "num_attention_heads": heads,
        "attention_head_dim": head,
        "in_channels": latent_channels,
        "out_channels": latent_channels,
        "text_dim": law["text_dim"],
        "ffn_dim": ffn,
        "num_layers": layers,
    }


def depth(rest: int, width: int, ffn_ratio: int) -> tuple[int, int]:
    """(layers, FFN width) of `rest` weight elements in blocks: the usual depth, or the nearest that meets the count.

    The FFN width is whole, so a depth meets the count only to half a layer's step; a small network may need another.
    """
    usual = max(1, round(rest / block_params(width, ffn_ratio * width)))
    near = sorted(range(usual - usual // 3, usual + usual // 3 + 1), key=lambda layers: abs(layers - usual))
    # rest = layers · (block without FFN + ffn · (2 · width + 1))
    sized = [(layers, round((rest / layers - block_params(width, 0)) / (2 * width + 1))) for layers in near]
    missed = [abs(layers * block_params(width, ffn) - rest) for layers, ffn in sized]
    good = (each for each, miss in zip(sized, missed, strict=True) if miss <= CLOSE * rest)
    return next(good, sized[missed.index(min(missed))])


def _smallest(latent_channels: int, patch_size: int) -> int:
    """The smallest count the rule can build: one head, one block, an FFN of one."""
    head = rule()["head_dim"]
    return outside_params(head, latent_channels, patch_size, rule()["text_dim"]) + block_params(head, 1)


def vae_config(params: int, latent_channels: int) -> Facts:
    """A Wan-shaped VAE whose base width (a multiple of 8) comes nearest the asked count."""
    published, base = 126_892_531, 96  # Wan 2.1 VAE; weights grow with the square of the width
    width = max(8, round(base * (params / published) ** 0.5 / 8) * 8)
    return {"base_dim": width, "z_dim": latent_channels}


def generic(
    params: int,
    arch: str = "dit",
    latent_channels: int = 16,
    patch_size: int = 2,
    vae_params: int = VAE_PARAMS,
    name: str = "generic",
) -> Model:
    """A model from its parameter count alone. arch: "dit" or "unet". Raises InputError("params" or "arch", …)."""
    if arch == "unet":
        from vidcalc.catalog.generic_unet import unet_config

        denoiser = Denoiser(
            id="denoiser",
            network="unets.unet3d",
            config=unet_config(params, latent_channels),
            params=params,
            source=SOURCE,
        )
        multiple = 64
    else:
        config = dit_config(params, latent_channels, patch_size)
        denoiser = Denoiser(
            id="denoiser",
            network="transformers.wan",
            config=config,
            params=params,
            patch=config["patch_size"],
            heads=config["num_attention_heads"],
            source=SOURCE,
        )
        multiple = 8 * patch_size
    return Model(
        name=name,
        title=name,
        family="generic",
        kind=arch,
        provenance="assumed",
        denoiser=denoiser,
        vae=Vae(
            id="vae",
            network="autoencoders.wan",
            config=vae_config(vae_params, latent_channels),
            params=vae_params,
            latent_channels=latent_channels,
            causal=False,
            rounding="up",
            source=SOURCE,
        ),
        defaults=Defaults(
            width=1280, height=720, frames=120, fps=24, steps=30, text_tokens=rule()["text_tokens"], source=SOURCE
        ),
        constraints=Constraints(size_multiple=multiple, frames_step=4, pads=("frames", "height", "width")),
        sources=(SOURCE,),
    )


def complete(model: Model) -> Model:
    """A closed model whose architecture nobody publishes: the generic one of its estimated size, under its own name.

    Where not even a size is estimated it is the published models' median. Other models come back as they are.
    """
    if not model.denoiser.network.startswith("generic."):
        return model
    arch = model.denoiser.network.removeprefix("generic.")
    vae = model.vae.params
    params = rule()["typical_params"] if model.denoiser.params is None else model.denoiser.params
    stand_in = generic(
        params, arch, model.vae.latent_channels, model.denoiser.patch[1], VAE_PARAMS if vae is None else vae
    )
    denoiser = replace(
        model.denoiser,
        params=params,
        network=stand_in.denoiser.network,
        config=stand_in.denoiser.config,
        heads=stand_in.denoiser.heads,
        patch=stand_in.denoiser.patch,
    )
    codec = model.vae if model.vae.network else replace(stand_in.vae, causal=model.vae.causal)
    return replace(model, denoiser=denoiser, vae=codec)
