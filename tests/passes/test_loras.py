"""LoRAs while a model generates: live ones cost time and memory, merged ones nothing, and training knows of none."""

import json
import struct
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

import vidcalc
from vidcalc.calculate import calculate
from vidcalc.catalog import fill
from vidcalc.cost.time import in_format
from vidcalc.describe.adapters import Adapters, Loras
from vidcalc.ledger.unroll import unroll
from vidcalc.ops import Collective, Matmul, Pointwise
from vidcalc.passes import rewritten
from vidcalc.rates.machines import hardware
from vidcalc.rates.products import kernels
from vidcalc.tape import Tape

NAME = "wan2.1-t2v-1.3b"
LAYERS, WIDTH, RANK = 30, 1536, 32
LORA = Adapters(rank=RANK, dtype="")
# queries, keys, values and output of two attentions: A [rank, width] and B [width, rank] in 16 bits
BYTES = LAYERS * 8 * 2 * RANK * WIDTH * 2


def report(**plan: Any) -> Any:
    model = fill.model(NAME)
    return calculate(model, fill.workload(model), hardware("h100-sxm"), fill.plan(model, **plan))


def stage(made: Any) -> Any:
    return next(each for each in made.memory.inference.stages if each.id == "denoise")


def test_live_loras_have_weights_and_work_of_their_own() -> None:
    plain, live = report(), report(loras=(LORA,))
    rows = plain.sequence.video_tokens
    queries = LAYERS * 2 * rows * 2 * RANK * WIDTH
    more = live.compute.flops_per_forward - plain.compute.flops_per_forward
    # self-attention's four layers and two of cross-attention have a row a token; its keys and values one a text token
    assert more == 6 * queries + LAYERS * 2 * 512 * 2 * RANK * WIDTH * 2
    assert stage(live).weights - stage(plain).weights == BYTES
    assert live.time.inference.denoise > plain.time.inference.denoise
    assert live.model.params == plain.model.params


def test_merged_loras_cost_nothing_and_patched_ones_little() -> None:
    plain, live = report(), report(loras=(LORA,))
    merged, patched = (report(loras=(LORA,), lora_mode=mode) for mode in ("merged", "patched"))
    assert msgspec.to_builtins((merged.time, merged.memory)) == msgspec.to_builtins((plain.time, plain.memory))
    assert plain.time.inference.denoise < patched.time.inference.denoise < live.time.inference.denoise


def test_several_add_up_and_training_asks_for_none() -> None:
    plain, one, two = report(), report(loras=(LORA,)), report(loras=(LORA, LORA))
    assert stage(two).weights - stage(plain).weights == 2 * BYTES
    assert (two.time.inference.denoise - plain.time.inference.denoise) == pytest.approx(
        2 * (one.time.inference.denoise - plain.time.inference.denoise)
    )
    for part in ("memory", "time"):
        assert msgspec.to_builtins(getattr(one, part).training) == msgspec.to_builtins(getattr(plain, part).training)


def test_they_move_with_the_blocks() -> None:
    plain, live = report(offload="group"), report(offload="group", loras=(LORA,))
    # of a block that runs and the next
    assert stage(live).weights - stage(plain).weights == 2 * BYTES // LAYERS
    assert live.time.inference.denoise > report(loras=(LORA,)).time.inference.denoise


def test_what_they_make_is_summed_up_with_their_layer() -> None:
    model, machine = fill.model(NAME), hardware("h100-sxm")
    whole = unroll(model, fill.workload(model))

    def sums(**more: Any) -> list[Collective]:
        ledger = rewritten(whole, fill.plan(model, tensor_degree=2, **more), machine)
        phase = ledger.phase("denoise")
        assert phase is not None
        return [op for op in phase.ops if isinstance(op, Collective)]

    assert [each.path for each in sums(loras=(LORA,))] == [each.path for each in sums()]


@pytest.mark.parametrize(
    ("asked", "mode"),
    [
        ({}, "live"),
        ({"framework": "comfyui"}, "merged"),
        ({"framework": "comfyui", "precision": "gguf-q4_k"}, "patched"),
        ({"framework": "comfyui", "precision": "svdq-int4"}, "live"),
        ({"framework": "wanvideo-wrapper", "precision": "fp8-scaled"}, "patched"),
        ({"framework": "wanvideo-wrapper", "precision": "fp8"}, "merged"),
        ({"framework": "stable-diffusion-cpp", "precision": "gguf-q8_0"}, "live"),
        ({"framework": "comfyui", "lora_mode": "live"}, "live"),
    ],
)
def test_how_they_are_applied_is_the_frameworks(asked: dict[str, Any], mode: str) -> None:
    made = vidcalc.estimate(NAME, gpu="h100", lora="32", **asked)
    assert made.plan["lora_mode"] == mode
    assert [each.value for each in made.assumptions if each.id == "loras"] == [f"rank 32 (attention): {mode}"]


def test_those_that_are_patched_on_from_host_memory_wait_there() -> None:
    def made(**more: Any) -> Any:
        return vidcalc.estimate(NAME, gpu="h100", framework="comfyui", precision="gguf-q8_0", **more)

    assert made(lora=32).memory.inference.host_ram - made().memory.inference.host_ram == BYTES
    assert stage(made(lora=32)).weights == stage(made()).weights


def test_a_plan_without_loras_says_nothing_of_them() -> None:
    assert not {"loras", "lora_mode"} & set(report().plan)
    assert report(loras=(LORA,)).plan["loras"][0]["rank"] == RANK


def test_the_flag_is_refused_in_one_line() -> None:
    for wrong, said in (("x", "such as 32:attention"), ("16:atention", "nearest: 16:attention"), ("0", "a rank")):
        with pytest.raises(vidcalc.InputError, match=said):
            vidcalc.estimate(NAME, lora=wrong)
    with pytest.raises(vidcalc.InputError, match="only together with --lora"):
        vidcalc.estimate(NAME, lora_mode="merged")
    with pytest.raises(vidcalc.InputError, match="allowed: live, patched"):
        vidcalc.estimate(NAME, lora="8", lora_mode="merged", precision="nf4")


def lora_file(path: Path, width: int, rank: int) -> str:
    header: dict[str, Any] = {}
    end = 0
    for layer in range(LAYERS):
        for name in ("self_attn.q", "self_attn.k", "self_attn.v", "self_attn.o"):
            for part, shape in (("lora_A", (rank, width)), ("lora_B", (width, rank))):
                size = 2 * rank * width
                key = f"diffusion_model.blocks.{layer}.{name}.{part}.weight"
                header[key] = {"dtype": "BF16", "shape": shape, "data_offsets": (end, end + size)}
                end += size
    text = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + end)
    return str(path)


def test_a_file_says_its_rank_and_whose_layers_it_has(tmp_path: Path) -> None:
    file = lora_file(tmp_path / "style.safetensors", WIDTH, 16)
    made = vidcalc.estimate(NAME, gpu="h100", lora=file)
    assert [(each["rank"], each["targets"]) for each in made.plan["loras"]] == [(16, "attention")]
    assert "lora_of_another" not in {each.id for each in made.warnings}
    other = vidcalc.estimate("wan2.1-t2v-14b", gpu="h100", lora=file)
    assert "lora_of_another" in {each.id for each in other.warnings}


def test_of_a_pair_each_expert_has_one(tmp_path: Path) -> None:
    pair = [lora_file(tmp_path / f"style_{expert}_noise.safetensors", WIDTH, 16) for expert in ("high", "low")]
    assert len(vidcalc.estimate("wan2.2-t2v-a14b", gpu="h100", lora=pair).plan["loras"]) == 1
    assert len(vidcalc.estimate(NAME, gpu="h100", lora=pair).plan["loras"]) == 2


def test_explain_spells_a_forward_with_loras() -> None:
    spelled = vidcalc.explain("compute.flops_per_forward", NAME, gpu="h100", lora="32")
    assert spelled.value == report(loras=(LORA,)).compute.flops_per_forward
    assert vidcalc.explain("memory.inference.peak", NAME, gpu="h100", lora="32").value > 0


def test_a_sweep_takes_them() -> None:
    import numpy as np

    frames = np.array([17.0, 81.0])
    swept = vidcalc.estimate(NAME, gpu="h100", lora="32", frames=frames).compute.flops_per_forward
    assert swept[1] == vidcalc.estimate(NAME, gpu="h100", lora="32", frames=81).compute.flops_per_forward


def test_a_copy_of_a_plan_keeps_them() -> None:
    plan = fill.plan(fill.model(NAME), loras=(LORA,))
    assert replace(plan, offload="model").loras == (LORA,)


@pytest.mark.parametrize("precision", ["int8-dynamic", "bnb-int8", "nf4", "fp8-scaled", "gguf-q4_k"])
def test_their_matrices_are_in_no_number_format_of_the_network(precision: str) -> None:
    def products(**more: Any) -> float:
        made = report(lora_mode="live", **more).time.inference.parts["denoise"]
        return float(made["matmul"])

    def moved(**more: Any) -> float:
        return float(report(lora_mode="live", **more).time.inference.parts["denoise"]["pointwise"])

    beside = products(loras=(LORA,)) - products()
    assert products(precision=precision, loras=(LORA,)) - products(precision=precision) == pytest.approx(beside)
    # what brings a layer in and out of its format is of the layer alone: a LoRA moves what it moves beside bf16
    around = moved(loras=(LORA,)) - moved()
    assert moved(precision=precision, loras=(LORA,)) - moved(precision=precision) == pytest.approx(around)


def test_a_format_makes_no_kernels_for_them() -> None:
    chip, model = hardware("h100-sxm").accelerator, fill.model(NAME)
    whole = unroll(model, fill.workload(model))

    def unpacking(**more: Any) -> float:
        """Kernels of a call beyond those of its ops."""
        phase = rewritten(whole, fill.plan(model, precision="nf4", **more), hardware("h100-sxm")).phase("denoise")
        assert phase is not None
        layers = sum(op.count for op in phase.ops if in_format(op, phase.run))
        return float(layers * kernels(chip, "dequantised", "bf16"))

    assert unpacking(loras=(LORA,), lora_mode="live") == unpacking() > 0


def test_a_patch_is_made_in_float32_brought_to_the_weights_dtype_and_added() -> None:
    tape = Tape("bf16", loras=Loras(each=(LORA,), mode="patched"))
    x = tape.input(1, 64, WIDTH)
    tape.linear(x, WIDTH, "attn1.to_q")
    elements = WIDTH * WIDTH
    moved = {op.path.rpartition(".")[2]: op.moved for op in tape.ops if isinstance(op, Pointwise)}
    # scaled in float32; cast to 16 bits; the weight and the update read, the weight written
    assert moved == {"scale": 2 * 4 * elements, "cast": (4 + 2) * elements, "add_": 3 * 2 * elements}
    update = next(op for op in tape.ops if isinstance(op, Matmul))
    assert (update.precision, update.rows, update.d_in, update.d_out) == ("fp32", WIDTH, RANK, WIDTH)
