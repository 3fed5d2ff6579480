"""What a framework settles by the card or by how many there are, where nothing is said: kernels and sharing."""

from math import prod

import pytest

from vidcalc.calculate import calculate
from vidcalc.catalog import fill
from vidcalc.faces.requests.estimate import request
from vidcalc.passes.formats import by_card
from vidcalc.rates.machines import accelerator


@pytest.mark.parametrize(
    ("profile", "card", "kernel"),
    [
        ("sglang", "a100-sxm-80gb", "flash"),
        ("sglang", "h100-sxm", "flash"),
        ("sglang", "b200", "cudnn"),
        ("sglang", "rtx-5090", "sdpa"),
        ("sglang", "mi300x", "flash"),
        ("xdit", "h100-sxm", "cudnn"),
        ("xdit", "rtx-4090", "cudnn"),
        ("xdit", "mi300x", "sdpa"),
        ("xdit-2025-01", "h100-sxm", "sdpa"),
        ("skyreels-v1-official", "a800-80gb", "flash"),
        ("skyreels-v1-official", "rtx-4090", "sage1"),
        ("cosmos-official", "a100-sxm-80gb", "flash"),
        ("cosmos-official", "h100-sxm", "cudnn"),
    ],
)
def test_the_attention_kernel_of_a_card(profile: str, card: str, kernel: str) -> None:
    plan = fill.plan(fill.model("wan2.1-t2v-1.3b"), framework=profile)
    assert by_card(plan, accelerator(card)).attention == kernel
    asked = fill.plan(fill.model("wan2.1-t2v-1.3b"), framework=profile, attention="math")
    assert by_card(asked, accelerator(card)).attention == "math"
    report = calculate(*request({"model": "wan2.1-t2v-1.3b", "gpu": card, "framework": profile}))
    assert report.plan["attention"] == kernel


@pytest.mark.parametrize(
    ("profile", "model", "gpus", "degrees"),
    [
        ("sglang", "wan2.1-t2v-14b", 1, {}),
        ("sglang", "wan2.1-t2v-14b", 2, {"guidance_degree": 2}),
        ("sglang", "wan2.1-t2v-14b", 4, {"guidance_degree": 2, "gather_degree": 2}),
        ("sglang", "wan2.1-t2v-14b", 8, {"guidance_degree": 2, "ulysses_degree": 4}),
        ("sglang", "hunyuanvideo-t2v", 2, {"gather_degree": 2}),  # no guidance
        ("sglang", "ltx-2", 2, {"guidance_degree": 2}),
        ("sglang", "ltx-2", 4, {"ulysses_degree": 4}),
        ("fastvideo", "wan2.1-t2v-1.3b", 4, {"ulysses_degree": 4}),
        ("diffusers", "wan2.1-t2v-14b", 4, {}),
    ],
)
def test_gpus_share_a_video_where_the_framework_does_so_by_itself(
    profile: str, model: str, gpus: int, degrees: dict[str, int]
) -> None:
    asked = request({"model": model, "gpu": "h100-sxm", "gpus": gpus, "framework": profile})
    names = ("guidance_degree", "gather_degree", "ulysses_degree", "ring_degree", "tensor_degree")
    assert {name: getattr(asked.plan, name) for name in names if getattr(asked.plan, name) != 1} == degrees
    calculate(*asked)


def test_what_is_said_of_sharing_holds() -> None:
    said = {"model": "wan2.1-t2v-14b", "gpu": "h100-sxm", "framework": "sglang", "parallel": {"ring_degree": 4}}
    plan = request(said).plan
    assert (plan.ring_degree, plan.guidance_degree, plan.ulysses_degree) == (4, 1, 1)


def test_thresholds_are_of_the_memory_that_is_free() -> None:
    """A card of 60 GiB has less than that free, and the network moves; one a little larger keeps it."""
    from msgspec.structs import replace

    from vidcalc.passes import generation
    from vidcalc.passes.offload import chosen
    from vidcalc.rates.machines import machine

    model = fill.model("wan2.1-t2v-14b")
    workload, plan = fill.workload(model, width=512, height=320, frames=17), fill.plan(model, framework="sglang")
    for gibibytes, word in ((60, "model"), (61, "none")):
        chip = replace(accelerator("h100-sxm"), memory_torch=gibibytes * 2**30)
        ledger = generation(model, workload, machine(chip), plan)[0]
        assert chosen(plan, ledger, chip) == word


def test_a_decode_is_shared_by_the_ranks_of_the_tokens_or_by_all() -> None:
    def decode(framework: str, **parallel: int) -> float:
        gpus = prod(parallel.values())
        asked = {"model": "skyreels-v1-i2v", "gpu": "a800-80gb", "gpus": gpus, "framework": framework}
        return float(calculate(*request({**asked, "parallel": parallel})).time.inference.vae_decode)

    one, four = (decode("skyreels-v1-official", ulysses_degree=many) for many in (1, 4))
    assert four < 0.35 * one
    assert decode("skyreels-v1-official", ulysses_degree=2, guidance_degree=2) == pytest.approx(four)
    assert decode("xdit-2025-01", ulysses_degree=4) == pytest.approx(decode("xdit-2025-01", ulysses_degree=1))
