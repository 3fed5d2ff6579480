"""Long videos are made as their pipelines make them: windows with overlap, chunks after a cache, and never one pass."""

from itertools import count

import numpy as np
import pytest
from msgspec.structs import replace

from vidcalc.base.errors import InputError
from vidcalc.calculate import calculate
from vidcalc.catalog import fill
from vidcalc.catalog.windows import windowed
from vidcalc.describe.model import Model
from vidcalc.ledger.unroll import unroll
from vidcalc.ledger.windows import chunks
from vidcalc.rates.machines import hardware
from vidcalc.report.estimate import Report
from vidcalc.tape.trace import configuration, network


def skyreels(frames: int, base: int = 97, overlap: int = 17) -> int:
    """n_iter of diffusers' pipeline_skyreels_v2_diffusion_forcing.py, in its own steps."""
    if frames <= base:
        return 1
    latents, window, history = ((each - 1) // 4 + 1 for each in (frames, base, overlap))
    return 1 + (latents - window - 1) // (window - history) + 1


def animate(frames: int, segment: int = 77, previous: int = 1) -> int:
    """num_segments of diffusers' pipeline_wan_animate.py, in its own steps."""
    effective = segment - previous
    left = (frames - previous) % effective
    padded = frames + (effective - left if left else 0)
    return padded // effective


def static(latents: int, length: int, overlap: int) -> int:
    """Windows of ComfyUI's static standard schedule: each begins `length - overlap` after the one before."""
    return next(k + 1 for k in count() if k * (length - overlap) + length >= latents)


def report(name: str, **sizes: int) -> Report:
    chosen = fill.model(name)
    return calculate(chosen, fill.workload(chosen, **sizes), hardware("h100-sxm", 1), fill.plan(chosen))


def windows(model: Model, frames: int) -> int:
    return int(chunks(model, fill.workload(model, frames=frames)))


@pytest.mark.parametrize("frames", [81, 97, 101, 177, 181, 257, 377, 737])
def test_skyreels_counts_windows_as_its_pipeline_does(frames: int) -> None:
    assert windows(fill.model("skyreels-v2-df-1.3b"), frames) == skyreels(frames)


@pytest.mark.parametrize("frames", [77, 78, 153, 154, 300, 305, 308, 381, 1000])
def test_animate_counts_segments_as_its_pipeline_does(frames: int) -> None:
    assert windows(fill.model("wan2.2-animate-14b"), frames) == animate(frames)


@pytest.mark.parametrize(("frames", "latents"), [(257, 65), (161, 41), (1025, 257)])
def test_stated_windows_are_counted_in_latent_frames(frames: int, latents: int) -> None:
    model = windowed(fill.model("wan2.1-t2v-14b"), 81, 16)
    assert windows(model, frames) == static(latents, 21, 4)


def test_no_window_sees_more_than_a_window() -> None:
    one, three = report("skyreels-v2-df-1.3b", frames=97), report("skyreels-v2-df-1.3b", frames=257)
    assert three.sequence.video_tokens == one.sequence.video_tokens == 25 * 34 * 60
    assert three.compute.chunks == 3
    assert three.compute.flops_denoise == 3 * one.compute.flops_denoise
    assert three.compute.denoiser_calls == 3 * 50 * 2


@pytest.mark.parametrize(
    ("name", "frames", "counted"),
    [
        ("longcat-video", 300, 4),  # 93 + 3 x 80
        ("infinitetalk-14b", 1000, 14),  # 81 + 13 x 72
        ("multitalk-14b", 1000, 18),  # 81 + 17 x 56
        ("wan2.2-s2v-14b", 240, 3),
    ],
)
def test_talking_and_continued_videos_go_clip_by_clip(name: str, frames: int, counted: int) -> None:
    assert windows(fill.model(name), frames) == counted


@pytest.mark.parametrize("name", ["humo-17b", "wan2.1-t2v-1.3b"])
def test_a_length_that_nobody_makes_at_once_is_said(name: str) -> None:
    native = fill.model(name).constraints.native_frames
    said = {row.id: row.values for row in report(name, frames=257).warnings}
    assert said["beyond_native"] == {"frames": 257, "native": native}
    assert "beyond_native" not in {row.id for row in report(name, frames=native).warnings}


def test_memory_of_a_model_that_streams_does_not_grow_with_the_length() -> None:
    short, long = (report("magi-1-4.5b", frames=each).memory.inference for each in (96, 384))
    stage = {row.id: row.activations for row in long.stages}
    for row in short.stages:
        if row.id in ("denoise", "vae_decode"):
            assert stage[row.id] == row.activations


def test_decoded_windows_wait_for_the_others() -> None:
    one, five = (report("wan2.2-animate-14b", frames=each) for each in (77, 308))
    decode = [next(row for row in each.memory.inference.stages if row.id == "vae_decode") for each in (one, five)]
    video = 308 * 720 * 1280 * 3 * 2
    assert decode[1].activations - decode[0].activations == video
    assert five.compute.flops_vae_decode == 5 * one.compute.flops_vae_decode


def seen(name: str, frames: int) -> list[tuple[int, int, int]]:
    """(latent frames before, latent frames, calls) of the denoiser's phases."""
    model = fill.model(name)
    ledger = unroll(model, fill.workload(model, frames=frames))
    shapes = [(each.call.shape, each.calls) for each in ledger.phases if each.id == "denoise"]
    return [(shape.extra["cached_frames"], shape.frames, calls) for shape, calls in shapes]


def test_the_cache_is_filled_by_a_forward_after_every_chunk() -> None:
    # 7 chunks of 4 steps and one forward each; before the last 18 frames, before the others 0, 3, ... 15
    assert seen("self-forcing-1.3b", 81) == [(18, 3, 5), (7, 3, 30)]
    assert seen("self-forcing-1.3b", 9) == [(0, 3, 5), (0, 3, 0)]


def test_a_cache_filled_apart_skips_the_last_chunk() -> None:
    assert seen("anyflow-far-wan2.1-1.3b", 81) == [(6, 3, 4), (4, 3, 24), (0, 6, 6)]
    assert seen("krea-realtime-14b", 81) == [(3, 3, 6), (2, 3, 36), (0, 3, 6)]


def test_the_average_chunk_reads_what_the_chunks_read_on_average() -> None:
    model = fill.model("longlive-1.3b")
    most, own = model.denoiser.extra["cached_frames"], 3
    for frames in (81, 321, 1281):
        count = windows(model, frames)
        read = [min(k * own, most) for k in range(count - 1)]
        assert seen("longlive-1.3b", frames)[1][0] == sum(read) // len(read)


def test_the_cache_of_keys_and_values_is_an_entry_of_its_own() -> None:
    memory = report("self-forcing-1.3b").memory.inference
    # key and value of 30 layers, 21 latent frames of 1,560 tokens, 12 heads of 128, bf16 (32,760 tokens in its code)
    assert memory.kv_cache == 2 * 30 * 32760 * 12 * 128 * 2
    assert report("self-forcing-1.3b", frames=45).memory.inference.kv_cache == memory.kv_cache
    assert report("wan2.1-t2v-1.3b").memory.inference.kv_cache == 0


def test_the_cache_stays_while_the_video_is_decoded() -> None:
    causal, plain = report("self-forcing-1.3b").memory.inference, report("wan2.1-t2v-1.3b").memory.inference
    decode = [next(row.activations for row in each.stages if row.id == "vae_decode") for each in (causal, plain)]
    assert decode[0] - decode[1] == causal.kv_cache
    freed = report("wan2.2-animate-2-14b").memory.inference
    assert freed.kv_cache > next(row.activations for row in freed.stages if row.id == "vae_decode")


def test_anyflow_holds_what_its_pipeline_allocates() -> None:
    model = fill.model("anyflow-far-wan2.1-1.3b")
    shape = unroll(model, fill.workload(model)).forward.call.shape
    family = network(model.denoiser)
    full, large = 30 * 52, 15 * 26
    # full_chunk_limit x 3 frames in full, (7 - 3 + 1) x 3 in large patches
    assert family.cache(configuration(model.denoiser), shape) == 2 * 30 * (9 * full + 15 * large) * 1536


def test_a_sweep_counts_as_its_jobs_do() -> None:
    lengths = [97, 257, 377]
    for name in ("skyreels-v2-df-1.3b", "self-forcing-1.3b", "wan2.2-animate-14b"):
        swept = report(name, frames=np.array(lengths, dtype=float))
        for place, frames in enumerate(lengths):
            alone = report(name, frames=frames)
            assert swept.compute.flops_per_video[place] == pytest.approx(alone.compute.flops_per_video, rel=1e-12)
            assert swept.memory.inference.peak[place] == pytest.approx(alone.memory.inference.peak, rel=1e-9)


@pytest.mark.parametrize(
    ("name", "window"), [("self-forcing-1.3b", (81, 16)), ("magi-1-4.5b", (48, 0)), ("wan2.1-t2v-1.3b", (4, 3))]
)
def test_windows_that_cannot_be_are_refused(name: str, window: tuple[int, int]) -> None:
    with pytest.raises(InputError) as refused:
        windowed(fill.model(name), *window)
    assert refused.value.flag == "window"
    assert refused.value.nearest


def test_a_workflow_with_context_windows_is_priced_in_them() -> None:
    from vidcalc.modelfiles.recipes.comfyui import recipe
    from vidcalc.modelfiles.recipes.graph import nodes

    graph = {
        "1": {"class_type": "UNETLoader", "inputs": {"unet_name": "wan2.1_t2v_14B_fp16.safetensors"}},
        "2": {
            "class_type": "WanContextWindowsManual",
            "inputs": {"model": ["1", 0], "context_length": 81, "context_overlap": 30},
        },
        "3": {
            "class_type": "EmptyHunyuanLatentVideo",
            "inputs": {"width": 832, "height": 480, "length": 321, "batch_size": 1},
        },
        "4": {
            "class_type": "KSampler",
            "inputs": {"model": ["2", 0], "latent_image": ["3", 0], "steps": 20, "cfg": 6.0, "denoise": 1.0},
        },
        "5": {"class_type": "VAEDecode", "inputs": {"samples": ["4", 0]}},
        "6": {"class_type": "SaveVideo", "inputs": {"video": ["5", 0]}},
    }
    assert recipe(nodes(graph), "windows.json").settings["window"] == (81, 30)


def test_tiled_sizes_are_each_decoded_for_every_video() -> None:
    """Slicing decodes one video at a time: as many calls as videos and windows, not videos alone."""
    model = fill.model("wan2.2-animate-14b")
    machine = hardware("h200", 1)
    sizes = fill.workload(model, frames=308, batch=2)
    made = [calculate(model, sizes, machine, replace(fill.plan(model), vae_slicing=each)) for each in ("off", "on")]
    assert made[0].compute.flops_vae_decode == made[1].compute.flops_vae_decode


def test_training_encodes_the_whole_clip_whatever_windows_it_is_made_in() -> None:
    for name in ("magi-1-4.5b", "wan2.2-animate-14b"):
        model = fill.model(name)
        encode = unroll(model, fill.workload(model, frames=192)).encode
        assert encode is not None
        assert (encode.call.shape.frames, encode.calls) == (192, 1)


def test_comfyui_estimates_one_window() -> None:
    from vidcalc.passes.room import estimate

    model = fill.model("wan2.1-t2v-14b")
    plan = fill.plan(model, framework="comfyui")
    asked = []
    for made, frames in ((model, 81), (model, 257), (windowed(model, 81, 16), 257)):
        ledger = unroll(made, fill.workload(made, frames=frames))
        asked.append(estimate(ledger, ledger.forward, plan.runtime))
    assert asked[0] == asked[2] < asked[1]
