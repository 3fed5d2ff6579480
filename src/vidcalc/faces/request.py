"""From flags to what the core is asked: model, workload, hardware, plan."""

from typing import Any, NamedTuple

from vidcalc.catalog.accelerators import hardware
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.model import Defaults, Model
from vidcalc.describe.plan import Plan
from vidcalc.describe.workload import Workload
from vidcalc.faces.inputs import Refused
from vidcalc.words import _

GPU = "a100-sxm-80gb"
DOCUMENTED_FPS = 24
DOCUMENTED_STEPS = 30
# the network of a catalogue model is what it is: these describe one made from a parameter count
OF_A_COUNT = ("latent_channels", "patch_size", "vae_params", "arch")


class Request(NamedTuple):
    """The four nouns of a calculation."""

    model: Model
    workload: Workload
    hardware: Hardware
    plan: Plan


def request(given: dict[str, Any]) -> Request:
    """What the flags ask for; an absent or None value takes the model's or the documented default.

    Raises InputError.
    """
    asked = {name: value for name, value in given.items() if value is not None}
    model = _model(asked)
    return Request(model, _workload(asked, model), hardware(asked.get("gpu", GPU), asked.get("gpus", 1)), _plan(asked, model))


def _model(asked: dict[str, Any]) -> Model:
    if "model" in asked:
        for name in ("params", *OF_A_COUNT):
            if name in asked:
                flag = "--" + name.replace("_", "-")
                raise Refused(flag, None, _("not together with --model, which settles it"), None, ())
        from vidcalc.catalog.models import model

        return model(asked["model"])
    for name in ("params", "resolution", "frames"):
        if name not in asked and not (name == "frames" and "seconds" in asked):
            flag = "--" + name
            raise Refused(flag, None, _("missing; give --params, --resolution and --frames, or --model"), None, ())
    from vidcalc.catalog.generic import generic

    made = {name: asked[name] for name in OF_A_COUNT if name in asked}
    return generic(asked["params"], **made)


def _workload(asked: dict[str, Any], model: Model) -> Workload:
    usual = model.defaults
    named = "model" in asked
    width, height = asked.get("resolution", (usual.width, usual.height))
    fps = asked.get("fps", usual.fps if named else DOCUMENTED_FPS)
    return Workload(
        width=width,
        height=height,
        frames=_frames(asked, fps, usual),
        fps=fps,
        steps=asked.get("steps", usual.steps if named else DOCUMENTED_STEPS),
        batch=asked.get("batch_size", 1),
        guidance=asked.get("guidance", usual.guidance),
        text_tokens=asked.get("text_tokens", usual.text_tokens),
        image_tokens=usual.image_tokens,
        **({"train_steps": asked["train_steps"]} if "train_steps" in asked else {}),
    )


def _frames(asked: dict[str, Any], fps: float, usual: Defaults) -> int:
    """The frames asked for, or those of the seconds asked for, or the model's."""
    if "seconds" in asked:
        if "frames" in asked:
            raise Refused("--seconds", None, _("not together with --frames, which settles it"), None, ())
        return max(1, round(asked["seconds"] * fps))
    return int(asked.get("frames", usual.frames))


def _plan(asked: dict[str, Any], model: Model) -> Plan:
    names = (
        "precision",
        "text_encoder_precision",
        "vae_precision",
        "attention",
        "recipe",
        "optimizer",
        "checkpointing",
    )
    mode, forwards, batched = guidance(asked.get("guidance"), model.defaults)
    chosen = {name: asked[name] for name in names if name in asked}
    return Plan(guidance_mode=mode, forwards_per_step=forwards, batched_forwards=batched, **chosen)


def guidance(scale: float | None, usual: Defaults) -> tuple[str, int, int]:
    """How guidance of that scale runs, the denoiser forwards of a step, and how many of them share a call.

    None keeps the model's way. A scale of 1 or less turns a second prediction off; a distilled model takes the scale
    as an input and never needs one; a model without guidance of its own gets the usual doubled batch.
    """
    if scale is None or usual.guidance_mode == "distilled":
        return usual.guidance_mode, usual.forwards_per_step, usual.batched_forwards
    if scale <= 1:
        return "none", 1, 1
    if usual.guidance_mode == "none":
        return "batched", 2, 2
    return usual.guidance_mode, usual.forwards_per_step, usual.batched_forwards
