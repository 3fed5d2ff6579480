"""The documented calculator: exactly its flags and defaults (and -m, --lang), on the core of `vidcalc estimate`."""

import gc
import sys
from typing import Any

import click

from vidcalc.faces.cli import leave, run
from vidcalc.faces.flags.catalogue import DOCUMENTED, flags
from vidcalc.faces.flags.inputs import OneOf
from vidcalc.faces.group import Command
from vidcalc.faces.words import N_

PRECISIONS = ("fp32", "fp16", "bf16")
EXAMPLES = (
    "python scripts/calculator.py --params 3B --resolution 1080p --frames 120",
    "python scripts/calculator.py --params 8B --resolution 4k --frames 240 --steps 50",
    "python scripts/calculator.py --params 600M --resolution 1920x1080 --frames 60 --fps 30",
    "python scripts/calculator.py --params 3B --resolution 1080p --frames 120 --json",
)


def calculator() -> click.Command:
    """The command of scripts/calculator.py."""
    from vidcalc.faces.answer import answer
    from vidcalc.faces.commands.estimate import result

    def calculate(as_json: bool, **given: Any) -> None:
        # sizes by name are the document's, whatever a model calls so; advice would name flags that are not here
        size = given.get("resolution")
        answer(result({**given, "resolution": size and tuple(size)}, advise=False), as_json, "report")

    return Command(
        "calculator.py",
        params=flags(DOCUMENTED, precision=OneOf(*PRECISIONS)),
        callback=calculate,
        help=N_(
            "What a video diffusion model needs to generate and to train on an A100: latent space, sequence length, "
            "FLOPs, GPU memory and GPU time. Give --params, --resolution and --frames, or --model."
        ),
        examples=EXAMPLES,
    )


def main() -> None:
    """Run it as a process of its own."""
    gc.disable()  # the process lives for milliseconds
    leave(run(calculator, "calculator.py", sys.argv[1:]))
