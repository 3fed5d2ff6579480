"""From flags to what the core is asked: model, workload, hardware, plan."""

from typing import Any

from vidcalc.catalog import fill
from vidcalc.catalog.snap import snapped
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
    asked = {name: value for name, value in given.items() if value is not None}
    model = _model(asked)
    machine = _machine(_counted(asked))
    job = _workload(asked, model)
    if asked.get("snap"):
        model, job = snapped(model, job)
    return Question(model, job, machine, _plan(asked, model))


def _counted(asked: dict[str, Any]) -> dict[str, Any]:
    """The flags with as many GPUs as share the video, where the user names no number."""
    if "parallel" not in asked:
        return asked
    from vidcalc.faces.flags.parallel import ranks

    needed = ranks(asked["parallel"])
    if asked.get("gpus", needed) != needed:
        expects = _("as many as --parallel asks for: {count}", count=needed)
        raise Refused("--gpus", asked["gpus"], expects, str(needed), (needed,))
    return {**asked, "gpus": needed}


def _machine(asked: dict[str, Any]) -> Hardware:
    """The GPUs by name, or as the flags describe them."""
    name = asked.get("gpu", GPU)
    if "," not in name and asked.keys().isdisjoint(OF_THE_MACHINE):
        return linked(hardware(name, asked.get("gpus", 1)), asked)
    from vidcalc.faces.requests.machine import stated_machine

    return linked(stated_machine(asked, GPU), asked)


def _model(asked: dict[str, Any]) -> Model:
    if "from" in asked:
        for name in ("model", "params", *OF_A_COUNT):
            if name in asked:
                flag = "--" + name.replace("_", "-")
                raise Refused(flag, None, _("not together with --from, which settles it"), None, ())
        from vidcalc.faces.requests.files import from_files

        return from_files(asked)
    if "model" in asked:
        for name in ("params", *OF_A_COUNT):
            if name in asked:
                flag = "--" + name.replace("_", "-")
                raise Refused(flag, None, _("not together with --model, which settles it"), None, ())
        from vidcalc.catalog.fill import model

        return model(asked["model"])
    for name in ("params", "resolution", "frames"):
        if name not in asked and not (name == "frames" and "seconds" in asked):
            flag = "--" + name
            raise Refused(flag, None, _("missing; give --params, --resolution and --frames, or --model"), None, ())
    from vidcalc.catalog.generic import generic

    made = {name: asked[name] for name in OF_A_COUNT if name in asked}
    return generic(asked["params"], **made)


def _workload(asked: dict[str, Any], model: Model) -> Workload:
    width, height = asked.get("resolution", (None, None))
    usual = {} if "model" in asked or "from" in asked else DOCUMENTED
    fps = asked.get("fps", usual.get("fps"))
    return fill.workload(
        model,
        width=width,
        height=height,
        frames=_frames(asked, fps or model.defaults.fps),
        fps=fps,
        steps=asked.get("steps", usual.get("steps")),
        batch=asked.get("batch_size"),
        guidance=asked.get("guidance"),
        text_tokens=asked.get("text_tokens"),
        train_steps=asked.get("train_steps"),
        target_rate=asked.get("target_rate"),
    )


def _frames(asked: dict[str, Any], fps: float) -> int | None:
    """The frames asked for, or those of the seconds asked for."""
    if "seconds" not in asked:
        frames: int | None = asked.get("frames")
        return frames
    if "frames" in asked:
        raise Refused("--seconds", None, _("not together with --frames, which settles it"), None, ())
    return max(1, int(asked["seconds"] * fps + 0.5))


def _plan(asked: dict[str, Any], model: Model) -> Plan:
    chosen = fields(Plan, asked, model.name)
    if "from" in asked:
        from vidcalc.faces.requests.files import stored

        chosen = stored(model) | chosen
    chosen.update(asked.get("parallel", {}))
    chosen["training"] = training_plan(asked)
    scale = asked.get("guidance")
    mode = chosen.get("guidance_mode", "batched")
    if scale is not None and scale > 1 and model.defaults.guidance_mode == "none":
        # a pipeline without guidance of its own gets the usual one: both predictions in one call
        chosen.update(guidance_mode=mode, forwards_per_step=2, batched_forwards=2 if mode == "batched" else 1)
    elif model.defaults.guidance_mode not in GUIDED or (scale is not None and scale <= 1):
        chosen.pop("guidance_mode", None)  # there is no second prediction to place
    return fill.plan(model, guidance=None if scale is None else max(scale, 1), **chosen)


def training_plan(asked: dict[str, Any]) -> TrainingPlan:
    """How the flags have it trained. Raises Refused for what only adapters have."""
    given = fields(TrainingPlan, asked, "", "train")
    if given.get("mode", "full") not in ADAPTED:
        for each in of(TrainingPlan, "train"):
            if each.setting.only == "adapters" and each.field in given:
                flag, value = "--" + each.setting.flag, given[each.field]
                raise Refused(flag, value, _("only with --mode lora or qlora"), None, ADAPTED)
    if given.get("mode") == "qlora":
        given.setdefault("base", "nf4")
    return TrainingPlan(**given)
