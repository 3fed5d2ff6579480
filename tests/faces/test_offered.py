"""What a framework does not have is refused where it is named, and said where it is not."""

import pytest

import vidcalc
from vidcalc.base.errors import InputError
from vidcalc.catalog.frameworks import names
from vidcalc.catalog.load import table
from vidcalc.catalog.offered import ORDER, near, offered
from vidcalc.describe.plan import SETTINGS, WAYS

WAN = "wan2.1-t2v-1.3b"


@pytest.mark.parametrize(
    ("asked", "flag", "nearest", "told"),
    [
        ({"framework": "comfyui", "offload": "sequential"}, "--offload", "partial", "none, partial"),
        ({"framework": "comfyui-legacy", "offload": "model"}, "--offload", "partial", "none, partial"),
        ({"framework": "diffusers", "offload": "block-swap:20"}, "--offload", "group", "wanvideo-wrapper"),
        ({"framework": "diffusers-0.31", "offload": "group"}, "--offload", "sequential", "diffusers-0.35"),
        ({"framework": "wan2gp", "parallel": "ulysses=2"}, "--parallel", None, "xdit"),
        ({"framework": "wan2gp-3", "parallel": "ulysses=2"}, "--parallel", None, "xdit"),
        ({"framework": "wan-official", "parallel": "ulysses=2,cfg=2"}, "--parallel", "ulysses=2", "xdit"),
        ({"framework": "mlx-video", "gpu": "h100"}, "--gpu", "m5-pro", "Apple"),
    ],
)
def test_what_a_framework_does_not_have_is_refused(asked, flag, nearest, told):
    with pytest.raises(InputError) as refused:
        vidcalc.estimate(WAN, **asked)
    assert (refused.value.flag.replace("--", ""), refused.value.nearest) == (flag.replace("--", ""), nearest)
    assert told in str(refused.value)


def test_ways_to_scale_are_those_of_the_framework_named():
    with pytest.raises(InputError, match="xdit"):
        vidcalc.scale(WAN, framework="diffusers", gpus=2, parallel="cfg")


@pytest.mark.parametrize("asked", [{"offload": "block-swap:20"}, {"parallel": "cfg=2"}])
def test_where_no_framework_is_named_it_is_calculated_and_said(asked):
    found = vidcalc.estimate(WAN, gpu="h100", **asked)
    assert "not_of_framework" in {warning.id for warning in found.warnings}
    assert "not_of_framework" not in {warning.id for warning in vidcalc.estimate(WAN, gpu="h100").warnings}


@pytest.mark.parametrize("name", names())
def test_what_a_framework_does_by_itself_it_has(name):
    from vidcalc.catalog.frameworks import framework

    profile = framework(name)
    has, facts = offered("offload", name), (profile.plan, *profile.for_networks.values(), *profile.for_models.values())
    said = {str(each["offload"]) for each in facts if "offload" in each} - {"by-card"}
    said |= {word for rows in profile.by_card.values() for _least, word in rows}
    assert has is None or said <= set(has)


def test_the_table_names_frameworks_and_ways_that_there_are():
    facts = table("offered")
    ways = {"parallel": set(WAYS), "offload": set(SETTINGS["offload"].words)}
    assert set(ORDER) == ways["offload"]
    for kind, allowed in ways.items():
        listed = {name: each for name, each in facts[kind].items() if name not in ("source", "sources")}
        assert set(listed) <= set(names())
        assert all(set(each) <= allowed for each in listed.values())


def test_the_nearest_way_leaves_nearly_as_much():
    assert near("block-swap", ("none", "model", "group")) == "group"
    assert near("sequential", ("none", "partial")) == "partial"


@pytest.mark.parametrize("kind", ["parallel", "offload"])
def test_an_older_profile_of_a_program_is_listed_beside_it(kind):
    listed = {name for name in table("offered")[kind] if name not in ("source", "sources")}
    older = {name for name in names() for other in listed if name.startswith((f"{other}-20", f"{other}-0."))}
    assert older <= listed


def test_copies_that_stay_are_pinned(ask):
    done = ask(
        "estimate", "-m", "wan2.1-t2v-1.3b", "--framework", "sglang", "--offload", "group", "--offload-to", "disk"
    )
    assert done.code == 2
    assert "--offload-to 'disk'; allowed: pinned" in done.err


def test_where_the_card_decides_other_ways_are_advised():
    report = vidcalc.estimate("wan2.1-t2v-14b", gpu="rtx-3090", framework="sglang")
    assert report.memory.inference.verdict == "too_big"
    assert any("offload" in way.changes for way in report.memory.inference.relief)
