"""What a configuration itself says of a VAE's and a denoiser's geometry; the catalogue fills in the rest."""

from vidcalc.base.facts import Facts

TIME = ("scale_factor_temporal", "temporal_compression_ratio")
SPACE = ("scale_factor_spatial", "spatial_compression_ratio")
CHANNELS = ("z_dim", "latent_channels")
# image codecs: each block but the last halves the sides, and frames are images of their own
HALVING = ("AutoencoderKL", "AutoencoderKLTemporalDecoder")


def compression(class_: str, config: Facts) -> dict[str, int]:
    """temporal_compression, spatial_compression and latent_channels of a VAE, as far as its configuration says."""
    stated = {
        "temporal_compression": _first(config, TIME),
        "spatial_compression": _first(config, SPACE),
        "latent_channels": _first(config, CHANNELS),
    }
    blocks = config.get("block_out_channels")
    if class_ in HALVING and isinstance(blocks, list | tuple):
        stated["spatial_compression"] = 2 ** (len(blocks) - 1)
    return {key: value for key, value in stated.items() if value is not None}


def patch(config: Facts, usual: Facts, fallback: tuple[int, int, int]) -> tuple[int, int, int]:
    """Latent frames, height and width under a token: `fallback` where the patch is as in the `usual` configuration."""
    keys = ("patch_size", "patch_size_t")
    if all(config.get(key) == usual.get(key) for key in keys) or "patch_size" not in config:
        return fallback
    size = config["patch_size"]
    if isinstance(size, list | tuple):
        return (int(size[0]), int(size[1]), int(size[2])) if len(size) == 3 else fallback
    return int(config.get("patch_size_t") or 1), int(size), int(size)


def _first(config: Facts, keys: tuple[str, ...]) -> int | None:
    return next((config[key] for key in keys if isinstance(config.get(key), int)), None)
