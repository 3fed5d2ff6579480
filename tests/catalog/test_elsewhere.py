"""A program runs otherwise with some formats and on some chips: the profile that holds there is taken."""

import pytest

import vidcalc
from vidcalc.catalog import fill
from vidcalc.catalog.frameworks import framework, holding, names

WAN = fill.model("wan2.1-t2v-14b")


@pytest.mark.parametrize(
    ("asked", "precision", "vendor", "expected"),
    [
        ("comfyui", "", "NVIDIA", "comfyui"),
        ("ComfyUI", "fp8", "AMD", "comfyui"),
        ("comfyui", "gguf-q4_k", "NVIDIA", "comfyui-legacy"),
        ("comfyui", "", "Intel", "comfyui-legacy"),
        ("comfyui", "gguf-q4_k", "Apple", "comfyui-mps"),
        ("comfyui-legacy", "", "Apple", "comfyui-mps"),
        ("comfyui-mps", "", "Apple", "comfyui-mps"),
        ("diffusers", "gguf-q4_k", "Apple", "diffusers"),
    ],
)
def test_which_profile_of_a_program_holds(asked: str, precision: str, vendor: str, expected: str) -> None:
    assert holding(asked, WAN, precision, vendor) == expected


@pytest.mark.parametrize("name", names())
def test_what_holds_elsewhere_is_a_profile_that_holds_there(name: str) -> None:
    for other in framework(name).elsewhere:
        for vendor in other.vendors:
            assert holding(other.profile, WAN, "", vendor) == other.profile
        for family in other.formats:
            assert holding(other.profile, WAN, family) == other.profile


def test_a_gguf_file_is_loaded_by_the_estimate_and_so_in_parts() -> None:
    """The estimate of the work is far above the work, and what it takes is not there for weights."""
    job = {"model": "wan2.1-t2v-14b", "gpu": "rtx-4080-super", "framework": "comfyui", "resolution": "1280x720"}
    made = {name: vidcalc.estimate(**job, precision=name) for name in ("gguf-q8_0", "fp8")}
    assert [each.plan["framework"] for each in made.values()] == ["comfyui-legacy", "comfyui"]
    gguf, fp8 = (each.memory.inference for each in made.values())
    assert gguf.verdict == fp8.verdict == "fits"
    assert gguf.streamed > 1.5 * fp8.streamed > 0


def test_a_mac_that_ran_it_is_said_to_run_it() -> None:
    """kijai/ComfyUI-WanVideoWrapper#1476: A14B in bf16 at 768x768, 81 frames, in the 128 GB of an M1 Ultra."""
    job = {"model": "wan2.2-t2v-a14b", "gpu": "m1-ultra", "resolution": "768x768", "frames": 81}
    for profile in ("wanvideo-wrapper", "comfyui"):
        assert vidcalc.estimate(**job, framework=profile).memory.inference.verdict in ("fits", "tight")
    # the scores of each of its 40 heads take 9 GB
    assert vidcalc.estimate(**job, framework="diffusers").memory.inference.verdict == "too_big"


def test_mlx_has_a_fused_kernel() -> None:
    job = {"model": "wan2.1-t2v-14b", "gpu": "m3-ultra", "framework": "mlx-video"}
    assert vidcalc.estimate(**job).memory.inference.denoiser_activation_peak < 16 * 2**30
