"""The benchmark of this machine gives a calibration that works, and a real network runs as predicted."""

from collections.abc import Callable
from math import inf

import msgspec
import pytest
import torch

from vidcalc.base.errors import InputError, Unreadable
from vidcalc.catalog.fill import model
from vidcalc.catalog.models import names
from vidcalc.describe.geometry import snap
from vidcalc.rates.calibration import calibrated, written
from vidcalc.rates.machines import hardware, machine
from vidcalc.reference import bench, running
from vidcalc.reference.classes import build
from vidcalc.reference.denoisers import CALLS
from vidcalc.reference.real import DRAWN, filled, random
from vidcalc.reference.running import Job, Part, run
from vidcalc.reference.slices import depths, shallower, slice_of

SIZE = "128x128x5"
# what classes refuse to be smaller than: one picture (ConsisID), one length (Latte), so many neighbours
OWN_SIZE = {
    "consisid": (720, 480, 5),
    "latte-1": (64, 64, 16),
    "kandinsky6-sr": (256, 256, 5),
    "ltx-2.5-diffusion-decoder": (256, 256, 17),
}
HUGE = 10**15  # weights of a network that states none


@pytest.fixture(scope="module")
def small() -> pytest.MonkeyPatch:
    """Shapes that take milliseconds on a CPU."""
    patch = pytest.MonkeyPatch()
    patch.setattr(bench, "PRODUCTS", {"cpu": ((128, 256, 256), (256, 256, 128))})
    patch.setattr(bench, "LENGTHS", {"cpu": (32, 64, 256)})
    patch.setattr(bench, "CONVOLUTIONS", {"cpu": ((8, 8, 3, 8, 8),)})
    patch.setattr(bench, "COPIED", {"cpu": 2**22})
    return patch


@pytest.fixture(scope="module")
def calibration(small: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> str:
    told: list[float] = []
    found = bench.benchmark("cpu", 0.5, lambda _what, done: told.append(done))
    small.undo()
    assert told == sorted(told)
    assert set(found) >= {"gemm", "attention", "convolution", "copy"}
    path = tmp_path_factory.mktemp("calibration") / "here.toml"
    path.write_text(written(found, "2026-11-22"), encoding="utf-8")
    return str(path)


def test_this_machine_becomes_an_accelerator(calibration: str) -> None:
    chip = calibrated(calibration)
    assert {"fp32", "bf16"} <= set(chip.peaks)
    assert chip.bandwidth is not None
    assert 1e8 < chip.bandwidth < 1e13


def alone(found: list[Part]) -> Part:
    """The one part of a run, which has figures."""
    (part,) = found
    assert not part.reason, part.reason
    return part


@pytest.mark.parametrize("name", ["wan2.1-t2v-1.3b", "cogvideox-2b", "ltx-video-2b"])
def test_a_slice_of_a_real_network_holds_what_is_predicted(name: str, calibration: str) -> None:
    """On real tensors, not on the meta device: weights are equal, live activations within 2 %."""
    part = alone(run(model(name), machine(calibrated(calibration)), "cpu", SIZE, 1, "fp32", 1).parts)
    assert part.weights and part.activations and part.time
    assert part.weights.ratio == 1
    assert part.activations.ratio == pytest.approx(1, abs=0.02)
    assert part.time.measured > 0
    assert part.time.predicted
    assert (part.time.low or 0) <= part.time.predicted <= (part.time.high or 0)


LARGE = {"ltx-2.5-diffusion-decoder"}  # pictures are its tokens: its smallest size takes over 20 GiB on a CPU


def smallest() -> dict[str, str]:
    """Of each class that can be called, the model with the fewest weights; without the LARGE ones."""
    found: dict[str, tuple[float, str]] = {}
    for name in names():
        own = model(name).denoiser
        if own.class_ in CALLS and name not in LARGE:
            found[own.class_] = min(found.get(own.class_, (inf, "")), (own.params or HUGE, name))
    return {class_: name for class_, (_, name) in found.items()}


def smallest_job(name: str, precision: str) -> Job:
    """One layer of a model at the smallest size that its class takes, on the CPU."""
    known = model(name)
    sides = OWN_SIZE.get(name) or snap(known, 64, 64, 5)
    layers = 1 if depths(known.denoiser.config) else None
    return Job(known, hardware("h100-sxm"), "cpu", "x".join(map(str, sides)), 1, precision, layers)


@pytest.mark.parametrize("name", [*smallest().values()])
def test_every_class_that_is_offered_runs(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One layer of it at the smallest size: its weights are those predicted, the call goes through, and once again.

    In fp32: convolutions in bf16 take a CPU fifty times as long.
    """
    monkeypatch.setattr(running, "timed", once)
    part = alone(run(*msgspec.structs.astuple(smallest_job(name, "fp32"))).parts)
    assert part.weights and part.activations
    assert part.weights.ratio == 1
    assert part.activations.measured > 0


def once(call: Callable[[], object], *_: object, **__: object) -> float:
    """In the place of a measurement, which others prove: one call."""
    with torch.no_grad():
        call()
    return 1.0


@pytest.mark.parametrize("name", [*smallest().values()])
def test_what_stays_wide_in_bf16_is_predicted(name: str) -> None:
    """Some classes keep a part of their weights in fp32: counted, not run."""
    job = smallest_job(name, "bf16")
    cut = slice_of(job.model.denoiser, job.layers)
    found = job.expected("denoiser", cut)
    assert found
    assert found.weights == sum(
        each.numel() * each.element_size() for each in build(cut.class_, cut.config, "bf16").parameters()
    )


@pytest.mark.parametrize(
    ("name", "parts"),
    [("ltx-video-2b", ("text_encoder", "vae_decode", "train")), ("svd", ("image_encoder", "vae_encode"))],
)
def test_every_part_runs_beside_its_prediction(name: str, parts: tuple[str, ...], calibration: str) -> None:
    here = machine(calibrated(calibration))
    # of SVD's decoder a single layer would have an attention that it never runs
    found = run(model(name), here, "cpu", "64x64x9", 1, "fp32", 2 if name == "svd" else 1, parts).parts
    assert {part.part for part in found} == set(parts)
    for part in found:
        assert part.time and part.weights and part.activations, part.reason
        assert part.weights.ratio == pytest.approx(1, abs=0.01), part.part
        assert part.activations.ratio == pytest.approx(1, abs=0.05), part.part


def test_what_no_job_of_the_model_runs_has_no_prediction(calibration: str) -> None:
    """The encoding of a model that is given a text alone."""
    here = machine(calibrated(calibration))
    part = alone(run(model("ltx-video-2b"), here, "cpu", "64x64x9", 1, "fp32", 1, ("vae_encode",)).parts)
    assert part.time
    assert (part.time.predicted, part.time.ratio) == (None, None)


def test_a_part_that_fails_says_why_and_the_rest_goes_on(calibration: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> object:
        raise RuntimeError("no kernel image\nand more")

    monkeypatch.setattr("vidcalc.reference.running.call_of", broken)
    parts = ("denoiser", "vae_decode")
    found = run(model("ltx-video-2b"), machine(calibrated(calibration)), "cpu", SIZE, 1, "fp32", 1, parts).parts
    assert [(part.part, part.reason) for part in found] == [
        ("denoiser", ""),
        ("vae_decode", "RuntimeError: no kernel image"),
    ]


class Shared(torch.nn.Module):
    """Two layers with one weight, a tensor in a plain attribute, and tensors in a list."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = torch.nn.Linear(4, 4, bias=False), torch.nn.Linear(4, 4, bias=False)
        self.two.weight = self.one.weight
        self.plain = torch.ones(3, device="meta")
        self.several = [torch.ones(2, device="meta"), (torch.ones(1, dtype=torch.long, device="meta"),)]
        self.register_buffer("table", torch.ones(5))


def test_what_is_shared_stays_shared_and_plain_tensors_come_along() -> None:
    with torch.device("meta"):  # moved there afterwards, each would get a weight of its own
        empty = Shared()
    made = filled(empty, "cpu")
    assert made.one.weight is made.two.weight
    assert isinstance(made.one.weight, torch.nn.Parameter)
    assert len(list(made.parameters())) == 1
    assert {each.device.type for each in (made.plain, made.several[0], made.several[1][0], made.table)} == {"cpu"}
    assert made.one.weight.abs().max() > 0
    assert made.several[1][0].item() == 0


def test_fewer_layers_are_asked_of_each_kind() -> None:
    config = {"num_layers": 20, "num_single_layers": 40, "width": 3}
    assert shallower(config, 2) == {"num_layers": 2, "num_single_layers": 2, "width": 3}
    assert shallower(config, None) == config
    face = {"num_layers": 40, "inject_face_latents_blocks": 5}
    assert shallower(face, 1)["num_layers"] == 5  # the first layer of every five has a part more
    assert shallower({"num_layers": 9, "vace_layers": [0, 1, 5]}, 2) == {"num_layers": 2, "vace_layers": [0, 1]}
    pair = {"network": {"num_layers": 9, "layers_per_block": 2}, "control": {"n_controlnet_blocks": 4}}
    cut = {"network": {"num_layers": 1, "layers_per_block": 2}, "control": {"n_controlnet_blocks": 1}}
    assert shallower(pair, 1) == cut  # a U-Net takes its ControlNet's hints layer by layer: both are cut, or none
    both = {"network": {"layers_per_block": 2}, "control": {"layers_per_block": 2}}
    assert shallower(both, 1) == {"network": {"layers_per_block": 1}, "control": {"layers_per_block": 1}}
    with pytest.raises(Unreadable):
        shallower({"block_out_channels": [1, 2]}, 2)


def test_what_cannot_run_is_refused(calibration: str) -> None:
    here = machine(calibrated(calibration))
    with pytest.raises(Unreadable):
        run(model("sora"), here, "cpu", SIZE, 1, "fp32", 1)
    with pytest.raises(InputError):
        run(model("wan2.1-t2v-1.3b"), here, "cpu", SIZE, 1, "nf4", 1)


def test_a_kernel_that_is_not_there_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(*_: object) -> object:
        raise RuntimeError("no such kernel")

    monkeypatch.setattr(bench, "scaled_dot_product_attention", absent)
    monkeypatch.setattr(bench, "PRODUCTS", {"cpu": ((8, 8, 8),)})
    monkeypatch.setattr(bench, "CONVOLUTIONS", {"cpu": ()})
    monkeypatch.setattr(bench, "COPIED", {"cpu": 2**10})
    found = bench.benchmark("cpu", 0.1)
    assert "attention" not in found
    assert found["torch"] == torch.__version__


def test_large_tensors_repeat_what_is_drawn() -> None:
    made = random(torch.empty(DRAWN * 2 + 5))
    assert torch.equal(made[:DRAWN], made[DRAWN : 2 * DRAWN])
    assert torch.equal(made[:5], made[2 * DRAWN :])
    assert made.std() == pytest.approx(0.02, rel=0.01)
    assert random(torch.ones(3, dtype=torch.long)).tolist() == [0, 0, 0]
