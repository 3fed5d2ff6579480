"""The makers' own Wan is the published network: the same weights and FLOPs, other intermediates."""

import pytest
from msgspec.structs import replace

from vidcalc.catalog import fill
from vidcalc.catalog.frameworks import executed
from vidcalc.ledger.unroll import denoiser_shape
from vidcalc.tape.trace import trace


@pytest.mark.parametrize("name", ["wan2.1-t2v-14b", "wan2.1-i2v-14b-720p", "wan2.2-t2v-a14b"])
@pytest.mark.parametrize("profile", ["wan-official", "wan-official-2.2"])
def test_weights_and_flops_are_those_of_the_network(name, profile):
    model = fill.model(name)
    workload = fill.workload(model, width=832, height=480, frames=81)
    shape = denoiser_shape(model, workload, 1)
    ours = trace(model.denoiser, "forward", shape, "bf16")
    theirs = trace(executed(model, profile).denoiser, "forward", shape, "bf16")
    assert theirs.parameter_count == ours.parameter_count
    per_token = shape.frames * (shape.height // 2) * (shape.width // 2)
    more = per_token / ours.flops * 2 * 5120 * (256 + 5120 + 6 * 5120)  # a timestep for each token
    assert theirs.flops / ours.flops == pytest.approx(1 + more * (profile == "wan-official-2.2"), rel=1e-4)


def test_a_token_of_wan_22_holds_twice_what_one_of_wan_21_does():
    model = fill.model("wan2.2-t2v-a14b")
    peaks = {}
    for profile in ("wan-official", "wan-official-2.2"):
        for width in (832, 1664):
            shape = denoiser_shape(model, fill.workload(model, width=width, height=480, frames=81), 1)
            component = replace(executed(model, profile).denoiser)
            peaks[profile, width] = trace(component, "forward", shape, "bf16").peak
    slopes = {name: peaks[name, 1664] - peaks[name, 832] for name in ("wan-official", "wan-official-2.2")}
    assert 1.9 < slopes["wan-official-2.2"] / slopes["wan-official"] < 2.3  # 0.44 and 0.21 MiB in the published tables
