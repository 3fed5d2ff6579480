"""The makers' own Wan is the published network: the same weights and FLOPs, other intermediates."""

import pytest

from vidcalc.catalog import fill
from vidcalc.ledger.unroll import unroll
from vidcalc.passes import framework
from vidcalc.rates.machines import hardware
from vidcalc.tape.trace import trace


def forwards(name, profile, width=832):
    """The denoiser's forward as it is published, and as the framework runs it."""
    model = fill.model(name)
    whole = unroll(model, fill.workload(model, width=width, height=480, frames=81))
    theirs = framework.networks(whole, fill.plan(model, framework=profile), hardware("h100-sxm"))
    calls = whole.forward.call, theirs.forward.call
    return [(call.shape, trace(call.component, "forward", call.shape, "bf16")) for call in calls]


@pytest.mark.parametrize("name", ["wan2.1-t2v-14b", "wan2.1-i2v-14b-720p", "wan2.2-t2v-a14b"])
@pytest.mark.parametrize("profile", ["wan-official", "wan-official-2.2"])
def test_weights_and_flops_are_those_of_the_network(name, profile):
    (shape, ours), (_, theirs) = forwards(name, profile)
    assert theirs.parameter_count == ours.parameter_count
    per_token = shape.frames * (shape.height // 2) * (shape.width // 2)
    more = per_token / ours.flops * 2 * 5120 * (256 + 5120 + 6 * 5120)  # a timestep for each token
    assert theirs.flops / ours.flops == pytest.approx(1 + more * (profile == "wan-official-2.2"), rel=1e-4)


def test_a_token_of_wan_22_holds_twice_what_one_of_wan_21_does():
    peaks = {
        (profile, width): forwards("wan2.2-t2v-a14b", profile, width)[1][1].peak
        for profile in ("wan-official", "wan-official-2.2")
        for width in (832, 1664)
    }
    slopes = {name: peaks[name, 1664] - peaks[name, 832] for name in ("wan-official", "wan-official-2.2")}
    assert 1.9 < slopes["wan-official-2.2"] / slopes["wan-official"] < 2.3  # 0.44 and 0.21 MiB in the published tables
