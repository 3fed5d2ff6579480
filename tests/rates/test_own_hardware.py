"""GPUs of a user's own: facts replaced by name, files in the catalogue's layout, and peaks that look sparse."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from vidcalc.base.errors import InputError, Unreadable
from vidcalc.catalog import accelerators, load
from vidcalc.catalog.accelerators import link
from vidcalc.rates.collectives import collective
from vidcalc.rates.machines import accelerator
from vidcalc.rates.own import from_file, stated
from vidcalc.rates.traffic import bandwidth
from vidcalc.rates.transfer import relative, sparse
from vidcalc.rates.utilisation import attention, attention_kernels, convolution, gemm

LAYER = (75_600, 5120, 5120)
PLAIN = """
name = "Test card"
vendor = "NVIDIA"
class = "datacenter"
architecture = "Hopper GH100"
compute_capability = "9.0"
bandwidth = "4000 GB/s"
[memory]
marketed = "96 GB"
[peak]
fp32 = "67 TFLOP/s"
bf16 = "900 TFLOP/s"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "card.toml"
    path.write_text(PLAIN)
    return path


def test_a_name_alone_is_the_catalogues_own() -> None:
    assert stated("H100") is accelerator("h100-sxm")


def test_replaced_facts_are_used_and_the_rest_stays() -> None:
    base, mine = accelerator("h100-sxm"), stated("h100-sxm,memory=94GiB, tdp=650W,price=3.6USD/h,pcie=pcie4-x16")
    facts = mine.capacity, mine.tdp, mine.pcie
    assert facts == (94 * 2**30, 650, link("pcie4-x16"))
    assert [found.low for found in mine.prices if found.provider == "stated"] == [pytest.approx(0.001)]
    assert set(base.prices) < set(mine.prices)
    assert (mine.peaks, mine.bandwidth, mine.sources) == (base.peaks, base.bandwidth, base.sources)


def test_rates_follow_the_replaced_peak_and_say_so() -> None:
    base = accelerator("h100-sxm")
    mine = stated("h100-sxm,peak.bf16=494.5TFLOP/s,bandwidth=1675GB/s")
    before, after = gemm(base, "bf16", *LAYER), gemm(mine, "bf16", *LAYER)
    assert before.provenance == "measured"
    assert after.provenance == "assumed"
    assert after.likely == pytest.approx(before.likely / 2, rel=0.02)  # the start-up time does not shrink with it
    assert bandwidth(mine).likely == pytest.approx(bandwidth(base).likely / 2)
    kept = stated("h100-sxm,memory=94GiB")
    assert gemm(kept, "bf16", *LAYER) is not None
    assert gemm(kept, "bf16", *LAYER).provenance == before.provenance


@pytest.mark.parametrize(
    "fact", ["memory", "memory=94", "memory=94W", "memory=-1GiB", "memory=0GiB", "peak=9TFLOP/s", "peak.fp3=9TFLOP/s",
             "size=3", "fabric=rope", "tdp.x=3W", "price=free", "memory=1e999GiB", ""]
)  # fmt: skip
def test_a_wrong_fact_is_refused_with_examples(fact: str) -> None:
    with pytest.raises(InputError) as refused:
        stated(f"h100-sxm,{fact}")
    assert refused.value.flag == "gpu"
    assert refused.value.nearest in refused.value.allowed


def test_a_file_becomes_an_accelerator_with_its_relatives_rates(file: Path) -> None:
    mine = from_file(str(file))
    donor = accelerator(mine.like or "")
    assert donor.architecture.startswith("Hopper")
    share = mine.peak("bf16") / donor.peak("bf16")
    ours, theirs = gemm(mine, "bf16", *LAYER), gemm(donor, "bf16", *LAYER)
    assert ours.provenance == "assumed"
    assert ours.likely == pytest.approx(share * theirs.likely, rel=0.02)
    for kernel in attention_kernels(mine):
        assert attention(mine, kernel, "bf16", 128, 8192, 8192).likely > 0
    assert convolution(mine, "bf16", 10_000, 128, 128, 27).likely > 0
    assert collective(mine, "all_to_all").bus_bandwidth(2) > 0
    assert mine.cautions == ()


def test_every_accelerator_read_back_from_its_own_file_has_its_facts(tmp_path: Path) -> None:
    """The layout of a user's file is the catalogue's."""
    for name in load.names("accelerators"):
        path = Path(load.DATA) / "accelerators" / f"{name}.toml"
        mine, theirs = from_file(str(path)), accelerators.accelerator(name)
        assert mine.id != name
        facts = {"id": name, "like": None, "cautions": (), "collectives": (), "curves": None}
        assert replace(mine, **facts, per_node=theirs.per_node, prices=theirs.prices) == theirs
        assert set(theirs.prices) <= set(mine.prices)
        assert mine.cautions == ()


def test_files_of_one_name_are_chips_of_their_own(file: Path) -> None:
    first = from_file(str(file))
    file.write_text(PLAIN.replace("900", "800"))
    second = from_file(str(file))
    assert second.id == first.id
    faster, slower = (gemm(chip, "bf16", *LAYER).likely for chip in (first, second))
    assert slower == pytest.approx(faster * 8 / 9, rel=0.02)
    assert gemm(first, "bf16", *LAYER).likely == faster


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("[memory]", "[memory"), "not_toml"),
        (('bf16 = "900 TFLOP/s"', ""), None),
        (('marketed = "96 GB"', ""), "fact_missing"),
        (("96 GB", "96 W"), "fact_wrong"),
        (('"datacenter"', '"toaster"'), "fact_wrong"),
        (("[memory]", '[fabric]\nlink = "rope"\n[memory]'), "fact_wrong"),
        (("[memory]\n", "memory = 3\n#"), "fact_wrong"),
        (('"9.0"', "9.0"), "fact_wrong"),
        (('"9.0"', '"nine"'), "fact_wrong"),
        (("900 TFLOP/s", "0 TFLOP/s"), "fact_wrong"),
        (("4000 GB/s", "inf GB/s"), "fact_wrong"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(file: Path, change: tuple[str, str], problem: str | None) -> None:
    file.write_text(PLAIN.replace(*change))
    if problem is None:  # float32 alone is arithmetic enough
        assert from_file(str(file)).peak("bf16") == 67e12
        return
    with pytest.raises(Unreadable) as refused:
        from_file(str(file))
    assert refused.value.problem == problem


def test_a_doubled_peak_is_called_sparse() -> None:
    (caution,) = stated("h100-sxm,peak.bf16=1979TFLOP/s").cautions
    assert caution.id == "peak_with_sparsity"
    assert caution.values["precision"] == "bf16"
    assert stated("h100-sxm,peak.bf16=835TFLOP/s").cautions == ()


def test_a_file_with_sparse_peaks_is_called_so(file: Path) -> None:
    file.write_text(PLAIN.replace("900", "1979"))
    assert [caution.values["precision"] for caution in from_file(str(file)).cautions] == ["bf16"]


def test_no_accelerator_of_the_catalogue_looks_sparse_beside_itself() -> None:
    for name in load.names("accelerators"):
        chip = accelerator(name)
        assert sparse(chip.peaks, chip) == ()
        doubled = {precision: 2 * peak for precision, peak in chip.peaks.items()}
        told = {caution.values["precision"] for caution in sparse(doubled, chip)}
        assert told == {precision for precision in doubled if "accumulate" not in precision}


def test_the_nearest_relative_is_of_the_same_family() -> None:
    chip = accelerator("rtx-4090")
    assert accelerator(relative(replace(chip, id="mine"))).architecture.startswith("Ada")
