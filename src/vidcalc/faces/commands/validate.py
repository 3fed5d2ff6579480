"""`vidcalc validate`: predictions beside published measurements."""

import click

from vidcalc.faces.flags.catalogue import flags
from vidcalc.faces.flags.reach import File
from vidcalc.faces.group import Command
from vidcalc.faces.words import N_


def validate(file: str, as_json: bool) -> None:
    """Predict memory and time of every row of a file, and print them beside what was measured."""
    from vidcalc.validate.files import validated

    report = validated(file)
    if as_json:
        from vidcalc.faces.emit import emit

        emit(report)
    else:
        from vidcalc.faces.terminal import network_validation, validation
        from vidcalc.faces.terminal.page import show
        from vidcalc.validate.network_run import NetworkValidation

        show(network_validation.draw(report) if isinstance(report, NetworkValidation) else validation.draw(report))


command = Command(
    "validate",
    params=[click.Argument(["file"], type=File(), metavar=N_("FILE")), *flags(())],
    callback=validate,
    help=N_(
        "Predicts memory and time of measured generations or training runs and prints them beside the measurements.\n"
        "FILE is a CSV with one measurement per row, free-text settings included: id, model, width, height, frames, "
        "steps, cfg, gpu, n_gpus, parallelism, precision, attention_backend, offload, vae_tiling, other_optim, "
        "peak_mem_gb, mem_unit_note, time_s, time_scope, source. Training runs are told by mode, batch_per_gpu, "
        "grad_accum, optimizer, checkpointing, precomputed_latents, lora_rank, mem_note, time, time_note and "
        "mfu_or_tflops; calls of single networks by kind, settings, peak_allocated_bytes and seconds. A row that "
        "cannot be predicted says which setting is missing."
    ),
    examples=("vidcalc validate measured.csv", "vidcalc validate measured.csv --json"),
)
