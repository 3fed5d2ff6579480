"""The program that ran is read from any column, and said to be unknown where none names it."""

import pytest

from vidcalc.catalog import fill, load
from vidcalc.describe.plan import SETTINGS
from vidcalc.validate import counters
from vidcalc.validate.engine import engine
from vidcalc.validate.table import Row


def found(model="wan2.1-t2v-14b", **fields):
    return engine(Row(id="a", **fields), model)


@pytest.mark.parametrize(
    ("fields", "framework", "known"),
    [
        ({"other_optim": "LightX2V", "source": "somebody/bench"}, "lightx2v-2025-07", "named"),
        ({"other_optim": "LightX2V", "source": "somebody/bench (2025-12-01)"}, "lightx2v", "named"),
        ({"source": "GitHub pull request vllm-project/vllm-omni#1"}, "vllm-omni", "named"),
        ({"note": "ran through SGLang with two cards"}, "sglang-2026-06", "named"),
        ({"note": "ran through SGLang on 2026-08-01"}, "sglang", "named"),
        ({"parallelism": "xDiT USP 8"}, "xdit-2025-01", "named"),
        ({"parallelism": "xDiT USP 8", "source": "somebody/bench (2026-02-01)"}, "xdit", "named"),
        ({"source": "GitHub pull request NVIDIA/TensorRT-LLM#17262"}, "tensorrt-llm", "named"),
        ({"other_optim": "Wan2GP profile 4"}, "wan2gp", "named"),
        ({"other_optim": "Wan2GP profile 3.5"}, "wan2gp-3.5", "named"),
        ({"offload": "ComfyUI (automatic)"}, "comfyui", "named"),
        ({"source": "Wan-Video/Wan2.1 README.md"}, "wan-official", "maker"),
        ({"other_optim": "Wan official", "source": "ModelTC/LightX2V docs"}, "wan-official", "named"),
        ({"precision": "bf16 (diffusers)"}, "diffusers-0.35", "named"),
        ({"precision": "bf16 (diffusers)", "gpu": "B200"}, "diffusers", "named"),
        ({"precision": "GGUF Q4_0"}, "comfyui", "assumed"),
        ({"source": "a thread"}, "wan-official", "assumed"),
    ],
)
def test_a_program_is_known_by_its_name_in_any_column(fields, framework, known):
    told = found(**fields)
    assert (told.framework, told.known) == (framework, known)


def test_a_program_of_an_earlier_time_does_what_it_did_then():
    """SGLang of spring 2026 has no kernels yet for what LTX-2 modulates and gates, and runs all else as it does now."""
    rows = {"spring": "sgl-project/sglang#1 (2026-04-18)", "autumn": "sgl-project/sglang#2 (2026-09-01)"}
    names = {when: found("ltx-2", source=f"GitHub pull request {page}").framework for when, page in rows.items()}
    assert names == {"spring": "sglang-2026-06", "autumn": "sglang"}
    ltx2, wan = (
        {when: fill.plan(fill.model(model), framework=name) for when, name in names.items()}
        for model in ("ltx-2", "wan2.1-t2v-14b")
    )
    assert (ltx2["spring"].compile, ltx2["autumn"].compile) == ("norms", "on")
    alike = {name: getattr(ltx2["spring"], name) for name in SETTINGS if name not in ("compile", "framework")}
    assert all(getattr(ltx2["autumn"], name) == value for name, value in alike.items())
    assert all(getattr(wan["spring"], name) == getattr(wan["autumn"], name) for name in SETTINGS if name != "framework")


def test_a_program_without_a_profile_is_no_profile():
    told = found(other_optim="TensorRT")
    assert told.unprofiled
    assert told.label == ""


def test_a_word_that_belongs_to_another_network_names_no_program():
    assert found(other_optim="diffusers BF16 VAE").label == ""


def test_the_same_page_may_be_of_two_programs_of_one_maker():
    page = {"source": "NVIDIA/Cosmos cosmos1/models/diffusion/README.md"}
    assert found("cosmos-predict1-7b", **page).framework == "cosmos-official"
    assert found("cosmos3-nano", **page).framework != "cosmos-official"


def test_makers_scripts_are_profiles_or_not_known_yet():
    names = set(load.names("frameworks"))
    makers = {rule["framework"] for rule in load.entry("validation", "settings")["maker"]}
    assert len(makers & names) >= 10


@pytest.mark.parametrize(
    ("program", "counter"),
    [
        ("vllm-omni", "reserved"),
        ("sglang", "reserved"),
        ("sglang-2026-06", "reserved"),
        ("opensora", "reserved"),
        ("", "unknown"),
    ],
)
def test_a_peak_without_a_counter_is_that_of_its_program(program, counter):
    assert counters.of("GiB (page: 47952 MB)", program) == counter
    assert counters.of("GiB, nvidia-smi", program) == "device"
