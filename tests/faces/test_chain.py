"""`vidcalc chain`: jobs in a row come to what each needs by itself, less what another does, and the most of any."""

import json
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest
from msgspec import to_builtins

import vidcalc
from vidcalc.account.assumptions import HOST_SHORT

STAGES = ("ltx-2 -r 768x512 -f 121", "ltx-2-spatial-upscaler", "ltx-2 -s 3 --guidance 1")


@pytest.fixture(scope="module")
def latent() -> Any:
    """LTX-2 in two stages: made small, upsampled, refined; one latent all the way."""
    return vidcalc.chain(*STAGES, gpu="h200")


@pytest.mark.parametrize(
    ("jobs", "message"),
    [
        (("ltx-2", "ltx-2 --steps 0"), "job 2: --steps cannot be '0'"),
        (("ltx-2", {"model": "ltx-2", "steps": 0}), "job 2: --steps cannot be '0'"),
        (("ltx-2 --foo 3",), "job 1: there is no flag --foo"),
        (("ltx-2", "ltx-2 --gpu h100"), "job 2: --gpu: belongs to all jobs, outside of their quotes"),
        (("ltx-2", "seedvr3-3b"), "job 2: --model cannot be 'seedvr3-3b'"),
        (("ltx-2", "ltx-2 --batch-size 2"), "job 2: --batch-size cannot be '2'"),
    ],
)
def test_a_refusal_names_the_job(jobs: Any, message: str) -> None:
    with pytest.raises(vidcalc.InputError) as refused:
        vidcalc.chain(*jobs)
    assert str(refused.value).startswith(message)


def test_flags_of_a_job_stand_inside_of_its_quotes(ask: Any) -> None:
    done = ask("chain", "ltx-2", "--frames", "33")
    assert done.code == 2
    assert done.err.strip().startswith("error: --frames: belongs to one job, inside of its quotes")
    assert "no flag --fraems" in ask("chain", "ltx-2", "--fraems", "33").err


def test_a_latent_is_neither_decoded_nor_encoded_on_its_way(latent: Any) -> None:
    stages = [[stage.id for stage in job.report.memory.inference.stages] for job in latent.jobs]
    assert "vae_decode" not in stages[0] + stages[1]
    assert "vae_encode" not in stages[1] + stages[2]
    assert "vae_decode" in stages[2]
    assert [job.takes for job in latent.jobs] == ["", "latent", "latent"]
    assert "text_encode" not in stages[2]  # the embeddings of the first job


def test_a_later_job_has_its_clip_from_the_one_before(latent: Any) -> None:
    sizes = [tuple(job.report.workload[name] for name in ("width", "height", "frames")) for job in latent.jobs]
    assert sizes == [(768, 512, 121), (1536, 1024, 121), (1536, 1024, 121)]


def test_another_vae_takes_pixels_which_are_decoded_and_encoded() -> None:
    made = vidcalc.chain("wan2.1-t2v-1.3b -r 832x480", "ltx-video-2b -r 1216x704 -s 8", gpu="h100")
    first, second = ([stage.id for stage in job.report.memory.inference.stages] for job in made.jobs)
    assert "vae_decode" in first
    assert "vae_encode" in second
    assert made.jobs[1].takes == "pixels"
    alone = vidcalc.estimate("ltx-video-2b", resolution="1216x704", frames=81, fps=16, steps=8, gpu="h100")
    encode = made.jobs[1].report.time.inference.vae_encode
    assert encode > 0
    assert made.jobs[1].report.time.inference.total == pytest.approx(alone.time.inference.total + encode, rel=1e-3)


def test_seconds_add_up_and_memory_is_the_most(latent: Any) -> None:
    spans = [job.report.time.inference for job in latent.jobs]
    assert latent.time.total == pytest.approx(sum(span.total for span in spans) + latent.time.arrivals)
    assert latent.time.low < latent.time.total < latent.time.high
    alone = vidcalc.estimate("ltx-2", gpu="h200")
    a_second = alone.cost.inference["likely"] / alone.time.inference.total
    assert latent.cost["likely"] == pytest.approx(latent.time.total * a_second)
    needs = [job.report.memory.inference.peak + job.beside for job in latent.jobs]
    assert latent.memory.peak == max(needs) == needs[latent.memory.peak_job]


def test_a_latent_of_another_size_is_decoded_and_brought_to_size() -> None:
    made = vidcalc.chain("wan2.1-t2v-1.3b -r 832x480", "wan2.1-t2v-1.3b -r 1280x720 -s 4", gpu="h100")
    assert made.jobs[1].takes == "pixels"
    assert "vae_decode" in [stage.id for stage in made.jobs[0].report.memory.inference.stages]


def test_a_refiner_takes_up_a_latent_at_a_size_of_its_own_and_twice_the_length() -> None:
    made = vidcalc.chain("magi-2-preview", "magi-2-refiner", gpu="h200")
    assert [job.takes for job in made.jobs] == ["", "latent"]
    first, second = (job.report.workload for job in made.jobs)
    assert (first["width"], first["frames"], first["fps"]) == (896, 125, 12.5)
    assert (second["width"], second["height"], second["frames"], second["fps"]) == (1920, 1088, 249, 25)
    shorter = vidcalc.chain("magi-2-preview -f 61", "magi-2-refiner", gpu="h200")
    assert [job.takes for job in shorter.jobs] == ["", "latent"]
    refined = shorter.jobs[1].report.workload
    assert (refined["width"], refined["frames"], refined["fps"]) == (1920, 121, 25)
    with pytest.raises(vidcalc.InputError, match="job 2: --frames cannot be '249'") as refused:
        vidcalc.chain("magi-2-preview -f 61", "magi-2-refiner -f 249", gpu="h200")
    assert refused.value.nearest == "121"
    stages = [[stage.id for stage in job.report.memory.inference.stages] for job in made.jobs]
    assert "vae_decode" not in stages[0]
    assert not {"vae_encode", "text_encode"} & set(stages[1])


def test_super_resolution_has_a_size_of_its_own_and_the_length_of_what_it_takes_up() -> None:
    made = vidcalc.chain("kandinsky6-lite -f 61", "kandinsky6-sr", gpu="h200")
    assert [job.takes for job in made.jobs] == ["", "pixels"]
    second = made.jobs[1].report.workload
    assert (second["width"], second["height"], second["frames"]) == (1920, 1088, 61)
    asked = vidcalc.chain("kandinsky6-lite -f 61", "kandinsky6-sr -r 1728x960", gpu="h200").jobs[1].report.workload
    assert (asked["width"], asked["height"]) == (1728, 960)


def test_the_peak_is_that_of_the_largest_job_and_is_said_once() -> None:
    made = vidcalc.chain("wan2.1-t2v-1.3b", "seedvr2-3b -r 1440x800", gpu="4090")
    needs = [job.report.memory.inference.peak + job.beside for job in made.jobs]
    devices = [job.report.memory.inference.device + job.beside for job in made.jobs]
    assert (made.memory.peak, made.memory.device) == (max(needs), max(devices))
    assert made.memory.peak_job == needs.index(max(needs))
    assert [each.id for each in made.warnings] == ["inference_too_big", "windows_spill"]
    assert made.warnings[0].values["missing"] == -made.memory.margin > 0
    assert not {each.id for job in made.jobs for each in job.report.warnings} & {"inference_too_big", "windows_spill"}


def test_networks_stay_beside_each_other_unless_they_wait_in_host_memory(latent: Any) -> None:
    assert latent.memory.between == "stay"
    # the refiner is the first job's own network; the upsampler alone is beside it
    upsampler = next(row.bytes for row in latent.jobs[1].report.model.components if row.role == "denoiser")
    assert latent.jobs[2].beside == upsampler
    waiting = vidcalc.chain(*STAGES, gpu="h200", offload="model")
    assert waiting.memory.between == "leave"
    assert all(job.beside == 0 for job in waiting.jobs)
    assert waiting.memory.peak < latent.memory.peak
    assert waiting.memory.host_ram > latent.memory.host_ram


@pytest.mark.parametrize(
    ("model", "flags"),
    [
        ("wan2.1-t2v-1.3b", {"gpu": "rtx-4090"}),
        ("wan2.1-t2v-14b", {"gpu": "rtx-4090"}),
        # weights in files: less host memory than they have is slow, and runs
        ("wan2.1-t2v-14b", {"gpu": "rtx-4090", "framework": "comfyui", "host_ram": "16GiB"}),
        ("wan2.1-t2v-14b", {"gpu": "rtx-4090", "offload": "model", "host_ram": "16GiB"}),
        ("wan2.1-t2v-14b", {"gpu": "rtx-4090", "offload": "group", "host_ram": "64GiB"}),
        ("wan2.1-t2v-1.3b", {"gpu": "m3-max", "host_ram": "36GiB"}),
    ],
)
def test_one_job_alone_is_its_estimate(model: str, flags: dict[str, Any]) -> None:
    alone, row = vidcalc.estimate(model, **flags), vidcalc.chain(model, **flags)
    whole = alone.memory.inference
    for name in ("peak", "device", "low", "high", "margin", "verdict", "host_ram", "host_room"):
        assert to_builtins(getattr(row.memory, name)) == to_builtins(getattr(whole, name)), name
    said = {each.id: each.values for each in alone.warnings}
    assert {each.id: said.get(each.id) for each in row.warnings} == {each.id: each.values for each in row.warnings}
    assert said.keys() & {"inference_too_big", *HOST_SHORT} <= {each.id for each in row.warnings}
    assert row.time.total == alone.time.inference.total
    assert row.cost == (alone.cost.inference if alone.cost else {})


def test_files_that_others_crowd_out_are_read_again() -> None:
    jobs = ("wan2.1-t2v-14b -s 4", "hunyuanvideo-1.5 -s 4")
    flags = {"gpu": "rtx-4090", "framework": "comfyui"}
    rooms = [vidcalc.estimate(job.split()[0], host_ram="64GiB", **flags).memory.inference.host_room for job in jobs]
    needed = max(room.needed for room in rooms)
    made = vidcalc.chain(*jobs, host_ram=f"{needed / 2**30 + 1}GiB", **flags).memory
    assert made.host_room.margin < 0 and made.host_room.verdict == "tight"


def test_every_job_may_have_settings_of_its_own(ask: Any) -> None:
    jobs = ("wan2.1-t2v-1.3b -r 832x480 --precision fp8", "wan2.1-t2v-1.3b -r 1280x720 -s 4")
    report = json.loads(ask("chain", *jobs, "--gpu", "4090", "--json").out)
    assert report["schema"] == "vidcalc.chain/1"
    assert [job["report"]["plan"]["precision"] for job in report["jobs"]] == ["fp8", "bf16"]
    assert [job["report"]["workload"]["steps"] for job in report["jobs"]] == [50, 4]
    assert report["jobs"][0]["report"]["memory"]["training"] is None


@pytest.mark.parametrize(
    ("job", "flag"),
    [
        ("wan2.1-t2v-1.3b -f x", "--frames"),
        ("wan2.1-t2v-1.3b --gpu h100", "--gpu"),
        ("wan 'a", "JOB"),
        ("no-such-model", "--model"),
        ("wan2.1-t2v-1.3b -b 2", "--batch-size"),
    ],
)
def test_a_bad_job_is_one_line(ask: Any, job: str, flag: str) -> None:
    done = ask("chain", "wan2.1-t2v-1.3b", job)
    assert done.code == 2
    assert flag in done.err
    assert done.err.count("\n") == 1
    with pytest.raises(vidcalc.InputError):
        vidcalc.chain("wan2.1-t2v-1.3b", job)


def test_no_job_at_all_says_what_one_looks_like(ask: Any) -> None:
    done = ask("chain")
    assert done.code == 2
    assert "ltx-2 -r 768x512" in done.err


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_page_has_every_job_and_stage_within_its_width(ask: Any, language: str, tmp_path: Any) -> None:
    from vidcalc.faces.terminal.cells import width

    picture = tmp_path / "chain.svg"
    done = ask("chain", *STAGES, "--gpu", "5090", "--lang", language, "--svg", str(picture))
    assert done.code == 0
    assert max(map(width, done.out.splitlines())) <= 80
    assert done.out.count("LTX-2") >= 4
    words = "".join(ElementTree.parse(picture).getroot().itertext())
    assert "LTX-2" in words
    assert "→" in words


def test_a_chain_that_does_not_fit_says_what_to_change_in_each_job() -> None:
    report = vidcalc.chain("wan2.1-t2v-14b", "seedvr2-7b -r 1280x720", gpu="4090").to_dict()
    assert report["memory"]["verdict"] == "too_big"
    for job in report["jobs"]:
        ways = job["report"]["memory"]["inference"]["relief"]
        assert ways
        for way in ways:
            leaves = way["changes"].get("offload", "none") not in ("none", "encoders")
            beside = 0 if leaves else job["beside"]
            assert way["peak"] + beside <= report["memory"]["capacity"]


def test_a_chain_that_fits_says_nothing_to_change() -> None:
    report = vidcalc.chain("wan2.1-t2v-1.3b", "seedvr2-3b -r 1664x960", gpu="h100").to_dict()
    assert not any(job["report"]["memory"]["inference"]["relief"] for job in report["jobs"])
