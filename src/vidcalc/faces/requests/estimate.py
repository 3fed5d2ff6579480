"""From flags to what the core is asked: model, workload, hardware, plan."""

from typing import Any

from vidcalc.catalog import fill
from vidcalc.catalog.snap import snapped
from vidcalc.catalog.windows import windowed
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.model import Model
from vidcalc.describe.plan import Guided, Plan
from vidcalc.describe.question import Question
from vidcalc.describe.setting import words
from vidcalc.describe.sharing import of
from vidcalc.describe.training import ADAPTED, TrainingPlan
from vidcalc.describe.workload import Workload
from vidcalc.faces.flags.inputs import Refused
from vidcalc.faces.flags.links import linked
from vidcalc.faces.requests.recipes import merged, told
from vidcalc.faces.requests.settings import fields
from vidcalc.faces.words import _
from vidcalc.rates.machines import hardware

GPU = "a100-sxm-80gb"
DOCUMENTED = {"fps": 24, "steps": 30}  # where no model says otherwise
# the network of a catalogue model is what it is: these describe one made from a parameter count
OF_A_COUNT = ("latent_channels", "patch_size", "vae_params", "arch")
OF_THE_MACHINE = ("gpu_file", "calibration", "price", "place", "country", "utilisation")
GUIDED = words(Guided)


def request(given: dict[str, Any]) -> Question:
    """What the flags ask for; an absent or None value takes the model's or the documented default.

    Raises InputError.
    """
    flags = merged({name: value for name, value in given.items() if value is not None})
    model = told(_model(flags), flags)
    machine = _machine(_counted(flags))
    job = _workload(flags, model)
    if "window" in flags:
        model = windowed(model, *flags["window"])
    if flags.get("snap"):
        model, job = snapped(model, job)
    return Question(model, job, machine, _plan(flags, model))


def _counted(flags: dict[str, Any]) -> dict[str, Any]:
    """The flags with as many GPUs as share the video, where the user names no number."""
    if "parallel" not in flags:
        return flags
    from vidcalc.faces.flags.parallel import ranks

    needed = ranks(flags["parallel"])
    if flags.get("gpus", needed) != needed:
        expects = _("as many as --parallel asks for: {count}", count=needed)
        raise Refused("--gpus", flags["gpus"], expects, str(needed), (needed,))
    return {**flags, "gpus": needed}


def _machine(flags: dict[str, Any]) -> Hardware:
    """The GPUs by name, or as the flags describe them."""
    name = flags.get("gpu", GPU)
    if "," not in name and flags.keys().isdisjoint(OF_THE_MACHINE):
        return linked(hardware(name, flags.get("gpus", 1)), flags)
    from vidcalc.faces.requests.machine import stated_machine

    return linked(stated_machine(flags, GPU), flags)


def _model(flags: dict[str, Any]) -> Model:
    if "from" in flags:
        for name in ("model", "params", *OF_A_COUNT):
            if name in flags:
                flag = "--" + name.replace("_", "-")
                raise Refused(flag, None, _("not together with --from, which settles it"), None, ())
        from vidcalc.faces.requests.files import from_files

        return from_files(flags)
    if "model" in flags:
        for name in ("params", *OF_A_COUNT):
            if name in flags:
                flag = "--" + name.replace("_", "-")
                raise Refused(flag, None, _("not together with --model, which settles it"), None, ())
        from vidcalc.catalog.fill import model

        return model(flags["model"])
    for name in ("params", "resolution", "frames"):
        if name not in flags and not (name == "frames" and "seconds" in flags):
            flag = "--" + name
            raise Refused(flag, None, _("missing; give --params, --resolution and --frames, or --model"), None, ())
    from vidcalc.catalog.generic import generic

    made = {name: flags[name] for name in OF_A_COUNT if name in flags}
    return generic(flags["params"], **made)


def _workload(flags: dict[str, Any], model: Model) -> Workload:
    width, height = flags.get("resolution", (None, None))
    usual = {} if "model" in flags or "from" in flags else DOCUMENTED
    fps = flags.get("fps", usual.get("fps"))
    return fill.workload(
        model,
        width=width,
        height=height,
        frames=_frames(flags, fps or model.defaults.fps),
        fps=fps,
        steps=flags.get("steps", usual.get("steps")),
        batch=flags.get("batch_size"),
        guidance=flags.get("guidance"),
        text_tokens=flags.get("text_tokens"),
        train_steps=flags.get("train_steps"),
        target_rate=flags.get("target_rate"),
    )


def _frames(flags: dict[str, Any], fps: float) -> int | None:
    """The frames asked for, or those of the seconds asked for."""
    if "seconds" not in flags:
        frames: int | None = flags.get("frames")
        return frames
    if "frames" in flags:
        raise Refused("--seconds", None, _("not together with --frames, which settles it"), None, ())
    return max(1, int(flags["seconds"] * fps + 0.5))


def _plan(flags: dict[str, Any], model: Model) -> Plan:
    chosen = fields(Plan, flags, model.name)
    if "from" in flags:
        from vidcalc.faces.requests.files import stored

        chosen = stored(model) | chosen
    chosen.update(flags.get("parallel", {}))
    chosen["training"] = training_plan(flags, model)
    scale = flags.get("guidance")
    mode = chosen.get("guidance_mode", "batched")
    if scale is not None and scale > 1 and model.defaults.guidance_mode == "none":
        # a pipeline without guidance of its own gets the usual one: both predictions in one call
        chosen.update(guidance_mode=mode, forwards_per_step=2, batched_forwards=1 if mode == "sequential" else 2)
    elif model.defaults.guidance_mode not in GUIDED or (scale is not None and scale <= 1):
        chosen.pop("guidance_mode", None)  # there is no second prediction to place
    return fill.plan(model, guidance=None if scale is None else max(scale, 1), **chosen)


def training_plan(flags: dict[str, Any], model: Model) -> TrainingPlan:
    """How the flags have it trained; what they leave open as their trainer does it. Raises Refused for what only
    adapters have, and for swapped blocks without a number."""
    given = fields(TrainingPlan, flags, "", "train")
    if given.get("mode", "full") not in ADAPTED:
        for each in of(TrainingPlan, "train"):
            if each.setting.only == "adapters" and each.field in given:
                flag, value = "--" + each.setting.flag, given[each.field]
                raise Refused(flag, value, _("only with --mode lora or qlora"), None, ADAPTED)
    if given.get("offload") == "block-swap" and "swapped_blocks" not in given:
        expects = _("a number of blocks, such as {example}", example="block-swap:20")
        raise Refused("--training-offload", "block-swap", expects, "block-swap:20", ("block-swap:N",))
    if given.get("mode") == "qlora":
        given.setdefault("base", "nf4")
    return fill.training(model, **given)
