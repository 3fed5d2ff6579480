"""`--how` for programs that serve many models: what is printed reads back through `--from` as the same job."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from test_how import OTHER

import vidcalc
from vidcalc.catalog import load
from vidcalc.describe.plan import WAYS as FIELDS
from vidcalc.describe.plan import Plan
from vidcalc.describe.setting import declared
from vidcalc.describe.sharing import of
from vidcalc.faces.how import asked, question, said
from vidcalc.faces.how.tools import tools
from vidcalc.modelfiles.recipes.read import recipe_of

OWN = "by-card"  # of a profile, not of a user
SERVED = {"sglang": "run.sh", "xdit": "run.sh", "lightx2v": "config.json"}
FACTS = {tool: load.entry("how", tools()[tool].facts)[tool] for tool in SERVED}
BASE: dict[str, Any] = {
    "model": "wan2.1-t2v-14b",
    "gpu": "h100",
    "resolution": (1280, 720),
    "frames": 49,
    "steps": 30,
    "guidance": 4.0,
}
# degrees by way, on eight GPUs
WAYS = {
    "ulysses": {"ulysses_degree": 8},
    "ring": {"ring_degree": 8},
    "tp": {"tensor_degree": 8},
    "pipefusion": {"pipefusion_degree": 8},
    "cfg": {"ulysses_degree": 4, "guidance_degree": 2},
    "fsdp": {"ulysses_degree": 8, "shard_degree": 8},
    "vae": {"ulysses_degree": 8, "decode_degree": 8},
}
SAID_WAYS = {tool: tuple(FACTS[tool].get("ways", ("ulysses", "ring", "cfg"))) for tool in SERVED}
SHARED = [(tool, way) for tool in SERVED for way in WAYS if way in SAID_WAYS[tool]]


def read_back(found: Any, tool: str, folder: Path) -> Any:
    path = folder / SERVED[tool]
    path.write_text(found.text)
    recipe = recipe_of(str(path))
    assert recipe is not None and not recipe.unread, recipe
    return path, recipe


@pytest.mark.parametrize(
    ("tool", "word"), [(tool, word) for tool in SERVED for word in FACTS[tool]["offload"] if word != OWN]
)
def test_every_way_of_offloading_that_is_said_is_read_back(tool: str, word: str, tmp_path: Path) -> None:
    found = asked({**BASE, "offload": word}, tool, False, "generate")
    assert not found.left
    path, recipe = read_back(found, tool, tmp_path)
    assert recipe.model == BASE["model"]
    mine = vidcalc.estimate(**BASE, offload=word, framework=tool)
    read = vidcalc.estimate(from_=str(path), gpu="h100")
    assert read.plan["framework"] == tool
    assert read.memory.inference.peak == mine.memory.inference.peak
    assert read.time.inference.total == mine.time.inference.total


@pytest.mark.parametrize(("tool", "way"), SHARED)
def test_every_way_of_sharing_that_is_said_is_read_back(tool: str, way: str, tmp_path: Path) -> None:
    flags = {**BASE, "gpus": 8, "parallel": WAYS[way], "offload": "none"}
    found = asked(flags, tool, False, "generate")
    assert not found.left
    path, recipe = read_back(found, tool, tmp_path)
    assert recipe.settings["gpus"] == 8
    assert recipe.settings["parallel"] == WAYS[way]
    named = {name: WAYS[way][field] for name, field in FIELDS.items() if field in WAYS[way]}
    mine = vidcalc.estimate(**{**flags, "parallel": named}, framework=tool)
    assert (
        vidcalc.estimate(from_=str(path), gpu="h100", offload="none").time.inference.total == mine.time.inference.total
    )


@pytest.mark.parametrize("tool", SERVED)
def test_every_model_that_a_program_runs_is_read_back(tool: str, tmp_path: Path) -> None:
    for name in FACTS[tool]["models"]:
        _path, recipe = read_back(asked({"model": name, "gpu": "h100"}, tool, False, "generate"), tool, tmp_path)
        assert recipe.model == name


@pytest.mark.parametrize("tool", SERVED)
def test_a_model_that_a_program_does_not_run_is_refused(tool: str) -> None:
    report = vidcalc.estimate("allegro", gpu="h100", framework=tool)
    with pytest.raises(vidcalc.InputError, match="not for allegro"):
        report.how(tool)


@pytest.mark.parametrize("tool", SERVED)
def test_a_job_without_guidance_is_read_back(tool: str, tmp_path: Path) -> None:
    found = asked({**BASE, "guidance": 1.0}, tool, False, "generate")
    assert read_back(found, tool, tmp_path)[1].settings["guidance"] == 1.0


# settings of a word or a LoRA beside them
BESIDE = ("framework", "swapped_blocks", "blocks_per_group", "lora_mode", "resident_blocks", "offload_to")


@pytest.mark.parametrize("tool", SERVED)
@pytest.mark.parametrize("field", [each.field for each in of(Plan, "generate") if each.setting.flag])
def test_no_setting_of_a_plan_is_dropped(field: str, tool: str) -> None:
    if field in BESIDE:
        return
    job = question({"model": "wan2.1-t2v-14b", "gpu": "h100"}, tool, "generate")
    each, here = declared(Plan)[field], getattr(job.plan, field)
    other = OTHER.get(field) or next(word for word in reversed(each.words) if word != here)
    changed = job._replace(plan=replace(job.plan, **{field: other}))
    found, plainly = said(changed, tool, True), said(job, tool, True)
    assert (found.text, found.left, found.run) != (plainly.text, plainly.left, plainly.run)
