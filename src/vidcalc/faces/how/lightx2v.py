"""A plan as a configuration of LightX2V and the command that takes it (`data/how/lightx2v.toml`)."""

import json
from typing import Any

from vidcalc.catalog import load
from vidcalc.describe.plan import WAYS
from vidcalc.describe.question import Question
from vidcalc.faces.how.python import number
from vidcalc.faces.how.said import Leavings, Said, known_as
from vidcalc.faces.how.tools import Tool
from vidcalc.faces.how.unsaid import ways

SAYS = ("framework", "offload")
SEQUENCE = ("ulysses", "ring")  # of which it takes one


def spoken(job: Question, tool: Tool, whole: bool) -> Said:
    """The job as a configuration. Raises Refused for a model that the program does not run."""
    facts = load.entry("how", tool.facts)[tool.id]
    kind, task = known_as(job.model.name, facts["models"], tool.id)
    left, work, plan = Leavings(tool.title), job.workload, job.plan
    guided = work.guidance != 1
    folder = "path/to/" + job.model.repository.rpartition("/")[2].removesuffix("-Diffusers")
    made: dict[str, Any] = {"model_cls": kind, "task": task, "model_path": folder}
    made |= {key: _plain(getattr(work, field)) for field, key in facts["words"].items()}
    made |= {"enable_cfg": bool(guided), **({"sample_guide_scale": _plain(work.guidance)} if guided else {})}
    if job.model.defaults.flow_shift:
        made["sample_shift"] = _plain(job.model.defaults.flow_shift)
    if plan.offload in facts["offload"]:
        made |= facts["offload"][plan.offload]
    else:
        left.add("--offload", plan.offload)
    ranks, parallel = 1, shared(job, left)
    for name in ("seq_p_size", "cfg_p_size"):
        ranks *= parallel.get(name, 1)
    made |= {"parallel": parallel} if parallel else {}
    left.loras_and_batch(job)
    started = "python -m" if ranks == 1 else f"torchrun --nproc_per_node={ranks} -m"
    given = [f"--model_path {folder}", "--config_json config.json", '--prompt "..."']
    given += ["--image_path image.png"] if task == "i2v" else []
    return Said(
        tool=tool.id,
        version=facts["version"],
        language="json",
        lines=tuple(json.dumps(made, indent=2).splitlines()),
        left=tuple(left.every),
        run=" ".join([f"{started} {facts['command']} --model_cls {kind} --task {task}", *given]),
    )


def shared(job: Question, left: Leavings) -> dict[str, Any]:
    """How ranks share the work; {} of one alone."""
    found: dict[str, Any] = {}
    for way, degree in ways(job.plan, WAYS, (*SEQUENCE, "cfg"), left):
        if way == "cfg":
            found["cfg_p_size"] = degree
        elif "seq_p_size" in found:
            left.add("--parallel", f"{way}={degree}")
        else:
            found |= {"seq_p_size": degree, "seq_p_attn_type": way}
    return found


def _plain(value: Any) -> int | float:
    """A number as JSON has it: whole ones without a point."""
    text = number(value)
    return float(text) if "." in text or "e" in text else int(text)
