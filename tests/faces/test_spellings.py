"""The field's own spellings: repositories, file names, number formats, kernels, cards."""

from typing import Any

import pytest

from vidcalc.base.errors import UnknownName
from vidcalc.catalog import load
from vidcalc.catalog.accelerators import resolve
from vidcalc.catalog.models import model
from vidcalc.catalog.precisions import choices
from vidcalc.catalog.spellings import attention, precision, precision_of, recognised
from vidcalc.rates.attention_curves import KERNELS

REPOSITORIES = {
    "Wan-AI/Wan2.1-T2V-14B": "wan2.1-t2v-14b",
    "Wan-AI/Wan2.2-TI2V-5B-Diffusers": "wan2.2-ti2v-5b",
    "Wan-AI/Wan2.2-Animate-14B": "wan2.2-animate-14b",
    "Lightricks/LTX-2": "ltx-2",
    "Lightricks/LTX-Video": "ltx-video-2b",
    "genmo/mochi-1-preview": "mochi-1-preview",
    "tencent/HunyuanVideo": "hunyuanvideo-t2v",
    "tencent/HunyuanVideo-1.5": "hunyuanvideo-1.5",
    "THUDM/CogVideoX-5b": "cogvideox-5b",
    "Skywork/SkyReels-V2-T2V-14B-540P-Diffusers": "skyreels-v2-t2v-14b",
    "meituan-longcat/LongCat-Video": "longcat-video",
    "rhymes-ai/Allegro": "allegro",
}
FORMATS = {
    "Q4_K_M": "gguf-q4_k",
    "fp8_e4m3fn": "fp8",
    "fp8_e4m3fn_scaled": "fp8-scaled",
    "int8_convrot": "int8-dynamic",
    "bfloat16": "bf16",
    "nf4": "nf4",
}
CARDS = (
    *("4070", "4060", "4080", "3070", "3090 Ti", "2060", "2080 Ti", "RTX 5070", "4070 Ti", "RTX 3050", "TITAN RTX"),
    *(
        "4090 Laptop",
        "RTX 5090 Laptop",
        "3070 mobile",
        "L20",
        "A2",
        "RTX A5000",
        "RTX 4000 Ada",
        "RTX PRO 5000",
        "RTX PRO 4500",
    ),
    *("B60", "Arc B70", "A770", "RX 9070 XT", "RX 7800 XT", "RX 6900 XT", "W7900", "M1 Ultra", "M5 Max", "M2 Max"),
)


@pytest.mark.parametrize("name", REPOSITORIES)
def test_a_repository_is_its_model(name: str) -> None:
    assert model(name).name == REPOSITORIES[name]


@pytest.mark.parametrize("word", FORMATS)
def test_a_format_is_read_however_it_is_spelled(word: str, ask: Any) -> None:
    assert precision(word) == FORMATS[word]
    assert ask("estimate", "-m", "wan2.1-t2v-1.3b", "--precision", word, "--json").code == 0


@pytest.mark.parametrize("word", ["native", "_native_cudnn", "flash_hub", "sage", "_flash_3_hub"])
def test_a_kernel_is_read_however_it_is_spelled(word: str, ask: Any) -> None:
    assert ask("estimate", "-m", "wan2.1-t2v-1.3b", "--gpu", "h100", "--attention", word, "--json").code == 0


def test_every_spelling_stands_for_what_there_is() -> None:
    table = load.table("spellings")
    assert set(table["precision"].values()) <= set(choices())
    assert set(table["attention"].values()) <= {*KERNELS, "sdpa"}
    assert attention("whatever") == "whatever" and precision("whatever") == "whatever"


def test_a_file_s_name_says_model_and_format_and_what_else() -> None:
    found = recognised("wan2.2_t2v_high_noise_14B_fp8_scaled.safetensors")
    assert found is not None and (found.model, found.beside) == ("wan2.2-t2v-a14b", ())
    assert precision_of("wan2.2_t2v_high_noise_14B_fp8_scaled.safetensors") == "fp8-scaled"
    more = recognised("minimax_h3_fl2va_turbo_bf16.safetensors")
    assert more is not None and (more.model, more.beside) == ("minimax-h3", ("turbo",))
    less = recognised("minimax_h3_fl2va_pruned_int8_convrot.safetensors")
    assert less is not None and (less.model, less.beside) == ("minimax-h3-pruned", ())
    assert recognised("dog.safetensors") is None


@pytest.mark.parametrize("name", CARDS)
def test_a_card_that_runs_video_is_known(name: str, ask: Any) -> None:
    assert ask("estimate", "-m", "wan2.1-t2v-1.3b", "--gpu", name, "--json").code == 0


@pytest.mark.parametrize(
    ("wrong", "near"),
    [
        ("3075", "rtx-3080-10gb"),
        ("RTX 4085", "rtx-4080"),
        ("2065", "rtx-2060"),
        ("RX 9080", "rx-9070"),
        ("m7-max", "m5-max"),
    ],
)
def test_the_nearest_card_is_near_in_kind(wrong: str, near: str) -> None:
    with pytest.raises(UnknownName) as refused:
        resolve(wrong)
    found = str(refused.value.nearest)
    assert (
        load.entry("accelerators", found)["architecture"].split()[0]
        == load.entry("accelerators", near)["architecture"].split()[0]
    )


@pytest.mark.parametrize(
    ("wrong", "near"),
    [
        ("4090 64gb", "rtx-4090"),
        ("3070 16gb", "rtx-3070"),
        ("b150", "b100"),
        ("b120", "b100"),
        ("1080 ti", "gtx-1660ti"),
        ("gtx 1670", "gtx-1660"),
        ("rtx 6000 pro", "rtx-pro-6000-blackwell"),
        ("6650", "rx-6650xt"),
        ("a1500", "rtx-a1000"),
    ],
)
def test_the_nearest_card_is_of_its_series_whatever_its_memory(wrong: str, near: str) -> None:
    with pytest.raises(UnknownName) as refused:
        resolve(wrong)
    assert refused.value.nearest == near


@pytest.mark.parametrize(
    ("said", "id_"),
    [
        ("4090 48gb", "rtx-4090-48gb"),
        ("2080ti 22gb", "rtx-2080ti-22gb"),
        ("1660", "gtx-1660"),
        ("GTX 1650", "gtx-1650"),
        ("GeForce GTX 1660 Ti", "gtx-1660ti"),
        ("RX 6600", "rx-6600"),
        ("6700 XT", "rx-6700xt"),
        ("RTX A1000", "rtx-a1000"),
        ("A3000", "rtx-a3000-laptop"),
        ("RTX 3500 Ada", "rtx-3500-ada-laptop"),
        ("Strix Halo", "strix-halo"),
        ("Ryzen AI Max+ 395", "strix-halo"),
        ("MI210", "mi210"),
        ("B100", "b100"),
        ("Apple M3", "m3"),
        ("m5 pro", "m5-pro"),
    ],
)
def test_cards_and_chips_that_people_have(said: str, id_: str) -> None:
    assert resolve(said) == id_


@pytest.mark.parametrize(
    ("said", "id_"),
    [
        ("chronoedit", "chronoedit-14b"),
        ("lucy-edit", "lucy-edit-dev"),
        ("wan2.1-ati-14b", "wan2.1-ati-14b-480p"),
        ("krea/krea-realtime-video", "krea-realtime-14b"),
        ("stabilityai/stable-video-diffusion-img2vid-xt", "svd-xt"),
        ("stabilityai/stable-video-diffusion-img2vid", "svd"),
        ("kandinskylab/Kandinsky-5.0-T2V-Lite-sft-5s", "kandinsky5-lite"),
        ("kandinskylab/Kandinsky-5.0-T2V-Lite-sft-5s-Diffusers", "kandinsky5-lite"),
        ("BestWishYsh/Helios-Base", "helios"),
        ("Wan-AI/Wan2.2-Animate-14B", "wan2.2-animate-14b"),
    ],
)
def test_models_by_their_makers_names(said: str, id_: str) -> None:
    assert model(said).name == id_


@pytest.mark.parametrize(
    ("said", "several"),
    [
        ("humo", {"humo-17b", "humo-1.7b"}),
        ("bytedance-research/HuMo", {"humo-17b", "humo-1.7b"}),
        ("phantom", {"phantom-wan-1.3b", "phantom-wan-14b"}),
        ("seedvr2", {"seedvr2-3b", "seedvr2-7b"}),
        ("anyflow", {"anyflow-wan2.1-t2v-1.3b", "anyflow-far-wan2.1-14b"}),
    ],
)
def test_a_name_of_several_models_lists_them(said: str, several: set[str]) -> None:
    with pytest.raises(UnknownName) as refused:
        model(said)
    assert several <= set(refused.value.allowed)
    assert refused.value.nearest in refused.value.allowed


def test_a_name_of_no_model_lists_none() -> None:
    for said in ("foo", "x", "-", "someone/else"):
        with pytest.raises(UnknownName) as refused:
            model(said)
        assert not refused.value.allowed
