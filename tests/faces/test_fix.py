"""`vidcalc fix`: messages as programs write them, the stage, the reason, ways that really fit, and what is no help."""

import json
import time

import pytest

from vidcalc.faces.requests.fix import text
from vidcalc.modelfiles.complaint import complaint

GIB = 2**30
# a training run whose samples alone can give way: all else that helps is done
OFF_CARD = (
    *(
        "-m",
        "wan2.1-t2v-1.3b",
        "--gpu",
        "3060",
        "--latents",
        "precomputed",
        "--texts",
        "precomputed",
        "--mode",
        "qlora",
    ),
    *("--base-precision", "nf4", "--training-offload", "base", "--checkpointing", "offload"),
)
TRACE = """Traceback (most recent call last):
  File "run.py", line 10, in <module>
    video = pipe(prompt).frames[0]
  File "diffusers/models/autoencoders/autoencoder_kl_cogvideox.py", line 1250, in _decode
    z = self.conv(z)
  File "site-packages/torch/nn/modules/conv.py", line 720, in forward
    return self._conv_forward(input, self.weight, self.bias)
"""
NEW = (
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 4.22 GiB. GPU 0 has a total capacity of 23.65 "
    "GiB of which 1.19 GiB is free. Including non-PyTorch memory, this process has 22.45 GiB memory in use. Of the "
    "allocated memory 20.13 GiB is allocated by PyTorch, and 1.86 GiB is reserved by PyTorch but unallocated."
)
OLD = (
    "RuntimeError: CUDA out of memory. Tried to allocate 20.00 MiB (GPU 0; 23.69 GiB total capacity; 22.10 GiB already "
    "allocated; 11.31 MiB free; 22.50 GiB reserved in total by PyTorch)"
)
COMFY = """Requested to load WanVAE
!!! Exception during processing !!! Allocation on device 0 would exceed allowed memory. (out of memory)
Currently allocated     : 21.45 GiB
Requested               : 1.56 GiB
Device limit            : 23.99 GiB
Free (according to CUDA): 0 bytes
"""
MPS = (
    "RuntimeError: MPS backend out of memory (MPS allocated: 17.90 GB, other allocations: 300.00 MB, max allowed: "
    "18.13 GB). Tried to allocate 1.00 GB on private pool."
)


@pytest.mark.parametrize(
    ("words", "kind", "asked", "allocated", "stage"),
    [
        (TRACE + NEW, "torch", 4.22, 20.13, "vae_decode"),
        (OLD, "torch", 20 / 1024, 22.10, ""),
        (COMFY, "async", 1.56, 21.45, "vae_decode"),
        (MPS, "mps", 1.0, 17.9, ""),
        ("RuntimeError: CUDA error: out of memory", "cuda", None, None, ""),
        ("RuntimeError: [enforce fail] DefaultCPUAllocator: not enough memory: you tried to allocate 1073741824 bytes.",
         "host", 1.0, None, ""),
        ("OSError: The paging file is too small for this operation. (os error 1455)", "host", None, None, ""),
        ("Loading checkpoint shards: 50%\nKilled\n", "host", None, None, ""),
        ("it crawls; task manager says shared GPU memory usage 14.3 GB", "windows", None, None, ""),
        ("all is well", "none", None, None, ""),
        ("", "none", None, None, ""),
    ],
)  # fmt: skip
def test_a_message_is_read(words, kind, asked, allocated, stage):
    found = complaint(words)
    assert (found.kind, found.stage) == (kind, stage)
    for value, expected in ((found.asked, asked), (found.allocated, allocated)):
        assert value == (None if expected is None else pytest.approx(expected * GIB, abs=2))


def test_what_the_old_message_calls_reserved_is_told_as_pieces():
    assert complaint(OLD).unallocated == pytest.approx(0.40 * GIB, rel=1e-3)


def test_of_several_messages_the_last_counts():
    assert complaint(OLD + "\n" + TRACE + NEW).asked == pytest.approx(4.22 * GIB, abs=2)


@pytest.mark.parametrize(
    "data", [b"\x00" * 999, bytes(range(256)) * 50, b"\xff\xfe" + NEW.encode("utf-16-le"), b"x" * 10**7]
)
def test_any_bytes_are_read_without_complaint_and_soon(data, tmp_path):
    path = tmp_path / "log"
    path.write_bytes(data)
    began = time.process_time()
    found = complaint(text(str(path)))
    assert time.process_time() - began < 3
    assert found.kind == ("torch" if data[:2] == b"\xff\xfe" else "none")


@pytest.mark.parametrize("line", ["CUDA out of memory " * 5000, "(" * 10**6, "9" * 10**6 + " GiB", "a\n" * 10**6])
def test_no_text_takes_long(line):
    began = time.process_time()
    complaint(line)
    assert time.process_time() - began < 5


def fixed(ask, *line):
    done = ask("fix", *line, "--json")
    assert done.code == 0, done.err
    return json.loads(done.out)


@pytest.fixture
def message(tmp_path):
    def written(words):
        path = tmp_path / "oom.txt"
        path.write_text(words, "utf-8")
        return str(path)

    return written


COGVIDEO = ("-m", "cogvideox-5b", "-r", "720p", "--gpu", "4090")


def test_the_stage_a_traceback_names_is_believed_and_what_fills_it_is_told(ask, message):
    found = fixed(ask, message(TRACE + NEW), *COGVIDEO)
    assert (found["stage"], found["known_by"], found["job"]) == ("vae_decode", "trace", "generate")
    assert [each["id"] for each in found["reasons"]][:2] == ["activations", "idle"]
    assert found["reasons"][1]["component"] == "transformer"


def test_without_a_traceback_figures_tell_the_stage(ask, message):
    """A tensor of the decoder's size beside what stays on the card while it decodes: no stage is named."""
    from vidcalc.cost.memory import stages
    from vidcalc.faces.requests.estimate import request
    from vidcalc.ledger.unroll import unroll
    from vidcalc.passes import rewritten
    from vidcalc.search.blame import events

    asked = request({"model": "cogvideox-5b", "resolution": (1280, 720), "gpu": "4090"})
    rows = stages(rewritten(unroll(asked.model, asked.workload), asked.plan, asked.hardware))
    for stage in ("vae_decode", "denoise"):
        row = next(each for each in rows if each.id == stage)
        size, alive = max(events(row))
        words = (
            f"CUDA out of memory. Tried to allocate {size / GIB:.2f} GiB. GPU 0 has a total capacity of 23.65 "
            f"GiB of which 0 bytes is free. Of the allocated memory {(row.weights + alive) / GIB:.2f} GiB "
            "is allocated by PyTorch"
        )
        found = fixed(ask, message(words), *COGVIDEO)
        assert (found["stage"], found["known_by"]) == (stage, "figures")


@pytest.mark.parametrize(
    "job",
    [
        COGVIDEO,
        ("-m", "wan2.1-t2v-14b", "--gpu", "4090", "--framework", "comfyui", "-r", "1280x720", "-f", "161", "-b", "4"),
        ("-m", "wan2.1-t2v-14b", "--gpu", "3060", "--offload", "group", "-r", "1280x720", "-f", "161", "-b", "2"),
        ("-m", "hunyuanvideo-t2v", "--gpu", "4090", "--framework", "hunyuan-official", "-r", "1280x720"),
        (
            "-m",
            "minimax-h3",
            "--framework",
            "vllm-omni",
            "--gpu",
            "a100-sxm-40gb",
            "--parallel",
            "tp=4",
            "--offload",
            "model",
        ),
        ("-m", "ltx-2", "--gpu", "3060", "--framework", "wan2gp", "-r", "1920x1088", "-f", "361", "--guidance", "1"),
    ],
    ids=" ".join,
)
def test_every_way_fits_when_it_is_asked_for_in_every_framework(job, ask):
    found = fixed(ask, *job)
    assert found["verdict"] == "too_big"
    assert found["ways"], "no way out"
    for way in found["ways"]:
        from vidcalc.faces.terminal.fix import spelled

        words = spelled(way["changes"], "generate").split()
        words = ["tp=4,text=4" if word == "…,text=4" else word for word in words]
        again = json.loads(ask("estimate", *stated(job, words), "--json").out)["memory"]["inference"]
        assert again["verdict"] != "too_big"
        assert again["peak"] == way["peak"]


def stated(job, words):
    """The flags of a job with those of a change in their place."""
    names = {"-r": "--resolution", "-f": "--frames", "-b": "--batch-size"}
    pairs = [(names.get(name, name), value) for name, value in zip(job[::2], job[1::2], strict=True)]
    return [word for pair in pairs if pair[0] not in words[::2] for word in pair] + words


@pytest.mark.parametrize(
    "job",
    [
        ("-m", "wan2.1-t2v-14b", "--mode", "lora", "--gpu", "4090"),
        ("-m", "wan2.1-t2v-1.3b", "--mode", "full", "--gpu", "3060"),
        ("-m", "ltx-2.3", "--mode", "lora", "--gpu", "5090", "-r", "512x512", "-f", "1", "--texts", "online"),
        ("-m", "wan2.1-t2v-14b", "--mode", "lora", "--gpu", "4090", "--trainer", "musubi", "--bucket", "480x480x129"),
        (*OFF_CARD, "--bucket", "480x320x33:0.25:b28", "--bucket", "240x160x33:0.75:b100"),
        (*OFF_CARD, "-r", "480x320", "-f", "33", "-b", "28"),
    ],
    ids=" ".join,
)
def test_training_gets_ways_that_fit_too(job, ask):
    from vidcalc.faces.terminal.fix import spelled

    found = fixed(ask, *job)
    assert (found["job"], found["verdict"]) == ("train", "too_big")
    assert found["ways"]
    for way in found["ways"]:
        again = json.loads(ask("train", *stated(job, spelled(way["changes"], "train").split()), "--json").out)["memory"]
        assert again["verdict"] != "too_big"
        assert again["peak"] == way["peak"]


def test_fewer_samples_at_once_are_as_many_as_fit_and_keep_each_bucket_s_share(ask):
    buckets = ("--bucket", "480x320x33:0.25:b28", "--bucket", "240x160x33:0.75:b100")
    way = next(each for each in fixed(ask, *OFF_CARD, *buckets)["ways"] if each["touches"] == ["batch"])
    one, other = way["changes"]["buckets"].split(", ")
    count = int(other.rpartition(":b")[2])
    assert (one, other) == (f"480x320x33:0.25:b{min(count, 28)}", f"240x160x33:0.75:b{count}")
    larger = ("--bucket", f"480x320x33:0.25:b{min(count + 1, 28)}", "--bucket", f"240x160x33:0.75:b{count + 1}")
    assert json.loads(ask("train", *OFF_CARD, *larger, "--json").out)["memory"]["verdict"] == "too_big"


def test_a_job_that_fits_is_told_so(ask):
    line = ("-m", "ltx-video-2b", "--gpu", "h100")
    assert fixed(ask, *line)["ways"] == []
    assert "It fits as predicted: nothing has to change." in ask("fix", *line).out


def test_ways_out_of_host_memory_take_less_of_it(ask, message):
    line = ("-m", "wan2.1-t2v-14b", "--gpu", "h100", "--offload", "model")
    found = fixed(ask, message("Killed"), *line)
    assert found["memory"] == "host"
    assert found["ways"]
    assert all(way["host_ram"] < found["host_ram"] for way in found["ways"])
    short = json.loads(ask("estimate", *line, "--host-ram", "34GiB", "--json").out)["memory"]["inference"]
    assert short["verdict"] == "too_big"
    assert {"offload": "none"} in [way["changes"] for way in short["relief"]]


def test_no_way_out_of_host_memory_is_said(ask):
    done = ask("estimate", "-m", "wan2.1-t2v-1.3b", "--gpu", "4090", "--host-ram", "4GB")
    assert "Nothing that was tried takes so little host memory" in done.out


def test_ways_that_leave_the_result_as_it_is_come_first_and_fewer_steps_never_help(ask):
    found = fixed(ask, *COGVIDEO)
    touched = [len(way["touches"]) for way in found["ways"] if way["slower"] <= found["seconds"]]
    assert touched == sorted(touched)
    assert found["useless"][0]["changes"] == {"steps": 25}
    assert all(each["peak"] >= 0.98 * found["peak"] for each in found["useless"])


def test_host_memory_that_runs_out_is_told_apart(ask, message):
    line = ("-m", "wan2.1-t2v-14b", "--gpu", "4090", "--offload", "group")
    by_settings = fixed(ask, *line, "--host-ram", "32GB")
    assert (by_settings["memory"], by_settings["host_room"]["limit"]) == ("host", "pinned")
    assert all(way["host_ram"] < 32 * GIB for way in by_settings["ways"])
    said = fixed(ask, message("Killed"), *line)
    assert (said["memory"], said["said"]["kind"]) == ("host", "host")


def test_a_message_of_a_job_that_should_fit_is_not_explained_away(ask, message):
    words = NEW.replace("20.13", "23.10").replace("4.22", "2.00")
    found = fixed(ask, message(words), "-m", "wan2.1-t2v-1.3b", "--gpu", "4090", "-r", "480p")
    assert found["verdict"] != "too_big"
    assert "more_than_described" in [each["id"] for each in found["warnings"]]
    assert all(way["peak"] < found["peak"] for way in found["ways"])


def test_a_message_names_the_card_that_is_missing(ask, message):
    done = ask("fix", message(NEW), "-m", "cogvideox-5b")
    assert done.code == 2
    assert "23.6 GiB" in done.err and "rtx-4090" in done.err
    other = fixed(ask, message(NEW), "-m", "cogvideox-5b", "--gpu", "3060")
    assert "other_card" in [each["id"] for each in other["warnings"]]


def test_a_file_that_is_none_is_refused(ask, tmp_path):
    for path in (tmp_path / "none.txt", tmp_path):
        done = ask("fix", str(path), *COGVIDEO)
        assert done.code == 2
        assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_page_fits_80_cells_in_both_languages(language, ask, message):
    from vidcalc.faces.terminal.cells import width

    for line in ((message(TRACE + NEW), *COGVIDEO), ("-m", "wan2.1-t2v-14b", "--mode", "lora", "--gpu", "4090")):
        done = ask("fix", *line, "--lang", language)
        assert done.code == 0
        assert max(map(width, done.out.splitlines())) <= 80


def test_from_python():
    import vidcalc

    found = vidcalc.fix("cogvideox-5b", gpu="rtx-4090", resolution="720p")
    assert found.stage == "vae_decode"
    assert "--vae-tiling" in repr(found)


def test_where_weights_fill_the_card_a_spill_is_not_explained_by_its_peak(ask, message):
    line = ("-m", "wan2.1-i2v-14b-480p", "--framework", "comfyui", "--gpu", "4080", "-r", "1280x720", "-f", "121")
    found = fixed(ask, message("so slow; shared GPU memory usage 14 GB"), *line)
    assert found["verdict"] != "too_big"
    assert [list(each["changes"]) for each in found["useless"]] == [["steps"]]
    assert found["ways"] or "fills_the_card" in [each["id"] for each in found["warnings"]]


def test_the_message_itself_may_stand_in_the_place_of_its_file(ask, tmp_path):
    file = tmp_path / "oom.txt"
    file.write_text(NEW, encoding="utf-8")
    flags = ("-m", "cogvideox-5b", "--gpu", "4090", "--json")
    assert json.loads(ask("fix", NEW, *flags).out) == json.loads(ask("fix", str(file), *flags).out)
    refused = ask("fix", "a video of a dog", *flags)
    assert refused.code == 2
    assert "there is no such file" in refused.out
