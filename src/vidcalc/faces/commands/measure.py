"""`vidcalc measure`: what this machine really does, as a calibration file, or one network run beside its prediction."""

import sys
from typing import TYPE_CHECKING, Any

import click

from vidcalc.base.errors import InputError
from vidcalc.faces.flags.catalogue import Flag, flag, flags
from vidcalc.faces.flags.inputs import OneOf, Real, Size, Whole, refuse
from vidcalc.faces.flags.reach import File
from vidcalc.faces.group import Command
from vidcalc.faces.words import N_, _

if TYPE_CHECKING:
    from vidcalc.reference.running import Part

QUICK = 10.0  # seconds of benchmark before a network is run without a calibration
CLEAR = "\r\x1b[K"


class Clip(click.ParamType):  # type: ignore[type-arg]
    """Width, height and frames of a clip: 832x480x81."""

    name = "clip"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Raises Refused."""
        size, cross, frames = str(value).casefold().replace(" ", "").rpartition("x")
        if not cross or "x" not in size:
            raise refuse(param, value, _("WIDTHxHEIGHTxFRAMES, such as 832x480x81"), "832x480x81")
        width, height = Size().convert(size, param, ctx)
        return f"{width}x{height}x{Whole(1, 100_000).convert(frames, param, ctx)}"


def measure(as_json: bool, model: str | None, device: str | None, **given: Any) -> None:
    """Benchmark this machine, or run a network on it. Raises Unreadable without the extra `reference`."""
    from vidcalc.reference import published

    lacking = published.missing() if model else [name for name in published.missing() if name == "torch"]
    if lacking:
        from vidcalc.base.errors import Unreadable

        raise Unreadable("measure", "no_reference", flag="--device", packages=", ".join(lacking))
    from vidcalc.reference.bench import devices

    present = devices()
    chosen = present[0] if device in (None, "auto") else str(device)
    if chosen not in present:
        raise InputError("device", chosen, ("auto", *present), present[0])
    if model is None:
        _calibrate(as_json, chosen, given["output"], given["budget"])
    else:
        _run(as_json, model, chosen, given)


def _calibrate(as_json: bool, device: str, path: str, seconds: float) -> None:
    """Measure, write the file, and say what was found."""
    text, rows = _measured(device, seconds)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    if as_json:
        from vidcalc.faces.emit import emit

        emit({"file": path, **rows})
        return
    from vidcalc.faces.terminal.cells import table
    from vidcalc.faces.terminal.page import paint, show

    cells = [_shown(kind, row) for kind, entries in rows.items() if isinstance(entries, list) for row in entries]
    written = _("Written to {path}; use it with --calibration {path}.", path=path)
    show("\n".join([f"{rows['device']} · torch {rows['torch']}", *table(cells, "<<>", paint()), "", written]))


def _measured(device: str, seconds: float) -> tuple[str, dict[str, Any]]:
    """The calibration file's text, and its rows. Progress is shown on a terminal."""
    from datetime import date

    from vidcalc.rates.calibration import written
    from vidcalc.reference.bench import benchmark

    watched = sys.stderr.isatty()
    rows = benchmark(device, seconds, _progress if watched else None)
    if watched:
        click.echo(CLEAR, nl=False, err=True)
    return written(rows, date.today().isoformat()), rows


def _progress(what: str, done: float) -> None:
    click.echo(f"{CLEAR}{100 * done:3.0f} %  {what}"[:80], nl=False, err=True)


def _shown(table: str, row: dict[str, Any]) -> list[Any]:
    """One row of a calibration as cells."""
    from vidcalc.faces.terminal.numbers import SI, scaled

    number, _space, unit = str(row["rate"]).partition(" ")
    what = " ".join(str(value) for name, value in row.items() if name != "rate")
    return [table, what, " ".join(scaled(float(number), 1000, SI)) + unit]


def _run(as_json: bool, model: str, device: str, given: dict[str, Any]) -> None:
    """Run the parts of the model and print measured beside predicted."""
    from vidcalc.catalog.fill import model as named
    from vidcalc.faces.requests.machine import measured_machine
    from vidcalc.reference.running import PARTS, run

    chosen = named(model)
    usual = chosen.defaults
    size = given["size"] or f"{usual.width}x{usual.height}x{usual.frames}"
    machine = measured_machine(given["calibration"], lambda: _measured(device, QUICK)[0])
    parts = [part.replace("-", "_") for part in given["part"] or ("denoiser",)]
    wanted = tuple(PARTS) if "all" in parts else tuple(parts)
    result = run(chosen, machine, device, size, given["steps"], given["precision"], given["layers"], wanted)
    if as_json:
        from vidcalc.faces.emit import emit

        emit(result)
        return
    from vidcalc.faces.terminal.cells import table
    from vidcalc.faces.terminal.page import paint, show

    depth = _("all layers") if result.layers is None else _("{count} layers", count=result.layers)
    head = " · ".join((chosen.title, result.size, depth, result.precision, machine.accelerator.name))
    rows: list[list[Any]] = [["", ("", "dim"), (_("measured"), "dim"), (_("predicted"), "dim"), ("", "dim")]]
    rows += [row for part in result.parts for row in _figures(part)]
    failed = [f"{_named(part)}: {_why(part.reason)}" for part in result.parts if part.reason]
    show("\n".join([head, *table(rows, "<<>>>", paint()), *failed]))


def _named(part: "Part") -> str:
    """A part in words, with the id of its network where several may be meant."""
    named = _(NAMES[part.part])
    return f"{named} ({part.component})" if part.part.endswith("encoder") else named


def _why(reason: str) -> str:
    """Why a part could not be run: in words, or as its class or the device said it."""
    return _("no published class") if reason == "no_class" else reason


def _figures(part: "Part") -> list[list[Any]]:
    """The rows of a part: each figure measured, predicted, and the ratio."""
    from vidcalc.faces.terminal.numbers import data, duration, times

    rows: list[list[Any]] = []
    for words, figure, read in (
        (_("time"), part.time, duration),
        (_("weights"), part.weights, data),
        (_("activations"), part.activations, data),
        (_("reserved"), part.reserved, data),
    ):
        if figure is not None:
            beside = [read(figure.predicted), times(figure.ratio)] if figure.predicted is not None else ["–", ""]
            rows.append(["" if rows else _named(part), words, read(figure.measured), *beside])
    return rows


NAMES = {
    "text_encoder": N_("text encoder"),
    "image_encoder": N_("image encoder"),
    "vae_encode": N_("VAE encode"),
    "denoiser": N_("denoiser"),
    "vae_decode": N_("VAE decode"),
    "train": N_("training step"),
}

command = Command(
    "measure",
    params=[
        *flags(()),
        Flag(
            ("--output",),
            N_("Calibration file to write."),
            type=File(),
            metavar=N_("FILE"),
            default="calibration.toml",
        ),
        Flag(
            ("--device",),
            N_("What to measure: auto takes the GPU that PyTorch has, else the CPU."),
            type=OneOf("auto", "cuda", "cpu", "mps", "xpu"),
            metavar="auto|cuda|cpu|mps|xpu",
            default="auto",
        ),
        Flag(
            ("--seconds", "budget"),
            N_("How long to measure, about."),
            type=Real(1, 600),
            metavar=N_("SECONDS"),
            default=60,
        ),
        flag("model"),
        Flag(
            ("--size",),
            N_("Clip to run the model on."),
            N_("the model's"),
            type=Clip(),
            metavar=N_("WIDTHxHEIGHTxFRAMES"),
        ),
        Flag(
            ("--part",),
            N_("What of the model to run; all: everything that has a class. May be repeated."),
            N_("denoiser"),
            type=OneOf(*(name.replace("_", "-") for name in NAMES), "all"),
            metavar=N_("PART"),
            multiple=True,
        ),
        Flag(("--steps",), N_("Timed calls of each part."), type=Whole(1, 1000), metavar=N_("N"), default=3),
        Flag(("--layers",), N_("Run only this many layers of the network."), type=Whole(1, 1000), metavar=N_("N")),
        Flag(
            ("--precision",),
            N_("Number format of the run."),
            type=OneOf("bf16", "fp16", "fp32"),
            metavar="bf16|fp16|fp32",
            default="bf16",
        ),
        flag("calibration"),
    ],
    callback=measure,
    help=N_(
        "What this machine really does: a short benchmark writes a calibration file; with --model, the published "
        "networks run with random weights beside their prediction.\nNeeds the extra `reference`."
    ),
    examples=(
        "vidcalc measure",
        "vidcalc estimate -m wan2.1-t2v-1.3b --calibration calibration.toml",
        "vidcalc measure -m wan2.1-t2v-1.3b --size 832x480x81 --steps 5",
        "vidcalc measure -m wan2.1-t2v-1.3b --size 128x128x5 --layers 2 --part all",
    ),
)
