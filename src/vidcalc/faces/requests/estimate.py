"""From flags to what the core is asked: model, workload, hardware, plan."""

from typing import Any

from msgspec.structs import replace

from vidcalc.catalog import fill
from vidcalc.catalog.frameworks import framework
from vidcalc.catalog.snap import snapped
from vidcalc.catalog.windows import windowed
from vidcalc.describe.adapters import Adapters
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.model import Model
from vidcalc.describe.plan import Guided, Plan
from vidcalc.describe.question import Question
from vidcalc.describe.setting import words
from vidcalc.describe.sharing import of
from vidcalc.describe.training import ADAPTED, TrainingPlan
from vidcalc.describe.workload import Workload
from vidcalc.faces.flags.inputs import Preset, Refused
from vidcalc.faces.flags.links import linked
from vidcalc.faces.flags.scales import named
from vidcalc.faces.requests.controls import with_controls
from vidcalc.faces.requests.loras import with_loras
from vidcalc.faces.requests.offered import checked
from vidcalc.faces.requests.recipes import merged, told
from vidcalc.faces.requests.settings import fields, stated
from vidcalc.faces.requests.together import checked_together
from vidcalc.faces.words import _
from vidcalc.rates.machines import hardware

GPU = "a100-sxm-80gb"
HERE = "auto"  # --gpu: that of this machine
DOCUMENTED = {"fps": 24, "steps": 30}  # where no model says otherwise
# the network of a catalogue model is what it is: these describe one made from a parameter count
OF_A_COUNT = ("latent_channels", "patch_size", "vae_params", "arch")
OF_THE_MACHINE = ("gpu_file", "calibration", "price", "provider", "place", "country", "utilisation", "used", "found")
GUIDED = words(Guided)


def request(given: dict[str, Any]) -> Question:
    """What the flags ask for; an absent or None value takes the model's or the documented default.

    Raises InputError.
    """
    asked = stated(given)
    flags = merged(asked)
    model = told(_autoencoder(_preset(_model(flags), flags), flags), flags)
    model, loras = with_loras(with_controls(model, flags), flags)
    machine = _machine(_counted(flags))
    checked(asked, machine.accelerator)
    checked_together(asked)
    model, flags = _sized(model, flags)
    flags = _with_main_scale(flags, model)
    job = _workload(flags, model)
    if "window" in flags:
        model = windowed(model, *flags["window"])
    if flags.get("snap"):
        model, job = snapped(model, job)
    job = fill.with_a_token(model, job)
    plan = _plan(flags, model, loras, machine.accelerator.vendor)
    if "parallel" not in flags:
        plan = fill.spread(plan, model, int(machine.total))
    return Question(model, job, machine, plan)


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
    if name.partition(",")[0].strip() == HERE:
        from vidcalc.faces.requests.here import here

        flags = here(flags)
        name = flags["gpu"]
    if "," not in name and flags.keys().isdisjoint(OF_THE_MACHINE):
        machine = hardware(name, flags.get("gpus", 1))
    else:
        from vidcalc.faces.requests.machine import stated_machine

        machine = stated_machine(flags, GPU)
    return linked(replace(machine, host_ram=flags.get("host_ram")), flags)


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


def _preset(model: Model, flags: dict[str, Any]) -> Model:
    """The model with the preset asked for. Raises InputError, and Refused where the model has none."""
    if "preset" not in flags:
        return model
    if not model.presets:
        raise Refused("--preset", None, _("{model} has no presets", model=model.name), None, ())
    from vidcalc.catalog.presets import with_preset

    return with_preset(model, flags["preset"])


def _autoencoder(model: Model, flags: dict[str, Any]) -> Model:
    """The model with the autoencoder asked for. Raises InputError, and Refused where none is known to fit."""
    if "vae" not in flags:
        return model
    from vidcalc.catalog.autoencoders import fitting, with_autoencoder

    if not fitting(model):
        raise Refused(
            "--vae", None, _("no other autoencoder is known for the latents of {model}", model=model.name), None, ()
        )
    return with_autoencoder(model, flags["vae"])


def _sized(model: Model, flags: dict[str, Any]) -> tuple[Model, dict[str, Any]]:
    """A size by its name is the model's own; of a model by its count it is the documented one."""
    size = flags.get("resolution")
    if not isinstance(size, Preset) or flags.keys().isdisjoint({"model", "from"}):
        return model, flags
    from vidcalc.catalog.own_size import own_size

    model, taken = own_size(model, size.name, size)
    return model, {**flags, "resolution": taken}


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


def _plan(flags: dict[str, Any], model: Model, loras: tuple[Adapters, ...], vendor: str) -> Plan:
    chosen = {**fields(Plan, flags, model.name), "loras": loras}
    if "from" in flags:
        from vidcalc.faces.requests.files import stored

        chosen = stored(model) | chosen
    chosen.update(flags.get("parallel", {}))
    chosen["training"] = training_plan(flags, model)
    scale = flags.get("guidance")
    if "guidance_scales" in flags:
        return fill.plan(model, **{**chosen, **_scaled(flags, model, chosen.get("guidance_mode"))})
    mode = chosen.get("guidance_mode", "batched")
    both = flags.get("predictions") == "both"  # of a workflow whose sampler makes both at any scale
    off = scale is not None and scale <= 1 and not both
    if scale is not None and not off and model.defaults.guidance_mode == "none":
        # a pipeline without guidance of its own gets the usual one: both predictions in one call
        chosen.update(guidance_mode=mode, forwards_per_step=2, batched_forwards=1 if mode == "sequential" else 2)
    elif model.defaults.guidance_mode not in GUIDED or (not both and _scale(flags, model) <= 1):
        chosen.pop("guidance_mode", None)  # there is no second prediction to place
    return fill.plan(model, None if scale is None or both else max(scale, 1), vendor, **chosen)


def _scale(flags: dict[str, Any], model: Model) -> float:
    """The scale of guidance asked for, or the model's."""
    return float(flags.get("guidance", model.defaults.guidance))


def _with_main_scale(flags: dict[str, Any], model: Model) -> dict[str, Any]:
    """The flags with the first of a pipeline's scales as that of --guidance, wherever it is stated. Raises Refused."""
    if "guidance_scales" not in flags:
        return flags
    stated_scales = named(flags["guidance_scales"], model)
    main = model.defaults.scales[0][0]
    return {**flags, "guidance": stated_scales[main]} if main in stated_scales else flags


def _scaled(flags: dict[str, Any], model: Model, mode: str | None) -> dict[str, Any]:
    """What a pipeline of several guidance scales predicts; --guidance is the first of them. Raises Refused.

    mode  that of --guidance-mode
    """
    name = flags.get("framework", "diffusers")
    if "forwards_per_step" in framework(name).settings(model):
        expects = _("not with {framework}, which has no further predictions", framework=name)
        raise Refused("--guidance-scales", None, expects, None, ())
    stated = {"guidance": flags["guidance"]} if "guidance" in flags else {}
    found = fill.guided_by(model, named({**stated, **flags["guidance_scales"]}, model))
    if "sequential" in (mode, fill.plan(model, framework=name).guidance_mode) and found["guidance_mode"] != "none":
        found.update(guidance_mode="sequential", batched_forwards=1)
    return found


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
