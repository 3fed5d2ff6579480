"""What steers a denoiser while it generates: a network beside it (a ControlNet), or blocks within it (VACE).

A file of `data/controls/` holds exactly these fields; unknown ones are refused.
"""

from typing import Any

import msgspec

from vidcalc.describe.model import Component

HELD = "reference_frames"  # in the configuration of a family that counts the rows of its references itself


class Fit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Denoisers that a control was made for: of one of these classes, with these numbers in their configuration, in
    so many copies (two experts: 2)."""

    classes: tuple[str, ...]
    config: dict[str, Any] = {}
    copies: int = 1


class Offer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A control of the catalogue.

    kinds    what it is published for ("canny", "depth"), each word of which stands for it
    fits     denoisers that it was made for
    network  the network beside the denoiser, with a module below `vidcalc.networks.controls`
    encoders  of pictures that it reads (an IP-Adapter's)
    instead  or: the model of the catalogue whose denoiser is this one with the control in it
    encodes  what the VAE encodes for it: "none" (it reads pixels), "image" or "clip"
    guided   whether each prediction of a guided step runs it; False: once a step, for all of them
    """

    title: str
    fits: Fit
    source: str
    kinds: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    network: Component | None = None
    encoders: tuple[Component, ...] = ()
    instead: str = ""
    encodes: str = "none"
    guided: bool = True
    note: str = ""
