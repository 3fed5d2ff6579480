"""The flags of a plan's settings, made of what each setting declares and of its words."""

import click

from vidcalc.describe.plan import WAYS, Plan
from vidcalc.describe.setting import GENERATE, RUN, Counted, Declared, Named, Published, Share, Text, Whole, declared
from vidcalc.describe.sharing import Sharing, of
from vidcalc.describe.training import WAYS as TRAINING_WAYS
from vidcalc.describe.training import TrainingPlan
from vidcalc.faces.flags import inputs
from vidcalc.faces.flags.choices import Checkpointed, Kernel, ShareOrName, WordOrCount, table
from vidcalc.faces.flags.parallel import Parallel
from vidcalc.faces.flags.spec import Spec, Specs
from vidcalc.faces.words import N_
from vidcalc.faces.words.settings import DEFAULTS, HELP

COUNT, SHARE, NAME, FORMAT, WAY, WAYS_ = N_("N"), N_("SHARE"), N_("NAME"), N_("FORMAT"), N_("WAY"), N_("WAYS")
READ: dict[str, tuple[click.ParamType, str]] = {  # type: ignore[type-arg]
    "kernel": (Kernel(), N_("KERNEL")),
    "checkpointing": (Checkpointed(), WAY),
}


def specs() -> Specs:
    """Every flag of both kinds of plan; the ways of sharing are one flag each."""
    video = Parallel(WAYS, "ulysses=4,cfg=2")
    step = Parallel(TRAINING_WAYS, "fsdp=8,ulysses=2", searched=True)
    return {
        **_of(Plan, "parallel", Spec(("--parallel",), video, WAYS_, "", "", GENERATE)),
        **_of(TrainingPlan, "training_parallel", Spec(("--parallel",), step, WAYS_, "", "", RUN)),
    }


def _of(plan: type[Sharing], key: str, parallel: Spec) -> Specs:
    """The flags of one plan; `key` is the name of its ways of sharing, which stand where the first of them does."""
    flags: Specs = {}
    for each in of(plan):
        if each.setting.way:
            flags[key] = parallel._replace(default=DEFAULTS[key], help=HELP[key])
        elif each.setting.flag:
            flags[each.setting.key] = spec(each, declared(plan))
    return flags


def spec(each: Declared, others: dict[str, Declared]) -> Spec:
    """The flag of a setting; `others` are those of the same plan."""
    takes, metavar = _takes(each, others)
    key, kind = each.setting.key, each.setting.takes
    default = others[kind.share].default if isinstance(kind, Published) else each.default
    words = f"{default:,}" if isinstance(default, int) else str(default)
    return Spec(("--" + each.setting.flag,), takes, metavar, DEFAULTS.get(key, words), HELP[key], each.setting.jobs)


def _takes(each: Declared, others: dict[str, Declared]) -> tuple[click.ParamType, str]:  # type: ignore[type-arg]
    """What a flag takes, and how that is called."""
    match each.setting.takes:
        case Whole(low=low, high=high):
            return inputs.Whole(int(low), int(high)), COUNT
        case Share(low=low, high=high):
            return inputs.Real(low, high), SHARE
        case Named(table=name):
            return table(name), FORMAT if name == "precisions" else NAME
        case Published() as published:
            return ShareOrName(published), N_("SHARE|NAME")
        case Counted(words=counted):
            return WordOrCount(each.words, {word: _takes(others[field], others)[0] for word, field in counted}), WAY
        case Text(read_as=how):
            return READ[how]
    return inputs.OneOf(*each.words), "|".join(each.words)
