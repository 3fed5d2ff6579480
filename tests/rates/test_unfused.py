"""Which attentions a chip's kernels do not take, and what they hold then."""

import pytest

from vidcalc.account.assumed import machinery
from vidcalc.base.errors import InputError
from vidcalc.calculate import calculate
from vidcalc.catalog import fill
from vidcalc.passes.formats import settled
from vidcalc.rates.machines import accelerator, hardware
from vidcalc.rates.unfused import instead, slice_room, spelled
from vidcalc.rates.utilisation import attention_kernels, resolve_attention
from vidcalc.tape import Tape


@pytest.mark.parametrize(
    ("chip", "kernel", "dtype", "expected"),
    [
        ("v100-sxm2-32gb", "sdpa", "bf16", "all"),  # no fused kernel for bf16 before compute capability 8.0
        ("v100-sxm2-32gb", "sdpa", "fp16", "none"),  # the memory-efficient one
        ("t4", "sdpa", "bf16", "all"),
        ("a100-sxm-80gb", "sdpa", "bf16", "none"),
        ("a100-sxm-80gb", "math", "bf16", "all"),
        ("h100-sxm", "sdpa", "bf16", "pairs"),
        ("h100-sxm", "flash3", "bf16", "none"),
        ("m3-max", "sdpa", "fp16", "all"),
    ],
)
def test_what_no_fused_kernel_takes(chip: str, kernel: str, dtype: str, expected: str) -> None:
    assert spelled(accelerator(chip), kernel, dtype, "late") == expected


def test_a_kernel_that_a_chip_has_not_is_refused() -> None:
    with pytest.raises(InputError):
        spelled(accelerator("a100-sxm-80gb"), "flash3", "bf16", "late")


def attention(spelled: str, masked: str = "none", *, training: bool = False, room: int = 0) -> Tape:
    tape = Tape("bf16", training=training, spelled=spelled, room=room)
    q, k, v = (tape.input(1, 2, 1024, 64) for _ in range(3))
    if training:
        for each in (q, k, v):
            each.node = tape.differentiable((), (), each.nbytes, each.nbytes)
    out = tape.attention(q, k, v, masked=masked)
    del q, k, v, out
    return tape


PAIRS = 2 * 1024 * 1024  # scores of all heads
QUERIES = 2 * 1024 * 64  # elements of q, k or v


def test_spelled_out_the_scores_and_their_softmax_are_alive_at_once() -> None:
    tape = attention("all")
    # q, k, v in bf16 and in float32, scaled q and k in float32, scores and softmax in float32 (torch 2.13 on meta)
    assert tape.peak == QUERIES * (3 * 2 + 5 * 4) + 2 * 4 * PAIRS
    assert tape.device_peak == tape.peak + 5 * PAIRS
    assert tape.live == 0


def test_fused_attention_holds_its_output() -> None:
    assert attention("none").peak == QUERIES * 4 * 2
    assert attention("pairs").peak == QUERIES * 4 * 2


def test_a_mask_of_all_pairs_is_copied_into_the_queries_dtype() -> None:
    tape = attention("none", "pairs")
    assert tape.device_peak == QUERIES * 3 * 2 + 2 * 1024 * 1024
    assert attention("pairs", "pairs").peak > 2 * 4 * PAIRS


def test_backward_keeps_the_softmax() -> None:
    # its own output, scaled queries and keys and the values in float32, and the softmax
    assert attention("all", training=True).live == QUERIES * 3 * 4 + 4 * PAIRS


def test_split_attention_holds_a_slice_of_the_scores_that_has_room() -> None:
    # q, k, v, their copies, the slices' results, scores of 256 queries and their softmax
    least = QUERIES * (3 + 3 + 1) * 2 + 2 * 2 * PAIRS // 4
    assert attention("split").peak == least
    assert attention("split", room=PAIRS).peak == least + 2 * 2 * PAIRS // 4  # half of the scores have room
    assert attention("split", room=2**40).peak == least + 3 * 2 * 2 * PAIRS // 4  # all of them, and no more


@pytest.mark.parametrize(
    ("chip", "unfused", "kernel", "expected"),
    [
        ("m3-max", "scores", "sdpa", "all"),
        ("m3-max", "split", "sdpa", "split"),
        ("m3-max", "fused", "sdpa", "none"),
        ("m3-max", "fused", "math", "all"),  # asked for by its name
        ("v100-sxm2-32gb", "split", "sdpa", "all"),  # torch's attention is on for every NVIDIA chip
    ],
)
def test_a_framework_does_otherwise_where_torch_has_no_fused_kernel(
    chip: str, unfused: str, kernel: str, expected: str
) -> None:
    described = accelerator(chip)
    assert instead(spelled(described, kernel, "bf16", "late"), unfused, described, kernel) == expected


def test_a_slice_may_take_a_quarter_of_what_is_free() -> None:
    chip = accelerator("m3-max")
    assert 0 < slice_room(chip, 2**30) < slice_room(chip, 0) < chip.capacity / 4
    assert slice_room(chip, 10 * chip.capacity) == 0


@pytest.mark.parametrize(
    ("chip", "expected"),
    [
        ("mi300x", "flash2"),
        ("mi250x", "flash2"),
        ("rx-7900xtx", "flash2"),
        ("rx-9070xt", "flash2"),
        # behind an environment variable alone (torch 2.13)
        ("rx-7800xt", "math"),
        ("rx-9060xt", "math"),
        # none was built for RDNA2
        ("rx-6900xt", "math"),
    ],
)
def test_torchs_own_kernels_for_rocm_are_of_some_chips(chip: str, expected: str) -> None:
    assert resolve_attention(accelerator(chip), "sdpa") == expected
    assert spelled(accelerator(chip), "sdpa", "fp16", "late") == ("all" if expected == "math" else "none")
    assert ("xformers" in attention_kernels(accelerator(chip))) == (expected != "math")


@pytest.mark.parametrize(
    ("chip", "dtype", "expected"),
    [("v100-sxm2-32gb", "bf16", "math"), ("v100-sxm2-32gb", "fp16", "xformers"), ("a100-sxm-80gb", "bf16", "flash2")],
)
def test_a_report_names_the_kernel_that_really_runs(chip: str, dtype: str, expected: str) -> None:
    runtime = fill.plan(fill.model("wan2.1-t2v-1.3b")).runtime
    rows = machinery(accelerator(chip), runtime, "sdpa", dtype, "assumed")
    assert next(row.value for row in rows if row.id == "attention_kernel") == expected


@pytest.mark.parametrize(
    ("model", "chip", "formats"),
    [
        ("ltx-video-2b", "rtx-2080ti", ("fp16-fp32", "fp32")),  # its dtypes are bf16 and fp32
        ("flux.1-dev", "t4", ("fp16", "fp32")),
        ("wan2.1-t2v-1.3b", "rtx-2080ti", ("fp16", "fp16")),
        ("ltx-video-2b", "rtx-3090", ("bf16", "bf16")),
    ],
)
def test_comfyui_takes_the_next_dtype_on_a_card_without_bf16(model: str, chip: str, formats: tuple[str, str]) -> None:
    chosen = fill.model(model)
    plan = settled(fill.plan(chosen, framework="comfyui"), chosen, accelerator(chip))
    assert (plan.precision, plan.vae_precision) == formats
    assert settled(plan, chosen, accelerator(chip)) is plan
    # others take what they are told
    plain = fill.plan(chosen)
    assert settled(plain, chosen, accelerator(chip)) is plain


def test_no_scores_are_held_where_a_kernel_takes_the_dtype() -> None:
    """LTX-Video 2B in ComfyUI on an RTX 2080 Ti: 44 GiB as bf16, whose scores are in memory."""
    model = fill.model("ltx-video-2b")
    report = calculate(
        model, fill.workload(model), hardware("rtx-2080ti"), fill.plan(model, framework="comfyui", precision="bf16")
    )
    assert report.memory.inference.device < 13 * 2**30
    assert report.plan["precision"] == "fp16-fp32"


def test_split_attention_of_fp16_has_its_keys_and_scores_in_float32() -> None:
    def split(dtype: str) -> Tape:
        tape = Tape(dtype, spelled="split")
        q, k, v = (tape.input(1, 2, 1024, 64) for _ in range(3))
        out = tape.attention(q, k, v)
        del q, k, v, out
        return tape

    # beside what bf16 holds: the keys once more in float32, and scores and softmax of 256 queries at twice the bytes
    assert split("fp16").peak - split("bf16").peak == QUERIES * 4 + 2 * 2 * PAIRS // 4
