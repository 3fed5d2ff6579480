"""What a setting of a plan says of itself, once, beside its field: its flag, what it takes, the jobs it is of.

    offload: Annotated[Offload, Setting("offload", assumption="offload")] = "none"

Flags, requests, profiles and reports read it with `declared`; nothing lists the settings again. Their sentences are in
`vidcalc.faces.words.settings`, by flag.
"""

from functools import cache
from typing import Literal, NamedTuple, get_args

import msgspec

from vidcalc.base.guest import plain

Job = Literal["generate", "train", "run"]
"""A generation; a training step on one accelerator; a training run on many, with data of its own."""

GENERATE: tuple[Job, ...] = ("generate",)
TRAIN: tuple[Job, ...] = ("train",)
RUN: tuple[Job, ...] = ("run",)
BOTH: tuple[Job, ...] = ("generate", "train")
SHARED: tuple[Job, ...] = ("generate", "run")


class Whole(msgspec.Struct, frozen=True):
    """A whole number, bounds included."""

    low: int
    high: int


class Share(msgspec.Struct, frozen=True):
    """A share of one, bounds included."""

    low: float
    high: float


class Named(msgspec.Struct, frozen=True):
    """A name of a table of the catalogue."""

    table: str


class Published(msgspec.Struct, frozen=True):
    """A method of that kind with its numbers (`vidcalc.catalog.speedups`), or the share that it leaves, a field of its
    own."""

    kind: str
    share: str


class Counted(msgspec.Struct, frozen=True):
    """One of the field's words; some of them may carry a number, each of which is another field: "block-swap:20".

    beside  words that carry no number, but beside which that of another word's field may be stated
    """

    words: tuple[tuple[str, str], ...]
    beside: tuple[tuple[str, str], ...] = ()


class Text(msgspec.Struct, frozen=True):
    """Words that only what reads them can judge: "checkpointing", "kernel"."""

    read_as: str


class Setting(msgspec.Struct, frozen=True):
    """What is written beside a field.

    flag        its name on the command line, without dashes; "" where it has none
    jobs        what it is a setting of: every command that does such a job has the flag
    takes       what the flag takes; None: the words of the field's type
    words       those of which the flag takes, where they are others than the field's
    means       words of the flag -> the field's, where they differ
    way         what people call a degree in `--parallel`, which settles it
    by          who settles a field without flag: "--" and another flag, the "model", a "profile" of framework or
                trainer, measured "rows"; "nobody" yet
    only        "adapters", "loras": it says something only beside them
    assumption  id under which a report says what was taken as given; "" where its list of settings says all
    stated      whether that is the value as it stands, wherever it is not neutral; else `vidcalc.account` words it
    """

    flag: str = ""
    jobs: tuple[Job, ...] = GENERATE
    takes: Whole | Share | Named | Published | Counted | Text | None = None
    words: object = None
    means: tuple[tuple[str, str], ...] = ()
    way: str = ""
    by: str = ""
    only: str = ""
    assumption: str = ""
    stated: bool = False

    @property
    def key(self) -> str:
        """The flag as a name of Python: "lora_rank"."""
        return self.flag.replace("-", "_")


class Declared(NamedTuple):
    """A setting with what its field says: name, allowed words (none for numbers and names) and default."""

    field: str
    setting: Setting
    words: tuple[str, ...]
    default: object


def words(alias: object) -> tuple[str, ...]:
    """The words of a Literal, in their order."""
    return get_args(alias)


def same(value: object, neutral: object) -> bool:
    """Whether a setting is at the value that says nothing; a sweep never is."""
    return isinstance(plain(value), int | float | str) and bool(value == neutral)


@cache
def declared(plan: type[msgspec.Struct]) -> dict[str, Declared]:
    """The settings of a plan by field: its own, then those it has in common with the other."""
    defaults = dict(zip(plan.__struct_fields__, plan.__struct_defaults__, strict=True))
    settings: dict[str, Declared] = {}
    for kind in plan.__mro__:
        for field, hint in getattr(kind, "__annotations__", {}).items():
            setting = next((each for each in getattr(hint, "__metadata__", ()) if isinstance(each, Setting)), None)
            if setting is not None and field not in settings:
                allowed = words(setting.words or hint.__origin__)
                settings[field] = Declared(field, setting, allowed, defaults[field])
    return settings
