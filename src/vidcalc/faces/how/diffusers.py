"""A plan as diffusers code: a pipeline that is loaded, told how to run, and called.

Every statement is one of diffusers 0.42.1; facts of pipelines and classes are in `data/how/pipelines.toml`, words in
`data/how/diffusers.toml`. The order matters: quantised as it loads, cast, shared, cached, offloaded, compiled.
"""

from typing import Any

from vidcalc.base.facts import Facts
from vidcalc.catalog import load
from vidcalc.describe.question import Question
from vidcalc.faces.flags.inputs import Refused
from vidcalc.faces.how.diffusers_load import loaded
from vidcalc.faces.how.diffusers_memory import placed
from vidcalc.faces.how.diffusers_speed import compiled, quicker, shared
from vidcalc.faces.how.python import call, number
from vidcalc.faces.how.said import Said
from vidcalc.faces.how.script import Script
from vidcalc.faces.how.tools import FLAG, Tool
from vidcalc.faces.words import _

SAYS = (
    *("framework", "precision", "text_encoder_precision", "vae_precision", "attention", "compile", "segments"),
    *("offload", "resident_blocks", "blocks_per_group", "offload_to", "vae_tiling", "vae_slicing", "step_cache"),
    *("lora_mode", "control"),
)
UNKNOWN = "path/to/the/model"  # of a model whose repository in diffusers' layout nobody stated
# names a pipeline may have for what a job states
NAMES = {
    "width": "width",
    "height": "height",
    "frames": "num_frames video_length",
    "steps": "num_inference_steps",
    "batch": "num_videos_per_prompt",
    "fps": "frame_rate fps",
}
FLAGS = {"frames": "--frames", "steps": "--steps", "batch": "--batch-size"}
USUAL = {"batch": 1}
INPUTS = {  # what a user puts in place of it -> how it is loaded
    "image": ("load_image", '"image.png"'),
    "video": ("load_video", '"video.mp4"'),
    "control_video": ("load_video", '"control.mp4"'),
    "pose_video": ("load_video", '"pose.mp4"'),
    "face_video": ("load_video", '"face.mp4"'),
}


def spoken(job: Question, tool: Tool, whole: bool) -> Said:
    """The job as diffusers code. Raises Refused for a model that none of its pipelines runs."""
    facts = load.entry("how", tool.facts)
    name, pipeline = pipeline_of(job, tool)
    script = Script(job, facts, pipeline, tool.title)
    if job.plan.segments == "expandable":
        script.first("import os", 'os.environ["PYTORCH_CUDA_ALLOC_CONF"] = "expandable_segments:True"')
    head = loaded(script, name, job.model.repository or UNKNOWN)
    if not job.model.repository:
        script.left.add("--model", job.model.name, _("its repository is not known: name a folder in diffusers' layout"))
    for control in job.model.controls:
        script.left.add("--control", control.network.id, _("a pipeline of its own: put it together by hand"))
    call = made(script)
    shared(script)
    if job.plan.loras:
        adapted(script)
    quicker(script)
    placed(script)
    compiled(script)
    return Said(
        tool=tool.id,
        version=facts["version"],
        language="python",
        lines=tuple(script.text(head, call) if whole else [*head, *script.lines]),
        needs=tuple(script.needs),
        left=tuple(script.left.every),
        run=script.run,
    )


def pipeline_of(job: Question, tool: Tool) -> tuple[str, Facts]:
    """The pipeline that runs the model, and its facts. Raises Refused."""
    known = load.entry("how", "pipelines")["pipelines"]
    for name in job.model.pipelines:
        if name in known:
            return name, known[name]
    raise Refused(FLAG, tool.id, _("not for {model}, which it does not run", model=job.model.name), None, ())


def adapted(script: Script) -> None:
    """LoRAs: live beside the weights, or merged into them."""
    for place, _each in enumerate(script.job.plan.loras):
        suffix = "" if len(script.job.plan.loras) == 1 else f"_{place + 1}"
        script.add(f'pipe.load_lora_weights("lora{suffix}.safetensors", adapter_name="lora{suffix}")')
    if script.job.plan.lora_mode == "merged":
        script.add("pipe.fuse_lora()", "pipe.unload_lora_weights()")


def made(script: Script) -> list[str]:
    """The call of the pipeline, and the file it becomes."""
    work, pipeline = script.job.workload, script.pipeline
    arguments = []
    if pipeline["prompt"]:
        arguments.append('prompt="..."')
    for name in pipeline["needs"]:
        loader, file = INPUTS.get(name, ("", "..."))
        if loader:
            script.imports.add(("diffusers.utils", loader))
        arguments.append(f"{name}={loader}({file})" if loader else f"{name}=...")
    for field, names in NAMES.items():
        value: Any = getattr(work, field)
        found = next((each for each in names.split() if each in pipeline["call"]), "")
        if found and not (field == "batch" and value == 1):
            arguments.append(f"{found}={number(value)}")
        elif not found and field in FLAGS and value != USUAL.get(field, getattr(script.job.model.defaults, field, 1)):
            script.left.add(FLAGS[field], number(value))
    arguments += guided(script)
    script.imports.add(("diffusers.utils", "export_to_video"))
    lines = [*call("video = pipe", *arguments)]
    lines[-1] += ".frames[0]"
    saved = f'export_to_video(video, "video.mp4", fps={number(work.fps)})'
    return [*lines, "if rank == 0:", "    " + saved] if script.run else [*lines, saved]


def guided(script: Script) -> list[str]:
    """The scale of guidance as the pipeline takes it."""
    scale = number(script.job.workload.guidance)
    if script.pipeline["guider"]:
        script.add(f"pipe.guider = pipe.guider.new(guidance_scale={scale})")
        return []
    for name in ("guidance_scale", "true_cfg_scale"):
        if name in script.pipeline["call"]:
            return [f"{name}={scale}"]
    return []
