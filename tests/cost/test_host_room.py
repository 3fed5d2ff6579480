"""Host memory in the verdict: what waits, what is pinned, what passes through, and memory that is shared."""

import json

import pytest
from msgspec.structs import replace

from vidcalc.account.memory import inference_memory
from vidcalc.base.units import quantity
from vidcalc.cost.host import room, worse
from vidcalc.faces.requests.estimate import request
from vidcalc.ledger.types import Host
from vidcalc.ledger.unroll import unroll
from vidcalc.passes import rewritten
from vidcalc.rates.host_memory import beside
from vidcalc.rates.machines import hardware

GIB = 2**30


def machine(ram, gpu="rtx-4090", count=1):
    return replace(hardware(gpu, count), host_ram=None if ram is None else ram * GIB)


def test_nobody_said_how_much_there_is():
    assert room(Host(resident=99 * GIB), machine(None), 0) is None


@pytest.mark.parametrize(
    ("host", "ram", "verdict", "limit"),
    [
        (Host(resident=42 * GIB, pinned=42 * GIB, loading_peak=9 * GIB), 32, "too_big", "pinned"),
        (Host(resident=42 * GIB, pinned=3 * GIB, loading_peak=9 * GIB), 32, "too_big", "resident"),
        (Host(resident=3 * GIB, pinned=3 * GIB, loading_peak=40 * GIB), 32, "too_big", "loading"),
        (Host(resident=20 * GIB, pinned=20 * GIB, loading_peak=9 * GIB), 32, "tight", "pinned"),
        (Host(resident=20 * GIB, pinned=20 * GIB, loading_peak=9 * GIB), 64, "fits", "pinned"),
        (Host(resident=42 * GIB, pinned=42 * GIB, loading_peak=9 * GIB, mapped=True), 32, "tight", "files"),
        (Host(resident=20 * GIB, pinned=0, loading_peak=9 * GIB), 32, "fits", "resident"),
    ],
)
def test_what_decides_is_named(host, ram, verdict, limit):
    found = room(host, machine(ram), 0)
    assert (found.verdict, found.limit) == (verdict, limit)
    assert found.needed == max(host.resident, host.loading_peak) + beside()


def test_every_gpu_of_a_machine_is_a_process_that_holds_its_own():
    host = Host(resident=20 * GIB)
    assert room(host, machine(64), 0).verdict == "fits"
    four = room(host, machine(64, count=4), 0)
    assert four.verdict == "too_big"
    assert four.needed == 80 * GIB + beside()


def test_shared_memory_is_counted_once_and_offloading_frees_none_of_it():
    """On one memory the sum of what runs and what waits is the same wherever the weights are said to lie."""
    needed = {}
    for way in ("none", "model"):
        asked = request({"model": "wan2.1-t2v-14b", "gpu": "m3-ultra", "offload": way})
        memory = inference_memory(
            rewritten(unroll(asked.model, asked.workload), asked.plan, asked.hardware), asked.hardware
        )
        needed[way] = memory.host_room.needed
        assert memory.host_room.limit == "shared"
        assert memory.host_room.needed >= memory.peak + beside()
    # wherever the weights are said to lie they take their room once
    assert needed["model"] == pytest.approx(needed["none"], rel=0.02)


@pytest.mark.parametrize("better", ["fits", "tight", "at_least", "too_big"])
def test_the_worse_of_two_verdicts_counts(better):
    order = ("fits", "tight", "at_least", "too_big")
    for other in order:
        assert worse(better, other) == worse(other, better) == max(better, other, key=order.index)


def test_sweeps_judge_each_amount_for_itself():
    import numpy as np

    found = room(
        Host(resident=20 * GIB, pinned=20 * GIB), replace(machine(1), host_ram=np.array([16.0, 32.0, 64.0]) * GIB), 0
    )
    assert list(found.verdict) == ["too_big", "tight", "fits"]
    assert list(worse(np.array(["fits", "fits", "too_big"]), found.verdict)) == ["too_big", "tight", "too_big"]


def test_the_share_of_the_system_is_dated_data():
    assert beside() == quantity("2 GiB", "B")


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_what_is_pinned_beyond_the_machine_does_not_fit_and_says_why(lang):
    import io
    from contextlib import redirect_stdout

    from vidcalc.faces.cli import run, vidcalc

    line = ["estimate", "-m", "wan2.1-t2v-14b", "--gpu", "4090", "--offload", "group", "--lang", lang]

    def said(*more):
        out = io.StringIO()
        with redirect_stdout(out):
            assert run(vidcalc, "vidcalc", [*line, *more]) == 0
        return out.getvalue()

    plenty = json.loads(said("--host-ram", "128GB", "--json"))["memory"]["inference"]
    assert (plenty["verdict"], plenty["host_room"]["verdict"]) == ("fits", "fits")
    short = json.loads(said("--host-ram", "32GB", "--json"))
    memory = short["memory"]["inference"]
    assert memory["host"]["pinned"] > 32 * GIB > 0
    assert memory["margin"] > 0
    assert (memory["verdict"], memory["host_room"]["limit"]) == ("too_big", "pinned")
    assert "host_pinned" in [each["id"] for each in short["warnings"]]
    page = said("--host-ram", "32GB")
    assert {"en": "host RAM missing", "ko": "호스트 RAM"}[lang] in page
    assert {"en": "no swap file", "ko": "스왑 파일"}[lang] in page
