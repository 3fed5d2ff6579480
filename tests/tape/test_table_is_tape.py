"""The law of tables: at any size a table gives what the tape gives, number for number.

A sample of the catalogue here; every model with `pytest -m tables`.
"""

import random

import numpy as np
import pytest
from msgspec.structs import replace

from vidcalc.catalog.models import names
from vidcalc.cost.seconds import total
from vidcalc.cost.time import by_kind
from vidcalc.faces.requests.estimate import request
from vidcalc.passes import generation
from vidcalc.tape import Tape
from vidcalc.tape.step import stepped
from vidcalc.tape.tables import record, regimes
from vidcalc.tape.trace import run, tiles

SAMPLE = ("wan2.1-t2v-1.3b", "hunyuanvideo-t2v", "ltx-video-2b", "mochi-1-preview", "animatediff-sd15-v3")
NUMBERS = ("peak", "peak_at", "workspace", "streamed", "paired")
TOUCHED = ("parameters", "rounds", "homes", "products")
# what stays with the tape, of the sample: recording it takes longer than it is worth, or it asks a size for its truth
STAYS = {("autoencoders.hunyuan", "decode"), ("autoencoders.mochi", "encode")}


@pytest.fixture(autouse=True)
def from_the_first(monkeypatch, tmp_path):
    """A table for the first size of every question, however long that takes; and none of another test."""
    monkeypatch.setenv("VIDCALC_CACHE", str(tmp_path))
    monkeypatch.setattr(regimes, "waits", 0)
    regimes.forget()
    yield
    regimes.forget()


def calls(name):
    """Every call of a generation and of an encode, as the model's own defaults make them; and the chip."""
    asked = request({"model": name})
    ledger, _ = generation(*asked[:4])
    phases = [*ledger.phases, ledger.forward, *([ledger.encode] if ledger.encode else [])]
    return [phase.call for phase in phases if phase.trace is not None], asked[2].accelerator


def sizes(call, dice):
    """A shape near a call's own: another batch, and other sides and frames where it has some."""
    shape, step = call.shape, 64 if call.function == "encode" else 8
    sides = {
        side: getattr(shape, side) + dice.randint(-2, 9) * step if getattr(shape, side) > 2 * step else 1
        for side in ("height", "width")
    }
    frames = shape.frames + dice.choice((0, 0, 8, 16)) * (shape.frames > 8)
    return replace(shape, batch=dice.choice((1, 1, 2, 3)), frames=frames, **sides)


def sums(ops, further="kind"):
    """Work by kind, place and precision: FLOPs, bytes, kernels and weights read; a tile that never runs counts not."""
    found = {}
    for op in (op for op in ops if op.count):
        row = found.setdefault((op.kind, op.place, op.precision, getattr(op, further)), [0, 0, 0, 0])
        for i, each in enumerate((op.flops, op.activation_bytes, op.launches, op.weights)):
            row[i] += each * op.count
    return found


def holds(call, dtype, tiling, chip, dice, times=3):
    """Holds a call's tables against the tape; how many sizes a table answered."""
    answered = 0
    for _ in range(times):
        shape = sizes(call, dice)
        how = (dtype, tiling, call.spelled)
        joined = regimes.answered(call.component, call.function, shape, *how, each=False)
        if joined is None:
            continue
        answered += 1
        taped = run(call.component, call.function, shape, tiling, Tape(dtype, spelled=call.spelled))
        named = regimes.answered(call.component, call.function, shape, *how)
        assert [getattr(joined, name) for name in NUMBERS] == [getattr(taped, name) for name in NUMBERS], shape
        assert sums(named.ops, "path") == sums(taped.ops, "path"), shape
        assert sums(joined.ops) == sums(taped.ops), shape
        for told in (joined, named):
            for field in TOUCHED:
                assert getattr(told.touched, field) == getattr(taped.touched, field), (field, shape)
        for segments in ("fixed", "expandable"):
            assert joined.cached(segments) == taped.cached(segments), (segments, shape)
        ours, theirs = (total(by_kind(each.ops, chip)) for each in (joined, taped))
        for end in ("low", "likely", "high"):
            assert getattr(ours, end) == pytest.approx(getattr(theirs, end), rel=1e-12)
    return answered


def law(name, seed, whole=False):
    """The law for every call of a model, in tiles, and in a second format (of one call, or of all); which no table
    answered."""
    dice = random.Random(seed)
    asked, chip = calls(name)
    silent, second = set(), dice.choice(asked)
    for call in asked:
        answered = holds(call, call.dtype, call.tiles or call.tiling, chip, dice)
        if whole or call is second:
            answered += holds(call, "fp32", "none", chip, dice, 1)
        if call.function == "decode" and tiles(call.component):
            answered += holds(call, call.dtype, "default", chip, dice, 2)
        if not answered:
            silent.add((call.component.network, call.function))
    return silent


@pytest.mark.parametrize("name", SAMPLE)
def test_a_table_gives_what_the_tape_gives(name):
    assert law(name, 1) <= STAYS


@pytest.mark.tables
@pytest.mark.parametrize("name", names())
def test_a_table_of_any_model_gives_what_the_tape_gives(name):
    assert law(name, name, whole=True) < {(call.component.network, call.function) for call in calls(name)[0]}


@pytest.mark.parametrize("name", ["wan2.1-t2v-1.3b", "cogvideox-2b"])
@pytest.mark.parametrize("checkpointing", ["none", "full"])
def test_a_table_of_a_training_step_gives_what_the_tape_gives(name, checkpointing):
    dice = random.Random(3)
    (call,) = [call for call in calls(name)[0] if call.function == "forward"][-1:]
    for _ in range(2):
        shape = sizes(call, dice)
        told = regimes.stepped(call.component, shape, "bf16", checkpointing, each=False)
        named = regimes.stepped(call.component, shape, "bf16", checkpointing)
        taped = stepped(call.component, shape, "bf16", checkpointing)
        for each in ("kept", "peak", "activations", "host", "trained"):
            assert getattr(told, each) == getattr(named, each) == getattr(taped, each), (each, shape)
        assert sums(named.ops, "path") == sums(taped.ops, "path")
        assert sums(named.again, "path") == sums(taped.again, "path")
        assert (sums(told.ops), sums(told.again)) == (sums(taped.ops), sums(taped.again))


@pytest.mark.parametrize("function", ["forward", "decode"])
def test_a_table_gives_a_block_of_sizes_at_once(function):
    """Rows of float64 arrays are what the tape gives for each: a sweep asks for no tape."""
    call = next(call for call in calls("wan2.1-t2v-1.3b")[0] if call.function == function)
    heights, widths, frames = np.array([60.0, 90, 34]), np.array([104.0, 160, 62]), np.array([21.0, 13, 5])
    block = replace(call.shape, batch=1, height=heights, width=widths, frames=frames)
    rows = regimes.answered(call.component, function, block, call.dtype, each=False)
    for i in range(3):
        shape = replace(call.shape, batch=1, height=int(heights[i]), width=int(widths[i]), frames=int(frames[i]))
        one = run(call.component, function, shape, "none", Tape(call.dtype))
        assert rows.peak[i] == one.peak
        assert np.broadcast_to(rows.workspace, 3)[i] == one.workspace
        found = np.broadcast_to(sum(op.flops * op.count for op in rows.ops), 3)[i]
        assert found == one.flops
        moved = np.broadcast_to(sum(op.activation_bytes * op.count for op in rows.ops), 3)[i]
        assert moved == sum(op.activation_bytes * op.count for op in one.ops)


def test_the_first_sizes_go_over_the_tape_and_later_ones_do_not(monkeypatch):
    monkeypatch.setattr(regimes, "waits", 1)
    call = next(call for call in calls("wan2.1-t2v-1.3b")[0] if call.function == "forward")
    regimes.forget()
    few = regimes.WAYS[0].after
    shapes = [replace(call.shape, height=call.shape.height + 2 * i) for i in range(few + 2)]
    told = [regimes.answered(call.component, "forward", shape, "bf16") is not None for shape in shapes]
    assert told == [False] * few + [True] * 2


def test_a_size_that_is_asked_again_is_no_further_size(monkeypatch):
    monkeypatch.setattr(regimes, "waits", 1)
    call = next(call for call in calls("wan2.1-t2v-1.3b")[0] if call.function == "forward")
    regimes.forget()
    for _again in range(2 * regimes.WAYS[0].after):
        assert regimes.answered(call.component, "forward", call.shape, "bf16") is None


def test_what_cannot_be_recorded_stays_with_the_tape():
    """A size below those of a table's axes, one that is no whole number, a choice that asks a size for its truth."""
    call = next(call for call in calls("wan2.1-t2v-1.3b")[0] if call.function == "forward")
    assert regimes.answered(call.component, "forward", replace(call.shape, height=60.5), "bf16") is None
    assert regimes.answered(call.component, "forward", replace(call.shape, tokens=np.array([1.0, 2])), "bf16") is None


def test_the_next_process_finds_what_one_recorded(monkeypatch, tmp_path):
    call = next(call for call in calls("wan2.1-t2v-1.3b")[0] if call.function == "forward")
    monkeypatch.setenv("VIDCALC_CACHE", str(tmp_path / "own"))
    regimes.forget()
    first = regimes.answered(call.component, "forward", call.shape, "bf16")
    (file,) = (tmp_path / "own" / "tables").iterdir()
    regimes.forget()
    monkeypatch.setattr(record, "recorded", None)  # nothing can be recorded from here on
    found = regimes.answered(call.component, "forward", call.shape, "bf16")
    assert (found.peak, found.parameters, sums(found.ops)) == (first.peak, first.parameters, sums(first.ops))
    for broken in (b"", b"{}", file.read_bytes()[:-40], file.read_bytes().replace(b"return", b"retorn", 1)):
        file.write_bytes(broken)
        regimes.forget()
        assert regimes.answered(call.component, "forward", call.shape, "bf16") is None


def test_where_nothing_can_be_written_nothing_is_kept(monkeypatch, tmp_path):
    call = next(call for call in calls("wan2.1-t2v-1.3b")[0] if call.function == "forward")
    monkeypatch.setenv("VIDCALC_CACHE", "")
    before = sorted(each.name for each in tmp_path.iterdir())
    (tmp_path / "file").write_text("")
    for home in (str(tmp_path / "file"), ""):
        monkeypatch.setenv("VIDCALC_CACHE", home)
        regimes.forget()
        assert regimes.answered(call.component, "forward", call.shape, "bf16") is not None
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted([*before, "file"])
