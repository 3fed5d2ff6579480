"""`vidcalc compare`: each job is what its own estimate says, what differs is named, and differences add up."""

import json

import pytest

JOBS = ("wan2.1-t2v-14b", "ltx-2 -r 768x512", "hunyuanvideo-1.5")


def compared(ask, *line):
    done = ask("compare", *line, "--json")
    assert done.code == 0, done.err or done.out
    return json.loads(done.out)


def estimated(ask, *line):
    return json.loads(ask("estimate", *line, "--json").out)


def test_each_job_is_its_own_estimate(ask):
    found = compared(ask, *JOBS, "--gpu", "5090")
    assert found["schema"] == "vidcalc.compare/1"
    for job, line in zip(found["jobs"], JOBS, strict=True):
        model, *rest = line.split()
        alone = estimated(ask, "-m", model, *rest, "--gpu", "5090")
        memory, time = alone["memory"]["inference"], alone["time"]["inference"]
        assert (job["peak"], job["verdict"], job["seconds"]) == (memory["peak"], memory["verdict"], time["total"])
        assert job["stages"] == {row["id"]: row["total"] for row in memory["stages"]}
        assert sum(job["spent"].values()) == pytest.approx(job["seconds"], rel=1e-6)
    assert found["alike"]["gpu"] == "NVIDIA GeForce RTX 5090"
    assert {"model", "resolution", "steps"} <= set(found["jobs"][1]["differs"])


@pytest.mark.parametrize(
    ("line", "differing"),
    [
        (("--gpu 4090", "--gpu 5090", "-m", "wan2.1-t2v-1.3b"), {"gpu"}),
        (("--precision bf16", "--precision fp8", "-m", "wan2.1-t2v-14b"), {"precision"}),
        (("--offload none", "--offload group", "-m", "wan2.1-t2v-14b", "--gpu", "4090"), {"offload"}),
        (("-f 33", "-f 81", "-m", "wan2.1-t2v-1.3b"), {"frames"}),
    ],
)
def test_what_differs_is_what_was_asked_to_differ(ask, line, differing):
    found = compared(ask, *line)
    assert all(set(job["differs"]) == differing for job in found["jobs"])
    assert not differing & set(found["alike"])


def test_frameworks_differ_in_what_they_set_themselves(ask):
    found = compared(ask, "--framework diffusers", "--framework comfyui", "-m", "wan2.1-t2v-14b", "--gpu", "4090")
    assert {"framework", "offload"} <= set(found["jobs"][0]["differs"])


def test_differences_are_told_by_stage_and_their_factors_multiply(ask):
    found = compared(ask, *JOBS, "--gpu", "h200")
    first, others = found["jobs"][0], found["jobs"][1:]
    for each, job in zip(found["differences"], others, strict=True):
        assert each["ratio"] == pytest.approx(job["seconds"] / first["seconds"])
        assert each["bytes"] == job["peak"] - first["peak"] == each["weights"] + each["activations"] + each["other"]
        denoise = job["spent"]["denoise"] / first["spent"]["denoise"]
        assert each["calls"] * each["work"] / each["speed"] == pytest.approx(denoise)


def test_a_saved_report_is_a_job(ask, tmp_path):
    path = tmp_path / "wan.json"
    path.write_text(ask("estimate", "-m", "wan2.1-t2v-14b", "--gpu", "h200", "--json").out, "utf-8")
    saved, fresh = compared(ask, str(path), "wan2.1-t2v-14b --gpu h200")["jobs"]
    assert saved == fresh


@pytest.mark.parametrize(
    "line",
    [
        (),
        ("wan2.1-t2v-14b",),
        ("wan2.1-t2v-14b",) * 13,
        ("wan2.1-t2v-14b", "none.json"),
        ("wan2.1-t2v-14b", "wan2.1-t2v-14b -s many"),
        ("wan2.1-t2v-14b", 'wan2.1-t2v-14b "'),
        ("wan2.1-t2v-14b", "--gpu 4090 --gpu 5090"),
    ],
)
def test_bad_input_is_refused_in_one_line(ask, line):
    done = ask("compare", *line)
    assert (done.code, done.out) == (2, "")
    assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize("words", ["[]", "{}", '{"schema": "other"}', "no json", "[" * 100000])
def test_files_that_are_no_reports_are_refused(ask, words, tmp_path):
    path = tmp_path / "other.json"
    path.write_text(words, "utf-8")
    done = ask("compare", "wan2.1-t2v-14b", str(path))
    assert (done.code, done.out) == (2, "")


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_page_and_the_picture(ask, language, tmp_path):
    from vidcalc.faces.terminal.cells import width

    picture = tmp_path / "jobs.svg"
    done = ask("compare", *JOBS, *JOBS, "--gpu", "5090", "--lang", language, "--svg", str(picture))
    assert done.code == 0
    assert max(map(width, done.out.splitlines())) <= 80
    assert picture.read_text("utf-8").count("<rect") > 12


def test_from_python():
    import vidcalc

    made = vidcalc.estimate("wan2.1-t2v-1.3b", gpu="h100")
    found = vidcalc.compare(made, {"model": "ltx-2", "resolution": (768, 512)}, gpu="h100")
    assert [job.model for job in found.jobs] == ["wan2.1-t2v-1.3b", "ltx-2"]
    assert found.jobs[0].seconds == made.time.inference.total
