"""`--dataset`: clips of tables and folders, the buckets they are sorted into, what is left out and why."""

import json
import struct
from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidcalc.base.errors import Unreadable
from vidcalc.catalog import fill
from vidcalc.catalog.bucketing import bucketed
from vidcalc.catalog.models import model
from vidcalc.describe.data import Clip
from vidcalc.describe.geometry import legal
from vidcalc.modelfiles.clips import read

LINES = (
    '{"width": 1280, "height": 720, "frames": 97, "fps": 24}',
    "",
    '{"size": "720x1280", "seconds": 2, "fps": 24}',
    '{"frames": 5}',
    '{"width": 64, "height": 64}',
)
TABLES = {
    "meta.csv": "path,Width,height,num_frames,fps\na,1280,720,97,24\nb,720,1280,48,24\nc,,720,5,24\nd,64,64,,\n",
    "meta.tsv": "resolution\tduration\tfps\n1280x720\t4.0416667\t24\n720x1280\t2\t24\n\t1\t24\n64x64\t\t\n",
    "meta.jsonl": "\n".join(LINES),
    "meta.json": json.dumps(
        [
            {"w": 1280, "h": 720, "n_frames": 97, "frame_rate": 24},
            {"width": "720", "height": "1280", "frame_count": "48", "fps": "24"},
            {"height": 720, "frames": 5},
            {"width": 64, "height": 64},
        ]
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_tables_of_every_kind_say_the_same(name, tmp_path):
    path = tmp_path / name
    path.write_text(TABLES[name], encoding="utf-8-sig")
    found = read(str(path))
    assert found.clips == {Clip(1280, 720, 97, 24): 1, Clip(720, 1280, 48, 24): 1}
    assert found.left_out == {"no_size": 1, "no_length": 1}


BAD = {
    "gone.csv": (None, "missing"),
    "notes.txt": ("width,height\n", "no_data_set"),
    "a.csv": ("path,text\na,b\n", "no_sizes"),
    "b.json": ('{"width": 1}', "no_data_set"),
    "c.json": ("[", "no_data_set"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_data_set_is_refused(name, tmp_path, capsys):
    from vidcalc.faces.cli import run, vidcalc

    text, problem = BAD[name]
    path = tmp_path / name
    if text is not None:
        path.write_text(text)
    with pytest.raises(Unreadable) as wrong:
        read(str(path))
    assert wrong.value.problem == problem
    assert run(vidcalc, "vidcalc", ("train", "-m", "wan2.1-t2v-1.3b", "--dataset", str(path))) == 2
    said = capsys.readouterr()
    assert not said.out
    assert said.err.startswith("error: ")
    assert said.err.count("\n") == 1


def test_a_head_of_endless_names_is_no_data_set(tmp_path):
    path = tmp_path / "clips.csv"
    path.write_text("width,height,frames," + "x" * 200_000 + "\n1,1,1,1\n")
    with pytest.raises(Unreadable) as refused:
        read(str(path))
    assert refused.value.problem == "no_data_set"


def test_lines_that_are_no_json_are_counted(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text('{"width": 8, "height": 8, "frames": 1}\n{"width":\n[1]\n"text"\n')
    assert read(str(path)).left_out == {"unreadable": 3}


def box(kind, *content):
    inside = b"".join(content)
    return struct.pack(">I", len(inside) + 8) + kind + inside


def mp4(width, height, frames, fps, turned=False):
    """The headers of a video without a picture in it."""
    nothing, one = b"\0" * 4, struct.pack(">I", 1)
    lying = (1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    standing = (0, 1 << 16, 0, -1 << 16 & 0xFFFFFFFF, 0, 0, 0, 0, 1 << 30)
    matrix = struct.pack(">9I", *(standing if turned else lying))
    last = struct.pack(">II", width << 16, height << 16)
    track = box(b"tkhd", nothing, nothing * 2, one, nothing, struct.pack(">I", frames), b"\0" * 16, matrix, last)
    times = nothing * 3 + struct.pack(">IIHH", fps, frames, 0, 0)
    entry = box(b"avc1", b"\0" * 6, b"\0\1", b"\0" * 16, struct.pack(">HH", width, height), b"\0" * 50)
    samples = box(
        b"stbl",
        box(b"stsd", nothing, one, entry),
        box(b"stts", nothing, one, struct.pack(">II", frames, 1)),
        box(b"stsc", nothing, one, struct.pack(">III", 1, frames, 1)),
        box(b"stsz", nothing, one, struct.pack(">I", frames)),
        box(b"stco", nothing, one, nothing),
    )
    media = box(
        b"mdia",
        box(b"mdhd", times),
        box(b"hdlr", nothing * 2, b"vide", b"\0" * 13),
        box(b"minf", box(b"vmhd", b"\0\0\0\1", b"\0" * 8), samples),
    )
    head = box(b"mvhd", nothing * 3, struct.pack(">II", fps, frames), b"\0" * 80)
    return box(b"ftyp", b"isom", nothing, b"isom") + box(b"moov", head, box(b"trak", track, media))


def test_a_folder_is_measured_by_headers(tmp_path):
    pytest.importorskip("pymediainfo")
    image = pytest.importorskip("PIL.Image")
    (tmp_path / "more").mkdir()
    (tmp_path / "a.mp4").write_bytes(mp4(1280, 720, 97, 24))
    (tmp_path / "more" / "b.mp4").write_bytes(mp4(1280, 720, 48, 24, turned=True))
    (tmp_path / "more" / "broken.mp4").write_bytes(b"nothing")
    (tmp_path / "a.txt").write_text("a caption")
    image.new("RGB", (640, 480)).save(tmp_path / "c.png")
    found = read(str(tmp_path))
    assert found.clips == {Clip(1280, 720, 97, 24): 1, Clip(720, 1280, 48, 24): 1, Clip(640, 480, 1, None): 1}
    assert found.left_out == {"unreadable": 1}


def test_a_folder_without_clips_is_refused(tmp_path):
    with pytest.raises(Unreadable) as wrong:
        read(str(tmp_path))
    assert wrong.value.problem == "no_clips"


WAN = model("wan2.1-t2v-1.3b")
JOB = fill.workload(WAN, width=832, height=480, frames=81)
CLIPS = st.builds(
    Clip, st.integers(16, 4096), st.integers(16, 4096), st.integers(1, 2000), st.one_of(st.none(), st.floats(1, 120))
)


@given(st.dictionaries(CLIPS, st.integers(1, 5), min_size=1, max_size=6))
def test_every_clip_is_in_a_bucket_that_the_model_takes_or_is_counted(clips):
    found = bucketed(WAN, clips, JOB)
    assert found.clips + sum(found.left_out.values()) == sum(clips.values())
    for size in found.buckets:
        assert not legal(WAN, size.width, size.height, size.frames)
        assert size.frames in (1, 81, 37, 17)
        assert 0.8 < size.width * size.height / (832 * 480) < 1.25
    if found.buckets:
        assert sum(size.share for size in found.buckets) == pytest.approx(1)


def test_sizes_and_lengths_of_buckets():
    clips = {
        Clip(1920, 1080, 300, 30): 4,  # 10 s, of which Wan takes the first 81 frames at 16 a second
        Clip(1080, 1920, 75, 25): 2,  # 3 s: 48 frames at Wan's rate
        Clip(1920, 1080, 20, 20): 1,  # 1 s: 16 frames, one too few for the shortest
        Clip(512, 512, 1, None): 3,
    }
    found = bucketed(WAN, clips, JOB)
    assert [(each.width, each.height, each.frames) for each in found.buckets] == [
        (832, 480, 81),
        (640, 640, 1),
        (480, 832, 37),
    ]
    assert [each.share for each in found.buckets] == pytest.approx([4 / 9, 3 / 9, 2 / 9])
    assert (found.left_out, found.enlarged) == (Counter(short=1), 3)


def test_a_run_sees_the_clips_of_its_data_set(tmp_path):
    import vidcalc

    path = tmp_path / "meta.csv"
    path.write_text("width,height,frames,fps\n" + "1920,1080,300,30\n" * 30 + "1080,1920,75,25\n" * 10)
    settings = {"gpu": "4090", "mode": "lora", "checkpointing": "full", "latents": "precomputed"}
    mine = vidcalc.train("wan2.1-t2v-1.3b", dataset=str(path), epochs=3, **settings)
    same = vidcalc.train(
        "wan2.1-t2v-1.3b", bucket=["832x480x81:0.75", "480x832x37:0.25"], clips=40, epochs=3, **settings
    )
    assert msgspec.to_builtins(mine.run) == msgspec.to_builtins(same.run)
    assert mine.time.total == same.time.total
    assert mine.run.samples == 120
    assert mine.run.encode_seconds > 0 and mine.run.latents > 0
    assert [each.id for each in mine.warnings if each.id.startswith("dataset")] == ["dataset_read"]
    with pytest.raises(vidcalc.InputError, match="--bucket"):
        vidcalc.train("wan2.1-t2v-1.3b", dataset=str(path), bucket=["832x480x81"])
