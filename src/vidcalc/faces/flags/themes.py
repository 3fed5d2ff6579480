"""What belongs together in a page of help: the flags that most people need first, then by theme."""

from collections.abc import Iterable, Iterator

import click

from vidcalc.faces.flags.hardware import HARDWARE
from vidcalc.faces.flags.links import LINKS
from vidcalc.faces.flags.lora import LORA
from vidcalc.faces.flags.model import DATA, MODEL
from vidcalc.faces.words import N_

USUAL = (
    *("model", "params", "resolution", "frames", "steps", "gpu", "gpus", "host_ram", "framework", "trainer"),
    *("precision", "offload", "vae_tiling", "mode", "checkpointing", "bucket"),
)
COMMON, JOB, RUNS, TRAINING, MACHINE, REST = (
    N_("Options"),
    N_("Model and clip"),
    N_("How it runs"),
    N_("Training"),
    N_("Machine and money"),
    N_("Output and the rest"),
)
THEMES = (COMMON, JOB, RUNS, TRAINING, MACHINE, REST)
OF_TRAINING = {"train", "run"}


def themed(options: Iterable[click.Parameter]) -> Iterator[tuple[str, list[click.Parameter]]]:
    """(theme, its options), those without any left out; a short page is one list."""
    found: dict[str, list[click.Parameter]] = {theme: [] for theme in THEMES}
    every = list(options)
    if not any(each.name in USUAL for each in every):
        yield COMMON, every
        return
    for each in every:
        found[theme(str(each.name), getattr(each, "help", None))].append(each)
    found[COMMON].sort(key=lambda each: USUAL.index(str(each.name)))
    yield from ((theme, own) for theme, own in found.items() if own)


def theme(name: str, words: str | None) -> str:
    """Where a flag stands, by its name and its help: a command may mean something of its own by a name."""
    from vidcalc.faces.flags.catalogue import FLAGS

    if name in USUAL:
        return COMMON
    if name in HARDWARE or name in LINKS or name == "currency":
        return MACHINE
    if name not in FLAGS or FLAGS[name].help != words:
        return REST
    if name in DATA or set(FLAGS[name].jobs) <= OF_TRAINING:
        return TRAINING
    return JOB if name in MODEL or name in LORA else RUNS
