"""A network with fewer layers than it has, so that a small machine can run a slice of a large one."""

from typing import Any

from msgspec.structs import replace

from vidcalc.base.errors import Unreadable
from vidcalc.describe.model import Component

# what classes call the number of layers of a kind
DEPTHS = (
    "num_layers",
    "num_single_layers",
    "num_refiner_layers",
    "num_decoder_layers",
    "num_hidden_layers",
    "num_visual_blocks",
    "num_text_blocks",
    "num_blocks_per_stage",
    "layers_per_block",
    "mmdit_layers",
    "n_controlnet_blocks",
)
TOGETHER = ("layers_per_block",)  # of a U-Net, which takes what its ControlNet hands on layer by layer: both or none
PLACES = ("vace_layers",)  # layers by their places
# of so many layers one has a further part: a slice has one such group at least
GROUPS = ("inject_face_latents_blocks", "cross_attn_interval")
PAIR = ("network", "control")


def slice_of(part: Component, layers: int | None, needed: bool = True) -> Component:
    """The component once, with at most that many layers of each kind; its weights are then counted from its shapes.

    needed  whether a configuration that counts no layers is refused, with Unreadable, or run as it is
    """
    made = shallower(part.config, layers) if needed or depths(part.config) else part.config
    return replace(part, config=made, copies=1, params=part.params if made == part.config else None)


def shallower(config: dict[str, Any], layers: int | None) -> dict[str, Any]:
    """The configuration with at most that many layers of each kind, of each network of a pair. Raises Unreadable where
    it counts none.
    """
    if layers is None:
        return config
    if not (names := depths(config)):
        raise Unreadable(layers, "no_depth", "layers")
    return _at_most(config, layers, names)


def depths(config: dict[str, Any]) -> list[str]:
    """The keys that count layers, of both networks of a pair."""
    inner = [depths(config[part]) for part in PAIR if part in config]
    if not inner:
        return [name for name in DEPTHS if isinstance(config.get(name), int)]
    apart = [name for name in TOGETHER if not all(name in each for each in inner)]
    return [name for name in DEPTHS if name not in apart and any(name in each for each in inner)]


def _at_most(config: dict[str, Any], layers: int, names: list[str]) -> dict[str, Any]:
    if inner := {part: config[part] for part in PAIR if part in config}:
        return {**config, **{part: _at_most(each, layers, names) for part, each in inner.items()}}
    least = max([layers, *(config[name] for name in GROUPS if config.get(name))])
    made = {name: min(config[name], least) for name in names if name in config}
    places = {name: [each for each in config[name] if each < layers] for name in PLACES if config.get(name)}
    return {**config, **made, **places}
