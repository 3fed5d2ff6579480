"""Pictures of the stages: well formed, to scale, in both languages, with nothing to fetch."""

import io
import re
import sys
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from vidcalc.calculate import calculate
from vidcalc.faces import words
from vidcalc.faces.picture import png as pixels
from vidcalc.faces.picture.chart import chart
from vidcalc.faces.picture.shapes import Box, Line, Words, length
from vidcalc.faces.requests.estimate import request

JOB = ("estimate", "-m", "wan2.1-t2v-14b", "--gpu", "rtx-4090")
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def report():
    """A job that does not fit."""
    return calculate(*request({"model": "wan2.1-t2v-14b", "gpu": "rtx-4090"}))


@pytest.fixture(autouse=True)
def english():
    """The language of the tests, whatever a command chose."""
    words.use("en")
    yield
    words.use("en")


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_svg_is_well_formed_and_stands_alone(language, ask, tmp_path):
    path = tmp_path / "stages.svg"
    assert ask(*JOB, "--svg", str(path), "--lang", language).code == 0
    text = path.read_text("utf-8")
    root = ElementTree.fromstring(text)
    assert root.tag == f"{SVG}svg"
    assert {child.tag.removeprefix(SVG) for child in root.iter()} <= {"svg", "title", "desc", "rect", "line", "text"}
    assert "href" not in text
    assert "@import" not in text
    told = " ".join(node.text or "" for node in root.iter(f"{SVG}text"))
    assert ("Denoising" in told, "디노이징" in told) == (language == "en", language == "ko")
    assert ("GPU memory" in told) == (language == "en")


def test_bars_are_to_scale_and_parts_add_up_to_the_stage(report):
    picture = chart(report)
    limit = next(shape for shape in picture.shapes if isinstance(shape, Line) and shape.dash)
    bars = [shape for shape in picture.shapes if isinstance(shape, Box) and shape.tip]
    start = min(bar.left for bar in bars)
    scale = (limit.left - start) / report.memory.inference.capacity
    rows = sorted({bar.top for bar in bars})
    assert len(rows) == len(report.memory.inference.stages)
    for top, stage in zip(rows, report.memory.inference.stages, strict=True):
        row = [bar for bar in bars if bar.top == top]
        assert sum(bar.width for bar in row) == pytest.approx(stage.total * scale)
        assert row[0].left == start
        for one, other in pairwise(row):
            assert other.left == pytest.approx(one.left + one.width)


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("job", [{"model": "hunyuanvideo-i2v"}, {"model": "ltx-2"}, {"model": "svd-xt", "gpu": "h200"}])
def test_words_stay_on_the_sheet(job, language):
    words.use(language)
    picture = chart(calculate(*request(job)))
    for shape in picture.shapes:
        if isinstance(shape, Words):
            long = length(shape.text, shape.size)
            left = shape.left - {"start": 0, "middle": long / 2, "end": long}[shape.anchor]
            assert left >= 0, shape
            assert left + long <= picture.width, shape
            assert 0 < shape.bottom < picture.height


def test_the_peak_and_the_capacity_are_named(report):
    told = [shape.text for shape in chart(report).shapes if isinstance(shape, Words)]
    assert sum(text.endswith(" peak") for text in told) == 1
    assert sum(text.startswith("GPU memory") for text in told) == 1


def test_the_png_is_an_image_twice_the_size(report):
    image = pytest.importorskip("PIL.Image")
    picture = chart(report)
    drawn = image.open(io.BytesIO(pixels.png(picture, None)))
    assert drawn.format == "PNG"
    assert drawn.size == (round(2 * picture.width), round(2 * picture.height))
    box = next(shape for shape in picture.shapes if isinstance(shape, Box) and shape.width > 20)
    middle = drawn.getpixel((round(2 * box.left) + 4, round(2 * box.top) + 4))
    assert "#" + "".join(f"{part:02x}" for part in middle[:3]) == box.fill


def test_korean_without_a_font_falls_back_to_english_and_says_so(ask, tmp_path, monkeypatch):
    pytest.importorskip("PIL")
    monkeypatch.setattr(pixels, "HANGUL", ())
    monkeypatch.delenv("VIDCALC_FONT", raising=False)
    done = ask(*JOB, "--png", str(tmp_path / "stages.png"), "--lang", "ko")
    assert done.code == 0
    assert re.search("[가-힣].*VIDCALC_FONT", done.err)
    assert "추론 VRAM" in done.out  # the report itself stays Korean
    assert (tmp_path / "stages.png").read_bytes().startswith(b"\x89PNG")


def test_without_pillow_png_is_refused_in_a_line(ask, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    done = ask(*JOB, "--png", str(tmp_path / "stages.png"))
    assert done.code == 2
    assert "pip install 'pillow" in done.err
    assert done.err.count("\n") == 1


def test_a_file_that_cannot_be_written_is_refused(ask, tmp_path):
    done = ask(*JOB, "--svg", str(tmp_path / "nowhere" / "stages.svg"))
    assert done.code == 2
    assert "--svg" in done.err


def test_json_and_a_picture_go_together(ask, tmp_path):
    path = tmp_path / "stages.svg"
    assert ask(*JOB, "--json", "--svg", str(path)).out == ask(*JOB, "--json").out
    assert path.exists()
