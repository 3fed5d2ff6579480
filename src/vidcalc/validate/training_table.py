"""Measured training runs, read from a CSV file with the columns of data/measured/training.csv."""

import msgspec

NEEDED = ("id", "model", "mode", "width", "height", "frames", "batch_per_gpu")


class TrainingRow(msgspec.Struct, frozen=True, kw_only=True):
    """One published measurement, every field as its source has it; empty: the source does not say.

    mode           "lora", "full-ft" or "pretrain"
    batch_per_gpu  samples of a micro-batch over the ranks that share them: a fraction where they do
    peak_mem_gb    of one accelerator, mostly GiB whatever the source calls it;  mem_note  which counter it was, or
                   that it did not fit
    time           in the unit that time_note says;  mfu_or_tflops  per accelerator
    settled        width x height x frames that a row leaves out and its source's own configuration settles, and why
    engine, note, added, doubt, role  as in `vidcalc.validate.table.Row`
    """

    id: str
    model: str = ""
    mode: str = ""
    width: str = ""
    height: str = ""
    frames: str = ""
    batch_per_gpu: str = ""
    grad_accum: str = ""
    gpu: str = ""
    n_gpus: str = ""
    parallelism: str = ""
    optimizer: str = ""
    precision: str = ""
    checkpointing: str = ""
    precomputed_latents: str = ""
    lora_rank: str = ""
    offload: str = ""
    peak_mem_gb: str = ""
    mem_note: str = ""
    time: str = ""
    time_note: str = ""
    mfu_or_tflops: str = ""
    source: str = ""
    settled: str = ""
    engine: str = ""
    note: str = ""
    added: str = ""
    doubt: str = ""
    role: str = ""
