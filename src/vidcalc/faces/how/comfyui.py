"""A plan as ComfyUI runs it: flags of the program, and a workflow of its own nodes in the form that is run.

Nodes and files are data (`data/how/comfyui.toml`). `whole` gives the workflow as JSON, to be loaded or queued;
otherwise the command line and the values of the nodes that the plan settles.
"""

import json
from typing import Any

from vidcalc.base.facts import Facts
from vidcalc.catalog import fill, load
from vidcalc.describe.plan import WAYS
from vidcalc.describe.question import Question
from vidcalc.faces.flags.inputs import Refused
from vidcalc.faces.how.said import Leavings, Said
from vidcalc.faces.how.tools import FLAG, Tool
from vidcalc.faces.how.unsaid import ways
from vidcalc.faces.how.workflow import Workflow
from vidcalc.faces.words import _

SAYS = (
    *("framework", "precision", "text_encoder_precision", "vae_precision", "attention", "compile", "offload"),
    *("vae_tiling", "step_cache", "lora_mode"),
)
# of a node: what the plan settles there, for the short form
TELLING = (
    *("unet_name", "ckpt_name", "weight_dtype", "clip_name", "clip_name1", "clip_name2", "vae_name", "lora_name"),
    *("width", "height", "length", "batch_size", "steps", "cfg", "start_at_step", "end_at_step", "guidance", "shift"),
    *("tile_size", "overlap", "temporal_size", "temporal_overlap", "reuse_threshold", "backend", "fps"),
)


def spoken(job: Question, tool: Tool, whole: bool) -> Said:
    """The job as flags and nodes. Raises Refused for a model whose workflow is not known here."""
    facts = load.entry("how", tool.facts)
    own = facts["models"].get(job.model.name)
    if own is None:
        known = tuple(facts["models"])
        expects = _("not for {model}; for {models}", model=job.model.name, models=", ".join(known))
        raise Refused(FLAG, tool.id, expects, None, known)
    left = Leavings(tool.title)
    command = " ".join(["python main.py", *flags(job, facts, left)])
    for control in job.model.controls:
        left.add("--control", control.network.id)
    flow = Workflow(job, facts, own, facts["families"][own["family"]], left)
    nodes = flow.nodes()
    lines = json.dumps(nodes, indent=2, ensure_ascii=False).split("\n") if whole else [command, *told(nodes)]
    return Said(
        tool=tool.id,
        version=facts["version"],
        language="json" if whole else "nodes",
        lines=tuple(lines),
        needs=tuple(flow.needs),
        left=tuple(left.every),
        run=command,
    )


def told(nodes: dict[str, Any]) -> list[str]:
    """The values that a plan settles, a node a line: `KSampler: steps=30, cfg=6`."""
    lines = []
    for node in nodes.values():
        values = {name: node["inputs"][name] for name in TELLING if name in node["inputs"]}
        said = ", ".join(f"{name}={value}" for name, value in values.items() if not isinstance(value, list))
        if said:
            lines.append(f"{node['class_type']}: {said}")
    return lines


def flags(job: Question, facts: Facts, left: Leavings) -> list[str]:
    """Flags of the program; what it has none for is left."""
    plan = job.plan
    words = []
    if plan.framework == "comfyui-legacy" and not plan.precision.startswith("gguf"):  # whose loader is that one anyway
        words.append("--disable-dynamic-vram")
    for flag, value, table in (("--attention", plan.attention, "attention"), ("--offload", plan.offload, "offload")):
        if value not in facts[table]:
            left.add(flag, value)
        words.append(facts[table].get(value, ""))
    if plan.vae_precision != fill.plan(job.model, framework=plan.framework).vae_precision:  # not what it takes itself
        stated = facts["vae"].get(plan.vae_precision)
        if stated is None:
            left.add("--vae-precision", plan.vae_precision)
        words.append(stated or "")
    list(ways(plan, WAYS, (), left))  # none: it runs on one GPU
    return [word for word in words if word]
