"""Files of adapters: rank, layers and the network they are for, as peft, ComfyUI and kohya's scripts write them."""

import json
from pathlib import Path
from typing import Any

import pytest

from vidcalc.modelfiles.lora import of_both_experts, rank_said
from vidcalc.modelfiles.recipes.read import recipe_of

Tensors = dict[str, tuple[str, tuple[int, ...]]]


def peft(layers: int, width: int, rank: int) -> Tensors:
    made: Tensors = {}
    for layer in range(layers):
        for attention in ("attn1", "attn2"):
            for name in ("to_q", "to_k", "to_v", "to_out.0"):
                start = f"transformer.blocks.{layer}.{attention}.{name}"
                made[f"{start}.lora_A.weight"] = ("BF16", (rank, width))
                made[f"{start}.lora_B.weight"] = ("BF16", (width, rank))
    return made


def comfy(layers: int, width: int, inner: int, rank: int, kohya: bool = False) -> Tensors:
    made: Tensors = {}
    for layer in range(layers):
        sizes = {f"{part}.{name}": (width, width) for part in ("self_attn", "cross_attn") for name in "qkvo"}
        sizes |= {"ffn.0": (inner, width), "ffn.2": (width, inner)}
        for name, (out, into) in sizes.items():
            start = f"diffusion_model.blocks.{layer}.{name}"
            start = start.replace("diffusion_model.", "lora_unet.").replace(".", "_") if kohya else start
            made |= {
                f"{start}.lora_down.weight": ("BF16", (rank, into)),
                f"{start}.lora_up.weight": ("BF16", (out, rank)),
            }
            made[f"{start}.alpha"] = ("F32", ())
    return made


@pytest.mark.parametrize(
    ("file", "tensors", "model", "rank", "targets"),
    [
        ("a.safetensors", peft(30, 1536, 16), "wan2.1-t2v-1.3b", 16, "attention"),
        ("b.safetensors", comfy(40, 5120, 13824, 64), "wan2.1-t2v-14b", 64, "attention+ffn"),
        (
            "wan2.2_i2v_high_noise_x.safetensors",
            comfy(40, 5120, 13824, 32, kohya=True),
            "wan2.2-i2v-a14b",
            32,
            "attention+ffn",
        ),
        ("wan2.2_ti2v_5B_x.safetensors", comfy(30, 3072, 14336, 8), "wan2.2-ti2v-5b", 8, "attention+ffn"),
    ],
)
def test_adapters_say_rank_layers_and_base(
    file: str, tensors: Tensors, model: str, rank: int, targets: str, make: Any, tmp_path: Path
) -> None:
    make.safetensors(tmp_path / file, tensors)
    found = recipe_of(str(tmp_path / file))
    assert found is not None
    assert (found.model, found.settings["lora_rank"], found.settings["lora_targets"]) == (model, rank, targets)
    assert dict(found.beside)["lora_file"]["layers"] == sum("down" in name or "lora_A" in name for name in tensors)


def test_adapters_are_trained_like_the_same_flags(ask: Any, make: Any, tmp_path: Path) -> None:
    make.safetensors(tmp_path / "x.safetensors", peft(30, 1536, 16))
    ours = json.loads(ask("train", "--from", str(tmp_path / "x.safetensors"), "--json").out)
    flags = ("--mode", "lora", "--lora-rank", "16", "--lora-targets", "attention")
    theirs = json.loads(ask("train", "-m", "wan2.1-t2v-1.3b", *flags, "--json").out)
    assert ours["memory"] == theirs["memory"]
    assert ours["time"] == theirs["time"]


def test_adapters_of_no_known_network_are_refused(ask: Any, make: Any, tmp_path: Path) -> None:
    make.safetensors(
        tmp_path / "x.safetensors", {"y.lora_A.weight": ("BF16", (4, 10)), "y.lora_B.weight": ("BF16", (6, 4))}
    )
    done = ask("train", "--from", str(tmp_path / "x.safetensors"))
    assert done.code == 2 and "names no known model" in done.err


@pytest.mark.parametrize(
    ("name", "rank"),
    [
        ("distilled-lora-384", 384),
        ("lightx2v_rank_32", 32),
        ("style_rank48", 48),
        ("my_lora_000002500", 0),  # steps
        ("char_lora_20241105", 0),  # a date
        ("wan_lora_720", 0),  # a size
        ("lora_v2", 0),
    ],
)
def test_the_rank_that_a_name_says_is_no_count_of_steps_and_no_date(name: str, rank: int) -> None:
    assert rank_said(name) == rank


def test_only_words_tell_the_expert_of_a_pair() -> None:
    assert of_both_experts("wan22_high_noise_rank64") == of_both_experts("wan22_low_noise_rank64")
    assert of_both_experts("slow_motion_rank32") == "slow_motion_rank32"
