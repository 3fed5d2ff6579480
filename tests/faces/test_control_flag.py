"""--control and --references: networks beside a denoiser, pictures beside a prompt."""

import json
from typing import Any

import pytest

import vidcalc
from vidcalc.base.errors import InputError
from vidcalc.catalog import controls, fill, load
from vidcalc.faces.flags.inputs import Refused
from vidcalc.modelfiles.control import weights

WAN = {"model": "wan2.1-t2v-14b", "gpu": "h100"}


def asked(**flags: Any) -> Any:
    return vidcalc.estimate(**{**WAN, **flags}).to_dict()


def stage(report: Any, name: str) -> Any:
    return next(each for each in report["memory"]["inference"]["stages"] if each["id"] == name)


@pytest.mark.parametrize("name", load.names(controls.KIND))
def test_every_control_fits_a_model_and_has_the_weights_it_says(name: str) -> None:
    offer = controls.control(name)
    assert (offer.network is None) != (not offer.instead)
    models = [each for each in load.names("models") if _fits(name, each)]
    assert models, name
    if offer.network is not None and offer.network.params is not None:
        bare = weights(
            controls.control(name).network.__class__(network=offer.network.network, config=offer.network.config)
        )
        assert bare == offer.network.params


def _fits(name: str, model: str) -> bool:
    chosen = fill.model(model)
    return bool(chosen.denoiser.network) and name in controls.fitting(chosen)


def test_a_network_beside_the_denoiser_has_weights_hints_and_one_call_a_step() -> None:
    plain, steered = asked(), asked(control=["canny"])
    parts = {each["id"]: each for each in steered["model"]["components"]}
    control = parts["wan2.1-14b-controlnet"]
    assert control["role"] == "control"
    assert 2 <= control["bytes"] / control["params"] < 2.02  # bf16, but for norms and tables
    before, after = stage(plain, "denoise"), stage(steered, "denoise")
    # six hints of [32,760 tokens, 5,120] in bf16 wait while the denoiser runs
    assert after["activations"] - before["activations"] == 6 * 32_760 * 5_120 * 2
    assert after["weights"] - before["weights"] == control["bytes"]
    more = steered["compute"]["flops_denoise"] - plain["compute"]["flops_denoise"]
    assert 0 < more < 0.03 * plain["compute"]["flops_denoise"]
    assert steered["compute"]["denoiser_calls"] == plain["compute"]["denoiser_calls"]
    assert steered["time"]["inference"]["first_step"] > plain["time"]["inference"]["first_step"]


def test_two_of_one_kind_count_twice() -> None:
    plain, one, two = asked(), asked(control="canny"), asked(control=["canny", "depth"])
    flops = [each["compute"]["flops_denoise"] for each in (plain, one, two)]
    assert flops[2] - flops[1] == pytest.approx(flops[1] - flops[0])
    assert len(two["model"]["components"]) == len(one["model"]["components"]) + 1


def test_networks_of_one_step_come_to_the_device_together() -> None:
    resident = stage(asked(control="canny", offload="model"), "denoise")["resident"]
    assert resident["transformer"] and resident["wan2.1-14b-controlnet"]
    host = [
        asked(offload="model", **flags)["memory"]["inference"]["host"]["resident"]
        for flags in ({}, {"control": "canny"})
    ]
    assert host[1] - host[0] == resident["wan2.1-14b-controlnet"]


def test_a_job_of_a_chain_may_be_steered() -> None:
    jobs = vidcalc.chain("wan2.1-t2v-1.3b --control depth", "wan2.1-t2v-1.3b -s 4", gpu="4090").to_dict()["jobs"]
    control = next(each for each in jobs[0]["report"]["model"]["components"] if each["role"] == "control")
    assert jobs[1]["beside"] == control["bytes"]  # all else is in both


def test_offload_by_modules_keeps_no_idle_network() -> None:
    there = stage(asked(control="canny", offload="sequential"), "denoise")["resident"]
    assert sum(there.values()) < 1 << 30


def test_vace_within_the_denoiser_is_the_model_with_it() -> None:
    within, own = asked(control="vace"), asked(model="wan2.1-vace-14b")
    assert within["memory"]["inference"]["peak"] == own["memory"]["inference"]["peak"]
    assert within["compute"]["flops_per_forward"] == own["compute"]["flops_per_forward"]
    pair = asked(model="wan2.2-t2v-a14b", control="vace")
    assert pair["model"]["params_total"] == 2 * within["model"]["params"]


def test_controls_may_be_asked_for_in_any_order() -> None:
    one, other = asked(control=["canny", "vace"]), asked(control=["vace", "canny"])
    assert one["memory"] == other["memory"]
    assert one["compute"] == other["compute"]
    assert one["memory"]["inference"]["peak"] > asked(control="vace")["memory"]["inference"]["peak"]


@pytest.mark.parametrize("line", [["sparsectrl", "controlnet"], ["controlnet", "sparsectrl"], ["sparsectrl"] * 2])
def test_a_denoiser_has_one_control_within_it(line: list[str]) -> None:
    names = [f"animatediff-sd15-{each}" for each in line]
    assert asked(model="animatediff-sd15-v3", control=names[0])
    with pytest.raises(InputError, match=f"{names[1]}.*beside the denoiser: {names[0]} is within it"):
        asked(model="animatediff-sd15-v3", control=names)


@pytest.mark.parametrize(
    ("flags", "allowed"),
    [
        ({"control": "cany"}, "canny"),
        ({"control": "camera"}, "canny"),
        ({"control": "canny:x"}, "NAME"),
        ({"references": 1, "model": "phantom-wan-14b", "control": "nothing"}, ""),
        ({"references": 5, "model": "phantom-wan-14b"}, "0..4"),
        ({"references": "1,1,1", "model": "phantom-wan-14b"}, "IMAGES"),
        ({"references": 1}, ""),
        ({"control": "canny", "model": "hunyuanvideo-t2v"}, ""),
    ],
)
def test_what_a_model_has_not_is_refused_with_what_it_has(flags: dict[str, Any], allowed: str) -> None:
    with pytest.raises(InputError) as refused:
        asked(**flags)
    assert not allowed or allowed in [str(each) for each in refused.value.allowed] or isinstance(refused.value, Refused)


def test_references_are_latent_frames_beside_the_videos() -> None:
    tokens = [asked(model="wan2.1-vace-14b", references=count)["sequence"]["video_tokens"] for count in (0, 1, 2)]
    assert tokens[1] - tokens[0] == tokens[2] - tokens[1] == (480 // 16) * (832 // 16)


def test_each_reference_is_encoded_by_itself() -> None:
    two, four = (asked(model="phantom-wan-14b", references=count)["compute"]["parts"]["vae_encode"] for count in (2, 4))
    assert four["convolution"] == 2 * two["convolution"]


def test_a_reference_makes_no_more_sound() -> None:
    """LTX-2's keyframes lengthen the video's tokens, not the audio's."""
    plain, more = (asked(model="ltx-2", references=count) for count in ("0", "1"))
    assert more["sequence"]["video_tokens"] - plain["sequence"]["video_tokens"] == 16 * 24
    assert more["sequence"]["total"] - plain["sequence"]["total"] == 16 * 24


def test_pictures_of_a_size_of_their_own_are_rows_of_the_sequence() -> None:
    """MiniMax-H3 reads each at 2048 pixels: 4,096 rows in the sequence, and as many tokens that its encoder sees."""
    plain, more = (asked(model="minimax-h3", gpu="b200", references=count) for count in ("0", "1"))
    assert more["sequence"]["total"] - plain["sequence"]["total"] == 4096 + 4096
    assert more["sequence"]["text_tokens"] - plain["sequence"]["text_tokens"] == 4096
    assert more["sequence"]["video_tokens"] == plain["sequence"]["video_tokens"]


def test_a_control_of_a_file_is_the_catalogues(tmp_path: Any) -> None:
    named = asked(control="canny")
    config = {"_class_name": "WanControlnet", **controls.control("wan2.1-14b-controlnet").network.config}
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert asked(control=str(tmp_path / "config.json"))["compute"] == named["compute"]
    half = {**config, "num_layers": 3}
    (tmp_path / "half.json").write_text(json.dumps(half))
    fewer = asked(control=str(tmp_path / "half.json"))["compute"]["flops_denoise"]
    assert asked()["compute"]["flops_denoise"] < fewer < named["compute"]["flops_denoise"]
    (tmp_path / "other.json").write_text(json.dumps({**config, "_class_name": "FluxControlNetModel"}))
    with pytest.raises(InputError):
        asked(control=str(tmp_path / "other.json"))
