"""The part of the report on arithmetic: ids and numbers in SI base units, as in `report.estimate`."""

import msgspec

from vidcalc.report.units import Count, Flop, Frames, Share, Tokens


class Documented(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The same quantities by the documented formula, which counts attention once [FLOP].

    `layers` is how often the network runs attention, `ratio` the FLOPs of one forward of it over the formula's.
    """

    sequence: Tokens
    flops_per_step: Flop
    flops_per_video: Flop
    hidden_dim: Count
    layers: Count
    ratio: Share


class Compute(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Arithmetic [FLOP].

    `chunks` is how many windows a long video is made in, each with all steps (1 where it is made at once), of
    `window_frames` frames, `overlap_frames` of which it has in common with the one before; `denoiser_calls` are the
    denoiser's calls of a generation, those that only fill a cache included;
    `parts` are FLOPs per stage and kind of work, whose sum is flops_per_video; `flops_executed` is what is left of that
    without what a step cache, sparse attention or token merging leave out.
    """

    flops_per_forward: Flop
    forwards_per_step: Count
    flops_per_step: Flop
    chunks: Count
    window_frames: Frames
    overlap_frames: Frames
    denoiser_calls: Count
    flops_denoise: Flop
    flops_vae_decode: Flop
    flops_vae_encode: Flop
    flops_text_encode: Flop
    flops_per_video: Flop
    flops_executed: Flop
    attention_share: Share
    parts: dict[str, dict[str, Flop]]
    documented: Documented | None = None
