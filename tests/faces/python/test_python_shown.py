"""How answers show themselves: a line, HTML with the bars of the terminal, pictures."""

import re
from html import unescape
from xml.etree import ElementTree

import pytest

import vidcalc
from vidcalc.faces import words
from vidcalc.faces.picture import png as pixels
from vidcalc.faces.python.html import LOOK, html

SMALL = "wan2.1-t2v-1.3b"
ANSWERS = {
    "estimate": lambda: vidcalc.estimate("wan2.1-t2v-14b", gpu="rtx-4090"),
    "train": lambda: vidcalc.train(SMALL, mode="lora", gpu="rtx-4090"),
    "plan": lambda: vidcalc.plan(SMALL, gpu="h100", gpus=2),
    "scale": lambda: vidcalc.scale(SMALL, gpu="h100", gpus=2),
    "fit": lambda: vidcalc.fit("ltx-video-2b", gpu="rtx-4060", max_time="5min"),
    "choose": lambda: vidcalc.choose("ltx-video-2b", gpu=["rtx-4060", "rtx-4090"]),
    "budget": lambda: vidcalc.budget(SMALL, gpu="h100", gpu_hours=100),
    "explain": lambda: vidcalc.explain("memory.inference.peak", SMALL),
    "models": vidcalc.models,
    "gpus": vidcalc.gpus,
}
PICTURED = ("estimate", "train", "plan", "scale", "fit", "choose")
PAINT = re.compile(r"\x1b\[[\d;]*m")


@pytest.fixture(autouse=True, params=["en", "ko"])
def spoken(request):
    """Each language in turn."""
    words.use(request.param)
    yield request.param
    words.use("en")


def flat(text):
    """The letters of a page without the spaces between them."""
    return "".join(text.split())


@pytest.mark.parametrize("name", ANSWERS)
def test_html_is_well_formed_and_has_every_letter_of_the_page(name):
    answer = ANSWERS[name]()
    shown = answer._repr_html_()
    root = ElementTree.fromstring(shown)
    assert {each.tag for each in root.iter()} <= {"div", "pre", "span", "details", "summary"}
    page = PAINT.sub("", answer._drawn(LOOK))
    assert flat("".join(root.itertext())) == flat(page)
    assert "script" not in shown


def test_bars_are_boxes_as_long_as_on_the_terminal():
    answer = ANSWERS["estimate"]()
    page = PAINT.sub("", answer._drawn(LOOK))
    blocks = re.findall(r"█+|▓+|▒+|░+", page)
    boxes = re.findall(r'width:(\d+)ch;height[^>]*background:([^"]*)">([█▓▒░]+)<', answer._repr_html_())
    assert [letters for _width, _colour, letters in boxes] == blocks
    assert all(int(width) == len(letters) for width, _colour, letters in boxes)
    assert {colour for _width, colour, letters in boxes if "█" in letters} >= {"#3f83c4"}
    assert len({colour for _width, colour, letters in boxes}) >= 4


def test_cells_with_wide_letters_keep_their_place():
    made = html("  모델  12 GiB\n  VAE   3 GiB")
    assert '<span style="display:inline-block;width:4ch">모델</span>' in made
    assert "  VAE   3 GiB" in made


def test_letters_of_html_are_letters():
    assert "a &lt;b&gt; &amp; c" in html("a <b> & c")
    assert "<b>" in unescape(html("a <b> & c"))


@pytest.mark.parametrize("name", ANSWERS)
def test_a_repr_is_one_short_line(name):
    line = repr(ANSWERS[name]())
    assert re.fullmatch(r"<\w+ [^\n]{10,160}>", line)


def test_the_repr_of_an_estimate_says_whether_it_fits(spoken):
    line = repr(ANSWERS["estimate"]())
    assert ("does not fit" in line) == (spoken == "en")
    assert "RTX 4090" in line


@pytest.mark.parametrize("name", PICTURED)
def test_pictures_are_objects(name, tmp_path, ask, spoken):
    picture = ANSWERS[name]().picture()
    root = ElementTree.fromstring(picture.svg)
    assert root.tag.endswith("svg")
    assert picture._repr_svg_() == picture.svg
    assert picture.title in repr(picture)
    assert picture.description
    picture.save(tmp_path / "of.svg")
    assert (tmp_path / "of.svg").read_text("utf-8") == picture.svg


def test_a_picture_is_the_one_that_the_command_writes(tmp_path, ask, spoken):
    path = tmp_path / "of.svg"
    assert ask("estimate", "-m", "wan2.1-t2v-14b", "--gpu", "rtx-4090", "--svg", str(path), "--lang", spoken).code == 0
    words.use(spoken)
    assert path.read_text("utf-8") == ANSWERS["estimate"]().picture().svg


def test_png(tmp_path, monkeypatch, spoken):
    pytest.importorskip("PIL")
    monkeypatch.setattr(pixels, "HANGUL", ())
    monkeypatch.delenv("VIDCALC_FONT", raising=False)
    picture = ANSWERS["estimate"]().picture()
    if spoken == "en":
        picture.save(tmp_path / "of.PNG")
    else:
        with pytest.warns(UserWarning, match="한글"):
            picture.save(tmp_path / "of.PNG")
    assert (tmp_path / "of.PNG").read_bytes().startswith(b"\x89PNG")
    assert words.spoken() == spoken
