"""Runs that people published in November 2026, each as they would ask for it: the verdict and the figures.

Facts only, with where they were read. A figure is right within a quarter; where a source does not state what it
depends on, only the verdict counts.
"""

from typing import Any, NamedTuple

import pytest

import vidcalc

GIB = 2**30
QUARTER = 0.25
H3 = {"model": "minimax-h3", "resolution": "1344x768", "frames": 124, "steps": 50, "framework": "vllm-omni"}
TILES = {"vae_tiling": "default"}
H20 = "h20,memory=141GiB,bandwidth=4.8TB/s"
PRO_5000 = "rtx-pro-6000-blackwell,memory=71.7GiB,peak.bf16=300TFLOP/s,bandwidth=1344GB/s"
HUNYUAN = {"model": "hunyuanvideo-1.5", "gpu": "rtx-5090", "resolution": "848x480", "framework": "comfyui"}


class Run(NamedTuple):
    """What was asked, and what was seen: GiB as a counter outside shows them, seconds of all and of a step."""

    asked: dict[str, Any]
    source: str
    gib: float | None = None
    total: float | None = None
    step: float | None = None
    verdicts: tuple[str, ...] = ("fits",)


RUNS = {
    # text encoder whole on the first rank, as is the default: what 100.3 GiB are
    "pub26-001": Run(
        {**H3, **TILES, "gpu": H20, "gpus": 2, "parallel": "tp=2,vae=2"},
        "vllm-project/vllm-omni#6163",
        gib=100.3,
        total=637.85,
    ),
    "pub26-002": Run(
        {**H3, **TILES, "gpu": H20, "gpus": 2, "parallel": "tp=2,vae=2"},
        "vllm-project/vllm-omni#6163",
        step=12.762,
    ),
    "pub26-005": Run(
        {
            **H3,
            **TILES,
            "gpu": H20,
            "gpus": 8,
            "parallel": "tp=2,ulysses=4,text=2,vae=8",
        },
        "vllm-project/vllm-omni#6163",
        gib=70.6,
        total=168.09,
    ),
    "pub26-006": Run(
        {**H3, **TILES, "gpu": H20, "gpus": 8, "parallel": "tp=2,ulysses=4,text=2"},
        "vllm-project/vllm-omni#6163",
        step=3.332,
    ),
    "pub26-011": Run(
        {
            **H3,
            **TILES,
            "gpu": PRO_5000,
            "gpus": 2,
            "parallel": "ulysses=2,text=2",
            "offload": "group:20",
            "attention": "cudnn",
            "compile": "off",
        },
        "vllm-project/vllm-omni#5857",
        gib=36.38,
        total=515.57,
        step=10.2997,
    ),
    "pub26-013": Run(
        {
            **H3,
            **TILES,
            "gpu": PRO_5000,
            "gpus": 4,
            "parallel": "tp=2,ulysses=2,text=2,vae=4",
            "attention": "cudnn",
        },
        "vllm-project/vllm-omni#5857, review of 2026-08-09",
        gib=67.6,
        verdicts=("fits", "tight"),  # it took 94 % of the card
    ),
    "pub26-024": Run(
        {
            **H3,
            "gpu": "a100-sxm-40gb",
            "gpus": 4,
            "resolution": "480x256",
            "frames": 96,
            "parallel": "tp=4,text=4",
            "offload": "model",
        },
        "vllm-project/vllm-omni#6492",
        gib=33.0,
    ),
    # steps and guidance are not stated
    "pub26-030": Run({**HUNYUAN, "frames": 121}, "huggingface.co Comfy-Org/Hunyuan-Video-1.5 discussion 1"),
    "pub26-032": Run({**HUNYUAN, "frames": 365}, "huggingface.co Comfy-Org/Hunyuan-Video-1.5 discussion 1"),
    "pub26-042": Run(
        {
            "model": "framepack",
            "gpu": "rtx-3090",
            "resolution": "512x768",
            "frames": 33,
            "steps": 25,
            "framework": "framepack",
        },
        "lllyasviel/FramePack#117",
        step=9.5,
    ),
    "pub26-046": Run(
        {
            "model": "wan2.1-i2v-14b-480p",
            "gpu": "rtx-3090",
            "resolution": "832x480",
            "frames": 81,
            "framework": "wan2gp-2",
        },
        "deepbeepmeep/Wan2GP#28",
        step=68,
    ),
}


@pytest.mark.parametrize("name", RUNS)
def test_what_ran_is_said_to_run_and_as_it_ran(name: str) -> None:
    run = RUNS[name]
    found = vidcalc.estimate(**run.asked)
    memory, time = found.memory.inference, found.time.inference
    assert memory.verdict in run.verdicts
    for said, seen in ((memory.device / GIB, run.gib), (time.total, run.total), (time.per_step, run.step)):
        if seen is not None:
            assert abs(said / seen - 1) <= QUARTER, (said, seen)


THREADS: dict[str, tuple[dict[str, Any], str]] = {
    "kijai/ComfyUI-WanVideoWrapper#1044": (
        {
            "model": "wan2.2-i2v-a14b",
            "gpu": "4080-super",
            "framework": "wanvideo-wrapper",
            "precision": "fp8",
            "resolution": "1280x720",
            "frames": 81,
            "offload": "block-swap:40",
        },
        "fits",
    ),
    "kijai/ComfyUI-WanVideoWrapper#562": (
        {
            "model": "wan2.1-vace-14b",
            "gpu": "4090",
            "framework": "wanvideo-wrapper",
            "precision": "fp8",
            "resolution": "832x480",
            "frames": 81,
            "offload": "block-swap:15",
        },
        "fits",  # it took 89 % of the card
    ),
    "deepbeepmeep/Wan2GP#1801, RTX 3090": (
        {
            "model": "ltx-2.3",
            "gpu": "3090",
            "framework": "wan2gp",
            "resolution": "1280x704",
            "frames": 193,
            "steps": 8,
            "guidance": 1,
        },
        "fits",
    ),
    "runs-on-a-3060 minimax-h3": (
        {
            "model": "minimax-h3",
            "gpu": "3060",
            "framework": "comfyui",
            "precision": "int8",
            "text_encoder_precision": "int8",
            "resolution": "864x480",
            "frames": 124,
        },
        "fits",
    ),
    # the decode of the whole clip runs out of memory there and is made again in tiles
    "Comfy-Org/ComfyUI#10855": (
        {
            "model": "hunyuanvideo-1.5",
            "gpu": "4070",
            "framework": "comfyui",
            "precision": "fp8",
            "resolution": "848x480",
            "frames": 121,
        },
        "fits",
    ),
    "Lightricks/LTX-Video#41": (
        {
            "model": "ltx-video-2b",
            "gpu": "4090",
            "framework": "ltx-official",
            "resolution": "704x480",
            "frames": 121,
        },
        "too_big",
    ),
    "Lightricks/LTX-Video#144, RTX A5000": (
        {"model": "ltx-video-2b", "gpu": "3090", "framework": "ltx-official", "resolution": "128x128", "frames": 25},
        "too_big",
    ),
}


@pytest.mark.parametrize("name", THREADS)
def test_what_a_thread_tells_is_what_is_said(name: str) -> None:
    asked, verdict = THREADS[name]
    assert vidcalc.estimate(**asked).memory.inference.verdict == verdict


def test_five_seconds_of_framepack_are_four_sections_and_33_frames_one() -> None:
    asked = {"model": "framepack", "gpu": "3090", "resolution": "512x768", "steps": 25, "framework": "framepack"}
    one, five = (vidcalc.estimate(**{**asked, "frames": frames}).time.inference for frames in (33, 145))
    assert five.per_step == pytest.approx(4 * one.per_step, rel=0.01)


def test_a_mask_over_all_pairs_is_there_where_a_framework_builds_it() -> None:
    asked = {**HUNYUAN, "frames": 365, "precision": "fp16"}
    built = vidcalc.estimate(**{**asked, "framework": "diffusers", "offload": "model"})
    none = vidcalc.estimate(**asked)
    assert built.memory.inference.denoiser_activation_peak > 4 * none.memory.inference.denoiser_activation_peak
    assert built.time.inference.denoise > 1.5 * none.time.inference.denoise
