"""Every flag once: its names, what it takes, its default and its words. Commands pick theirs by name."""

from typing import Any

import click

from vidcalc.faces.flags.budget import BUDGET
from vidcalc.faces.flags.hardware import HARDWARE
from vidcalc.faces.flags.inputs import Named, OneOf, Params, Real, Size, Whole
from vidcalc.faces.flags.links import LINKS
from vidcalc.faces.flags.plan import PLAN
from vidcalc.faces.flags.speedups import SPEEDUPS
from vidcalc.faces.flags.training import RUN, TRAINING
from vidcalc.faces.words import N_, _

MANY = 10**9


class Flag(click.Option):
    """An option whose help is looked up when shown. `shown` is its default in words, where it is not a constant."""

    def __init__(self, names: tuple[str, ...], words: str, shown: str = "", **settings: Any) -> None:
        super().__init__(names, help=words, **settings)
        self.shown = shown


# name: (names on the command line, what it takes, how that is called, its default in words, help)
FLAGS: dict[str, tuple[tuple[str, ...], click.ParamType, str, str, str]] = {  # type: ignore[type-arg]
    "params": (
        ("-p", "--params"),
        Params(1_000_000, 100 * 10**12),
        N_("COUNT"),
        "",
        N_("Weights of the DiT or U-Net: 600M, 3B, 8B. The network's shape is then derived from the count."),
    ),
    "model": (
        ("-m", "--model"),
        Named("models"),
        N_("NAME"),
        "",
        N_("A model of the catalogue instead of --params; `vidcalc models` lists them."),
    ),
    "from": (
        ("--from",),
        click.STRING,
        N_("PATH"),
        "",
        N_("A model from its own files: a diffusers folder, config.json, .safetensors, .gguf, or hf:OWNER/NAME."),
    ),
    "resolution": (
        ("-r", "--resolution"),
        Size(),
        N_("SIZE"),
        N_("the model's"),
        N_("480p, 720p, 1080p, 2k, 4k, or WIDTHxHEIGHT such as 1920x1080."),
    ),
    "frames": (("-f", "--frames"), Whole(1, 10**7), N_("N"), N_("the model's"), N_("Frames of the video.")),
    "seconds": (
        ("--seconds",),
        Real(0.001, 10**6),
        N_("SECONDS"),
        "",
        N_("Length of the video instead of --frames."),
    ),
    "snap": (
        ("--snap",),
        click.BOOL,
        "",
        "",
        N_("Take the nearest size and length that the model accepts."),
    ),
    "fps": (("--fps",), Real(0.01, 10_000), N_("N"), N_("24, or the model's"), N_("Frames per second.")),
    "steps": (
        ("-s", "--steps"),
        Whole(1, 10**6),
        N_("N"),
        N_("30, or the model's"),
        N_("Denoising steps of one generation."),
    ),
    "batch_size": (
        ("-b", "--batch-size"),
        Whole(1, 10**6),
        N_("N"),
        "1",
        N_("Videos generated or trained on at once."),
    ),
    "guidance": (
        ("--guidance",),
        Real(0, 1000),
        N_("SCALE"),
        N_("the model's"),
        N_("Scale of classifier-free guidance; 1 turns it off, above 1 each step runs the network twice."),
    ),
    "text_tokens": (
        ("--text-tokens",),
        Whole(1, 10**6),
        N_("N"),
        N_("what the pipeline pads to"),
        N_("Length of the prompt in tokens."),
    ),
    "latent_channels": (
        ("--latent-channels",),
        Whole(1, 4096),
        N_("N"),
        "16",
        N_("Channels of the VAE's latent (with --params)."),
    ),
    "patch_size": (
        ("--patch-size",),
        Whole(1, 64),
        N_("N"),
        "2",
        N_("Patch of the DiT in latent places (with --params)."),
    ),
    "vae_params": (
        ("--vae-params",),
        Params(100_000, 10**12),
        N_("COUNT"),
        "83M",
        N_("Weights of the VAE (with --params)."),
    ),
    "arch": (("--arch",), OneOf("dit", "unet"), "dit|unet", "dit", N_("Kind of network (with --params).")),
    "gpu": (
        ("--gpu",),
        Named("accelerators"),
        N_("NAME"),
        "a100-sxm-80gb",
        N_("The GPU; `vidcalc gpus` lists them. Facts may be replaced: h100-sxm,memory=94GiB,price=2.5USD/h."),
    ),
    "gpus": (("--gpus",), Whole(1, 10**6), N_("N"), "1", N_("How many GPUs work on the job.")),
    **LINKS,
    **HARDWARE,
    **PLAN,
    **TRAINING,
    **SPEEDUPS,
    "train_steps": (
        ("--train-steps",),
        Whole(1, MANY),
        N_("N"),
        "1,000",
        N_("Optimizer steps of the training run."),
    ),
}

DOCUMENTED = (
    "params",
    "model",
    "resolution",
    "frames",
    "fps",
    "steps",
    "latent_channels",
    "patch_size",
    "precision",
    "batch_size",
    "vae_params",
)
ALL = tuple(FLAGS)
FLAGS.update(RUN | BUDGET)
_OF_FEW = {"precision": N_("Precision of the denoiser: weights and arithmetic.")}


def flags(names: tuple[str, ...], **only: OneOf) -> list[click.Parameter]:
    """Those flags as options, and what every command that answers has: --json, --lang and --help.

    only  fewer choices of some of them
    """
    return [*(flag(name, only.get(name)) for name in names), json_flag(), *common()]


def bucket_flag() -> Flag:
    """--bucket, as often as there are sizes."""
    from vidcalc.faces.flags.bucket import BucketOf

    words = N_(
        "Samples of one size, their share of all and the batch of a micro-step: 1280x720x81:0.5:b2. May be repeated; "
        "images are of one frame."
    )
    shown = N_("--resolution and --frames")
    return Flag(("--bucket",), words, shown, type=BucketOf(), metavar=N_("SIZE"), multiple=True)


def picture_flags(
    shown: str = N_("Also write the stages of the generation as an SVG picture."),
) -> list[click.Parameter]:
    """--svg and --png; `shown` says what is drawn."""
    return [
        Flag(("--svg",), shown, metavar=N_("FILE")),
        Flag(("--png",), N_("The same as a PNG picture; needs the extra `picture`."), metavar=N_("FILE")),
    ]


def common() -> list[click.Parameter]:
    """What every command has: --lang and --help."""
    return [lang_flag(), help_flag()]


def flag(name: str, only: OneOf | None = None) -> Flag:
    """The flag of that name (underscores for dashes), with `only` some of its choices."""
    names, takes, metavar, shown, words = FLAGS[name]
    if takes is click.BOOL:
        return Flag((*names, name), words, is_flag=True)
    if only is not None:
        takes, metavar, words = only, "|".join(only.choices), _OF_FEW[name]
    return Flag((*names, name), words, shown, type=takes, metavar=metavar)


def json_flag() -> Flag:
    """--json."""
    return Flag(("--json", "as_json"), N_("Print one JSON object instead of the report."), is_flag=True)


def lang_flag() -> Flag:
    """--lang, read before anything else by `vidcalc.faces.main`; here only checked and listed."""
    from vidcalc.faces.words import languages

    return Flag(
        ("--lang",),
        N_("Language of the words."),
        N_("from VIDCALC_LANG, LC_ALL or LANG"),
        type=OneOf(*languages()),
        metavar="|".join(languages()),
        expose_value=False,
        is_eager=True,
    )


def version_flag() -> Flag:
    """--version."""

    def show(ctx: click.Context, param: click.Parameter, wanted: bool) -> None:
        if wanted:
            from vidcalc.base.version import __version__

            click.echo(f"vidcalc {__version__}")
            ctx.exit()

    return Flag(("--version",), N_("Show the version and stop."), is_flag=True, expose_value=False, callback=show)


def help_flag() -> Flag:
    """--help."""

    def show(ctx: click.Context, param: click.Parameter, wanted: bool) -> None:
        if wanted:
            from vidcalc.faces.terminal.page import written

            click.echo(written(ctx.get_help()))
            ctx.exit()

    words = N_("Show this help and stop.")
    return Flag(("--help",), words, is_flag=True, is_eager=True, expose_value=False, callback=show)


def said(option: click.Parameter) -> tuple[str, str]:
    """(what stands left in the help, its words) of an option, in the language in use."""
    names = ", ".join(option.opts)
    words, shown = _(getattr(option, "help", "") or ""), _(getattr(option, "shown", "") or "")
    if not getattr(option, "is_flag", False) and option.metavar:
        names += " " + _(option.metavar)
    return names, words + (" [" + _("default: {value}", value=shown) + "]" if shown else "")
