"""Every flag once: its names, what it takes, its default and its words. Commands pick theirs by name."""

from collections.abc import Iterable
from typing import Any

import click

from vidcalc.describe.setting import Job
from vidcalc.faces.flags.budget import BUDGET
from vidcalc.faces.flags.control import CONTROL
from vidcalc.faces.flags.hardware import HARDWARE
from vidcalc.faces.flags.inputs import OneOf
from vidcalc.faces.flags.links import LINKS
from vidcalc.faces.flags.lora import LORA
from vidcalc.faces.flags.model import DATA, MODEL
from vidcalc.faces.flags.money import Code
from vidcalc.faces.flags.reach import File, Plain
from vidcalc.faces.flags.settings import specs
from vidcalc.faces.flags.spec import Specs
from vidcalc.faces.words import N_, _


class Flag(click.Option):
    """An option whose help is looked up when shown. `shown` is its default in words, where it is not a constant."""

    def __init__(self, names: tuple[str, ...], words: str, shown: str = "", **settings: Any) -> None:
        super().__init__(names, help=words, **settings)
        self.shown = shown


FLAGS: Specs = {**MODEL, **LINKS, **HARDWARE, **LORA, **CONTROL, **specs(), **DATA, **BUDGET}

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
SHORT = {"training_offload": ("--offload",)}  # of flags that two jobs would have alike
_OF_FEW = {"precision": N_("Precision of the denoiser: weights and arithmetic.")}


def flags(names: tuple[str, ...], **only: OneOf) -> list[click.Parameter]:
    """Those flags as options, and what every command that answers has: --json, --currency, --lang, --help.

    only  fewer choices of some of them
    """
    short = {} if "offload" in names else SHORT  # a command of training alone
    wanted = [flag(name, only.get(name), short.get(name, ())) for name in names]
    return [*wanted, json_flag(), currency_flag(), *common()]


def asked_for(*jobs: Job, without: Iterable[str] = ()) -> tuple[str, ...]:
    """The names of the flags of those jobs, less those that a command has no use for or asks in its own way."""
    left_out = set(without)
    return tuple(name for name, each in FLAGS.items() if name not in left_out and not set(jobs).isdisjoint(each.jobs))


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
        Flag(("--svg",), shown, type=File(), metavar=N_("FILE")),
        Flag(("--png",), N_("The same as a PNG picture; needs the extra `picture`."), type=File(), metavar=N_("FILE")),
    ]


def ops_flag() -> Flag:
    """--ops: the work, op by op."""
    words = N_("Also write every op with its FLOPs, bytes, seconds and MFU as CSV.")
    return Flag(("--ops",), words, type=File(), metavar=N_("FILE"))


def how_flags() -> list[click.Parameter]:
    """--how and --code: the plan in the words of the tool that runs it."""
    words = N_("Say it in the words of that tool instead: diffusers, comfyui, or a trainer's.")
    return [
        Flag(("--how",), words, type=Plain(), metavar=N_("TOOL")),
        Flag(("--code",), N_("With --how: a whole script or file."), is_flag=True),
    ]


def full_flag() -> Flag:
    """--full."""
    return Flag(("--full",), N_("All there is to say, on several screens."), is_flag=True)


def check_flag() -> Flag:
    """--check."""
    words = N_("For scripts: exit code 3 where it does not fit, 4 where it is tight or its size is not known.")
    return Flag(("--check",), words, is_flag=True)


def common() -> list[click.Parameter]:
    """What every command has: --lang and --help."""
    return [lang_flag(), help_flag()]


def flag(name: str, only: OneOf | None = None, also: tuple[str, ...] = ()) -> Flag:
    """The flag of that name (underscores for dashes), with `only` some of its choices; `also` are further names."""
    names, takes, metavar, shown, words, _jobs = FLAGS[name]
    names = (*names, *also)
    if takes is click.BOOL:
        return Flag((*names, name), words, is_flag=True)
    if only is not None:
        takes, metavar, words = only, "|".join(only.choices), _OF_FEW[name]
    return Flag((*names, name), words, shown, type=takes, metavar=metavar, multiple=getattr(takes, "multiple", False))


def json_flag() -> Flag:
    """--json."""
    return Flag(("--json", "as_json"), N_("Print one JSON object instead of the report."), is_flag=True)


def currency_flag() -> Flag:
    """--currency: what money is told in. It is set before anything else is read, so that refusals tell it so too."""
    from vidcalc.faces.terminal.currency import use

    def tell(ctx: click.Context, param: click.Parameter, code: str | None) -> None:
        use(code)

    return Flag(
        ("--currency",),
        N_("Tell money in this currency, at the rate of a day that is said: KRW, EUR, JPY …; JSON stays in USD."),
        "USD",
        type=Code(),
        metavar=N_("CODE"),
        expose_value=False,
        is_eager=True,
        callback=tell,
    )


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
    words, shown = _(getattr(option, "help", "") or ""), getattr(option, "shown", "") or ""
    shown = shown if shown.isidentifier() else _(shown)  # one word is a value: it is typed as it stands
    if not getattr(option, "is_flag", False) and option.metavar:
        names += " " + _(option.metavar)
    return names, words + (" [" + _("default: {value}", value=shown) + "]" if shown else "")
