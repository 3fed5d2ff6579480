"""Measurements of single networks, read from a CSV file with the columns of data/measured/networks.csv.

Where a published row times a whole program, such a row times one call: a denoiser's forward, a decode, an encoder, a
training step, a forward under an offload, or a short pipeline. Nothing in it is free text.
"""

import msgspec

NEEDED = ("id", "kind", "model", "settings", "peak_allocated_bytes", "seconds")
KINDS = ("denoiser", "vae", "encoder", "offload", "train", "pipeline")


class NetworkRow(msgspec.Struct, frozen=True, kw_only=True):
    """One measurement of ours; bytes of the peak include weights and inputs, seconds are of each timed call.

    gpu         accelerator of the catalogue;  date, stack  when, and with which versions
    kind        what was called: one of KINDS;  size  WIDTHxHEIGHTxFRAMES
    settings    NAME=VALUE, separated by spaces: tiling, precision, offload, how, mode, checkpointing, backend, tokens …
    base_bytes  allocated before the call;  peak_allocated_bytes, peak_reserved_bytes  torch.cuda.max_memory_*
    first_s, per_step_s, after_last_step_s  of a pipeline: to the end of the first step, between steps, after the last
    error       what stopped it, where it did not run
    role        "fit": constants may be chosen with it in view, "check": it only scores
    """

    id: str
    role: str = "check"
    gpu: str = "h200"
    date: str = ""
    stack: str = ""
    kind: str = ""
    model: str = ""
    size: str = ""
    batch: str = "1"
    settings: str = ""
    weights_bytes: str = ""
    base_bytes: str = ""
    peak_allocated_bytes: str = ""
    peak_reserved_bytes: str = ""
    seconds: str = ""
    first_s: str = ""
    per_step_s: str = ""
    after_last_step_s: str = ""
    error: str = ""

    @property
    def said(self) -> dict[str, str]:
        """The settings by name."""
        return dict(pair.split("=", 1) for pair in self.settings.split() if "=" in pair)
