"""Configurations of programs that generate, of adapters, and of what names no model."""

import json
from pathlib import Path

import pytest

from vidcalc.base.errors import Unreadable
from vidcalc.modelfiles.recipes.read import recipe_of

LIGHTX2V = {"infer_steps": 40, "target_video_length": 81, "target_height": 480, "target_width": 832,
            "self_attn_1_type": "flash_attn3", "sample_guide_scale": 5, "sample_shift": 5, "enable_cfg": False,
            "cpu_offload": False, "model_path": "Wan2.1-T2V-14B"}  # fmt: skip
KANDINSKY = """
model:
  checkpoint_path: "./weights/model/kandinsky5lite_t2v_sft_5s.safetensors"
  num_steps: 50
  guidance_weight: 5.0
  dit_params: {model_dim: 1792, ff_dim: 7168, num_visual_blocks: 32}
  vae: {name: hunyuan}
"""
NAMELESS = {
    "scheduler.json": '{"_class_name": "UniPCMultistepScheduler", "num_train_timesteps": 1000, "flow_shift": 3.0}',
    "ds.json": '{"bf16": {"enabled": true}, "zero_optimization": {"stage": 2}}',
    "fsdp.yaml": "distributed_type: FSDP\nmixed_precision: bf16\nnum_processes: 8\n",
}


def written(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text)
    return str(folder / name)


def test_settings_of_lightx2v_are_read(tmp_path: Path) -> None:
    found = recipe_of(written(tmp_path, "wan_t2v.json", json.dumps(LIGHTX2V)))
    assert found is not None
    assert found.model == "wan2.1-t2v-14b"
    assert found.settings == {
        "framework": "lightx2v",
        "steps": 40,
        "frames": 81,
        "resolution": (832, 480),
        "guidance": 1.0,
        "offload": "none",
    }
    assert found.unread == ()


def test_the_configuration_of_kandinsky_is_read(tmp_path: Path) -> None:
    found = recipe_of(written(tmp_path, "config_5s_sft.yaml", KANDINSKY))
    assert found is not None
    assert (found.model, found.settings["steps"], found.settings["guidance"]) == ("kandinsky5-lite", 50, 5.0)


def test_the_configuration_of_an_adapter_is_read(tmp_path: Path) -> None:
    adapter = {"peft_type": "LORA", "base_model_name_or_path": "Wan-AI/Wan2.1-T2V-14B-Diffusers", "r": 32}
    found = recipe_of(
        written(tmp_path, "adapter_config.json", json.dumps(adapter | {"target_modules": ["to_q", "ffn.0"]}))
    )
    assert found is not None
    assert (found.model, found.settings) == (
        "wan2.1-t2v-14b", {"mode": "lora", "lora_rank": 32, "lora_targets": "attention+ffn"},
    )  # fmt: skip


@pytest.mark.parametrize(("layers", "targets"), [("all-linear", "all"), ("to_q|to_k|net.0", "attention+ffn")])
def test_layers_of_an_adapter_in_one_word(layers: str, targets: str, tmp_path: Path) -> None:
    adapter = {"peft_type": "LORA", "base_model_name_or_path": "Wan-AI/Wan2.1-T2V-14B-Diffusers", "r": 32}
    found = recipe_of(written(tmp_path, "adapter_config.json", json.dumps(adapter | {"target_modules": layers})))
    assert found is not None
    assert found.settings["lora_targets"] == targets


@pytest.mark.parametrize("name", NAMELESS)
def test_what_names_no_model_is_refused_by_its_kind(name: str, tmp_path: Path) -> None:
    with pytest.raises(Unreadable) as refused:
        recipe_of(written(tmp_path, name, NAMELESS[name]))
    assert refused.value.problem == "names_no_model"


def test_our_own_report_is_told_from_a_model(tmp_path: Path) -> None:
    with pytest.raises(Unreadable) as refused:
        recipe_of(written(tmp_path, "report.json", '{"schema": "vidcalc.report/1", "model": {}}'))
    assert refused.value.problem == "own_report"
