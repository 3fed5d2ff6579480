"""`vidcalc train`: a training run, from one card to a cluster."""

from typing import Any

from vidcalc.faces.flags.catalogue import bucket_flag, flags, picture_flags
from vidcalc.faces.flags.hardware import HARDWARE
from vidcalc.faces.flags.links import LINKS
from vidcalc.faces.flags.training import RUN, TRAINING
from vidcalc.faces.group import Command
from vidcalc.faces.words import N_

OF_THE_MODEL = (
    "params", "model", "from", "resolution", "frames", "seconds", "snap", "fps", "batch_size", "text_tokens",
    "latent_channels", "patch_size", "vae_params", "arch",
)  # fmt: skip
OF_THE_PLAN = ("attention", "framework", "text_encoder_precision", "vae_precision")
ASKED = tuple(
    dict.fromkeys((*OF_THE_MODEL, "gpu", "gpus", *LINKS, *HARDWARE, *TRAINING, *OF_THE_PLAN, *RUN, "train_steps"))
)


def train(as_json: bool, svg: str | None = None, png: str | None = None, **given: Any) -> None:
    """Calculate and print, as a report or as JSON."""
    from vidcalc.calculate import train as calculated
    from vidcalc.faces.answer import answer
    from vidcalc.faces.requests.training import run

    report = calculated(*run(given))
    answer(report, as_json, "training", "training", svg, png)


command = Command(
    "train",
    params=[bucket_flag(), *flags(tuple(name for name in ASKED if name != "target_rate")), *picture_flags()],
    callback=train,
    help=N_("What a training run needs: memory of each GPU, time, cost, energy and disk, for any mix of sizes."),
    examples=(
        "vidcalc train -m wan2.1-t2v-1.3b --mode lora --gpu 4090 --checkpointing full",
        "vidcalc train -m wan2.1-t2v-14b --gpu h100 --gpus 8 --sharding fsdp",
        "vidcalc train -m ltx-video-2b --bucket 768x512x49 --bucket 768x512x1:0.3:b9",
    ),
)
