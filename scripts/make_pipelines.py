"""Writes src/vidcalc/data/how/pipelines.toml: how the pipelines of diffusers are called, and what their networks can do.

    python scripts/make_pipelines.py [--check]

Needs the extra `reference`. Arguments and components are read from the signatures of the installed classes that the
catalogue names, abilities from the classes themselves. --check exits with 1 where the file is not what they say.
"""

import inspect
import sys
from typing import Any

from generated import DATA, settle
from vidcalc.reference.catalogue import MODELS, model_facts
from vidcalc.reference.classes import UnknownClass, find_class

DENOISERS = ("transformer", "transformer_2", "unet")
# what a script states of a job, as pipelines call it, the usual name first
STATED = (
    *("width", "height", "num_frames", "video_length", "num_inference_steps", "guidance_scale", "true_cfg_scale"),
    *("num_videos_per_prompt", "frame_rate", "fps", "decode_chunk_size"),
)
GIVEN = ("prompt", "image", "video", "pose_video", "face_video", "controls", "control_video", "latents")
INPUTS = (
    "image",
    "video",
    "control_video",
)  # a pipeline of video to video or of images wants one, whatever its default


def pipelines() -> dict[str, dict[str, Any]]:
    """The facts of every pipeline that a model of the catalogue names, by class."""
    import diffusers

    found: dict[str, dict[str, Any]] = {}
    for path in sorted(MODELS.glob("*.toml")):
        for name in model_facts(path.stem).get("pipelines", ()):
            class_ = getattr(diffusers, name, None)
            if class_ is not None:
                found.setdefault(name, of_pipeline(class_))
    return dict(sorted(found.items()))


def of_pipeline(class_: Any) -> dict[str, Any]:
    """What a script has to know of one pipeline."""
    call = inspect.signature(class_.__call__).parameters
    made = [name for name in inspect.signature(class_.__init__).parameters if name != "self"]
    needs = [
        name
        for name, each in call.items()
        if name in GIVEN and name != "prompt" and (each.default is inspect.Parameter.empty or name in INPUTS)
    ]
    return {
        "call": [name for name in STATED if name in call],
        "prompt": "prompt" in call,
        "needs": needs,
        "denoisers": [name for name in DENOISERS if name in made],
        "encoders": [name for name in made if name.startswith(("text_encoder", "image_encoder"))],
        "vaes": [name for name in made if name in ("vae", "audio_vae")],
        "guider": "guider" in made,
    }


def classes() -> dict[str, dict[str, Any]]:
    """What every denoiser and VAE class of the catalogue that diffusers has can do, by class."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(MODELS.glob("*.toml")):
        facts = model_facts(path.stem)
        for part in (facts["denoiser"], facts["vae"]):
            name = part.get("class", "")
            try:
                class_ = find_class(name) if name and "+" not in name else None
            except UnknownClass:
                class_ = None
            if class_ is not None and class_.__module__.startswith("diffusers."):
                found.setdefault(name, of_class(class_))
    return {name: can for name, can in sorted(found.items()) if can}


def of_class(class_: Any) -> dict[str, Any]:
    """The abilities of one network class, those that it has."""
    can = {
        "regional": bool(getattr(class_, "_repeated_blocks", None)),
        "shared": bool(getattr(class_, "_cp_plan", None)),
        "cached": hasattr(class_, "enable_cache"),
        "backend": hasattr(class_, "set_attention_backend"),
        "grouped": bool(getattr(class_, "_supports_group_offloading", False)),
    }
    return {name: True for name, there in can.items() if there}


def written(value: Any) -> str:
    """A value as TOML has it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join(map(written, value)) + "]"
    return f'"{value}"'


def content() -> str:
    """The file, from the installed classes."""
    import diffusers

    lines = [
        "# How pipelines of diffusers are called, and what network classes can do: written by scripts/make_pipelines.py.",
        "# call  settings of a job that it takes;  needs  inputs beside the prompt;  guider  guidance is a component",
        "# regional  compile_repeated_blocks;  shared  enable_parallelism;  cached  enable_cache;  backend",
        "# set_attention_backend;  grouped  enable_group_offload",
        f'version = "{diffusers.__version__}"',
        'source = "signatures and class attributes of the installed package"',
    ]
    for kind, entries in (("pipelines", pipelines()), ("classes", classes())):
        for name, facts in entries.items():
            lines += ["", f"[{kind}.{name}]", *(f"{key} = {written(value)}" for key, value in facts.items())]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(settle(DATA / "how" / "pipelines.toml", content, __doc__))
